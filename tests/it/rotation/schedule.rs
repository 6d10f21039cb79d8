//! When a rotation may begin, who is told ahead, and how far it may be put off.

use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::desk::{Desk, Kind};
use crate::support::loopback::serve;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Adds to the operator's settings.
fn settings(desk: &Desk, text: &str) {
    let config = std::fs::read_to_string(desk.path("keywright.toml")).unwrap();
    std::fs::write(desk.path("keywright.toml"), format!("{config}\n{text}")).unwrap();
}

/// A window that is open from and to so many minutes from now.
fn window(from: i64, to: i64) -> String {
    let at = |minutes| (Timestamp::now() + SignedDuration::from_mins(minutes)).strftime("%H:%M").to_string();
    format!("daily {}-{}", at(from), at(to))
}

fn key(desk: &Desk, name: &str) -> Value {
    desk.run(&["keys", "show", name, "--format=json"]).exits(0).json()
}

/// Puts another key of the same account down.
fn second(desk: &Desk) {
    let file = desk.path("second.env");
    let other = &desk.bystander;
    std::fs::write(&file, format!("ID={}\nSECRET={}\n", other.key_id, other.secret)).unwrap();
    let place = format!("--destination=staging=dotenv:{}#SECRET,key_id=ID", file.display());
    let id = format!("--key-id={}", other.key_id);
    desk.run(&["keys", "add", "second", "--provider=atlasvpn", &id, "--owner=ann", &place]).exits(0);
}

#[test]
fn production_is_rotated_within_a_window_that_is_long_enough() {
    // R66
    let desk = Desk::new(Kind::Dotenv);
    settings(&desk, &format!("[schedule]\nwindows = [\"{}\"]\nlasts_minutes = 30\n", window(120, 180)));
    let early = desk.run(&["rotate", "proxy", "--yes", "--wait=0"]).exits(5);
    assert!(
        early.text().contains("no window is open for the 30 minutes it takes; it may be at "),
        "{early:?}"
    );
    let dry = desk.run(&["rotate", "proxy", "--dry-run"]).exits(0);
    assert!(dry.text().contains("is not begun now"), "{dry:?}");
    // Its end is hard: half an hour does not fit into the last twenty minutes.
    desk.pass(160 * 60);
    desk.run(&["rotate", "proxy", "--yes", "--wait=0"]).exits(5);
    assert!(desk.open().is_empty());
    // A day later, early in the window.
    desk.pass(DAY - 30 * 60);
    let begun = desk.run(&["rotate", "proxy", "--yes", "--wait=0"]).exits(5);
    assert!(begun.text().contains("waits until"), "{begun:?}");
    assert_eq!(desk.open().len(), 1);
}

#[test]
fn what_leaked_waits_for_no_window() {
    let desk = Desk::new(Kind::Dotenv);
    settings(&desk, &format!("[schedule]\nwindows = [\"{}\"]\n", window(120, 180)));
    desk.run(&["rotate", "proxy", "--emergency", "--reason=leak:commit", "--yes", "--wait=0"]);
    assert!(!desk.works(&super::desk::Held(desk.old.key_id.clone(), desk.old.secret.clone())));
}

#[test]
fn what_is_due_is_replaced_one_after_the_other() {
    // R65
    let desk = Desk::new(Kind::Dotenv);
    second(&desk);
    settings(&desk, "[schedule]\nat_once = 1\ngap_minutes = 60\n");
    let first = desk.run(&["rotate", "--due", "--yes", "--wait=0"]).exits(5);
    assert!(
        first.text().contains("second is not begun now: proxy of its account is being rotated"),
        "{first:?}"
    );
    assert_eq!(desk.open().len(), 1);
    // The first is over; an hour behind its beginning is not.
    desk.pass(1100);
    let (id, _) = desk.open().remove(0);
    desk.run(&["rotations", "resume", &id, "--wait=0"]).exits(0);
    let apart = desk.run(&["rotate", "--due", "--yes", "--wait=0"]).exits(5);
    assert!(apart.text().contains("was begun just now; it may be at "), "{apart:?}");
    assert!(desk.open().is_empty());
    desk.pass(HOUR);
    desk.run(&["rotate", "--due", "--yes", "--wait=0"]);
    assert_eq!(desk.open().len(), 1);
    desk.finish();
    let nothing = desk.run(&["rotate", "--due", "--yes"]).exits(0);
    assert!(nothing.text().contains("nothing is due"), "{nothing:?}");
}

#[test]
fn people_are_told_a_week_ahead_once() {
    // R80, R84
    let desk = Desk::new(Kind::Dotenv);
    let came = Arc::new(Mutex::new(Vec::<Value>::new()));
    let log = came.clone();
    let place = serve(move |asked| {
        log.lock().unwrap().push(asked.body.clone());
        (204, Value::Null)
    });
    let config = std::fs::read_to_string(desk.path("keywright.toml")).unwrap();
    let config = config.replacen("allow = [", &format!("allow = [\"{place}\", "), 1);
    std::fs::write(desk.path("keywright.toml"), config).unwrap();
    settings(
        &desk,
        &format!(
            "[schedule]\nnotify = [\"hook\"]\n\n[notify.hook]\nkind = \"webhook\"\nurl = \"http://{place}/\"\nsecret = \"env:HOOK\"\n"
        ),
    );
    let secret = format!("whsec_{}", BASE64.encode(&[7; 32]));
    let tell = || desk.program().env("HOOK", &secret).run(["keys", "due", "--tell"]).exits(0);
    desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    desk.finish().exits(0);
    let nothing = tell();
    assert!(
        nothing.text().contains("0 of them are told now") && came.lock().unwrap().is_empty(),
        "{nothing:?}"
    );
    desk.pass(23 * DAY + HOUR);
    let told = tell();
    assert!(told.text().contains("1 of them are told now"), "{told:?}");
    tell();
    let came = came.lock().unwrap();
    assert_eq!(came.len(), 1, "{came:?}");
    assert!(came[0]["data"]["title"].as_str().unwrap().ends_with("Upcoming key rotation: proxy"), "{came:?}");
    let fact = |name: &str| {
        let facts = came[0]["data"]["facts"].as_array().unwrap();
        facts.iter().find(|f| f["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    let secret = desk.held("production").1;
    let day = Timestamp::from_millisecond(key(&desk, "proxy")["due"].as_i64().unwrap()).unwrap();
    let day = day.strftime("%Y-%m-%d").to_string();
    assert_eq!(fact("Service"), "AtlasVPN proxy keys");
    assert!(fact("Current key").ends_with(&format!("(...{})", &secret[60..])), "{came:?}");
    assert_eq!(fact("Next rotation"), format!("{day} (in 6 days)"));
    assert!(fact("Action required").starts_with("none"), "{came:?}");
    assert!(fact("To postpone").ends_with(&format!("keywright keys skip proxy --due {day}")), "{came:?}");
    assert!(!format!("{came:?}").contains(&secret), "a secret is told");
}

#[test]
fn a_rotation_is_put_off_once_and_never_beyond_its_longest_age() {
    // R85
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    let busy = desk.run(&["keys", "skip", "proxy"]).exits(2);
    assert!(busy.stderr.contains("is being replaced by r-"), "{busy:?}");
    desk.finish().exits(0);
    let due = |desk: &Desk| key(desk, "proxy")["due"].as_i64().unwrap();
    let first = due(&desk);
    let day = Timestamp::from_millisecond(first).unwrap().strftime("%Y-%m-%d").to_string();
    let skip = |desk: &Desk| desk.run(&["keys", "skip", "proxy", "--due", &day, "--reason", "a launch"]);
    desk.pass(25 * DAY);
    skip(&desk).exits(0);
    assert_eq!(due(&desk), first + 30 * DAY * 1000);
    // The same answer again says so; another one is too much.
    assert!(skip(&desk).exits(0).text().contains("was postponed already"));
    assert_eq!(due(&desk), first + 30 * DAY * 1000);
    let more = desk.run(&["keys", "skip", "proxy"]).exits(2);
    assert!(more.stderr.contains("was postponed 1 times"), "{more:?}");
    desk.run(&["keys", "skip", "proxy", "--due", "2020-01-01"]).exits(2);
    let audit = desk.run(&["audit", "export", "--format=jsonl"]);
    assert_eq!(audit.text().matches("key.postponed").count(), 1, "{audit:?}");
    // However often it may be, there is an end.
    settings(&desk, "[schedule]\nskips = 9\nlongest_days = 70\n");
    let old = desk.run(&["keys", "skip", "proxy"]).exits(2);
    assert!(old.stderr.contains("it would be older than 70 days then"), "{old:?}");
    // A new key begins anew.
    desk.pass(60 * DAY);
    desk.run(&["rotate", "--due", "--yes", "--wait=0"]);
    desk.finish().exits(0);
    desk.run(&["keys", "skip", "proxy"]).exits(0);
    desk.run(&["audit", "verify"]).exits(0);
}

#[test]
fn where_approvers_are_named_one_of_them_signs() {
    let desk = Desk::new(Kind::Dotenv);
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f", desk.path("alice").to_str().unwrap()])
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(desk.path("alice.pub")).unwrap();
    settings(&desk, &format!("[respond]\napprovers = [\"alice {}\"]\n", public.trim()));
    let plain = desk.run(&["keys", "skip", "proxy"]).exits(2);
    assert!(plain.stderr.contains("is approved by a signature"), "{plain:?}");
    let file = desk.path("skip.txt");
    std::fs::write(&file, desk.run(&["keys", "skip", "proxy", "--text"]).exits(0).stdout).unwrap();
    let signed = std::process::Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "keywright", "-f"])
        .arg(desk.path("alice"))
        .arg(&file)
        .status();
    assert!(signed.unwrap().success());
    let words = ["keys", "skip", "proxy", "--signed", file.to_str().unwrap()];
    desk.run(&words).exits(0);
    assert!(desk.run(&["audit", "export", "--format=jsonl"]).text().contains("\"alice\""));
    // The same signature is good for nothing else.
    settings(&desk, "[schedule]\nskips = 9\n");
    let again = desk.run(&words).exits(2);
    assert!(again.stderr.contains("is no approval"), "{again:?}");
}
