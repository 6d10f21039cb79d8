//! A second scan after something new: packs that are as they were are not searched again, and the
//! report is that of a scan of everything.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Mutex;

use keywright::git::Repository;
use keywright::model::{Blob, Event, Origin};
use keywright::source::Source;
use keywright::source::history::{Before, History, PackNote};

use crate::support::{Repo, Run, key, nth_key};

/// Scans, and asserts that it says what a scan without memory says, in every field.
#[track_caller]
fn scan(repo: &Repo, args: &[&str]) -> Run {
    let run = repo.scan(args.iter().copied().chain(["--history"]));
    let full = repo.scan(args.iter().copied().chain(["--history", "--no-cache"]));
    assert_eq!(run.findings(), full.findings());
    let coverage = |run: &Run| {
        let mut coverage = run.json()["coverage"].clone();
        coverage.as_object_mut().unwrap().remove("history_known_since");
        coverage
    };
    assert_eq!(coverage(&run), coverage(&full));
    assert_eq!(run.code, full.code);
    run
}

/// A packed history: keys in files, changed ones too, in messages, on a branch, and nowhere.
fn packed() -> Repo {
    let repo = Repo::new();
    for n in 1..12 {
        let filler: String = (0..60).map(|line| format!("{} {}\n", line, line * n / 7)).collect();
        repo.write("a.env", format!("TOKEN={}\n{filler}", key("github"))).commit(&format!("a {n}"));
    }
    repo.write("lib/b.env", key("stripe")).commit(&nth_key("github", 2));
    repo.git(["tag", "-a", "v1", "-m", &nth_key("stripe", 3)]);
    repo.branch("side").write("s.env", nth_key("github", 4)).commit("side").go("main");
    repo.git(["repack", "-a", "-d", "-q"]);
    repo
}

#[test]
fn after_new_commits_the_report_is_that_of_everything() {
    let repo = packed();
    scan(&repo, &[]);
    repo.write("new.env", nth_key("github", 20)).commit("new");
    let run = scan(&repo, &[]);
    assert!(run.found().iter().any(|l| l.contains("new.env:1")), "{:?}", run.found());
    assert!(run.found().iter().any(|l| l.contains("a.env:1")), "{:?}", run.found());
    repo.write("lib/b.env", "gone\n").commit(&nth_key("stripe", 21));
    scan(&repo, &["--all-objects"]);
    // What is loose is packed beside the first pack.
    repo.git(["repack", "-d", "-q"]);
    scan(&repo, &[]);
    repo.write("c.env", nth_key("github", 22)).commit("c");
    scan(&repo, &[]);
    repo.git(["branch", "-D", "side"]);
    let run = scan(&repo, &[]);
    assert!(
        run.found().iter().any(|l| l.contains("s.env:1") && l.contains("(unreachable)")),
        "{:?}",
        run.found()
    );
    repo.git(["tag", "-d", "v1"]);
    scan(&repo, &["--all-objects"]);
    repo.git(["reflog", "expire", "--expire=now", "--all"]);
    repo.git(["gc", "--quiet", "--prune=now"]);
    let run = scan(&repo, &[]);
    assert!(!run.found().iter().any(|l| l.contains("s.env")), "{:?}", run.found());
    repo.write("d.env", nth_key("github", 23)).commit("d");
    scan(&repo, &[]);
}

#[test]
fn after_a_fetch_the_report_is_that_of_everything() {
    let repo = packed();
    let mirror = repo.clone("mirror.git", &["--mirror"]);
    scan(&mirror, &[]);
    for n in 30..33 {
        repo.write(format!("{n}.env"), nth_key("github", n)).commit("more");
        mirror.git(["-c", "fetch.unpackLimit=1", "fetch", "--quiet"]);
        scan(&mirror, &[]);
    }
    let packs = std::fs::read_dir(mirror.path("objects/pack")).unwrap();
    let ends = packs.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "idx"));
    assert!(ends.count() >= 3);
    let sha256 = Repo::sha256();
    sha256.write("a.env", key("github")).commit("add").git(["repack", "-a", "-d", "-q"]);
    scan(&sha256, &[]);
    sha256.write("b.env", key("stripe")).commit("more");
    scan(&sha256, &[]);
}

/// A tree in a pack that is as it was names what has gone since.
#[test]
fn what_went_missing_since_is_told() {
    let repo = packed();
    repo.write("loose.env", "nothing of note\n").commit("loose");
    let blob = repo.id("HEAD:loose.env");
    scan(&repo, &[]);
    repo.write("e.env", "nothing\n").commit("e");
    std::fs::remove_file(repo.loose(&blob)).unwrap();
    scan(&repo, &["--fail-on", "never"]).exits(3);
    // Packed is the tree, and loose what it names.
    let repo = Repo::new();
    let blob = repo.store("blob", b"nothing of note\n");
    let tree = repo.git_with(["mktree"], format!("100644 blob {blob}\tf.env\n").as_bytes());
    let commit = repo.git(["commit-tree", "-m", "tree", &tree]);
    repo.git(["update-ref", "refs/heads/main", &commit]);
    repo.git_with(["pack-objects", "-q", ".git/objects/pack/pack"], format!("{tree}\n{commit}\n").as_bytes());
    scan(&repo, &["--fail-on", "never"]).exits(0);
    std::fs::remove_file(repo.loose(&blob)).unwrap();
    scan(&repo, &["--fail-on", "never"]).exits(3);
}

/// Reads a history and returns the objects that were handed over, and what is noted.
fn read(repo: &Repo, before: Before) -> (BTreeSet<Origin>, HashMap<PathBuf, PackNote>) {
    let opened = Repository::discover(&repo.path("")).unwrap().unwrap();
    let history = History::after(&opened, before);
    let seen: Mutex<BTreeSet<Origin>> = Mutex::default();
    let objects: Mutex<u64> = Mutex::default();
    let see = |blob: Blob<'_>| {
        seen.lock().unwrap().insert(blob.origin);
    };
    let tell = |event: Event| {
        if let Event::Objects(n) = event {
            *objects.lock().unwrap() += n;
        }
    };
    history.read(&see, &tell).unwrap();
    assert_eq!(
        objects.into_inner().unwrap(),
        repo.git(["cat-file", "--batch-all-objects", "--batch-check"])
            .lines()
            .filter(|line| !line.contains(" tree "))
            .count() as u64
    );
    (seen.into_inner().unwrap(), history.noted().unwrap().packs.into_iter().collect())
}

#[test]
fn only_what_is_new_and_what_held_something_is_searched() {
    let repo = packed();
    let (all, packs) = read(&repo, Before::default());
    assert!(all.len() > 20 && packs.len() == 1, "{} objects, {} packs", all.len(), packs.len());
    let holder = Origin::Object(repo.id("HEAD:lib/b.env"));
    repo.write("new.env", "nothing\n").commit("new");
    let before = Before { packs, holders: [holder.clone()].into(), loose: Vec::new(), is_whole: true };
    let (seen, _) = read(&repo, before);
    let new = [Origin::Object(repo.id("HEAD:new.env")), Origin::CommitMessage(repo.id("HEAD")), holder];
    assert_eq!(seen, BTreeSet::from(new));
}
