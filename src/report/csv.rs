//! One row a finding, for a spreadsheet (RFC 4180: every field in quotes, CRLF).
//!
//! A field that a spreadsheet would take for a formula gets an apostrophe in front: a path called
//! `=cmd|...` must not run on the desk of whoever opens the report.

use std::io::{self, Write};

use super::outcome::{Outcome, Standing, Style, standing};
use super::told::{told_path, told_secret, told_text};
use crate::model::Finding;

/// The columns, in order. They are a promise to scripts: columns are added at the end, never renamed.
const COLUMNS: [&str; 16] = [
    "rule",
    "severity",
    "confidence",
    "status",
    "counts",
    "suppressed_by",
    "path",
    "line",
    "column",
    "place",
    "commit",
    "author",
    "date",
    "secret",
    "fingerprint",
    "remedy",
];

/// Tells an outcome as a table.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    write_row(&COLUMNS.map(str::to_owned), out)?;
    outcome.shown().iter().try_for_each(|finding| write_row(&row(finding, outcome, style), out))
}

fn row(finding: &Finding, outcome: &Outcome<'_>, style: &Style) -> [String; COLUMNS.len()] {
    let (hit, location) = (&finding.hit, &finding.location);
    let commit = location.commit.as_ref();
    let text = |bytes: &[u8]| told_text(bytes, finding, style);
    [
        text(hit.rule.id.as_bytes()),
        hit.rule.severity.word().into(),
        hit.confidence.word().into(),
        finding.status.word().into(),
        (standing(finding, outcome) == Standing::Leak).to_string(),
        finding.suppression.as_ref().map_or(String::new(), |suppression| text(suppression.by.as_bytes())),
        text(&told_path(finding, style)),
        location.line.to_string(),
        location.column.to_string(),
        location.place.word().into(),
        commit.map_or(String::new(), |commit| commit.id.clone()),
        commit.map_or(String::new(), |commit| text(&commit.author)),
        commit.map_or(String::new(), |commit| commit.date.clone()),
        told_secret(finding, style),
        finding.fingerprint.as_str().into(),
        text(hit.rule.remedy.as_bytes()),
    ]
}

/// Writes a row that no spreadsheet computes.
///
/// # Errors
/// What the writer says.
pub fn write_row(fields: &[String], out: &mut dyn Write) -> io::Result<()> {
    for (at, field) in fields.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let calm = if is_formula(field) { "'" } else { "" };
        write!(out, "{comma}\"{calm}{}\"", field.replace('"', "\"\""))?;
    }
    out.write_all(b"\r\n")
}

/// Tells whether a spreadsheet would compute a field instead of showing it.
fn is_formula(field: &str) -> bool {
    // Some readers take the spaces in front away first.
    field.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || field.starts_with(['\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use crate::model::{Coverage, Finding, Path, Severity, Suppression};

    fn csv(findings: &[Finding]) -> String {
        told(Format::Csv, &sample::outcome(findings, &Coverage::default()), &PLAIN)
    }

    #[test]
    fn a_leak_and_what_was_let_be_are_a_row_each() {
        let mut let_be = sample::finding("example-token", Severity::High, "b.env", 1);
        let_be.suppression =
            Some(Suppression { kind: "inline", owner: None, by: "keywright:allow".into(), reason: None });
        let leak = sample::in_history(sample::finding("example-token", Severity::High, "a.env", 3));
        let text = csv(&[let_be, leak]);
        assert_eq!(text.matches("\r\n").count(), 3);
        assert_eq!(text.matches('\n').count(), 3);
        insta::assert_snapshot!(text.replace("\r\n", "\n"), @r#"
        "rule","severity","confidence","status","counts","suppressed_by","path","line","column","place","commit","author","date","secret","fingerprint","remedy"
        "example-token","high","high","counts","true","","a.env","3","7","history","1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e","Ann Author","2024-05-06T07:08:09+02:00","…qqqq","0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Revoke it in the console."
        "example-token","high","high","counts","false","keywright:allow","b.env","1","7","working-tree","","","","…qqqq","0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","Revoke it in the console."
        "#);
    }

    #[test]
    fn no_name_becomes_a_formula_or_a_second_field() {
        for (path, told) in [
            ("=1+1", r#""'=1+1""#),
            ("+1", r#""'+1""#),
            ("-1", r#""'-1""#),
            ("@SUM(A1)", r#""'@SUM(A1)""#),
            ("\t=1", r#""\x09=1""#),
            ("a\r\n=1", r#""a\x0d\x0a=1""#),
            (r#"a","=1"#, r#""a"",""=1""#),
        ] {
            let mut finding = sample::finding("r", Severity::High, "a", 1);
            finding.location.path = Path::new(path);
            let text = csv(&[finding]);
            assert!(text.lines().nth(1).unwrap().contains(&format!(r#","",{told},"1","7","#)), "{text}");
        }
    }

    #[test]
    fn a_clean_run_is_a_header_alone() {
        let text = csv(&[]);
        assert!(text.starts_with(r#""rule","severity","#) && text.ends_with("\"remedy\"\r\n"), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}
