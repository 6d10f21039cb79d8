//! Every command in docs/ci, run as its service runs it, in a real clone.
//!
//! - `github`: the workflows, step by step

mod github;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::action::{checkers, path_with_keywright, root};
use crate::support::program::cleared;
use crate::support::{Repo, key};

const NONE: &str = "0000000000000000000000000000000000000000";

/// A host's repository with a branch that brings a key in, and a machine that runs pipelines.
struct Machine {
    host: Repo,
    base: String,
    head: String,
}

impl Machine {
    fn new() -> Self {
        let host = Repo::new();
        host.git(["config", "uploadpack.allowAnySHA1InWant", "true"]);
        host.write("old.env", format!("TOKEN={}\n", key("stripe"))).commit("long ago");
        host.write("a.txt", "a\n").commit("a");
        let base = host.id("HEAD");
        host.branch("work").write("new.env", format!("TOKEN={}\n", key("github"))).commit("in");
        host.remove("new.env").commit("out");
        let head = host.id("HEAD");
        host.go("main");
        let machine = Self { host, base, head };
        machine.put_cargo();
        machine
    }

    /// A cargo that writes down how it was called, and puts this very keywright where a build would be.
    fn put_cargo(&self) {
        let bin = self.host.outside("cargo-bin");
        fs::create_dir(&bin).unwrap();
        let calls = self.host.outside("cargo-calls");
        let script = format!(
            "#!/bin/sh\necho \"$*\" >>'{}'\nput() {{ mkdir -p \"$1\" && cp '{}' \"$1/keywright\"; }}\n\
             [ \"$1\" != build ] || put \"$CARGO_TARGET_DIR/release\"\n\
             while [ $# -gt 0 ]; do [ \"$1\" != --root ] || put \"$2/bin\"; shift; done\n",
            calls.display(),
            env!("CARGO_BIN_EXE_keywright"),
        );
        fs::write(bin.join("cargo"), script).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn path(&self) -> String {
        format!("{}:{}", self.host.outside("cargo-bin").display(), path_with_keywright().to_str().unwrap())
    }

    fn checkout(&self, name: &str, branch: &str) -> Repo {
        self.host.clone(name, &["--branch", branch])
    }

    fn called(&self) -> String {
        fs::read_to_string(self.host.outside("cargo-calls")).unwrap_or_default()
    }
}

/// The commands of a file, with what they are for.
fn commands(file: &str) -> Vec<(String, Vec<String>)> {
    let mut command = Command::new(checkers().unwrap().join("venv/bin/python"));
    let file = root().join("docs/ci").join(file);
    let output = command.arg(root().join("tests/ci/commands.py")).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A pipeline of a service, in a clone of the branch.
struct Pipeline {
    machine: Machine,
    checkout: Repo,
    file: &'static str,
}

impl Pipeline {
    fn new(file: &'static str, branch: &str) -> Self {
        let machine = Machine::new();
        let checkout = machine.checkout("checkout", branch);
        Self { machine, checkout, file }
    }

    /// Runs what is for `job` with the service's variables; returns the exit code and what was said.
    fn run(&self, job: &str, variables: &[(&str, &str)]) -> (i32, String) {
        let jobs = commands(self.file);
        let (_, scripts) = jobs.iter().find(|(name, _)| name == job).unwrap_or_else(|| panic!("{jobs:?}"));
        let mut all = String::new();
        for script in scripts {
            let mut command = cleared("sh", &self.machine.host.outside(""));
            command.arg("-e").arg("-c").arg(script).current_dir(self.checkout.path(""));
            command.env("PATH", self.machine.path()).env("CI", "true").env("GIT_CONFIG_NOSYSTEM", "1");
            command.env("AGENT_TEMPDIRECTORY", self.machine.host.outside(""));
            let output = command.envs(variables.iter().copied()).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            all += &String::from_utf8_lossy(&said);
            if !output.status.success() {
                return (output.status.code().unwrap(), all);
            }
        }
        (0, all)
    }

    /// The change brings one key in, which was taken out again; what was there long ago does not count.
    #[track_caller]
    fn finds_the_key(&self, job: &str, variables: &[(&str, &str)]) {
        let (code, said) = self.run(job, variables);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("new.env") && said.contains("1 leak in 1 file"), "{said}");
        assert!(!said.contains(&key("github")), "{said}");
        let installs = self.machine.called();
        let whole = "install --locked --no-default-features --git https://github.com/OWNER/keywright --rev COMMIT keywright\n";
        assert!(!installs.is_empty() && installs.replace(whole, "").is_empty(), "{installs}");
    }

    #[track_caller]
    fn is_clean(&self, job: &str, variables: &[(&str, &str)]) {
        let (code, said) = self.run(job, variables);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("no leaks"), "{said}");
    }

    #[track_caller]
    fn finds_everything(&self, job: &str, variables: &[(&str, &str)]) {
        let (code, said) = self.run(job, variables);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("2 leaks"), "{said}");
    }
}

#[test]
fn gitlab() {
    if checkers().is_none() {
        return;
    }
    let work = Pipeline::new("gitlab.yml", "work");
    let (base, head) = (work.machine.base.clone(), work.machine.head.clone());
    let common = [("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_SHA", head.as_str())];
    let of = |more: &[(&'static str, &str)]| -> Vec<(&str, String)> {
        common.iter().chain(more).map(|(n, v)| (*n, (*v).to_owned())).collect()
    };
    fn borrow<'v>(all: &'v [(&'v str, String)]) -> Vec<(&'v str, &'v str)> {
        all.iter().map(|(n, v)| (*n, v.as_str())).collect()
    }
    let request =
        of(&[("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &base)]);
    work.finds_the_key("keywright", &borrow(&request));
    let report = fs::read_to_string(work.checkout.path("gl-secret-detection-report.json")).unwrap();
    assert!(report.contains("new.env"), "{report}");
    let push =
        of(&[("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_BRANCH", "work"), ("CI_COMMIT_BEFORE_SHA", NONE)]);
    work.finds_the_key("keywright", &borrow(&push));
    let empty =
        of(&[("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_BRANCH", "work"), ("CI_COMMIT_BEFORE_SHA", &head)]);
    work.is_clean("keywright", &borrow(&empty));
    let nightly = of(&[("CI_PIPELINE_SOURCE", "schedule"), ("CI_COMMIT_BRANCH", "work")]);
    work.finds_everything("keywright", &borrow(&nightly));
}

#[test]
fn bitbucket() {
    if checkers().is_none() {
        return;
    }
    let work = Pipeline::new("bitbucket-pipelines.yml", "work");
    let (base, head) = (work.machine.base.as_str(), work.machine.head.as_str());
    let commit = ("BITBUCKET_COMMIT", head);
    let branch = ("BITBUCKET_BRANCH", "work");
    work.finds_the_key("pull-requests", &[commit, branch, ("BITBUCKET_PR_DESTINATION_COMMIT", base)]);
    assert!(work.checkout.path("test-results/keywright.xml").exists());
    work.finds_the_key("branches", &[commit, branch]);
    work.is_clean("branches", &[("BITBUCKET_COMMIT", base), branch]);
    work.finds_everything("custom", &[commit, branch]);
}

#[test]
fn azure() {
    if checkers().is_none() {
        return;
    }
    let work = Pipeline::new("azure-pipelines.yml", "work");
    let (base, head) = (work.machine.base.as_str(), work.machine.head.as_str());
    let version = ("BUILD_SOURCEVERSION", head);
    let reason = ("BUILD_REASON", "PullRequest");
    let of = ("BUILD_SOURCEBRANCH", "refs/pull/1/merge");
    for target in ["refs/heads/main", "main"] {
        work.finds_the_key("", &[version, reason, of, ("SYSTEM_PULLREQUEST_TARGETBRANCH", target)]);
    }
    assert!(work.machine.host.outside("keywright.xml").exists());
    let push = ("BUILD_REASON", "IndividualCI");
    work.finds_the_key("", &[version, push, ("BUILD_SOURCEBRANCH", "refs/heads/work")]);
    work.is_clean("", &[("BUILD_SOURCEVERSION", base), push, ("BUILD_SOURCEBRANCH", "refs/heads/main")]);
    work.finds_everything(
        "",
        &[version, ("BUILD_REASON", "Schedule"), ("BUILD_SOURCEBRANCH", "refs/heads/main")],
    );
}

#[test]
fn jenkins() {
    if checkers().is_none() {
        return;
    }
    let work = Pipeline::new("Jenkinsfile", "work");
    let (base, head) = (work.machine.base.as_str(), work.machine.head.as_str());
    work.finds_the_key("", &[("GIT_COMMIT", head), ("CHANGE_TARGET", "main")]);
    assert!(work.checkout.path("keywright.xml").exists());
    work.finds_the_key("", &[("GIT_COMMIT", head), ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", base)]);
    work.is_clean("", &[("GIT_COMMIT", head), ("GIT_PREVIOUS_SUCCESSFUL_COMMIT", head)]);
    work.finds_everything("", &[("GIT_COMMIT", head)]);
}

#[test]
fn woodpecker() {
    if checkers().is_none() {
        return;
    }
    let work = Pipeline::new("woodpecker.yml", "work");
    let (base, head) = (work.machine.base.as_str(), work.machine.head.as_str());
    let common = [("CI_REPO_DEFAULT_BRANCH", "main"), ("CI_COMMIT_SHA", head), ("CI_PREV_COMMIT_SHA", "")];
    let with = |more: &[(&'static str, &'static str)]| [&common[..], more].concat();
    work.finds_the_key(
        "keywright",
        &with(&[("CI_PIPELINE_EVENT", "pull_request"), ("CI_COMMIT_TARGET_BRANCH", "main")]),
    );
    work.finds_the_key("keywright", &with(&[("CI_PIPELINE_EVENT", "push"), ("CI_COMMIT_BRANCH", "work")]));
    let main =
        [("CI_PIPELINE_EVENT", "push"), ("CI_COMMIT_BRANCH", "main"), ("CI_REPO_DEFAULT_BRANCH", "main")];
    let push = [&main[..], &[("CI_COMMIT_SHA", base), ("CI_PREV_COMMIT_SHA", base)]].concat();
    work.is_clean("keywright", &push);
    work.finds_everything("keywright", &with(&[("CI_PIPELINE_EVENT", "cron"), ("CI_COMMIT_BRANCH", "main")]));
    // ${...} is the server's own: it would be filled before any shell sees it.
    assert!(!fs::read_to_string(root().join("docs/ci/woodpecker.yml")).unwrap().contains("${"));
}
