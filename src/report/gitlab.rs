//! GitLab's secret detection report, for `artifacts:reports:secret_detection`.
//!
//! What counts is listed. GitLab asks for a commit with every finding: where none is known, it gets
//! the zeros that GitLab's own analyzers write. Times are UTC without a zone, as the schema has them.

use std::io::{self, Write};

use data_encoding::HEXLOWER;
use serde::Serialize;

use super::escape::write_pretty;
use super::outcome::{Outcome, Style, counts, occurrences, place_hash};
use super::told::{told_path, told_secret};
use super::veil::veiled;
use crate::model::text::shown;
use crate::model::{Finding, Severity};

/// The version of GitLab's schema that is written.
const VERSION: &str = "15.2.1";

// The longest texts that the schema takes, in characters.
const LONGEST_NAME: usize = 255;
const LONGEST_SOLUTION: usize = 7000;

#[derive(Serialize)]
struct Report<'a> {
    version: &'static str,
    scan: Scan,
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Scan {
    analyzer: Tool,
    scanner: Tool,
    r#type: &'static str,
    start_time: String,
    end_time: String,
    status: &'static str,
    messages: Vec<Message>,
}

#[derive(Serialize)]
struct Tool {
    id: &'static str,
    name: &'static str,
    version: &'static str,
    vendor: Vendor,
}

#[derive(Serialize)]
struct Vendor {
    name: &'static str,
}

#[derive(Serialize)]
struct Message {
    level: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    id: String,
    name: String,
    description: String,
    severity: &'static str,
    solution: String,
    location: Located<'a>,
    identifiers: [Identifier<'a>; 1],
    raw_source_code_extract: String,
}

#[derive(Serialize)]
struct Located<'a> {
    file: String,
    start_line: u64,
    end_line: u64,
    commit: Commit<'a>,
}

#[derive(Serialize)]
struct Commit<'a> {
    sha: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'a str>,
}

#[derive(Serialize)]
struct Identifier<'a> {
    r#type: &'static str,
    name: String,
    value: &'a str,
}

/// Tells an outcome as GitLab's own analyzer would.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let nth = occurrences(outcome.findings);
    let leaks = outcome.shown().into_iter().filter(|finding| counts(finding, outcome));
    let vulnerabilities = leaks.map(|finding| {
        let nth = nth.get(&std::ptr::from_ref(finding)).copied().unwrap_or(0);
        vulnerability(finding, nth, style)
    });
    let report = Report { version: VERSION, vulnerabilities: vulnerabilities.collect(), scan: scan(outcome) };
    write_pretty(&report, out)
}

fn scan(outcome: &Outcome<'_>) -> Scan {
    let tool = || Tool {
        id: "keywright",
        name: "Keywright",
        version: env!("CARGO_PKG_VERSION"),
        vendor: Vendor { name: "Keywright" },
    };
    let gaps = outcome.coverage.skipped_count.iter().filter(|(reason, _)| reason.is_gap());
    let gaps = gaps.map(|(reason, count)| format!("not read, {}: {count}", reason.words()));
    let warnings = outcome.warnings.iter().filter(|text| !text.is_empty()).cloned();
    Scan {
        analyzer: tool(),
        scanner: tool(),
        r#type: "secret_detection",
        start_time: outcome.begun.to_owned(),
        end_time: ended(outcome.begun, outcome.seconds),
        status: if outcome.coverage.is_complete() { "success" } else { "failure" },
        messages: gaps.chain(warnings).map(|value| Message { level: "warn", value }).collect(),
    }
}

/// Returns the moment so many seconds behind another, to the second.
fn ended(begun: &str, seconds: f64) -> String {
    let begun_at = begun.parse::<jiff::civil::DateTime>().ok();
    let ended = jiff::SignedDuration::try_from_secs_f64(seconds).ok().zip(begun_at);
    let ended = ended.and_then(|(lasted, begun)| begun.checked_add(lasted).ok());
    ended.map_or_else(|| begun.to_owned(), |ended| ended.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

fn vulnerability<'a>(finding: &'a Finding, nth: u64, style: &Style) -> Vulnerability<'a> {
    let (hit, location) = (&finding.hit, &finding.location);
    let rule = &hit.rule;
    let name = |bytes: &[u8]| shown(&veiled(bytes, finding, style));
    let commit = location.commit.as_ref();
    // GitLab draws it as Markdown: nothing from the scanned line belongs here.
    let (confidence, print) = (hit.confidence.word(), finding.fingerprint.as_str());
    Vulnerability {
        id: id(finding, nth),
        name: cut(&rule.description, LONGEST_NAME),
        description: format!("{}, confidence {confidence}, fingerprint {print}", rule.description),
        severity: severity(rule.severity),
        solution: cut(&rule.remedy, LONGEST_SOLUTION),
        location: Located {
            file: String::from_utf8_lossy(&told_path(finding, style)).into_owned(),
            start_line: location.line,
            end_line: location.end_line.max(location.line),
            commit: Commit {
                sha: commit.map_or("0000000", |commit| &commit.id),
                author: commit.map(|commit| name(&commit.author)),
                date: commit.map(|commit| commit.date.as_str()),
            },
        },
        identifiers: [Identifier {
            r#type: "keywright_rule_id",
            name: format!("Keywright rule ID {}", rule.id),
            value: &rule.id,
        }],
        raw_source_code_extract: told_secret(finding, style),
    }
}

/// Names a finding the same in every run, in the shape of a UUID (version 8, RFC 9562): the secret,
/// the file, and which of its places in the file. A line added above changes nothing.
fn id(finding: &Finding, nth: u64) -> String {
    let hash = place_hash(finding, nth);
    let mut bytes: [u8; 16] = hash[..16].try_into().expect("SHA-256 is longer");
    bytes[6] = 0x80 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    let hex = HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
        Severity::Info => "Info",
    }
}

fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use super::ended;
    use crate::model::{Coverage, Finding, Severity, Skip, SkipReason, Suppression};

    fn gitlab(findings: &[Finding], coverage: &Coverage) -> Value {
        let text = told(Format::Gitlab, &sample::outcome(findings, coverage), &PLAIN);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_leak_is_told_as_the_schema_asks() {
        let coverage = Coverage::default();
        let findings = [sample::in_history(sample::finding("example-token", Severity::High, "a.env", 3))];
        let text = told(Format::Gitlab, &sample::outcome(&findings, &coverage), &PLAIN)
            .replace(env!("CARGO_PKG_VERSION"), "[version]");
        insta::assert_snapshot!(text, @r#"
        {
          "version": "15.2.1",
          "scan": {
            "analyzer": {
              "id": "keywright",
              "name": "Keywright",
              "version": "[version]",
              "vendor": {
                "name": "Keywright"
              }
            },
            "scanner": {
              "id": "keywright",
              "name": "Keywright",
              "version": "[version]",
              "vendor": {
                "name": "Keywright"
              }
            },
            "type": "secret_detection",
            "start_time": "2024-05-06T07:08:09",
            "end_time": "2024-05-06T07:08:09",
            "status": "success",
            "messages": []
          },
          "vulnerabilities": [
            {
              "id": "24d1c61d-0d9c-8e14-90fe-45eb8b9bc904",
              "name": "Example token",
              "description": "Example token, confidence high, fingerprint 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
              "severity": "High",
              "solution": "Revoke it in the console.",
              "location": {
                "file": "a.env",
                "start_line": 3,
                "end_line": 3,
                "commit": {
                  "sha": "1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e",
                  "author": "Ann Author",
                  "date": "2024-05-06T07:08:09+02:00"
                }
              },
              "identifiers": [
                {
                  "type": "keywright_rule_id",
                  "name": "Keywright rule ID example-token",
                  "value": "example-token"
                }
              ],
              "raw_source_code_extract": "…qqqq"
            }
          ]
        }
        "#);
    }

    #[test]
    fn an_id_is_its_own_and_survives_a_line_added_above() {
        let at = |line| sample::finding("r", Severity::High, "a", line);
        let before = gitlab(&[at(1), at(5)], &Coverage::default());
        let after = gitlab(&[at(2), at(6)], &Coverage::default());
        let id = |report: &Value, n: usize| report["vulnerabilities"][n]["id"].clone();
        assert_ne!(id(&before, 0), id(&before, 1));
        assert_eq!((id(&before, 0), id(&before, 1)), (id(&after, 0), id(&after, 1)));
    }

    #[test]
    fn a_finding_in_no_commit_has_the_zeros_gitlab_writes() {
        let report = gitlab(&[sample::finding("r", Severity::Low, "a", 1)], &Coverage::default());
        assert_eq!(report["vulnerabilities"][0]["location"]["commit"], serde_json::json!({"sha": "0000000"}));
    }

    #[test]
    fn what_does_not_count_is_no_vulnerability() {
        let mut let_be = sample::finding("r", Severity::High, "a", 1);
        let_be.suppression = Some(Suppression { kind: "inline", owner: None, by: "x".into(), reason: None });
        let report = gitlab(&[let_be], &Coverage::default());
        assert_eq!(report["vulnerabilities"], serde_json::json!([]));
        assert_eq!(report["scan"]["status"], "success");
    }

    #[test]
    fn a_scan_with_a_gap_has_failed_and_says_why() {
        let mut coverage = Coverage::default();
        coverage.skip(Skip { reason: SkipReason::Missing, what: "blob 0a1b2c".into(), mend: String::new() });
        let report = gitlab(&[], &coverage);
        assert_eq!(report["scan"]["status"], "failure");
        assert_eq!(report["scan"]["messages"][0]["value"], "not read, missing: 1");
    }

    #[test]
    fn texts_longer_than_the_schema_takes_are_cut() {
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        let rule = std::sync::Arc::get_mut(&mut finding.hit.rule).unwrap();
        (rule.description, rule.remedy) = ("é".repeat(300), "é".repeat(8000));
        let report = gitlab(&[finding], &Coverage::default());
        let length = |field: &str| report["vulnerabilities"][0][field].as_str().unwrap().chars().count();
        assert_eq!((length("name"), length("solution")), (255, 7000));
    }

    #[test]
    fn the_end_is_so_many_seconds_after_the_beginning() {
        assert_eq!(ended("2024-05-06T23:59:59", 1.5), "2024-05-07T00:00:00");
        assert_eq!(ended("2024-05-06T23:59:59", f64::NAN), "2024-05-06T23:59:59");
    }
}
