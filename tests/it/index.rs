//! The index in every shape git gives it, and in some that git would not.

use std::fs;

use crate::support::{Repo, key, nth_key};

/// Files at several depths, committed.
fn fill(repo: Repo) -> Repo {
    for name in ["top", "deep/one/a", "deep/one/b", "deep/two/c", "deeper/d", "other/e"] {
        repo.write(name, format!("{name}\n"));
    }
    repo.commit("first");
    repo
}

fn project() -> Repo {
    fill(Repo::new())
}

/// What a scan of the staged changes finds.
#[track_caller]
fn staged(repo: &Repo) -> Vec<String> {
    let run = repo.run(["scan", "--staged", "--format", "json"]);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.screen());
    let place = |line: String| line.trim_start_matches("index ").split(':').next().unwrap().to_owned();
    repo.scan(["--staged"]).found().into_iter().map(place).collect()
}

#[test]
fn every_version_of_the_index_is_read() {
    for repo in [project(), fill(Repo::sha256())] {
        repo.write("deep/one/a.env", key("github")).stage("deep/one/a.env");
        for version in ["2", "3", "4"] {
            repo.git(["update-index", "--index-version", version]);
            // Version 3 is written only where a flag needs it.
            repo.git(["update-index", "--skip-worktree", "other/e"]);
            repo.write("later", "x\n").git(["add", "--intent-to-add", "later"]);
            assert_eq!(staged(&repo), ["deep/one/a.env"], "version {version}");
        }
    }
}

#[test]
fn remembered_trees_hide_nothing_whether_fresh_or_stale() {
    let repo = project();
    repo.git(["write-tree"]);
    assert!(staged(&repo).is_empty());
    repo.write("deep/one/a.env", nth_key("github", 1)).stage("deep/one/a.env");
    assert_eq!(staged(&repo), ["deep/one/a.env"]);
    // As before a hook runs: every folder has its tree again.
    repo.git(["write-tree"]);
    assert_eq!(staged(&repo), ["deep/one/a.env"]);
    repo.write("deep/two/b.env", nth_key("github", 2)).stage("deep/two/b.env");
    assert_eq!(staged(&repo), ["deep/one/a.env", "deep/two/b.env"]);
    repo.git(["rm", "--quiet", "--cached", "deep/one/a.env"]);
    repo.write("top", nth_key("github", 3)).stage("top");
    assert_eq!(staged(&repo), ["deep/two/b.env", "top"]);
    // A folder becomes a file, and a file a folder.
    repo.git(["rm", "--quiet", "-r", "other"]);
    repo.write("other", nth_key("github", 4)).stage("other");
    repo.git(["rm", "--quiet", "--cached", "top"]).clear();
    repo.remove("top").write("top/x.env", nth_key("github", 5)).stage("top/x.env");
    repo.git(["write-tree"]);
    assert_eq!(staged(&repo), ["deep/two/b.env", "other", "top/x.env"]);
}

#[test]
fn a_split_index_is_read_whole() {
    let repo = project();
    repo.write("deep/two/c", nth_key("github", 1)).stage("deep/two/c");
    repo.git(["update-index", "--split-index"]);
    assert_eq!(staged(&repo), ["deep/two/c"]);
    // Added, replaced, taken away: the three things the difference can say.
    repo.git(["config", "core.splitIndex", "true"]);
    repo.git(["config", "splitIndex.maxPercentChange", "100"]);
    repo.write("deep/one/new.env", nth_key("github", 2)).stage("deep/one/new.env");
    repo.write("deeper/d", nth_key("github", 3)).stage("deeper/d");
    repo.git(["rm", "--quiet", "--cached", "deep/two/c"]);
    assert_eq!(staged(&repo), ["deep/one/new.env", "deeper/d"]);
    let shared = fs::read_dir(repo.path(".git")).unwrap().map(|e| e.unwrap().path());
    let shared: Vec<_> = shared.filter(|p| p.to_str().unwrap().contains("sharedindex.")).collect();
    assert!(!shared.is_empty(), "git made no split index");
    shared.iter().for_each(|path| fs::remove_file(path).unwrap());
    let run = repo.run(["scan", "--staged"]);
    assert_eq!(run.code, Some(3), "{}", run.screen());
    assert!(run.stderr.contains("sharedindex."), "{}", run.screen());
}

#[test]
fn what_is_staged_inside_a_folder_that_is_kept_folded_is_found() {
    let repo = project();
    repo.write("deep/one/a.env", nth_key("github", 1)).commit("second");
    repo.git(["sparse-checkout", "init", "--cone", "--sparse-index"]);
    repo.git(["sparse-checkout", "set", "other"]);
    let listed = repo.git(["ls-files", "--sparse"]);
    assert!(listed.lines().any(|l| l == "deep/"), "git folds nothing: {listed}");
    assert!(staged(&repo).is_empty());
    repo.write("other/b.env", nth_key("github", 2)).stage("other/b.env");
    assert_eq!(staged(&repo), ["other/b.env"]);
    // The commit is taken back, its change stays in the index: in a folder that is folded.
    repo.git(["reset", "--quiet", "--soft", "HEAD~1"]);
    assert_eq!(staged(&repo), ["deep/one/a.env", "other/b.env"]);
}

#[test]
fn what_serves_only_gits_own_speed_is_passed_over() {
    let repo = project();
    repo.write("deep/one/a.env", key("github")).stage("deep/one/a.env");
    repo.git(["update-index", "--force-untracked-cache"]);
    repo.git(["status", "--short"]);
    repo.try_git(["update-index", "--fsmonitor"], b"");
    repo.git(["config", "index.threads", "2"]);
    repo.git(["update-index", "--assume-unchanged", "top"]);
    assert_eq!(staged(&repo), ["deep/one/a.env"]);
}

/// Changes the bytes of the index. Git does not look at its checksum, nor does a scan.
fn forge(repo: &Repo, change: impl FnOnce(&mut Vec<u8>)) {
    let path = repo.path(".git/index");
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|w| w == what).unwrap()
}

fn raw(id: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap()
}

#[test]
fn an_index_whose_memory_is_stale_is_taken_as_git_takes_it() {
    let repo = project();
    repo.git(["write-tree"]);
    let blob = repo.store("blob", key("github").as_bytes());
    let old = raw(&repo.id("HEAD:deep/one/a"));
    forge(&repo, |bytes| {
        let at = find(bytes, &old);
        bytes[at..at + 20].copy_from_slice(&raw(&blob));
    });
    // The entry names a key, and the folder's remembered tree does not: git commits the tree.
    assert_eq!(repo.git(["write-tree"]), repo.id("HEAD^{tree}"));
    assert!(staged(&repo).is_empty());
    // A memory that does not even fit the entries is not believed.
    forge(&repo, |bytes| {
        let tree = find(bytes, b"TREE");
        for (node, lie) in [
            (&b"\x006 3\n"[..], &b"\x007 3\n"[..]),
            (b"deep\x003 2\n", b"deep\x004 2\n"),
            (b"one\x002 0\n", b"one\x003 0\n"),
        ] {
            let at = tree + find(&bytes[tree..], node);
            bytes[at..at + lie.len()].copy_from_slice(lie);
        }
    });
    assert_eq!(staged(&repo), ["deep/one/a"]);
}

#[test]
fn a_remembered_tree_that_the_entries_do_not_show_is_looked_at() {
    let repo = project();
    let good = repo.git(["write-tree"]);
    let blob = repo.store("blob", key("github").as_bytes());
    let bad = repo.git_with(["mktree"], format!("100644 blob {blob}\tsecret.env\n").as_bytes());
    forge(&repo, |bytes| {
        let at = find(bytes, &raw(&good));
        bytes[at..at + 20].copy_from_slice(&raw(&bad));
    });
    assert_eq!(repo.git(["write-tree"]), bad, "git would commit it");
    assert_eq!(staged(&repo), ["secret.env"]);
}

#[test]
fn an_index_that_nests_without_end_is_read() {
    let repo = project();
    repo.write("deep/one/a.env", key("github")).stage("deep/one/a.env");
    forge(&repo, |bytes| {
        let end = bytes.len() - 20;
        let nested = b"\x00-1 1\n".repeat(200_000);
        let mut more = b"TREE".to_vec();
        more.extend(u32::try_from(nested.len()).unwrap().to_be_bytes());
        more.extend(nested);
        bytes.splice(end..end, more);
    });
    assert_eq!(staged(&repo), ["deep/one/a.env"]);
}

#[test]
fn a_path_whose_length_is_a_lie_is_damage() {
    let repo = project();
    forge(&repo, |bytes| {
        let at = find(bytes, b"deep/one/a\0");
        bytes[at - 1] += 8;
    });
    let run = repo.run(["scan", "--staged"]);
    assert_eq!(run.code, Some(3), "{}", run.screen());
    assert!(run.stderr.contains("can't read the index"), "{}", run.screen());
}
