//! OpenAI, as the engine uses it: against the double, and each request against OpenAI's own description.

use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keywright::http::{Door, Request};
use keywright::model::Secret;
use keywright::model::credential::{CallError, Credential, Liveness};
use keywright::model::rotation::Mode;
use keywright::provider::{Listed, Provider, by_id};
use serde_json::{Map, Value, json};

use crate::support::filled;
use crate::support::openai::{ADMIN, OpenAi, PROJECT};
use crate::support::prism::Prism;

/// A provider that asks somebody on loopback.
struct Asking {
    provider: Box<dyn Provider>,
    runtime: tokio::runtime::Runtime,
    _room: tempfile::TempDir,
}

impl Asking {
    fn of(place: &str, project: Option<&str>) -> Self {
        let room = tempfile::tempdir().unwrap();
        let file = room.path().join("admin");
        std::fs::write(&file, ADMIN).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut settings = json!({
            "api": format!("http://{place}"),
            "auth": { "admin_key": format!("file:{}", file.display()) },
        });
        if let Some(project) = project {
            settings["project"] = project.into();
        }
        let door = Arc::new(Door::new(&[place.to_owned()]).unwrap());
        let provider = by_id("openai", &settings, door).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { provider, runtime, _room: room }
    }

    fn run<T>(&self, doing: impl Future<Output = T>) -> T {
        self.runtime.block_on(doing)
    }

    fn list(&self) -> Vec<Listed> {
        self.run(self.provider.list()).unwrap().keys
    }

    fn check(&self, secret: &str) -> (Liveness, String) {
        let credential = Credential { key_id: None, secret: Secret::new(secret.into()) };
        let checked = self.run(self.provider.check(&credential));
        (checked.liveness, checked.why)
    }
}

fn stage() -> (OpenAi, Asking) {
    let double = OpenAi::start();
    let asking = Asking::of(double.place(), Some(PROJECT));
    (double, asking)
}

#[test]
fn a_second_account_is_made_its_key_checked_and_the_first_deleted() {
    let (double, asking) = stage();
    asking.run(asking.provider.sign_in()).unwrap();
    double.state().keys[0].last_used = Some(1_711_471_534);
    let old = asking.list().remove(0);
    assert_eq!((old.label.as_str(), old.last_used), ("bot", Some(1_711_471_534_000)));
    let reply = asking.run(asking.provider.mint("bot r-1", &old)).unwrap();
    let made = asking.provider.read(&reply.after_commit(), None).unwrap();
    let new = double.state().keys[1].clone();
    assert!(made.secret == Secret::new(new.secret.clone().into()) && made.key_id.as_ref() == Some(&new.id));
    let listed = asking.list();
    assert_eq!((listed[1].label.as_str(), listed[1].last_used), ("bot r-1", None));
    // What is shown of a secret tells whose it is.
    assert!(listed[1].may_be(&made.secret) && !listed[0].may_be(&made.secret));
    assert_eq!(asking.check(&new.secret).0, Liveness::Alive);
    double.calls();
    asking.run(asking.provider.revoke(&old)).unwrap();
    let deleted: Vec<_> = double.calls().into_iter().filter(|c| c.starts_with("DELETE")).collect();
    assert_eq!(deleted, [format!("DELETE /organization/projects/{PROJECT}/service_accounts/{}", old.id)]);
    let first = double.secrets().remove(0);
    assert_eq!(asking.check(&first).0, Liveness::Dead);
    // Gone is gone.
    asking.run(asking.provider.revoke(&old)).unwrap();
}

#[test]
fn a_persons_key_is_deleted_by_itself() {
    let (double, asking) = stage();
    double.state().add(None);
    let theirs = asking.list().remove(1);
    asking.run(asking.provider.revoke(&theirs)).unwrap();
    assert_eq!(double.state().keys.len(), 1);
}

#[test]
fn an_account_with_another_key_is_not_deleted() {
    // I5: what was neither made here nor leaked is not touched.
    let (double, asking) = stage();
    let account = double.state().keys[0].account.clone();
    let other = double.state().add_to(account);
    let old = asking.list().remove(0);
    double.calls();
    let Err(CallError::Withheld(why)) = asking.run(asking.provider.revoke(&old)) else {
        panic!("it was sent")
    };
    assert!(why.contains(&other.id), "{why}");
    assert!(double.calls().iter().all(|c| !c.starts_with("DELETE")));
}

#[test]
fn a_list_is_read_to_its_end_and_one_without_an_end_is_none() {
    let (double, asking) = stage();
    for _ in 0..249 {
        double.state().add(Some("more"));
    }
    double.calls();
    let ids: std::collections::BTreeSet<_> = asking.list().into_iter().map(|k| k.key_id).collect();
    assert_eq!((ids.len(), double.calls().len()), (250, 3));
    double.state().is_endless = true;
    assert!(matches!(asking.run(asking.provider.list()), Err(CallError::Unreadable(_))));
    assert_eq!(double.calls().len(), 2);
}

#[test]
fn only_the_no_of_a_dead_key_is_dead() {
    let (double, asking) = stage();
    let secret = double.state().keys[0].secret.clone();
    let of = |kind: &str, code: Value, message: &str| json!({ "error": { "type": kind, "code": code, "message": message } });
    for (status, body, liveness) in [
        (200, json!({}), Liveness::Alive),
        (401, of("invalid_request_error", json!("invalid_api_key"), "no"), Liveness::Dead),
        (401, of("", json!(null), &format!("Incorrect API key provided: {secret}.")), Liveness::Dead),
        (401, of("", json!(null), "Missing scopes: api.model.read"), Liveness::Alive),
        (403, of("", json!(null), "You may not. Missing scopes: api.model.read."), Liveness::Alive),
        (401, of("", json!("ip_not_authorized"), "Your IP is not on the list"), Liveness::Unknown),
        (401, json!("what?"), Liveness::Unknown),
        (403, of("", json!(null), "Country, region, or territory not supported"), Liveness::Unknown),
        (429, of("insufficient_quota", json!("insufficient_quota"), "quota"), Liveness::Alive),
        (429, of("requests", json!("rate_limit_exceeded"), "limit"), Liveness::Alive),
        (429, json!({}), Liveness::Unknown),
        (500, of("", json!("invalid_api_key"), ""), Liveness::Unknown),
        (302, json!({}), Liveness::Unknown),
    ] {
        double.state().says = Some((status, body.clone()));
        let (told, why) = asking.check(&secret);
        assert_eq!(told, liveness, "{status} {body}: {why}");
        assert!(!why.contains(&secret), "{why}");
    }
}

#[test]
fn without_a_project_nothing_is_sent_but_a_check() {
    let double = OpenAi::start();
    let asking = Asking::of(double.place(), None);
    let e = asking.run(asking.provider.list()).unwrap_err();
    assert!(matches!(&e, CallError::NotSent(why) if why.contains("[providers.openai] project")), "{e:?}");
    assert_eq!(double.calls(), [""; 0]);
    let secret = double.state().keys[0].secret.clone();
    assert_eq!(asking.check(&secret).0, Liveness::Alive);
}

#[test]
fn a_refusal_repeats_no_key() {
    let double = OpenAi::start();
    let other = Asking::of(double.place(), Some("../../v1"));
    for asking in [other, Asking::of(double.place(), Some("proj_other"))] {
        let e = asking.run(asking.provider.list()).unwrap_err();
        assert!(double.secrets().iter().all(|s| !format!("{e} {e:?}").contains(s)), "{e:?}");
    }
    assert!(double.calls().iter().all(|c| !c.contains("../")));
}

#[test]
fn an_admin_key_is_not_taken_for_a_projects() {
    let (_double, asking) = stage();
    assert_eq!(asking.provider.card().modes, [Mode::Planned, Mode::Emergency]);
    let takes = |template: &str| {
        let secret = filled(template, 7);
        let told =
            asking.provider.takes(&Credential { key_id: None, secret: Secret::new(secret.clone().into()) });
        told.inspect_err(|why| assert!(!why.contains(&secret)))
    };
    takes("sk-proj-{base62:74}T3BlbkFJ{base62:74}").unwrap();
    assert!(takes("sk-admin-{base62:74}T3BlbkFJ{base62:74}").unwrap_err().contains("no admin key"));
    takes("{base62:40}").unwrap_err();
}

/// Cuts OpenAI's own description of its interface down to what is called, into a file: the whole of it takes
/// prism a minute to read. It is no part of this repository; `None`: it is not here.
fn description(room: &Path) -> Option<PathBuf> {
    let Some(file) = std::env::var_os("KEYWRIGHT_OPENAI_SPEC") else {
        let why = "skipped: KEYWRIGHT_OPENAI_SPEC names no file (openapi.json of openai/openai-openapi)";
        let _ = writeln!(std::io::stderr(), "{why}: OpenAI's requests were NOT held against its description");
        return None;
    };
    let whole: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let ours = |path: &str| path == "/models" || path.starts_with("/organization/projects/{project_id}/");
    let paths: Map<String, Value> =
        whole["paths"].as_object().unwrap().clone().into_iter().filter(|(path, _)| ours(path)).collect();
    let mut cut = json!({ "openapi": whole["openapi"], "info": whole["info"], "servers": whole["servers"],
        "security": whole["security"], "paths": paths, "components": {} });
    cut["components"]["securitySchemes"] = whole["components"]["securitySchemes"].clone();
    // What is referred to comes along, and what that refers to.
    let mut left = referred(&cut);
    while let Some(place) = left.pop() {
        let [_, sort, name] = place.split('/').collect::<Vec<_>>()[1..] else { panic!("{place}") };
        if cut["components"][sort][name].is_null() {
            let found = whole["components"][sort][name].clone();
            left.extend(referred(&found));
            cut["components"][sort][name] = found;
        }
    }
    let file = room.join("openai.json");
    std::fs::write(&file, cut.to_string()).unwrap();
    Some(file)
}

/// Lists what a part of a description refers to: `#/components/schemas/Project`.
fn referred(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(referred)).collect()
        }
        Value::Array(items) => items.iter().flat_map(referred).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_request_is_one_of_the_description() {
    let room = tempfile::tempdir().unwrap();
    let prism = description(room.path()).and_then(|file| Prism::of(&file, &["--errors"]));
    let Some(place) = prism.as_ref().map(Prism::place) else { return };
    let (double, asking) = stage();
    for _ in 0..100 {
        double.state().add(None);
    }
    let keys = asking.list();
    asking.run(asking.provider.mint("bot r-1", &keys[0])).unwrap();
    asking.run(asking.provider.revoke(&keys[0])).unwrap();
    asking.run(asking.provider.revoke(&keys[1])).unwrap();
    let secret = double.state().keys[0].secret.clone();
    asking.check(&secret);
    let sent = std::mem::take(&mut double.state().sent);
    let kinds = ["GET /organization", "POST /organization", "DELETE /organization", "GET /models"];
    for kind in kinds {
        assert!(
            sent.iter().any(|(method, place, _)| format!("{method} {place}").starts_with(kind)),
            "{kind}"
        );
    }
    let door = Door::new(std::slice::from_ref(&place)).unwrap();
    let again = |method: &str, path: &str, body: &Value| {
        let request = Request::new(method, &format!("http://{place}{path}")).unwrap();
        let mut request = request.header("Authorization", &Secret::new(b"Bearer x".to_vec())).unwrap();
        if !body.is_null() {
            request = request.json(Secret::new(body.to_string().into_bytes()));
        }
        asking.run(door.call(request)).unwrap().status
    };
    for (method, place, body) in &sent {
        assert_eq!(again(method, place, body), 200, "{method} {place} {body}");
    }
    // It can say no.
    let accounts = format!("/organization/projects/{PROJECT}/service_accounts");
    assert_eq!(again("POST", &accounts, &json!({ "label": "x" })), 400);
    assert_eq!(again("POST", &format!("{accounts}/x/nothing"), &json!({})), 404);
}
