//! A second scan: it says what the first one said, whatever happened in between.

use std::ffi::OsStr;
use std::fs;

use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Repo, Run, filled, key, nth_key};

/// Whether the history was not read, because all of it was known.
fn is_known(run: &Run) -> bool {
    run.json()["coverage"]["history_known_since"].is_string()
}

/// What a run says: findings, coverage and exit code.
fn said(run: &Run) -> (Vec<Value>, Value, Option<i32>) {
    let mut coverage = run.json()["coverage"].clone();
    coverage.as_object_mut().unwrap().remove("history_known_since");
    (run.findings(), coverage, run.code)
}

/// Scans, and asserts that it says what a scan without memory says.
#[track_caller]
fn scan<A: AsRef<OsStr>>(repo: &Repo, args: impl IntoIterator<Item = A>) -> Run {
    let args: Vec<_> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
    let run = repo.scan(&args);
    let full = repo.scan(args.iter().cloned().chain(["--no-cache".into()]));
    assert!(!is_known(&full));
    assert_eq!(said(&run), said(&full));
    run
}

/// Scans twice: the first reads the history, the second need not.
#[track_caller]
fn twice<A: AsRef<OsStr>>(repo: &Repo, args: impl IntoIterator<Item = A> + Clone) -> Run {
    assert!(!is_known(&scan(repo, args.clone())), "nobody can know this yet");
    let second = scan(repo, args);
    assert!(is_known(&second), "{}", second.stderr);
    second
}

/// A history with keys in files, messages, a stash, the index and where nothing leads.
fn leaky() -> Repo {
    let repo = Repo::new();
    repo.write("a.env", format!("TOKEN={}\n", key("github"))).commit("add");
    repo.write("a.env", "TOKEN=\n").write("lib/b.env", key("stripe")).commit(&nth_key("github", 2));
    repo.git(["tag", "-a", "v1", "-m", &nth_key("stripe", 3)]);
    repo.branch("side").write("s.env", nth_key("github", 4)).commit("side").go("main");
    repo.write("lib/b.env", nth_key("stripe", 5)).git(["stash", "--quiet"]);
    repo.store("blob", nth_key("github", 6).as_bytes());
    repo.write("c.env", nth_key("github", 7)).stage("c.env");
    repo
}

#[test]
fn a_second_scan_says_the_same_and_that_it_was_known() {
    let repo = leaky();
    let second = twice::<&str>(&repo, []).exits(1);
    assert!(second.found().len() >= 8, "{:?}", second.found());
    let screen = repo.run(["scan"]).exits(1).text();
    assert!(screen.contains("history not read again: as it was on 20"), "{screen}");
    twice(&repo.clone("bare.git", &["--mirror"]), ["--history"]).exits(1);
    // Other folders of the same repository have another index and another HEAD.
    repo.git(["worktree", "add", "--quiet", "../linked", "side"]);
    twice::<&str>(&repo.beside("linked"), []);
    let sha256 = Repo::sha256();
    sha256.write("a.env", key("github")).commit("add");
    twice::<&str>(&sha256, []).exits(1);
    let clean = Repo::new();
    clean.write("a", "nothing\n").commit("add");
    twice::<&str>(&clean, []).exits(0);
}

#[test]
fn what_is_new_is_found() {
    let repo = leaky();
    let new = |what: &str, holds: &str| {
        let first = scan::<&str>(&repo, []);
        assert!(!is_known(&first), "{what} is new");
        assert!(first.found().iter().any(|l| l.contains(holds)), "{what}: {:?}", first.found());
        assert!(is_known(&scan::<&str>(&repo, [])), "{what} is known then");
    };
    twice::<&str>(&repo, []);
    repo.write("new.env", nth_key("github", 20)).commit("new").remove("new.env").commit("gone");
    new("a commit", "history new.env:1");
    repo.write("new.env", nth_key("github", 21)).commit("new").git(["commit", "--amend", "-q", "-m", "b"]);
    new("an amended commit", "new.env:1");
    repo.git(["branch", "later", "HEAD~1"]);
    new("a branch", "new.env:1");
    repo.git(["branch", "-D", "side"]);
    new("a branch that is gone", "s.env:1 github-personal-token (unreachable)");
    repo.git(["update-ref", "refs/odd/name", &repo.id("later")]);
    new("a ref", "new.env:1");
    repo.git(["repack", "-a", "-d", "-q"]);
    new("a pack", "new.env:1");
    repo.store("blob", nth_key("stripe", 22).as_bytes());
    new("an object that nothing leads to", "stripe-live-key (unreachable)");
    repo.git(["stash", "drop", "--quiet"]);
    new("a stash that is gone", "lib/b.env:1");
    repo.write("index.env", nth_key("github", 23)).stage("index.env").remove("index.env");
    new("what is staged", "index index.env:1");
    repo.git(["checkout", "--quiet", "-b", "elsewhere"]);
    new("another branch that is checked out", "new.env:1");
    repo.git(["reflog", "expire", "--expire=now", "--all"]);
    repo.git(["gc", "--quiet", "--prune=now"]);
    new("what was swept out", "new.env:1");
    let files = repo.write("only.env", nth_key("github", 24));
    let working_tree = scan::<&str>(files, []);
    assert!(is_known(&working_tree), "the history has nothing new");
    assert!(working_tree.found().iter().any(|l| l.contains("working-tree only.env:1")));
}

#[test]
fn alternates_count_as_stored_here() {
    let repo = leaky();
    let borrower = Repo::new();
    borrower.commit("own");
    twice::<&str>(&borrower, []).exits(0);
    let theirs = repo.path(".git/objects");
    borrower.write(".git/objects/info/alternates", format!("{}\n", theirs.display()));
    twice(&borrower, ["--all-objects"]).exits(1);
    repo.store("blob", nth_key("github", 30).as_bytes());
    assert!(!is_known(&scan::<&str>(&borrower, [])));
}

#[test]
fn gaps_stay_gaps() {
    let repo = leaky();
    let shallow = repo.clone("shallow", &["--depth=1"]);
    twice(&shallow, ["--history", "--fail-on", "never"]).exits(3);
    shallow.git(["fetch", "--quiet", "--unshallow"]);
    twice(&shallow, ["--history", "--fail-on", "never"]).exits(0);
    let partial = repo.clone("partial.git", &["--bare", "--filter=blob:limit=30"]);
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    twice(&partial, ["--history", "--fail-on", "never"]);
    // What could not be read today may be read tomorrow.
    let id = repo.id("HEAD:lib/b.env");
    twice::<&str>(&repo, []);
    let file = repo.loose(&id);
    let mut bytes = fs::read(&file).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 0xff;
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    for _ in 0..2 {
        let damaged = scan(&repo, ["--fail-on", "never"]).exits(3);
        assert!(!is_known(&damaged));
    }
}

#[test]
fn other_rules_find_what_they_find() {
    let repo = leaky();
    repo.write("d.txt", filled("acme_{hex:20}\n", 1)).commit("d");
    twice::<&str>(&repo, []);
    let rule = repo.outside("acme.toml");
    fs::write(&rule, "[[rules]]\nid = \"acme\"\nregex = 'acme_[0-9a-f]{20}'\nkeywords = [\"acme_\"]\n")
        .unwrap();
    let args = ["--rules", rule.to_str().unwrap()];
    let found = twice(&repo, args).found();
    assert!(found.iter().any(|l| l.contains("acme")), "{found:?}");
    fs::write(&rule, "[[rules]]\nid = \"acme\"\nregex = 'acme_[0-9a-f]{21}'\nkeywords = [\"acme_\"]\n")
        .unwrap();
    let found = twice(&repo, args).found();
    assert!(!found.iter().any(|l| l.contains("acme")), "{found:?}");
    let off = repo.outside("off.toml");
    fs::write(&off, "[extend]\ndisabledRules = [\"github-personal-token\"]\n").unwrap();
    let found = twice(&repo, ["--config", off.to_str().unwrap()]).found();
    assert!(!found.iter().any(|l| l.contains("github")), "{found:?}");
    assert!(is_known(&scan::<&str>(&repo, [])), "each set of rules has a memory of its own");
}

#[test]
fn suppressions_and_what_counts_are_applied_anew() {
    let repo = Repo::new();
    let other = format!("TOKEN={} # gitleaks:allow\n", nth_key("github", 2));
    repo.write("a.env", format!("TOKEN={}\n", key("github"))).write("m.env", other);
    repo.write("low.env", "password = \"correct-horse-7\"\n").commit("add");
    twice::<&str>(&repo, []).exits(1);
    let print = repo.scan(["--files"]).findings()[0]["fingerprint"].as_str().unwrap().to_owned();
    for args in [&["--min-confidence", "low"][..], &["--min-confidence", "high"], &["--fail-on", "never"]] {
        assert!(is_known(&scan(&repo, args)), "{args:?}");
    }
    let list = repo.outside("ignored");
    fs::write(&list, format!("{print} reason=\"a test\"\n")).unwrap();
    let let_be = scan(&repo, ["--ignore-file", list.to_str().unwrap()]).exits(0);
    assert!(is_known(&let_be), "{}", let_be.stderr);
    fs::write(&list, "# none\n").unwrap();
    scan(&repo, ["--ignore-file", list.to_str().unwrap()]).exits(1);
    let own = repo.outside("own.toml");
    fs::write(&own, "[ignore]\npaths = ['a.env']\n").unwrap();
    assert!(is_known(&scan(&repo, ["--config", own.to_str().unwrap()]).exits(0)));
    // Whose marks count decides what a hit is: another memory.
    let found = twice(&repo, ["--marks", "none"]).found();
    assert!(found.contains(&"working-tree m.env:1 github-personal-token".into()), "{found:?}");
    assert!(is_known(&scan::<&str>(&repo, [])));
    let allow = repo.outside("allow.toml");
    fs::write(&allow, "[allowlist]\npaths = ['''a\\.env''']\n").unwrap();
    twice(&repo, ["--config", allow.to_str().unwrap()]).exits(0);
}

#[test]
fn it_can_be_turned_off() {
    let repo = leaky();
    twice::<&str>(&repo, []);
    let off = repo.outside("off.toml");
    fs::write(&off, "[scan]\ncache = false\n").unwrap();
    assert!(!is_known(&repo.scan(["--config", off.to_str().unwrap()])));
    assert!(!is_known(&repo.program().env("KEYWRIGHT_NO_CACHE", "true").scan::<&str>([])));
    assert!(is_known(&repo.program().env("KEYWRIGHT_NO_CACHE", "false").scan::<&str>([])));
    let said = repo.run(["scan", "--no-cache", "--print-config"]).exits(0).text();
    assert!(said.contains("cache = false                       # --no-cache"), "{said}");
}

#[test]
fn what_is_about_a_change_knows_nothing() {
    let repo = leaky();
    repo.scan(["--staged"]);
    repo.scan(["--range", "HEAD~1..HEAD"]);
    repo.scan(["--files"]);
    assert!(!repo.outside(".cache").exists() && !repo.outside(".local").exists());
}

/// Something that happens in a repository.
#[derive(Clone, Debug)]
enum Deed {
    Commit(u8, u64),
    Remove(u8),
    Stage(u8, u64),
    Branch(u8),
    Delete(u8),
    Amend,
    Repack,
    Gc,
    Tag(u64),
    Lose(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0u8..4, 0u64..9).prop_map(|(file, key)| Deed::Commit(file, key)),
        1 => (0u8..4).prop_map(Deed::Remove),
        1 => (0u8..4, 0u64..9).prop_map(|(file, key)| Deed::Stage(file, key)),
        2 => (0u8..3).prop_map(Deed::Branch),
        1 => (0u8..3).prop_map(Deed::Delete),
        1 => Just(Deed::Amend),
        1 => Just(Deed::Repack),
        1 => Just(Deed::Gc),
        1 => (0u64..9).prop_map(Deed::Tag),
        1 => (0u64..9).prop_map(Deed::Lose),
    ]
}

/// Lets it happen; what git refuses does not.
fn happens(repo: &Repo, deed: &Deed) {
    let key = |n: u64| format!("x\n{}\n", nth_key(if n < 5 { "github" } else { "stripe" }, n));
    let file = |n: &u8| format!("d{n}/f.env");
    match deed {
        Deed::Commit(n, secret) => {
            repo.write(file(n), key(*secret)).commit("c");
        }
        Deed::Stage(n, secret) => {
            repo.write(file(n), key(*secret)).stage(&file(n));
        }
        Deed::Lose(secret) => {
            repo.store("blob", key(*secret).as_bytes());
        }
        Deed::Remove(n) => git(repo, &["rm", "-rfq", "--", &file(n)]),
        Deed::Branch(n) => git(repo, &["checkout", "-q", "-f", "-B", &format!("b{n}")]),
        Deed::Delete(n) => git(repo, &["branch", "-q", "-D", &format!("b{n}")]),
        Deed::Amend => git(repo, &["commit", "-q", "--amend", "--allow-empty", "-m", "a"]),
        Deed::Repack => git(repo, &["repack", "-d", "-q"]),
        Deed::Gc => {
            git(repo, &["reflog", "expire", "--expire=now", "--all"]);
            git(repo, &["gc", "-q", "--prune=now"]);
        }
        Deed::Tag(secret) => git(repo, &["tag", "-f", "-a", "t", "-m", &key(*secret)]),
    }
}

fn git(repo: &Repo, args: &[&str]) {
    let _ = repo.try_git(args, b"");
}

proptest! {
    // A file of failures would hold keys.
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_scan_with_memory_says_what_one_without_says(
        deeds in prop::collection::vec((deed(), deed()), 1..6),
    ) {
        let repo = Repo::new();
        repo.write("a.env", key("github")).commit("first");
        for (one, two) in &deeds {
            happens(&repo, one);
            happens(&repo, two);
            scan::<&str>(&repo, []);
            prop_assert!(is_known(&repo.scan::<&str>([])), "{one:?}, {two:?}");
        }
    }
}
