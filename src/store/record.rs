//! What the store keeps, as rows. No secret stands in any of them: sealed bytes apart, in a table of
//! their own.

use serde::{Deserialize, Serialize};

use crate::model::rotation::{Class, Mode, Moment, Reason, State};

/// A credential of ours, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// What people call it here; unique.
    pub name: String,
    /// The provider's word.
    pub provider: String,
    /// The provider's public name of the key; changes when a second key takes over.
    pub key_id: String,
    /// What the provider shows as its label.
    pub label: String,
    /// Who answers for it.
    pub owner: String,
    /// Where people keep it (`1password:team`): a compromised holder selects all it holds (R3).
    pub holder: String,
    /// How often it is replaced.
    pub class: Class,
    /// Settings of its provider and how Keywright signs in there: references, never literals (R27).
    pub settings: serde_json::Value,
    /// The last four characters of the secret, once they are known.
    pub last4: String,
    /// When it was put down here.
    pub added: Moment,
    /// When its secret was made; `None` if nobody knows.
    pub made: Option<Moment>,
    /// When it ends by itself.
    pub expires: Option<Moment>,
    /// When the provider last saw it used.
    pub last_used: Option<Moment>,
    /// When it is to be replaced next; `None` for never.
    pub due: Option<Moment>,
    /// Its destinations, in the order in which they are written.
    pub destinations: Vec<DestinationRecord>,
    /// How an environment shows that it is well, in the order in which environments are served.
    pub environments: Vec<EnvironmentRecord>,
}

/// A place where a key is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRecord {
    /// The environment it belongs to.
    pub environment: String,
    /// The place, as written by the operator: `dotenv:app/.env#AVP_SECRET`.
    pub place: String,
}

/// An environment of a key: `staging` before `production` (R16).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// Its name.
    pub name: String,
    /// Its health checks, as written by the operator: `tcp:127.0.0.1:5432`.
    pub health: Vec<String>,
}

/// A rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationRecord {
    /// Its name: `r-` and sixteen hexadecimal digits.
    pub id: String,
    /// The key's name.
    pub key: String,
    /// How.
    pub mode: Mode,
    /// Why.
    pub reason: Reason,
    /// How far.
    pub state: State,
    /// The plan, as JSON; [`RotationRecord::plan_hash`] is its hash.
    pub plan: String,
    /// What an approval binds to.
    pub plan_hash: String,
    /// Who asked for it.
    pub actor: String,
    /// When it was begun.
    pub begun: Moment,
    /// When it was last moved.
    pub moved: Moment,
    /// When it goes on, while it waits.
    pub run_at: Option<Moment>,
    /// What it waits for, or why it stopped; for people.
    pub note: String,
}

/// What the journal says of one step: first that it is about to be done, then what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number within the rotation, counted from one.
    pub number: i64,
    /// The step's name in the plan: `write:0`.
    pub step: String,
    /// Which try of this step.
    pub attempt: i64,
    /// When it was begun.
    pub begun: Moment,
    /// The fence of the runner that began it.
    pub fence: i64,
    /// How it ended; `None`: unknown, never "not done" (I2).
    pub end: Option<End>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Whether it is done.
    pub outcome: Outcome,
    /// What later steps need to know, as JSON; never a secret.
    pub detail: serde_json::Value,
    /// When.
    pub at: Moment,
}

/// Whether a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Not done, and nothing happened.
    Failed,
    /// Nobody knows: it is looked at before it is tried again.
    Unknown,
}

impl Outcome {
    /// Returns the word used in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Done, Self::Failed, Self::Unknown].into_iter().find(|outcome| outcome.word() == word)
    }
}

/// The right to move a rotation, until it ends or is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The rotation.
    pub rotation: String,
    /// A number that only grows: what was written under an older one is refused (I9).
    pub fence: i64,
    /// Who holds it.
    pub runner: String,
}

/// What was read, with what tells whether somebody else wrote it meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    /// It.
    pub is: T,
    /// Grows with every write.
    pub version: i64,
    /// When it goes on by itself.
    pub run_at: Option<Moment>,
}

/// A line of the audit to be: the store adds its number and its hash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Moment,
    /// Who or what did it.
    pub actor: String,
    /// What was done: `rotation.mint`.
    pub action: String,
    /// The key's name.
    pub key: String,
    /// The provider's word.
    pub provider: String,
    /// The rotation, or empty.
    pub rotation: String,
    /// The last four of the old secret, or empty.
    pub old_last4: String,
    /// The last four of the new secret, or empty.
    pub new_last4: String,
    /// `success`, `failed`, `unknown`.
    pub status: String,
    /// Why the rotation was asked for, or empty.
    pub reason: String,
    /// More, for people; never a secret.
    pub detail: String,
}

/// A line of the audit (R83).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number, counted from one without a gap.
    pub number: i64,
    /// When.
    pub at: Moment,
    /// Who or what did it.
    pub actor: String,
    /// What was done: `rotation.mint`.
    pub action: String,
    /// The key's name.
    pub key: String,
    /// The provider's word.
    pub provider: String,
    /// The rotation, or empty.
    pub rotation: String,
    /// The last four of the old secret, or empty.
    pub old_last4: String,
    /// The last four of the new secret, or empty.
    pub new_last4: String,
    /// `success`, `failed`, `unknown`.
    pub status: String,
    /// Why the rotation was asked for, or empty.
    pub reason: String,
    /// More, for people; never a secret.
    pub detail: String,
    /// The hash of this line and of the one before it.
    pub hash: String,
}
