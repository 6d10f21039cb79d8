//! The report of an incident.

use serde::{Deserialize, Serialize};

use super::review::Review;

/// What a review came to, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// Uses while strangers could have it.
    pub uses: u64,
    /// The letter about abuse.
    pub letter: Option<String>,
}

impl Reviewed {
    /// Takes out of a review what is kept.
    #[must_use]
    pub fn of(review: &Review, letter: Option<String>) -> Self {
        Self { uses: review.uses, letter }
    }
}
