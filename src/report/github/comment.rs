//! A comment under a pull request, in Markdown: the leaks with links to their lines, what to do, and what was found
//! and does not count.
//!
//! Secrets are masked, and everything that the pull request says of itself is code: no link, mention or
//! picture of its own begins in it. It tells the same text for the same findings, so that nobody is called for
//! nothing.

use std::fmt::Write as _;

use super::super::outcome::{Outcome, Standing, message_id, standing};
use super::super::sums;
use super::super::tally::Tally;
use super::super::told::told_path;
use super::markdown::code;
use super::summary::{LEAKS, MASKED, OTHERS, Page, gaps, other, row, to_do};
use crate::model::credential::Liveness;
use crate::model::{Finding, Place};

/// Where a pull request can be read.
#[derive(Clone, Debug)]
pub struct Linked {
    /// The repository's address: `https://github.com/OWNER/NAME`.
    pub repository: String,
    /// The commit that the pull request would merge.
    pub head: String,
    /// Whether everything was looked at that should have been, as far as is known beside the coverage.
    pub is_whole: bool,
}

/// What a reader should know before anything else.
const FIRST: &str = "\nTaking a line out does not end a key: it stays in the history, and whoever has read it has it. \
                     Revoke it where it was made, then take it out.\n";

/// Returns a comment of at most `most` bytes: the worst leaks are kept, the rest is counted.
#[must_use]
pub fn comment(outcome: &Outcome<'_>, linked: &Linked, most: usize) -> String {
    let shown = outcome.shown();
    let (leaks, others): (Vec<_>, Vec<_>) =
        shown.iter().copied().partition(|finding| standing(finding, outcome) == Standing::Leak);
    let tally = Tally::of(outcome, &shown);
    let is_doubtful = leaks.is_empty() && !linked.is_whole;
    let doubtful = "no leaks in what could be looked at";
    let words = if is_doubtful { doubtful.into() } else { sums::leaks(outcome, &tally) };
    let mut text = format!("## Keywright: {words}\n");
    if !leaks.is_empty() {
        text += FIRST;
    }
    let severities = Some(sums::severities(&tally)).filter(|words| !words.is_empty());
    for line in [severities, sums::not_counted(&tally)].into_iter().flatten() {
        let _ = writeln!(text, "\n{line}");
    }
    let mut page = Page { text, most, kind: "comment" };
    let to_do = to_do(&leaks);
    page.add(&gaps(outcome));
    page.most = most.saturating_sub(to_do.len());
    page.table(LEAKS, &leaks, |finding| leak(finding, linked));
    page.most = most;
    page.add(&to_do);
    page.table(OTHERS, &others, |finding| other(finding, outcome));
    page.text
}

fn leak(finding: &Finding, linked: &Linked) -> String {
    let severity = finding.hit.rule.severity.word();
    let how_bad = match finding.liveness {
        Some(Liveness::Alive) => format!("{severity}, **it works**"),
        Some(Liveness::Dead) => format!("{severity}, dead"),
        Some(Liveness::Unknown) | None => severity.to_owned(),
    };
    row(finding, &how_bad, &place(finding, linked))
}

/// Returns where a leak stands, as a link to its line: in the head, or in the commit that brought it where the head
/// has it no more.
fn place(finding: &Finding, linked: &Linked) -> String {
    let location = &finding.location;
    let Linked { repository, head, .. } = linked;
    let brought = location.commit.as_ref().map(|commit| commit.id.as_str());
    if let Some(id) = message_id(location) {
        let kind = if location.place == Place::TagMessage { "tag" } else { "commit" };
        let words = format!("message of {kind} {}", code(id.get(..10).unwrap_or(id).as_bytes()));
        return if kind == "commit" { format!("[{words}]({repository}/commit/{id})") } else { words };
    }
    let path = told_path(finding, &MASKED);
    let (commit, gone) = match (location.in_head, brought) {
        (Some(false), Some(commit)) => (commit, ", no longer in the head"),
        _ => (head.as_str(), ""),
    };
    let words = format!("{} line {}", code(&path), location.line);
    // A path that repeats a secret is shown masked, and an address would repeat it.
    // And a step upwards in one would lead elsewhere.
    let leads = path.split(|b| *b == b'/').all(|name| !matches!(name, b"" | b"." | b".."));
    if *path != *location.path.bytes() || !leads {
        return format!("{words}{gone}");
    }
    let lines = match location.end_line {
        end if end > location.line => format!("L{}-L{end}", location.line),
        _ => format!("L{}", location.line),
    };
    format!("[{words}]({repository}/blob/{commit}/{}#{lines}){gone}", escaped(&path))
}

/// Writes a path as a part of an address: what is no letter, digit or one of a few harmless signs is escaped.
fn escaped(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path {
        if byte.is_ascii_alphanumeric() || b"/-._".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
