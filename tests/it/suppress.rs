//! Stated reasons to let findings be: `.keywrightignore`, baselines, `keywright ignore`.

use std::collections::HashMap;
use std::fs;

use crate::support::{Repo, Run, key, nth_key};

/// A repository with one leak, committed.
fn leaky() -> Repo {
    let repo = Repo::new();
    repo.write("a.env", format!("TOKEN={}\n", key("github"))).commit("add");
    repo
}

/// The fingerprint of the one finding there is.
#[track_caller]
fn print_of(repo: &Repo) -> String {
    let found = repo.scan(["--no-ignore", "--files"]).findings();
    assert_eq!(found.len(), 1);
    found[0]["fingerprint"].as_str().unwrap().into()
}

#[test]
fn one_entry_serves_every_mode_of_scanning() {
    let repo = leaky();
    let print = print_of(&repo);
    repo.run(["ignore", "add", &print[..12], "--reason", "the sandbox's key", "--owner", "ada"]).exits(0);
    repo.commit("let it be");
    repo.write("b.env", format!("# first\nTOKEN={}\n", key("github"))).stage("b.env");
    for narrow in [&["--staged"][..], &["--files"], &["--history"], &["--since-commit", "HEAD~1"], &[]] {
        let run = repo.scan(narrow).exits(0);
        assert!(
            run.found().iter().all(|line| line.ends_with("(suppressed)")),
            "{narrow:?}: {:?}",
            run.found()
        );
    }
    repo.commit("move");
    let range = repo.scan(["--range", "HEAD~1..HEAD"]).exits(0);
    let suppression = &range.findings()[0]["suppression"];
    assert_eq!(suppression["kind"], "ignore");
    assert_eq!(suppression["by"], ".keywrightignore");
    assert_eq!(suppression["reason"], "the sandbox's key");
    assert_eq!(suppression["owner"], "ada");
    let bare = repo.clone("bare.git", &["--bare"]);
    assert_eq!(bare.scan::<&str>([]).exits(0).findings()[0]["suppression"]["owner"], "ada");
    let stream = repo.program().input(format!("{}\n", key("github"))).scan(["-"]).exits(0);
    assert_eq!(stream.found(), ["stdin stdin:1 github-personal-token (suppressed)"]);
    repo.scan(["--no-ignore"]).exits(1);
}

#[test]
fn a_different_secret_on_the_same_line_is_found() {
    let repo = leaky();
    repo.run(["ignore", "add", "a.env:1", "--reason", "x"]).exits(0);
    repo.write("a.env", format!("TOKEN={}\n", nth_key("github", 2)));
    assert_eq!(repo.scan(["--files"]).exits(1).found(), ["working-tree a.env:1 github-personal-token"]);
}

#[test]
fn an_entry_is_added_listed_and_pruned() {
    let repo = leaky();
    insta::assert_snapshot!(
        repo.run(["ignore", "add", "a.env:1", "--reason", "made up", "--owner", "ada", "--expires", "2999-12-31"]).screen(),
        @r"
    let be until 2999-12-31: [fp] · github-personal-token · a.env
    wrote .keywrightignore and .gitattributes; commit it
    exit 0
    ");
    assert_eq!(fs::read_to_string(repo.path(".gitattributes")).unwrap(), "/.keywrightignore merge=union\n");
    insta::assert_snapshot!(repo.run(["ignore", "list"]).screen(), @r"
    [fp]  github-personal-token · a.env
      made up · ada · until 2999-12-31
    1 entry in .keywrightignore
    exit 0
    ");
    let listed = repo.run(["ignore", "list", "--format", "json"]).exits(0).json();
    assert_eq!(listed[0]["expires"], "2999-12-31");
    assert_eq!(listed[0]["expired"], false);
    repo.run(["ignore", "prune"]).exits(0);
    assert_eq!(repo.run(["ignore", "list", "--format", "json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn every_mark_is_listed_and_lets_a_leak_be() {
    let repo = Repo::new();
    let listed = repo.run(["ignore", "marks", "--format", "json"]).exits(0).json();
    let cards = listed.as_array().unwrap();
    assert!(cards.len() >= 16, "{}", cards.len());
    for card in cards {
        let (mark, counts) = (card["mark"].as_str().unwrap(), card["counts"].as_str().unwrap());
        let text = match counts {
            "ends the block" => continue,
            _ if counts.contains("before") && !counts.contains("on the secret's") => {
                format!("# {mark}\n{}\n", key("github"))
            }
            _ => format!("{} # {mark}\n", key("github")),
        };
        repo.write("a.env", text);
        assert_eq!(repo.scan(["--files"]).exits(0).findings()[0]["suppression"]["by"], mark, "{mark}");
        let others = cards.iter().filter(|c| c["tool"] != card["tool"]).map(|c| c["tool"].as_str().unwrap());
        repo.scan(["--files", "--marks", &others.collect::<Vec<_>>().join(",")]).exits(1);
    }
    assert!(repo.run(["ignore", "marks"]).exits(0).text().contains("gitleaks:allow"));
}

#[test]
fn an_entry_that_hides_nothing_is_told_and_pruned() {
    let repo = Repo::new();
    let entry = format!("{} rule=r owner=ada reason=\"long gone\"\n", "0f".repeat(32));
    repo.write(".keywrightignore", &entry).commit("add");
    let run = repo.run(["scan"]).exits(0);
    assert!(
        run.stderr
            .contains("1 suppression hides nothing: 0f0f0f0f0f0f (long gone); `keywright ignore prune`"),
        "{}",
        run.stderr
    );
    // A part cannot tell what the whole holds.
    assert!(!repo.run(["scan", "--files"]).exits(0).stderr.contains("hides nothing"));
    assert!(repo.run(["ignore", "prune", "--dry-run"]).exits(0).text().contains("1 would go, 0 kept"));
    assert_eq!(fs::read_to_string(repo.path(".keywrightignore")).unwrap(), entry);
    assert!(repo.run(["ignore", "prune"]).exits(0).text().contains("1 gone, 0 kept"));
    assert_eq!(fs::read_to_string(repo.path(".keywrightignore")).unwrap(), "# keywright suppressions v1\n");
}

#[test]
fn an_expired_entry_hides_nothing_and_is_told() {
    let repo = leaky();
    let print = print_of(&repo);
    repo.write(".keywrightignore", format!("{print} expires=2020-01-31 reason=\"until the move\"\n"));
    let run = repo.run(["scan"]).exits(1);
    assert!(run.stderr.contains("1 suppression has expired and hides nothing"), "{}", run.stderr);
    assert!(repo.run(["ignore", "list"]).text().contains("expired on 2020-01-31: hides nothing"));
    let add = repo.run(["ignore", "add", &print, "--reason", "x", "--expires", "2020-01-31"]).exits(2);
    assert!(add.stderr.contains("that day is over"), "{}", add.stderr);
}

#[test]
fn of_two_that_disagree_the_stricter_one_holds() {
    let repo = leaky();
    let print = print_of(&repo);
    repo.write(".keywrightignore", format!("{print} reason=x\n{print} reason=x expires=2020-01-31\n"));
    let run = repo.run(["scan"]).exits(1);
    assert!(
        run.stderr.contains("disagree about its expires in .keywrightignore; the stricter one holds"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_secret_pasted_into_the_file_is_refused_and_not_repeated() {
    let repo = leaky();
    let secret = key("github");
    for line in [format!("{secret}\n"), format!("{} reason=\"the key {secret}\"\n", "0f".repeat(32))] {
        repo.write(".keywrightignore", &line);
        let run = repo.run(["scan", "--staged"]).exits(2);
        assert!(run.stderr.contains(".keywrightignore: line 1: a secret stands in it"), "{}", run.stderr);
        assert!(!run.stderr.contains(&secret) && run.text().is_empty());
    }
    repo.remove(".keywrightignore");
    let run = repo.run(["ignore", "add", "a.env:1", "--reason", &format!("it is {secret}")]).exits(2);
    assert!(run.stderr.contains("a secret stands in it"), "{}", run.stderr);
    assert!(!repo.path(".keywrightignore").exists());
    // Nor is a word repeated that names no finding.
    let run = repo.run(["ignore", "add", &secret, "--reason", "x"]).exits(2);
    assert!(!run.stderr.contains(&secret), "{}", run.stderr);
}

#[test]
fn a_password_without_a_shape_pasted_into_the_file_is_refused_and_not_repeated() {
    let repo = leaky();
    repo.write(".keywrightignore", "correct-horse-battery\n");
    let run = repo.run(["scan"]).exits(2);
    assert!(
        run.stderr.contains("line 1") && run.stderr.contains("begins with no fingerprint"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("correct-horse"));
}

#[test]
fn what_stands_in_a_baseline_is_known_and_what_is_new_fails() {
    let repo = leaky();
    repo.run(["ignore", "baseline", "--output", "known"]).exits(0);
    repo.run(["scan", "--format", "json", "--output", "report.json"]).exits(1);
    for baseline in ["known", "report.json"] {
        let run = repo.scan(["--files", "--baseline", baseline, "--fail-on", "new"]).exits(0);
        assert_eq!(run.findings()[0]["suppression"]["kind"], "baseline");
    }
    repo.write("b.env", nth_key("github", 2));
    repo.scan(["--files", "--baseline", "known", "--fail-on", "new"]).exits(1);
    let run = repo.run(["scan", "--fail-on", "new"]).exits(2);
    assert!(run.stderr.contains("can't tell what is new"), "{}", run.stderr);
    // Nothing changes from one writing to the next.
    let before = fs::read(repo.path("known")).unwrap();
    repo.remove("b.env").run(["ignore", "baseline", "--output", "known"]).exits(0);
    assert_eq!(fs::read(repo.path("known")).unwrap(), before);
}

#[test]
fn a_broken_baseline_is_refused_whole() {
    let repo = leaky();
    repo.run(["scan", "--format", "json", "--output", "report.json"]).exits(1);
    let whole = fs::read_to_string(repo.path("report.json")).unwrap();
    for (text, why) in [
        (whole[..whole.len() / 2].to_owned(), "the JSON breaks off here"),
        (whole.replace("\"fingerprint\"", "\"print\""), "has no fingerprint"),
        ("# keywright suppressions v2\n".into(), "it is of another version than 1"),
        (format!("{} rule=a\n{}\n", "0f".repeat(32), "0f".repeat(20)), "line 2"),
        ("{\"version\": \"1.5.0\", \"results\": {}}".into(), "keywright migrate"),
    ] {
        repo.write("baseline", text);
        let run = repo.run(["scan", "--baseline", "baseline"]).exits(2);
        assert!(run.stderr.contains(why), "{why}: {}", run.stderr);
        assert!(run.text().is_empty());
    }
    repo.run(["scan", "--baseline", "absent"]).exits(2);
}

#[test]
fn two_branches_that_both_add_entries_merge_without_conflict() {
    let repo = Repo::new();
    for n in 0..6 {
        repo.write(format!("{n}.env"), nth_key("github", n));
    }
    repo.commit("keys");
    repo.run(["ignore", "add", "0.env:1", "--reason", "x"]).exits(0);
    repo.commit("first");
    repo.branch("side");
    for n in [1, 2] {
        repo.run(["ignore", "add", &format!("{n}.env:1"), "--reason", "side"]).exits(0);
    }
    repo.commit("side");
    repo.go("main");
    for n in [3, 4, 5] {
        repo.run(["ignore", "add", &format!("{n}.env:1"), "--reason", "main"]).exits(0);
    }
    repo.commit("main");
    repo.git(["merge", "--no-edit", "side"]);
    repo.scan::<&str>([]).exits(0);
    assert_eq!(repo.run(["ignore", "list", "--format", "json"]).json().as_array().unwrap().len(), 6);
}

#[test]
fn a_fingerprint_is_the_same_on_two_machines_and_in_two_clones() {
    let repo = Repo::new();
    repo.write("a.env", format!("TOKEN={}\n", key("github")));
    repo.write("b.ini", "url = postgres://app:sunshine7@db.corp.test/x\n").commit("add");
    let prints = |run: Run| -> Vec<String> {
        let mut all: Vec<_> =
            run.findings().iter().map(|f| f["fingerprint"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    let here = prints(repo.scan(["--min-confidence", "low"]));
    assert!(here.len() >= 2, "{here:?}");
    let clone = repo.clone("clone", &[]);
    let elsewhere = clone
        .program()
        .env("HOME", "/nowhere")
        .env("USER", "bob")
        .env("HOSTNAME", "ci-7")
        .env("TZ", "Asia/Tokyo");
    assert_eq!(prints(elsewhere.scan(["--min-confidence", "low"])), here);
}

/// A thief of the repository has the fingerprint, the rule, the path and the masked line, and puts each
/// of the commonest passwords into its place to see which has that fingerprint.
#[test]
fn a_weak_password_cannot_be_guessed_from_the_ignore_file() {
    let Some(list) = std::env::var_os("KEYWRIGHT_COMMON_PASSWORDS") else {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run names the list");
        return;
    };
    let list = fs::read_to_string(list).unwrap();
    let words: Vec<&str> = list.lines().filter(|w| w.bytes().all(|b| b.is_ascii_alphanumeric())).collect();
    assert!(words.len() > 9_000, "{}", words.len());
    // One stream: the same path, the same rule and, once masked, the same line for every guess.
    let text: String =
        words.iter().map(|word| format!("postgres://app:{word}@db.corp.test:5432/orders\n")).collect();
    let run = Repo::new().program().input(text).scan(["-", "--min-confidence", "low"]);
    let mut fitting = HashMap::<String, Vec<&str>>::new();
    for finding in run.findings() {
        let word = words[usize::try_from(finding["line"].as_u64().unwrap()).unwrap() - 1];
        fitting.entry(finding["fingerprint"].as_str().unwrap().into()).or_default().push(word);
    }
    let found: usize = fitting.values().map(Vec::len).sum();
    assert!(found > 9_000, "the rule found {found} of {}", words.len());
    for (print, words) in fitting {
        assert!(print.starts_with("weak-"), "a common password has a whole fingerprint: {words:?}");
        assert!(words.len() >= 10, "{print} fits only {words:?}");
    }
}
