//! `--range` and `--since-commit`: what commits brought in.

use crate::support::{Repo, key, nth_key};

#[test]
fn a_key_that_was_added_and_removed_again_is_found() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    let base = repo.id("HEAD");
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    let run = repo.scan(["--range", &format!("{base}..HEAD")]).exits(1);
    assert_eq!(run.found(), ["history a.env:1 github-personal-token"]);
    assert_eq!(run.findings()[0]["commit"]["id"], repo.id("HEAD~1"));
    assert_eq!(run.findings()[0]["commit"]["author"], "Ann Author");
    insta::assert_snapshot!(repo.run(["scan", "--range", "HEAD~2..HEAD"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      a.env:1:1  history · [commit], Ann Author, 2023-11-14
        | ghp_…7rUi

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    1 leak in 1 file (1 critical) · project: HEAD~2..HEAD
    read 1 object, 2 commits: 51 bytes in [t] s, [n] rules
    exit 1
    ");
    repo.scan(["--since-commit", &base]).exits(1);
}

#[test]
fn an_old_key_in_a_touched_file_is_already_there() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    repo.write("a.env", format!("# touched\n{}", key("github"))).commit("second");
    let run = repo.scan(["--range", "HEAD~1..HEAD"]).exits(0);
    assert_eq!(run.found(), ["history a.env:2 github-personal-token (already-there)"]);
}

#[test]
fn a_key_before_the_range_is_not_told() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    repo.write("readme", "hello\n").commit("second");
    assert_eq!(repo.scan(["--range", "HEAD~1.."]).exits(0).found().len(), 0);
}

#[test]
fn an_empty_range_is_clean() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    repo.scan(["--range", "HEAD..HEAD"]).exits(0);
}

#[test]
fn a_range_from_nothing_is_a_first_push() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first").write("b", "b\n").commit("second");
    let run = repo.scan(["--range", &format!("{}..HEAD", "0".repeat(40))]).exits(1);
    assert_eq!(run.found(), ["history a.env:1 github-personal-token"]);
}

#[test]
fn a_key_that_only_a_merge_resolution_holds_is_found() {
    let repo = evil_merge();
    let run = repo.scan(["--range", "HEAD~1..HEAD"]).exits(1);
    assert_eq!(run.found(), ["history a.txt:1 github-personal-token"]);
    assert_eq!(run.findings()[0]["commit"]["id"], repo.id("HEAD"));
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.findings()[0]["commit"]["id"], repo.id("HEAD"));
}

#[test]
fn a_merge_that_only_joins_brings_nothing_in() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.branch("other").write("a.env", key("github")).commit("a key");
    repo.go("main").write("b", "b\n").commit("second").merge("other").commit("merge");
    let merge = repo.id("HEAD");
    let run = repo.scan(["--range", "HEAD~1..HEAD"]).exits(1);
    assert_ne!(run.findings()[0]["commit"]["id"], merge);
    assert_eq!(run.found().len(), 1);
}

#[test]
fn a_commit_message_of_the_range_counts() {
    let repo = Repo::new();
    repo.commit("first").commit(&format!("use {}", key("github")));
    let run = repo.scan(["--range", "HEAD~1..HEAD"]).exits(1);
    assert_eq!(run.found(), ["commit-message :1 github-personal-token"]);
}

#[test]
fn a_key_that_two_commits_brought_in_is_told_with_both() {
    let repo = Repo::new();
    repo.commit("base").write("a.env", key("github")).commit("add");
    repo.write("a.env", "").commit("remove").write("a.env", key("github")).commit("again");
    let run = repo.scan(["--range", "HEAD~3..HEAD"]).exits(1);
    let commits: Vec<_> = run.findings().iter().map(|f| f["commit"]["id"].clone()).collect();
    assert_eq!(commits.len(), 2);
    assert!(commits.contains(&repo.id("HEAD").into()) && commits.contains(&repo.id("HEAD~2").into()));
    assert_eq!(run.json()["summary"]["leaks"], 1);
}

#[test]
fn a_range_names_each_secret_it_brings_in() {
    let repo = Repo::new();
    repo.commit("base");
    for n in 0..5 {
        repo.write(format!("{n}.env"), nth_key("github", n)).commit("add");
    }
    assert_eq!(repo.scan(["--range", "HEAD~5.."]).exits(1).found().len(), 5);
}

#[test]
fn a_side_that_is_not_there_is_wrong_use() {
    let repo = Repo::new();
    repo.commit("first");
    insta::assert_snapshot!(repo.run(["scan", "--range", "nowhere..HEAD"]).screen(), @r#"
    --- stderr
    error: can't find `nowhere` in this repository
      why: couldn't parse revision, input="nowhere": Reference "nowhere" could not be found: NotFound
      fix: see `git branch -a` and `git tag` for what is there; fetch it if it is not here yet
    exit 2
    "#);
    repo.run(["scan", "--range", "HEAD..nowhere"]).exits(2);
    repo.run(["scan", "--since-commit", "nowhere"]).exits(2);
    repo.run(["scan", "--range", &format!("{}..HEAD", "ab".repeat(20))]).exits(2);
}

/// A merge that holds a key which neither side has.
fn evil_merge() -> Repo {
    let repo = Repo::new();
    repo.write("a.txt", "base\n").commit("base");
    repo.branch("other").write("a.txt", "theirs\n").commit("theirs");
    repo.go("main").write("a.txt", "ours\n").commit("ours").merge("other");
    repo.write("a.txt", format!("{}\n", key("github"))).commit("merge");
    assert_eq!(repo.git(["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 3);
    repo
}
