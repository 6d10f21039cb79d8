//! What an operator sees.

use super::desk::{Desk, ENVIRONMENTS, Held, Kind};

#[test]
fn a_planned_rotation_ends_with_the_new_key_everywhere_and_the_old_one_dead() {
    // R15 to R19, R88
    for kind in Kind::ALL {
        let desk = Desk::new(kind);
        let first = desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
        assert_eq!(first.code, Some(5), "{first:?}");
        let held = desk.held("production");
        assert_ne!(held.0, desk.old.key_id);
        assert!(desk.works(&held) && desk.works(&Held(desk.old.key_id.clone(), desk.old.secret.clone())));
        // Quarter of an hour is not over: nothing is ended.
        desk.pass(600);
        let (id, state) = desk.open().remove(0);
        assert_eq!(state, "waiting");
        let early = desk.run(&["rotations", "resume", &id, "--wait=0"]);
        assert_eq!(early.code, Some(5), "{early:?}");
        desk.pass(600);
        let last = desk.run(&["rotations", "resume", &id, "--wait=0"]);
        assert_eq!(last.code, Some(0), "{last:?}");
        assert!(!desk.works(&Held(desk.old.key_id.clone(), desk.old.secret.clone())));
        assert_eq!(ENVIRONMENTS.map(|e| desk.held(e)), [held.clone(), held.clone()]);
        let shown = desk.run(&["keys", "show", "proxy", "--format=json"]);
        let key: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(key["key_id"], held.0.as_str());
        assert_eq!(key["last4"], held.1[60..]);
        let days = (key["due"].as_i64().unwrap() - key["made"].as_i64().unwrap()) / 86_400_000;
        assert_eq!(days, 30);
        assert_eq!(desk.leaks(), [] as [std::path::PathBuf; 0]);
    }
}

#[test]
fn only_the_values_change() {
    // R10, R67
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    let Held(id, secret) = desk.held("staging");
    let text = std::fs::read_to_string(desk.file("staging")).unwrap();
    assert_eq!(text, format!("# the proxy\nAVP_KEY_ID={id}\nAVP_SECRET='{secret}'\nOTHER=1\n"));
    let desk = Desk::new(Kind::Url);
    desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    let Held(id, secret) = desk.held("staging");
    let text = std::fs::read_to_string(desk.file("staging")).unwrap();
    assert_eq!(text, format!("A=b\nPROXY=\"http://{id}:{secret}@api.atlasvpn.live:7777/x?y=1#z\"\n"));
}

#[test]
fn a_dry_run_says_every_step_and_changes_nothing() {
    // R8
    let desk = Desk::new(Kind::Dotenv);
    let before = ENVIRONMENTS.map(|e| std::fs::read(desk.file(e)).unwrap());
    let run = desk.run(&["rotate", "proxy", "--dry-run", "--mode=atomic"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    assert!(text.contains("this will stop the current secret within 30 seconds"), "{text}");
    assert!(text.contains("(cannot be undone)"), "{text}");
    assert_eq!(ENVIRONMENTS.map(|e| std::fs::read(desk.file(e)).unwrap()), before);
    assert_eq!(desk.vpn.state().keys.len(), 2);
    assert!(desk.open().is_empty());
    let order: Vec<_> = ["staging: write", "staging: wait until", "production: write"]
        .map(|words| {
            String::from_utf8_lossy(&desk.run(&["rotate", "proxy", "--dry-run"]).stdout).find(words).unwrap()
        })
        .into();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_plan_is_agreed_to_by_its_hash_and_by_no_other() {
    let desk = Desk::new(Kind::Dotenv);
    let text = String::from_utf8(desk.run(&["rotate", "proxy", "--dry-run"]).stdout).unwrap();
    let hash = text.lines().last().unwrap().trim().strip_prefix("plan ").unwrap().to_owned();
    // Nobody is here to say yes.
    let asked = desk.run(&["rotate", "proxy"]);
    assert_eq!(asked.code, Some(2), "{asked:?}");
    let file = desk.file("production");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}NEW=1\n")).unwrap();
    let changed = desk.run(&["rotate", "proxy", "--plan", &hash, "--wait=0"]);
    assert_eq!(changed.code, Some(2), "{changed:?}");
    std::fs::write(&file, text).unwrap();
    let agreed = desk.run(&["rotate", "proxy", "--plan", &hash, "--wait=0"]);
    assert_eq!(agreed.code, Some(5), "{agreed:?}");
}

#[test]
fn an_emergency_replaces_the_secret_at_once_and_measures_the_outage() {
    // R20, R21
    let desk = Desk::new(Kind::Url);
    let run = desk.run(&["rotate", "proxy", "--emergency", "--reason=leak:commit", "--yes", "--wait=0"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let held = desk.held("production");
    assert_eq!(held.0, desk.old.key_id);
    assert!(desk.works(&held) && held.1 != desk.old.secret);
    assert!(String::from_utf8_lossy(&run.stdout).contains("measured outage"), "{run:?}");
}

#[test]
fn a_key_made_by_hand_is_delivered_and_the_old_one_ended_by_hand() {
    // R7, R59
    let desk = Desk::new(Kind::Dotenv);
    let run = desk.run(&["rotate", "proxy", "--mode=manual", "--yes", "--wait=0"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(
        String::from_utf8_lossy(&run.stdout).contains("Sign in at app.atlasvpn.live/developer."),
        "{run:?}"
    );
    let (id, _) = desk.open().remove(0);
    let made = desk.vpn.state().mint("by hand", "developer", true);
    let key_id = format!("--key-id={}", made.key_id);
    let words = ["rotations", "resume", &id, "--new-key", &key_id, "--wait=0"];
    let run = desk.program().input(format!("{}\n", made.secret)).run(words);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert_eq!(desk.held("production"), Held(made.key_id.clone(), made.secret.clone()));
    desk.pass(2000);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    let old = desk.old.id.clone();
    desk.vpn.state().keys.iter_mut().find(|k| k.id == old).unwrap().active = false;
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_audit_finds_what_was_changed_in_it() {
    // R83
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&["rotate", "proxy", "--emergency", "--yes", "--wait=0"]);
    assert_eq!(desk.run(&["audit", "verify"]).code, Some(0));
    let table = desk.run(&["audit", "export", "--format=csv"]);
    let mut reader = csv::Reader::from_reader(table.stdout.as_slice());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert!(rows.len() > 8, "{}", rows.len());
    let last4 = &desk.old.secret[60..];
    assert!(rows.iter().all(|r| &r[7] == last4 || r[7].is_empty()), "{rows:?}");
    assert!(
        rows.iter().any(|r| &r[3] == "rotation.roll" && &r[9] == "success" && r[8].len() == 4),
        "{rows:?}"
    );
    let store = desk.path(".local/state/keywright/store.db");
    let sql = "DROP TRIGGER IF EXISTS audit_no_update; UPDATE audit SET detail = 'nothing happened' WHERE number = 3";
    let python =
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()";
    let done =
        std::process::Command::new("python3").args(["-c", python]).arg(&store).arg(sql).status().unwrap();
    assert!(done.success());
    let found = desk.run(&["audit", "verify"]);
    assert_eq!(found.code, Some(3), "{found:?}");
    assert!(found.stderr.contains("line 3"), "{found:?}");
}

#[test]
fn every_key_of_a_holder_is_replaced_at_once() {
    // R3
    let desk = Desk::bare(Kind::Dotenv);
    let id = format!("--key-id={}", desk.old.key_id);
    let place = format!("--destination={}", desk.place("staging"));
    for (name, holder) in [("one", "--holder=1password:team"), ("two", "--holder=elsewhere")] {
        let run = desk.run(&["keys", "add", name, "--provider=atlasvpn", &id, &place, holder]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let words =
        ["rotate", "--where", "store=1password:team", "--reason=vault-compromise", "--emergency", "--yes"];
    let run = desk.run(&words);
    assert_eq!(run.code, Some(0), "{run:?}");
    let done = desk.run(&["rotations", "list", "--all", "--format=json"]);
    let list: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["key"], "one");
    assert_eq!(list[0]["reason"], "vault-compromise");
}

#[test]
fn no_secret_is_said_or_shown_to_other_processes() {
    let desk = Desk::new(Kind::Exec);
    let paused = desk.path("paused");
    // While the new key is known and not yet delivered: what other processes see of this one.
    let (run, seen) = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            desk.program()
                .env("KEYWRIGHT_PAUSE_AT", "concluded mint")
                .env("KEYWRIGHT_PAUSE_FILE", &paused)
                .run(["rotate", "proxy", "--yes", "--wait=0"])
        });
        while !paused.exists() {
            assert!(!running.is_finished(), "it never minted");
            std::thread::yield_now();
        }
        let mut seen = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().map_while(Result::ok) {
            for name in ["cmdline", "environ"] {
                seen.extend(std::fs::read(entry.path().join(name)).unwrap_or_default());
            }
        }
        std::fs::remove_file(&paused).unwrap();
        (running.join().unwrap(), seen)
    });
    assert_eq!(run.code, Some(5), "{run:?}");
    let last = desk.finish();
    let mut told = vec![run, last];
    for words in [
        &["keys", "show", "proxy"][..],
        &["keys", "list", "--format=json"],
        &["audit", "list"],
        &["audit", "export"],
        &["rotations", "list", "--all", "--format=json"],
    ] {
        told.push(desk.run(words));
    }
    let id = {
        let list: serde_json::Value = serde_json::from_slice(&told.last().unwrap().stdout).unwrap();
        list[0]["id"].as_str().unwrap().to_owned()
    };
    told.push(desk.run(&["rotations", "show", &id]));
    told.push(desk.run(&["rotations", "diagnose", &id]));
    let keys: Vec<_> = desk.vpn.state().keys.iter().map(|k| k.secret.clone()).collect();
    assert_eq!(keys.len(), 3);
    for secret in desk.vpn.secrets() {
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, secret.as_bytes()).is_some();
        for run in &told {
            assert!(!holds(&run.stdout) && !holds(run.stderr.as_bytes()), "a secret was said");
        }
        // The bot's own password is in the environment because the operator put it there.
        assert!(!keys.contains(&secret) || !holds(&seen), "a key was shown to other processes");
    }
    assert_eq!(desk.leaks(), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_provider_that_keeps_the_old_secret_for_a_while_is_waited_for() {
    let desk = Desk::bare(Kind::Url).gracious();
    let run = desk.add();
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = desk.run(&["rotate", "proxy", "--grace=24h", "--yes", "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    let old = Held(desk.old.key_id.clone(), desk.old.secret.clone());
    assert!(desk.works(&old) && desk.works(&desk.held("production")));
    assert_ne!(desk.held("production"), old);
    desk.pass(23 * 3600);
    let (rotation, _) = desk.open().remove(0);
    let early = desk.run(&["rotations", "resume", &rotation, "--wait=0"]);
    assert_eq!(early.code, Some(5), "{early:?}");
    desk.pass(2 * 3600);
    let run = desk.run(&["rotations", "resume", &rotation, "--wait=0"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!desk.works(&old));
}

#[test]
fn what_was_done_with_a_public_key_is_reviewed() {
    // R5, R22, R23
    let desk = Desk::new(Kind::Dotenv);
    let event = |id: &str, at: &str, host: &str, status: u16| serde_json::json!({ "id": id, "createdAt": at, "targetHost": host, "statusCode": status, "bytesSent": 10 });
    let now = jiff::Timestamp::now();
    let ago = |hours: i64| (now - jiff::SignedDuration::from_hours(hours)).to_string();
    {
        let mut state = desk.vpn.state();
        state.events_at = Some("keys");
        state.events = vec![
            event("e1", &ago(30), "api.example.com", 200),
            event("e2", &ago(2), "api.example.com", 200),
            event("e3", &ago(1), "evil.example", 402),
        ];
    }
    let run = desk.run(&["usage", "proxy", "--from=10h", "--format=json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let told: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let signs: Vec<_> =
        told["flags"].as_array().unwrap().iter().map(|f| f["sign"].as_str().unwrap()).collect();
    assert_eq!(signs, ["new target host", "unexpected 402 or 429"]);
    assert_eq!((&told["uses"], &told["before"]), (&2.into(), &1.into()));
    let letter = desk.run(&["usage", "proxy", "--from=10h", "--letter"]).text();
    for part in ["security@atlasvpn.live", &desk.old.key_id, "evil.example", "e3"] {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    assert!(!letter.contains(&desk.old.secret));
    // Another interface that tells none: what to do stands there, and a file is taken instead.
    desk.vpn.state().events_at = None;
    let none = desk.run(&["usage", "proxy", "--from=10h"]);
    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.stderr.contains("--import"), "{none:?}");
    let file = desk.path("events.csv");
    std::fs::write(&file, format!("time,host,status\n{},a.example,200\n", ago(20))).unwrap();
    let quiet = desk.run(&["usage", "proxy", "--from=10h", "--import", file.to_str().unwrap()]);
    assert_eq!(quiet.code, Some(0), "{quiet:?}");
}
