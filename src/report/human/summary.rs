//! The numbers, and what was not read.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::outcome::{Outcome, Style};
use super::super::tally::Tally;
use super::super::words::{bytes, calm, count, digits, seconds};
use super::paint::Paint;
use crate::model::{Coverage, SkipReason};

/// How many skipped things of one reason are listed.
const LONGEST_LIST: usize = 5;

/// Writes the end of a report.
pub(super) fn write(
    outcome: &Outcome<'_>,
    tally: &Tally,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { colour: style.colour };
    writeln!(out, "{}", verdict(outcome, tally, paint))?;
    if let Some(line) = not_counted(tally) {
        writeln!(out, "{line}")?;
    }
    if let Some(all) = tally.all_shown_at {
        let more = digits(tally.below_min_confidence as u64);
        writeln!(out, "{more} more at lower confidence: --min-confidence {}", all.word())?;
    }
    writeln!(out, "{}", paint.faint(covered(outcome)))?;
    write_skipped(outcome.coverage, paint, out)?;
    for warning in outcome.warnings {
        writeln!(out, "{} {}", paint.warn("note:"), calm(warning.as_bytes()))?;
    }
    Ok(())
}

/// The line that is read first: `3 leaks in 2 files`.
fn verdict(outcome: &Outcome<'_>, tally: &Tally, paint: Paint) -> String {
    let target = calm(outcome.target.as_bytes());
    if tally.leaks == 0 {
        return if outcome.coverage.is_complete() {
            format!("{} · {target}", paint.good("no leaks"))
        } else {
            format!("{} · {target}", paint.warn("no leaks in what could be read"))
        };
    }
    let mut places = Vec::new();
    if tally.files > 0 {
        places.push(count(tally.files as u64, "file"));
    }
    if tally.messages > 0 {
        places.push(count(tally.messages as u64, "message"));
    }
    let mut line = count(tally.leaks as u64, "leak");
    if tally.locations > tally.leaks {
        line += &format!(" at {}", count(tally.locations as u64, "place"));
    }
    line += &format!(" in {}", places.join(" and "));
    let by = &tally.by_severity;
    let kinds = [("critical", by.critical), ("high", by.high), ("medium", by.medium), ("low", by.low)];
    format!("{} ({}) · {target}", paint.bad(line), list(&kinds))
}

/// What is shown and does not count.
fn not_counted(tally: &Tally) -> Option<String> {
    let n = &tally.not_counted;
    let identifiers = if n.identifiers == 1 { "mere identifier" } else { "mere identifiers" };
    let kinds = [
        ("suppressed", n.suppressed),
        ("already there", n.already_there),
        ("unreachable", n.unreachable),
        (identifiers, n.identifiers),
    ];
    let list = list(&kinds);
    (!list.is_empty()).then(|| format!("not counted: {list}"))
}

/// Joins what is not zero: `1 critical, 2 high`.
fn list(kinds: &[(&str, usize)]) -> String {
    let some = kinds.iter().filter(|(_, n)| *n > 0);
    some.map(|(word, n)| format!("{} {word}", digits(*n as u64))).collect::<Vec<_>>().join(", ")
}

/// How much was read.
fn covered(outcome: &Outcome<'_>) -> String {
    let coverage = outcome.coverage;
    let mut parts = Vec::new();
    if coverage.files > 0 {
        parts.push(count(coverage.files, "file"));
    }
    if coverage.index_entries > 0 {
        parts.push(count(coverage.index_entries, "index entry"));
    }
    if coverage.objects_expected > 0 || coverage.objects_read > 0 {
        let objects = count(coverage.objects_expected, "object");
        parts.push(if coverage.objects_read == coverage.objects_expected {
            objects
        } else {
            format!("{} of {objects}", digits(coverage.objects_read))
        });
    }
    if coverage.commits > 0 {
        parts.push(count(coverage.commits, "commit"));
    }
    if parts.is_empty() {
        parts.push("nothing".into());
    }
    format!(
        "read {}: {} in {}, {}",
        parts.join(", "),
        bytes(coverage.bytes),
        seconds(outcome.seconds),
        count(outcome.rules as u64, "rule")
    )
}

/// Writes what was left out on purpose, then what could not be read and what to do about it.
fn write_skipped(coverage: &Coverage, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let reasons = |gap: bool| coverage.skipped_count.iter().filter(move |(r, _)| r.is_gap() == gap);
    for (reason, count) in reasons(false) {
        writeln!(out, "{}", paint.faint(format!("left out: {}", skipped(coverage, *reason, *count))))?;
    }
    if coverage.is_complete() {
        return Ok(());
    }
    writeln!(out, "{}", paint.warn("not everything could be read:"))?;
    for (reason, count) in reasons(true) {
        writeln!(out, "  {}", skipped(coverage, *reason, *count))?;
        let of_reason = coverage.skipped.iter().filter(|skip| skip.reason == *reason);
        let mends: BTreeSet<_> = of_reason.map(|skip| skip.mend.as_str()).filter(|m| !m.is_empty()).collect();
        for mend in mends {
            writeln!(out, "    {} {}", paint.bold("do:"), calm(mend.as_bytes()))?;
        }
    }
    Ok(())
}

/// What was skipped for one reason: `7 × symbolic link: a, b, c, d, e, +2 more`.
fn skipped(coverage: &Coverage, reason: SkipReason, count: u64) -> String {
    let of_reason = coverage.skipped.iter().filter(|skip| skip.reason == reason);
    let mut names: Vec<_> = of_reason.take(LONGEST_LIST).map(|skip| calm(skip.what.as_bytes())).collect();
    let more = count.saturating_sub(names.len() as u64);
    if more > 0 {
        names.push(format!("+{} more", digits(more)));
    }
    format!("{} × {}: {}", digits(count), reason.words(), names.join(", "))
}
