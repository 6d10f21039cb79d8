//! JUnit's XML, which every build server draws: a failed test for each finding that counts.
//!
//! Without one, a passed test says so, because build servers take an empty suite for a mistake. What
//! could not be read is a test in error: a scan that did not see everything must not look green.

use std::io::{self, Write};

use super::outcome::{Outcome, Style, counts};
use super::told::{told_path, told_secret, told_text};
use crate::model::Finding;
use crate::model::text::shown;

/// Tells an outcome as a suite of tests.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut leaks = outcome.shown();
    leaks.retain(|finding| counts(finding, outcome));
    let errors = usize::from(!outcome.coverage.is_complete());
    let (failures, tests) = (leaks.len(), leaks.len().max(1) + errors);
    let numbers = format!(
        r#"name="keywright" tests="{tests}" failures="{failures}" errors="{errors}" time="{:.3}""#,
        outcome.seconds
    );
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, "<testsuites {numbers}>\n  <testsuite {numbers}>")?;
    leaks.iter().try_for_each(|finding| write_leak(finding, style, out))?;
    if leaks.is_empty() {
        writeln!(out, r#"    <testcase classname="keywright" name="no leaks"/>"#)?;
    }
    if errors > 0 {
        write_gaps(outcome, out)?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn write_leak(finding: &Finding, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let (hit, location) = (&finding.hit, &finding.location);
    let text = |bytes: &[u8]| escaped(&told_text(bytes, finding, style));
    let (path, rule) = (text(&told_path(finding, style)), text(hit.rule.id.as_bytes()));
    let (line, column, severity) = (location.line, location.column, hit.rule.severity.word());
    let what = text(hit.rule.description.as_bytes());
    let secret = escaped(&told_secret(finding, style));
    writeln!(out, r#"    <testcase classname="{path}" name="{rule} at line {line}">"#)?;
    writeln!(out, r#"      <failure message="{what}: {secret}" type="{severity}">"#)?;
    writeln!(out, "at {path}:{line}:{column}, confidence {}", hit.confidence.word())?;
    if let Some(commit) = &location.commit {
        let author = text(&commit.author);
        writeln!(out, "since commit {} of {} by {author}", escaped(commit.short()), escaped(commit.day()))?;
    }
    writeln!(out, "fingerprint {}", escaped(finding.fingerprint.as_str()))?;
    writeln!(out, "to do: {}", text(hit.rule.remedy.as_bytes()))?;
    writeln!(out, "      </failure>\n    </testcase>")
}

fn write_gaps(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let gaps = outcome.coverage.skipped_count.iter().filter(|(reason, _)| reason.is_gap());
    let words: Vec<_> = gaps.map(|(reason, count)| format!("{count} {}", reason.words())).collect();
    let words = escaped(&shown(words.join(", ").as_bytes()));
    writeln!(out, r#"    <testcase classname="keywright" name="everything was read">"#)?;
    writeln!(out, r#"      <error message="not everything was read: {words}" type="incomplete"/>"#)?;
    writeln!(out, "    </testcase>")
}

/// Returns text for an element or a quoted attribute of XML 1.0. What XML cannot hold even as a
/// reference becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                out.push('\u{fffd}');
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, told};
    use super::escaped;
    use crate::model::{Coverage, Finding, Severity, Skip, SkipReason, Suppression};

    fn junit(findings: &[Finding], coverage: &Coverage) -> String {
        told(Format::Junit, &sample::outcome(findings, coverage), &PLAIN)
    }

    #[test]
    fn a_leak_is_a_failed_test() {
        let leak = sample::in_history(sample::finding("example-token", Severity::High, "a&b.env", 3));
        insta::assert_snapshot!(junit(&[leak], &Coverage::default()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="keywright" tests="1" failures="1" errors="0" time="0.250">
          <testsuite name="keywright" tests="1" failures="1" errors="0" time="0.250">
            <testcase classname="a&amp;b.env" name="example-token at line 3">
              <failure message="Example token: …qqqq" type="high">
        at a&amp;b.env:3:7, confidence high
        since commit 1a2b3c4d5e of 2024-05-06 by Ann Author
        fingerprint 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        to do: Revoke it in the console.
              </failure>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn what_does_not_count_fails_no_test() {
        let mut let_be = sample::finding("r", Severity::High, "a", 1);
        let_be.suppression = Some(Suppression { kind: "inline", owner: None, by: "x".into(), reason: None });
        insta::assert_snapshot!(junit(&[let_be], &Coverage::default()), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="keywright" tests="1" failures="0" errors="0" time="0.250">
          <testsuite name="keywright" tests="1" failures="0" errors="0" time="0.250">
            <testcase classname="keywright" name="no leaks"/>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn a_scan_with_a_gap_is_not_green() {
        let mut coverage = Coverage::default();
        coverage.skip(Skip { reason: SkipReason::Missing, what: "blob 0a1b2c".into(), mend: String::new() });
        insta::assert_snapshot!(junit(&[], &coverage), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="keywright" tests="2" failures="0" errors="1" time="0.250">
          <testsuite name="keywright" tests="2" failures="0" errors="1" time="0.250">
            <testcase classname="keywright" name="no leaks"/>
            <testcase classname="keywright" name="everything was read">
              <error message="not everything was read: 1 missing" type="incomplete"/>
            </testcase>
          </testsuite>
        </testsuites>
        "#);
    }

    #[test]
    fn no_text_leaves_its_place_and_what_xml_forbids_is_replaced() {
        assert_eq!(escaped("</a b='\"'>&]]>"), "&lt;/a b=&apos;&quot;&apos;&gt;&amp;]]&gt;");
        assert_eq!(
            escaped("a\0b\x1bc\u{fffe}d\u{ffff}\u{1f600}"),
            "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}\u{1f600}"
        );
    }
}
