//! gitleaks' commands: what they find, how they tell it, and how they end.

use std::fs;

use serde_json::Value;

use crate::support::{Repo, key, nth_key};

/// A repository with one key committed and taken out, one committed, one staged, one only on disk, and
/// one that git ignores.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.write("old.env", nth_key("github", 1)).write(".gitignore", "ignored.env\n").commit("first");
    repo.remove("old.env").write("now.env", nth_key("github", 2)).commit("second");
    repo.write("staged.env", nth_key("github", 3)).stage("staged.env");
    repo.write("disk.env", nth_key("github", 4)).write("ignored.env", nth_key("github", 5));
    repo
}

/// Runs an alias and returns the files its report names, sorted.
fn files(repo: &Repo, args: &[&str], code: i32) -> Vec<String> {
    let args: Vec<&str> = args.iter().copied().chain(["--report-path", "-"]).collect();
    let run = repo.run(args).exits(code);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let file = |f: &Value| f["File"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let mut files: Vec<String> = report.as_array().unwrap().iter().map(file).collect();
    files.sort();
    files
}

/// The files that `keywright scan` finds leaks in that count.
fn scanned(repo: &Repo, args: &[&str]) -> Vec<String> {
    let run = repo.scan(args);
    let counts = run.findings().into_iter().filter(|f| f["counts"] == true);
    let mut files: Vec<String> =
        counts.map(|f| f["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()).collect();
    files.sort();
    files
}

#[test]
fn each_command_finds_what_the_scan_it_stands_for_finds() {
    let repo = repo();
    for (alias, scan) in [
        (&["detect"][..], &["--history"][..]),
        (&["detect", "--source", "."], &["--history"]),
        (&["git"], &["--history"]),
        (&["git", "--log-opts=--all", "."], &["--history"]),
        (&["git", "--log-opts", "HEAD~1..HEAD"], &["--range", "HEAD~1..HEAD"]),
        (&["detect", "--log-opts=-n 1"], &["--range", "HEAD~1..HEAD"]),
        (&["git", "--log-opts", "-n 7"], &["--history"]),
        (&["git", "--staged"], &["--staged"]),
        (&["protect", "--staged", "-v"], &["--staged"]),
        (&["protect"], &["--files"]),
        (&["git", "--pre-commit"], &["--files"]),
    ] {
        let found = files(&repo, alias, 1);
        assert_eq!(found, scanned(&repo, scan), "{alias:?}");
        assert!(!found.is_empty(), "{alias:?}");
    }
}

#[test]
fn a_folder_is_looked_at_as_it_stands() {
    let repo = repo();
    let all = ["disk.env", "ignored.env", "now.env", "staged.env"];
    assert_eq!(files(&repo, &["dir", "."], 1), all);
    assert_eq!(files(&repo, &["detect", "--no-git", "-s", "."], 1), all);
    assert_eq!(files(&repo, &["dir", "ignored.env"], 1), ["ignored.env"]);
}

#[test]
fn a_stream_is_looked_at() {
    let repo = Repo::new();
    for args in [&["stdin"][..], &["detect", "--pipe"]] {
        let run = repo.program().input(key("github")).run(args).exits(1);
        assert!(run.text().contains("github-personal-token"), "{}", run.text());
        repo.program().input("nothing").run(args).exits(0);
    }
}

#[test]
fn the_pre_commit_hooks_line_works_as_it_stands() {
    let repo = repo();
    let line = ["git", "--pre-commit", "--redact", "--staged", "--verbose"];
    let run = repo.run(line).exits(1);
    assert!(run.text().contains("staged.env") && !run.text().contains("disk.env"), "{}", run.text());
    assert!(!run.text().contains(&nth_key("github", 3)), "the key is shown");
    assert_eq!(run.stderr, "");
    repo.git(["reset", "--quiet"]);
    repo.run(line).exits(0);
}

#[test]
fn a_folder_inside_a_repository_stands_for_it() {
    let repo = repo();
    repo.write("src/lib.rs", "");
    let run = repo.run(["git", "src", "--report-path", "-"]).exits(1);
    assert!(run.text().contains("old.env"), "{}", run.text());
    let run = repo.run(["git", "gone"]);
    assert_ne!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn the_exit_code_is_the_callers() {
    let repo = repo();
    repo.run(["git", "--exit-code", "42"]).exits(42);
    repo.run(["git", "--exit-code", "0"]).exits(0);
    let clean = Repo::new();
    clean.write("a.txt", "nothing").commit("first");
    clean.run(["git", "--exit-code", "42"]).exits(0);
    clean.run(["git", "--exit-code", "42", "--log-opts", "gone..HEAD"]).exits(2);
}

#[test]
fn reports_are_gitleaks_and_people_read_the_screen() {
    let repo = repo();
    for (flags, file, begins) in [
        (&["-r", "out.json"][..], "out.json", "["),
        (&["--report-path", "out.txt"], "out.txt", "["),
        (&["-f", "csv", "-r", "out.csv"], "out.csv", "\"rule\""),
        (&["-f", "sarif", "-r", "out.sarif"], "out.sarif", "{"),
        (&["-f", "junit", "-r", "out.xml"], "out.xml", "<?xml"),
    ] {
        let run = repo.run([&["git", "--no-banner"], flags].concat()).exits(1);
        assert!(run.text().contains("old.env"), "{}", run.text());
        let report = fs::read_to_string(repo.path(file)).unwrap();
        assert!(report.to_lowercase().starts_with(begins), "{report}");
        assert!(!report.contains(&nth_key("github", 1)), "{file} shows the key");
    }
}

const RULE: &str = "[[rules]]\nid = \"acme\"\nregex = 'acme_[a-z]{8}'\n";

#[test]
fn a_config_is_the_operators_word() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).write("b.env", "acme_qwmzxpvt").commit("first");
    repo.write("own.toml", RULE);
    repo.write("more.toml", format!("[extend]\nuseDefault = true\n{RULE}"));
    repo.write("on.toml", "[extend]\npath = 'own.toml'\n");
    repo.write("off.toml", "[extend]\nuseDefault = true\ndisabledRules = ['github-personal-token']\n");
    repo.write("let.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['''a\\.env''']\n");
    assert_eq!(files(&repo, &["git"], 1), ["a.env"]);
    assert_eq!(files(&repo, &["git", "-c", "own.toml"], 1), ["b.env"]);
    assert_eq!(files(&repo, &["git", "--config", "more.toml"], 1), ["a.env", "b.env"]);
    assert_eq!(files(&repo, &["git", "-c", "on.toml"], 1), ["b.env"]);
    assert_eq!(files(&repo, &["git", "-c", "off.toml"], 0), Vec::<String>::new());
    assert_eq!(files(&repo, &["git", "-c", "let.toml"], 0), Vec::<String>::new());
    repo.run(["git", "-c", "gone.toml"]).exits(2);
}

#[test]
fn the_environment_names_a_config_for_these_commands_only() {
    let repo = Repo::new();
    repo.write("b.env", "acme_qwmzxpvt").commit("first").write("own.toml", RULE);
    repo.program().env("GITLEAKS_CONFIG", "own.toml").run(["git"]).exits(1);
    repo.program().env("GITLEAKS_CONFIG_TOML", RULE).run(["git"]).exits(1);
    repo.program().env("GITLEAKS_CONFIG", "own.toml").run(["scan"]).exits(0);
    // A scanned repository has no say.
    repo.write(".gitleaks.toml", RULE);
    let run = repo.run(["git"]).exits(0);
    assert!(run.stderr.contains("--config .gitleaks.toml"), "{}", run.stderr);
}

#[test]
fn what_cannot_be_kept_is_refused_with_a_way_out() {
    let repo = repo();
    for (args, fix) in [
        (&["detect", "--baseline-path", "b.json"][..], "name a file that gitleaks wrote"),
        (&["dir", "-i", "absent"], "name a .gitleaksignore"),
        (&["git", "--log-opts", "--reflog"], "--range"),
        (&["git", "--timeout", "10"], "timeout 10 keywright"),
        (&["git", "-f", "template", "-r", "x"], "sarif"),
        (&["dir", "--follow-symlinks"], "name the folder"),
    ] {
        let run = repo.run(args).exits(2);
        assert!(run.stderr.contains(fix), "{args:?}\n{}", run.stderr);
    }
}

#[test]
fn flags_that_change_nothing_are_taken() {
    let args = [
        "git",
        "--no-banner",
        "--no-color",
        "-v",
        "-l",
        "debug",
        "--redact=75",
        "--max-target-megabytes",
        "5",
        "--max-decode-depth",
        "5",
        "--timeout",
        "0",
        "--max-archive-depth",
        "0",
    ];
    let run = repo().run(args).exits(1);
    assert!(run.stderr.contains("note: --max-target-megabytes"), "{}", run.stderr);
}

#[test]
fn each_command_says_what_it_stands_for() {
    let repo = Repo::new();
    for command in ["detect", "protect", "git", "dir", "stdin"] {
        let run = repo.run([command, "--help"]).exits(0);
        assert!(run.text().starts_with(&format!("gitleaks {command}: keywright scan")), "{}", run.text());
    }
    let help = repo.run(["--help"]).exits(0).text();
    assert!(help.contains("gitleaks' commands (detect, protect, git, dir, stdin) are understood"), "{help}");
    assert!(!help.lines().any(|l| l.trim_start().starts_with("protect ")), "{help}");
}
