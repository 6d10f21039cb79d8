//! What a rotation will do, step by step, before anything is done. Pure: the same observation gives
//! the same plan and the same hash, and an approval binds to that hash.
//!
//! Below it, `draft`: the order of the steps.

mod draft;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::observe::Observed;
use crate::model::rotation::{Mode, Reason};
use crate::provider::Card;
use crate::store::record::KeyRecord;

/// What is done, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The key's name.
    pub key: String,
    /// The provider's word.
    pub provider: String,
    /// The public name of the key that is replaced.
    pub key_id: String,
    /// What the provider's calls name it by.
    pub id: String,
    /// How, in [`Mode`]'s word.
    pub mode: String,
    /// Why, in [`Reason`]'s word.
    pub reason: String,
    /// The way there.
    pub steps: Vec<Step>,
    /// The way back, if a step on the way fails.
    pub back: Vec<Step>,
    /// The places, as written by the operator, with what must still stand there.
    pub places: Vec<Place>,
    /// The environments with their health checks.
    pub environments: Vec<Environment>,
    /// Folders that are searched for the old secret afterwards (R75).
    pub search: Vec<String>,
}

/// A destination of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its environment.
    pub environment: String,
    /// As written by the operator.
    pub place: String,
    /// What stood there at planning.
    pub stamp: String,
    /// Whether something makes a write count there.
    pub activates: bool,
}

/// An environment of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its health checks, as written by the operator.
    pub health: Vec<String>,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name in the journal: `write:0`.
    pub name: String,
    /// What it does.
    pub act: Act,
    /// The same in words.
    pub words: String,
    /// Whether it can be undone.
    pub reversible: bool,
    /// Who stops working, and for how long; empty: nobody.
    pub outage: String,
}

/// What a step does. Numbers name a place or an environment of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Act {
    /// Seals what a place holds, so that it can be put back.
    Save {
        /// The place.
        place: usize,
    },
    /// Mints a second key.
    Mint,
    /// Replaces the key's secret at the provider.
    Roll,
    /// Takes a key that a person made.
    Take,
    /// Proves that the new key works.
    Prove,
    /// Writes the new key to a place.
    Write {
        /// The place.
        place: usize,
    },
    /// Reads it back.
    ReadBack {
        /// The place.
        place: usize,
    },
    /// Makes it count there.
    Activate {
        /// The place.
        place: usize,
    },
    /// Asks an environment whether it is well.
    Health {
        /// The environment.
        environment: usize,
    },
    /// Lets time pass with both keys alive.
    Grace {
        /// How long.
        seconds: u64,
    },
    /// Waits until nobody uses the old key.
    Quiet {
        /// How long nobody may have used it.
        seconds: u64,
    },
    /// Looks at every place and environment once more (R90e).
    Recheck,
    /// Ends the old key.
    Revoke,
    /// Lets a person end the old key.
    AskRevoke,
    /// Proves that the old key is dead.
    Dead {
        /// How long it may take.
        seconds: u64,
    },
    /// Looks for the old secret in folders and their history.
    Search,
    /// Wipes what was sealed, and puts the new key into the inventory.
    Close,
    /// Puts the old key back to a place, if it was written to.
    Restore {
        /// The place.
        place: usize,
    },
    /// Makes that count there.
    Reactivate {
        /// The place.
        place: usize,
    },
    /// Proves that the old key works.
    ProveOld,
    /// Ends the new key, which nobody uses.
    RevokeNew,
    /// Wipes what was sealed; the inventory stays as it is.
    CloseBack,
}

/// What the operator chose beyond the inventory.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// The time both keys live at least, in seconds; never less than the provider's quiet gate.
    pub grace: Option<u64>,
}

impl Plan {
    /// Makes the plan.
    #[must_use]
    pub fn make(
        key: &KeyRecord,
        card: &Card,
        mode: Mode,
        reason: Reason,
        seen: &Observed,
        wishes: &Wishes,
    ) -> Self {
        let places: Vec<_> = key
            .destinations
            .iter()
            .zip(&seen.places)
            .map(|(d, seen)| Place {
                environment: d.environment.clone(),
                place: d.place.clone(),
                stamp: seen.stamp.clone(),
                activates: seen.activates,
            })
            .collect();
        let environments: Vec<_> = environments(key);
        let draft = draft::Draft {
            key,
            card,
            mode,
            places: &places,
            environments: &environments,
            grace: wishes.grace,
        };
        Self {
            key: key.name.clone(),
            provider: card.id.clone(),
            key_id: key.key_id.clone(),
            id: seen.key.id.clone(),
            mode: mode.word().into(),
            reason: reason.word().into(),
            steps: draft.steps(),
            back: draft.back(),
            search: search(key),
            places,
            environments,
        }
    }

    /// Returns the hash that an approval binds to: the first sixteen hexadecimal digits of it.
    ///
    /// # Panics
    /// Never: a plan is made of words and numbers.
    #[must_use]
    pub fn hash(&self) -> String {
        let text = serde_json::to_vec(self).expect("a plan is plain data");
        data_encoding::HEXLOWER.encode(&Sha256::digest(&text)[..8])
    }

    /// Returns how it is done.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Mode::from_word(&self.mode).unwrap_or(Mode::Planned)
    }

    /// Returns why.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason::from_word(&self.reason).unwrap_or(Reason::Policy)
    }

    /// Tells whether the old key may be dead once a step was begun.
    #[must_use]
    pub fn ends_the_old(&self, act: &Act) -> bool {
        match act {
            Act::Roll | Act::Revoke | Act::AskRevoke => true,
            // Where making a new key ends the old one there is no way back.
            Act::Take => self.back.is_empty(),
            _ => false,
        }
    }
}

impl Plan {
    /// Tells whether the old key is ended before the new one is delivered.
    #[must_use]
    pub fn ends_first(&self) -> bool {
        let at = |wanted: fn(&Act) -> bool| self.steps.iter().position(|s| wanted(&s.act));
        at(|act| *act == Act::Revoke) < at(|act| matches!(act, Act::Write { .. }))
            && at(|act| *act == Act::Revoke).is_some()
    }
}

fn search(key: &KeyRecord) -> Vec<String> {
    let listed = key.settings.get("search").and_then(|s| s.as_array());
    listed.into_iter().flatten().filter_map(|v| v.as_str().map(Into::into)).collect()
}

/// The environments that have a place, `staging`-like ones first as the inventory lists them.
fn environments(key: &KeyRecord) -> Vec<Environment> {
    let mut found: Vec<Environment> = key
        .environments
        .iter()
        .map(|e| Environment { name: e.name.clone(), health: e.health.clone() })
        .collect();
    for destination in &key.destinations {
        if !found.iter().any(|e| e.name == destination.environment) {
            found.push(Environment { name: destination.environment.clone(), health: Vec::new() });
        }
    }
    // Production is never first while another is there (R16, R43).
    found.sort_by_key(|e| is_production(&e.name));
    found
}

/// Tells whether an environment's name means production (R47).
#[must_use]
pub fn is_production(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "production" | "prod" | "live")
}

/// Says a number of seconds as people do: `15 minutes`.
#[must_use]
pub fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        s if s >= 172_800 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3600 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
