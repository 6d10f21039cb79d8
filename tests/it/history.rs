//! A whole repository: every place of history in which a key can stand.

use crate::support::{Repo, key, nth_key};

#[test]
fn a_key_removed_long_ago_is_found_with_its_first_commit() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("start");
    repo.write("a.env", format!("x\ny = {}\n", key("github")));
    repo.commit_as("add", "Bea Byte <bea@example.com>", "2021-03-04T05:06:07+0200");
    let first = repo.id("HEAD");
    repo.write("a.env", format!("x\nz\ny = {}\n", key("github"))).commit("touch");
    repo.remove("a.env").commit("remove");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found(), ["history a.env:2 github-personal-token"]);
    let finding = &run.findings()[0];
    assert_eq!(finding["commit"]["id"], first);
    assert_eq!(finding["commit"]["author"], "Bea Byte");
    assert_eq!(finding["commit"]["date"], "2021-03-04T05:06:07+02:00");
    assert_eq!(finding["in_head"], false);
    assert_eq!(finding["versions"], 2);
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      a.env:2:5  history · [commit], Bea Byte, 2021-03-04 · no longer in HEAD
        on branch main · 2 versions
        | y = ghp_…7rUi

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    1 leak in 1 file (1 critical) · project: working tree, index and history
    read 1 file, 7 objects, 4 commits: 131 bytes in [t] s, [n] rules
    exit 1
    ");
}

#[test]
fn a_clean_repository_is_told_in_few_lines() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("start");
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
    no leaks · project: working tree, index and history
    read 1 file, 2 objects, 1 commit: 18 bytes in [t] s, [n] rules
    exit 0
    ");
}

#[test]
fn a_secret_in_tree_index_and_history_is_one_finding_with_its_commit() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found(), ["working-tree a.env:1 github-personal-token"]);
    assert_eq!(run.findings()[0]["commit"]["id"], repo.id("HEAD"));
    assert_eq!(run.findings()[0]["in_head"], true);
}

#[test]
fn a_key_that_only_the_index_holds_is_found() {
    let repo = Repo::new();
    repo.commit("first").write("a.env", key("github")).stage("a.env").remove("a.env");
    assert_eq!(repo.scan::<&str>([]).exits(1).found(), ["index a.env:1 github-personal-token"]);
}

#[test]
fn one_secret_in_two_files_is_one_secret_at_two_places() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).write("b/c.env", format!("\n{}", key("github"))).commit("add");
    let run = repo.scan::<&str>([]).exits(1);
    let findings = run.findings();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0]["fingerprint"], findings[1]["fingerprint"]);
    assert_eq!(run.json()["summary"]["leaks"], 1);
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      a.env:1:1  working tree · [commit], Ann Author, 2023-11-14 · still in HEAD
        on branch main
        | ghp_…7rUi

      b/c.env:2:1  working tree · [commit], Ann Author, 2023-11-14 · still in HEAD
        on branch main

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    1 leak at 2 places in 2 files (1 critical) · project: working tree, index and history
    read 2 files, 3 objects, 1 commit: 166 bytes in [t] s, [n] rules
    exit 1
    ");
}

#[test]
fn a_renamed_file_keeps_the_first_commit_of_each_path() {
    let repo = Repo::new();
    repo.write("old.env", key("github")).commit("add");
    repo.git(["mv", "old.env", "new.env"]);
    repo.commit("rename");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(
        run.found(),
        ["history old.env:1 github-personal-token", "working-tree new.env:1 github-personal-token"]
    );
    let commit = |path: &str| {
        run.findings().iter().find(|f| f["path"] == path).map(|f| f["commit"]["id"].clone()).unwrap()
    };
    assert_eq!(commit("old.env"), repo.id("HEAD~1"));
    assert_eq!(commit("new.env"), repo.id("HEAD"));
}

#[test]
fn a_key_on_another_branch_is_found_with_the_branch() {
    let repo = Repo::new();
    repo.commit("first").branch("side").write("a.env", key("github")).commit("add").go("main");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found(), ["history a.env:1 github-personal-token"]);
    assert_eq!(run.findings()[0]["refs"], serde_json::json!(["refs/heads/side"]));
}

#[test]
fn a_key_that_only_a_detached_head_holds_counts() {
    let repo = Repo::new();
    repo.commit("first").git(["checkout", "--quiet", "--detach"]);
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.findings()[0]["refs"], serde_json::json!(["HEAD"]));
}

#[test]
fn keys_in_the_last_stash_and_in_an_older_one_are_found() {
    let repo = Repo::new();
    repo.write("a.env", "\n").commit("first");
    for n in 1..=3 {
        repo.write("a.env", nth_key("github", n)).git(["stash", "--quiet"]);
    }
    let run = repo.scan::<&str>([]).exits(1);
    let expected = "history a.env:1 github-personal-token";
    assert_eq!(run.found(), [expected, expected, expected]);
    let refs: Vec<String> = run.findings().iter().map(|f| f["refs"].to_string()).collect();
    assert!(refs.iter().any(|r| r.contains("refs/stash")), "{refs:?}");
    assert!(refs.iter().any(|r| r.contains("stash@{2}")), "{refs:?}");
}

#[test]
fn a_key_in_an_untracked_file_of_a_stash_is_found() {
    let repo = Repo::new();
    repo.commit("first").write("new.env", key("github"));
    repo.git(["stash", "--quiet", "--include-untracked"]);
    assert_eq!(repo.scan::<&str>([]).exits(1).found(), ["history new.env:1 github-personal-token"]);
}

#[test]
fn a_key_in_a_tags_message_is_found() {
    let repo = Repo::new();
    repo.commit("first").git(["tag", "-a", "v1", "-m", &format!("release\n\nwith {}", key("github"))]);
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found(), ["tag-message :3 github-personal-token"]);
    assert_eq!(run.findings()[0]["refs"], serde_json::json!(["refs/tags/v1"]));
}

#[test]
fn a_key_in_a_commits_message_is_found() {
    let repo = Repo::new();
    repo.commit(&format!("title\n\nuse {}", key("github"))).commit("second");
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found(), ["commit-message :3 github-personal-token"]);
    assert_eq!(run.findings()[0]["commit"]["id"], repo.id("HEAD~1"));
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      message of commit [commit]:3:5  Ann Author, 2023-11-14
        on branch main
        | use ghp_…7rUi

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    1 leak in 1 message (1 critical) · project: working tree, index and history
    read 2 objects, 2 commits: 59 bytes in [t] s, [n] rules
    exit 1
    ");
}

#[test]
fn a_key_in_a_note_is_found() {
    let repo = Repo::new();
    repo.commit("first").git(["notes", "add", "-m", &format!("see {}", key("github"))]);
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.found().len(), 1);
    assert_eq!(run.findings()[0]["refs"], serde_json::json!(["refs/notes/commits"]));
}

#[test]
fn a_tag_that_names_a_blob_is_found() {
    let repo = Repo::new();
    repo.commit("first");
    let blob = repo.store("blob", key("github").as_bytes());
    repo.git(["tag", "pinned", &blob]);
    let run = repo.scan::<&str>([]).exits(1);
    assert_eq!(run.findings()[0]["refs"], serde_json::json!(["refs/tags/pinned"]));
}

#[test]
fn an_object_that_nothing_reaches_is_told_and_does_not_fail_the_run() {
    let repo = Repo::new();
    repo.commit("first").branch("gone").write("a.env", key("github")).commit("add");
    repo.go("main").git(["branch", "--quiet", "-D", "gone"]);
    repo.git(["reflog", "expire", "--expire=now", "--all"]);
    repo.store("blob", nth_key("github", 2).as_bytes());
    let run = repo.scan::<&str>([]).exits(0);
    assert_eq!(
        run.found(),
        [
            "history :1 github-personal-token (unreachable)",
            "history a.env:1 github-personal-token (unreachable)"
        ]
    );
    assert_eq!(repo.scan(["--all-objects"]).exits(1).found().len(), 2);
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…baN2 · fingerprint [fp]
      confidence high: its checksum is right

      blob [commit]:1:1  history
        not counted: no ref reaches it (--all-objects counts it)
        | ghp_…baN2

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      a.env:1:1  history · [commit], Ann Author, 2023-11-14 · no longer in HEAD
        not counted: no ref reaches it (--all-objects counts it)
        | ghp_…7rUi

      do: delete it in github.com/settings/tokens and make a new one, fine-grained if you can

    no leaks · project: working tree, index and history
    not counted: 2 unreachable
    read 4 objects, 2 commits: 90 bytes in [t] s, [n] rules
    exit 0
    ");
}

#[test]
fn a_second_scan_tells_the_same() {
    let repo = Repo::new();
    for n in 0..6 {
        repo.write(format!("{}.env", n % 3), format!("{}\n{}", nth_key("github", n), nth_key("stripe", n)));
        repo.commit("add");
    }
    let told = || repo.scan::<&str>([]).exits(1).findings();
    assert_eq!(told(), told());
}
