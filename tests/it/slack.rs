//! Slack's tokens: answered 200 whatever they are, and ended by themselves.

use std::sync::Arc;

use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::{CallError, Credential, Liveness};
use keywright::provider::{Provider, by_id};
use serde_json::json;

use crate::support::double::Fault;
use crate::support::slack::{Slack, start};

const BOT: &str = "xoxb-{digit:12}-{digit:13}-{base62:24}";

fn stage() -> (Slack, Box<dyn Provider>) {
    let double = start();
    let settings = json!({ "api": format!("http://{}", double.place()), "owners": ["T0ACME"] });
    let door = Door::new(&[double.place().to_owned()]).unwrap();
    let provider = by_id("slack", &settings, Arc::new(door)).unwrap();
    (double, provider)
}

fn credential(token: &str) -> Credential {
    Credential { key_id: None, secret: Secret::new(token.into()) }
}

fn run<T>(doing: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doing)
}

fn check(provider: &dyn Provider, token: &str) -> Liveness {
    let checked = run(provider.check(&credential(token)));
    assert!(!checked.why.contains(token), "{}", checked.why);
    checked.liveness
}

#[test]
fn a_leaked_token_of_our_workspace_ends_itself() {
    let (double, provider) = stage();
    assert!(provider.card().revoke_only);
    let ours = double.state().add(BOT, "T0ACME");
    let theirs = double.state().add(BOT, "T0OTHER");
    assert_eq!(run(provider.owner(&credential(&ours))).unwrap().as_deref(), Some("T0ACME"));
    double.calls();
    run(provider.revoke_leaked(&credential(&ours))).unwrap();
    assert_eq!(double.calls(), ["POST /auth.test", "GET /auth.revoke"]);
    assert_eq!(check(&*provider, &ours), Liveness::Dead);
    // Gone is gone.
    run(provider.revoke_leaked(&credential(&ours))).unwrap();
    assert_eq!(double.calls(), ["POST /auth.test"; 2]);
    let refused = run(provider.revoke_leaked(&credential(&theirs)));
    assert!(matches!(&refused, Err(CallError::Withheld(why)) if why.contains("T0OTHER")), "{refused:?}");
    assert_eq!(check(&*provider, &theirs), Liveness::Alive);
}

#[test]
fn a_200_is_read_before_it_is_believed() {
    let (double, provider) = stage();
    let token = double.state().add(BOT, "T0ACME");
    for (status, body, liveness) in [
        (200, "{\"ok\":false,\"error\":\"token_revoked\"}", Liveness::Dead),
        (200, "{\"ok\":false,\"error\":\"token_expired\"}", Liveness::Dead),
        (200, "{\"ok\":false,\"error\":\"account_inactive\"}", Liveness::Dead),
        // A wrong token, or a wrong address to ask from.
        (200, "{\"ok\":false,\"error\":\"invalid_auth\"}", Liveness::Unknown),
        (200, "{\"ok\":false,\"error\":\"accesslimited\"}", Liveness::Unknown),
        (200, "{\"ok\":1}", Liveness::Unknown),
        (200, "{}", Liveness::Unknown),
        (200, "<html>", Liveness::Unknown),
        (401, "{\"ok\":true}", Liveness::Unknown),
        (429, "{\"ok\":false,\"error\":\"ratelimited\"}", Liveness::Unknown),
        (503, "{}", Liveness::Unknown),
    ] {
        double.fault("/auth.test", Fault::Answer(status, "", body));
        assert_eq!(check(&*provider, &token), liveness, "{status} {body}");
    }
    // A yes that is none, with the token in it.
    let no = format!("{{\"ok\":false,\"error\":\"{token}\"}}").leak();
    for body in ["{\"ok\":true,\"revoked\":false}", "{\"ok\":false,\"error\":\"internal_error\"}", "{}", no] {
        double.fault("/auth.revoke", Fault::Answer(200, "", body));
        let told = run(provider.revoke_leaked(&credential(&token))).unwrap_err();
        assert!(
            matches!(told, CallError::Refused { .. }) && !format!("{told:?}").contains(&token),
            "{told:?}"
        );
    }
    assert_eq!(check(&*provider, &token), Liveness::Alive);
}
