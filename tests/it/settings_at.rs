//! `--settings-at`: what a change says of how it is to be scanned counts for nothing.

use crate::support::{Repo, filled, key, nth_key};

/// A base with a rule and an entry of its own, and a branch that brings in two keys and lets them be.
fn pull_request() -> (Repo, String) {
    let repo = Repo::new();
    repo.write("README", "app\n").commit("first");
    repo.write(
        "keywright.toml",
        "[[rules]]\nid = \"ours\"\nregex = \"ours_[a-z0-9]{20}\"\nkeywords = [\"ours_\"]\nseverity = \"high\"\n",
    );
    let known = fingerprint(&repo, &nth_key("github", 7));
    repo.write(".keywrightignore", format!("{known} reason=known\n"));
    repo.write("known.baseline", format!("{}\n", fingerprint(&repo, &nth_key("github", 8))))
        .commit("settings");
    let base = repo.id("HEAD");
    repo.branch("topic");
    repo.write("a.env", key("github")).write("b.env", filled("ours_{base36:20}", 1));
    repo.write("known.env", nth_key("github", 7)).write("before.env", nth_key("github", 8));
    (repo, base)
}

/// Returns the fingerprint of a secret.
fn fingerprint(repo: &Repo, secret: &str) -> String {
    let run = repo.program().input(secret).scan(["-"]);
    run.findings()[0]["fingerprint"].as_str().unwrap().to_owned()
}

/// Lets everything in the branch be, in every way that a repository has.
fn let_be(repo: &Repo) {
    let prints: String = [key("github"), filled("ours_{base36:20}", 1)]
        .map(|secret| format!("{} reason=trust-me\n", fingerprint(repo, &secret)))
        .concat();
    repo.write("keywright.toml", "[ignore]\npaths = [\"**\"]\n");
    repo.write(".keywrightignore", &prints).write("known.baseline", &prints);
    repo.write("mine.toml", "[scan]\nfail_on = \"never\"\n").commit("a change that is clean, it says");
}

const LEAKS: [&str; 4] = [
    "history a.env:1 github-personal-token",
    "history b.env:1 ours",
    "history before.env:1 github-personal-token (suppressed)",
    "history known.env:1 github-personal-token (suppressed)",
];

#[test]
fn a_change_that_brings_its_own_ignore_settings_and_baseline_changes_nothing() {
    let (repo, base) = pull_request();
    let_be(&repo);
    let range = format!("{base}..HEAD");
    let fooled = repo.scan(["--range", &range, "--baseline", "known.baseline", "--config", "mine.toml"]);
    assert_eq!(fooled.exits(0).json()["summary"]["leaks"], 0, "without the flag the change is believed");
    let at = ["--range", &range, "--settings-at", &base];
    let run = repo.scan([&at[..], &["--baseline", "known.baseline"]].concat()).exits(1);
    assert_eq!(run.found(), LEAKS);
    let told = format!(
        "settings from keywright.toml at {0}, .keywrightignore at {0}, known.baseline at {0}",
        &base[..10]
    );
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    // However the files are named; and one that only the change has is none.
    let whole = repo.path("known.baseline");
    let run = repo.scan([&at[..], &["--baseline", whole.to_str().unwrap()]].concat()).exits(1);
    assert_eq!(run.found(), LEAKS);
    let odd = "../project/./known.baseline";
    assert_eq!(repo.scan([&at[..], &["--baseline", odd]].concat()).exits(1).found(), LEAKS);
    let run = repo.scan([&at[..], &["--baseline", "known.baseline", "--config", "mine.toml"]].concat());
    assert_eq!(run.exits(1).found(), LEAKS);
    let run = repo.scan([&at[..], &["--ignore-file", "known.baseline", "--rules", "mine.toml"]].concat());
    assert_eq!(run.exits(1).found().iter().filter(|l| l.ends_with("(suppressed)")).count(), 1);
    // A baseline that the change took away is still the base's.
    repo.remove("known.baseline").commit("away");
    let run = repo.scan([&at[..], &["--baseline", "known.baseline"]].concat()).exits(1);
    assert_eq!(run.found(), LEAKS);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_into_the_repository_or_out_of_it_is_no_way_around() {
    let (repo, base) = pull_request();
    let_be(&repo);
    std::fs::remove_file(repo.path("known.baseline")).unwrap();
    let prints = format!("{} reason=x\n", fingerprint(&repo, &key("github")));
    std::fs::write(repo.outside("outside.baseline"), &prints).unwrap();
    std::os::unix::fs::symlink(repo.outside("outside.baseline"), repo.path("known.baseline")).unwrap();
    std::os::unix::fs::symlink(repo.path("known.baseline"), repo.outside("link.baseline")).unwrap();
    std::os::unix::fs::symlink(repo.path(""), repo.outside("door")).unwrap();
    repo.commit("a link");
    let at = ["--range", "topic~2..topic", "--settings-at", &base, "--baseline"];
    assert_eq!(repo.scan([&at[..], &["known.baseline"]].concat()).exits(1).found(), LEAKS);
    assert_eq!(repo.scan([&at[..], &["../door/known.baseline"]].concat()).exits(1).found(), LEAKS);
    // What lies outside is the operator's, whatever leads to it.
    let outside = repo.outside("outside.baseline");
    let run = repo.scan([&at[..], &[outside.to_str().unwrap()]].concat()).exits(1);
    assert!(run.found().contains(&"history a.env:1 github-personal-token (suppressed)".into()), "{run:?}");
}

#[test]
fn a_bare_repository_and_a_first_push_have_it_too() {
    let (repo, base) = pull_request();
    let_be(&repo);
    let bare = repo.clone("served", &["--bare"]);
    let range = format!("{base}..topic");
    assert_eq!(bare.scan(["--range", &range]).exits(0).json()["summary"]["leaks"], 0, "HEAD is the change");
    let run = bare.scan(["--range", &range, "--settings-at", &base]).exits(1);
    assert_eq!(run.found().iter().filter(|l| l.ends_with("(suppressed)")).count(), 1);
    let nothing = "0".repeat(40);
    let run = repo.scan(["--range", &range, "--settings-at", &nothing]).exits(1);
    assert_eq!(run.found().len(), 3, "without settings the rule is not there either: {run:?}");
    assert!(run.stderr.contains("settings from nowhere: the repository has none at no commit"), "{run:?}");
    let first = repo.id(&format!("{base}~1"));
    let run = repo.scan(["--range", &range, "--settings-at", &first]).exits(1);
    let told = format!("settings from nowhere: the repository has none at {}", &first[..10]);
    assert!(run.stderr.contains(&told), "{run:?}");
}

#[test]
fn a_commit_that_is_not_there_is_wrong_use() {
    let (repo, _) = pull_request();
    let run = repo.run(["scan", "--settings-at", "nowhere"]).exits(2);
    assert!(run.stderr.contains("can't find `nowhere` in this repository"), "{run:?}");
    let folder = crate::support::Folder::new();
    let run = folder.program().run(["scan", ".", "--settings-at", "HEAD"]).exits(2);
    assert!(run.stderr.contains("nothing of a repository is scanned"), "{run:?}");
}

#[cfg(feature = "rekey")]
#[test]
fn whom_to_ask_is_not_for_the_repository_to_say() {
    let (repo, base) = pull_request();
    repo.write("mine.toml", "[network]\nallow = [\"127.0.0.1:1\"]\n").commit("settings");
    let run = repo.run(["scan", "--settings-at", &base, "--config", "mine.toml", "--verify"]).exits(2);
    assert!(run.stderr.contains("it says whom to ask"), "{run:?}");
}
