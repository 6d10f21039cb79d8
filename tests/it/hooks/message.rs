//! The message of a commit.

use std::fs;

use super::{guarded, passes, stopped};
use crate::support::{Repo, key};

/// Commits with an editor that puts this text before what git wrote.
fn edit(repo: &Repo, text: &str, flags: &[&str]) -> std::process::Output {
    fs::write(repo.outside("text"), text).unwrap();
    let editor = "core.editor=sh -c 'cat ../text \"$0\" > ../both && cp ../both \"$0\"'";
    let mut args = vec!["-c", editor, "commit"];
    args.extend(flags);
    repo.try_git(args, b"")
}

fn staged() -> Repo {
    let repo = guarded(&["commit-msg"]);
    repo.write("a.txt", "a\n").stage("a.txt");
    repo
}

#[test]
fn a_key_in_a_message_stops_the_commit() {
    let repo = staged();
    let message = format!("use it\n\nthe token is {}", key("github"));
    let told = stopped(&repo, ["commit", "-m", &message]);
    assert!(told.contains("message:3") && !told.contains(&key("github")), "{told}");
    let way = told.lines().find_map(|l| l.trim().strip_prefix("take it out")).unwrap().trim();
    let (command, _) = way.split_once("    ").unwrap();
    assert_eq!(command, "git commit --edit --file=.git/COMMIT_EDITMSG");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    let editor = "core.editor=sed -i '/token/d'";
    assert!(repo.try_git(["-c", editor].into_iter().chain(args), b"").status.success());
    assert_eq!(repo.git(["log", "-1", "--format=%B"]), "use it");
    // The way to let it be names it whole: it is found nowhere.
    let way = told.lines().find_map(|l| l.trim().strip_prefix("it is no leak")).unwrap();
    let words: Vec<&str> = way.trim().split(' ').skip(1).map(|w| w.trim_matches('"')).collect();
    repo.run(words).exits(0);
    passes(&repo, ["commit", "--allow-empty", "-m", &message]);
}

#[test]
fn what_git_takes_out_is_not_looked_at() {
    let commented = format!("subject\n# {}\n", key("github"));
    let repo = staged();
    assert!(edit(&repo, &commented, &[]).status.success());
    assert!(!repo.git(["log", "-1", "--format=%B"]).contains("ghp_"));
    // With -m nobody edits, and git keeps the line.
    stopped(&repo, ["commit", "--allow-empty", "-m", &commented]);
    // And with another sign.
    repo.git(["config", "core.commentChar", ";"]);
    assert!(!edit(&repo, &commented, &["--allow-empty"]).status.success());
    assert!(edit(&repo, &commented.replace("# ", "; "), &["--allow-empty"]).status.success());
    repo.git(["config", "core.commentChar", "auto"]);
    assert!(edit(&repo, &commented.replace("# ", "; "), &["--allow-empty", "-m", "#"]).status.success());
    repo.git(["config", "commit.cleanup", "verbatim"]);
    assert!(!edit(&repo, &commented, &["--allow-empty"]).status.success());
}

#[test]
fn the_diff_below_the_scissors_is_not_looked_at() {
    let repo = guarded(&["commit-msg"]);
    repo.write("a.env", key("github")).stage("a.env");
    assert!(edit(&repo, "subject\n", &["--verbose"]).status.success());
    repo.write("a.env", "").stage("a.env");
    repo.git(["config", "commit.cleanup", "scissors"]);
    assert!(edit(&repo, "subject\n", &["--verbose"]).status.success());
    assert_eq!(repo.git(["log", "-1", "--format=%B"]), "subject");
}

#[test]
fn a_merge_has_a_message_too() {
    let repo = guarded(&["commit-msg"]);
    repo.branch("side").write("b", "b\n").commit("side").go("main").write("c", "c\n").commit("main");
    stopped(&repo, ["merge", "-m", &key("github"), "side"]);
    passes(&repo, ["commit", "-m", "merged"]);
    assert_eq!(repo.git(["log", "-1", "--format=%P"]).split(' ').count(), 2);
}

#[test]
fn without_its_file_the_hook_is_wrong_use() {
    let repo = guarded(&[]);
    assert!(repo.run(["hook", "run", "commit-msg"]).exits(2).stderr.contains("the file of the message"));
    repo.run(["hook", "run", "commit-msg", "nowhere"]).exits(2);
}
