//! Who mints credentials, and what can be asked of them: list, mint, rotate, revoke, check, usage.
//!
//! A provider says what it *can* do on its [`Card`]; the plan is made from that card, before anything
//! is called. A call that may hold a shown-once secret gives a [`Reply`], which nobody can read
//! before it is sealed (I1).

use async_trait::async_trait;

use crate::model::credential::{CallError, Credential, Kept, Liveness, Reply};
use crate::model::rotation::{Mode, Moment};

/// What a provider can do and how it behaves: facts with their source in its file in `rules/`.
#[derive(Clone, Debug)]
pub struct Card {
    /// The word it is named by: `atlasvpn`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its page.
    pub docs: String,
    /// The ways it can replace a credential, the best first.
    pub modes: Vec<Mode>,
    /// Whether the secret can be seen again in its pages (R76).
    pub retrievable: bool,
    /// What happens to the old secret when the destructive call is made, in its own terms (R8).
    pub stop_warning: String,
    /// The longest time in seconds until an old secret is dead everywhere (R34).
    pub dead_within: u64,
    /// The longest time in seconds until a new secret works everywhere.
    pub works_within: u64,
    /// How long in seconds nobody may have used the old key before it is revoked (R18).
    pub quiet: u64,
    /// How late in seconds its last-used times may be (R97).
    pub usage_lag: u64,
    /// How many keys one account may have at once.
    pub slots: Option<u32>,
    /// At most so many rotations in so many seconds, for one account (R28).
    pub budget: Option<(u32, u64)>,
    /// What a person does in its pages, step by step (R7).
    pub runbook: Vec<String>,
}

/// A key as its provider lists it: never with its secret (R32).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What calls name it by (a uuid at AtlasVPN, R33).
    pub id: String,
    /// Its public name.
    pub key_id: String,
    /// What its owner called it.
    pub label: String,
    /// Whether it works.
    pub active: bool,
    /// When it was last used; `None` for never (R32).
    pub last_used: Option<Moment>,
    /// When it was made.
    pub created: Option<Moment>,
    /// When it ends by itself.
    pub expires: Option<Moment>,
    /// What a like key must be made with (`tier`, `liveMode`), as JSON.
    pub like: serde_json::Value,
}

/// Every key of an account.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The keys.
    pub keys: Vec<Listed>,
    /// What time it is there, from the answer's `Date`: a wrong clock must not revoke.
    pub date: Option<Moment>,
}

/// What a check showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The verdict.
    pub liveness: Liveness,
    /// What showed it, for people: `CONNECT answered 407`.
    pub why: String,
}

/// Who mints credentials. Made for one account: it knows how to sign in.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Returns what it can do.
    fn card(&self) -> &Card;

    /// Proves that the admin credential works, without changing anything.
    async fn sign_in(&self) -> Result<(), CallError>;

    /// Lists the account's keys.
    async fn list(&self) -> Result<Listing, CallError>;

    /// Mints a second key like `like`, labelled with `label`.
    async fn mint(&self, label: &str, like: &Listed) -> Result<Reply, CallError>;

    /// Replaces the secret of a key; the old one dies.
    async fn rotate(&self, key: &Listed) -> Result<Reply, CallError>;

    /// Reads what [`Provider::mint`] or [`Provider::rotate`] was answered, once it is sealed. `asked`
    /// is the key id that must come back (R12).
    fn read(&self, kept: &Kept, asked: Option<&str>) -> Result<Credential, CallError>;

    /// Ends a key; a key that is already gone is a success.
    async fn revoke(&self, key: &Listed) -> Result<(), CallError>;

    /// Asks whether a credential works, in the way its users use it and nowhere else (R93).
    async fn check(&self, credential: &Credential) -> Checked;
}
