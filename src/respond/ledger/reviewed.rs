//! What an incident keeps of the review of its use.

use serde::{Deserialize, Serialize};

use super::super::review::Review;
use crate::model::rotation::Moment;

/// A review, as it stands in an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reviewed {
    /// Where the time it is about begins.
    pub from: Moment,
    /// Where it ends.
    pub until: Moment,
    /// Uses within it.
    pub uses: u64,
    /// Bytes sent within it.
    pub sent: u64,
    /// Bytes received within it.
    pub received: u64,
    /// Uses before it, against which these were held.
    pub before: u64,
    /// Whether there were enough of them to tell habits.
    pub has_habits: bool,
    /// What was unusual, the gravest first.
    pub flags: Vec<Flagged>,
    /// The letter to the provider, if something was.
    pub letter: Option<String>,
}

/// Something unusual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Flagged {
    /// Why, in a sign's word.
    pub sign: String,
    /// What; from outside.
    pub what: String,
    /// How many uses.
    pub uses: u64,
    /// Bytes sent in them.
    pub sent: u64,
    /// The first of them.
    pub first: Option<Moment>,
    /// The last of them.
    pub last: Option<Moment>,
    /// Names of some of them, for the provider; from outside.
    pub ids: Vec<String>,
}

impl Reviewed {
    /// Takes what is kept of a review.
    #[must_use]
    pub fn of(review: &Review, letter: Option<String>) -> Self {
        let flags = review.flags.iter().map(|flag| Flagged {
            sign: flag.sign.word().into(),
            what: flag.what.clone(),
            uses: flag.uses,
            sent: flag.sent,
            first: flag.first,
            last: flag.last,
            ids: flag.ids.clone(),
        });
        Self {
            from: review.exposure.from,
            until: review.exposure.until,
            uses: review.uses,
            sent: review.sent,
            received: review.received,
            before: review.before,
            has_habits: review.has_habits,
            flags: flags.collect(),
            letter,
        }
    }

    /// Reads what an incident keeps; `None`: nothing was reviewed, or another program wrote it.
    #[must_use]
    pub fn read(kept: &serde_json::Value) -> Option<Self> {
        if !kept.is_object() {
            return None;
        }
        serde_json::from_value(kept.clone()).ok()
    }
}
