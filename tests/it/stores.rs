//! The ways in which git keeps objects: none of them may hide a key.

use std::fs;

use crate::support::{Repo, Run, key, nth_key};

/// A history with keys that come, stay and go, so that packing makes deltas.
fn busy() -> Repo {
    let repo = Repo::new();
    let filler: String = (0..400).map(|n| format!("line {n} of a file that changes little\n")).collect();
    for n in 0..24u64 {
        let keys = format!("{}\n{}\n", nth_key("github", n / 4), nth_key("stripe", n % 5));
        repo.write("big.txt", format!("{filler}{keys}{filler}{n}\n"));
        repo.write(format!("dir{}/small.env", n % 3), format!("{}\n", nth_key("openai", n)));
        repo.commit(&format!("commit {n}"));
        if n == 11 {
            repo.branch("side").write("side.env", nth_key("github", 99)).commit("side").go("main");
        }
    }
    repo.git(["tag", "-a", "v1", "-m", &nth_key("stripe", 77)]);
    repo
}

#[track_caller]
fn same(before: &Run, after: &Run) {
    assert_eq!(before.found(), after.found());
    assert_eq!(before.findings(), after.findings());
}

#[test]
fn a_packed_repository_gives_exactly_the_findings_of_the_loose_one() {
    let repo = busy();
    let loose = repo.scan::<&str>([]).exits(1);
    assert!(loose.found().len() > 20, "{:?}", loose.found());
    repo.git(["repack", "-a", "-d", "-f", "-q", "--depth=50", "--window=50"]);
    let chains = repo.git(["verify-pack", "-v", repo.packs("idx")[0].to_str().unwrap()]);
    assert!(chains.contains("chain length = 2"), "no deltas were made:\n{chains}");
    same(&loose, &repo.scan::<&str>([]).exits(1));
    repo.git(["gc", "--quiet", "--aggressive", "--prune=now"]);
    same(&loose, &repo.scan::<&str>([]).exits(1));
}

#[test]
fn deltas_that_name_their_base_by_id_are_read() {
    let repo = busy();
    let loose = repo.scan::<&str>([]).exits(1);
    repo.git(["-c", "repack.useDeltaBaseOffset=false", "repack", "-a", "-d", "-f", "-q"]);
    same(&loose, &repo.scan::<&str>([]).exits(1));
}

#[test]
fn several_packs_and_loose_objects_are_read_together() {
    let repo = busy();
    repo.git(["repack", "-a", "-d", "-q"]);
    repo.write("second.env", nth_key("github", 50)).commit("second").git(["repack", "-d", "-q"]);
    repo.write("third.env", nth_key("github", 51)).commit("third");
    assert_eq!(repo.packs("pack").len(), 2);
    let several = repo.scan::<&str>([]).exits(1);
    assert!(several.found().iter().any(|l| l.contains("second.env")));
    assert!(several.found().iter().any(|l| l.contains("third.env")));
    repo.git(["multi-pack-index", "write"]);
    same(&several, &repo.scan::<&str>([]).exits(1));
    repo.git(["repack", "-a", "-d", "-q"]);
    same(&several, &repo.scan::<&str>([]).exits(1));
}

#[test]
fn a_key_that_stands_in_two_packs_is_found_once() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    repo.git(["repack", "-a", "-q"]);
    repo.git(["-c", "pack.compression=0", "repack", "-a", "-q", "-F"]);
    assert_eq!(repo.scan(["--history"]).exits(1).found(), ["history a.env:1 github-personal-token"]);
}

#[test]
fn borrowed_objects_count() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove");
    repo.git(["clone", "--quiet", "--shared", ".", "../borrower"]);
    let borrower = repo.beside("borrower");
    assert!(borrower.path(".git/objects/info/alternates").exists());
    assert_eq!(borrower.scan::<&str>([]).exits(1).found(), ["history a.env:1 github-personal-token"]);
}

#[test]
fn a_repository_with_sha256_ids_is_read() {
    let repo = Repo::sha256();
    repo.write("a.env", key("github")).commit("add");
    let first = repo.id("HEAD");
    repo.remove("a.env").commit("remove");
    repo.git(["tag", "-a", "v1", "-m", &nth_key("stripe", 1)]);
    for packed in [false, true] {
        if packed {
            repo.git(["gc", "--quiet"]);
        }
        let run = repo.scan::<&str>([]).exits(1);
        assert_eq!(run.found().len(), 2, "{:?}", run.found());
        let finding = run.findings().into_iter().find(|f| f["path"] == "a.env").unwrap();
        assert_eq!(finding["commit"]["id"], first);
    }
    repo.scan(["--range", &format!("{}..HEAD", "0".repeat(64))]).exits(1);
    repo.write("b.env", nth_key("github", 2)).stage("b.env").scan(["--staged"]).exits(1);
}

#[test]
fn a_linked_worktree_is_scanned_with_the_shared_history() {
    let repo = Repo::new();
    repo.write("old.env", key("github")).commit("add").remove("old.env").commit("remove");
    repo.git(["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = repo.beside("side");
    side.write("new.env", nth_key("github", 2));
    assert_eq!(
        side.scan::<&str>([]).exits(1).found(),
        ["history old.env:1 github-personal-token", "working-tree new.env:1 github-personal-token"]
    );
}

#[test]
fn a_bare_repository_is_scanned() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let bare = repo.clone("bare.git", &["--bare"]);
    assert_eq!(bare.scan::<&str>([]).exits(1).found(), ["history a.env:1 github-personal-token"]);
    let path = bare.path("").display().to_string();
    assert_eq!(repo.scan([path]).exits(1).found(), ["history a.env:1 github-personal-token"]);
}

#[test]
fn a_shallow_clone_says_what_it_could_not_see() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add").remove("a.env").commit("remove").commit("last");
    let shallow = repo.clone("shallow", &["--depth", "1"]);
    let run = shallow.scan::<&str>([]).exits(3);
    assert_eq!(run.gaps(), ["1 × beyond a shallow clone's edge"]);
    shallow.scan(["--allow-incomplete"]).exits(0);
    insta::assert_snapshot!(shallow.run(["scan", "--no-cache"]).screen(), @r"
    no leaks in what could be read · shallow: working tree, index and history
    read 1 object, 1 commit: 5 bytes in [t] s, [n] rules
    not everything could be read:
      1 × beyond a shallow clone's edge: what came before commit [commit]
        do: git fetch --unshallow
    exit 3
    ");
}

#[test]
fn a_key_found_in_a_shallow_clone_outranks_what_it_could_not_see() {
    let repo = Repo::new();
    repo.commit("first").write("a.env", key("github")).commit("add");
    repo.clone("shallow", &["--depth", "1"]).scan::<&str>([]).exits(1);
}

#[test]
fn a_partial_clone_says_what_it_could_not_see() {
    let repo = Repo::new();
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    repo.write("a.env", key("github")).commit("add").remove("a.env").write("b", "b\n").commit("remove");
    let partial = repo.clone("partial", &["--filter=blob:none"]);
    let run = partial.scan::<&str>([]).exits(3);
    assert_eq!(run.gaps(), ["1 × missing"]);
    partial.scan(["--allow-incomplete"]).exits(0);
    insta::assert_snapshot!(partial.run(["scan", "--no-cache"]).screen(), @r"
    no leaks in what could be read · partial: working tree, index and history
    read 1 file, 3 objects, 2 commits: 15 bytes in [t] s, [n] rules
    not everything could be read:
      1 × missing: object [commit] at a.env: left out by a partial clone
        do: git fetch --refetch --no-filter
    exit 3
    ");
}

#[test]
fn a_replaced_object_does_not_hide_the_one_it_replaces() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let (bad, good) = (repo.id("HEAD:a.env"), repo.store("blob", b"nothing\n"));
    repo.remove("a.env").commit("remove");
    repo.git(["replace", &bad, &good]);
    assert_eq!(repo.scan::<&str>([]).exits(1).found(), ["history a.env:1 github-personal-token"]);
}

#[test]
fn a_submodule_is_left_to_a_scan_of_its_own() {
    let repo = Repo::new();
    let inner = Repo::new();
    inner.write("a.env", key("github")).commit("add");
    let url = inner.path("").display().to_string();
    repo.commit("first").git(["submodule", "--quiet", "add", &url, "inner"]);
    repo.commit("submodule");
    assert!(fs::exists(repo.path("inner/a.env")).unwrap());
    let run = repo.scan(["--history"]).exits(0);
    assert_eq!(run.found().len(), 0);
}
