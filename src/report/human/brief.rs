//! What a hook tells somebody who waits for git: where, what, and why it is a secret, in few lines.

use std::io::{self, Write};

use super::super::outcome::{Outcome, Standing, Style, standing};
use super::super::sums;
use super::super::tally::Tally;
use super::super::words::{calm, count};
use super::group::{self, Group, why_not_counted};
use super::paint::Paint;
use super::summary::write_skipped;
use crate::model::Finding;

/// How many secrets are told one by one.
const MOST_SECRETS: usize = 5;
/// How many places of one secret are told.
const MOST_PLACES: usize = 3;
/// How many findings that somebody let be are told.
const MOST_LET_BE: usize = 5;

/// Tells an outcome in few lines. `stopped`: what git was kept from.
///
/// # Errors
/// Returns the writer's error.
pub fn brief(
    outcome: &Outcome<'_>,
    stopped: Option<&str>,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { colour: style.colour };
    let shown = outcome.shown();
    let tally = Tally::of(outcome, &shown);
    let groups: Vec<Group<'_>> = group::groups(&shown, outcome).into_iter().filter(Group::counts).collect();
    let leaks = sums::leaks(outcome, &tally);
    match stopped {
        Some(what) if tally.leaks > 0 => writeln!(out, "{}: {leaks}", paint.bad(what))?,
        Some(what) => writeln!(out, "{}: not everything could be read", paint.bad(what))?,
        None => writeln!(out, "keywright: {leaks} · {}", sums::covered(outcome))?,
    }
    for group in groups.iter().take(MOST_SECRETS) {
        writeln!(out)?;
        group.write_brief(outcome, MOST_PLACES, style, paint, out)?;
    }
    if groups.len() > MOST_SECRETS {
        let more = count((groups.len() - MOST_SECRETS) as u64, "more leak");
        writeln!(out, "\n  +{more}: keywright scan tells all of them")?;
    }
    let let_be = shown.iter().filter(|f| standing(f, outcome) == Standing::Suppressed);
    for finding in let_be.take(MOST_LET_BE) {
        let place = group::place(finding, style);
        let why = why_not_counted(finding, Standing::Suppressed, style).unwrap_or_default();
        let rule = calm(finding.hit.rule.id.as_bytes());
        writeln!(out, "{}", paint.faint(format!("  {place}:{}  {rule}: {why}", finding.location.line)))?;
    }
    if let Some(line) = sums::not_counted(&tally) {
        writeln!(out, "{}", paint.faint(line))?;
    }
    write_gaps(outcome, paint, out)
}

/// Says where a finding stands, without its line: a path, or whose message it is.
#[must_use]
pub fn place(finding: &Finding) -> String {
    group::place(finding, &Style { colour: false, width: 100, show_secrets: false })
}

/// Tells what could not be read; what was left out on purpose is not a hook's news.
fn write_gaps(outcome: &Outcome<'_>, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    if outcome.coverage.is_complete() { Ok(()) } else { write_skipped(outcome.coverage, paint, out) }
}
