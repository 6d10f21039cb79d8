//! What a server takes in: only what came with the push, or is new to all of its refs.

use std::process::Stdio;

use super::{install, passes, server, stopped};
use crate::support::program::cleared;
use crate::support::{Repo, key, nth_key};

/// A repository with one commit, and a server that guards itself and has it.
pub(super) fn guarded_server() -> (Repo, Repo) {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    let server = server(&repo);
    repo.git(["push", "--quiet", "origin", "main"]);
    install(&server, &["pre-receive"]);
    (repo, server)
}

/// Nothing of a push that was refused stays: the folder that git kept it in is gone.
#[track_caller]
pub(super) fn is_as_before(repo: &Repo, server: &Repo) {
    let left = std::fs::read_dir(server.path("objects")).unwrap().map(|e| e.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("incoming")));
    let blob = repo.id("HEAD:a.env");
    assert!(!server.try_git(["cat-file", "-e", &blob], b"").status.success(), "the key is on the server");
}

#[test]
fn a_key_does_not_come_in() {
    let (repo, server) = guarded_server();
    repo.write("a.env", key("github")).commit("a key");
    let told = stopped(&repo, ["push", "origin", "main"]);
    assert!(told.contains("The push was refused: 1 leak in 1 file") && told.contains("a.env:1"), "{told}");
    assert!(told.contains("edit the file, then: git add a.env && git commit --amend --no-edit"), "{told}");
    assert!(told.contains("once its own default branch holds it"), "{told}");
    is_as_before(&repo, &server);
    repo.write("a.env", "").git(["add", "a.env"]);
    repo.git(["commit", "--quiet", "--amend", "--no-edit"]);
    assert!(passes(&repo, ["push", "origin", "main"]).contains("keywright: no leaks"));
    assert_eq!(server.id("main"), repo.id("main"));
}

#[test]
fn what_was_removed_again_and_what_a_message_says_counts() {
    let (repo, server) = guarded_server();
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    stopped(&repo, ["push", "origin", "main"]);
    repo.git(["reset", "--quiet", "--hard", "HEAD~2"]);
    repo.commit(&format!("with {}", key("github")));
    stopped(&repo, ["push", "origin", "main"]);
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.git(["tag", "-a", "v1", "-m", &key("github")]);
    stopped(&repo, ["push", "origin", "v1"]);
    assert!(!server.try_git(["rev-parse", "--verify", "v1"], b"").status.success());
}

#[test]
fn old_bases_in_a_thin_pack_are_nobodys_doing() {
    let (repo, server) = guarded_server();
    // A large file with a key came in before there was a hook.
    let lines: String = (0..4000).map(|n| format!("line {n} of a long file\n")).collect();
    repo.write("big.txt", format!("{lines}{}\n", key("github"))).commit("big");
    std::fs::rename(server.path("hooks/pre-receive"), server.path("off")).unwrap();
    repo.git(["push", "--quiet", "origin", "main"]);
    std::fs::rename(server.path("off"), server.path("hooks/pre-receive")).unwrap();
    // The next version is sent as a delta against it; the server keeps the push as a pack, which git
    // completes with the old version.
    server.git(["config", "receive.unpackLimit", "1"]);
    let changed = lines.replacen("line 7 ", "line seven ", 1);
    repo.write("big.txt", format!("{changed}{}\n", key("github"))).commit("a change");
    let base = repo.id("HEAD~1:big.txt");
    std::fs::write(
        server.path("hooks/pre-receive.before-keywright"),
        "#!/bin/sh\nfor i in \"$GIT_QUARANTINE_PATH\"/pack/*.idx; do git show-index <\"$i\" >>came; done\n",
    )
    .unwrap();
    let kept = server.path("hooks/pre-receive.before-keywright");
    std::fs::set_permissions(&kept, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let told = passes(&repo, ["push", "origin", "main"]);
    assert!(told.contains("1 already there"), "{told}");
    assert!(std::fs::read_to_string(server.path("came")).unwrap().contains(&base), "the pack was not thin");
}

#[test]
fn of_several_refs_each_counts_and_a_deletion_takes_nothing_in() {
    let (repo, server) = guarded_server();
    repo.branch("one").write("a", "a\n").commit("one");
    repo.go("main").branch("two").write("a.env", key("github")).commit("two");
    stopped(&repo, ["push", "origin", "one", "two"]);
    assert!(!server.try_git(["rev-parse", "--verify", "one"], b"").status.success());
    passes(&repo, ["push", "origin", "one"]);
    passes(&repo, ["push", "origin", ":one"]);
    passes(&repo, ["push", "--force", "origin", "main:main", "main:again"]);
}

#[test]
fn what_is_stored_and_on_no_ref_is_new_all_the_same() {
    let (repo, server) = guarded_server();
    std::fs::rename(server.path("hooks/pre-receive"), server.path("off")).unwrap();
    repo.branch("side").write("a.env", key("github")).commit("a key");
    repo.git(["push", "--quiet", "origin", "side"]);
    repo.git(["push", "--quiet", "origin", ":side"]);
    std::fs::rename(server.path("off"), server.path("hooks/pre-receive")).unwrap();
    stopped(&repo, ["push", "origin", "side:other"]);
}

#[test]
fn a_pushed_file_of_reasons_does_not_let_its_own_push_in() {
    let (repo, _server) = guarded_server();
    repo.write("a.env", key("github"));
    repo.run(["ignore", "add", "a.env:1", "--reason", "mine"]).exits(0);
    repo.commit("a key and a reason");
    stopped(&repo, ["push", "origin", "main"]);
    // Where the default branch holds the reason, it is heeded.
    repo.git(["rm", "-q", "--cached", "a.env"]);
    repo.git(["commit", "-q", "--amend", "-m", "a reason"]);
    passes(&repo, ["push", "origin", "main"]);
    repo.git(["add", "a.env"]);
    repo.git(["commit", "-q", "-m", "a key"]);
    assert!(passes(&repo, ["push", "origin", "main"]).contains("mine"));
}

#[test]
fn a_server_with_a_work_tree_goes_by_what_it_committed() {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    let server = repo.clone("served", &[]);
    server.git(["config", "receive.denyCurrentBranch", "updateInstead"]);
    install(&server, &["pre-receive"]);
    // Somebody could have left this in the working tree, or beside the repository's own files.
    for place in ["keywright.toml", ".git/keywright.toml"] {
        std::fs::write(server.path(place), "[ignore]\npaths = ['**']\n").unwrap();
    }
    repo.write("a.env", key("github")).commit("a key");
    stopped(&repo, ["push", "../served", "main"]);
    assert!(!server.path("a.env").exists());
}

#[test]
fn a_server_that_borrows_objects_reads_them() {
    let (repo, server) = guarded_server();
    repo.git(["clone", "--quiet", "--bare", "--shared", "../server.git", "../fork.git"]);
    let fork = repo.beside("fork.git");
    install(&fork, &["pre-receive"]);
    repo.write("b", "b\n").commit("more");
    assert!(passes(&repo, ["push", "../fork.git", "main"]).contains("read 1 object, 1 commit"));
    repo.write("a.env", key("github")).commit("a key");
    stopped(&repo, ["push", "../fork.git", "main"]);
    drop(server);
}

#[cfg(feature = "rekey")]
#[test]
fn over_http_it_is_the_same() {
    let (repo, server) = guarded_server();
    server.git(["config", "http.receivepack", "true"]);
    let place = crate::support::git_http::serve(&repo.outside(""), |_| None);
    let url = format!("http://{place}/server.git");
    repo.write("a.env", key("github")).commit("a key");
    let told = stopped(&repo, ["push", &url, "main"]);
    assert!(told.contains("The push was refused") && told.contains("a.env:1"), "{told}");
    is_as_before(&repo, &server);
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.write("b", "b\n").commit("no key");
    passes(&repo, ["push", &url, "main", "main:refs/heads/other"]);
    assert_eq!(server.id("other"), repo.id("main"));
}

#[test]
fn a_folder_that_git_did_not_make_is_not_read() {
    let (repo, server) = guarded_server();
    repo.write("a.env", nth_key("github", 3)).commit("a key");
    let line = format!("{} {} refs/heads/main\n", server.id("main"), repo.id("main"));
    let elsewhere = repo.path(".git/objects");
    for (quarantine, objects) in [(elsewhere.clone(), elsewhere.clone()), (server.path("objects"), elsewhere)]
    {
        let run = server.program().env("GIT_DIR", ".").env("GIT_QUARANTINE_PATH", &quarantine);
        let run = run.env("GIT_OBJECT_DIRECTORY", &objects).input(line.clone());
        let run = run.run(["hook", "run", "pre-receive"]).exits(3);
        assert!(run.stderr.contains("names no folder that git made"), "{run:?}");
    }
    // Without any, what is pushed is not there, which is no reason to let it in.
    let run = server.program().env("GIT_DIR", ".").input(line).run(["hook", "run", "pre-receive"]).exits(3);
    assert!(run.stderr.contains("can't read object"), "{run:?}");
}

#[test]
fn a_push_that_takes_too_long_is_refused() {
    let (_repo, server) = guarded_server();
    let config = server.path("operator.toml");
    std::fs::write(&config, "[hook]\ntime_limit = '1s'\n").unwrap();
    let mut command = cleared(env!("CARGO_BIN_EXE_keywright"), &server.path(""));
    command.current_dir(server.path("")).env("KEYWRIGHT_CONFIG", &config).args([
        "hook",
        "run",
        "pre-receive",
    ]);
    // Its refs never end.
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let held = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(held);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(told.contains("took too long") && told.contains("the limit is 1 s"), "{told}");
    assert!(told.contains("[hook] time_limit"), "{told}");
}

#[test]
fn a_pushed_repository_sets_no_limit_of_its_own() {
    let (repo, server) = guarded_server();
    std::fs::rename(server.path("hooks/pre-receive"), server.path("off")).unwrap();
    repo.write("keywright.toml", "[hook]\ntime_limit = '60m'\n").commit("mine");
    repo.git(["push", "--quiet", "origin", "main"]);
    std::fs::rename(server.path("off"), server.path("hooks/pre-receive")).unwrap();
    repo.write("b", "b\n").commit("more");
    assert!(stopped(&repo, ["push", "origin", "main"]).contains("names a program ([hook])"));
}

/// Makes a commit of a tree, with these lines between its author and its committer.
fn commit_of(repo: &Repo, tree: &str, lines: &str) -> String {
    let parent = repo.id("main");
    let who = "C <c@example.com> 1700000000 +0000";
    let text = format!("tree {tree}\nparent {parent}\nauthor {who}\n{lines}committer {who}\n\nodd\n");
    repo.store("commit", text.as_bytes())
}

#[test]
fn a_tree_that_is_written_oddly_hides_nothing() {
    let (repo, _server) = guarded_server();
    let blob = repo.git_with(["hash-object", "-w", "--stdin"], key("github").as_bytes());
    let clean = repo.git_with(["hash-object", "-w", "--stdin"], b"clean\n");
    let entry = |mode: &str, name: &str, id: &str| {
        [format!("{mode} {name}\0").as_bytes(), &data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap()]
            .concat()
    };
    let folder = repo.store("tree", &entry("100644", "a.env", &blob));
    for (why, tree) in [
        ("zeros before a mode", entry("000000000100644", "a.env", &blob)),
        ("and before a folder's", entry("0040000", "dir", &folder)),
        ("a name twice", [entry("100644", "a.env", &blob), entry("100644", "a.env", &clean)].concat()),
    ] {
        let commit = commit_of(&repo, &repo.store("tree", &tree), "");
        let told = stopped(&repo, ["push", "origin", &format!("{commit}:refs/heads/odd")]);
        assert!(told.contains("a.env:1"), "{why}: {told}");
    }
}

#[test]
fn a_parent_that_git_does_not_see_is_none() {
    let (repo, server) = guarded_server();
    let blob = repo.git_with(["hash-object", "-w", "--stdin"], key("github").as_bytes());
    repo.git(["update-index", "--add", "--cacheinfo", &format!("100644,{blob},a.env")]);
    let tree = repo.git(["write-tree"]);
    // A commit with the same tree, which lies on the server and on no ref of it.
    let false_parent = commit_of(&repo, &tree, "");
    std::fs::rename(server.path("hooks/pre-receive"), server.path("off")).unwrap();
    repo.git(["push", "--quiet", "origin", &format!("{false_parent}:refs/heads/x")]);
    repo.git(["push", "--quiet", "origin", ":refs/heads/x"]);
    std::fs::rename(server.path("off"), server.path("hooks/pre-receive")).unwrap();
    let commit = commit_of(&repo, &tree, &format!("parent {false_parent}\n"));
    let told = stopped(&repo, ["push", "origin", &format!("{commit}:refs/heads/odd")]);
    assert!(told.contains("a.env:1") || told.contains("not everything could be read"), "{told}");
}
