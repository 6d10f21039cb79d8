//! The numbers of a run as sentences, for the reports that people read.

use std::collections::BTreeSet;

use super::outcome::Outcome;
use super::tally::Tally;
use super::words::{bytes, calm, count, digits, seconds};
use crate::model::{Coverage, SkipReason};

/// How many skipped things of one reason are listed.
const LONGEST_LIST: usize = 5;

/// Returns the words that are read first: `2 leaks at 3 places in 2 files`.
pub(super) fn leaks(outcome: &Outcome<'_>, tally: &Tally) -> String {
    if tally.leaks == 0 {
        let all = outcome.coverage.is_complete();
        return if all { "no leaks" } else { "no leaks in what could be read" }.into();
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
    line + &format!(" in {}", places.join(" and "))
}

/// Returns how many leaks are how bad: `1 critical, 2 high`.
pub(super) fn severities(tally: &Tally) -> String {
    let by = &tally.by_severity;
    list(&[("critical", by.critical), ("high", by.high), ("medium", by.medium), ("low", by.low)])
}

/// Returns what is shown and does not count, if anything.
pub(super) fn not_counted(tally: &Tally) -> Option<String> {
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

/// Returns how to see what was found and is not shown, if anything.
pub(super) fn less_sure(tally: &Tally) -> Option<String> {
    let more = digits(tally.below_min_confidence as u64);
    tally.all_shown_at.map(|all| format!("{more} more at lower confidence: --min-confidence {}", all.word()))
}

/// Joins what is not zero: `1 critical, 2 high`.
fn list(kinds: &[(&str, usize)]) -> String {
    let some = kinds.iter().filter(|(_, n)| *n > 0);
    some.map(|(word, n)| format!("{} {word}", digits(*n as u64))).collect::<Vec<_>>().join(", ")
}

/// Returns how much was read.
pub(super) fn covered(outcome: &Outcome<'_>) -> String {
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

/// Returns the reasons for which something was not read, gaps or what was left out on purpose.
pub(super) fn reasons(coverage: &Coverage, gap: bool) -> impl Iterator<Item = SkipReason> {
    coverage.skipped_count.keys().copied().filter(move |reason| reason.is_gap() == gap)
}

/// Returns what was skipped for one reason: `7 × symbolic link: a, b, c, d, e, +2 more`.
pub(super) fn skipped(coverage: &Coverage, reason: SkipReason) -> String {
    let count = coverage.skipped_count.get(&reason).copied().unwrap_or(0);
    let of_reason = coverage.skipped.iter().filter(|skip| skip.reason == reason);
    let mut names: Vec<_> = of_reason.take(LONGEST_LIST).map(|skip| calm(skip.what.as_bytes())).collect();
    let more = count.saturating_sub(names.len() as u64);
    if more > 0 {
        names.push(format!("+{} more", digits(more)));
    }
    format!("{} × {}: {}", digits(count), reason.words(), names.join(", "))
}

/// Returns what to do about what was skipped for one reason.
pub(super) fn mends(coverage: &Coverage, reason: SkipReason) -> BTreeSet<String> {
    let of_reason = coverage.skipped.iter().filter(|skip| skip.reason == reason && !skip.mend.is_empty());
    of_reason.map(|skip| calm(skip.mend.as_bytes())).collect()
}
