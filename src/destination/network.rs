//! What places that are reached over the network share: the operator's table that says how, and what an
//! answer means when it is no yes. No word of an answer is repeated: it may hold what was sent.

use serde::de::DeserializeOwned;

use super::{DestinationError, Reach, Wrong};
use crate::http::{self, Answer};
use crate::model::credential::CallError;
use crate::reference::{self, Reference};

/// Returns what the operator says of how a place is reached, and the rest of the place behind the name.
///
/// `NAME/…` names `[destinations.NAME]`, which says `kind = "…"`; without a name it is `[destinations.KIND]`.
pub(super) fn settings<'p, T: DeserializeOwned>(
    kind: &str,
    rest: &'p str,
    reach: &Reach,
) -> Result<(T, &'p str), Wrong> {
    let is_named = |name: &str| {
        let table = reach.settings.get(name).filter(|_| name != kind);
        table.is_some_and(|table| table.get("kind").and_then(toml::Value::as_str) == Some(kind))
    };
    let (name, rest) = match rest.split_once('/') {
        Some((name, rest)) if is_named(name) => (name, rest),
        _ => (kind, rest),
    };
    let Some(table) = reach.settings.get(name) else {
        return Err((
            "nothing says how it is reached".into(),
            format!(
                "write a table [destinations.{kind}] into your own settings file; see docs/destinations.md"
            ),
        ));
    };
    let mut table = table.clone();
    if table.remove("kind").is_some_and(|said| said.as_str() != Some(kind)) {
        let fix = format!("write kind = \"{kind}\" there or take it away");
        return Err((format!("[destinations.{name}] says another kind"), fix));
    }
    let read = reference::fields(table).map_err(|why| {
        (format!("[destinations.{name}]: {why}"), "see docs/destinations.md for what it may hold".into())
    })?;
    Ok((read, rest))
}

/// Reads where one of Keywright's own credentials stands (R27). `field` is its name in the table.
pub(super) fn credential(field: &str, text: &str) -> Result<Reference, Wrong> {
    Reference::parse(text)
        .map_err(|e| (format!("its `{field}`: {e}"), format!("write {field} = \"env:NAME\", for one")))
}

/// Reads a service's address, and returns it without a slash at its end.
pub(super) fn address(text: &str) -> Result<String, Wrong> {
    let wrong = || ("its `url` is no address".into(), "write https://HOST or https://HOST:PORT".into());
    http::service(text).ok_or_else(wrong)
}

/// What a call that came to nothing means. `changes`: it was one that changes something there.
pub(super) fn unanswered(error: CallError, changes: bool) -> DestinationError {
    match error {
        CallError::Lost(why) | CallError::Unreadable(why) if changes => DestinationError::Lost(why),
        e => DestinationError::NotDone(e.to_string()),
    }
}

/// What an answer means that is neither a yes nor a no of the service's own. `what` says what was asked.
pub(super) fn refused(answer: &Answer, what: &str, changes: bool) -> DestinationError {
    let status = answer.status;
    let said = |why: &str| format!("{what}: answered {status}{why}");
    match status {
        401 | 403 | 407 => {
            DestinationError::Denied(said(", the credential it is asked with may not do this"))
        }
        404 | 410 => DestinationError::Absent(said(", there is no such thing")),
        409 | 412 => DestinationError::Changed(said(", it was changed meanwhile")),
        429 => DestinationError::NotDone(match answer.retry_after {
            Some(seconds) => said(&format!(", too many calls; it may be asked again in {seconds} seconds")),
            None => said(", too many calls"),
        }),
        // It gave up waiting, or broke: perhaps after it was done.
        100..=199 | 408 | 500.. if changes => {
            DestinationError::Lost(said(", which does not say whether it was done"))
        }
        100..=199 | 408 | 500.. => DestinationError::NotDone(said("")),
        300..=399 => DestinationError::Denied(said(", it was sent elsewhere, and that is not followed")),
        _ => DestinationError::Denied(said("")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde::Deserialize;

    use super::super::tests::reach;
    use super::*;
    use crate::model::Secret;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        url: String,
    }

    fn read<'p>(settings: &str, rest: &'p str) -> Result<(String, &'p str), Wrong> {
        let mut reach = reach(Path::new("/"), 7);
        reach.settings = toml::from_str(settings).unwrap();
        super::settings::<Table>("vault", rest, &reach).map(|(table, rest)| (table.url, rest))
    }

    #[test]
    fn a_name_is_one_that_has_a_table_of_its_kind() {
        let tables =
            "[vault]\nurl = 'a'\n[eu]\nkind = 'vault'\nurl = 'b'\n[aws]\nkind = 'awssm'\nurl = 'c'\n";
        for (rest, url, left) in [
            ("secret/app", "a", "secret/app"),
            ("eu/secret/app", "b", "secret/app"),
            ("eu", "a", "eu"),
            // A mount may be called as the kind is, or as a table of another kind.
            ("vault/app", "a", "vault/app"),
            ("aws/app", "a", "aws/app"),
        ] {
            assert_eq!(read(tables, rest), Ok((url.to_owned(), left)), "{rest}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_table_is_told_without_its_values() {
        // R27
        for (tables, told) in [
            ("", "nothing says how it is reached"),
            ("[vault]\nurl = 'x'\nhunter = 'hunter2'\n", "unknown field `hunter`"),
            ("[vault]\n", "missing field `url`"),
            ("[vault]\nurl = ['hunter2']\n", "a value is of another kind"),
            ("[vault]\nkind = 'hunter2'\nurl = 'x'\n", "says another kind"),
        ] {
            let (why, fix) = read(tables, "secret/app").unwrap_err();
            assert!(why.contains(told), "{why}");
            assert!(!why.contains("hunter2") && !fix.contains("hunter2"), "{why}; {fix}");
        }
        let (why, fix) = credential("token", "hunter2").unwrap_err();
        assert!(why.starts_with("its `token`: this is no reference") && !(why + &fix).contains("hunter2"));
        assert!(credential("token", "env:VAULT_TOKEN").is_ok());
    }

    #[test]
    fn an_address_holds_nothing_but_where() {
        assert_eq!(address("https://vault.example.com:8200/").unwrap(), "https://vault.example.com:8200");
        for text in
            ["", "vault:8200", "ftp://h", "https://u:p@h", "https://h?x=y", "https://h#x", "https://h/ x"]
        {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_yes_says_whether_something_may_have_happened() {
        use DestinationError::{Absent, Changed, Denied, Lost, NotDone};
        let told = |status, changes| {
            let body = Secret::new(b"hunter2".to_vec());
            let answer = Answer {
                status,
                headers: http::Headers::default(),
                retry_after: Some(7),
                date: None,
                body,
                is_cut: false,
            };
            let error = refused(&answer, "write", changes);
            assert!(error.to_string().starts_with(&format!("write: answered {status}")), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
            error
        };
        for status in [401, 403, 407, 301, 400, 422] {
            assert!(matches!(told(status, true), Denied(_)), "{status}");
        }
        for status in [404, 410] {
            assert!(matches!(told(status, true), Absent(_)), "{status}");
        }
        for status in [409, 412] {
            assert!(matches!(told(status, true), Changed(_)), "{status}");
        }
        assert!(matches!(told(429, true), NotDone(why) if why.contains("in 7 seconds")));
        for status in [100, 408, 500, 503] {
            assert!(matches!(told(status, true), Lost(_)), "{status}");
            assert!(matches!(told(status, false), NotDone(_)), "{status}");
        }
        let lost = CallError::Lost("x".into());
        assert!(matches!(unanswered(lost.clone(), true), Lost(_)));
        assert!(matches!(unanswered(lost, false), NotDone(_)));
        assert!(matches!(unanswered(CallError::NotSent("x".into()), true), NotDone(_)));
    }
}
