//! What a server lets in on somebody's word: where the operator allows it, written down, and nothing that may
//! work.

use std::fs;

use serde_json::Value;

use super::receive::guarded_server;
use super::{passes, stopped};
use crate::support::{Repo, filled, key};

/// Writes the settings of the server's user, who shares the pusher's home here.
fn operator(repo: &Repo, text: &str) {
    fs::create_dir_all(repo.outside(".config/keywright")).unwrap();
    fs::write(repo.outside(".config/keywright/keywright.toml"), text).unwrap();
}

fn allowing(repo: &Repo, server: &Repo) -> std::path::PathBuf {
    server.git(["config", "receive.advertisePushOptions", "true"]);
    let record = repo.outside("bypass.jsonl");
    operator(repo, &format!("[hook]\nbypass_record = '{}'\n", record.display()));
    record
}

/// A password that nobody can be asked about.
fn password() -> String {
    format!("db_password = \"{}\"\n", filled("{base62:20}", 9))
}

const WHY: &str = "keywright.bypass=the sandbox's, on its way out";

#[test]
fn without_the_operators_word_there_is_no_bypass() {
    let (repo, server) = guarded_server();
    server.git(["config", "receive.advertisePushOptions", "true"]);
    repo.write("a.env", password()).commit("a password");
    let told = stopped(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("this server has no bypass"), "{told}");
}

#[test]
fn what_is_let_in_is_written_down_first() {
    let (repo, server) = guarded_server();
    let record = allowing(&repo, &server);
    repo.write("a.env", password()).commit("a password");
    stopped(&repo, ["push", "origin", "main"]);
    stopped(&repo, ["push", "-o", "keywright.bypass=", "origin", "main"]);
    assert!(!record.exists());
    let told = passes(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("written down") && told.contains("the sandbox's"), "{told}");
    let text = fs::read_to_string(&record).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&record).unwrap().permissions()) & 0o77,
        0
    );
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["reason"], "the sandbox's, on its way out");
    assert_eq!(line["refs"][0]["new"], repo.id("main"));
    assert_eq!((&line["leaks"][0]["place"], &line["leaks"][0]["line"]), (&"a.env".into(), &1.into()));
    assert_eq!(line["leaks"][0]["liveness"], "nobody to ask");
    assert!(!text.contains(&filled("{base62:20}", 9)));
}

#[test]
fn what_cannot_be_written_down_is_not_let_in() {
    let (repo, server) = guarded_server();
    let record = allowing(&repo, &server);
    fs::create_dir(&record).unwrap();
    repo.write("a.env", password()).commit("a password");
    let told = stopped(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("its bypass could not be written down"), "{told}");
}

#[cfg(not(feature = "rekey"))]
#[test]
fn what_this_build_cannot_ask_about_stays_out() {
    let (repo, server) = guarded_server();
    let record = allowing(&repo, &server);
    repo.write("a.env", key("github")).commit("a key");
    let told = stopped(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("this build has no network"), "{told}");
    assert!(!record.exists());
}

#[cfg(feature = "rekey")]
#[test]
fn nothing_that_works_is_let_in() {
    use crate::support::github_tokens;

    let (repo, server) = guarded_server();
    let record = allowing(&repo, &server);
    let double = github_tokens::start();
    let place = double.place();
    let text = format!(
        "[hook]\nbypass_record = '{}'\n[network]\nallow = ['{place}']\n[providers.github]\napi = 'http://{place}'\n",
        record.display()
    );
    operator(&repo, &text);
    let token = double.state().add("ghp_{base62:30}{github-crc32}", Some("anybody"));
    repo.write("a.env", &token).commit("a key");
    let told = stopped(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("no bypass for") && told.contains("it works"), "{told}");
    assert!(!record.exists());
    // Nobody answers: that is no proof of its death.
    operator(&repo, &text.replace(place, "127.0.0.1:1"));
    let told = stopped(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(told.contains("nobody could say that it is dead"), "{told}");
    // Dead, it may come in.
    operator(&repo, &text);
    double.state().tokens.clear();
    passes(&repo, ["push", "-o", WHY, "origin", "main"]);
    assert!(fs::read_to_string(&record).unwrap().contains("\"liveness\":\"dead\""));
    let _ = key("github");
}
