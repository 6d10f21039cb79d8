//! For GitHub Actions: annotations as workflow commands, which a run and a change are drawn with, and
//! the summary of a job.
//!
//! - `command`: one workflow command, escaped
//! - `markdown`: text from outside that Markdown leaves alone
//! - `summary`: the summary of a job, in Markdown
//! - `comment`: a comment under a pull request, in Markdown
//!
//! A leak is an error at its place, a gap a warning, and what was read a notice, so that a scan that
//! found nothing is told from one that never ran. What does not count is only counted here; the
//! summary lists it. GitHub draws ten annotations of a kind for each step: the worst leaks come first,
//! and the last error says how many more follow as plain lines of the log.

mod command;
pub(super) mod comment;
mod markdown;
pub(super) mod summary;

use std::io::{self, Write};

use self::command::{Annotation, plain, told};
pub use self::markdown::code;
use super::outcome::{Outcome, Standing, Style, message_id, standing};
use super::sums;
use super::tally::Tally;
use super::told::{told_path, told_secret};
use super::words::{count, digits};
use crate::model::text::{shown, tame};
use crate::model::{Finding, Place};

/// How many annotations of a kind GitHub draws for one step.
const MOST: usize = 10;

/// Tells an outcome as workflow commands.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut leaks = outcome.shown();
    let tally = Tally::of(outcome, &leaks);
    leaks.retain(|finding| standing(finding, outcome) == Standing::Leak);
    let drawn = if leaks.len() > MOST { MOST - 1 } else { leaks.len() };
    let (drawn, rest) = leaks.split_at(drawn);
    for finding in drawn {
        annotation(finding, style).write(out)?;
    }
    if !rest.is_empty() {
        let title = format!("{} more places hold leaks", digits(rest.len() as u64));
        let where_to = "They are listed in the log of this step, and in the summary of the job.";
        Annotation::new("error", title, where_to).write(out)?;
        for finding in rest {
            let (severity, place) = (finding.hit.rule.severity.word(), place(finding, style));
            let (rule, secret) = (rule(finding, style), secret(finding, style));
            writeln!(out, "leak: {severity}, {rule}, {secret} {place}")?;
        }
    }
    write_warnings(outcome, out)?;
    notice(outcome, &tally).write(out)
}

fn annotation(finding: &Finding, style: &Style) -> Annotation {
    let (hit, location) = (&finding.hit, &finding.location);
    let text = |text: &str| told(text.as_bytes(), finding, style);
    let (line, end_line) = (location.line.max(1), location.end_line.max(location.line).max(1));
    let mut at = Vec::new();
    if let Some(file) = file(finding, style) {
        at = vec![("file", file), ("line", line.to_string()), ("endLine", end_line.to_string())];
        // GitHub takes columns on one line only; its last column is a part of the text.
        if line == end_line {
            let column = location.column.max(1);
            at.push(("col", column.to_string()));
            at.push(("endColumn", location.end_column.saturating_sub(1).max(column).to_string()));
        }
    }
    let (secret, place) = (secret(finding, style), place(finding, style));
    let mut message = format!("{secret} {place}, confidence {}", hit.confidence.word());
    if !hit.rule.remedy.is_empty() {
        message += &format!("\nTo do: {}", text(&hit.rule.remedy));
    }
    message +=
        &format!("\nRule {}, fingerprint {}", rule(finding, style), text(finding.fingerprint.as_str()));
    let title = format!("{} ({})", text(&hit.rule.description), hit.rule.severity.word());
    Annotation { place: at, ..Annotation::new("error", title, message) }
}

fn rule(finding: &Finding, style: &Style) -> String {
    told(finding.hit.rule.id.as_bytes(), finding, style)
}

fn secret(finding: &Finding, style: &Style) -> String {
    told(told_secret(finding, style).as_bytes(), finding, style)
}

/// Returns where a leak stands, in words.
fn place(finding: &Finding, style: &Style) -> String {
    let location = &finding.location;
    let path = told(&told_path(finding, style), finding, style);
    let mut words = match (message_id(location), location.place) {
        (Some(id), Place::TagMessage) => format!("in the message of tag {}", plain(id)),
        (Some(id), _) => format!("in the message of commit {}", plain(id)),
        (None, _) => format!("at {path} line {}", location.line),
    };
    if let Some(commit) = &location.commit {
        let author = told(&commit.author, finding, style);
        words += &format!(", since commit {} of {} by {author}", plain(commit.short()), plain(commit.day()));
    }
    if location.in_head == Some(false) {
        words += ", no longer in HEAD";
        if let Some((first, more)) = location.refs.split_first() {
            words += &format!(" but in {}", told(first.as_bytes(), finding, style));
            if !more.is_empty() {
                words += &format!(" and {}", count(more.len() as u64, "other ref"));
            }
        }
    }
    words
}

/// Returns the path for the property `file`, if there is such a file to draw at and its name gets
/// through a workflow command as it is: the runner drops a `=` at the beginning.
fn file(finding: &Finding, style: &Style) -> Option<String> {
    let location = &finding.location;
    let is_file = match location.place {
        Place::WorkingTree | Place::Index => true,
        // In a change nobody asked for HEAD: what it brings in is taken to be there.
        Place::History => location.in_head != Some(false),
        Place::CommitMessage | Place::TagMessage | Place::Stdin => false,
    };
    let path = str::from_utf8(location.path.bytes()).ok()?;
    let is_exact = tame(shown(path.as_bytes())) == path && *told_path(finding, style) == *path.as_bytes();
    (is_file && !path.is_empty() && is_exact && !path.starts_with('=')).then(|| path.into())
}

/// Writes a warning for each kind of gap, then what else the reader should know.
fn write_warnings(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = outcome.coverage;
    let mut warnings = Vec::new();
    for reason in sums::reasons(coverage, true) {
        let mut message = plain(&sums::skipped(coverage, reason));
        for mend in sums::mends(coverage, reason).into_iter().take(MOST) {
            message += &format!("\nTo do: {}", plain(&mend));
        }
        warnings.push(Annotation::new("warning", "Not everything could be read", message));
    }
    let others = outcome.warnings.iter().map(|text| Annotation::new("warning", "Keywright", plain(text)));
    warnings.extend(others);
    if warnings.len() > MOST {
        let more = warnings.len() - (MOST - 1);
        warnings.truncate(MOST - 1);
        let title = format!("{more} more warnings");
        warnings.push(Annotation::new("warning", title, "They are in the log of this step."));
    }
    warnings.iter().try_for_each(|warning| warning.write(out))
}

/// Returns what was looked for, and in how much.
fn notice(outcome: &Outcome<'_>, tally: &Tally) -> Annotation {
    let mut message = format!("{} · {}", plain(outcome.target), sums::covered(outcome));
    for line in [sums::not_counted(tally), sums::less_sure(tally)].into_iter().flatten() {
        message += &format!("\n{line}");
    }
    for reason in sums::reasons(outcome.coverage, false) {
        message += &format!("\nleft out: {}", plain(&sums::skipped(outcome.coverage, reason)));
    }
    Annotation::new("notice", format!("Keywright: {}", sums::leaks(outcome, tally)), message)
}

#[cfg(test)]
mod tests;
