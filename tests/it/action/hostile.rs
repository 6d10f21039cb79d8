//! What a stranger may write into a change: names that would run, and settings that would excuse.

use serde_json::json;

use super::{Host, Job, checkers, root};
use crate::support::{key, nth_key};

/// A name that a shell would run, if anybody let it.
const NAME: &str = "$(touch${IFS}pwned);`touch${IFS}pwned`'\"";

#[test]
fn no_name_is_run_and_none_is_a_command_of_the_runner() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    host.repo.go("work").git(["checkout", "--quiet", "-b", NAME]);
    let key = nth_key("github", 2);
    for path in
        [NAME, "a\n::set-output name=findings::0\n.env", "##[add-mask]x.env", "::add-mask::y.env", "-o"]
    {
        host.repo.write(format!("./{path}"), format!("TOKEN={key}\n"));
    }
    host.repo.git(["add", "--all"]);
    host.repo.git(["commit", "--quiet", "-m", "::stop-commands::x\n##[error]no\n$(touch pwned)"]);
    let head = host.repo.id("HEAD");
    host.repo.go("main");
    let mut event = host.pull_request();
    event["pull_request"]["head"] = json!({"sha": head, "ref": NAME, "label": NAME});
    event["pull_request"]["title"] = NAME.into();
    let ran = Job::new(&host, "pull_request", event).reference(NAME).checkout(NAME, &["--depth=1"]).run();
    let ran = ran.exits(1).found("2", "4");
    for line in ran.said().lines() {
        let is_ours = ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start));
        assert!(is_ours || !line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains("##["), "{line}");
    }
    assert!(!ran.checkout.path("pwned").exists() && !ran.temp.join("pwned").exists());
    assert!(!root().join("pwned").exists());

    // The same as a new branch beside a default branch of such a name.
    let repository = json!({"default_branch": NAME});
    let none = "0".repeat(40);
    let event = json!({"repository": repository, "before": none, "after": host.base});
    let ran = Job::new(&host, "push", event).reference("refs/heads/other").run().exits(0).found("0", "1");
    assert!(!ran.checkout.path("pwned").exists());
}

#[test]
fn a_change_brings_no_excuse() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let excuse = host.repo.scan(["--range", "main..work", "--no-cache"]).exits(1).findings();
    let told = excuse.iter().find(|f| f["path"] == "new.env").unwrap();
    let entry = format!("{} reason=\"mine\"\n", told["fingerprint"].as_str().unwrap());
    host.repo.go("work");
    host.repo.write(".keywrightignore", &entry).write("known.txt", &entry);
    host.repo.write("keywright.toml", "[ignore]\npaths = [\"**\"]\n").commit("excuses");
    let mut event = host.pull_request();
    event["pull_request"]["head"]["sha"] = host.repo.id("HEAD").into();
    let job = |event| Job::new(&host, "pull_request", event).checkout("work", &["--depth=1"]);
    job(event.clone()).run().exits(1).found("1", "4");
    job(event.clone()).input("baseline", "known.txt").run().exits(1).found("1", "4");
    job(event.clone()).input("config", "keywright.toml").run().exits(1).found("1", "4");
    // What the branch that it goes into says counts.
    host.repo.go("main").write(".keywrightignore", &entry).commit("an exception");
    event["pull_request"]["base"]["sha"] = host.repo.id("HEAD").into();
    job(event).run().exits(0).found("0", "4");
}

#[test]
fn what_git_says_of_a_failure_is_quoted() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let job = Job::new(&host, "pull_request", host.pull_request());
    let ran =
        job.git(&["remote", "set-url", "origin", "file:///nowhere/##[error]x/%0A::error::y"]).run().exits(3);
    assert!(ran.said().contains("\n  | "), "{}", ran.said());
    assert!(!ran.said().contains("##["), "{}", ran.said());
}

#[test]
fn a_hook_and_a_filter_of_the_checkout_are_not_run() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let job = Job::new(&host, "pull_request", host.pull_request());
    let settings = [
        ["config", "core.hooksPath", "hooks"],
        ["config", "core.fsmonitor", "touch pwned"],
        ["config", "diff.x.textconv", "touch pwned"],
    ];
    let job = settings.iter().fold(job, |job, args| job.git(args));
    let ran = job.run().exits(1).found("1", "3");
    assert!(!ran.checkout.path("pwned").exists());
    assert!(!ran.said().contains(&key("github")));
}
