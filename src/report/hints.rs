//! Hints: where somebody else should look, and nothing that could be believed, leaked or obeyed. No path, no
//! author, no text, no mask of a secret.
//!
//! A job that an attacker may have written hands it to one that holds credentials, which reads each object
//! again by its id. docs/hints.schema.json is its schema.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::escape::write_line;
use super::outcome::{Outcome, Standing, standing};

/// What a file of hints says it is.
pub const FORMAT: &str = "keywright-hints";
/// The version that is written, and the only one that is read.
pub const VERSION: u64 = 1;
/// The most hints that a file holds.
pub const MOST: usize = 10_000;
/// The largest file, in bytes.
pub const LARGEST: u64 = 8 << 20;
/// The longest name of a rule, in bytes.
pub const LONGEST_RULE: usize = 200;

#[derive(Serialize)]
struct File<'a> {
    format: &'static str,
    version: u64,
    keywright: &'static str,
    coverage: Covered,
    /// Leaks that no hint is given for: they stand in no stored object, or there are too many.
    left_out: u64,
    hints: Vec<Hint<'a>>,
}

/// Numbers, and no words of what they count.
#[derive(Serialize)]
struct Covered {
    files: u64,
    index_entries: u64,
    objects_expected: u64,
    objects_read: u64,
    commits: u64,
    bytes: u64,
    /// How many things were not read that should have been.
    gaps: u64,
}

/// A place to look at.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct Hint<'a> {
    /// The blob, or the commit or tag whose message it is.
    object: &'a str,
    /// First line and column, last line and the column behind the last byte: from one, columns in bytes.
    span: [u64; 4],
    rule: &'a str,
    fingerprint: &'a str,
    /// The commit that brought it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
}

/// Tells where the leaks of an outcome stand.
pub(super) fn write(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut shown = outcome.shown();
    shown.retain(|finding| standing(finding, outcome) == Standing::Leak);
    let mut left_out = 0;
    let mut met = BTreeSet::new();
    for finding in &shown {
        let (hit, location) = (&finding.hit, &finding.location);
        let Some(object) = location.object.as_deref().filter(|_| hit.rule.id.len() <= LONGEST_RULE) else {
            left_out += 1;
            continue;
        };
        met.insert(Hint {
            object,
            span: [location.line, location.column, location.end_line, location.end_column],
            rule: &hit.rule.id,
            fingerprint: finding.fingerprint.as_str(),
            commit: location.commit.as_ref().map(|commit| commit.id.as_str()),
        });
    }
    left_out += met.len().saturating_sub(MOST) as u64;
    let coverage = outcome.coverage;
    let gaps = coverage.skipped_count.iter().filter(|(reason, _)| reason.is_gap()).map(|(_, n)| n).sum();
    let file = File {
        format: FORMAT,
        version: VERSION,
        keywright: env!("CARGO_PKG_VERSION"),
        coverage: Covered {
            files: coverage.files,
            index_entries: coverage.index_entries,
            objects_expected: coverage.objects_expected,
            objects_read: coverage.objects_read,
            commits: coverage.commits,
            bytes: coverage.bytes,
            gaps,
        },
        left_out,
        hints: met.into_iter().take(MOST).collect(),
    };
    write_line(&file, out)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, PLAIN, told};
    use super::super::{Format, Style};
    use super::*;
    use crate::model::{Coverage, Finding, Fingerprint, Place, Severity, Status};

    fn json(findings: &[Finding], coverage: &Coverage) -> serde_json::Value {
        serde_json::from_str(&told(Format::Hints, &sample::outcome(findings, coverage), &PLAIN)).unwrap()
    }

    #[test]
    fn a_place_is_told_and_nothing_of_what_stands_there() {
        let findings = [sample::in_history(sample::finding("example-token", Severity::High, "dir/a.env", 3))];
        let (told_all, coverage) = (sample::zoo(), Coverage::default());
        let mut outcome = sample::outcome(&findings, &coverage);
        let target = "a target with a name".to_owned();
        outcome.target = &target;
        let text = told(Format::Hints, &outcome, &Style { show_secrets: true, ..PLAIN });
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "[version]").trim_end(), @r#"{"format":"keywright-hints","version":1,"keywright":"[version]","coverage":{"files":0,"index_entries":0,"objects_expected":0,"objects_read":0,"commits":0,"bytes":0,"gaps":0},"left_out":0,"hints":[{"object":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb","span":[3,7,3,34],"rule":"example-token","fingerprint":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","commit":"1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e"}]}"#);
        let all = json(&told_all.0, &told_all.1).to_string();
        for word in
            [".env", "Ann", "example.com", "Revoke", "…", "refs/", "qqqq", "link", "made up", "Example"]
        {
            assert!(!all.contains(word), "{word}: {all}");
        }
        assert!(all.contains(r#""gaps":150"#), "{all}");
    }

    #[test]
    fn what_does_not_count_is_no_hint_and_what_has_no_object_is_counted() {
        let mut there = sample::in_history(sample::finding("r", Severity::High, "a", 1));
        there.status = Status::AlreadyThere;
        let info = sample::in_history(sample::finding("r", Severity::Info, "a", 1));
        let let_be = sample::let_be(sample::in_history(sample::finding("r", Severity::High, "a", 1)), "x");
        let file = sample::finding("r", Severity::High, "a", 1);
        let mut message = sample::in_history(sample::finding("r", Severity::High, "", 2));
        message.location.place = Place::CommitMessage;
        let long = sample::in_history(sample::finding(&"r".repeat(201), Severity::High, "a", 1));
        let all = json(&[there, info, let_be, file, message, long], &Coverage::default());
        assert_eq!((all["hints"].as_array().unwrap().len(), &all["left_out"]), (1, &2.into()));
    }

    #[test]
    fn a_file_is_bounded() {
        let findings: Vec<Finding> = (0..MOST as u64 + 7)
            .map(|n| {
                let mut finding =
                    sample::in_history(sample::finding(&"r".repeat(200), Severity::High, "a", n + 1));
                finding.fingerprint = Fingerprint::new(format!("{n:064x}"));
                finding.location.object = Some("b".repeat(64));
                finding.location.commit.as_mut().unwrap().id = "c".repeat(64);
                finding
            })
            .collect();
        let coverage = Coverage::default();
        let text = told(Format::Hints, &sample::outcome(&findings, &coverage), &PLAIN);
        let all: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((all["hints"].as_array().unwrap().len(), &all["left_out"]), (MOST, &7.into()));
        assert!((text.len() as u64) < LARGEST, "{}", text.len());
    }
}
