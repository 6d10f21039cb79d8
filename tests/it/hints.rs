//! Reports that the real tools write lead to the places they were written about.

use std::path::PathBuf;
use std::process::Command;

use keywright::respond::hint;

use crate::support::{Repo, key};

/// The folder of the real scanners; a test without them says so.
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
fn peers() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWRIGHT_PEERS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run sets the scanners up");
        println!("skipped: KEYWRIGHT_PEERS names no folder of scanners (tests/peers/setup.sh)");
    }
    folder
}

/// A repository with one leak, on line 3 of a file whose name needs escaping in a URI.
fn leaky() -> Repo {
    let repo = Repo::new();
    repo.write("src/a b.py", format!("import x\n\nTOKEN = \"{}\"\n", key("github"))).commit("first");
    repo
}

/// Where a report leads: tool, path, line, commit.
fn told(bytes: &[u8]) -> (String, String, Option<u64>, Option<String>) {
    let report = hint::read(bytes).unwrap();
    assert!(!format!("{report:?}").contains(&key("github")));
    assert_eq!((report.hints.len(), report.unread), (1, 0));
    let hint = &report.hints[0];
    (report.tool, hint.path.clone(), hint.line, hint.commit.clone())
}

#[test]
fn the_reports_of_the_real_gitleaks_and_detect_secrets_are_read() {
    let Some(peers) = peers() else { return };
    let repo = leaky();
    let head = repo.id("HEAD");
    for format in ["json", "sarif"] {
        let report = repo.outside(format);
        let mut gitleaks = Command::new(peers.join("gitleaks"));
        gitleaks.args(["git", "--no-banner", "-f", format, "-r"]).arg(&report).arg(".");
        gitleaks.current_dir(repo.path("")).output().unwrap();
        let wanted = ("gitleaks".into(), "src/a b.py".into(), Some(3), Some(head.clone()));
        assert_eq!(told(&std::fs::read(report).unwrap()), wanted, "{format}");
    }
    let baseline = Command::new(peers.join("detect-secrets"))
        .args(["scan", "--disable-plugin", "KeywordDetector"])
        .args(["--disable-plugin", "Base64HighEntropyString"])
        .current_dir(repo.path(""))
        .output()
        .unwrap();
    assert_eq!(told(&baseline.stdout), ("detect-secrets".into(), "src/a b.py".into(), Some(3), None));
}

#[test]
fn what_this_program_reports_itself_is_read_back() {
    let repo = leaky();
    for format in ["sarif", "gitlab", "gitleaks-json"] {
        let run = repo.run(["scan", "--history", "--format", format]);
        let (_, path, line, commit) = told(run.text().as_bytes());
        assert_eq!((path.as_str(), line), ("src/a b.py", Some(3)), "{format}");
        assert_eq!(commit, Some(repo.id("HEAD")), "{format}");
    }
}
