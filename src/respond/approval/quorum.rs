//! Whether enough people agreed.

use crate::model::rotation::Moment;

/// How many of those who are needed agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Those who count, each once, the first first.
    pub by: Vec<String>,
    /// How many are still lacking.
    pub lacking: usize,
}

impl Quorum {
    /// Tells whether nobody is lacking.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.lacking == 0
    }
}

/// Counts approvals: each approver once, and never who asked for it. `requester` is `None` where that person may
/// approve too: outside production. At least one is always needed.
#[must_use]
pub fn quorum(approvals: &[(String, Moment)], requester: Option<&str>, needed: usize) -> Quorum {
    let mut sorted: Vec<_> = approvals.iter().collect();
    sorted.sort_by_key(|(_, at)| *at);
    let mut by: Vec<String> = Vec::new();
    for (name, _) in sorted {
        let is = |other: &str| name.trim().eq_ignore_ascii_case(other.trim());
        if !name.trim().is_empty() && !requester.is_some_and(is) && !by.iter().any(|other| is(other)) {
            by.push(name.clone());
        }
    }
    let lacking = needed.max(1).saturating_sub(by.len());
    Quorum { by, lacking }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(names: &[&str], requester: Option<&str>, needed: usize) -> (Vec<String>, usize) {
        let approvals: Vec<_> = names.iter().zip(0..).map(|(name, at)| ((*name).to_owned(), at)).collect();
        let quorum = quorum(&approvals, requester, needed);
        assert_eq!(quorum.is_reached(), quorum.lacking == 0);
        (quorum.by, quorum.lacking)
    }

    #[test]
    fn each_approver_counts_once_and_who_asked_never() {
        for (names, requester, needed, by, lacking) in [
            (&["alice", "bob"][..], Some("carol"), 2, &["alice", "bob"][..], 0),
            (&["alice", "alice"], Some("carol"), 2, &["alice"], 1),
            (&["alice", "Alice "], Some("carol"), 2, &["alice"], 1),
            (&["alice", "bob"], Some("alice"), 2, &["bob"], 1),
            (&["alice"], Some("ALICE"), 1, &[], 1),
            (&["alice"], None, 1, &["alice"], 0),
            (&[], Some("alice"), 2, &[], 2),
            (&["alice", "bob", "carol"], Some("dave"), 1, &["alice", "bob", "carol"], 0),
            // Nobody is never enough.
            (&[], None, 0, &[], 1),
            (&["", " "], None, 1, &[], 1),
        ] {
            let by = by.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(counted(names, requester, needed), (by, lacking), "{names:?} {requester:?} {needed}");
        }
    }

    #[test]
    fn the_first_stands_first() {
        let approvals = [("bob".to_owned(), 2), ("alice".to_owned(), 1)];
        assert_eq!(quorum(&approvals, None, 1).by, ["alice", "bob"]);
    }
}
