//! What leaves: exactly what the remote does not have.

use super::{guarded, passes, server, stopped};
use crate::support::{Repo, key, nth_key};

fn pushing() -> (Repo, Repo) {
    let repo = guarded(&["pre-push"]);
    let server = server(&repo);
    repo.git(["push", "--quiet", "origin", "main"]);
    (repo, server)
}

#[test]
fn what_the_remote_has_is_not_looked_at_again() {
    let repo = guarded(&["pre-push"]);
    server(&repo);
    repo.write("a.env", key("github")).commit("a key");
    repo.git(["push", "--quiet", "--no-verify", "origin", "main"]);
    // Old is the key, and old is the branch that a new one leaves.
    repo.write("b", "b\n").commit("more");
    assert!(passes(&repo, ["push", "origin", "main"]).contains("no leaks · read 1 object, 1 commit"));
    repo.branch("new").write("c", "c\n").commit("more");
    assert!(passes(&repo, ["push", "origin", "new"]).contains("read 1 object, 1 commit"));
}

#[test]
fn a_key_that_was_added_and_removed_again_does_not_leave() {
    let (repo, server) = pushing();
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    stopped(&repo, ["push", "origin", "main"]);
    assert_ne!(server.id("main"), repo.id("main"));
}

#[test]
fn of_several_refs_each_counts() {
    let (repo, _server) = pushing();
    repo.branch("one").write("a", "a\n").commit("one");
    repo.go("main").branch("two").write("a.env", key("github")).commit("two");
    let told = stopped(&repo, ["push", "origin", "one", "two"]);
    assert!(told.contains("a.env:1") && told.contains("1 leak in 1 file"), "{told}");
    passes(&repo, ["push", "origin", "one"]);
    stopped(&repo, ["push", "--all", "origin"]);
}

#[test]
fn a_forced_push_brings_what_is_new_in_it() {
    let (repo, _server) = pushing();
    repo.write("b", "b\n").commit("second");
    passes(&repo, ["push", "origin", "main"]);
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.write("a.env", key("github")).commit("another second");
    stopped(&repo, ["push", "--force", "origin", "main"]);
    repo.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    assert!(passes(&repo, ["push", "--force", "origin", "main"]).contains("read nothing"));
}

#[test]
fn an_old_value_that_is_not_here_is_told() {
    let (repo, _server) = pushing();
    let other = repo.clone("other", &[]);
    other.git(["push", "--quiet", "../server.git", "HEAD:refs/heads/theirs"]);
    other.write("o", "o\n").commit("elsewhere");
    other.git(["push", "--quiet", "../server.git", "HEAD:refs/heads/main"]);
    repo.write("b", "b\n").commit("here");
    let told = passes(&repo, ["push", "--force", "origin", "main"]);
    assert!(
        told.contains("the remote's refs/heads/main at")
            && told.contains("is not here; taken as known to it: what 1 of its branches held"),
        "{told}"
    );
    assert!(told.contains("read 1 object, 1 commit"), "{told}");
}

#[test]
fn the_message_of_a_tag_leaves_with_it() {
    let (repo, _server) = pushing();
    repo.git(["tag", "--annotate", "v1", "-m", &format!("made with {}", key("github"))]);
    let told = stopped(&repo, ["push", "origin", "v1"]);
    assert!(
        told.contains("message of tag") && told.contains("git tag --force --annotate v1 v1^{}"),
        "{told}"
    );
    repo.git(["tag", "--force", "--annotate", "v1", "-m", "made"]);
    passes(&repo, ["push", "origin", "v1"]);
    // A tag on commits that no branch of the remote has.
    repo.write("a.env", nth_key("github", 2)).commit("a key");
    repo.git(["tag", "light"]);
    stopped(&repo, ["push", "origin", "light"]);
    // A tag of a tag, and of a file without any commit.
    let blob = repo.git_with(["hash-object", "-w", "--stdin"], nth_key("github", 3).as_bytes());
    repo.git(["tag", "--annotate", "file", &blob, "-m", "a file"]);
    repo.git(["tag", "--annotate", "outer", "file", "-m", "a tag of a tag"]);
    assert!(stopped(&repo, ["push", "origin", "outer"]).contains("blob "));
    let tree = repo.id("light^{tree}");
    repo.git(["tag", "tree", &tree]);
    assert!(stopped(&repo, ["push", "origin", "tree"]).contains("a.env:1"));
}

#[test]
fn a_deletion_takes_nothing_out() {
    let (repo, _server) = pushing();
    repo.git(["push", "--quiet", "origin", "main:side"]);
    repo.write("a.env", key("github")).commit("a key, which stays here");
    passes(&repo, ["push", "origin", ":side"]);
}

#[test]
fn a_remote_by_its_address_is_the_same_remote() {
    let (repo, _server) = pushing();
    repo.write("b", "b\n").commit("more");
    let told = passes(&repo, ["push", "../server.git", "HEAD:refs/heads/new"]);
    assert!(told.contains("read 1 object, 1 commit"), "{told}");
    repo.git(["init", "--quiet", "--bare", "../stranger.git"]);
    let told = passes(&repo, ["push", "../stranger.git", "main"]);
    assert!(told.contains("read 2 objects, 2 commits"), "{told}");
}

#[test]
fn a_clone_that_mirrors_looks_at_what_it_sends() {
    let (repo, _server) = pushing();
    let mirror = repo.clone("mirror", &["--mirror"]);
    super::install(&mirror, &["pre-push"]);
    repo.write("a.env", key("github")).commit("a key");
    mirror.git(["fetch", "--quiet"]);
    stopped(&mirror, ["push", "../server.git", "main"]);
}

#[test]
fn a_shallow_clone_pushes_what_it_made() {
    let (repo, _server) = pushing();
    repo.write("b", "b\n").commit("second");
    repo.git(["push", "--quiet", "origin", "main"]);
    let url = format!("file://{}", repo.outside("server.git").display());
    repo.git(["clone", "--quiet", "--depth=1", &url, "../shallow"]);
    let shallow = repo.beside("shallow");
    super::install(&shallow, &["pre-push"]);
    shallow.write("c", "c\n").commit("third");
    let told = passes(&shallow, ["push", "origin", "main"]);
    assert!(told.contains("read 1 object, 1 commit"), "{told}");
    shallow.write("a.env", key("github")).commit("fourth");
    stopped(&shallow, ["push", "origin", "main"]);
}

#[test]
fn what_was_let_be_is_told_with_its_reason() {
    let (repo, _server) = pushing();
    repo.write("a.env", format!("{} # keywright:allow -- made up\n", key("github"))).commit("a key");
    let told = passes(&repo, ["push", "origin", "main"]);
    assert!(told.contains("a.env:1") && told.contains("suppressed") && told.contains("made up"), "{told}");
}

#[test]
fn a_repository_of_sha256_pushes_too() {
    let repo = Repo::sha256();
    repo.write("readme", "hello\n").commit("first");
    super::install(&repo, &["pre-push"]);
    repo.git(["init", "--quiet", "--bare", "--object-format=sha256", "../server.git"]);
    repo.git(["remote", "add", "origin", "../server.git"]);
    passes(&repo, ["push", "origin", "main"]);
    repo.write("a.env", key("github")).commit("a key");
    stopped(&repo, ["push", "origin", "main"]);
}

#[test]
fn input_that_is_none_of_gits_is_wrong_use() {
    let repo = guarded(&[]);
    let run = repo.program().input("nonsense\n").run(["hook", "run", "pre-push", "origin", "x"]).exits(2);
    assert!(run.stderr.contains("line 1 on standard input"), "{run:?}");
    repo.program().input("").run(["hook", "run", "pre-push", "origin", "x"]).exits(0);
}
