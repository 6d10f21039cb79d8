//! Rotations: why, how, how far.

use super::worded::worded;

worded! {
    /// Why a credential is replaced (R1 to R5).
    Reason {
        /// It stood in a commit.
        Commit = "leak:commit",
        /// It stood in a chat.
        Chat = "leak:chat",
        /// It stood in a screenshot.
        Screenshot = "leak:screenshot",
        /// It stood in a support ticket.
        Ticket = "leak:ticket",
        /// Somebody who left, or a contractor, may hold a copy.
        Personnel = "personnel",
        /// The password manager that holds it was compromised.
        VaultCompromise = "vault-compromise",
        /// It is old enough.
        Policy = "policy",
        /// Its usage looks wrong: 402 or 429 that nobody expected.
        Usage = "usage",
    }
}

worded! {
    /// How a credential is replaced.
    Mode {
        /// A second key is minted, delivered and proven before the first is revoked: nobody stops working.
        Planned = "planned",
        /// The provider replaces the secret in one call, and the old one dies in it.
        Atomic = "atomic",
        /// The provider keeps the old one working for a while.
        Grace = "grace",
        /// Contain first: the old one dies at once, and a measured outage is accepted.
        Emergency = "emergency",
        /// A person makes the new key in the provider's pages; everything else is done.
        Manual = "manual",
    }
}

worded! {
    /// How far a rotation is.
    State {
        /// It can go on now.
        Running = "running",
        /// It goes on at its `run_at`: a grace period, a quiet gate, a provider that does not answer.
        Waiting = "waiting",
        /// A person is needed: a question, or a key made by hand.
        Asking = "asking",
        /// What was written is being put back.
        RollingBack = "rolling back",
        /// The new key is everywhere and the old one is dead.
        Done = "done",
        /// The old key is everywhere again and the new one is gone.
        RolledBack = "rolled back",
        /// It was given up before anything outside was changed, or what it changed was told.
        Aborted = "aborted",
    }
}

impl State {
    /// Tells whether nothing is left to do.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::RolledBack | Self::Aborted)
    }
}

worded! {
    /// How often a credential is replaced without any other reason (R39, R72).
    Class {
        /// Production keys: 30 days.
        Critical = "critical",
        /// Anything else: 90 days.
        Standard = "standard",
        /// Database passwords: 90 days.
        Database = "database",
        /// Only when the provider revokes it.
        OAuth = "oauth",
    }
}

impl Class {
    /// Returns the longest age in days; `None` for one that its provider ends.
    #[must_use]
    pub fn days(self) -> Option<u32> {
        match self {
            Self::Critical => Some(30),
            Self::Standard | Self::Database => Some(90),
            Self::OAuth => None,
        }
    }
}

/// When a key ends by itself, in the four ways a dashboard shows it (R63).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It does not, as far as is known.
    Never,
    /// In so many days.
    In(i64),
    /// Within fourteen days: in so many.
    Soon(i64),
    /// It has.
    Expired,
}

/// The days before its end within which a key is shown as ending soon (R63).
pub const SOON: i64 = 14;

impl Expiry {
    /// Returns how it stands now.
    #[must_use]
    pub fn of(expires: Option<Moment>, now: Moment) -> Self {
        const DAY: Moment = 86_400_000;
        match expires {
            None => Self::Never,
            Some(at) if at <= now => Self::Expired,
            Some(at) => match at.saturating_sub(now) / DAY {
                days if days < SOON => Self::Soon(days),
                days => Self::In(days),
            },
        }
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::In(days) => write!(f, "in {days} days"),
            Self::Soon(days) => write!(f, "SOON, in {days} days"),
            Self::Expired => f.write_str("EXPIRED"),
        }
    }
}

/// A moment: milliseconds since 1970 in UTC.
pub type Moment = i64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_the_ages_of_the_gateways_guide() {
        // R39
        let days: Vec<_> = Class::ALL.iter().map(|c| (c.word(), c.days())).collect();
        assert_eq!(
            days,
            [("critical", Some(30)), ("standard", Some(90)), ("database", Some(90)), ("oauth", None)]
        );
    }

    #[test]
    fn the_end_of_a_key_is_shown_in_four_ways() {
        // R63
        let day = 86_400_000;
        let shown = |at: Option<Moment>| Expiry::of(at, 0).to_string();
        assert_eq!(shown(None), "never");
        assert_eq!(shown(Some(14 * day)), "in 14 days");
        assert_eq!(shown(Some(14 * day - 1)), "SOON, in 13 days");
        assert_eq!(shown(Some(1)), "SOON, in 0 days");
        assert_eq!(shown(Some(0)), "EXPIRED");
        assert_eq!(Expiry::of(Some(Moment::MAX), Moment::MIN), Expiry::In(Moment::MAX / day));
    }

    #[test]
    fn every_reason_of_the_guide_has_its_word() {
        // R1 to R5
        for word in [
            "leak:chat",
            "leak:commit",
            "leak:screenshot",
            "leak:ticket",
            "personnel",
            "vault-compromise",
            "policy",
        ] {
            assert!(Reason::from_word(word).is_some(), "{word}");
        }
    }
}
