//! The top of the page: the verdict, the numbers, what was read and what was not.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::super::outcome::Outcome;
use super::super::tally::Tally;
use super::super::words::{bytes, count, digits, seconds};
use super::plain;
use super::text::escaped;
use crate::model::SkipReason;

/// Writes the top of the page.
pub(super) fn write(outcome: &Outcome<'_>, tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    let mood = match (tally.leaks, outcome.coverage.is_complete()) {
        (0, true) => "good",
        (0, false) => "unsure",
        _ => "bad",
    };
    writeln!(out, "<header id=\"top\" class=\"{mood}\">")?;
    writeln!(out, "<p class=\"brand\">Keywright <span>secret scan</span></p>")?;
    writeln!(out, "<h1>{}</h1>", verdict(outcome, tally))?;
    let when = outcome.begun.get(..16).unwrap_or(outcome.begun).replace('T', " ");
    let facts = [places(tally), escaped(&plain(outcome.target)), format!("{} UTC", escaped(&plain(&when)))];
    let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    writeln!(out, "<p class=\"facts\">{}</p>", facts.join(" · "))?;
    if tally.leaks > 0 && !outcome.coverage.is_complete() {
        writeln!(out, "<p class=\"gap\">Not everything could be read: there may be more.</p>")?;
    }
    writeln!(out, "<div class=\"split\">\n<div>")?;
    write_numbers(tally, out)?;
    if let Some(all) = tally.all_shown_at {
        let more = count(tally.below_min_confidence as u64, "more finding");
        let least = outcome.least.word();
        writeln!(
            out,
            "<p class=\"note\">{more} below confidence {least}, not in this page: \
             <code>--min-confidence {}</code></p>",
            all.word()
        )?;
    }
    writeln!(out, "</div>")?;
    write_coverage(outcome, out)?;
    writeln!(out, "</div>\n</header>")
}

/// What is read first: `3 leaks`.
pub(super) fn verdict(outcome: &Outcome<'_>, tally: &Tally) -> String {
    match (tally.leaks, outcome.coverage.is_complete()) {
        (0, true) => "No leaks".into(),
        (0, false) => "No leaks in what could be read".into(),
        (leaks, _) => count(leaks as u64, "leak"),
    }
}

/// Where they stand: `at 5 places in 4 files and 1 message`.
fn places(tally: &Tally) -> String {
    let kinds = [(tally.files, "file"), (tally.messages, "message")];
    let kinds = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(*n as u64, noun));
    let kinds = kinds.collect::<Vec<_>>().join(" and ");
    if tally.leaks == 0 {
        return String::new();
    }
    format!("at {} in {kinds}", count(tally.locations as u64, "place"))
}

/// Leaks by severity; then what is shown and does not count.
fn write_numbers(tally: &Tally, out: &mut dyn Write) -> io::Result<()> {
    let (by, not) = (&tally.by_severity, &tally.not_counted);
    let severities = [("critical", by.critical), ("high", by.high), ("medium", by.medium), ("low", by.low)];
    writeln!(out, "<ul class=\"numbers\" aria-label=\"leaks by severity\">")?;
    for (word, n) in severities {
        writeln!(out, "<li class=\"{word}{}\"><b>{}</b> {word}", none(n), digits(n as u64))?;
    }
    writeln!(out, "</ul>\n<ul class=\"numbers quiet\" aria-label=\"findings that do not count\">")?;
    let kinds = [
        ("suppressed", not.suppressed),
        ("already there", not.already_there),
        ("unreachable", not.unreachable),
        (if not.identifiers == 1 { "mere identifier" } else { "mere identifiers" }, not.identifiers),
    ];
    for (word, n) in kinds {
        writeln!(out, "<li class=\"quiet{}\"><b>{}</b> {word}", none(n), digits(n as u64))?;
    }
    writeln!(out, "</ul>")
}

fn none(n: usize) -> &'static str {
    if n == 0 { " none" } else { "" }
}

/// A scan proves that it scanned.
fn write_coverage(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let coverage = outcome.coverage;
    writeln!(out, "<section id=\"coverage\" aria-labelledby=\"coverage-head\">")?;
    writeln!(out, "<h2 id=\"coverage-head\">What was read</h2>")?;
    let (read, expected) = (coverage.objects_read, coverage.objects_expected);
    if expected > 0 || read > 0 {
        let all = count(expected, "stored object");
        let words =
            if read == expected { format!("all {all}") } else { format!("{} of {all}", digits(read)) };
        writeln!(out, "<p><meter min=\"0\" max=\"{expected}\" value=\"{read}\">{words}</meter> {words}</p>")?;
    }
    let mut facts = Vec::new();
    let numbers =
        [(coverage.files, "file"), (coverage.index_entries, "index entry"), (coverage.commits, "commit")];
    facts.extend(numbers.into_iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(n, noun)));
    facts.extend([
        bytes(coverage.bytes),
        format!("in {}", seconds(outcome.seconds)),
        count(outcome.rules as u64, "rule"),
    ]);
    writeln!(out, "<p>{}</p>", facts.join(" · "))?;
    for (reason, n) in &coverage.skipped_count {
        write_skipped(outcome, *reason, *n, out)?;
    }
    for warning in outcome.warnings {
        writeln!(out, "<p class=\"gap\">{}</p>", escaped(&plain(warning)))?;
    }
    writeln!(out, "</section>")
}

/// Everything that was skipped for one reason, and what to do about it.
fn write_skipped(outcome: &Outcome<'_>, reason: SkipReason, n: u64, out: &mut dyn Write) -> io::Result<()> {
    let skips: Vec<_> = outcome.coverage.skipped.iter().filter(|skip| skip.reason == reason).collect();
    let (class, words) = if reason.is_gap() { ("gap", "not read") } else { ("skip", "left out") };
    write!(out, "<details class=\"{class}\"><summary>{words}: {} × {}", digits(n), reason.words())?;
    let mends: BTreeSet<_> = skips.iter().map(|skip| skip.mend.as_str()).filter(|m| !m.is_empty()).collect();
    for mend in mends {
        write!(out, " <span>do: {}</span>", escaped(&plain(mend)))?;
    }
    writeln!(out, "</summary><ul>")?;
    for skip in &skips {
        writeln!(out, "<li>{}", escaped(&plain(&skip.what)))?;
    }
    let more = n.saturating_sub(skips.len() as u64);
    if more > 0 {
        writeln!(out, "<li>+{} more", digits(more))?;
    }
    writeln!(out, "</ul></details>")
}
