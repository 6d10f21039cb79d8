//! The report as Markdown: text from outside stands in it as code, so that none of it becomes a link, a
//! heading, a mention or HTML.

use std::fmt::Write as _;

use super::facts::Facts;
use super::words::{count, span, time};
use crate::model::text::shown;
use crate::report::markdown_code;

/// The most places, uses and lines of the audit that are listed.
const MOST: usize = 200;

/// Writes a report.
pub(super) fn write(facts: &Facts<'_>) -> String {
    let mut page = Page::default();
    head(facts, &mut page);
    moments(facts, &mut page);
    shown_and_decided(facts, &mut page);
    places(facts, &mut page);
    steps(facts, &mut page);
    review(facts, &mut page);
    left(facts, &mut page);
    page.head("Evidence");
    let sums = facts.evidence.lines.len() as u64;
    page.line(&format!(
        "{}, each with its SHA-256 in the report's JSON. The SHA-256 of them all: `{}`",
        count(sums, "line"),
        facts.evidence.sha256
    ));
    page.0
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, text: &str) {
        let _ = write!(self.0, "\n## {text}\n\n");
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.0, "{text}");
    }

    fn table(&mut self, names: &[&str]) {
        self.row(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        self.line(&format!("|{}", " --- |".repeat(names.len())));
    }

    fn row(&mut self, cells: &[String]) {
        let cells: Vec<_> = cells.iter().map(|cell| if cell.is_empty() { "·" } else { cell }).collect();
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn more(&mut self, all: usize, noun: &str) {
        if all > MOST {
            self.line(&format!("\nand {} more", count((all - MOST) as u64, noun)));
        }
    }
}

/// Text from outside.
fn code(text: &str) -> String {
    markdown_code(text.as_bytes())
}

fn head(facts: &Facts<'_>, page: &mut Page) {
    let incident = &facts.incident;
    page.line(&format!("# Incident {}\n", code(incident.id)));
    page.line(&format!("**{}.**\n", facts.verdict().0));
    page.table(&["", ""]);
    let mut row = |name: &str, value: String| page.row(&[name.into(), value]);
    row("secret", code(incident.masked));
    row("rule", format!("{}, {}", code(incident.rule), code(incident.severity)));
    row("provider", code(incident.provider));
    row("key id", incident.key_id.map(code).unwrap_or_default());
    row("key of the inventory", incident.key.map(code).unwrap_or_default());
    row("stage", incident.stage.word().into());
    row("fingerprint", code(incident.fingerprint));
    row("exposure", facts.exposure());
    row("measured outage", facts.outage_ms.map_or("not measured".into(), span));
    row("note", code(incident.note));
}

fn moments(facts: &Facts<'_>, page: &mut Page) {
    page.head("Moments");
    page.table(&["", "when", "after", ""]);
    for time in &facts.times {
        let at = time.ms.map_or("unknown, or not yet".into(), super::words::time);
        let after = time.after_ms.map(span).unwrap_or_default();
        page.row(&[time.name.into(), at, after, time.means.into()]);
    }
}

fn shown_and_decided(facts: &Facts<'_>, page: &mut Page) {
    page.head("What was shown");
    page.table(&["question", "answer", "what showed it", "when"]);
    for answer in &facts.shown {
        let at = answer.ms.map(time).unwrap_or_default();
        page.row(&[answer.question.into(), answer.answer.into(), code(&answer.why), at]);
    }
    page.head("Who decided, and why");
    match facts.decision {
        Some(decision) => page.line(&format!(
            "**{}**, by {}, at {}, because: {}",
            decision.action,
            code(&decision.by),
            time(decision.at),
            code(&decision.because)
        )),
        None => page.line("Nothing was decided."),
    }
    if !facts.asked_by.is_empty() {
        page.line(&format!("\nApproval was asked for by {}.", code(facts.asked_by)));
    }
    for approval in &facts.approvals {
        page.line(&format!("\nApproved by {} at {}.", code(approval.by), time(approval.ms)));
    }
}

fn places(facts: &Facts<'_>, page: &mut Page) {
    page.head("Where it was seen");
    page.table(&["repository", "path and line", "kind", "commit", "refs"]);
    for place in facts.places.iter().take(MOST) {
        let at = format!("{}:{}", place.path, place.line);
        let refs = place.refs.join(", ");
        let cells = [&place.repository, &at, &place.place, &place.commit, &refs];
        page.row(&cells.map(|cell| code(cell)));
    }
    page.more(facts.places.len(), "place");
    if facts.unlisted > 0 {
        page.line(&format!("\n{} more were counted and not listed.", facts.unlisted));
    }
}

fn steps(facts: &Facts<'_>, page: &mut Page) {
    page.head("What was done");
    page.table(&["line", "when", "who", "what", "came to", "detail", "hash"]);
    for step in facts.steps.iter().take(MOST) {
        let hash = step.hash.get(..16).unwrap_or(step.hash);
        page.row(&[
            step.number.to_string(),
            time(step.ms),
            code(step.actor),
            code(step.action),
            code(step.status),
            code(step.detail),
            code(hash),
        ]);
    }
    page.more(facts.steps.len(), "line");
    page.line("\nThe numbers and hashes are the audit's: `keywright audit verify` follows them.");
}

fn review(facts: &Facts<'_>, page: &mut Page) {
    page.head("What was done with it meanwhile");
    let Some(review) = &facts.review else {
        page.line("Nothing was reviewed.");
        return;
    };
    page.line(&format!(
        "{} from {} to {}, {} bytes sent and {} received; {} before that{}.\n",
        count(review.uses, "use"),
        time(review.from),
        time(review.until),
        review.sent,
        review.received,
        count(review.before, "use"),
        if review.has_habits { "" } else { ", too few to tell habits" }
    ));
    if review.flags.is_empty() {
        page.line("Nothing unusual was seen.");
    } else {
        page.table(&["unusual", "what", "uses", "bytes sent", "first", "last", "events"]);
    }
    for flag in review.flags.iter().take(MOST) {
        page.row(&[
            code(&flag.sign),
            code(&flag.what),
            flag.uses.to_string(),
            flag.sent.to_string(),
            flag.first.map(time).unwrap_or_default(),
            flag.last.map(time).unwrap_or_default(),
            code(&flag.ids.join(", ")),
        ]);
    }
    page.more(review.flags.len(), "flag");
    if let Some(letter) = &review.letter {
        page.line("\nThe letter to the provider:\n");
        // Indented code has no sign that ends it.
        letter.lines().for_each(|line| page.line(&format!("    {}", shown(line.as_bytes()))));
    }
}

fn left(facts: &Facts<'_>, page: &mut Page) {
    page.head("What is left to clean");
    let Some(left) = facts.left else {
        page.line("Nobody has looked yet.");
        return;
    };
    if left.is_clean() {
        page.line("Nothing.\n");
    }
    for (name, n) in left.refs.iter().take(MOST) {
        page.line(&format!("- {}: {}", code(name), count(*n as u64, "object")));
    }
    page.more(left.refs.len(), "ref");
    for path in left.worktree.iter().take(MOST) {
        page.line(&format!("- the working tree: {}", code(path)));
    }
    page.more(left.worktree.len(), "file");
    if left.unreachable > 0 {
        page.line(&format!("- {} without a ref", count(left.unreachable as u64, "object")));
    }
    if left.names > 0 {
        page.line(&format!("- {} with a file named after it", count(left.names as u64, "folder")));
    }
    page.line(&format!(
        "\nLooked at: {} and {}; {} could not be read.",
        count(left.objects, "stored object"),
        count(left.files, "file"),
        left.unread
    ));
    for gap in &left.gaps {
        page.line(&format!("\nNot looked at: {}", code(gap)));
    }
    if !left.is_clean() {
        page.line("\nTo do:\n");
        left.advice().iter().for_each(|line| page.line(&format!("- {line}")));
    }
}
