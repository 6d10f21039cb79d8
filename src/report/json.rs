//! One JSON object for a whole run.

use std::io::{self, Write};

use serde::Serialize;

use super::escape::write_pretty;
use super::outcome::{Outcome, Style};
use super::shape::{CoverageShape, FindingShape, SummaryShape};

/// A run.
#[derive(Serialize)]
struct Report<'a> {
    /// The version that wrote it.
    keywright: &'static str,
    target: &'a str,
    summary: SummaryShape<'a>,
    coverage: CoverageShape<'a>,
    findings: Vec<FindingShape<'a>>,
    warnings: &'a [String],
}

/// Tells an outcome as one JSON object.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    let report = Report {
        keywright: env!("CARGO_PKG_VERSION"),
        target: outcome.target,
        summary: SummaryShape::of(outcome, &shown),
        coverage: CoverageShape::of(outcome.coverage),
        findings: shown.iter().map(|finding| FindingShape::of(finding, outcome, style)).collect(),
        warnings: outcome.warnings,
    };
    write_pretty(&report, out)
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use crate::model::{Coverage, Path, Severity, Skip, SkipReason, Suppression};

    #[test]
    fn a_leak_in_the_history_is_told_with_all_its_fields() {
        let mut coverage =
            Coverage { objects_expected: 3, objects_read: 2, bytes: 1234, ..Coverage::default() };
        coverage.skip(Skip {
            reason: SkipReason::Missing,
            what: "blob 0a1b2c".into(),
            mend: "git fetch --refetch".into(),
        });
        let mut finding = sample::in_history(sample::finding("example-token", Severity::High, "a.env", 3));
        finding.hit.key_id = Some("id_1".into());
        let findings = [finding];
        let warnings = ["no index".to_string()];
        let mut outcome = sample::outcome(&findings, &coverage);
        outcome.warnings = &warnings;
        let text = told(Format::Json, &outcome, &PLAIN).replace(env!("CARGO_PKG_VERSION"), "[version]");
        insta::assert_snapshot!(text, @r#"
        {
          "keywright": "[version]",
          "target": "repository demo",
          "summary": {
            "leaks": 1,
            "locations": 1,
            "files": 1,
            "messages": 0,
            "by_severity": {
              "critical": 0,
              "high": 1,
              "medium": 0,
              "low": 0
            },
            "not_counted": {
              "suppressed": 0,
              "already_there": 0,
              "unreachable": 0,
              "identifiers": 0
            },
            "below_min_confidence": 0,
            "min_confidence": "medium",
            "all_objects": false,
            "complete": false,
            "rules": 212,
            "seconds": 0.25
          },
          "coverage": {
            "files": 0,
            "index_entries": 0,
            "objects_expected": 3,
            "objects_read": 2,
            "commits": 0,
            "bytes": 1234,
            "skipped": [
              {
                "reason": "missing",
                "gap": true,
                "count": 1,
                "listed": [
                  {
                    "what": "blob 0a1b2c",
                    "mend": "git fetch --refetch"
                  }
                ]
              }
            ]
          },
          "findings": [
            {
              "rule": "example-token",
              "description": "Example token",
              "provider": "example",
              "severity": "high",
              "confidence": "high",
              "checks": [
                {
                  "name": "checksum",
                  "verdict": "passed",
                  "why": "it fits"
                }
              ],
              "fingerprint": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
              "secret": "…qqqq",
              "key_id": "id_1",
              "path": "a.env",
              "place": "history",
              "line": 3,
              "column": 7,
              "end_line": 3,
              "end_column": 34,
              "line_text": "TOKEN=…qqqq",
              "object": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
              "commit": {
                "id": "1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e",
                "author": "Ann Author",
                "email": "ann@example.com",
                "date": "2024-05-06T07:08:09+02:00"
              },
              "in_head": false,
              "refs": [
                "refs/heads/main",
                "refs/tags/v1"
              ],
              "versions": 3,
              "status": "counts",
              "counts": true,
              "suppression": null,
              "remedy": "Revoke it in the console.",
              "docs": "https://example.com/keys"
            }
          ],
          "warnings": [
            "no index"
          ]
        }
        "#);
    }

    #[test]
    fn a_suppressed_finding_is_told_and_does_not_count() {
        let coverage = Coverage::default();
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        finding.suppression = Some(Suppression {
            kind: "inline",
            owner: None,
            by: "keywright:allow".into(),
            reason: Some("a test".into()),
        });
        let findings = [finding];
        let text = told(Format::Json, &sample::outcome(&findings, &coverage), &PLAIN);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["findings"][0]["counts"], false);
        assert_eq!(json["findings"][0]["suppression"]["reason"], "a test");
        assert_eq!(json["summary"]["leaks"], 0);
        assert_eq!(json["summary"]["not_counted"]["suppressed"], 1);
    }

    #[test]
    fn a_path_that_is_no_utf8_is_also_told_exactly() {
        let coverage = Coverage::default();
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        finding.location.path = Path::new(b"a\xff".as_slice());
        let findings = [finding];
        let text = told(Format::Json, &sample::outcome(&findings, &coverage), &PLAIN);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["findings"][0]["path"], "a\u{fffd}");
        assert_eq!(json["findings"][0]["path_bytes"], "Yf8=");
    }
}
