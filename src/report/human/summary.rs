//! The numbers, and what was not read.

use std::io::{self, Write};

use super::super::outcome::{Outcome, Style};
use super::super::sums;
use super::super::tally::Tally;
use super::super::words::calm;
use super::paint::Paint;
use crate::model::Coverage;

/// Writes the end of a report.
pub(super) fn write(
    outcome: &Outcome<'_>,
    tally: &Tally,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { colour: style.colour };
    writeln!(out, "{}", verdict(outcome, tally, paint))?;
    for line in [sums::not_counted(tally), sums::less_sure(tally)].into_iter().flatten() {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{}", paint.faint(sums::covered(outcome)))?;
    if let Some(since) = &outcome.coverage.known_since {
        let words = format!("history not read again: as it was on {since} (--no-cache reads it)");
        writeln!(out, "{}", paint.faint(words))?;
    }
    write_skipped(outcome.coverage, paint, out)?;
    for warning in outcome.warnings {
        writeln!(out, "{} {}", paint.warn("note:"), calm(warning.as_bytes()))?;
    }
    Ok(())
}

/// The line that is read first: `3 leaks in 2 files`.
fn verdict(outcome: &Outcome<'_>, tally: &Tally, paint: Paint) -> String {
    let target = calm(outcome.target.as_bytes());
    let words = sums::leaks(outcome, tally);
    if tally.leaks > 0 {
        format!("{} ({}) · {target}", paint.bad(words), sums::severities(tally))
    } else if outcome.coverage.is_complete() {
        format!("{} · {target}", paint.good(words))
    } else {
        format!("{} · {target}", paint.warn(words))
    }
}

/// Writes what was left out on purpose, then what could not be read and what to do about it.
pub(super) fn write_skipped(coverage: &Coverage, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    for reason in sums::reasons(coverage, false) {
        writeln!(out, "{}", paint.faint(format!("left out: {}", sums::skipped(coverage, reason))))?;
    }
    if coverage.is_complete() {
        return Ok(());
    }
    writeln!(out, "{}", paint.warn("not everything could be read:"))?;
    for reason in sums::reasons(coverage, true) {
        writeln!(out, "  {}", sums::skipped(coverage, reason))?;
        for mend in sums::mends(coverage, reason) {
            writeln!(out, "    {} {mend}", paint.bold("do:"))?;
        }
    }
    Ok(())
}
