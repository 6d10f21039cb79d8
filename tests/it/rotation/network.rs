//! A key that is used at two places over the network: staging reads it from Vault, production from AWS
//! Secrets Manager.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::moto::{Moto, REGION};
use crate::support::program::Run;
use crate::support::vault::{VAULT_TOKEN, Vault};

use super::desk::{Desk, Held, Kind};

const AWS_SECRET: &str = "aws-secret-key-that-nobody-may-see";

/// A desk with its two places.
struct Far {
    desk: Desk,
    vault: Vault,
    aws: Moto,
    name: String,
}

impl Far {
    /// Lays everything out and puts the key down; `None`: there is no moto here.
    fn new(name: &str) -> Option<Self> {
        let aws = Moto::shared()?;
        // The files it lays out besides are not used.
        let desk = Desk::bare(Kind::Dotenv);
        let held = json!({ "key_id": desk.old.key_id, "secret": desk.old.secret, "port": 7777 });
        let vault = Vault::start(held.clone());
        let name = format!("proxy/{name}");
        aws.make(&name, &held.to_string());
        let file = |name: &str, text: &str| {
            let path = desk.path(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            path.display().to_string()
        };
        let (token, access, secret) =
            (file("token", VAULT_TOKEN), file("access", "AKIDEXAMPLE"), file("secret", AWS_SECRET));
        let settings = desk.path("keywright.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        let (at, wire) = (vault.place(), aws.wire());
        let text = text.replacen("allow = [", &format!("allow = [\"{at}\", \"{wire}\", "), 1);
        let tables = format!(
            "\n[destinations.vault]\nurl = \"http://{at}\"\ntoken = \"file:{token}\"\n\n[destinations.prod]\nkind = \"awssm\"\n\
             region = \"{REGION}\"\nurl = \"http://{wire}\"\naccess_key = \"file:{access}\"\nsecret_key = \"file:{secret}\"\n"
        );
        std::fs::write(&settings, text + &tables).unwrap();
        let far = Self { desk, vault, aws, name };
        let added = far.add();
        assert_eq!(added.code, Some(0), "{added:?}");
        Some(far)
    }

    fn add(&self) -> Run {
        let id = format!("--key-id={}", self.desk.old.key_id);
        let health = format!("--health=staging=tcp:{} within 1", self.desk.vpn.gateway());
        let production = format!("--destination=production=awssm:prod/{}#secret,key_id=key_id", self.name);
        self.desk.run(&[
            "keys",
            "add",
            "proxy",
            "--provider=atlasvpn",
            &id,
            "--destination=staging=vault:secret/app#secret,key_id=key_id",
            &production,
            &health,
        ])
    }

    /// Returns what staging and production read.
    fn held(&self) -> [Held; 2] {
        let of = |value: &Value| {
            assert_eq!(value["port"], 7777, "other fields stay");
            let text = |name: &str| value[name].as_str().unwrap().to_owned();
            Held(text("key_id"), text("secret"))
        };
        let current = self.aws.value(&self.name, "AWSCURRENT");
        [of(&self.vault.data()), of(&serde_json::from_str(&current).unwrap())]
    }

    fn old(&self) -> Held {
        Held(self.desk.old.key_id.clone(), self.desk.old.secret.clone())
    }

    /// Says what does not hold when nothing is left to do.
    fn check_end(&self, went_back: bool, when: &str) {
        let [staging, production] = self.held();
        assert_eq!(staging, production, "{when}");
        assert!(self.desk.works(&staging), "{when}");
        assert_eq!(staging == self.old(), went_back, "{when}");
        assert_eq!(self.desk.works(&self.old()), went_back, "{when}");
        assert_eq!(self.aws.value(&self.name, "AWSPENDING"), "", "{when}");
        let versions = self.aws.versions(&self.name);
        assert!(versions.as_object().unwrap().len() <= 2, "{when}: {versions}");
        let active = self.desk.vpn.state().keys.iter().filter(|k| k.active).count();
        assert_eq!(active, 2, "ours and the bystander's, {when}");
        assert_eq!(self.desk.leaks(), [] as [std::path::PathBuf; 0], "{when}");
    }
}

/// What was said holds no secret.
#[track_caller]
fn says_nothing(far: &Far, run: &Run) {
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
    let fixed = [VAULT_TOKEN, AWS_SECRET].map(str::to_owned);
    for secret in far.desk.vpn.secrets().iter().chain(&fixed) {
        assert!(!said.contains(secret.as_str()), "a secret was said");
    }
}

#[test]
fn a_key_in_vault_and_in_aws_is_replaced_at_both() {
    let Some(far) = Far::new("whole") else { return };
    let first = far.desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    assert_eq!(first.code, Some(5), "{first:?}");
    says_nothing(&far, &first);
    let [staging, production] = far.held();
    assert_eq!(staging, production);
    assert!(staging != far.old() && far.desk.works(&staging) && far.desk.works(&far.old()));
    let last = far.desk.finish();
    assert_eq!(last.code, Some(0), "{last:?}");
    says_nothing(&far, &last);
    far.check_end(false, "at the end");
}

#[test]
fn a_value_that_a_console_puts_back_is_seen_before_the_old_key_is_ended() {
    let Some(far) = Far::new("console") else { return };
    far.desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    let versions = far.aws.versions(&far.name);
    let at = |stage: &str| {
        let versions = versions.as_object().unwrap().iter();
        versions.clone().find(|(_, held)| held.as_array().unwrap().contains(&json!(stage))).unwrap().0.clone()
    };
    let back = json!({ "SecretId": far.name, "VersionStage": "AWSCURRENT",
        "RemoveFromVersionId": at("AWSCURRENT"), "MoveToVersionId": at("AWSPREVIOUS") });
    far.aws.ask("UpdateSecretVersionStage", &back);
    assert_eq!(far.held()[1], far.old());
    far.desk.pass(2000);
    let (id, _) = far.desk.open().remove(0);
    let asked = far.desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(asked.code, Some(4), "{asked:?}");
    assert!(far.desk.works(&far.old()), "nothing was ended");
    let again = far.desk.run(&["rotations", "resume", &id, "--wait=0", "--deliver-again"]);
    says_nothing(&far, &again);
    far.desk.finish();
    far.check_end(false, "at the end");
}

#[test]
fn killed_around_each_call_to_them_no_key_is_lost() {
    let Some(far) = Far::new("points") else { return };
    let log = far.desk.path("points");
    far.desk.program().env("KEYWRIGHT_KILL_LOG", &log).run(["rotate", "proxy", "--yes", "--wait=0"]);
    let points = std::fs::read_to_string(&log).unwrap();
    let touches = |name: &str| {
        let (verb, step) = name.split_once(' ').unwrap_or_default();
        verb != "concluded" && (step.starts_with("write:") || step.starts_with("activate:"))
    };
    let chosen: Vec<_> = points.lines().enumerate().filter(|(_, name)| touches(name)).collect();
    assert!(chosen.len() >= 8, "{points}");
    for (at, name) in chosen {
        for verb in ["resume", "rollback"] {
            let when = format!("killed at `{name}`, then {verb}");
            let Some(far) = Far::new(&format!("{at}/{verb}")) else { return };
            let program = far.desk.program().env("KEYWRIGHT_KILL_AT", (at + 1).to_string());
            let killed = program.run(["rotate", "proxy", "--yes", "--wait=0"]);
            assert_eq!(killed.code, None, "{when}: {killed:?}");
            for held in far.held() {
                assert!(far.desk.works(&held), "{when}: a place holds a key that does not work");
            }
            far.desk.pass(1000);
            if verb == "rollback" {
                let (id, _) = far.desk.open().remove(0);
                far.desk.run(&["rotations", "rollback", &id, "--wait=0"]);
            }
            let last = far.desk.finish();
            says_nothing(&far, &last);
            far.check_end(verb == "rollback", &when);
        }
    }
}
