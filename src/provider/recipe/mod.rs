//! Recipes: how a provider is asked, as data in its file in `rules/` (docs/recipes.md).
//!
//! - `step`: one request: its words, and what they are filled with
//! - `fill`: values into paths, queries, headers and JSON, each encoded for its slot
//! - `meaning`: what a status means
//! - `answer`: what an answer says, by pointers into JSON
//! - `reading`: a file's tables, held against each other, with errors that name the line

mod answer;
mod fill;
mod meaning;
mod reading;
mod step;

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::http::Request;
use crate::model::Secret;
use crate::model::credential::{CallError, Liveness};
use crate::model::rotation::Mode;

pub(super) use answer::{
    Done, EventsAnswer, KeyAnswer, ListAnswer, Places, UsageAnswer, fits_mask, json, text_at, wipe,
};
pub(super) use fill::Slots;
pub(super) use meaning::judge;
pub(super) use reading::api_of;
pub(super) use step::{AFTER, Step};

/// A provider, as its file tells it.
#[derive(Deserialize)]
pub(super) struct Recipe {
    pub(super) provider: About,
    pub(super) rekey: Rekey,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) auth: Auth,
    pub(super) check: Check,
    /// Missing only where a person does everything by hand.
    pub(super) list: Option<Step<ListAnswer>>,
    pub(super) mint: Option<Step<KeyAnswer>>,
    pub(super) rotate: Option<Step<KeyAnswer>>,
    pub(super) revoke: Option<Step<Nothing>>,
    /// Ends the very secret that is sent, without an account.
    pub(super) revoke_leaked: Option<Step<Done>>,
    pub(super) usage: Option<Step<UsageAnswer>>,
    pub(super) events: Option<Step<EventsAnswer>>,
}

/// What the rules need of it too; other fields are theirs.
#[derive(Deserialize)]
pub(super) struct About {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) docs: String,
}

/// What replacing a key there is like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rekey {
    /// Where its interface is.
    pub(super) api: String,
    /// The ways, by their words, the best first.
    modes: Vec<String>,
    #[serde(default)]
    pub(super) retrievable: bool,
    pub(super) stop_warning: String,
    pub(super) runbook: Vec<String>,
    #[serde(default)]
    pub(super) abuse: Option<String>,
    /// Whether the secret is used without its key id beside it.
    #[serde(default)]
    pub(super) bare: bool,
    /// What becomes of the old key when a person makes a new one.
    #[serde(default)]
    pub(super) by_hand: ByHand,
    /// What a key made by hand must look like.
    pub(super) takes: Option<Takes>,
    /// Settings that the operator gives, each a slot by its name.
    #[serde(default)]
    pub(super) settings: Vec<String>,
}

/// What becomes of the old key when a person makes a new one.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ByHand {
    /// It lives on beside the new one.
    #[default]
    Second,
    /// It is dead at once.
    Replaces,
}

/// What a key made by hand must look like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Takes {
    /// One of these stands at its front.
    pub(super) begins: Vec<String>,
    /// None of these does: another kind of key of the same provider.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// The same in words, for who handed over something else.
    pub(super) is: String,
}

impl Rekey {
    /// Returns the ways.
    pub(super) fn modes(&self) -> Vec<Mode> {
        self.modes.iter().filter_map(|word| Mode::from_word(word)).collect()
    }
}

/// How fast, how many, how long.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) dead_within: u64,
    pub(super) works_within: u64,
    pub(super) quiet: u64,
    pub(super) usage_lag: u64,
    pub(super) slots: Option<u32>,
    pub(super) budget: Option<Budget>,
}

/// At most so many rotations in so many seconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    pub(super) rotations: u32,
    pub(super) seconds: u64,
}

/// How Keywright signs in.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Auth {
    /// `given`: the inputs are what is sent; `supabase`: they buy a token.
    pub(super) kind: AuthKind,
    /// What it needs, by name: references, which the operator's settings may replace.
    #[serde(default)]
    pub(super) inputs: BTreeMap<String, String>,
    /// Headers of every call but the check.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuthKind {
    #[default]
    Given,
    Supabase,
}

/// How a credential is asked whether it works.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// `http`: a request to the interface; `connect`: through the gateway, as its users do.
    pub(super) kind: CheckKind,
    /// Of `connect`: where the credential is shown, and nowhere else.
    pub(super) gateway: Option<String>,
    /// Of `connect`: where the tunnel would lead. Nothing is sent through it.
    pub(super) target: Option<String>,
    /// Of `http`: the request.
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// Statuses of a credential that works.
    #[serde(default)]
    pub(super) alive: Vec<u16>,
    /// Statuses of one that does not. Any other status cannot tell.
    #[serde(default)]
    pub(super) dead: Vec<u16>,
    /// Of `http`: where the answer to a key that works says whose it is.
    pub(super) owner: Option<Places>,
    /// Of `http`: what a status means where the answer says more; the first that fits goes before the lists.
    #[serde(default)]
    pub(super) says: Vec<Saying>,
}

/// What an answer with certain words means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saying {
    pub(super) status: u16,
    /// The text in it, or the `true` or `false`.
    pub(super) at: String,
    /// What stands in that text, whatever the size of its letters.
    pub(super) holds: String,
    /// `alive`, `dead` or `cannot tell`.
    means: String,
    /// What that is, for people.
    pub(super) why: String,
}

impl Saying {
    /// Returns the verdict; `None` if its word is none.
    pub(super) fn means(&self) -> Option<Liveness> {
        Liveness::from_word(&self.means)
    }
}

impl Check {
    /// Makes the request of `http`. Keywright's own credential is not in it.
    pub(super) fn request(&self, api: &str, slots: &Slots) -> Result<Request, CallError> {
        let (method, path) =
            (self.method.as_deref().unwrap_or_default(), self.path.as_deref().unwrap_or_default());
        let step = Step::<Nothing>::plain(method, path);
        step.request(api, path, &self.headers, slots)
    }

    /// Tells what an answer shows, and why. Whatever is neither a yes nor the no of a dead key cannot tell
    /// (I12). Only the recipe's own words are told: an answer may repeat the key.
    pub(super) fn meaning(&self, status: u16, body: &Secret) -> (Liveness, String) {
        let why = format!("the check answered {status}");
        if let Some(saying) = self.says.iter().find(|s| s.status == status && answer::says(s, body)) {
            return (saying.means().unwrap_or(Liveness::Unknown), format!("{why}: {}", saying.why));
        }
        let liveness = match status {
            _ if self.alive.contains(&status) => Liveness::Alive,
            _ if self.dead.contains(&status) => Liveness::Dead,
            _ => Liveness::Unknown,
        };
        (liveness, why)
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CheckKind {
    Connect,
    Http,
}

/// An answer of which only the status counts.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Why a recipe was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: line {line}: {why}")]
pub struct RecipeError {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong, and what to write.
    pub why: String,
}

impl Recipe {
    /// Reads the recipe out of a provider's file; `file` is for messages.
    pub(super) fn read(file: &str, text: &str) -> Result<Self, RecipeError> {
        reading::read(file, text)
    }

    /// Tells whether no call makes a key, and whoever holds a leaked one can end it.
    pub(super) fn is_revoke_only(&self) -> bool {
        self.revoke_leaked.is_some() && self.mint.is_none() && self.rotate.is_none()
    }
}

#[cfg(test)]
mod tests;
