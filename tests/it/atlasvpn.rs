//! AtlasVPN, whole: the provider as the engine uses it, against the double, with what goes wrong.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::{CallError, Credential, Liveness, Refusal};
use keywright::model::rotation::Mode;
use keywright::provider::{Activity, Listed, Provider, by_id};
use serde_json::{Value, json};

use crate::support::atlasvpn::{APIKEY, AtlasVpn, EMAIL, Fault, PASSWORD};

/// A double, and the provider that asks it.
struct Stage {
    double: AtlasVpn,
    provider: Box<dyn Provider>,
    runtime: tokio::runtime::Runtime,
    _room: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        Self::with(PASSWORD, "example.com:443")
    }

    fn with(password: &str, target: &str) -> Self {
        let double = AtlasVpn::start();
        let room = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = room.path().join(name);
            std::fs::write(&path, text).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            }
            format!("file:{}", path.display())
        };
        let settings = json!({
            "api": format!("http://{}", double.api()),
            "gateway": double.gateway(),
            "connect_target": target,
            "auth": {
                "url": file("url", &format!("http://{}", double.api())),
                "apikey": file("apikey", APIKEY),
                "email": file("email", EMAIL),
                "password": file("password", password),
            },
        });
        let allowed = [double.api().to_owned(), double.gateway().to_owned()];
        // Silence is waited for: shortly.
        let quick = Duration::from_millis(500);
        let door = Arc::new(Door::new(&allowed).unwrap().with_patience(quick, quick));
        let provider = by_id("atlasvpn", &settings, door).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { double, provider, runtime, _room: room }
    }

    fn run<T>(&self, doing: impl Future<Output = T>) -> T {
        self.runtime.block_on(doing)
    }

    fn list(&self) -> Vec<Listed> {
        self.run(self.provider.list()).unwrap().keys
    }

    fn mint(&self) -> Result<Credential, CallError> {
        let like = self.list().remove(0);
        let reply = self.run(self.provider.mint("prod-v2", &like))?;
        self.provider.read(&reply.after_commit(), None)
    }

    fn rotate(&self) -> Result<Credential, CallError> {
        let key = self.list().remove(0);
        let reply = self.run(self.provider.rotate(&key))?;
        self.provider.read(&reply.after_commit(), Some(&key.key_id))
    }

    fn revoke(&self, key: &Listed) -> Result<(), CallError> {
        self.run(self.provider.revoke(key))
    }

    /// Asks whether the first key works with a secret.
    fn check(&self, secret: &str) -> (Liveness, String) {
        let key_id = Some(self.double.state().keys[0].key_id.clone());
        let credential = Credential { key_id, secret: Secret::new(secret.into()) };
        let checked = self.run(self.provider.check(&credential));
        (checked.liveness, checked.why)
    }

    fn secret(&self) -> String {
        self.double.state().keys[0].secret.clone()
    }

    /// Asserts that words hold nothing that opens.
    #[track_caller]
    fn tells_nothing(&self, words: &str) {
        for secret in self.double.secrets() {
            assert!(!words.contains(&secret), "{words}");
        }
    }

    #[track_caller]
    fn tells_no_more_than<T>(&self, outcome: Result<T, CallError>) -> CallError {
        let Err(e) = outcome else { panic!("it was taken for a yes") };
        self.tells_nothing(&format!("{e} {e:?}"));
        e
    }
}

#[track_caller]
fn refused(e: CallError) -> (Refusal, Option<u64>) {
    match e {
        CallError::Refused { kind, retry_after, .. } => (kind, retry_after),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_card_says_what_the_plan_needs() {
    let stage = Stage::new();
    let card = stage.provider.card();
    assert_eq!(card.modes, [Mode::Planned, Mode::Atomic, Mode::Emergency]);
    // R8, R18, R28, R34, R97
    assert!(card.stop_warning.contains("within 30 seconds"));
    assert_eq!((card.dead_within, card.quiet, card.usage_lag, card.budget), (30, 900, 60, Some((5, 60))));
    // R7
    assert_eq!(card.runbook[0], "Sign in at app.atlasvpn.live/developer.");
    assert_eq!((card.runbook.len(), card.retrievable), (5, false));
}

#[test]
fn a_second_key_is_minted_like_the_first_checked_and_the_first_revoked() {
    // R15, R19, R30, R32, R33, R93
    let stage = Stage::new();
    stage.double.state().keys[0].live = false;
    let first = stage.list().remove(0);
    assert_eq!((first.last_used, first.active), (None, true));
    let made = stage.mint().unwrap();
    {
        let state = stage.double.state();
        let key = &state.keys[1];
        assert_eq!((key.label.as_str(), key.tier.as_str(), key.live), ("prod-v2", "developer", false));
        assert!(
            made.key_id.as_deref() == Some(&key.key_id)
                && made.secret == Secret::new(key.secret.clone().into())
        );
    }
    let checked = stage.run(stage.provider.check(&made));
    assert_eq!((checked.liveness, checked.why.as_str()), (Liveness::Alive, "CONNECT answered 200"));
    stage.revoke(&first).unwrap();
    assert_eq!(stage.list().iter().map(|k| k.active).collect::<Vec<_>>(), [false, true]);
    let old = stage.secret();
    assert_eq!(stage.check(&old), (Liveness::Dead, "CONNECT answered 407".into()));
    stage.tells_nothing(&stage.double.calls().join("\n"));
}

#[test]
fn a_rotation_keeps_the_key_id_and_kills_the_old_secret() {
    // R9, R11, R12, R13
    let stage = Stage::new();
    let old = stage.secret();
    let made = stage.rotate().unwrap();
    assert_eq!(made.key_id.as_deref(), Some(stage.list()[0].key_id.as_str()));
    assert_eq!(stage.check(&old).0, Liveness::Dead);
    assert_eq!(stage.check(&stage.secret()).0, Liveness::Alive);
    assert!(
        stage
            .double
            .calls()
            .iter()
            .any(|c| c.starts_with("POST /api/v1/proxy/keys/0") || c.ends_with("/rotate"))
    );
}

#[test]
fn one_sign_in_serves_many_calls() {
    // R25
    let stage = Stage::new();
    for _ in 0..3 {
        stage.list();
    }
    assert_eq!(stage.double.calls().iter().filter(|c| c.starts_with("sign-in")).count(), 1);
}

#[test]
fn a_token_that_expires_in_the_middle_is_renewed_and_the_call_done_once() {
    // R27, R29
    let stage = Stage::new();
    stage.list();
    for (all, signed) in
        [(false, vec!["sign-in refresh"]), (true, vec!["sign-in refresh", "sign-in password"])]
    {
        stage.double.expire(all);
        let before = stage.double.state().keys.len();
        let like = stage.double.state().keys[0].clone();
        stage.double.calls();
        let like = Listed {
            id: like.id,
            key_id: like.key_id,
            label: like.label,
            masked: None,
            active: true,
            last_used: None,
            created: None,
            expires: None,
            like: json!({ "tier": "developer", "liveMode": true }),
        };
        stage.run(stage.provider.mint("again", &like)).unwrap();
        let calls = stage.double.calls();
        let signed_in: Vec<_> = calls.iter().filter(|c| c.starts_with("sign-in")).collect();
        assert_eq!(signed_in, signed, "{calls:?}");
        assert_eq!(stage.double.state().keys.len(), before + 1);
    }
}

#[test]
fn a_token_that_is_never_accepted_is_a_refusal_after_three_tries() {
    let stage = Stage::new();
    for _ in 0..9 {
        stage.double.fault("list", Fault::Expired);
    }
    let e = stage.tells_no_more_than(stage.run(stage.provider.list()));
    assert_eq!(refused(e).0, Refusal::Credential);
    assert_eq!(stage.double.calls().iter().filter(|c| c.starts_with("GET")).count(), 3);
}

#[test]
fn a_wrong_password_is_a_refusal_that_repeats_nothing() {
    let stage = Stage::with("wrong-password-of-somebody", "example.com:443");
    let e = stage.run(stage.provider.sign_in()).unwrap_err();
    assert!(!format!("{e} {e:?}").contains("wrong-password-of-somebody"), "{e:?}");
    assert_eq!(refused(e).0, Refusal::Credential);
    assert_eq!(stage.double.calls(), ["sign-in password"]);
    Stage::new().run(async {});
    let right = Stage::new();
    right.run(right.provider.sign_in()).unwrap();
}

#[test]
fn a_reply_that_does_not_come_is_lost_and_nothing_is_asked_twice() {
    // I2, I7
    for fault in [
        Fault::DropReply,
        Fault::HalfReply,
        Fault::Hangup,
        Fault::Silence,
        Fault::DoneBut(502, "bad gateway"),
    ] {
        let stage = Stage::new();
        for call in ["mint", "rotate", "delete"] {
            stage.double.fault(call, fault.clone());
        }
        for (outcome, path) in [
            (stage.mint().map(drop), "POST /api/v1/proxy/keys"),
            (stage.rotate().map(drop), "rotate"),
            (stage.revoke(&stage.list()[0]), "DELETE"),
        ] {
            let e = stage.tells_no_more_than(outcome);
            assert!(matches!(e, CallError::Lost(_)), "{fault:?} {path}: {e:?}");
        }
        let calls = stage.double.calls();
        for path in ["POST /api/v1/proxy/keys", "rotate", "DELETE"] {
            let count = calls
                .iter()
                .filter(|c| *c == path || c.ends_with(path) || c.starts_with(path) && path == "DELETE")
                .count();
            assert_eq!(count, 1, "{fault:?} {path}: {calls:?}");
        }
    }
}

#[test]
fn too_many_is_told_with_its_wait_and_without() {
    // R28
    let stage = Stage::new();
    for (headers, wait) in [("Retry-After: 17\r\n", Some(17)), ("", None), ("Retry-After: soon\r\n", None)] {
        stage.double.fault("rotate", Fault::Answer(429, headers, r#"{"error":"5 rotations per minute"}"#));
        let e = stage.tells_no_more_than(stage.rotate());
        assert!(e.to_string().contains("5 rotations per minute"), "{e}");
        assert_eq!(refused(e), (Refusal::TooMany, wait));
    }
    assert!(stage.double.state().keys[0].former.is_empty());
}

#[test]
fn a_full_account_is_a_question_and_no_key_is_touched() {
    let stage = Stage::new();
    stage.double.state().limit = Some(1);
    let e = stage.tells_no_more_than(stage.mint());
    assert_eq!(refused(e).0, Refusal::Full);
    assert!(stage.double.state().keys.len() == 1 && stage.double.state().keys[0].active);
}

#[test]
fn a_yes_about_another_key_or_about_nothing_cannot_be_read() {
    // R12
    let stage = Stage::new();
    stage.double.fault("rotate", Fault::WrongKeyId);
    let e = stage.tells_no_more_than(stage.rotate());
    assert!(matches!(&e, CallError::Unreadable(why) if why.contains("avp_live_ffffffffffff")), "{e:?}");
    for body in
        ["", "<html>", "{\"key\":", "[[[[", "null", "{\"key\":{\"keyId\":\"avp_live_1\",\"secret\":\"x\"}}"]
    {
        stage.double.fault("rotate", Fault::DoneBut(200, body));
        let e = stage.tells_no_more_than(stage.rotate());
        assert!(matches!(e, CallError::Unreadable(_)), "{body}: {e:?}");
        stage.double.fault("list", Fault::Answer(200, "", body));
        assert!(matches!(stage.run(stage.provider.list()), Err(CallError::Unreadable(_))), "{body}");
    }
}

#[test]
fn a_key_that_is_gone_is_revoked() {
    // R36
    let stage = Stage::new();
    let key = stage.list().remove(0);
    for answer in [
        Fault::Answer(404, "", r#"{"error":"Not found"}"#),
        Fault::DoneBut(409, r#"{"error":"Key is inactive"}"#),
        Fault::Answer(400, "", r#"{"error":"Key is inactive"}"#),
    ] {
        stage.double.fault("delete", answer);
        stage.revoke(&key).unwrap();
    }
    stage.revoke(&key).unwrap();
    // A no to a key that works is a no.
    let other = Stage::new();
    let key = other.list().remove(0);
    for (status, kind) in [(400, Refusal::Other), (403, Refusal::Permission), (409, Refusal::Conflict)] {
        other.double.fault("delete", Fault::Answer(status, "", "no"));
        assert_eq!(refused(other.revoke(&key).unwrap_err()).0, kind);
    }
}

#[test]
fn the_gateway_tells_alive_dead_or_neither() {
    // R5, R14, R94
    let stage = Stage::new();
    let secret = stage.secret();
    for (status, liveness) in [
        (200, Liveness::Alive),
        (402, Liveness::Alive),
        (429, Liveness::Alive),
        (400, Liveness::Unknown),
        (403, Liveness::Unknown),
        (502, Liveness::Unknown),
        (504, Liveness::Unknown),
    ] {
        stage.double.state().gate = Some(status);
        assert_eq!(stage.check(&secret), (liveness, format!("CONNECT answered {status}")));
    }
    stage.double.state().gate = None;
    assert_eq!(stage.check(&"0".repeat(64)).0, Liveness::Dead);
    for fault in [Fault::Silence, Fault::Hangup, Fault::Answer(200, "", "")] {
        stage.double.fault("connect", fault.clone());
        let (liveness, why) = stage.check(&secret);
        let is_answer = matches!(fault, Fault::Answer(..));
        assert_eq!(liveness == Liveness::Alive, is_answer, "{fault:?}: {why}");
        stage.tells_nothing(&why);
    }
    let port = Stage::with(PASSWORD, "example.com:22");
    assert_eq!(port.check(&port.secret()), (Liveness::Unknown, "CONNECT answered 403".into()));
}

#[test]
fn a_check_asks_the_gateway_and_nobody_else() {
    // R93: no sign-in, no call to the interface.
    let stage = Stage::new();
    stage.check(&stage.secret());
    assert_eq!(stage.double.calls(), ["CONNECT 200"]);
    let nobody = Credential { key_id: None, secret: Secret::new(b"0".repeat(64)) };
    assert_eq!(stage.run(stage.provider.check(&nobody)).liveness, Liveness::Unknown);
    assert!(stage.double.calls().is_empty());
}

#[test]
fn usage_is_the_accounts_month() {
    // R37
    let stage = Stage::new();
    let usage = stage.run(stage.provider.usage()).unwrap().unwrap();
    assert_eq!((usage.bytes, usage.requests, usage.active_keys), (Some(1_234_567_890), Some(42), Some(1)));
    assert_eq!(usage.tiers.get("developer"), Some(&1));
}

fn event(number: i64) -> Value {
    let at = jiff::Timestamp::from_second(1_700_000_000 + number).unwrap();
    json!({ "id": number, "createdAt": at.to_string(), "targetHost": format!("host{number}.example"),
        "method": "CONNECT", "statusCode": 200, "bytesSent": 1, "bytesReceived": 2, "durationMs": 3, "servedByNodeId": "n" })
}

#[test]
fn events_are_asked_at_both_paths_and_page_by_page() {
    // R22, R96
    for at in ["usage", "keys"] {
        let stage = Stage::new();
        stage.double.state().events_at = Some(at);
        stage.double.state().events = (0..120).rev().map(event).collect();
        let key = stage.list().remove(0);
        let from = 1_700_000_000_000 + 60_000;
        let Activity::Events(told) = stage.run(stage.provider.events(&key, from)).unwrap() else {
            panic!("{at}")
        };
        assert_eq!((told.seen.len(), told.is_whole), (60, true), "{at}");
        assert_eq!(told.seen[0].host.as_deref(), Some("host119.example"));
        assert_eq!(
            (told.seen[0].status, told.seen[0].sent, told.seen[0].millis),
            (Some(200), Some(1), Some(3))
        );
    }
}

#[test]
fn an_event_log_that_knows_no_pages_is_read_once() {
    let stage = Stage::new();
    stage.double.state().events_at = Some("usage");
    stage.double.state().events = (0..50).map(event).collect();
    // Whatever page is asked for, the same one comes.
    let page = Value::Array((0..50).map(event).collect()).to_string();
    let page: &'static str = Box::leak(page.into_boxed_str());
    for _ in 0..2 {
        stage.double.fault("events", Fault::Answer(200, "", page));
    }
    let key = stage.list().remove(0);
    let Activity::Events(told) = stage.run(stage.provider.events(&key, 0)).unwrap() else { panic!() };
    assert_eq!((told.seen.len(), told.is_whole), (50, true));
}

#[test]
fn where_there_are_no_events_the_last_use_is_told_and_called_so() {
    // R32, R96
    let stage = Stage::new();
    stage.double.state().keys[0].last_used = Some("2026-04-25T10:12:03Z".into());
    let key = stage.list().remove(0);
    let told = stage.run(stage.provider.events(&key, 0)).unwrap();
    let Activity::Summary { last_used, usage, why } = told else { panic!("{told:?}") };
    assert_eq!((last_used, usage.and_then(|u| u.requests)), (Some(1_777_111_923_000), Some(42)));
    assert!(why.contains("no events") && why.contains("CSV"), "{why}");
    let paths: Vec<_> = stage.double.calls().into_iter().filter(|c| c.ends_with("/events")).collect();
    assert_eq!(paths.len(), 2, "{paths:?}");
}

#[test]
fn settings_are_references_and_known() {
    // R27
    let door = || Arc::new(Door::new(&[]).unwrap());
    for (settings, says) in [
        (json!({ "auth": { "password": PASSWORD } }), "is no reference"),
        (json!({ "auth": { "password": "vault:kv/bot" } }), "comes with"),
        (json!({ "auth": { "passwort": "env:X" } }), "nothing this provider wants"),
        (json!({ "auth": PASSWORD }), "table of references"),
        (json!({ "password": PASSWORD }), "is not known"),
        (json!({ "api": "ftp://example.com" }), "https://host"),
        (json!({ "gateway": "example.com" }), "host:port"),
        (json!({ "connect_target": "a b:443" }), "host:port"),
        (json!([]), "no table"),
    ] {
        let Err(e) = by_id("atlasvpn", &settings, door()) else { panic!("{settings} was taken") };
        assert!(e.to_string().contains(says), "{settings}: {e}");
        assert!(!format!("{e} {e:?}").contains(PASSWORD), "{e:?}");
    }
    assert!(by_id("atlasvpn", &json!({}), door()).is_ok());
    let Err(e) = by_id("nobody\u{1b}", &json!({}), door()) else { panic!() };
    assert!(e.to_string().contains("atlasvpn") && !e.to_string().contains('\u{1b}'), "{e}");
}

#[test]
fn what_the_operator_did_not_allow_is_not_called() {
    let double = AtlasVpn::start();
    let settings = json!({ "api": format!("http://{}", double.api()), "gateway": double.gateway() });
    let provider = by_id("atlasvpn", &settings, Arc::new(Door::new(&[]).unwrap())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = double.state().keys[0].clone();
    let credential = Credential { key_id: Some(key.key_id), secret: Secret::new(key.secret.into()) };
    let checked = runtime.block_on(provider.check(&credential));
    assert_eq!(checked.liveness, Liveness::Unknown, "{}", checked.why);
    // The variables of R24 are not set here.
    let e = runtime.block_on(provider.list()).unwrap_err();
    assert!(
        matches!(&e, CallError::NotSent(why) if why.contains("SUPABASE_URL") || why.contains("AVP_BOT")),
        "{e:?}"
    );
    assert!(double.calls().is_empty());
}
