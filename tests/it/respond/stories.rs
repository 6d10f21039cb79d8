//! What an operator sees of a leak that is answered.

use super::town::{AUTO, Town};

#[test]
fn a_key_in_a_public_repository_is_dead_and_replaced_minutes_later() {
    // R1, R20, R21
    let town = Town::new(AUTO);
    town.leak_key();
    let run = town.respond();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!town.lives(), "{run:?}");
    assert!(town.serves("staging") && town.serves("production"), "{run:?}");
    let incident = town.incident();
    assert_eq!(incident["stage"], "watching", "{run:?}");
    assert_eq!(
        (&incident["liveness"]["is"], &incident["ownership"]["is"], &incident["exposed"]["is"]),
        (&"dead".into(), &"ours".into(), &"public".into())
    );
    for moment in ["committed", "public", "detected", "decided", "contained", "delivered", "dead"] {
        assert!(incident["times"][moment].is_i64(), "{moment}: {incident}");
    }
    assert_eq!(incident["decision"]["action"], "auto");
    // Again after an hour and after a day, then it is closed.
    town.pass(3600);
    town.run(&["respond"]).exits(0);
    assert_eq!(town.incident()["stage"], "watching");
    town.pass(23 * 3600);
    town.run(&["respond"]).exits(0);
    assert_eq!(town.incident()["stage"], "closed", "{}", town.incident());
    town.run(&["audit", "verify"]).exits(0);
    town.keeps_no_secret(&[&run]);
}

#[test]
fn a_key_that_works_again_opens_its_incident_again() {
    let town = Town::new(AUTO);
    town.leak_key();
    town.respond().exits(0);
    // Somebody brings the old secret back at the provider.
    let old = town.old.clone();
    town.vpn.state().keys.iter_mut().find(|k| k.key_id == old.key_id).unwrap().secret = old.secret.clone();
    town.pass(3600);
    let run = town.run(&["respond"]);
    assert!(run.text().contains("alive"), "{run:?}");
    let incident = town.incident();
    assert_eq!((&incident["stage"], &incident["liveness"]["is"]), (&"open".into(), &"alive".into()));
    // The next run contains it anew.
    town.run(&["respond", "--wait=10s"]);
    assert!(!town.lives());
}

#[test]
fn explain_says_which_line_decides_and_changes_nothing() {
    let policy = format!("[[respond.policy]]\nprovider = [\"openai\"]\nthen = \"never\"\n{AUTO}");
    let town = Town::new(&policy);
    town.leak_key();
    let repo = town.repo.path("");
    let run = town.run(&["respond", "--scan", repo.to_str().unwrap(), "--explain"]);
    for words in ["does not fit: provider is atlasvpn", "fits, then auto", "decided"] {
        assert!(run.text().contains(words), "{words}: {run:?}");
    }
    assert!(town.lives() && town.changes().is_empty());
    assert_eq!(town.incident()["stage"], "open");
}

#[test]
fn what_is_asked_is_done_once_somebody_approves_exactly_that() {
    let town = Town::new("");
    town.leak_key();
    let asked = town.respond().exits(4);
    assert!(asked.text().contains("no line of the policy fits"), "{asked:?}");
    let incident = town.incident();
    let (id, hash) = (incident["id"].as_str().unwrap(), incident["plan_hash"].as_str().unwrap());
    town.run(&["incidents", "approve", id, "--plan", "0000000000000000"]).exits(2);
    town.run(&["incidents", "approve", id, "--plan", hash]).exits(0);
    town.run(&["incidents", "approve", id, "--plan", hash]).exits(2);
    assert!(town.lives());
    town.run(&["respond", id, "--wait=10s"]).exits(0);
    assert!(!town.lives() && town.serves("production"));
}

#[test]
fn what_was_approved_and_is_not_what_would_be_done_is_asked_again() {
    let town = Town::new("");
    town.leak_key();
    town.respond().exits(4);
    let incident = town.incident();
    let (id, hash) = (incident["id"].as_str().unwrap(), incident["plan_hash"].as_str().unwrap());
    town.run(&["incidents", "approve", id, "--plan", hash]).exits(0);
    // Somebody edits a place meanwhile.
    let text = std::fs::read_to_string(town.file("staging")).unwrap();
    std::fs::write(town.file("staging"), format!("{text}OTHER=1\n")).unwrap();
    let run = town.run(&["respond", id, "--wait=10s"]).exits(4);
    assert!(run.text().contains("asked again"), "{run:?}");
    assert!(town.lives());
    assert_ne!(town.incident()["plan_hash"].as_str().unwrap(), hash);
}

#[test]
fn a_private_repository_and_a_freeze_only_ask() {
    let town = Town::new(AUTO);
    // It was committed, and never pushed.
    let text = town.url(&town.old.key_id, &town.old.secret);
    town.repo.write("proxy.py", text).stage("proxy.py").commit("add it");
    let run = town.respond().exits(4);
    assert!(run.text().contains("does not have it"), "{run:?}");
    assert!(town.lives());
    town.run(&["freeze", "on", "--reason", "a drill"]).exits(0);
    town.run(&["freeze", "status"]).exits(4);
    town.repo.git(["push", "-q", "origin", "HEAD"]);
    let frozen = town.run(&["respond", town.incident()["id"].as_str().unwrap()]).exits(4);
    assert!(frozen.text().contains("frozen by ann (a drill)"), "{frozen:?}");
    assert!(town.lives());
    town.run(&["freeze", "off"]).exits(0);
    town.run(&["respond", town.incident()["id"].as_str().unwrap(), "--wait=10s"]).exits(0);
    assert!(!town.lives());
}

#[test]
fn what_is_dismissed_is_let_be_and_what_lives_is_not_closed() {
    let town = Town::new("");
    town.leak_key();
    town.respond().exits(4);
    let incident = town.incident();
    let id = incident["id"].as_str().unwrap();
    let run = town.run(&["incidents", "close", id, "--reason", "enough"]).exits(2);
    assert!(run.stderr.contains("works, by the last look"), "{run:?}");
    town.run(&["incidents", "dismiss", id, "--reason", "a test account"]).exits(0);
    town.respond().exits(0);
    assert_eq!(town.incident()["stage"], "dismissed");
    town.run(&["incidents", "reopen", id, "--reason", "it is not"]).exits(0);
    town.run(&["respond", id]).exits(4);
    assert!(town.lives());
}

#[test]
fn what_leaked_is_left_to_its_incident_and_is_not_put_off() {
    let town = Town::new("");
    town.leak_key();
    town.respond().exits(4);
    let due = town.run(&["rotate", "--due", "--yes"]).exits(0);
    assert!(
        due.stderr.contains("proxy leaked: answer i-") && due.text().contains("nothing is due"),
        "{due:?}"
    );
    let skip = town.run(&["keys", "skip", "proxy"]).exits(2);
    assert!(skip.stderr.contains("proxy leaked, and is not postponed"), "{skip:?}");
    assert!(town.lives() && town.changes().is_empty());
}
