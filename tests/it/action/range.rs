//! What there is to look at, for each event: `action/range.sh` alone.

use crate::support::program::cleared;

use super::root;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const NONE: &str = "0000000000000000000000000000000000000000";

/// Runs the script; returns its lines in one, or the exit code and what it complains about.
fn range(variables: &[(&str, &str)]) -> Result<String, (i32, String)> {
    let mut command = cleared("bash", &std::env::temp_dir());
    command.arg(root().join("action/range.sh")).env("EVENT_SHA", B).env("EVENT_DEFAULT_BRANCH", "main");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    match output.status.code().unwrap() {
        0 => Ok(text(&output.stdout).replace('\n', " ").replace(A, "A").replace(B, "B")),
        code => Err((code, text(&output.stderr))),
    }
}

#[track_caller]
fn is(variables: &[(&str, &str)], expected: &str) {
    assert_eq!(range(variables), Ok(expected.to_owned()), "{variables:?}");
}

#[track_caller]
fn fails(variables: &[(&str, &str)], words: &str) {
    let (code, said) = range(variables).unwrap_err();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(words), "{said}");
}

fn push<'v>(before: &'v str, after: &'v str, reference: &'v str) -> [(&'v str, &'v str); 4] {
    [("EVENT_NAME", "push"), ("EVENT_BEFORE", before), ("EVENT_AFTER", after), ("EVENT_REF", reference)]
}

#[test]
fn a_pull_request_goes_from_its_base_to_its_head() {
    for event in ["pull_request", "pull_request_target", "pull_request_review"] {
        let event = [("EVENT_NAME", event), ("EVENT_PULL_BASE", A), ("EVENT_PULL_HEAD", B)];
        is(&event, "kind=range to=B from=A else= settings=from");
    }
    let group = [("EVENT_NAME", "merge_group"), ("EVENT_GROUP_BASE", A), ("EVENT_GROUP_HEAD", B)];
    is(&group, "kind=range to=B from=A else= settings=from");
}

#[test]
fn a_push_goes_from_what_was_there_before() {
    is(&push(A, B, "refs/heads/main"), "kind=range to=B from=A else=nothing settings=from");
    is(&push(A, B, "refs/heads/work"), "kind=range to=B from=A else=branch main settings=from");
    is(&push(NONE, B, "refs/heads/work"), "kind=range to=B from=branch main else= settings=from");
    is(&push(NONE, B, "refs/heads/main"), "kind=range to=B from=nothing else= settings=from");
    is(&push(NONE, B, "refs/tags/v1"), "kind=range to=B from=branch main else= settings=from");
    is(&push(A, NONE, "refs/heads/work"), &format!("kind=nothing to={NONE} from=A else= settings=from"));
}

#[test]
fn ids_may_be_of_sixty_four_digits() {
    let (a, b, none) = ("a".repeat(64), "b".repeat(64), "0".repeat(64));
    is(
        &push(&a, &b, "refs/heads/main"),
        &format!("kind=range to={b} from={a} else=nothing settings=from").replace(A, "A").replace(B, "B"),
    );
    let lines = range(&push(&none, &b, "refs/heads/main")).unwrap();
    assert!(lines.contains("from=nothing"), "{lines}");
}

#[test]
fn whatever_brings_nothing_in_looks_at_everything() {
    for event in ["schedule", "workflow_dispatch", "release", "repository_dispatch"] {
        is(&[("EVENT_NAME", event)], "kind=all to=B from= else= settings=B");
    }
}

#[test]
fn inputs_outrank_the_event() {
    let inputs = [("EVENT_NAME", "schedule"), ("INPUT_BASE", "v1.0"), ("INPUT_HEAD", "release/2.x")];
    is(&inputs, "kind=range to=release/2.x from=v1.0 else= settings=from");
    let base = [("EVENT_NAME", "pull_request"), ("EVENT_PULL_BASE", A), ("EVENT_PULL_HEAD", B)];
    is(&[&base[..], &[("INPUT_BASE", "main")]].concat(), "kind=range to=B from=main else= settings=from");
    fails(&[("EVENT_NAME", "schedule"), ("INPUT_HEAD", "main")], "give the input base too");
    for name in ["--upload-pack=x", "a..b", "a b", "$(touch x)", "a\nfrom=b", "-", "@{1}", "a^{/x}", "a:b"] {
        fails(&[("EVENT_NAME", "schedule"), ("INPUT_BASE", name)], "no name of a commit, branch or tag");
    }
}

#[test]
fn an_event_that_says_nothing_is_no_clean_scan() {
    fails(&[("EVENT_NAME", "pull_request")], "says no last commit");
    fails(&[("EVENT_NAME", "pull_request"), ("EVENT_PULL_HEAD", B)], "says no commit to begin from");
    fails(&[("EVENT_NAME", "merge_group"), ("EVENT_GROUP_HEAD", "main")], "says no last commit");
    fails(&push("", "", "refs/heads/main"), "says no last commit");
    fails(&[("EVENT_NAME", "schedule"), ("EVENT_SHA", "")], "says no commit");
    for branch in ["", "a\nelse=nothing", "a b"] {
        let mut event = push(NONE, B, "refs/heads/work").to_vec();
        event.push(("EVENT_DEFAULT_BRANCH", branch));
        fails(&event, "does not say which branch is the default one");
    }
}
