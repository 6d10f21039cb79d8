//! `keywright doctor`: shows, by a trial with real git, whether a hook fires.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::install;
use crate::support::{Folder, Program, Repo};

fn doctor(program: Program) -> Program {
    program.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1")
}

#[test]
fn where_there_is_no_repository_a_hook_of_its_own_is_tried() {
    let folder = Folder::new();
    let told = doctor(folder.program()).run(["doctor"]).exits(0).text();
    assert!(told.contains("ok    a trial commit of a made-up key was stopped by a hook as"), "{told}");
    assert!(told.contains("ok    git 2.") && told.contains("warn  keywright is not on PATH"), "{told}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_hook_of_a_repository_is_the_one_that_is_tried() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    let told = doctor(repo.program()).run(["doctor"]).exits(0).text();
    assert!(told.contains("warn  no pre-commit hook") && told.contains("do: put it in with"), "{told}");
    install(&repo, &["pre-commit"]);
    let told = doctor(repo.program()).run(["doctor"]).exits(0).text();
    assert!(told.contains("was stopped by the hook in ") && told.contains("/.git/hooks\n"), "{told}");
    // One that records a program which lets everything through.
    let hook = repo.path(".git/hooks/pre-commit");
    let text = fs::read_to_string(&hook).unwrap();
    fs::write(&hook, text.replace(env!("CARGO_BIN_EXE_keywright"), "/bin/true")).unwrap();
    let told = doctor(repo.program()).run(["doctor"]).exits(1).text();
    assert!(told.contains("bad   a trial commit of a made-up key was let through"), "{told}");
    // One that lost its mode.
    fs::write(&hook, &text).unwrap();
    fs::set_permissions(&hook, PermissionsExt::from_mode(0o644)).unwrap();
    let told = doctor(repo.program()).run(["doctor"]).exits(1).text();
    assert!(told.contains("bad   pre-commit hook installed") && told.contains("not executable"), "{told}");
    assert_eq!(repo.git(["rev-list", "--count", "--all"]), "1", "nothing is committed here");
}

#[test]
fn what_git_sets_for_a_hook_does_not_lead_the_trial_astray() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    let run = doctor(repo.program())
        .env("GIT_DIR", repo.path(".git"))
        .env("GIT_INDEX_FILE", repo.path(".git/index"));
    run.run(["doctor"]).exits(0);
    assert_eq!(repo.git(["status", "--porcelain"]), "");
}

#[test]
fn settings_that_cannot_be_read_are_bad() {
    let repo = Repo::new();
    repo.write("keywright.toml", "[hook]\ntime_limit = '5m'\n").commit("first");
    let told = doctor(repo.program()).run(["doctor"]).exits(1).text();
    assert!(told.contains("bad   keywright.toml names a program ([hook])"), "{told}");
}

#[test]
fn without_git_nothing_can_be_tried() {
    let told = doctor(Folder::new().program()).env("PATH", "/nowhere").run(["doctor"]).exits(1).text();
    assert!(told.contains("bad   git can't be started") && told.contains("do: install git"), "{told}");
}
