//! What there is to tell, which of it is shown, and which of it counts.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::model::{Confidence, Coverage, Finding, Location, Place, Severity, Status};

/// What a run found, ready to be told.
pub struct Outcome<'a> {
    /// Every finding, in any order.
    pub findings: &'a [Finding],
    /// What was read, and what was not.
    pub coverage: &'a Coverage,
    /// The least confidence that is shown (`--min-confidence`).
    pub least: Confidence,
    /// Whether a finding that no ref reaches counts too (`--all-objects`).
    pub all_objects: bool,
    /// What else the reader should know.
    pub warnings: &'a [String],
    /// What was scanned, in words.
    pub target: &'a str,
    /// When it began: UTC without a zone, `YYYY-MM-DDTHH:MM:SS`.
    pub begun: &'a str,
    /// How long it took.
    pub seconds: f64,
    /// How many rules were used.
    pub rules: usize,
}

impl<'a> Outcome<'a> {
    /// Returns the findings that are shown, worst first and then by place: two runs over the same
    /// bytes tell the same text, whatever order their threads finished in.
    pub(super) fn shown(&self) -> Vec<&'a Finding> {
        let mut shown: Vec<_> = self.findings.iter().filter(|f| f.hit.confidence >= self.least).collect();
        shown.sort_by(|a, b| {
            let worst = b.hit.rule.severity.cmp(&a.hit.rule.severity);
            let surest = b.hit.confidence.cmp(&a.hit.confidence);
            worst
                .then(surest)
                .then_with(|| order(&a.location).cmp(&order(&b.location)))
                .then_with(|| a.hit.rule.id.cmp(&b.hit.rule.id))
                .then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        shown
    }
}

/// What locations are ordered by.
pub(super) fn order(location: &Location) -> impl Ord + '_ {
    let commit = location.commit.as_ref().map(|commit| commit.id.as_str());
    (&location.path, location.line, location.column, location.place, commit, location.object.as_deref())
}

/// Hashes what names an alert: the secret, the file, and which of its places in the file. Line numbers
/// are left out, so that an alert stays the same when a line is added above it.
pub(super) fn place_hash(finding: &Finding, nth: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(finding.fingerprint.as_str());
    hash.update([0]);
    hash.update(finding.location.path.bytes());
    hash.update([0]);
    hash.update(nth.to_string());
    hash.finalize().into()
}

/// Says of each finding which one it is among those of the same secret in the same file, from
/// the top. All findings are counted, also those not shown: the identity of an alert must not
/// change with `--min-confidence`.
pub(super) fn occurrences(findings: &[Finding]) -> HashMap<*const Finding, u64> {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by(|a, b| {
        order(&a.location).cmp(&order(&b.location)).then_with(|| a.hit.rule.id.cmp(&b.hit.rule.id))
    });
    let mut met: HashMap<_, u64> = HashMap::new();
    let mut nth = HashMap::with_capacity(findings.len());
    for finding in sorted {
        let next = met.entry((&finding.fingerprint, &finding.location.path)).or_default();
        nth.insert(std::ptr::from_ref(finding), *next);
        *next += 1;
    }
    nth
}

/// Returns the id of the commit or tag whose message a location stands in; `None` for a file.
pub(super) fn message_id(location: &Location) -> Option<&str> {
    let commit = location.commit.as_ref().map(|commit| commit.id.as_str());
    match location.place {
        Place::CommitMessage => commit.or(location.object.as_deref()).or(Some("unknown")),
        // The tag object itself; its commit is only what the tag points at.
        Place::TagMessage => location.object.as_deref().or(commit).or(Some("unknown")),
        _ => None,
    }
}

/// How a report looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Whether secrets are shown in clear.
    pub show_secrets: bool,
}

/// How a finding stands, if it is as sure as was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It counts.
    Leak,
    /// A mere identifier (R31).
    Identifier,
    /// Somebody let it be.
    Suppressed,
    /// It was there before the change that was scanned.
    AlreadyThere,
    /// No ref reaches it.
    Unreachable,
}

impl Standing {
    /// Returns the word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Identifier => "identifier",
            Self::Suppressed => "suppressed",
            Self::AlreadyThere => "already-there",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Tells how a finding stands, whatever its confidence.
#[must_use]
pub fn standing(finding: &Finding, outcome: &Outcome<'_>) -> Standing {
    if finding.suppression.is_some() {
        return Standing::Suppressed;
    }
    if finding.hit.rule.severity == Severity::Info {
        return Standing::Identifier;
    }
    match finding.status {
        Status::Counts => Standing::Leak,
        Status::AlreadyThere => Standing::AlreadyThere,
        Status::Unreachable if outcome.all_objects => Standing::Leak,
        Status::Unreachable => Standing::Unreachable,
    }
}

/// Tells whether a finding counts: it makes the run fail.
#[must_use]
pub fn counts(finding: &Finding, outcome: &Outcome<'_>) -> bool {
    finding.hit.confidence >= outcome.least && standing(finding, outcome) == Standing::Leak
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, outcome};
    use super::*;
    use crate::model::Suppression;

    #[test]
    fn what_counts_is_what_the_model_calls_a_leak() {
        let coverage = Coverage::default();
        for severity in [Severity::Info, Severity::Low, Severity::Critical] {
            for confidence in [Confidence::Low, Confidence::Medium, Confidence::High] {
                for status in [Status::Counts, Status::AlreadyThere, Status::Unreachable] {
                    for let_be in [false, true] {
                        let mut finding = sample::finding("r", severity, "a", 1);
                        finding.hit.confidence = confidence;
                        finding.status = status;
                        finding.suppression = let_be.then(|| Suppression {
                            kind: "inline",
                            owner: None,
                            by: "x".into(),
                            reason: None,
                        });
                        let outcome = outcome(&[], &coverage);
                        assert_eq!(counts(&finding, &outcome), finding.is_leak(outcome.least));
                    }
                }
            }
        }
    }

    #[test]
    fn an_unreachable_leak_counts_when_all_objects_were_asked_for() {
        let coverage = Coverage::default();
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        finding.status = Status::Unreachable;
        let mut outcome = outcome(&[], &coverage);
        assert!(!counts(&finding, &outcome));
        outcome.all_objects = true;
        assert!(counts(&finding, &outcome));
        finding.suppression = Some(Suppression { kind: "path", owner: None, by: "x".into(), reason: None });
        assert!(!counts(&finding, &outcome));
    }

    #[test]
    fn the_order_does_not_depend_on_the_order_of_arrival() {
        let coverage = Coverage::default();
        let findings = [
            sample::finding("b", Severity::Low, "a", 1),
            sample::finding("b", Severity::High, "z", 9),
            sample::finding("b", Severity::High, "z", 2),
        ];
        let outcome = outcome(&findings, &coverage);
        let order: Vec<_> =
            outcome.shown().iter().map(|f| (f.location.path.to_string(), f.location.line)).collect();
        assert_eq!(order, [("z".into(), 2), ("z".into(), 9), ("a".into(), 1)]);
    }
}
