//! Made-up findings for the tests of this room. Their secret is repetitive, so that no scanner,
//! ours included, takes this file for a leak.

use std::sync::Arc;

use super::{Format, Outcome, Style, write};
use crate::model::{
    Check, CommitCard, Confidence, Coverage, Finding, Fingerprint, Hit, Location, Path, Place, RuleCard,
    Secret, Severity, Skip, SkipReason, Status, Suppression, Verdict,
};

/// The secret of every sample.
pub(super) fn secret() -> String {
    format!("s3cr3t-{}", "q".repeat(20))
}

/// A style as in a pipe.
pub(super) const PLAIN: Style = Style { colour: false, width: 80, show_secrets: false };

/// A finding of a rule in a file of the working tree.
pub(super) fn finding(rule: &str, severity: Severity, path: &str, line: u64) -> Finding {
    let rule = RuleCard {
        id: rule.into(),
        description: "Example token".into(),
        provider: Some("example".into()),
        docs: Some("https://example.com/keys".into()),
        remedy: "Revoke it in the console.".into(),
        severity,
        tags: vec!["token".into()],
    };
    let mut location = Location::file(Place::WorkingTree, Path::new(path));
    (location.line, location.end_line, location.column, location.end_column) = (line, line, 7, 34);
    let secret = Secret::new(secret().into_bytes());
    Finding {
        hit: Hit {
            rule: Arc::new(rule),
            span: 6..33,
            line,
            column: 7,
            end_line: line,
            end_column: 34,
            masked: secret.masked(0),
            line_text: format!("TOKEN={}", secret.masked(0)),
            secret,
            key_id: None,
            confidence: Confidence::High,
            checks: vec![Check { name: "checksum", verdict: Verdict::Passed, why: "it fits".into() }],
            mark: None,
            pending: Vec::new(),
        },
        fingerprint: Fingerprint::new("0123456789abcdef".repeat(4)),
        location,
        status: Status::Counts,
        suppression: None,
        liveness: None,
        repeats: Vec::new(),
    }
}

/// The same, as a later commit of the history holds it.
pub(super) fn in_history(mut finding: Finding) -> Finding {
    finding.location.place = Place::History;
    finding.location.object = Some("b".repeat(40));
    finding.location.commit = Some(CommitCard {
        id: "1a2b3c4d5e".repeat(4),
        author: b"Ann Author".to_vec(),
        email: b"ann@example.com".to_vec(),
        date: "2024-05-06T07:08:09+02:00".into(),
    });
    finding.location.in_head = Some(false);
    finding.location.refs = vec!["refs/heads/main".into(), "refs/tags/v1".into()];
    finding.location.versions = 3;
    finding
}

/// An outcome that shows medium confidence and above.
pub(super) fn outcome<'a>(findings: &'a [Finding], coverage: &'a Coverage) -> Outcome<'a> {
    Outcome {
        findings,
        coverage,
        least: Confidence::Medium,
        all_objects: false,
        warnings: &[],
        target: "repository demo",
        begun: "2024-05-06T07:08:09",
        seconds: 0.25,
        rules: 212,
    }
}

/// The text of a report.
pub(super) fn told(format: Format, outcome: &Outcome<'_>, style: &Style) -> String {
    let mut out = Vec::new();
    write(format, outcome, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The same, let be by a mark on its line.
pub(super) fn let_be(mut finding: Finding, reason: &str) -> Finding {
    let by = "keywright:allow".into();
    finding.suppression = Some(Suppression { kind: "inline", owner: None, by, reason: Some(reason.into()) });
    finding
}

/// One finding of every kind there is.
pub(super) fn zoo() -> (Vec<Finding>, Coverage) {
    let mut coverage = Coverage::default();
    for n in 0..150 {
        let (what, mend) = (format!("blob {n}"), "git fetch --refetch".into());
        coverage.skip(Skip { reason: SkipReason::Missing, what, mend });
    }
    coverage.skip(Skip { reason: SkipReason::Symlink, what: "link".into(), mend: String::new() });
    let severities = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let mut findings: Vec<_> =
        severities.iter().map(|s| finding(s.word(), *s, "a b/[x]{0}.env", 1)).collect();
    for status in [Status::AlreadyThere, Status::Unreachable] {
        findings.push(in_history(finding("r", Severity::High, "old.env", 2)));
        findings.last_mut().unwrap().status = status;
    }
    for kind in ["inline", "path"] {
        let mut let_be = finding("r", Severity::High, "test.env", 2);
        let_be.suppression =
            Some(Suppression { kind, owner: None, by: "x".into(), reason: Some("made up".into()) });
        findings.push(let_be);
    }
    for place in [Place::CommitMessage, Place::TagMessage, Place::Stdin, Place::Index] {
        let mut message = in_history(finding("r", Severity::High, "", 2));
        message.location.place = place;
        findings.push(message);
    }
    let mut odd = finding("r", Severity::High, "", 0);
    odd.location.path = Path::new(b"/../c:\xff\x1b\n".as_slice());
    odd.location.column = 0;
    odd.location.end_column = 0;
    findings.push(odd);
    (findings, coverage)
}

/// Returns the file of an official schema, which `tests/run` fetches (`tests/schemas/README.md`) and names
/// in a variable; there, and in CI, a report that nobody validated is a failure.
pub(super) fn asked_for(variable: &str, schema: &str) -> Option<std::ffi::OsString> {
    let file = std::env::var_os(variable);
    if file.is_none() {
        let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|name| std::env::var_os(name).is_some());
        assert_eq!(must, None, "set, but {variable} is not: run tests/schemas/fetch.sh {schema}");
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{variable} is not set: nothing was validated against it");
    }
    file
}
