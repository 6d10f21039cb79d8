//! Each event, in checkouts of each depth.

use serde_json::json;

use super::{Host, Job, checkers};
use crate::support::nth_key;

const NONE: &str = "0000000000000000000000000000000000000000";
const GONE: &str = "1111111111111111111111111111111111111111";

#[test]
fn a_pull_request_is_read_whole_whatever_was_checked_out() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    // The key was taken out again, and what was there before does not count.
    for clone in [
        &["--depth=1"][..],
        &["--depth=2"],
        &[],
        &["--filter=blob:none"],
        &["--filter=blob:none", "--depth=1"],
    ] {
        let ran = Job::new(&host, "pull_request", host.pull_request()).checkout("main", clone).run();
        let ran = ran.exits(1).found("1", "3").says("::error file=new.env,line=1").says("1 leak in 1 file");
        assert_eq!((ran.output("new"), ran.output("verified")), ("1", ""));
        let bytes: u64 = ran.output("scanned-bytes").parse().unwrap();
        assert!(bytes > 100, "{bytes}");
        let sarif = std::fs::read_to_string(ran.output("sarif-path")).unwrap();
        let summary = std::fs::read_to_string(ran.temp.join("summary")).unwrap();
        assert!(sarif.contains("new.env") && summary.contains("1 leak in 1 file"), "{summary}");
        for text in [&sarif, &summary, &ran.said()] {
            assert!(!text.contains(&crate::support::key("github")), "{text}");
        }
    }
}

#[test]
fn more_commits_than_any_page_of_an_interface_holds_are_read() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    host.repo.go("work");
    for _ in 0..130 {
        host.repo.git(["commit", "--quiet", "--allow-empty", "--message", "one more"]);
    }
    let mut event = host.pull_request();
    event["pull_request"]["head"]["sha"] = host.repo.id("HEAD").into();
    Job::new(&host, "pull_request", event).run().exits(1).found("1", "133");
}

#[test]
fn what_only_a_merge_holds_is_read() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    host.repo.go("work").merge("main");
    host.repo.write("merged.env", format!("TOKEN={}\n", nth_key("github", 2))).commit("merge");
    let mut event = host.pull_request();
    event["pull_request"]["head"]["sha"] = host.repo.id("HEAD").into();
    Job::new(&host, "pull_request", event).run().exits(1).found("2", "4").says("merged.env");
}

#[test]
fn pushes_go_from_what_was_known() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let run = |before: &str, after: &str, branch: &str| {
        let job = Job::new(&host, "push", Host::push(before, after)).checkout(branch, &["--depth=1"]);
        job.reference(&format!("refs/heads/{branch}")).run()
    };
    run(&host.fork, &host.base, "main").exits(0).found("0", "1");
    run(NONE, &host.head, "work").exits(1).found("1", "3");
    run(NONE, &host.base, "main").exits(1).found("1", "4").says("old.env");
    // A force push: the commit before is here, or nobody hands it out any more.
    run(&host.base, &host.head, "work").exits(1).found("1", "3");
    run(GONE, &host.head, "work").exits(1).found("1", "3").says("can't be had any more");
    run(GONE, &host.base, "main").exits(1).found("1", "4").says("can't be had any more");
    // Nothing was brought in, and it says so.
    run(&host.head, &host.head, "work").exits(0).found("0", "0");
    run(&host.head, NONE, "main").exits(0).found("0", "0").says("nothing was brought in");
}

#[test]
fn a_tag_is_read_with_its_message() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let words = format!("one\n\nTOKEN={}", nth_key("github", 3));
    host.repo.git(["tag", "--annotate", "v1", "--message", &words, "main"]);
    let tag = host.repo.id("v1");
    let job = Job::new(&host, "push", Host::push(NONE, &tag)).reference("refs/tags/v1");
    job.run().exits(1).found("1", "0").says("github-personal-token");
    host.repo.git(["tag", "v2", "work"]);
    let job = Job::new(&host, "push", Host::push(NONE, &host.head)).reference("refs/tags/v2");
    job.run().exits(1).found("1", "3");
}

#[test]
fn a_merge_queue_a_schedule_and_a_click_are_read() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let repository = json!({"default_branch": "main"});
    let group =
        json!({"repository": repository, "merge_group": {"base_sha": host.fork, "head_sha": host.head}});
    Job::new(&host, "merge_group", group).run().exits(1).found("1", "3");
    for event in ["schedule", "workflow_dispatch"] {
        let ran = Job::new(&host, event, json!({"repository": repository})).run();
        let ran = ran.exits(1).found("2", "7").says("fetching the whole history");
        assert_eq!(ran.output("new"), "");
    }
    let job = Job::new(&host, "workflow_dispatch", json!({"repository": repository}));
    job.input("base", &host.fork).input("head", "work").run().exits(1).found("1", "3");
}

#[test]
fn the_same_event_again_says_the_same() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    Job::new(&host, "pull_request", host.pull_request()).run().exits(1).found("1", "3");
    // Since then the branch was merged, moved on and taken away; its commits are still handed out.
    host.repo.go("work").write("c.txt", "c\n").commit("more").go("main").merge("work").commit("merged");
    host.repo.git(["tag", "kept", "work"]);
    host.repo.git(["branch", "-D", "work"]);
    Job::new(&host, "pull_request", host.pull_request()).run().exits(1).found("1", "3");
}

#[test]
fn what_cannot_be_had_is_no_clean_scan() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let job = || Job::new(&host, "pull_request", host.pull_request());
    // The host is gone; no credentials are left looks the same.
    let ran = job().git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]).run();
    let ran = ran.exits(3).says("couldn't get commit").says("fetch-depth: 0");
    assert_eq!(ran.output("findings"), "");
    job().git(&["remote", "remove", "origin"]).run().exits(3).says("couldn't get commit");
    let mut event = host.pull_request();
    event["pull_request"]["base"]["sha"] = GONE.into();
    Job::new(&host, "pull_request", event).run().exits(3).says("couldn't get commit");
    job().input("working-directory", "..").run().exits(2).says("no git repository here");
}

#[test]
fn with_the_repositorys_rights_nothing_of_a_stranger_is_looked_at_where_it_was_checked_out() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let job = || Job::new(&host, "pull_request_target", host.pull_request());
    job().run().exits(1).found("1", "3");
    let head = host.head.as_str();
    let ran = job().git(&["fetch", "--quiet", "origin", head]).git(&["checkout", "--quiet", head]).run();
    ran.exits(2).says("looks at nothing");
}

#[test]
fn flags_go_through_as_words() {
    if checkers().is_none() {
        return;
    }
    let host = Host::new();
    let job = || Job::new(&host, "pull_request", host.pull_request());
    job().input("fail-on", "never").run().exits(0).found("1", "3");
    job().input("fail-on", "sometimes").run().exits(2);
    let ran =
        job().input("args", "--format hints --output hints.json").input("sarif", "false").run().exits(1);
    let hints = std::fs::read_to_string(ran.checkout.path("hints.json")).unwrap();
    assert!(hints.contains("keywright-hints") && hints.contains("github-personal-token"), "{hints}");
    assert_eq!(ran.output("sarif-path"), "");
    // One word, and nothing in it means anything.
    let ran = job().input("args", "--format=csv  --output=$(touch${IFS}x)*").input("summary", "false").run();
    let ran = ran.exits(1);
    assert!(ran.checkout.path("$(touch${IFS}x)*").exists());
    assert!(!ran.checkout.path("x").exists() && !ran.temp.join("summary").exists());
}
