//! The fifth source document's recipe in its normative order, with its own provider and places: OpenAI → Vercel →
//! Render → the password store → redeployed → verified → a day of grace → revoked (R81, R82, R86 to R88).

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::openai::{ADMIN, OpenAi, PROJECT};
use crate::support::program::{Program, Run};
use crate::support::vault::{VAULT_TOKEN, Vault};
use crate::support::{render, vercel};

const DAY: i64 = 86_400;

struct House {
    room: tempfile::TempDir,
    openai: OpenAi,
    vercel: vercel::Vercel,
    render: render::Render,
    vault: Vault,
    old: String,
}

impl House {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let room = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let openai = OpenAi::start();
        let key = openai.state().keys[0].clone();
        let old = key.secret.clone();
        let vercel = vercel::start(&[("OPENAI_API_KEY", &old, "encrypted", &["production"])]);
        let render = render::start(&[("OPENAI_API_KEY", &old)]);
        let vault = Vault::start(json!({ "openai": old }));
        let house = Self { room, openai, vercel, render, vault, old };
        let mut text = format!(
            "[network]\nallow = [\"{}\", \"{}\", \"{}\", \"{}\"]\n\n[providers.openai]\napi = \"http://{}\"\nproject = \"{PROJECT}\"\n",
            house.openai.place(),
            house.vercel.place(),
            house.render.place(),
            house.vault.place(),
            house.openai.place(),
        );
        for (kind, at, token) in [
            ("vercel", house.vercel.place(), vercel::TOKEN),
            ("render", house.render.place(), render::TOKEN),
            ("vault", house.vault.place(), VAULT_TOKEN),
        ] {
            let file = house.path(&format!("{kind}-token"));
            std::fs::write(&file, token).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            text += &format!(
                "\n[destinations.{kind}]\nurl = \"http://{at}\"\ntoken = \"file:{}\"\n",
                file.display()
            );
        }
        std::fs::write(house.path("keywright.toml"), text).unwrap();
        std::fs::write(house.path("clock"), "0").unwrap();
        house
            .run(&[
                "keys",
                "add",
                "ai",
                "--provider=openai",
                &format!("--key-id={}", key.id),
                "--owner=ann",
                "--class=critical",
                "--destination=production=vercel:shop#OPENAI_API_KEY@production",
                "--destination=production=render:srv-shop#OPENAI_API_KEY",
                "--destination=production=vault:secret/app#openai",
            ])
            .exits(0);
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn run(&self, words: &[&str]) -> Run {
        Program::new(self.room.path(), self.room.path())
            .env("KEYWRIGHT_CONFIG", self.path("keywright.toml"))
            .env("KEYWRIGHT_CLOCK", self.path("clock"))
            .env("OPENAI_ADMIN_KEY", ADMIN)
            .env("USER", "ann")
            .run(words)
    }

    fn pass(&self, seconds: i64) {
        let moved: i64 = std::fs::read_to_string(self.path("clock")).unwrap().parse().unwrap();
        std::fs::write(self.path("clock"), (moved + seconds * 1000).to_string()).unwrap();
    }

    /// Returns what runs: at Vercel, at Render, in the password store.
    fn held(&self) -> [String; 3] {
        [
            self.vercel.state().running("production", "OPENAI_API_KEY"),
            self.render.state().running("OPENAI_API_KEY"),
            self.vault.data()["openai"].as_str().unwrap().to_owned(),
        ]
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_slice(&self.run(words).exits(0).stdout).unwrap()
    }
}

#[test]
fn the_recipe_goes_in_its_order_and_ends_after_a_day_of_grace() {
    let house = House::new();
    let plan = house.run(&["rotate", "ai", "--grace=24h", "--dry-run"]).exits(0);
    let at = |words: &str| plan.text().find(words).unwrap_or_else(|| panic!("{words}: {plan:?}"));
    let order = [
        "mint a second key",
        "to vercel:shop",
        "to render:srv-shop",
        "to vault:secret/app",
        "wait until nobody has used",
        "for good",
    ];
    assert!(order.windows(2).all(|w| at(w[0]) < at(w[1])), "{plan:?}");
    // Day 0: new and old are active (R82), and every place runs the new one.
    let first = house.run(&["rotate", "ai", "--grace=24h", "--yes", "--wait=0"]).exits(5);
    let new = house.openai.state().keys.last().unwrap().secret.clone();
    assert_eq!(house.held(), [new.clone(), new.clone(), new.clone()], "{first:?}");
    assert_eq!(house.openai.state().keys.iter().filter(|k| k.secret == house.old).count(), 1);
    // Until day 1 nothing is revoked, however often it is resumed.
    let id = house.json(&["rotations", "list", "--format=json"])[0]["id"].as_str().unwrap().to_owned();
    house.pass(DAY - 60);
    house.run(&["rotations", "resume", &id, "--wait=0"]).exits(5);
    assert_eq!(house.openai.state().keys.len(), 2);
    // Day 1: every place is looked at once more (R90e), then the old one is revoked.
    for _ in 0..5 {
        house.pass(DAY / 4);
        if house.run(&["rotations", "resume", &id, "--wait=0"]).code == Some(0) {
            break;
        }
    }
    let keys: Vec<_> = house.openai.state().keys.iter().map(|k| k.secret.clone()).collect();
    assert_eq!(keys, [new.as_str()]);
    // The next date counts from the end, not from the beginning (R88).
    let key = house.json(&["keys", "show", "ai", "--format=json"]);
    let (made, due) = (key["made"].as_i64().unwrap(), key["due"].as_i64().unwrap());
    assert_eq!(due - made, 30 * DAY * 1000);
    let begun = house.json(&["rotations", "list", "--all", "--format=json"])[0]["begun"].as_i64().unwrap();
    assert!(made - begun >= DAY * 1000);
    // R83: each step with the last four of both.
    let audit = house.run(&["audit", "list"]).exits(0);
    assert!(
        audit.text().contains(&new[new.len() - 4..])
            && audit.text().contains(&house.old[house.old.len() - 4..])
    );
}

#[test]
fn a_place_that_fails_takes_the_recipe_back() {
    // R90
    let house = House::new();
    house.render.state().to_come.push_back(&["build_in_progress", "build_failed"]);
    house.run(&["rotate", "ai", "--grace=24h", "--yes", "--wait=0"]).exits(5);
    let old = house.old.clone();
    assert_eq!(house.held(), [old.clone(), old.clone(), old.clone()]);
    let keys: Vec<_> = house.openai.state().keys.iter().map(|k| k.secret.clone()).collect();
    assert_eq!(keys, [old]);
}
