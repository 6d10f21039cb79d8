//! A key in AWS Secrets Manager, against moto. What moto does otherwise than AWS is pinned at the end:
//! a test that fails there tells that moto was mended.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use keywright::destination::{Destination, DestinationError, Held, Meta, Reach, Stamp, StampKey, parse};
use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::Credential;
use serde_json::json;

use crate::support::moto::{Moto, REGION, Wire};

const OLD: &str = "old-secret-that-nobody-may-see";
const NEW: &str = "new-secret-\"that\"-nobody-may-see";

/// A secret, and the operator's word for how it is reached.
struct Desk {
    aws: Moto,
    folder: tempfile::TempDir,
    name: String,
    /// The version it began with.
    first: String,
}

impl Desk {
    /// Lays out a secret of one's own; `None`: there is no moto here.
    fn new(name: &str, value: &str) -> Option<Self> {
        let aws = Moto::shared()?;
        let first = aws.make(name, value);
        let desk = Self { aws, folder: tempfile::tempdir().unwrap(), name: name.into(), first };
        desk.keys("AKIDEXAMPLE", "aws-secret-key-that-nobody-may-see");
        Some(desk)
    }

    fn keys(&self, access: &str, secret: &str) {
        for (name, text) in [("access", access), ("secret", secret), ("session", "session-nobody-may-see")] {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    fn at(&self, what: &str) -> Box<dyn Destination> {
        self.at_with(what, 7)
    }

    fn at_with(&self, what: &str, key: u8) -> Box<dyn Destination> {
        self.with(what, key, true)
    }

    fn with(&self, what: &str, key: u8, has_session: bool) -> Box<dyn Destination> {
        let wire = self.aws.wire();
        let door = Door::new(&[wire.to_owned()]).unwrap();
        let door = Arc::new(door.with_patience(Duration::from_secs(20), Duration::from_secs(20)));
        let file = |name: &str| format!("\"file:{}\"", self.folder.path().join(name).display());
        let session =
            if has_session { format!("session_token = {}\n", file("session")) } else { String::new() };
        let table = format!(
            "[awssm]\nregion = \"{REGION}\"\nurl = \"http://{wire}\"\naccess_key = {}\nsecret_key = {}\n{session}",
            file("access"),
            file("secret"),
        );
        let settings = toml::from_str(&table).unwrap();
        let stamps = StampKey::new([key; 32]);
        let reach = Reach { base: self.folder.path().into(), stamps, door, settings };
        parse(&format!("awssm:{}{what}", self.name), &reach).unwrap_or_else(|e| panic!("{e}"))
    }

    fn current(&self) -> String {
        self.aws.value(&self.name, "AWSCURRENT")
    }

    /// Moves a label, as somebody else.
    fn relabel(&self, stage: &str, from: Option<&str>, to: Option<&str>) {
        let asked = json!({ "SecretId": self.name, "VersionStage": stage, "RemoveFromVersionId": from,
            "MoveToVersionId": to });
        let told = self.aws.ask("UpdateSecretVersionStage", &asked);
        assert!(told["ARN"].is_string(), "{told}");
    }

    /// Writes a version, as somebody else.
    fn put(&self, value: &str, stage: &str) -> String {
        let asked = json!({ "SecretId": self.name, "SecretString": value, "VersionStages": [stage],
            "ClientRequestToken": format!("{:-<40}", &value[..6]) });
        let told = self.aws.ask("PutSecretValue", &asked);
        told["VersionId"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }
}

fn credential(secret: &str) -> Credential {
    Credential { key_id: Some("k2".into()), secret: Secret::new(secret.into()) }
}

/// Says what went wrong; what is said holds no secret.
#[track_caller]
fn no<T>(told: Result<T, DestinationError>) -> DestinationError {
    let Err(error) = told else { panic!("it was done") };
    let text = format!("{error} {error:?}");
    assert!(!text.contains("nobody-may-see") && !text.contains("hunter2"), "{text}");
    assert!(error.to_string().starts_with("awssm:"), "{error}");
    error
}

#[tokio::test]
async fn a_new_key_waits_then_becomes_current_and_can_go_back() {
    let Some(desk) = Desk::new("app/whole", OLD) else { return };
    let there = desk.at("");
    let Meta { stamp, value } = there.read_meta().await.unwrap();
    let old = value.unwrap();
    assert!(old.key_id.is_none() && old.secret == Secret::new(OLD.into()));
    assert_eq!(stamp.0, desk.first);
    assert_eq!(
        desk.aws.versions(&desk.name),
        json!({ (&desk.first): ["AWSCURRENT"] }),
        "looking changes nothing"
    );
    let (old, new) = (credential(OLD), credential(NEW));
    // Written: nobody reads it yet, and it counts as what is there.
    let stamp = there.write(&new, &stamp).await.unwrap();
    assert_eq!((desk.current(), desk.aws.value(&desk.name, "AWSPENDING")), (OLD.into(), NEW.into()));
    assert_eq!(there.read_back(&new).await, Ok(Held::Wanted));
    assert_eq!(there.read_back(&old).await, Ok(Held::Other));
    assert_eq!(there.read_meta().await.unwrap().stamp, stamp);
    // Activated, twice.
    assert_eq!(there.activate().await, Ok(()));
    assert_eq!((desk.current(), desk.aws.value(&desk.name, "AWSPENDING")), (NEW.into(), String::new()));
    assert_eq!(there.activate().await, Ok(()));
    assert_eq!(there.read_back(&new).await, Ok(Held::Wanted));
    assert_eq!(there.read_back(&old).await, Ok(Held::Other));
    // Put back: the label moves to the version that is still there.
    let stamp = there.read_meta().await.unwrap().stamp;
    assert!(stamp.0.starts_with("keywright-") && stamp.0.len() == 42, "{stamp:?}");
    assert_eq!(there.restore(&old, &stamp).await.unwrap().0, desk.first);
    assert_eq!(there.activate().await, Ok(()));
    assert_eq!((desk.current(), desk.aws.versions(&desk.name).as_object().unwrap().len()), (OLD.into(), 2));
    assert_eq!(there.read_back(&old).await, Ok(Held::Wanted));
    assert_eq!(there.read_back(&new).await, Ok(Held::Other));
}

#[tokio::test]
async fn a_field_changes_and_the_others_stay() {
    let object = format!("{{ \"n\":1.50,\"user\":\"k1\",\"password\":\"{OLD}\"}}");
    let Some(desk) = Desk::new("app/field", &object) else { return };
    let there = desk.at("#password,key_id=user");
    let Meta { stamp, value } = there.read_meta().await.unwrap();
    assert_eq!(value.unwrap().key_id.as_deref(), Some("k1"));
    there.write(&credential("new-nobody-may-see"), &stamp).await.unwrap();
    there.activate().await.unwrap();
    assert_eq!(desk.current(), object.replace("k1", "k2").replace(OLD, "new-nobody-may-see"));
    assert!(matches!(no(desk.at("#pass").read_meta().await), DestinationError::Absent(_)));
}

#[tokio::test]
async fn a_write_that_was_not_activated_is_taken_back() {
    let Some(desk) = Desk::new("app/waiting", OLD) else { return };
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    there.write(&credential(NEW), &stamp).await.unwrap();
    // A new run, which knows of nothing but the store.
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    there.restore(&credential(OLD), &stamp).await.unwrap();
    // The old one is made to count again: what was written must not become current by that.
    there.activate().await.unwrap();
    assert_eq!((desk.current(), desk.aws.value(&desk.name, "AWSPENDING")), (OLD.into(), String::new()));
    assert_eq!(there.read_back(&credential(OLD)).await, Ok(Held::Wanted));
}

#[tokio::test]
async fn the_old_value_is_written_anew_where_its_version_is_gone() {
    let Some(desk) = Desk::new("app/gone", OLD) else { return };
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    there.write(&credential(NEW), &stamp).await.unwrap();
    there.activate().await.unwrap();
    desk.relabel("AWSPREVIOUS", Some(&desk.first), None);
    let stamp = there.read_meta().await.unwrap().stamp;
    there.restore(&credential(OLD), &stamp).await.unwrap();
    assert_eq!(there.read_back(&credential(OLD)).await, Ok(Held::Wanted));
    there.activate().await.unwrap();
    assert_eq!(desk.current(), OLD);
}

#[tokio::test]
async fn each_call_that_is_lost_is_made_good_by_the_next_run() {
    for (at, call) in ["PutSecretValue", "UpdateSecretVersionStage", "second"].into_iter().enumerate() {
        for (lost, fault) in [Wire::Lost, Wire::Cut, Wire::Answer(500, "hunter2")].into_iter().enumerate() {
            let Some(desk) = Desk::new(&format!("app/lost/{at}/{lost}"), OLD) else { return };
            let there = desk.at("");
            let stamp = there.read_meta().await.unwrap().stamp;
            if call == "PutSecretValue" {
                desk.aws.fault(call, fault);
                let error = no(there.write(&credential(NEW), &stamp).await);
                assert!(matches!(error, DestinationError::Lost(_)), "{fault:?}: {error:?}");
            }
            let there = desk.at("");
            there.write(&credential(NEW), &stamp).await.unwrap();
            there.write(&credential(NEW), &stamp).await.unwrap();
            match call {
                "UpdateSecretVersionStage" => {
                    desk.aws.fault(call, fault);
                    assert!(matches!(no(there.activate().await), DestinationError::Lost(_)), "{fault:?}");
                }
                // The one that takes AWSPENDING away: another process stops between the two.
                "second" => {
                    let versions = desk.aws.versions(&desk.name);
                    let (id, _) =
                        versions.as_object().unwrap().iter().find(|(id, _)| **id != desk.first).unwrap();
                    desk.relabel("AWSCURRENT", Some(&desk.first), Some(id));
                }
                _ => {}
            }
            let there = desk.at("");
            there.activate().await.unwrap();
            assert_eq!(desk.current(), NEW, "{call} {fault:?}");
            assert_eq!(desk.aws.value(&desk.name, "AWSPENDING"), "", "{call} {fault:?}");
            assert_eq!(desk.aws.versions(&desk.name).as_object().unwrap().len(), 2, "{call} {fault:?}");
            // And a write that comes once more finds it done.
            assert!(there.write(&credential(NEW), &stamp).await.is_ok());
            assert_eq!(there.read_back(&credential(NEW)).await, Ok(Held::Wanted));
        }
    }
}

#[tokio::test]
async fn somebody_elses_rotation_is_not_disturbed() {
    let Some(desk) = Desk::new("app/foreign", OLD) else { return };
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    let theirs = desk.put("theirs-nobody-may-see", "AWSPENDING");
    let error = no(there.read_meta().await);
    assert!(matches!(&error, DestinationError::Denied(why) if why.contains("somebody else is rotating it")));
    assert!(matches!(no(there.write(&credential(NEW), &stamp).await), DestinationError::Changed(_)));
    assert_eq!(desk.aws.value(&desk.name, "AWSPENDING"), "theirs-nobody-may-see");
    // What another installation wrote is somebody else's too, and so is what was made of another version.
    desk.relabel("AWSPENDING", Some(&theirs), None);
    desk.at_with("", 8).write(&credential(NEW), &stamp).await.unwrap();
    assert!(matches!(no(there.write(&credential(NEW), &stamp).await), DestinationError::Changed(_)));
    assert!(matches!(no(there.activate().await), DestinationError::Changed(_)));
    assert_eq!(desk.current(), OLD);
}

#[tokio::test]
async fn what_became_current_meanwhile_is_not_written_over() {
    let Some(desk) = Desk::new("app/moved", OLD) else { return };
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    desk.put("theirs-nobody-may-see", "AWSCURRENT");
    assert!(matches!(no(there.write(&credential(NEW), &stamp).await), DestinationError::Changed(_)));
    assert!(matches!(no(there.restore(&credential(OLD), &stamp).await), DestinationError::Changed(_)));
    // Between our write and our activation.
    let stamp = there.read_meta().await.unwrap().stamp;
    there.write(&credential(NEW), &stamp).await.unwrap();
    desk.put("others-nobody-may-see", "AWSCURRENT");
    for there in [there, desk.at("")] {
        assert!(matches!(no(there.activate().await), DestinationError::Changed(_)));
        assert_eq!(there.read_back(&credential(NEW)).await, Ok(Held::Other));
    }
    assert_eq!(desk.current(), "others-nobody-may-see");
}

#[tokio::test]
async fn a_version_that_went_back_is_not_taken_for_delivered_and_can_be_delivered_again() {
    let Some(desk) = Desk::new("app/again", OLD) else { return };
    let there = desk.at("");
    let stamp = there.read_meta().await.unwrap().stamp;
    there.write(&credential(NEW), &stamp).await.unwrap();
    there.activate().await.unwrap();
    let ours = there.read_meta().await.unwrap().stamp.0;
    // A console's rollback, and somebody who calls our version pending.
    desk.relabel("AWSCURRENT", Some(&ours), Some(&desk.first));
    assert_eq!(there.read_back(&credential(NEW)).await, Ok(Held::Other));
    desk.relabel("AWSPENDING", None, Some(&ours));
    assert_eq!(there.read_back(&credential(NEW)).await, Ok(Held::Other));
    desk.relabel("AWSPENDING", Some(&ours), None);
    let stamp = there.read_meta().await.unwrap().stamp;
    there.write(&credential(NEW), &stamp).await.unwrap();
    there.activate().await.unwrap();
    assert_eq!(desk.current(), NEW);
    assert_eq!(
        desk.aws.versions(&desk.name).as_object().unwrap().len(),
        2,
        "it is the version that is there"
    );
}

#[tokio::test]
async fn what_may_not_be_used_is_told_with_words() {
    let Some(desk) = Desk::new("app/words", OLD) else { return };
    let there = desk.at("");
    let denied = "{\"__type\":\"AccessDeniedException\",\"Message\":\"hunter2\"}";
    for call in ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"] {
        desk.aws.fault(call, Wire::Answer(400, denied));
        let error = no(there.read_meta().await);
        let told = error.to_string();
        assert!(matches!(error, DestinationError::Denied(_)) && told.contains(call), "{told}");
        assert!(told.contains("AccessDeniedException"), "{told}");
    }
    for (status, body, again) in [
        (400, "{\"__type\":\"ThrottlingException\"}", true),
        (429, "", true),
        (500, "{\"__type\":\"InternalServiceError\"}", true),
        (400, "{\"__type\":\"com.amazonaws#hunter2\"}", false),
        (200, "hunter2", false),
        (301, "hunter2", false),
    ] {
        desk.aws.fault("DescribeSecret", Wire::Answer(status, body));
        let error = no(there.read_meta().await);
        assert_eq!(matches!(error, DestinationError::NotDone(_)), again, "{error:?}");
    }
    for (body, word) in [
        ("{\"OwningService\":\"rds\"}", "kept by rds"),
        ("{\"RotationEnabled\":true}", "AWS rotates it by itself"),
        ("{\"PrimaryRegion\":\"us-west-2\"}", "written in us-west-2"),
        ("{\"DeletedDate\":1.7e9}", "it is deleted"),
    ] {
        let stages = json!({ (&desk.first): ["AWSCURRENT"] });
        let body = format!("{},\"VersionIdsToStages\":{stages}}}", body.strip_suffix('}').unwrap());
        desk.aws.fault("DescribeSecret", Wire::Answer(200, body.leak()));
        assert!(no(there.read_meta().await).to_string().contains(word), "{word}");
    }
    desk.aws.ask("DeleteSecret", &json!({ "SecretId": desk.name, "RecoveryWindowInDays": 7 }));
    assert!(matches!(no(there.read_meta().await), DestinationError::Absent(_)));
    desk.aws.ask("DeleteSecret", &json!({ "SecretId": desk.name, "ForceDeleteWithoutRecovery": true }));
    assert!(matches!(no(there.read_meta().await), DestinationError::Absent(_)));
    assert!(matches!(
        no(there.write(&credential(NEW), &Stamp(desk.first.clone())).await),
        DestinationError::Absent(_)
    ));
}

#[tokio::test]
async fn the_signature_is_one_that_a_server_takes() {
    let Some(aws) = Moto::alone() else { return };
    let first = aws.make("app/signed", OLD);
    let form = "application/x-www-form-urlencoded";
    let iam = |body: &str| aws.post("iam", "", form, body).1.to_string();
    iam("Action=CreateUser&UserName=bot&Version=2010-05-08");
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22secretsmanager%3A%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";
    iam(&format!(
        "Action=PutUserPolicy&UserName=bot&PolicyName=p&PolicyDocument={policy}&Version=2010-05-08"
    ));
    let made = iam("Action=CreateAccessKey&UserName=bot&Version=2010-05-08");
    let of = |tag: &str| {
        let rest = made.split(&format!("<{tag}>")).nth(1).unwrap_or_else(|| panic!("no {tag}"));
        rest.split('<').next().unwrap().to_owned()
    };
    let (access, secret) = (of("AccessKeyId"), of("SecretAccessKey"));
    let (status, _) = aws.post("moto", "", "text/plain", "0");
    assert_eq!(status, 200);
    let desk = Desk { aws, folder: tempfile::tempdir().unwrap(), name: "app/signed".into(), first };
    desk.keys(&access, &secret);
    assert_eq!(desk.with("", 7, false).read_meta().await.unwrap().stamp.0, desk.first);
    desk.keys(&access, &format!("{secret}x"));
    assert!(matches!(no(desk.with("", 7, false).read_meta().await), DestinationError::Denied(_)));
    desk.keys("AKIDNOBODYKNOWSTHIS", &secret);
    assert!(matches!(no(desk.with("", 7, false).read_meta().await), DestinationError::Denied(_)));
}

#[test]
fn moto_answers_without_a_label_with_the_old_version() {
    // AWS answers with AWSCURRENT. Keywright always asks for a label.
    let Some(desk) = Desk::new("app/pin/label", OLD) else { return };
    let new = desk.put(NEW, "AWSPENDING");
    desk.relabel("AWSCURRENT", Some(&desk.first), Some(&new));
    let told = desk.aws.ask("GetSecretValue", &json!({ "SecretId": desk.name }));
    assert_eq!(told["SecretString"], OLD);
}

#[test]
fn moto_refuses_a_label_that_nobody_holds_and_a_second_value_for_a_version() {
    // What the rehearsal rests on: labels are not moved by it, whatever is answered.
    let Some(desk) = Desk::new("app/pin/rehearsal", OLD) else { return };
    let asked = json!({ "SecretId": desk.name, "VersionStage": "nobody", "RemoveFromVersionId": desk.first });
    assert_eq!(desk.aws.ask("UpdateSecretVersionStage", &asked)["__type"], "InvalidParameterException");
    // And of putting what is there once more: it is taken and ignored, and another value is not.
    let asked =
        |value| json!({ "SecretId": desk.name, "SecretString": value, "ClientRequestToken": desk.first });
    assert_eq!(desk.aws.ask("PutSecretValue", &asked(OLD))["VersionId"], desk.first.as_str());
    assert_eq!(desk.aws.ask("PutSecretValue", &asked(NEW))["__type"], "ResourceExistsException");
    assert_eq!(desk.aws.versions(&desk.name), json!({ (&desk.first): ["AWSCURRENT"] }));
}

#[test]
fn moto_takes_a_key_that_is_no_key() {
    // AWS refuses it; here it is refused only where moto is told to look, which one test above does.
    let Some(desk) = Desk::new("app/pin/keys", OLD) else { return };
    assert_eq!(desk.current(), OLD);
}
