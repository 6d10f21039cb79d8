//! The numbers at the end of a report.

use std::collections::HashSet;

use serde::Serialize;

use super::outcome::{Outcome, Standing, message_id, standing};
use crate::model::{Confidence, Finding, Severity};

/// The numbers at the end of a report.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Secrets that leaked; one secret in ten files is one leak.
    pub(super) leaks: usize,
    /// Places at which they stand.
    pub(super) locations: usize,
    /// Files among these places, over all versions of a file.
    pub(super) files: usize,
    /// Commit and tag messages among them.
    pub(super) messages: usize,
    /// Leaks by the worst severity of each.
    pub(super) by_severity: BySeverity,
    /// Findings that are shown and do not count.
    pub(super) not_counted: NotCounted,
    /// Findings below the confidence that was asked for.
    pub(super) below_min_confidence: usize,
    /// The highest `--min-confidence` at which every finding is shown.
    #[serde(skip)]
    pub(super) all_shown_at: Option<Confidence>,
}

/// Leaks by severity.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct BySeverity {
    pub(super) critical: usize,
    pub(super) high: usize,
    pub(super) medium: usize,
    pub(super) low: usize,
}

/// Findings that do not count, by what lets them be.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct NotCounted {
    pub(super) suppressed: usize,
    pub(super) already_there: usize,
    pub(super) unreachable: usize,
    pub(super) identifiers: usize,
}

impl Tally {
    /// Counts an outcome whose shown findings, worst first, are `shown`.
    pub(super) fn of(outcome: &Outcome<'_>, shown: &[&Finding]) -> Self {
        let mut tally = Self::default();
        let (mut secrets, mut files, mut messages) = (HashSet::new(), HashSet::new(), HashSet::new());
        for finding in shown {
            match standing(finding, outcome) {
                Standing::Identifier => tally.not_counted.identifiers += 1,
                Standing::Suppressed => tally.not_counted.suppressed += 1,
                Standing::AlreadyThere => tally.not_counted.already_there += 1,
                Standing::Unreachable => tally.not_counted.unreachable += 1,
                Standing::Leak => {
                    tally.locations += 1;
                    if secrets.insert(&finding.fingerprint) {
                        tally.leaks += 1;
                        tally.by_severity.add(finding.hit.rule.severity);
                    }
                    let location = &finding.location;
                    if let Some(id) = message_id(location) {
                        messages.insert(id);
                    } else {
                        files.insert(&location.path);
                    }
                }
            }
        }
        (tally.files, tally.messages) = (files.len(), messages.len());
        let below = outcome.findings.iter().map(|f| f.hit.confidence).filter(|c| *c < outcome.least);
        tally.below_min_confidence = below.clone().count();
        tally.all_shown_at = below.min();
        tally
    }
}

impl BySeverity {
    fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Critical => self.critical += 1,
            Severity::High => self.high += 1,
            Severity::Medium => self.medium += 1,
            Severity::Low | Severity::Info => self.low += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::model::{Coverage, Fingerprint};

    #[test]
    fn one_secret_in_two_files_is_one_leak() {
        let coverage = Coverage::default();
        let mut other = sample::finding("r", Severity::Low, "b", 9);
        other.fingerprint = Fingerprint::new("f".repeat(64));
        let mut unsure = sample::finding("r", Severity::Low, "c", 9);
        unsure.hit.confidence = Confidence::Low;
        let findings = [
            sample::finding("r", Severity::High, "a", 1),
            sample::finding("r", Severity::High, "b", 1),
            sample::finding("r", Severity::Info, "b", 2),
            other,
            unsure,
        ];
        let outcome = sample::outcome(&findings, &coverage);
        let tally = Tally::of(&outcome, &outcome.shown());
        assert_eq!((tally.leaks, tally.locations, tally.files), (2, 3, 2));
        assert_eq!((tally.by_severity.high, tally.by_severity.low), (1, 1));
        assert_eq!((tally.not_counted.identifiers, tally.below_min_confidence), (1, 1));
        assert_eq!(tally.all_shown_at, Some(Confidence::Low));
    }
}
