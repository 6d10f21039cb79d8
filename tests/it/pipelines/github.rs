//! The workflows of docs/ci, step by step; `uses` but for the action's own is listed and not run.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
#[cfg(feature = "rekey")]
use std::process::Command;

use serde_json::{Value, json};

use super::Machine;
use crate::action::{checkers, runner};
use crate::support::{Repo, key};

/// Runs a job of a workflow, or the action with a comment; returns what the runner says, and RUNNER_TEMP.
fn workflow(
    machine: &Machine,
    file: &str,
    checkout: &Repo,
    github: &Value,
    more: &[(&str, &str)],
) -> (Value, PathBuf) {
    let temp = machine.host.outside("runner");
    let _ = fs::create_dir(&temp);
    let mut env = json!({
        "PATH": machine.path(), "HOME": temp.to_str().unwrap(), "RUNNER_TEMP": temp.to_str().unwrap(),
        "GITHUB_WORKSPACE": checkout.path("").to_str().unwrap(), "GITHUB_REPOSITORY": "acme/shop",
        "CI": "true", "GITHUB_ACTIONS": "true", "GIT_CONFIG_NOSYSTEM": "1",
    });
    for (name, value) in
        ["CARGO_HOME", "RUSTUP_HOME"].iter().filter_map(|n| Some((*n, std::env::var(n).ok()?)))
    {
        env[name] = value.into();
    }
    if env["RUSTUP_HOME"].is_null() {
        env["RUSTUP_HOME"] = format!("{}/.rustup", std::env::var("HOME").unwrap()).into();
    }
    for (name, value) in more {
        env[*name] = (*value).into();
    }
    let inputs = json!({"version": "installed", "comment": "true"});
    let asked = json!({"github": github, "env": env, "inputs": inputs});
    let told = runner(&[OsStr::new(file), temp.as_os_str()], &asked);
    (told, temp)
}

/// What one step was given.
fn given(told: &Value, uses: &str, input: &str) -> String {
    let steps = told["steps"].as_array().unwrap();
    let step = steps.iter().find(|s| s["uses"].as_str().is_some_and(|u| u.starts_with(uses)));
    step.unwrap_or_else(|| panic!("no step {uses}: {told}"))["with"][input].as_str().unwrap().to_owned()
}

fn pull_request(machine: &Machine) -> Value {
    json!({
        "event_name": "pull_request", "sha": machine.base, "ref": "refs/pull/7/merge", "token": "none",
        "event": {
            "repository": {"default_branch": "main"},
            "pull_request": {"base": {"sha": machine.base}, "head": {"sha": machine.head}},
        },
    })
}

#[test]
fn a_pull_request_is_scanned_and_its_report_kept() {
    if checkers().is_none() {
        return;
    }
    let machine = Machine::new();
    let checkout = machine.host.clone("checkout", &["--depth=1"]);
    let (told, _) = workflow(&machine, "docs/ci/github.yml#scan", &checkout, &pull_request(&machine), &[]);
    assert_eq!(
        (&told["well"], &told["outputs"]["keywright"]["findings"]),
        (&json!(false), &json!("1")),
        "{told}"
    );
    assert!(machine.called().starts_with("build --release --locked --quiet --no-default-features"), "{told}");
    let sarif = given(&told, "actions/upload-artifact@", "path");
    assert_eq!(PathBuf::from(&sarif).file_name().unwrap(), "keywright.sarif");
    assert!(fs::read_to_string(sarif).unwrap().contains("new.env"));
    // A change that brings nothing in is drawn green, and still leaves its report.
    let mut event = pull_request(&machine);
    event["event"]["pull_request"]["head"]["sha"] = machine.base.clone().into();
    let (told, _) = workflow(&machine, "docs/ci/github.yml#scan", &checkout, &event, &[]);
    assert_eq!(
        (&told["well"], &told["outputs"]["keywright"]["findings"]),
        (&json!(true), &json!("0")),
        "{told}"
    );
}

#[test]
fn a_fork_leaves_hints_that_hold_no_secret_and_no_path() {
    if checkers().is_none() {
        return;
    }
    let machine = Machine::new();
    let checkout = machine.host.clone("checkout", &["--depth=1"]);
    let (told, _) =
        workflow(&machine, "docs/ci/github-fork-scan.yml#scan", &checkout, &pull_request(&machine), &[]);
    assert_eq!(told["well"], false, "{told}");
    let path = given(&told, "actions/upload-artifact@", "path");
    let hints = fs::read_to_string(checkout.path(path)).unwrap();
    assert!(hints.contains("keywright-hints") && hints.contains("github-personal-token"), "{hints}");
    assert!(!hints.contains("new.env") && !hints.contains(&key("github")), "{hints}");
}

#[cfg(feature = "rekey")]
#[test]
fn a_fork_is_answered_by_a_job_that_runs_nothing_of_it() {
    use crate::support::github_host::{GithubHost, State, TOKEN};

    let Some(checkers) = checkers() else { return };
    let machine = Machine::new();
    let checkout = machine.host.clone("checkout", &["--depth=1"]);
    let (told, temp) =
        workflow(&machine, "docs/ci/github-fork-scan.yml#scan", &checkout, &pull_request(&machine), &[]);
    let hints = checkout.path(given(&told, "actions/upload-artifact@", "path"));

    let host = GithubHost::start(State::default());
    host.state().pulls = vec![(7, "open", machine.head.clone(), machine.base.clone())];
    let operator = machine.host.outside("operator.toml");
    let place = host.place();
    let text = format!(
        "[network]\nallow = [\"{place}\"]\n[hosts.github]\napi = \"http://{place}\"\ntoken = \"env:GITHUB_TOKEN\"\n"
    );
    fs::write(&operator, text).unwrap();
    fs::create_dir(temp.join("artifact")).unwrap();
    let archive = temp.join("artifact/keywright-hints.zip");
    let zip = |name: &str, file: &std::path::Path| {
        let pack = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED).write(sys.argv[3], sys.argv[2])";
        let mut python = Command::new(checkers.join("venv/bin/python"));
        let status = python.args(["-c", pack]).arg(&archive).arg(name).arg(file).status().unwrap();
        assert!(status.success());
    };
    let answer = || {
        let _ = fs::remove_dir_all(temp.join("objects.git"));
        let github = json!({
            "event_name": "workflow_run", "token": TOKEN, "repository": "project",
            "server_url": format!("file://{}", machine.host.outside("").display()),
            "event": {"workflow_run": {"id": "1", "event": "pull_request", "head_sha": machine.head}},
        });
        let config = operator.to_str().unwrap();
        workflow(
            &machine,
            "docs/ci/github-fork-answer.yml#answer",
            &checkout,
            &github,
            &[("KEYWRIGHT_CONFIG", config)],
        )
        .0
    };
    zip("keywright-hints.json", &hints);
    let told = answer();
    assert_eq!(told["well"], true, "{told}");
    let comments: Vec<String> = host.state().comments.values().cloned().collect();
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert!(comments[0].contains("new.env") && !comments[0].contains(&key("github")), "{}", comments[0]);
    assert!(!temp.join("objects.git/index").exists(), "something was checked out");

    // An archive that would grow is cut off, and one that holds something else says nothing.
    let large = machine.host.outside("large");
    fs::write(&large, vec![b' '; 64 << 20]).unwrap();
    zip("keywright-hints.json", &large);
    let told = answer();
    assert_eq!(told["well"], false, "{told}");
    assert!(fs::metadata(temp.join("hints.json")).unwrap().len() <= 8_388_609);
    zip("../../escaped.json", &hints);
    assert_eq!(answer()["well"], false);
    assert!(!temp.join("../escaped.json").exists());
    assert_eq!(host.state().comments.len(), 1);
}

#[cfg(feature = "rekey")]
#[test]
fn the_action_keeps_one_comment() {
    use crate::support::github_host::{GithubHost, State, TOKEN};

    if checkers().is_none() {
        return;
    }
    let machine = Machine::new();
    let checkout = machine.host.clone("checkout", &["--depth=1"]);
    let host = GithubHost::start(State::default());
    let operator = machine.host.outside("operator.toml");
    let place = host.place();
    let settings = format!("[network]\nallow = [\"{place}\"]\n[hosts.github]\napi = \"http://{place}\"\n");
    fs::write(&operator, settings + "token = \"env:GITHUB_TOKEN\"\n").unwrap();
    let run = |head: &str, token: &str| {
        host.state().pulls = vec![(7, "open", head.to_owned(), machine.base.clone())];
        let mut event = pull_request(&machine);
        event["event"]["pull_request"]["head"]["sha"] = head.into();
        event["token"] = token.into();
        let config = operator.to_str().unwrap();
        workflow(&machine, "action.yml", &checkout, &event, &[("KEYWRIGHT_CONFIG", config)]).0
    };
    let last = |told: &Value| told["steps"].as_array().unwrap().last().unwrap().clone();
    let told = run(&machine.head, TOKEN);
    // The scan has failed for the leak; the comment is written all the same.
    assert_eq!((&told["well"], &last(&told)["code"]), (&json!(false), &json!(0)), "{told}");
    let comments: Vec<String> = host.state().comments.values().cloned().collect();
    assert!(comments.len() == 1 && comments[0].contains("new.env"), "{comments:?}");
    let told = run(&machine.base, TOKEN);
    assert_eq!(told["well"], true, "{told}");
    assert_eq!(host.state().comments.len(), 0);
    // A job that may not comment says what it wants.
    let told = run(&machine.head, "wrong");
    assert!(last(&told)["said"].as_str().unwrap().contains("pull-requests: write"), "{told}");
}
