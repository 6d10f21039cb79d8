//! What an operator sees with providers of other kinds: OpenAI, where the secret stands alone, and APIVerve,
//! where a person makes the key.

use std::path::{Path, PathBuf};

use crate::support::apiverve::ApiVerve;
use crate::support::openai::{ADMIN, OpenAi, PROJECT};
use crate::support::program::{Program, Run};

/// A room with one key in a `.env` file.
struct Room {
    folder: tempfile::TempDir,
    name: &'static str,
}

impl Room {
    /// Puts a key down.
    fn new(
        provider: &str,
        name: &'static str,
        settings: &str,
        place: &str,
        key_id: &str,
        secret: &str,
    ) -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let room = Self { folder, name };
        std::fs::write(room.path("clock"), "0").unwrap();
        let config = format!(
            "[network]\nallow = [\"{place}\"]\n\n[providers.{provider}]\napi = \"http://{place}\"\n{settings}\n"
        );
        std::fs::write(room.path("keywright.toml"), config).unwrap();
        std::fs::write(room.path(".env"), format!("A=1\n{name}={secret} # the key\n")).unwrap();
        let destination = format!("--destination=production=dotenv:{}#{name}", room.path(".env").display());
        let (provider, key_id) = (format!("--provider={provider}"), format!("--key-id={key_id}"));
        room.run(&["keys", "add", "k", &provider, &key_id, "--owner=ann", &destination]).exits(0);
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self) -> Program {
        Program::new(self.folder.path(), self.folder.path())
            .env("KEYWRIGHT_CONFIG", self.path("keywright.toml"))
            .env("KEYWRIGHT_CLOCK", self.path("clock"))
            .env("OPENAI_ADMIN_KEY", ADMIN)
            .env("USER", "ann")
    }

    fn run(&self, words: &[&str]) -> Run {
        self.program().run(words)
    }

    /// Hands a key over that a person made.
    fn hand_over(&self, id: &str, secret: &str) -> Run {
        let words = ["rotations", "resume", id, "--new-key", "--wait=0"];
        self.program().input(format!("{secret}\n")).run(words)
    }

    fn pass(&self, seconds: i64) {
        let moved: i64 = std::fs::read_to_string(self.path("clock")).unwrap().parse().unwrap();
        std::fs::write(self.path("clock"), (moved + seconds * 1000).to_string()).unwrap();
    }

    fn open(&self) -> String {
        let run = self.run(&["rotations", "list", "--format=json"]);
        let list: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        list[0]["id"].as_str().unwrap().to_owned()
    }

    fn holds(&self, secret: &str) -> bool {
        std::fs::read_to_string(self.path(".env")).unwrap()
            == format!("A=1\n{}={secret} # the key\n", self.name)
    }

    /// Asserts that nothing the program kept or said holds one of these.
    #[track_caller]
    fn tells_nothing(&self, secrets: &[String], runs: &[&Run]) {
        let mut folders = vec![self.path(".local")];
        let mut texts: Vec<Vec<u8>> = runs.iter().map(|run| format!("{run:?}").into_bytes()).collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    texts.push(std::fs::read(entry.path()).unwrap());
                }
            }
        }
        for secret in secrets {
            assert!(
                !texts.iter().any(|t| memchr::memmem::find(t, secret.as_bytes()).is_some()),
                "it is told"
            );
        }
    }
}

#[test]
fn an_openai_key_is_replaced_by_one_of_a_new_account() {
    // R81, R82
    let double = OpenAi::start();
    let old = double.state().keys[0].clone();
    let bystander = double.state().add(None);
    let settings = format!("project = \"{PROJECT}\"");
    let room = Room::new("openai", "OPENAI_API_KEY", &settings, double.place(), &old.id, &old.secret);
    let first = room.run(&["rotate", "k", "--yes", "--wait=0"]).exits(5);
    let new = double.state().keys[2].clone();
    let (_, label) = new.account.clone().unwrap();
    assert_eq!(label, format!("bot {}", room.open()));
    assert!(room.holds(&new.secret));
    // Both live for a day.
    room.pass(23 * 3600);
    room.run(&["rotations", "resume", &room.open(), "--wait=0"]).exits(5);
    assert_eq!(double.state().keys.len(), 3);
    room.pass(2 * 3600);
    let last = room.run(&["rotations", "resume", &room.open(), "--wait=0"]).exits(0);
    let left: Vec<_> = double.state().keys.iter().map(|k| k.id.clone()).collect();
    assert_eq!(left, [bystander.id, new.id]);
    room.tells_nothing(&double.secrets(), &[&first, &last]);
}

#[test]
fn a_leaked_openai_key_is_ended_before_the_new_one_is_everywhere() {
    let double = OpenAi::start();
    let old = double.state().keys[0].clone();
    let settings = format!("project = \"{PROJECT}\"");
    let room = Room::new("openai", "OPENAI_API_KEY", &settings, double.place(), &old.id, &old.secret);
    let plan = room.run(&["rotate", "k", "--emergency", "--dry-run"]).exits(0);
    let at = |words: &str| plan.text().find(words).unwrap_or_else(|| panic!("{words}: {plan:?}"));
    assert!(at("mint a second key") < at("for good") && at("for good") < at("write the new key"), "{plan:?}");
    assert!(plan.text().contains("whoever holds the old key is refused"), "{plan:?}");
    // The place is away: what leaked is ended all the same.
    let env = std::fs::read(room.path(".env")).unwrap();
    std::fs::remove_file(room.path(".env")).unwrap();
    let first = room.run(&["rotate", "k", "--emergency", "--reason=leak:commit", "--yes", "--wait=0"]);
    assert_ne!(first.code, Some(0), "{first:?}");
    assert!(double.state().keys.iter().all(|k| k.id != old.id), "{first:?}");
    std::fs::write(room.path(".env"), env).unwrap();
    room.pass(2000);
    let last = room.run(&["rotations", "resume", &room.open(), "--wait=0"]).exits(0);
    assert!(room.holds(&double.state().keys.last().unwrap().secret));
    assert!(last.text().contains("measured outage"), "{last:?}");
    room.tells_nothing(&double.secrets(), &[&first, &last]);
}

#[test]
fn a_place_that_holds_another_openai_key_is_found_by_its_mask() {
    let double = OpenAi::start();
    let old = double.state().keys[0].clone();
    let other = double.state().add(None);
    let settings = format!("project = \"{PROJECT}\"");
    let room = Room::new("openai", "OPENAI_API_KEY", &settings, double.place(), &old.id, &other.secret);
    let run = room.run(&["rotate", "k", "--yes", "--wait=0"]);
    assert_ne!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.contains(&format!("holds another key than {}", old.id)), "{run:?}");
    assert_eq!(double.state().keys.len(), 2);
}

#[test]
fn an_apiverve_primary_key_is_made_by_hand_and_everything_else_done() {
    // R59 to R61, R70
    let double = ApiVerve::start();
    let old = double.state().primary.clone();
    let room = Room::new("apiverve", "APIVERVE_API_KEY", "", double.place(), "primary", &old);
    let plan = room.run(&["rotate", "k", "--dry-run"]).exits(0);
    for words in ["invalidated immediately", "(cannot be undone)"] {
        assert!(plan.text().contains(words), "{plan:?}");
    }
    assert!(!plan.text().contains("both keys alive"), "{plan:?}");
    let asked = room.run(&["rotate", "k", "--yes", "--wait=0"]).exits(4);
    for words in ["the old key dies when you do", "Click Rotate Key"] {
        assert!(asked.text().contains(words), "{asked:?}");
    }
    let id = room.open();
    // What cannot be it is refused, and nothing is lost by that.
    let sub = double.state().subs[0].clone();
    let mut runs = vec![asked];
    for (secret, words) in [
        (sub.as_str(), "no sub-key (apv_sbk_…)"),
        ("hello", "an APIVerve primary key (apv_…)"),
        (&old, "is the old key"),
        (&old[..old.len() - 1], "does not work"),
    ] {
        let run = room.hand_over(&id, secret).exits(4);
        assert!(run.text().contains(words), "{run:?}");
        assert!(room.holds(&old), "{words}");
        runs.push(run);
    }
    let new = double.state().rotate();
    let done = room.hand_over(&id, &new).exits(0);
    assert!(room.holds(&new));
    runs.push(done);
    let shown = room.run(&["keys", "show", "k", "--format=json"]);
    let key: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&key["key_id"], &key["last4"]), (&"primary".into(), &new[new.len() - 4..].into()));
    let ever = double.state().ever.clone();
    room.tells_nothing(&ever, &runs.iter().collect::<Vec<_>>());
}

#[test]
fn there_is_no_way_back_from_a_key_that_replaced_the_old_one() {
    // R60
    let double = ApiVerve::start();
    let old = double.state().primary.clone();
    let room = Room::new("apiverve", "APIVERVE_API_KEY", "", double.place(), "primary", &old);
    room.run(&["rotate", "k", "--yes", "--wait=0"]).exits(4);
    let id = room.open();
    // The place is gone when it is to be written.
    let env = std::fs::read(room.path(".env")).unwrap();
    std::fs::remove_file(room.path(".env")).unwrap();
    let new = double.state().rotate();
    let run = room.hand_over(&id, &new);
    assert_ne!(run.code, Some(0), "{run:?}");
    let back = room.run(&["rotations", "rollback", &id]);
    assert!(back.stderr.contains("the way is forward"), "{back:?}");
    std::fs::write(room.path(".env"), env).unwrap();
    room.pass(1000);
    room.run(&["rotations", "resume", &id, "--wait=0"]).exits(0);
    assert!(room.holds(&new));
}

#[test]
fn an_apiverve_sub_key_is_made_beside_the_old_one_which_is_deleted_later() {
    // R65, R99
    let double = ApiVerve::start();
    let old = double.state().subs[0].clone();
    let room = Room::new("apiverve-sub-key", "APIVERVE_API_KEY", "", double.place(), "web", &old);
    room.run(&["rotate", "k", "--yes", "--wait=0"]).exits(4);
    let id = room.open();
    let new = double.state().add_sub();
    room.hand_over(&id, &new).exits(5);
    assert!(room.holds(&new));
    room.pass(3700);
    let asked = room.run(&["rotations", "resume", &id, "--wait=0"]).exits(4);
    assert!(asked.text().contains("end web in"), "{asked:?}");
    // Saying so is not enough while it lives.
    room.run(&["rotations", "resume", &id, "--wait=0"]).exits(4);
    double.state().subs.retain(|sub| *sub != old);
    room.run(&["rotations", "resume", &id, "--wait=0"]).exits(0);
}
