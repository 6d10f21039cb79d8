//! What somebody plants so that the wrong thing is ended: nothing is ended that is not proven live and ours,
//! the caps hold, the operator is told once.

use super::town::{AUTO, Town};

fn hex(seed: u64, length: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..length).map(|_| char::from_digit(u32::try_from(next() >> 59).unwrap() % 16, 16).unwrap()).collect()
}

/// Asserts that nothing at the provider was changed, and that our key serves on.
#[track_caller]
fn nothing_happened(town: &Town) {
    assert!(town.lives());
    assert_eq!(town.changes(), Vec::<String>::new());
}

#[test]
fn a_strangers_key_is_told_and_let_be() {
    let town = Town::new(AUTO);
    // It works, and our account does not list it.
    let stranger = town.vpn.state().mint("stranger", "developer", true);
    let text = town.url(&stranger.key_id, &stranger.secret);
    town.vpn.state().elsewhere.push(stranger.key_id.clone());
    town.leak("proxy.py", &text);
    let run = town.respond().exits(1);
    assert!(run.text().contains("not ours"), "{run:?}");
    nothing_happened(&town);
    assert!(town.vpn.state().opens(&stranger.key_id, &stranger.secret));
    assert_eq!(town.incident()["decision"]["action"], "notify");
}

#[test]
fn a_look_alike_and_our_key_id_with_a_wrong_secret_move_nothing() {
    let town = Town::new(AUTO);
    let look_alike = town.url(&format!("avp_live_{}", hex(1, 12)), &hex(2, 64));
    let ours_and_wrong = town.url(&town.old.key_id, &hex(3, 64));
    town.leak("a.py", &look_alike);
    town.leak("b.py", &ours_and_wrong);
    town.respond();
    nothing_happened(&town);
    let incidents = town.incidents();
    assert_eq!(incidents.len(), 2);
    for incident in incidents {
        assert_eq!(incident["liveness"]["is"], "dead", "{incident}");
        assert_ne!(incident["decision"]["action"], "auto", "{incident}");
    }
}

#[test]
fn a_provider_that_says_alive_to_everything_proves_nothing() {
    let town = Town::new(AUTO);
    town.leak("a.py", &town.url(&town.old.key_id, &hex(3, 64)));
    town.vpn.state().welcomes = true;
    let run = town.respond();
    assert!(run.text().contains("of a secret made up just now"), "{run:?}");
    assert_eq!(town.incident()["decision"]["action"], "ask");
    assert_eq!(town.changes(), Vec::<String>::new());
}

#[test]
fn a_repository_that_is_not_on_the_list_moves_nothing() {
    let town = Town::new(AUTO);
    town.leak_key();
    let elsewhere = town.path("elsewhere");
    town.repo.git(["clone", "-q", &format!("http://{}/app.git", town.host), elsewhere.to_str().unwrap()]);
    let run = town.run(&["respond", "--scan", elsewhere.to_str().unwrap(), "--wait=10s"]).exits(1);
    assert!(run.text().contains("on the list of [respond] repositories"), "{run:?}");
    nothing_happened(&town);
}

#[test]
fn an_old_secret_that_is_dead_is_watched_and_nothing_is_ended() {
    let town = Town::new(AUTO);
    town.leak_key();
    town.vpn.state().keys.iter_mut().for_each(|k| k.secret = hex(9, 64));
    let run = town.respond().exits(0);
    assert!(run.text().contains("dead already"), "{run:?}");
    assert_eq!((town.changes(), town.incident()["stage"].clone()), (Vec::new(), "watching".into()));
}

#[test]
fn one_secret_in_a_hundred_places_is_one_incident() {
    let town = Town::new(AUTO);
    let text = town.url(&town.old.key_id, &town.old.secret);
    for n in 0..100 {
        town.repo.write(format!("{n}/proxy.py"), &text).stage(&format!("{n}/proxy.py"));
    }
    town.repo.commit("a hundred");
    town.repo.git(["push", "-q", "origin", "HEAD"]);
    town.respond().exits(0);
    let incident = town.incident();
    let run = town.run(&["incidents", "show", incident["id"].as_str().unwrap(), "--format=json"]).exits(0);
    let shown: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(shown["places"].as_array().unwrap().len(), 100);
    assert_eq!(town.changes().iter().filter(|c| c.contains("rotate")).count(), 1, "{:?}", town.changes());
}

#[test]
fn a_young_store_and_a_cap_that_is_reached_ask() {
    let town = Town::young(AUTO);
    town.leak_key();
    let run = town.respond().exits(4);
    assert!(run.text().contains("younger than an hour"), "{run:?}");
    nothing_happened(&town);
    let town = Town::new(&format!("per_provider = 0\n{AUTO}"));
    town.leak_key();
    let run = town.respond().exits(4);
    assert!(run.text().contains("cap of 0 an hour"), "{run:?}");
    assert_eq!(run.stderr.matches("reached their cap").count(), 1, "{run:?}");
    nothing_happened(&town);
}

#[test]
fn what_only_says_what_it_would_do_does_nothing() {
    let town = Town::new(AUTO);
    let config = std::fs::read_to_string(town.path("keywright.toml")).unwrap();
    std::fs::write(town.path("keywright.toml"), config.replace("live = true", "live = false")).unwrap();
    town.leak_key();
    let run = town.respond().exits(4);
    assert!(run.text().contains("live is not set"), "{run:?}");
    nothing_happened(&town);
}

#[test]
fn many_planted_findings_ask_the_provider_about_each_once_and_tell_in_one_line() {
    let town = Town::new(AUTO);
    let text: String =
        (0..100).map(|n| town.url(&format!("avp_live_{}", hex(n, 12)), &hex(n + 1000, 64))).collect();
    town.leak("planted.py", &text);
    town.leak_key();
    let run = town.respond();
    assert!(!town.lives(), "the real one among them is answered: {run:?}");
    assert!(town.serves("production"));
    assert_eq!(town.incidents().len(), 101);
    assert_eq!(town.changes().iter().filter(|c| c.contains("rotate")).count(), 1);
    assert!(run.stderr.lines().count() < 20, "{}", run.stderr);
}
