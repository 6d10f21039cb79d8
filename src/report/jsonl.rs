//! One JSON object a line, for programs that read while they go: findings, then the summary.

use std::io::{self, Write};

use serde::Serialize;

use super::escape::write_line;
use super::outcome::{Outcome, Style};
use super::shape::{CoverageShape, FindingShape, SummaryShape};

/// A line with a finding.
#[derive(Serialize)]
struct FindingLine<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    finding: FindingShape<'a>,
}

/// The last line: a reader that did not see it did not see everything.
#[derive(Serialize)]
struct SummaryLine<'a> {
    r#type: &'static str,
    keywright: &'static str,
    target: &'a str,
    #[serde(flatten)]
    summary: SummaryShape<'a>,
    coverage: CoverageShape<'a>,
    warnings: &'a [String],
}

/// Tells an outcome as one JSON object a line.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    for finding in &shown {
        let finding = FindingShape::of(finding, outcome, style);
        write_line(&FindingLine { r#type: "finding", finding }, out)?;
    }
    let summary = SummaryLine {
        r#type: "summary",
        keywright: env!("CARGO_PKG_VERSION"),
        target: outcome.target,
        summary: SummaryShape::of(outcome, &shown),
        coverage: CoverageShape::of(outcome.coverage),
        warnings: outcome.warnings,
    };
    write_line(&summary, out)
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use crate::model::{Coverage, Severity};

    #[test]
    fn each_line_says_what_it_is_and_the_summary_is_last() {
        let coverage = Coverage { files: 2, ..Coverage::default() };
        let findings =
            [sample::finding("r", Severity::High, "b", 1), sample::finding("r", Severity::High, "a", 1)];
        let text = told(Format::Jsonl, &sample::outcome(&findings, &coverage), &PLAIN)
            .replace(env!("CARGO_PKG_VERSION"), "[version]");
        insta::assert_snapshot!(text, @r#"
        {"type":"finding","rule":"r","description":"Example token","provider":"example","severity":"high","confidence":"high","checks":[{"name":"checksum","verdict":"passed","why":"it fits"}],"fingerprint":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","secret":"…qqqq","key_id":null,"path":"a","place":"working-tree","line":1,"column":7,"end_line":1,"end_column":34,"line_text":"TOKEN=…qqqq","object":null,"commit":null,"in_head":null,"refs":[],"versions":0,"status":"counts","counts":true,"suppression":null,"remedy":"Revoke it in the console.","docs":"https://example.com/keys"}
        {"type":"finding","rule":"r","description":"Example token","provider":"example","severity":"high","confidence":"high","checks":[{"name":"checksum","verdict":"passed","why":"it fits"}],"fingerprint":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","secret":"…qqqq","key_id":null,"path":"b","place":"working-tree","line":1,"column":7,"end_line":1,"end_column":34,"line_text":"TOKEN=…qqqq","object":null,"commit":null,"in_head":null,"refs":[],"versions":0,"status":"counts","counts":true,"suppression":null,"remedy":"Revoke it in the console.","docs":"https://example.com/keys"}
        {"type":"summary","keywright":"[version]","target":"repository demo","leaks":1,"locations":2,"files":2,"messages":0,"by_severity":{"critical":0,"high":1,"medium":0,"low":0},"not_counted":{"suppressed":0,"already_there":0,"unreachable":0,"identifiers":0},"below_min_confidence":0,"min_confidence":"medium","all_objects":false,"complete":true,"rules":212,"seconds":0.25,"coverage":{"files":2,"index_entries":0,"objects_expected":0,"objects_read":0,"commits":0,"bytes":0,"skipped":[]},"warnings":[]}
        "#);
    }
}
