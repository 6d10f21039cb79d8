//! One hit for each secret and place, even if several rules match.

use std::cmp::Reverse;
use std::ops::Range;

use crate::model::{Confidence, Severity};

/// What decides between two matches that overlap.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// The secret.
    pub(super) secret: Range<usize>,
    /// The whole match.
    pub(super) whole: Range<usize>,
    /// The rule's severity.
    pub(super) severity: Severity,
    /// How sure the match is.
    pub(super) confidence: Confidence,
    /// Whether the rule is built in or the operator's: a scanned repository's rule must not hide one.
    pub(super) trusted: bool,
    /// Whether the rule gives way to specific ones.
    pub(super) generic: bool,
    /// Whether the hand-written lane made it: a name and a look, nothing known.
    pub(super) assigned: bool,
}

impl Claim {
    fn rank(&self) -> impl Ord {
        (
            self.severity > Severity::Info,
            self.trusted,
            // A specific rule whose check failed says more than a generic one that never checked.
            !self.generic,
            self.confidence,
            self.severity,
            self.whole.len(),
            Reverse(self.whole.start),
        )
    }
}

/// Returns which claims stand, as indices in the order of their places. A claim falls if its secret
/// overlaps a better claim's secret, or if it is a mere identifier inside a better claim's match.
pub(super) fn standing(claims: &[Claim]) -> Vec<usize> {
    // What is known to be a mere identifier is no secret because of the name it is given to.
    let known: std::collections::BTreeMap<usize, usize> = claims
        .iter()
        .filter(|c| c.severity == Severity::Info && c.trusted && !c.assigned)
        .map(|c| (c.secret.start, c.secret.end))
        .collect();
    let is_known = |claim: &Claim| {
        let before = known.range(..claim.secret.end).next_back();
        claim.assigned && before.is_some_and(|(_, end)| *end > claim.secret.start)
    };
    let mut order: Vec<usize> = (0..claims.len()).filter(|i| !is_known(&claims[*i])).collect();
    order.sort_by_key(|i| Reverse(claims[*i].rank()));
    // Kept secrets do not overlap, so one map from start to end answers "does this overlap?".
    let mut kept: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let mut matches: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    let mut standing = Vec::new();
    for index in order {
        let claim = &claims[index];
        let overlaps = kept
            .range(..claim.secret.end.max(claim.secret.start + 1))
            .next_back()
            .is_some_and(|(_, end)| *end > claim.secret.start);
        let is_part = claim.severity == Severity::Info
            && matches
                .range(..=claim.secret.start)
                .next_back()
                .is_some_and(|(_, end)| *end >= claim.secret.end);
        if overlaps || is_part {
            continue;
        }
        kept.insert(claim.secret.start, claim.secret.end);
        if claim.severity > Severity::Info {
            let end = matches.entry(claim.whole.start).or_default();
            *end = (*end).max(claim.whole.end);
        }
        standing.push(index);
    }
    standing.sort_by_key(|i| claims[*i].secret.start);
    standing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(secret: Range<usize>, whole: Range<usize>, severity: Severity, generic: bool) -> Claim {
        Claim {
            secret,
            whole,
            severity,
            confidence: Confidence::High,
            trusted: true,
            generic,
            assigned: false,
        }
    }

    #[test]
    fn a_specific_rule_wins_over_a_generic_one() {
        let claims = [claim(4..20, 0..21, Severity::High, true), claim(4..20, 4..20, Severity::High, false)];
        assert_eq!(standing(&claims), [1]);
    }

    #[test]
    fn an_identifier_inside_its_pair_is_not_told_twice() {
        let claims =
            [claim(0..10, 0..10, Severity::Info, false), claim(20..60, 0..60, Severity::Critical, false)];
        assert_eq!(standing(&claims), [1]);
    }

    #[test]
    fn an_identifier_stays_one_whatever_its_name() {
        let named = Claim { assigned: true, ..claim(4..20, 0..21, Severity::High, true) };
        assert_eq!(standing(&[named, claim(4..20, 4..20, Severity::Info, false)]), [1]);
    }

    #[test]
    fn a_repositorys_rule_cannot_hide_a_built_in_one() {
        let ours = claim(0..10, 0..10, Severity::Low, true);
        let theirs = Claim { trusted: false, ..claim(0..10, 0..99, Severity::Critical, false) };
        assert_eq!(standing(&[theirs, ours]), [1]);
    }

    #[test]
    fn two_secrets_on_one_line_both_stand() {
        let claims = [claim(5..9, 0..9, Severity::High, false), claim(12..16, 10..16, Severity::High, false)];
        assert_eq!(standing(&claims), [0, 1]);
    }
}
