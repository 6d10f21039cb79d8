//! A key in Vault's key-value engine, against the double.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use keywright::destination::{Destination, DestinationError, Held, Meta, Reach, Stamp, StampKey, parse};
use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::Credential;
use serde_json::json;

use crate::support::atlasvpn::Fault;
use crate::support::vault::{VAULT_TOKEN, Vault, Version};

const OLD: &str = "old-secret-that-nobody-may-see";
const NEW: &str = "new-secret-\"that\"-nobody-may-see";
const PLACE: &str = "vault:secret/app#password,key_id=user";

/// A vault, and the operator's word for it.
struct Desk {
    vault: Vault,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        std::fs::write(&token, VAULT_TOKEN).unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        let vault = Vault::start(json!({ "user": "k1", "password": OLD, "port": 5432 }));
        Self { vault, folder }
    }

    fn at_with(&self, place: &str, more: &str) -> Box<dyn Destination> {
        let at = self.vault.place();
        let door = Door::new(&[at.to_owned()]).unwrap();
        let door = Arc::new(door.with_patience(Duration::from_secs(5), Duration::from_secs(1)));
        let table = format!(
            "[vault]\nurl = \"http://{at}/\"\ntoken = \"file:{}\"\n{more}",
            self.folder.path().join("token").display()
        );
        let settings = toml::from_str(&table).unwrap();
        let reach = Reach { base: self.folder.path().into(), stamps: StampKey::new([7; 32]), door, settings };
        parse(place, &reach).unwrap_or_else(|e| panic!("{e}"))
    }

    fn there(&self) -> Box<dyn Destination> {
        self.at_with(PLACE, "")
    }

    /// Changes the latest version.
    fn change(&self, change: impl FnOnce(&mut Version)) {
        change(self.vault.state().secrets.get_mut("secret/data/app").unwrap().last_mut().unwrap());
    }
}

fn credential(id: &str, secret: &str) -> Credential {
    Credential { key_id: Some(id.into()), secret: Secret::new(secret.into()) }
}

fn new() -> Credential {
    credential("k2", NEW)
}

/// Says what went wrong; what is said holds no secret and no token.
#[track_caller]
fn no<T>(told: Result<T, DestinationError>) -> DestinationError {
    let Err(error) = told else { panic!("it was done") };
    let text = format!("{error} {error:?}");
    for secret in ["nobody-may-see", "hunter2"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(error.to_string().starts_with(PLACE), "{error}");
    error
}

#[tokio::test]
async fn a_new_key_becomes_a_new_version_and_other_fields_stay() {
    let desk = Desk::new();
    let there = desk.there();
    let Meta { stamp, value } = there.read_meta().await.unwrap();
    let old = value.unwrap();
    assert!(old.key_id.as_deref() == Some("k1") && old.secret == Secret::new(OLD.into()));
    let written = there.write(&new(), &stamp).await.unwrap();
    assert_eq!(desk.vault.data(), json!({ "user": "k2", "password": NEW, "port": 5432 }));
    assert_eq!(there.read_back(&new()).await, Ok(Held::Wanted));
    assert_eq!(there.read_back(&old).await, Ok(Held::Other));
    assert_eq!(there.activate().await, Ok(()));
    assert_eq!(there.read_meta().await.unwrap().stamp, written);
    // The old value comes back as a version of its own.
    there.restore(&old, &written).await.unwrap();
    assert_eq!(desk.vault.data(), json!({ "user": "k1", "password": OLD, "port": 5432 }));
    assert_eq!(desk.vault.state().secrets["secret/data/app"].last().unwrap().number, 3);
}

#[tokio::test]
async fn looking_changes_nothing() {
    let desk = Desk::new();
    desk.there().read_meta().await.unwrap();
    assert_eq!(desk.vault.state().log, ["GET secret/data/app", "POST sys/capabilities-self"]);
    assert_eq!(desk.vault.state().secrets["secret/data/app"].len(), 1);
}

#[tokio::test]
async fn written_twice_is_the_same_as_once() {
    let desk = Desk::new();
    let there = desk.there();
    let before = there.read_meta().await.unwrap().stamp;
    let once = there.write(&new(), &before).await.unwrap();
    assert_eq!(there.write(&new(), &before).await.unwrap(), once);
    assert_eq!(desk.vault.state().secrets["secret/data/app"].len(), 2);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_found_done() {
    for fault in
        [Fault::DropReply, Fault::HalfReply, Fault::DoneBut(502, "hunter2"), Fault::DoneBut(200, "{}")]
    {
        let desk = Desk::new();
        let there = desk.there();
        let before = there.read_meta().await.unwrap().stamp;
        desk.vault.fault("write", fault.clone());
        let error = no(there.write(&new(), &before).await);
        assert!(matches!(error, DestinationError::Lost(_)), "{fault:?}: {error:?}");
        assert!(there.write(&new(), &before).await.is_ok(), "{fault:?}");
        assert_eq!(desk.vault.state().secrets["secret/data/app"].len(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_write_that_never_arrived_is_made_again() {
    for fault in [Fault::Hangup, Fault::Silence, Fault::Answer(503, "", "{\"errors\":[\"hunter2\"]}")] {
        let desk = Desk::new();
        let there = desk.there();
        let before = there.read_meta().await.unwrap().stamp;
        desk.vault.fault("write", fault.clone());
        let error = no(there.write(&new(), &before).await);
        assert!(matches!(error, DestinationError::Lost(_)), "{fault:?}: {error:?}");
        there.write(&new(), &before).await.unwrap();
        assert_eq!(desk.vault.data()["password"], NEW, "{fault:?}");
    }
}

#[tokio::test]
async fn what_somebody_else_wrote_is_not_written_over() {
    let desk = Desk::new();
    let there = desk.there();
    let before = there.read_meta().await.unwrap().stamp;
    // Between our read and our write: Vault itself refuses.
    let rival = json!({ "user": "k1", "password": OLD, "port": 5433 });
    desk.vault.state().rival = Some(rival.clone());
    assert!(matches!(no(there.write(&new(), &before).await), DestinationError::Changed(_)));
    assert_eq!(desk.vault.data(), rival);
    // And before it: the version says so.
    assert!(matches!(no(there.write(&new(), &before).await), DestinationError::Changed(_)));
    assert!(matches!(no(there.restore(&new(), &before).await), DestinationError::Changed(_)));
    assert_eq!(desk.vault.data(), rival);
}

#[tokio::test]
async fn a_secret_that_was_made_anew_is_another_one() {
    // Its versions begin with 1 again.
    let desk = Desk::new();
    let there = desk.there();
    let before = there.read_meta().await.unwrap().stamp;
    desk.vault.state().secrets.clear();
    desk.vault.state().put("secret/data/app", json!({ "user": "k1", "password": OLD }));
    assert!(matches!(no(there.write(&new(), &before).await), DestinationError::Changed(_)));
}

#[tokio::test]
async fn old_versions_may_be_gone() {
    let desk = Desk::new();
    desk.vault.state().kept = 1;
    let there = desk.there();
    let Meta { stamp, value } = there.read_meta().await.unwrap();
    let stamp = there.write(&new(), &stamp).await.unwrap();
    there.restore(&value.unwrap(), &stamp).await.unwrap();
    assert_eq!(desk.vault.data()["password"], OLD);
}

#[tokio::test]
async fn what_is_not_there_is_absent() {
    let desk = Desk::new();
    let told = |error: DestinationError| {
        assert!(matches!(error, DestinationError::Absent(_)), "{error:?}");
        error.to_string()
    };
    let there = desk.there();
    let before = there.read_meta().await.unwrap().stamp;
    desk.change(|v| v.deleted = "2026-11-21T11:00:00Z");
    assert!(told(no(there.read_meta().await)).contains("version 1 of it was deleted"));
    // A deleted version still takes check-and-set: it is not written over for that.
    told(no(there.write(&new(), &before).await));
    desk.change(|v| (v.deleted, v.destroyed) = ("", true));
    assert!(told(no(there.read_back(&new()).await)).contains("was destroyed"));
    desk.change(|v| (v.destroyed, v.data) = (false, json!({ "password": OLD })));
    assert!(told(no(there.read_meta().await)).contains("no field `user`"));
    desk.vault.state().secrets.clear();
    assert!(told(no(there.read_meta().await)).contains("there is no such secret"));
}

#[tokio::test]
async fn what_the_token_may_not_do_is_told_before_anything_is_minted() {
    let desk = Desk::new();
    let there = desk.there();
    for may in [&["read"][..], &["read", "create", "list"], &["deny"], &["update"]] {
        desk.vault.state().may = may.to_vec();
        assert!(matches!(no(there.read_meta().await), DestinationError::Denied(_)), "{may:?}");
    }
    desk.vault.state().may = vec!["read"];
    assert!(no(there.read_meta().await).to_string().contains("path \"secret/data/app\""));
    desk.vault.state().may = vec!["root"];
    there.read_meta().await.unwrap();
    std::fs::write(desk.folder.path().join("token"), "hunter2").unwrap();
    assert!(matches!(no(there.read_meta().await), DestinationError::Denied(_)));
    std::fs::remove_file(desk.folder.path().join("token")).unwrap();
    assert!(matches!(no(there.read_meta().await), DestinationError::Denied(_)));
}

#[tokio::test]
async fn it_is_asked_within_its_namespace() {
    let desk = Desk::new();
    desk.vault.state().namespace = "team/app";
    assert!(matches!(no(desk.there().read_meta().await), DestinationError::Denied(_)));
    desk.at_with(PLACE, "namespace = 'team/app/'").read_meta().await.unwrap();
}

#[tokio::test]
async fn a_mount_and_a_path_may_be_odd() {
    let desk = Desk::new();
    desk.vault.state().put("team/kv/data/a%20b/%C3%A4", json!({ "password": OLD }));
    let there = desk.at_with("vault:a b/ä#password", "mount = 'team/kv'");
    let meta = there.read_meta().await.unwrap();
    assert!(meta.value.unwrap().key_id.is_none());
    there.write(&credential("k2", NEW), &meta.stamp).await.unwrap();
    let path = "team/kv/data/a%20b/%C3%A4";
    assert_eq!(desk.vault.state().secrets[path].last().unwrap().data, json!({ "password": NEW }));
}

#[tokio::test]
async fn odd_answers_change_nothing() {
    let desk = Desk::new();
    let there = desk.there();
    for (body, is_denied) in [
        ("hunter2", true),
        ("{\"data\":{\"password\":\"hunter2\"}}", true),
        ("{\"data\":{\"data\":\"hunter2\",\"metadata\":{\"version\":1,\"created_time\":\"x\"}}}", true),
        ("{\"data\":{\"data\":{\"user\":7},\"metadata\":{\"version\":1,\"created_time\":\"x\"}}}", false),
    ] {
        desk.vault.fault("read", Fault::Answer(200, "", body));
        let error = no(there.read_meta().await);
        assert_eq!(matches!(error, DestinationError::Denied(_)), is_denied, "{error:?}");
    }
    for status in [301, 400, 429, 500, 503] {
        desk.vault
            .fault("read", Fault::Answer(status, "Retry-After: 9\r\nLocation: /hunter2\r\n", "hunter2"));
        let error = no(there.read_meta().await);
        let again = matches!(error, DestinationError::NotDone(_));
        assert_eq!(again, status == 429 || status >= 500, "{error:?}");
    }
    desk.vault.fault("write", Fault::Answer(400, "", "{\"errors\":[\"hunter2\"]}"));
    let stamp = there.read_meta().await.unwrap().stamp;
    assert!(matches!(no(there.write(&new(), &stamp).await), DestinationError::Denied(_)));
    assert!(matches!(no(there.write(&new(), &Stamp("1".into())).await), DestinationError::Changed(_)));
    assert_eq!(desk.vault.state().secrets["secret/data/app"].len(), 1);
}
