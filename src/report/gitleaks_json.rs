//! The JSON of gitleaks, for the scripts and services that already read it.
//!
//! What counts is listed, as gitleaks lists leaks; an empty array is a clean run. `SymlinkFile`,
//! `Link` and `Message` are always there and empty: nothing here follows links, knows the host or
//! keeps the text of a commit.

use std::io::{self, Write};

use serde::Serialize;

use super::escape::write_pretty;
use super::outcome::{Outcome, Style, counts};
use super::told::{told_path, told_secret};
use super::veil::{veiled, veiled_text};
use crate::model::Finding;
use crate::model::text::shown;

/// A leak, in gitleaks' words and order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Leak<'a> {
    #[serde(rename = "RuleID")]
    rule_id: &'a str,
    description: &'a str,
    start_line: u64,
    end_line: u64,
    start_column: u64,
    /// The last byte of the secret, not the one behind it.
    end_column: u64,
    r#match: String,
    secret: String,
    file: String,
    symlink_file: &'static str,
    commit: &'a str,
    link: &'static str,
    entropy: f64,
    author: String,
    email: String,
    date: String,
    message: &'static str,
    tags: &'a [String],
    fingerprint: String,
}

/// Tells an outcome as gitleaks would.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown().into_iter().filter(|finding| counts(finding, outcome));
    write_pretty(&shown.map(|finding| leak(finding, style)).collect::<Vec<_>>(), out)
}

fn leak<'a>(finding: &'a Finding, style: &Style) -> Leak<'a> {
    let (hit, location) = (&finding.hit, &finding.location);
    let commit = location.commit.as_ref();
    let name = |bytes: &[u8]| shown(&veiled(bytes, finding, style));
    let file = String::from_utf8_lossy(&told_path(finding, style)).into_owned();
    let place = format!("{file}:{}:{}", hit.rule.id, location.line);
    Leak {
        rule_id: &hit.rule.id,
        description: &hit.rule.description,
        start_line: location.line,
        end_line: location.end_line,
        start_column: location.column,
        end_column: location.end_column.saturating_sub(1).max(1),
        r#match: veiled_text(&hit.line_text, finding, style),
        secret: told_secret(finding, style),
        symlink_file: "",
        commit: commit.map_or("", |commit| &commit.id),
        link: "",
        entropy: entropy(finding),
        author: commit.map_or(String::new(), |commit| name(&commit.author)),
        email: commit.map_or(String::new(), |commit| name(&commit.email)),
        date: commit.map_or(String::new(), |commit| in_utc(&commit.date)),
        message: "",
        tags: &hit.rule.tags,
        fingerprint: commit.map_or_else(|| place.clone(), |commit| format!("{}:{place}", commit.id)),
        file,
    }
}

/// Returns the secret's entropy in bits a byte, to two places; of a weak secret 0, because the
/// number would tell a guesser when the guess is right.
fn entropy(finding: &Finding) -> f64 {
    if finding.fingerprint.as_str().starts_with("weak-") {
        return 0.0;
    }
    let secret = finding.hit.secret.expose();
    let mut counts = [0u32; 256];
    secret.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let all = secret.len() as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / all);
    let bits: f64 = shares.map(|share| share * -share.log2()).sum();
    (bits * 100.0).round() / 100.0
}

/// Returns a moment as gitleaks writes it: in UTC, with a `Z`.
fn in_utc(date: &str) -> String {
    date.parse::<jiff::Timestamp>().map_or_else(|_| date.to_owned(), |moment| moment.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use crate::model::{Coverage, Fingerprint, Severity, Suppression};

    #[test]
    fn a_leak_has_the_fields_that_scripts_read() {
        let coverage = Coverage::default();
        let findings = [sample::in_history(sample::finding("example-token", Severity::High, "a.env", 3))];
        insta::assert_snapshot!(told(Format::GitleaksJson, &sample::outcome(&findings, &coverage), &PLAIN), @r#"
        [
          {
            "RuleID": "example-token",
            "Description": "Example token",
            "StartLine": 3,
            "EndLine": 3,
            "StartColumn": 7,
            "EndColumn": 33,
            "Match": "TOKEN=…qqqq",
            "Secret": "…qqqq",
            "File": "a.env",
            "SymlinkFile": "",
            "Commit": "1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e",
            "Link": "",
            "Entropy": 1.48,
            "Author": "Ann Author",
            "Email": "ann@example.com",
            "Date": "2024-05-06T05:08:09Z",
            "Message": "",
            "Tags": [
              "token"
            ],
            "Fingerprint": "1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e:a.env:example-token:3"
          }
        ]
        "#);
    }

    #[test]
    fn what_does_not_count_is_not_listed() {
        let coverage = Coverage::default();
        let mut let_be = sample::finding("r", Severity::High, "a", 1);
        let_be.suppression = Some(Suppression { kind: "inline", owner: None, by: "x".into(), reason: None });
        let findings = [let_be, sample::finding("r", Severity::Info, "a", 2)];
        assert_eq!(told(Format::GitleaksJson, &sample::outcome(&findings, &coverage), &PLAIN), "[]\n");
    }

    #[test]
    fn without_a_commit_the_fingerprint_begins_with_the_file() {
        let coverage = Coverage::default();
        let findings = [sample::finding("r", Severity::High, "dir/a", 7)];
        let text = told(Format::GitleaksJson, &sample::outcome(&findings, &coverage), &PLAIN);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json[0]["Fingerprint"], "dir/a:r:7");
        assert_eq!((&json[0]["Commit"], &json[0]["Date"]), (&"".into(), &"".into()));
    }

    #[test]
    fn the_entropy_of_a_weak_password_helps_nobody_to_guess_it() {
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        assert!(super::entropy(&finding) > 1.0);
        finding.fingerprint = Fingerprint::new("weak-ab-0123".into());
        assert!(super::entropy(&finding).abs() < f64::EPSILON);
    }
}
