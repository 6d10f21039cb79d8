//! A credential in a JSON object, as text of one or two of its fields. Everything else of the object
//! stays byte for byte: a number with thirty digits, a field that is there for somebody else.

use std::ops::Range;

use serde::de::{DeserializeOwned, IgnoredAny};
use zeroize::Zeroizing;

use super::Wrong;
use super::in_file::{Form, Unfit};
use crate::model::Secret;
use crate::model::credential::Credential;
use crate::model::text::shown;

/// The fields of an object that hold a credential.
pub(super) struct Fields {
    secret: String,
    key_id: Option<String>,
}

impl Fields {
    /// Reads `FIELD` or `FIELD,key_id=OTHER`. `write` says how a place is written.
    pub(super) fn parse(what: &str, write: &str) -> Result<Self, Wrong> {
        let (secret, key_id) = match what.split_once(",key_id=") {
            Some((secret, key_id)) => (secret, Some(key_id)),
            None => (what, None),
        };
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 256
                && !name.contains([',', '#'])
                && !name.contains(char::is_control)
        };
        if !is_name(secret) || !key_id.is_none_or(is_name) {
            return Err(("what follows # names no field".into(), format!("write {write}")));
        }
        if key_id == Some(secret) {
            return Err(("it names one field for both".into(), format!("write {write}")));
        }
        Ok(Self { secret: secret.into(), key_id: key_id.map(Into::into) })
    }
}

impl Form for Fields {
    fn read(&self, text: &[u8]) -> Result<Credential, Unfit> {
        let secret = text_of(text, &self.secret)?;
        let key_id = match &self.key_id {
            None => None,
            Some(name) => {
                let id = text_of(text, name)?;
                let id = std::str::from_utf8(id.expose()).expect("it was read as text").to_owned();
                Some(id)
            }
        };
        Ok(Credential { key_id, secret })
    }

    fn with(&self, text: &[u8], new: &Credential) -> Result<Zeroizing<Vec<u8>>, Unfit> {
        let not_text = |_| Unfit::Unclear("the new secret is no text, which JSON cannot hold".into());
        let secret = std::str::from_utf8(new.secret.expose()).map_err(not_text)?;
        let mut changes = vec![(field(text, &self.secret)?, secret)];
        if let (Some(name), Some(id)) = (&self.key_id, &new.key_id) {
            changes.push((field(text, name)?, id.as_str()));
        }
        changes.sort_by_key(|(at, _)| at.start);
        // Room at once: a vector that grows leaves copies behind. JSON spells a byte with six at most.
        let more: usize = changes.iter().map(|(_, new)| 6 * new.len() + 2).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(text.len() + more));
        let mut from = 0;
        for (at, new) in changes {
            out.extend_from_slice(&text[from..at.start]);
            serde_json::to_writer(&mut *out, new).expect("text is written as JSON");
            from = at.end;
        }
        out.extend_from_slice(&text[from..]);
        Ok(out)
    }
}

/// Lists the members of an object: name, and where the value stands in the text. `None`: it is none.
pub(super) fn members(text: &[u8]) -> Option<Vec<(String, Range<usize>)>> {
    serde_json::from_slice::<IgnoredAny>(text).ok()?;
    let mut found = Vec::new();
    let mut at = blanks(text, 0);
    if text.get(at) != Some(&b'{') {
        return None;
    }
    loop {
        at = blanks(text, at + 1);
        if text.get(at) == Some(&b'}') {
            return Some(found);
        }
        let (name, end) = one::<String>(text, at)?;
        let start = blanks(text, blanks(text, end) + 1);
        let (_, end) = one::<IgnoredAny>(text, start)?;
        found.push((name, start..end));
        at = blanks(text, end);
        if text.get(at) != Some(&b',') {
            return Some(found);
        }
    }
}

/// Returns where the value of a member stands.
pub(super) fn field(text: &[u8], name: &str) -> Result<Range<usize>, Unfit> {
    let members = members(text).ok_or_else(|| Unfit::Unclear("it is no JSON object".into()))?;
    let mut found = members.into_iter().filter(|(other, _)| other == name);
    let told = shown(name.as_bytes());
    let (_, at) = found.next().ok_or_else(|| Unfit::Absent(format!("it has no field `{told}`")))?;
    match found.next() {
        None => Ok(at),
        Some(_) => Err(Unfit::Unclear(format!("it has the field `{told}` twice; take one away"))),
    }
}

fn text_of(text: &[u8], name: &str) -> Result<Secret, Unfit> {
    let at = field(text, name)?;
    let read = serde_json::from_slice::<String>(&text[at]);
    let read = read.map_err(|_| {
        Unfit::Unclear(format!("its field `{}` is no text, which a secret is", shown(name.as_bytes())))
    })?;
    Ok(Secret::new(read.into_bytes()))
}

/// Reads one value, and returns where it ends.
fn one<T: DeserializeOwned>(text: &[u8], at: usize) -> Option<(T, usize)> {
    let mut values = serde_json::Deserializer::from_slice(text.get(at..)?).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, at + values.byte_offset()))
}

fn blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn credential(id: Option<&str>, secret: &str) -> Credential {
        Credential { key_id: id.map(Into::into), secret: Secret::new(secret.into()) }
    }

    fn with(what: &str, text: &str, new: &Credential) -> Result<String, Unfit> {
        let made = Fields::parse(what, "…").unwrap().with(text.as_bytes(), new)?;
        Ok(String::from_utf8(made.to_vec()).unwrap())
    }

    #[test]
    fn only_the_values_change() {
        let text = " {\"n\": 123456789012345678901234567890.10,\n\t\"a\" :\"old\" , \"id\":\"k1\",\"o\":{\"a\":[1,{}]},\"\\u0061b\":null}\n";
        let new = credential(Some("k2"), "ne\"w\\\u{7}");
        assert_eq!(
            with("a,key_id=id", text, &new).unwrap(),
            text.replace("\"old\"", "\"ne\\\"w\\\\\\u0007\"").replace("\"k1\"", "\"k2\"")
        );
        // A credential without an id leaves the id.
        assert_eq!(with("a,key_id=id", text, &credential(None, "x")).unwrap(), text.replace("old", "x"));
        assert_eq!(with("a", text, &credential(Some("k2"), "x")).unwrap(), text.replace("old", "x"));
    }

    #[test]
    fn a_field_is_found_by_what_its_name_means() {
        let fields = Fields::parse("ab", "…").unwrap();
        assert!(fields.read(br#"{"a":"1","\u0061b":"2"}"#).unwrap().secret == Secret::new(b"2".to_vec()));
    }

    #[test]
    fn what_is_not_clear_is_refused_without_being_quoted() {
        for (text, absent) in [
            ("{}", true),
            (r#"{"b":{"a":"hunter2"}}"#, true),
            (r#"{"a":"hunter2","a":"hunter2"}"#, false),
            (r#"{"a":7}"#, false),
            (r#"{"a":{"hunter2":1}}"#, false),
            (r#"["a"]"#, false),
            ("hunter2", false),
            (r#"{"a":"hunter2""#, false),
            (r#"{"a":"hunter2"} x"#, false),
            ("", false),
        ] {
            let unfit = Fields::parse("a", "…").unwrap().read(text.as_bytes()).expect_err(text);
            assert_eq!(matches!(unfit, Unfit::Absent(_)), absent, "{text}: {unfit:?}");
            assert!(!format!("{unfit:?}").contains("hunter2"), "{unfit:?}");
            assert_eq!(
                with("a", text, &credential(None, "x")).is_ok(),
                text.contains("7") || text.contains("{\"h")
            );
        }
    }

    #[test]
    fn a_place_names_fields() {
        for what in ["", ",key_id=b", "a,key_id=", "a,key_id=a", "a,b", "a#b", "a\n"] {
            assert!(Fields::parse(what, "…").is_err(), "{what:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = members(&text);
        }

        #[test]
        fn what_is_written_is_read(name in "\\PC{1,8}", secret in any::<String>(), other in any::<String>()) {
            prop_assume!(!name.contains([',', '#']) && name != "other");
            let text = serde_json::json!({ (&name): "old", "other": other }).to_string();
            let fields = Fields::parse(&name, "…").unwrap();
            let made = fields.with(text.as_bytes(), &credential(None, &secret)).unwrap();
            prop_assert!(fields.read(&made).unwrap().secret == Secret::new(secret.clone().into_bytes()));
            let read: serde_json::Value = serde_json::from_slice(&made).unwrap();
            prop_assert_eq!(read, serde_json::json!({ (&name): secret, "other": other }));
        }
    }
}
