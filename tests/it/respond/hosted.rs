//! What hosts a leak hears of its answer: GitHub's alert is closed and opened again; and a secret of GitHub Actions
//! is one of the places that get the new key.

use serde_json::Value;

use super::town::{AUTO, Town};
use crate::support::github;
use crate::support::github_host::{self, GithubHost, State, TOKEN};
use crate::support::prism::Pair;
use crate::support::program::Run;

/// A town whose repository lives at GitHub as well.
struct Hosted {
    town: Town,
    github: GithubHost,
}

impl Hosted {
    /// GitHub's own scan has found three secrets: ours, another file's, and ours as somebody let it be.
    fn new() -> Self {
        let open = || ("open".to_owned(), Value::Null, Value::Null);
        let closed = ("resolved".to_owned(), "false_positive".into(), Value::Null);
        let github = GithubHost::start(State {
            repositories: [("acme/shop".to_owned(), (false, "public"))].into(),
            alerts: [(1, open()), (2, open()), (3, closed)].into(),
            ..State::default()
        });
        let town = Town::new(AUTO);
        town.settings(&format!(
            "[hosts.github]\napi = \"http://{}\"\ntoken = \"env:GITHUB_TOKEN\"\n",
            github.place()
        ));
        town.allow(github.place());
        std::fs::create_dir(town.path("served/acme")).unwrap();
        let bare = town.path("served/acme/shop.git");
        town.repo.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        town.repo.git(["remote", "add", "hub", &format!("http://{}/acme/shop.git", town.host)]);
        town.leak_key();
        town.repo.git(["push", "-q", "hub", "HEAD"]);
        let blob = town.repo.git(["rev-parse", "HEAD:proxy.py"]).trim().to_owned();
        github.state().blobs = [(1, blob.clone()), (3, blob)].into();
        Self { town, github }
    }

    fn run(&self, words: &[&str]) -> Run {
        self.town.program().env("GITHUB_TOKEN", TOKEN).run(words)
    }

    fn respond(&self) -> Run {
        let repo = self.town.repo.path("");
        self.run(&["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"])
    }

    /// Returns how an alert stands: its state and how it was closed.
    fn alert(&self, number: u64) -> (String, Value) {
        let (word, resolution, _) = self.github.state().alerts[&number].clone();
        (word, resolution)
    }

    /// Somebody brings the old secret back at the provider.
    fn revive(&self) {
        let old = self.town.old.clone();
        let mut state = self.town.vpn.state();
        state.keys.iter_mut().find(|k| k.key_id == old.key_id).unwrap().secret = old.secret;
    }
}

fn open() -> (String, Value) {
    ("open".into(), Value::Null)
}

fn revoked() -> (String, Value) {
    ("resolved".into(), "revoked".into())
}

fn let_be() -> (String, Value) {
    ("resolved".into(), "false_positive".into())
}

#[test]
fn githubs_alert_is_closed_when_the_key_is_dead_and_opened_when_it_lives_again() {
    let hosted = Hosted::new();
    let run = hosted.respond().exits(0);
    assert!(run.text().contains("1 of the host's alerts resolved as revoked"), "{run:?}");
    assert_eq!([1, 2, 3].map(|n| hosted.alert(n)), [revoked(), open(), let_be()]);
    hosted.revive();
    hosted.town.pass(3600);
    let again = hosted.run(&["respond"]);
    assert!(again.text().contains("1 of the host's alerts opened again"), "{again:?}");
    // What a person let be stays so.
    assert_eq!([1, 2, 3].map(|n| hosted.alert(n)), [open(), open(), let_be()]);
    let id = hosted.town.incident()["id"].as_str().unwrap().to_owned();
    let report = hosted.run(&["incidents", "report", &id, "--format", "md"]).exits(0);
    assert!(report.text().contains("opened again"), "{report:?}");
    hosted.town.keeps_no_secret(&[&run, &again, &report]);
    for told in [&run, &again] {
        let told = format!("{told:?}");
        assert!(!told.contains(TOKEN) && !told.contains(github_host::FOUND), "{told}");
    }
}

#[test]
fn a_host_that_could_not_be_told_is_told_by_the_next_run() {
    let hosted = Hosted::new();
    hosted.respond().exits(0);
    hosted.revive();
    hosted.town.pass(3600);
    // Killed between the store and the host.
    let repo = hosted.town.repo.path("");
    let killed = hosted
        .town
        .program()
        .env("GITHUB_TOKEN", TOKEN)
        .env("KEYWRIGHT_KILL_AT", "incident reopened")
        .run(["respond"]);
    assert_eq!(killed.code, None, "{killed:?}");
    assert_eq!((hosted.alert(1), hosted.town.incident()["stage"].clone()), (revoked(), "open".into()));
    // Without the word for GitHub it says so, and contains all the same.
    let silent = hosted.town.run(&["respond", "--explain"]);
    assert_eq!(hosted.alert(1), revoked(), "{silent:?}");
    let run = hosted.run(&["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"]).exits(0);
    assert!(run.text().contains("opened again"), "{run:?}");
    assert!(!hosted.town.lives(), "{run:?}");
    assert_eq!(hosted.alert(1), revoked(), "dead again: {run:?}");
}

#[test]
fn a_host_that_says_no_holds_up_nothing() {
    let hosted = Hosted::new();
    let repo = hosted.town.repo.path("");
    let words = ["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"];
    let run = hosted.town.program().env("GITHUB_TOKEN", "wrong").run(words).exits(0);
    assert!(run.text().contains("not told yet"), "{run:?}");
    assert!(!hosted.town.lives() && hosted.town.serves("production"));
    assert_eq!(hosted.alert(1), open());
    // The look after an hour tells it.
    hosted.town.pass(3600);
    let again = hosted.run(&["respond"]).exits(0);
    assert!(again.text().contains("resolved as revoked"), "{again:?}");
    assert_eq!(hosted.alert(1), revoked());
}

#[test]
fn a_secret_of_github_actions_gets_the_new_key_within_the_loop() {
    let Some(pair) = Pair::make() else { return };
    let double = github::start(&[("actions", "AVP_SECRET"), ("actions", "AVP_KEY_ID")], pair.public);
    let town = Town::new(AUTO);
    town.settings(&format!(
        "[destinations.github]\nurl = \"http://{}\"\ntoken = \"env:GITHUB_SECRETS\"\n",
        double.place()
    ));
    town.allow(double.place());
    let run = |words: &[&str]| town.program().env("GITHUB_SECRETS", github::TOKEN).run(words);
    let id = format!("--key-id={}", town.old.key_id);
    let staging = format!(
        "--destination=staging=dotenv:{}#AVP_SECRET,key_id=AVP_KEY_ID",
        town.file("staging").display()
    );
    let actions = "--destination=production=github:acme/shop#AVP_SECRET,key_id=AVP_KEY_ID";
    run(&["keys", "add", "proxy", "--replace", "--provider=atlasvpn", &id, "--owner=ann", &staging, actions])
        .exits(0);
    town.pass(2 * 3600);
    town.leak_key();
    let repo = town.repo.path("");
    let done = run(&["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"]).exits(0);
    assert!(!town.lives() && town.serves("staging"), "{done:?}");
    let (id, secret) = town.held("staging");
    let opened = |name: &str| {
        let sealed = double.state().kept[&("actions".to_owned(), name.to_owned())].sealed.clone();
        String::from_utf8(pair.open(&sealed).expect("it is sealed for this repository")).unwrap()
    };
    assert_eq!((opened("AVP_KEY_ID"), opened("AVP_SECRET")), (id, secret));
    assert_eq!(town.incident()["stage"], "watching", "{done:?}");
    let told = format!("{done:?}");
    assert!(!told.contains(github::TOKEN) && !town.vpn.secrets().iter().any(|s| told.contains(s)), "{told}");
}
