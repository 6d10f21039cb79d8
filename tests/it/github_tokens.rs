//! GitHub's tokens: nobody can mint one, and whoever holds one can end it. That it is the operator's own is
//! proven first.

use std::sync::Arc;
use std::time::Duration;

use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::{CallError, Credential, Liveness, Refusal};
use keywright::model::rotation::Mode;
use keywright::provider::{Provider, by_id};
use serde_json::{Value, json};

use crate::support::double::Fault;
use crate::support::github_tokens::{GithubTokens, start};
use crate::support::prism::Prism;
use crate::support::{filled, key};

const CLASSIC: &str = "ghp_{base62:30}{github-crc32}";
const FINE: &str = "github_pat_{base62:22}_{base62:59}";

/// How long silence is waited for, where it is. A busy machine answers within it.
const HASTE: Duration = Duration::from_secs(3);

/// A provider that asks a double, and what is awaited.
struct Asking {
    provider: Box<dyn Provider>,
    runtime: tokio::runtime::Runtime,
}

impl Asking {
    fn of(double: &GithubTokens, owners: &Value) -> Self {
        Self::new(double, owners, false)
    }

    /// One that does not wait long for who is silent.
    fn hasty(double: &GithubTokens) -> Self {
        Self::new(double, &json!(["acme"]), true)
    }

    fn new(double: &GithubTokens, owners: &Value, is_hasty: bool) -> Self {
        let mut settings = json!({ "api": format!("http://{}", double.place()) });
        if !owners.is_null() {
            settings["owners"] = owners.clone();
        }
        let mut door = Door::new(&[double.place().to_owned()]).unwrap();
        if is_hasty {
            door = door.with_patience(HASTE, HASTE);
        }
        let provider = by_id("github", &settings, Arc::new(door)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { provider, runtime }
    }

    fn check(&self, token: &str) -> Liveness {
        let checked = self.runtime.block_on(self.provider.check(&credential(token)));
        assert!(!checked.why.contains(token), "{}", checked.why);
        checked.liveness
    }

    #[track_caller]
    fn owner(&self, token: &str) -> Result<Option<String>, CallError> {
        told(token, self.runtime.block_on(self.provider.owner(&credential(token))))
    }

    #[track_caller]
    fn end(&self, token: &str) -> Result<(), CallError> {
        told(token, self.runtime.block_on(self.provider.revoke_leaked(&credential(token))))
    }
}

fn credential(token: &str) -> Credential {
    Credential { key_id: None, secret: Secret::new(token.into()) }
}

/// Passes an error on if it does not hold the token.
#[track_caller]
fn told<T>(token: &str, result: Result<T, CallError>) -> Result<T, CallError> {
    result.inspect_err(|e| assert!(!format!("{e} {e:?}").contains(token), "{e:?}"))
}

fn stage() -> (GithubTokens, Asking) {
    let double = start();
    let asking = Asking::of(&double, &json!(["acme-bot", "acme"]));
    (double, asking)
}

#[test]
fn a_leaked_token_of_ours_is_ended_and_no_other() {
    let (double, asking) = stage();
    assert!(asking.provider.card().revoke_only);
    for template in [CLASSIC, FINE, "gho_{base62:30}{github-crc32}", "ghu_{base62:30}{github-crc32}"] {
        let token = double.state().add(template, Some("Acme-Bot"));
        let other = double.state().add(template, Some("acme"));
        assert_eq!(asking.check(&token), Liveness::Alive);
        assert_eq!(asking.owner(&token).unwrap().as_deref(), Some("Acme-Bot"));
        double.whole_calls();
        asking.end(&token).unwrap();
        let calls = double.whole_calls();
        let last = &calls[1];
        assert_eq!(calls.len(), 2, "whose it is, and its end");
        assert_eq!((last.method.as_str(), last.path.as_str()), ("POST", "/credentials/revoke"));
        assert_eq!(last.body, json!({ "credentials": [&token] }));
        assert!(
            last.headers.iter().all(|(name, _)| name != "authorization"),
            "it is taken from nobody who signs in"
        );
        assert_eq!((asking.check(&token), asking.check(&other)), (Liveness::Dead, Liveness::Alive));
        double.calls();
        // Gone is gone.
        asking.end(&token).unwrap();
        assert_eq!(double.calls(), ["GET /user"]);
        assert!(matches!(asking.owner(&token), Err(CallError::Refused { kind: Refusal::Credential, .. })));
    }
}

#[test]
fn it_ends_behind_the_answer() {
    let (double, asking) = stage();
    double.state().is_slow = true;
    let token = double.state().add(FINE, Some("acme"));
    asking.end(&token).unwrap();
    assert_eq!(asking.check(&token), Liveness::Alive, "a yes is no proof of death");
    assert!(asking.provider.card().dead_within > 0);
    double.state().settle();
    assert_eq!(asking.check(&token), Liveness::Dead);
}

#[test]
fn what_is_not_proven_ours_is_never_ended() {
    let (double, asking) = stage();
    let nobody = Asking::of(&double, &Value::Null);
    let theirs = double.state().add(CLASSIC, Some("somebody"));
    let ours = double.state().add(CLASSIC, Some("acme"));
    let like_ours = double.state().add(CLASSIC, Some("acme-bot2"));
    let odd = double.state().add(CLASSIC, Some("acme\u{1b}[31m"));
    let app = double.state().add("ghs_{base62:30}{github-crc32}", None);
    for (asking, token, why) in [
        (&asking, &theirs, "it is somebody's"),
        (&asking, &like_ours, "it is acme-bot2's"),
        (&nobody, &ours, "[providers.github] owners"),
        (&asking, &odd, "does not say whose it is"),
    ] {
        assert_eq!(asking.check(token), Liveness::Alive);
        let Err(CallError::Withheld(told)) = asking.end(token) else { panic!("it was ended") };
        assert!(told.contains(why), "{told}");
    }
    // An app's token works, and is no user's.
    assert_eq!(asking.check(&app), Liveness::Alive);
    assert_eq!(asking.owner(&app), Ok(None));
    assert!(matches!(asking.end(&app), Err(CallError::Withheld(_))));
    double.calls();
    // Nobody is shown what GitHub's pages do not speak of.
    for token in [filled("ghr_{base62:76}", 1), filled("{hex:40}", 1), key("stripe")] {
        assert!(matches!(asking.owner(&token), Err(CallError::NotSent(_))));
        assert!(matches!(asking.end(&token), Err(CallError::NotSent(_))));
    }
    assert_eq!(double.calls(), [""; 0]);
    assert_eq!(double.state().tokens.len(), 5);
}

#[test]
fn only_the_no_of_a_dead_token_is_dead() {
    let double = start();
    let asking = Asking::hasty(&double);
    let token = double.state().add(CLASSIC, Some("acme"));
    for (status, body, liveness) in [
        (401, "{\"message\":\"Bad credentials\"}", Liveness::Dead),
        (403, "{\"message\":\"Resource not accessible by integration\"}", Liveness::Alive),
        // After several wrong keys everybody is refused.
        (403, "{\"message\":\"Maximum number of login attempts exceeded\"}", Liveness::Unknown),
        (403, "{\"message\":\"API rate limit exceeded\"}", Liveness::Unknown),
        (403, "<html>", Liveness::Unknown),
        (302, "", Liveness::Unknown),
        (304, "", Liveness::Unknown),
        (404, "{}", Liveness::Unknown),
        (429, "{}", Liveness::Unknown),
        (500, "{}", Liveness::Unknown),
    ] {
        double.fault("/user", Fault::Answer(status, "", body));
        assert_eq!(asking.check(&token), liveness, "{status} {body}");
        // What is not a yes with a name ends nothing.
        if liveness == Liveness::Dead {
            continue;
        }
        double.calls();
        double.fault("/user", Fault::Answer(status, "", body));
        assert!(asking.end(&token).is_err(), "{status} {body}");
        assert_eq!(double.calls(), ["GET /user"]);
    }
    for fault in [Fault::Silence, Fault::Hangup, Fault::DropReply, Fault::HalfReply] {
        double.fault("/user", fault);
        assert_eq!(asking.check(&token), Liveness::Unknown, "{fault:?}");
    }
    assert_eq!(asking.check(&token), Liveness::Alive);
}

#[test]
fn whether_it_was_ended_is_told_by_what_may_have_happened() {
    let double = start();
    let asking = Asking::hasty(&double);
    let token = double.state().add(CLASSIC, Some("acme"));
    for (fault, is_lost) in [
        (Fault::Answer(403, "", "{\"message\":\"API rate limit exceeded\"}"), false),
        (
            Fault::Answer(422, "", "{\"message\":\"Validation failed, or the endpoint has been spammed.\"}"),
            false,
        ),
        (Fault::Answer(429, "Retry-After: 60\r\n", "{}"), false),
        (Fault::Answer(500, "", "{}"), true),
        (Fault::Hangup, true),
        (Fault::Silence, true),
        (Fault::DropReply, true),
    ] {
        double.fault("/credentials/revoke", fault);
        match asking.end(&token) {
            Err(CallError::Refused { .. }) => assert!(!is_lost, "{fault:?}"),
            Err(CallError::Lost(_)) => assert!(is_lost, "{fault:?}"),
            other => panic!("{fault:?}: {other:?}"),
        }
    }
    // The last of them was done all the same: looking tells.
    assert_eq!(asking.check(&token), Liveness::Dead);
}

#[test]
fn githubs_own_description_takes_every_call() {
    let Some(prism) = Prism::start() else { return };
    let (double, asking) = stage();
    let token = double.state().add(FINE, Some("acme"));
    asking.check(&token);
    asking.end(&token).unwrap();
    let calls = double.whole_calls();
    for call in &calls {
        let wanted = if call.method == "POST" { 202 } else { 200 };
        assert_eq!(prism.replay(call), wanted, "{} {}", call.method, call.path);
    }
    // It would say no.
    let mut wrong = calls.into_iter().find(|c| c.method == "POST").unwrap();
    wrong.body = json!({ "credentials": token });
    assert_eq!(prism.replay(&wrong), 422);
    wrong.body = json!({ "credentials": vec![&token; 1001] });
    assert_eq!(prism.replay(&wrong), 422);
}

#[test]
fn the_card_says_that_a_person_makes_the_new_one() {
    let (_double, asking) = stage();
    let card = asking.provider.card();
    assert_eq!((&card.modes[..], card.lists, card.replaced_by_hand), (&[Mode::Manual][..], false, false));
    assert_eq!(card.budget, Some((60, 3600)));
}

#[test]
fn others_end_nothing_without_an_account() {
    let door = || Arc::new(Door::new(&[]).unwrap());
    for id in ["openai", "apiverve"] {
        let provider = by_id(id, &Value::Null, door()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let token = credential(&key("openai"));
        assert!(!provider.card().revoke_only && !provider.is_ours("acme"));
        assert_eq!(runtime.block_on(provider.owner(&token)), Ok(None));
        assert!(matches!(runtime.block_on(provider.revoke_leaked(&token)), Err(CallError::Withheld(_))));
    }
}

#[test]
fn a_wrong_list_of_owners_is_refused() {
    let made = |id: &str, owners: &Value| {
        by_id(id, &json!({ "owners": owners }), Arc::new(Door::new(&[]).unwrap()))
            .map(drop)
            .map_err(|e| e.to_string())
    };
    made("github", &json!(["acme"])).unwrap();
    for wrong in [json!("acme"), json!(["acme", " "]), json!([7]), json!({ "a": "b" })] {
        assert!(made("github", &wrong).unwrap_err().contains("list of names"), "{wrong}");
    }
    // Who says nothing of owners has no such setting.
    assert!(made("openai", &json!(["acme"])).unwrap_err().contains("is not known"));
}
