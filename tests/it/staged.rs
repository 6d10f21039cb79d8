//! `--staged`: what the next commit would bring in.

use std::fs;

use crate::support::{Repo, key, nth_key};

#[test]
fn a_staged_key_is_found_though_the_working_tree_is_clean() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.write("a.env", key("github")).stage("a.env").write("a.env", "");
    let run = repo.scan(["--staged"]).exits(1);
    assert_eq!(run.found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn a_staged_key_is_found_before_the_first_commit() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).stage("a.env");
    assert_eq!(repo.scan(["--staged"]).exits(1).found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn a_key_that_is_not_staged_does_not_block() {
    let repo = Repo::new();
    repo.write("a.env", "x\n").stage("a.env").write("a.env", key("github"));
    assert_eq!(repo.scan(["--staged"]).exits(0).found().len(), 0);
}

#[test]
fn a_key_that_was_only_announced_does_not_block() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).git(["add", "--intent-to-add", "a.env"]);
    repo.scan(["--staged"]).exits(0);
}

#[test]
fn a_commit_of_one_path_is_judged_by_its_own_index() {
    // `git commit PATH` hands a hook a second index in GIT_INDEX_FILE.
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.write("a.env", key("github")).stage("a.env");
    let other = repo.path(".git/next-index");
    fs::copy(repo.path(".git/index"), &other).unwrap();
    repo.git(["rm", "--quiet", "--cached", "a.env"]);
    repo.program().scan(["--staged"]).exits(0);
    let run = repo.program().env("GIT_INDEX_FILE", &other).scan(["--staged"]).exits(1);
    assert_eq!(run.found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn what_git_sets_for_a_hook_is_understood() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.write("a.env", key("github")).stage("a.env");
    let hook = repo.program().env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index");
    assert_eq!(hook.scan(["--staged"]).exits(1).found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn a_change_of_deletions_only_is_clean() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    repo.git(["rm", "--quiet", "a.env"]);
    let run = repo.scan(["--staged"]).exits(0);
    assert_eq!(run.found().len(), 0);
}

#[test]
fn an_old_key_in_a_touched_file_is_already_there() {
    let repo = Repo::new();
    repo.write("a.env", format!("old = {}\n", key("github"))).commit("first");
    repo.write("a.env", format!("# new line\nold = {}\n", key("github"))).stage("a.env");
    let run = repo.scan(["--staged"]).exits(0);
    assert_eq!(run.found(), ["index a.env:2 github-personal-token (already-there)"]);
}

#[test]
fn a_second_key_beside_an_old_one_blocks() {
    let repo = Repo::new();
    repo.write("a.env", format!("old = {}\n", nth_key("github", 1))).commit("first");
    let both = format!("old = {}\nnew = {}\n", nth_key("github", 1), nth_key("github", 2));
    repo.write("a.env", both).stage("a.env");
    let run = repo.scan(["--staged"]).exits(1);
    assert_eq!(
        run.found(),
        ["index a.env:1 github-personal-token (already-there)", "index a.env:2 github-personal-token"]
    );
}

#[test]
fn a_key_that_moves_to_another_file_blocks() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    repo.git(["mv", "a.env", "b.env"]);
    repo.scan(["--staged"]).exits(1);
}

#[test]
fn in_a_merge_the_other_sides_key_is_already_there() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.branch("other").write("a.env", key("github")).commit("a key");
    repo.go("main").write("b", "b\n").commit("second").merge("other");
    let run = repo.scan(["--staged"]).exits(0);
    assert!(run.found().iter().all(|l| l.contains("already-there")), "{:?}", run.found());
    repo.write("c.env", nth_key("github", 2)).stage("c.env");
    let run = repo.scan(["--staged"]).exits(1);
    assert!(run.found().contains(&"index c.env:1 github-personal-token".into()), "{:?}", run.found());
}

#[test]
fn a_key_staged_in_a_linked_worktree_is_found_there() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.git(["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = repo.beside("side");
    side.write("a.env", key("github")).stage("a.env");
    repo.scan(["--staged"]).exits(0);
    assert_eq!(side.scan(["--staged"]).exits(1).found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn the_screen_of_a_blocked_commit() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    repo.write("deploy/a.env", format!("# tokens\nTOKEN={}\n", key("github"))).stage("deploy/a.env");
    insta::assert_snapshot!(repo.run(["scan", "--staged"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      deploy/a.env:2:7  index
        | TOKEN=ghp_…7rUi

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    1 leak in 1 file (1 critical) · project: staged changes
    read 1 index entry: 56 bytes in [t] s, [n] rules
    exit 1
    ");
}
