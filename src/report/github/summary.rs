//! The summary of a job, in Markdown: the numbers, what could not be read, the leaks with what to do,
//! and what was found and does not count.
//!
//! Secrets are masked whatever was asked for: the page stays, and many may read it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::super::outcome::{Outcome, Standing, Style, message_id, standing};
use super::super::sums;
use super::super::tally::Tally;
use super::super::told::{told_path, told_secret};
use super::super::veil::veiled;
use super::super::words::digits;
use super::markdown::code;
use crate::model::{Finding, Place};

/// How many rules are told what to do about, and how many warnings are repeated.
pub(super) const LONGEST_LIST: usize = 50;

/// Room left for the sentence that counts what is not listed.
const ROOM: usize = 200;

/// The heads of the two tables.
pub(super) const LEAKS: &str =
    "\n| How bad | Rule | Where | Secret | Since |\n| --- | --- | --- | --- | --- |\n";
pub(super) const OTHERS: &str =
    "\n### Found, and not counted\n\n| Why | Rule | Where | Said by |\n| --- | --- | --- | --- |\n";

pub(super) const MASKED: Style = Style { colour: false, width: 100, show_secrets: false };

/// Writes the summary of a job, at most `most` bytes of it: the worst leaks are kept, the rest is
/// counted. Where not even the numbers fit, nothing is written.
///
/// # Errors
///
/// Returns the writer's error.
pub fn write(outcome: &Outcome<'_>, most: usize, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    let (leaks, others): (Vec<_>, Vec<_>) =
        shown.iter().copied().partition(|finding| standing(finding, outcome) == Standing::Leak);
    let text = numbers(outcome, &Tally::of(outcome, &shown));
    let mut page = Page { text, most, kind: "summary" };
    let to_do = to_do(&leaks);
    page.add(&gaps(outcome));
    page.most = most.saturating_sub(to_do.len());
    page.table(LEAKS, &leaks, leak);
    page.most = most;
    page.add(&to_do);
    page.table(OTHERS, &others, |finding| other(finding, outcome));
    if page.text.len() <= most { out.write_all(page.text.as_bytes()) } else { Ok(()) }
}

/// A text that grows up to a size.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) most: usize,
    /// What it is, for people.
    pub(super) kind: &'static str,
}

impl Page {
    /// Adds a part if all of it fits.
    pub(super) fn add(&mut self, part: &str) {
        if self.text.len() + part.len() <= self.most {
            self.text += part;
        }
    }

    /// Adds a table of as many rows as fit, and says how many did not.
    pub(super) fn table(&mut self, head: &str, findings: &[&Finding], row: impl Fn(&Finding) -> String) {
        if findings.is_empty() {
            return;
        }
        let most = self.most.saturating_sub(ROOM);
        let mut told = 0;
        if self.text.len() + head.len() <= most {
            self.text += head;
            for finding in findings {
                let row = row(finding);
                if self.text.len() + row.len() > most {
                    break;
                }
                self.text += &row;
                told += 1;
            }
        }
        let more = (findings.len() - told) as u64;
        if more > 0 {
            self.add(&format!(
                "\n{} more are not listed here: a {} has its limit.\n",
                digits(more),
                self.kind
            ));
        }
    }
}

fn numbers(outcome: &Outcome<'_>, tally: &Tally) -> String {
    let mut text = format!("## Keywright: {}\n\n", sums::leaks(outcome, tally));
    let target = code(outcome.target.as_bytes());
    text += &format!("{target}: {}.\n", sums::covered(outcome));
    let severities = Some(sums::severities(tally)).filter(|words| !words.is_empty());
    for line in [severities, sums::not_counted(tally), sums::less_sure(tally)].into_iter().flatten() {
        text += &format!("\n{line}\n");
    }
    text
}

/// Returns what was not read, and what else the reader should know.
pub(super) fn gaps(outcome: &Outcome<'_>) -> String {
    let coverage = outcome.coverage;
    let mut text = String::new();
    if !coverage.is_complete() {
        text += "\n**Not everything could be read.**\n\n";
        for reason in sums::reasons(coverage, true) {
            text += &format!("- {}\n", code(sums::skipped(coverage, reason).as_bytes()));
            for mend in sums::mends(coverage, reason).into_iter().take(LONGEST_LIST) {
                text += &format!("  - to do: {}\n", code(mend.as_bytes()));
            }
        }
    }
    let left_out = sums::reasons(coverage, false).map(|reason| sums::skipped(coverage, reason));
    for words in left_out {
        text += &format!("\nLeft out: {}\n", code(words.as_bytes()));
    }
    for warning in outcome.warnings.iter().take(LONGEST_LIST) {
        text += &format!("\nNote: {}\n", code(warning.as_bytes()));
    }
    text
}

/// Returns what to do, once for each rule.
pub(super) fn to_do(leaks: &[&Finding]) -> String {
    let rules: BTreeMap<&str, &Finding> =
        leaks.iter().map(|leak| (leak.hit.rule.id.as_str(), *leak)).collect();
    let mut text = String::new();
    for (id, leak) in rules.into_iter().take(LONGEST_LIST) {
        let rule = &leak.hit.rule;
        let (id, what) = (code(id.as_bytes()), code(rule.description.as_bytes()));
        text += &format!("- {id} {what}: {}\n", code(rule.remedy.as_bytes()));
    }
    if text.is_empty() { text } else { format!("\n### What to do\n\n{text}") }
}

fn leak(finding: &Finding) -> String {
    row(finding, finding.hit.rule.severity.word(), &place(finding))
}

/// Returns a leak's row: how bad, which rule, where, the mask of the secret, since when.
pub(super) fn row(finding: &Finding, how_bad: &str, place: &str) -> String {
    let (hit, location) = (&finding.hit, &finding.location);
    let since = location.commit.as_ref().map_or(String::new(), |commit| {
        let author = code(&veiled(&commit.author, finding, &MASKED));
        format!("{} {} {author}", code(commit.short().as_bytes()), code(commit.day().as_bytes()))
    });
    let rule = code(hit.rule.id.as_bytes());
    let secret = code(told_secret(finding, &MASKED).as_bytes());
    format!("| {how_bad} | {rule} | {place} | {secret} | {since} |\n")
}

pub(super) fn other(finding: &Finding, outcome: &Outcome<'_>) -> String {
    let rule = code(finding.hit.rule.id.as_bytes());
    let said = finding.suppression.as_ref().map_or(String::new(), |suppression| {
        let text = |text: &str| code(&veiled(text.as_bytes(), finding, &MASKED));
        let words = [Some(&suppression.by), suppression.owner.as_ref(), suppression.reason.as_ref()];
        words.into_iter().flatten().map(|words| text(words)).collect::<Vec<_>>().join(" ")
    });
    format!("| {} | {rule} | {} | {said} |\n", standing(finding, outcome).word(), place(finding))
}

fn place(finding: &Finding) -> String {
    let location = &finding.location;
    let path = code(&told_path(finding, &MASKED));
    let head = if location.in_head == Some(false) { ", no longer in HEAD" } else { "" };
    match (message_id(location), location.place) {
        (Some(id), Place::TagMessage) => format!("message of tag {}", code(id.as_bytes())),
        (Some(id), _) => format!("message of commit {}", code(id.as_bytes())),
        (None, _) => format!("{path} line {}{head}", location.line),
    }
}
