//! The action: its steps, run as GitHub's runner runs them, in real clones of a real repository.
//!
//! - `range`: what there is to look at, for each event, from the event alone
//! - `triggers`: each event, with shallow, partial and whole checkouts
//! - `hostile`: names that would run, settings that would excuse
//! - `program`: where the program comes from
//! - `files`: action.yml, the scripts and the workflows, held against their schemas and linters

mod files;
mod hostile;
mod program;
mod range;
mod triggers;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::program::cleared;
use crate::support::{Repo, key};

/// Returns the folder of the programs that check actions; a test without them says so.
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
pub(crate) fn checkers() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWRIGHT_FRAMEWORKS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run sets them up");
        println!("skipped: KEYWRIGHT_FRAMEWORKS names no folder (tests/frameworks/setup.sh)");
    }
    folder
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns PATH with this very keywright before the rest.
pub(crate) fn path_with_keywright() -> OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_keywright")).parent().unwrap().to_owned();
    let own = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&own))).unwrap()
}

/// A repository at its host: `main`, and a branch `work` that brought a key in and took it out again.
struct Host {
    repo: Repo,
    /// Where `work` left `main`.
    fork: String,
    /// The last commit of `main`.
    base: String,
    /// The last commit of `work`.
    head: String,
}

impl Host {
    fn new() -> Self {
        let repo = Repo::new();
        repo.git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
        repo.git(["config", "uploadpack.allowFilter", "true"]);
        repo.write("old.env", format!("TOKEN={}\n", key("stripe"))).commit("long ago");
        repo.write("a.txt", "a\n").commit("a").write("a.txt", "b\n").commit("b");
        let fork = repo.id("HEAD");
        repo.branch("work").write("new.env", format!("TOKEN={}\n", key("github"))).commit("in");
        repo.write("old.env", format!("TOKEN={}\nPORT=80\n", key("stripe"))).commit("touched");
        repo.remove("new.env").commit("out");
        let head = repo.id("HEAD");
        repo.go("main").write("b.txt", "b\n").commit("main goes on");
        let base = repo.id("HEAD");
        Self { repo, fork, base, head }
    }

    fn pull_request(&self) -> Value {
        json!({
            "repository": {"default_branch": "main"},
            "pull_request": {"base": {"sha": self.base}, "head": {"sha": self.head}},
        })
    }

    /// The event of a push to a branch or tag.
    fn push(before: &str, after: &str) -> Value {
        json!({"repository": {"default_branch": "main"}, "before": before, "after": after})
    }
}

/// One run of the action to come.
struct Job<'h> {
    host: &'h Host,
    event: &'static str,
    payload: Value,
    reference: String,
    branch: String,
    clone: Vec<&'static str>,
    inputs: Value,
    before: Vec<Vec<String>>,
}

impl<'h> Job<'h> {
    /// Takes the event and what it says; the checkout is as shallow as actions/checkout makes it.
    fn new(host: &'h Host, event: &'static str, payload: Value) -> Self {
        Self {
            host,
            event,
            payload,
            reference: "refs/heads/main".into(),
            branch: "main".into(),
            clone: vec!["--depth=1"],
            inputs: json!({"version": "installed"}),
            before: Vec::new(),
        }
    }

    fn reference(mut self, name: &str) -> Self {
        self.reference = name.into();
        self
    }

    /// What is checked out, and how the repository was cloned.
    fn checkout(mut self, branch: &str, clone: &[&'static str]) -> Self {
        self.branch = branch.into();
        self.clone = clone.to_vec();
        self
    }

    fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs[name] = value.into();
        self
    }

    /// A git command in the checkout, before the action.
    fn git(mut self, args: &[&str]) -> Self {
        self.before.push(args.iter().map(|a| (*a).to_owned()).collect());
        self
    }

    fn run(self) -> Ran {
        let mut number = 0;
        let name = loop {
            let name = format!("checkout-{number}");
            if !self.host.repo.outside(&name).exists() {
                break name;
            }
            number += 1;
        };
        let flags: Vec<&str> = self.clone.iter().copied().chain(["--branch", &self.branch]).collect();
        let checkout = self.host.repo.clone(&name, &flags);
        let sha = checkout.id("HEAD");
        for args in &self.before {
            checkout.git(args);
        }
        let temp = self.host.repo.outside(&format!("{name}.temp"));
        fs::create_dir(&temp).unwrap();
        let room = temp.to_str().unwrap();
        let asked = json!({
            "inputs": self.inputs,
            "github": {
                "event_name": self.event, "event": self.payload, "sha": sha, "ref": self.reference,
                "token": "none", "server_url": "https://github.invalid", "action_repository": "acme/keywright",
            },
            "env": {
                "PATH": path_with_keywright().to_str().unwrap(), "HOME": room, "GITHUB_WORKSPACE": checkout.path("").to_str().unwrap(),
                "RUNNER_TEMP": room, "GITHUB_STEP_SUMMARY": temp.join("summary").to_str().unwrap(),
                "GITHUB_REPOSITORY": "acme/shop", "CI": "true", "GITHUB_ACTIONS": "true",
                "GIT_CONFIG_NOSYSTEM": "1",
            },
        });
        let told = runner(&["action.yml".as_ref(), temp.as_os_str()], &asked);
        Ran { told, checkout, temp }
    }
}

/// Runs the runner; what it reads from standard input is JSON, and so is what it says.
pub(crate) fn runner(args: &[&std::ffi::OsStr], asked: &Value) -> Value {
    let python = checkers().unwrap().join("venv/bin/python");
    let mut command = cleared(python, &std::env::temp_dir());
    command.current_dir(root()).arg("tests/ci/runner.py").args(args);
    let output = fed(&mut command, asked.to_string().as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
}

/// Runs a program with something on standard input.
pub(crate) fn fed(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// A run of the action.
struct Ran {
    told: Value,
    checkout: Repo,
    temp: PathBuf,
}

impl Ran {
    /// What the steps said.
    fn said(&self) -> String {
        let steps = self.told["steps"].as_array().unwrap();
        steps.iter().filter_map(|step| step["said"].as_str()).collect()
    }

    /// Asserts the exit code of the step that scans.
    #[track_caller]
    fn exits(self, code: i64) -> Self {
        let steps = self.told["steps"].as_array().unwrap();
        let scan = steps.iter().find(|step| step["step"] == "scan").unwrap();
        assert_eq!(scan["code"], code, "{}", self.said());
        assert_eq!(self.told["well"], code == 0);
        self
    }

    fn output(&self, name: &str) -> &str {
        self.told["outputs"][name].as_str().unwrap()
    }

    /// Asserts how many leaks count, and how many commits were read.
    #[track_caller]
    fn found(self, findings: &str, commits: &str) -> Self {
        assert_eq!(
            (self.output("findings"), self.output("scanned-commits")),
            (findings, commits),
            "{}",
            self.said()
        );
        self
    }

    /// Asserts that the steps said something.
    #[track_caller]
    fn says(self, words: &str) -> Self {
        assert!(self.said().contains(words), "no `{words}` in: {}", self.said());
        self
    }
}
