//! action.yml, its scripts and the workflows to copy: against their schemas, their linters, and what must not be in
//! them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{checkers, root};

/// Every YAML file of a folder whose name begins so.
fn files(folder: &str, begins: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path());
    let is = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(begins);
    let mut files: Vec<_> = entries.filter(is).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[track_caller]
fn passes(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

#[test]
fn every_file_is_what_its_service_takes() {
    let Some(checkers) = checkers() else { return };
    let check = |schema: &str, more: &[&str], files: &[PathBuf]| {
        let mut command = Command::new(checkers.join("venv/bin/check-jsonschema"));
        passes(command.args(["--builtin-schema", schema]).args(more).args(files));
    };
    check("vendor.github-actions", &[], &[root().join("action.yml")]);
    check("vendor.github-workflows", &[], &files("docs/ci", "github"));
    check("vendor.gitlab-ci", &["--data-transform", "gitlab-ci"], &files("docs/ci", "gitlab"));
    check("vendor.bitbucket-pipelines", &[], &files("docs/ci", "bitbucket"));
    check("vendor.woodpecker-ci", &[], &files("docs/ci", "woodpecker"));
    let azure = ["--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"];
    check("vendor.azure-pipelines", &azure, &files("docs/ci", "azure"));
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
fn linters_have_nothing_to_say() {
    let Some(checkers) = checkers() else { return };
    let actionlint = checkers.join("bin/actionlint");
    if actionlint.exists() {
        for file in files("docs/ci", "github") {
            passes(Command::new(&actionlint).arg(file));
        }
    } else {
        println!("skipped: actionlint wants Go, which this machine has not");
    }
    let scripts: Vec<PathBuf> =
        files("action", "").into_iter().chain(files("tests/frameworks", "")).collect();
    passes(Command::new("shellcheck").current_dir(root()).arg("-x").args(scripts));
}

#[test]
fn nothing_from_outside_is_pasted_into_a_script() {
    let all = files("docs/ci", "github").into_iter().chain([root().join("action.yml")]);
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        let mut script = None;
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            let is_run = line.trim_start().trim_start_matches("- ").starts_with("run:");
            if script.is_some_and(|begun| depth > begun) || is_run {
                assert!(!line.contains("${{"), "{}: {line}", file.display());
            } else if !line.trim().is_empty() {
                script = None;
            }
            if is_run {
                script = Some(depth);
            }
        }
        // What somebody chose to write is named nowhere at all.
        for field in [
            "title",
            ".body",
            "head.ref",
            "head.label",
            "head_ref",
            "head_branch",
            ".message",
            "github.actor",
        ] {
            assert!(
                !text.contains(&format!("github.event.{field}"))
                    && !text.contains(&format!("pull_request.{field}"))
            );
        }
        assert!(!text.contains("github.head_ref") && !text.contains("workflow_run.head_branch"));
    }
}

#[test]
fn every_action_is_pinned_by_its_commit() {
    let all = files("docs/ci", "github").into_iter().chain([root().join("action.yml")]);
    for file in all {
        let text = fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| line.contains("uses:")) {
            let at = line.split('@').nth(1).unwrap().split(' ').next().unwrap();
            let is_id = at.len() == 40 && at.bytes().all(|b| b.is_ascii_hexdigit());
            assert!(is_id || at == "COMMIT", "{}: {line}", file.display());
        }
    }
}
