//! Repositories and pushes in odd states: each has an answer.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::receive::guarded_server;
use super::{guarded, install, passes, server, stopped};
use crate::support::program::cleared;
use crate::support::{Folder, Repo, key, nth_key};

#[test]
fn outside_a_repository() {
    let folder = Folder::new();
    for hook in ["pre-commit", "pre-push", "pre-receive"] {
        let run = folder.program().run(["hook", "run", hook, "origin", "x"]).exits(2);
        assert!(run.stderr.contains("no git repository here"), "{run:?}");
    }
}

#[test]
fn a_half_written_index_stops_the_commit() {
    let repo = guarded(&["pre-commit"]);
    repo.write("a.env", key("github")).stage("a.env");
    let index = fs::read(repo.path(".git/index")).unwrap();
    fs::write(repo.path(".git/index"), &index[..index.len() / 2]).unwrap();
    let run = repo.run(["hook", "run", "pre-commit"]).exits(3);
    assert!(run.stderr.contains("can't read the index"), "{run:?}");
}

#[test]
fn a_lock_of_another_git_is_not_in_the_way() {
    let repo = guarded(&[]);
    repo.write("a.env", key("github")).stage("a.env");
    fs::write(repo.path(".git/index.lock"), "").unwrap();
    repo.run(["hook", "run", "pre-commit"]).exits(1);
}

#[test]
fn a_merge_in_progress() {
    let repo = guarded(&["pre-commit"]);
    repo.branch("side").write("a", "side\n").commit("side");
    repo.go("main").write("a", "main\n").commit("main").merge("side");
    repo.write("a", key("github")).git(["add", "a"]);
    stopped(&repo, ["commit", "--no-edit"]);
    repo.write("a", "both\n").git(["add", "a"]);
    passes(&repo, ["commit", "--no-edit"]);
    assert_eq!(repo.git(["log", "-1", "--format=%P"]).split(' ').count(), 2);
}

#[test]
fn a_rebase_in_progress_is_looked_at_when_it_is_pushed() {
    let repo = guarded(&["pre-commit", "pre-push"]);
    server(&repo);
    repo.branch("side").write("a", "side\n").commit("side");
    repo.go("main").write("a", "main\n").commit("main").go("side");
    assert!(!repo.try_git(["rebase", "main"], b"").status.success());
    // In the middle of it, a commit by hand is looked at,
    repo.write("a", key("github")).git(["add", "a"]);
    stopped(&repo, ["commit", "-m", "by hand"]);
    // while git itself asks no hook when it goes on,
    passes(&repo, ["-c", "core.editor=true", "rebase", "--continue"]);
    // so that the push is what stops it.
    assert!(stopped(&repo, ["push", "origin", "side"]).contains("a:1"));
}

#[test]
fn a_detached_head() {
    let repo = guarded(&["pre-commit", "pre-push"]);
    server(&repo);
    repo.git(["checkout", "--quiet", "--detach"]);
    repo.write("a.env", key("github")).stage("a.env");
    stopped(&repo, ["commit", "-m", "second"]);
    repo.git(["commit", "--quiet", "--no-verify", "-m", "second"]);
    let told = stopped(&repo, ["push", "origin", "HEAD:refs/heads/new"]);
    assert!(!told.contains("git switch"), "{told}");
    repo.git(["checkout", "--quiet", "-b", "kept"]);
    repo.go("main");
    assert!(stopped(&repo, ["push", "origin", "kept"]).contains("git switch kept"));
}

#[test]
fn a_bare_repository_has_commits_of_nobody() {
    let repo = Repo::init(&["--quiet", "--bare"]);
    let run = repo.run(["hook", "install"]).exits(2);
    assert!(run.stderr.contains("a bare repository"), "{run:?}");
    repo.run(["hook", "install", "--type", "commit-msg"]).exits(2);
    repo.run(["hook", "install", "--type", "pre-receive"]).exits(0);
    repo.run(["hook", "install", "--type", "pre-push"]).exits(0);
}

#[test]
fn a_submodules_commit_is_its_own_affair() {
    let repo = guarded(&["pre-commit"]);
    let part = Repo::new();
    part.write("a.env", key("github")).commit("a key, in there");
    let url = format!("file://{}", part.path("").display());
    repo.git(["submodule", "--quiet", "add", &url, "part"]);
    // What the repository takes in is the id of a commit, and the file that names the address.
    assert!(passes(&repo, ["commit", "-m", "with a part"]).contains("read 1 index entry"));
    // A commit in there is looked at by the hook in there.
    let inside = repo.beside("project/part");
    install(&inside, &["pre-commit"]);
    inside.write("b.env", nth_key("github", 2)).stage("b.env");
    stopped(&inside, ["commit", "-m", "another key"]);
}

#[test]
fn a_push_of_a_hundred_thousand_objects() {
    let (repo, server) = guarded_server();
    let mut stream = String::new();
    for commit in 0..100 {
        let from = if commit == 0 { format!("from {}\n", repo.id("main")) } else { String::new() };
        stream +=
            &format!("commit refs/heads/many\ncommitter C <c@example.com> {commit} +0000\ndata 1\nx\n{from}");
        for file in 0..1000 {
            let text = format!("value {commit} {file}\n");
            stream +=
                &format!("M 644 inline {}/{}/{file}\ndata {}\n{text}", file % 10, file % 100, text.len());
        }
    }
    let with_key = key("github");
    stream += &format!(
        "commit refs/heads/key\ncommitter C <c@example.com> 1 +0000\ndata 1\nx\nfrom refs/heads/many\nM 644 inline a.env\ndata {}\n{with_key}\n",
        with_key.len()
    );
    repo.git_with(["fast-import", "--quiet"], stream.as_bytes());
    let told = stopped(&repo, ["push", "origin", "key"]);
    assert!(told.contains("1 leak in 1 file") && told.contains("a.env:1"), "{told}");
    let told = passes(&repo, ["push", "origin", "many"]);
    assert!(told.contains("read 100,000 objects, 100 commits"), "{told}");
    assert_eq!(server.id("many"), repo.id("many"));
}

#[test]
fn a_hook_that_is_killed_lets_nothing_through() {
    let (repo, server) = guarded_server();
    repo.write("b", "b\n").commit("second");
    // A keywright that is killed in the middle of its work.
    let hook = server.path("hooks/pre-receive");
    let text = fs::read_to_string(&hook).unwrap();
    let killed = repo.outside("keywright");
    fs::write(&killed, "#!/bin/sh\nkill -9 $$\n").unwrap();
    fs::set_permissions(&killed, PermissionsExt::from_mode(0o755)).unwrap();
    let program = env!("CARGO_BIN_EXE_keywright");
    fs::write(&hook, text.replace(program, killed.to_str().unwrap())).unwrap();
    stopped(&repo, ["push", "origin", "main"]);
    assert_ne!(server.id("main"), repo.id("main"));
    // The real one, killed while it waits for its refs, leaves nothing behind.
    let room = repo.outside("tmp");
    fs::create_dir(&room).unwrap();
    let mut command = cleared(program, &repo.outside(""));
    command.current_dir(server.path("")).env("TMPDIR", &room).args(["hook", "run", "pre-receive"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_dir(&room).unwrap().count(), 0);
}

#[test]
fn a_hooks_folder_that_cannot_be_written_is_told() {
    let repo = guarded(&[]);
    let folder = repo.path(".git/hooks");
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o555)).unwrap();
    // Root writes all the same.
    let is_root = fs::write(folder.join("probe"), "").is_ok();
    let run = repo.run(["hook", "install"]);
    fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    if !is_root {
        assert!(run.stderr.contains("let your user write there"), "{run:?}");
        assert_eq!(run.code, Some(2));
    }
    // Where no folder can be, for root either.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let run = repo.run(["hook", "install"]).exits(2);
    assert!(run.stderr.contains("not a folder"), "{run:?}");
}

#[test]
fn two_managers_at_once_both_run() {
    let repo = guarded(&[]);
    // One manager's hook stands there, and another's was chained before it.
    let put = |name: &str, text: &str| {
        fs::write(repo.path(name), text).unwrap();
        fs::set_permissions(repo.path(name), PermissionsExt::from_mode(0o755)).unwrap();
    };
    put(".git/hooks/pre-push.legacy", "#!/bin/sh\necho legacy $(wc -l) >>ran\n");
    put(
        ".git/hooks/pre-push",
        "#!/bin/sh\n# lefthook\nrefs=$(cat)\necho lefthook \"$1\" >>ran\necho \"$refs\" | .git/hooks/pre-push.legacy\n",
    );
    install(&repo, &["pre-push"]);
    server(&repo);
    passes(&repo, ["push", "origin", "main"]);
    assert_eq!(fs::read_to_string(repo.path("ran")).unwrap(), "lefthook origin\nlegacy 1\n");
    repo.write("a.env", key("github")).commit("a key");
    stopped(&repo, ["push", "origin", "main"]);
    assert_eq!(
        fs::read_to_string(repo.path("ran")).unwrap().lines().count(),
        2,
        "a stopped push runs no other"
    );
}
