//! Incidents: one leaked secret with all its locations, what is known of it, and what was done.

use serde::{Deserialize, Serialize};

use super::credential::Liveness;
use super::rotation::Moment;
use super::worded::worded;

worded! {
    /// How far an incident is.
    Stage {
        /// It was recorded; nothing is decided, or there is nothing to be done by itself.
        Open = "open",
        /// A person is asked.
        Asking = "asking",
        /// It is being contained.
        Answering = "answering",
        /// The secret is dead; it is looked at again.
        Watching = "watching",
        /// It stayed dead.
        Closed = "closed",
        /// A person let it be.
        Dismissed = "dismissed",
    }
}

impl Stage {
    /// Tells whether nothing is left to do.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Dismissed)
    }
}

worded! {
    /// Whether strangers can read it.
    Exposed {
        /// A public repository holds it.
        Public = "public",
        /// Every known remote of the repository refuses strangers.
        Private = "private",
        /// Neither was shown.
        Unknown = "cannot tell",
    }
}

worded! {
    /// Whose secret it is.
    Ownership {
        /// A key of the inventory, with proof.
        Ours = "ours",
        /// The provider names somebody else as its owner.
        Others = "not ours",
        /// Neither was shown.
        Unknown = "cannot tell",
    }
}

worded! {
    /// What the operator's policy wants.
    Action {
        /// Contain, deliver and prove without asking.
        Auto = "auto",
        /// Ask a person first.
        Ask = "ask",
        /// Tell people, and do nothing.
        Notify = "notify",
        /// Do nothing.
        Never = "never",
    }
}

/// What was shown of one question, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown<T> {
    /// The answer.
    pub is: T,
    /// What showed it, for people; never a secret.
    pub why: String,
    /// When.
    pub at: Moment,
}

/// Who or what decided, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What is done.
    pub action: Action,
    /// Which line of the policy, or which floor under it, in words.
    pub because: String,
    /// `policy`, or the person who approved.
    pub by: String,
    /// When.
    pub at: Moment,
}

/// The moments of an incident; `None`: not yet, or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The earliest commit that holds it, by that commit's own date.
    pub committed: Option<Moment>,
    /// The first moment strangers could read it, as far as is known.
    pub public: Option<Moment>,
    /// When it was recorded here.
    pub detected: Option<Moment>,
    /// When it was decided what to do.
    pub decided: Option<Moment>,
    /// When the old secret was ended at its provider.
    pub contained: Option<Moment>,
    /// When the last place held the new one.
    pub delivered: Option<Moment>,
    /// When the old one was proven dead.
    pub dead: Option<Moment>,
    /// When its use meanwhile was reviewed.
    pub reviewed: Option<Moment>,
    /// When nothing was left to do.
    pub closed: Option<Moment>,
}

/// One leaked secret. No part of the secret stands in it beyond its mask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its name: `i-` and sixteen hexadecimal digits.
    pub id: String,
    /// The secret's name within this store, and nowhere else.
    pub identity: String,
    /// The secret's name everywhere.
    pub fingerprint: String,
    /// The rule that found it.
    pub rule: String,
    /// The provider's word, or empty.
    pub provider: String,
    /// The key's public name, where the rule finds one beside it.
    pub key_id: Option<String>,
    /// The secret, masked.
    pub masked: String,
    /// How bad, in the rule's word.
    pub severity: String,
    /// How far.
    pub stage: Stage,
    /// Whether it works.
    pub liveness: Option<Shown<Liveness>>,
    /// Whose it is.
    pub ownership: Option<Shown<Ownership>>,
    /// Whether strangers can read it.
    pub exposed: Option<Shown<Exposed>>,
    /// The key of the inventory it is, if it is ours.
    pub key: Option<String>,
    /// What was decided last.
    pub decision: Option<Decision>,
    /// The rotation that answers it.
    pub rotation: Option<String>,
    /// The hash of the plan that waits for approval.
    pub plan_hash: Option<String>,
    /// Who ran what asked for approval.
    #[serde(default)]
    pub asked_by: String,
    /// Who approved that plan, and when.
    pub approvals: Vec<(String, Moment)>,
    /// Its moments.
    pub times: Times,
    /// Milliseconds in which whoever used the key was refused (R21).
    pub outage: Option<Moment>,
    /// How often it was found dead since it died.
    pub rechecks: u32,
    /// What its review came to, in JSON; `null` before.
    pub review: serde_json::Value,
    /// What it waits for, or why it stands where it does; for people.
    pub note: String,
    /// How many more places it was seen at than are listed.
    pub unlisted: u64,
    /// Whether the host of its repository is still to be told that it works again.
    #[serde(default)]
    pub host_untold: bool,
}

/// A place where the secret was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    /// The repository or folder: an absolute path.
    pub repository: String,
    /// What kind of place, in a location's word.
    pub place: String,
    /// The object that holds it, in hex; empty for a file outside a repository.
    pub object: String,
    /// The path within, shown without harm.
    pub path: String,
    /// The line.
    pub line: u64,
    /// The first commit that holds it there, in hex; or empty.
    pub commit: String,
    /// That commit's own date, RFC 3339; or empty.
    pub date: String,
    /// Refs that reach it, a few of them.
    pub refs: Vec<String>,
    /// When it was first seen by us.
    pub seen: Moment,
}

impl Incident {
    /// Returns how long strangers could use the key, in milliseconds: from the first public moment, or
    /// else the first commit, to the proof of death or `now`.
    #[must_use]
    pub fn exposure(&self, now: Moment) -> Option<Moment> {
        let from = self.times.public.or(self.times.committed)?;
        Some(self.times.dead.unwrap_or(now).saturating_sub(from).max(0))
    }
}
