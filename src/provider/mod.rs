//! Who mints credentials, and what can be asked of them: list, mint, rotate, revoke, check, usage.
//!
//! A provider says what it *can* do on its [`Card`]; the plan is made from that card, before anything
//! is called. A call that may hold a shown-once secret gives a [`Reply`], which nobody can read
//! before it is sealed (I1).
//!
//! - `recipe`: how a provider is asked, as data (docs/recipes.md)
//! - `account`: one account of a provider that a recipe tells
//! - `connect`: asks a proxy's gateway whether a credential works
//! - `supabase`: signs in where Supabase keeps the users

mod account;
mod connect;
mod recipe;
mod supabase;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::http::Door;
use crate::model::Secret;
use crate::model::credential::{CallError, Credential, Kept, Liveness, Reply};
use crate::model::rotation::{Mode, Moment};
use crate::reference::ReferenceError;
use crate::rule::builtin;

pub use recipe::RecipeError;

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
    /// Where abuse of a key is told (R23).
    pub abuse: Option<String>,
    /// Whether it lists the account's keys; without a list only a person makes and ends them (R100).
    pub lists: bool,
    /// Whether the secret is used without its key id beside it.
    pub bare: bool,
    /// Whether it can replace a key's secret in one call.
    pub rolls: bool,
    /// Whether the old key dies when a person makes a new one in its pages (R60).
    pub replaced_by_hand: bool,
    /// Whether no call makes a key, and a leaked one can be ended by whoever holds it
    /// ([`Provider::revoke_leaked`]).
    pub revoke_only: bool,
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
    /// What it shows of the secret: `sk-abc...wxyz`.
    pub masked: Option<String>,
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

impl Listed {
    /// Tells whether a secret can be this key's, by what its provider shows of it.
    #[must_use]
    pub fn may_be(&self, secret: &Secret) -> bool {
        self.masked.as_ref().is_none_or(|mask| recipe::fits_mask(mask, secret))
    }
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
    /// Whose it is, where the answer that showed it says so: an account's plain name, or nobody's. `None`: the
    /// provider may say it when it is asked ([`Provider::owner`]).
    pub owner: Option<Option<String>>,
}

impl Checked {
    /// Makes one of which nobody's name was told.
    #[must_use]
    pub fn new(liveness: Liveness, why: impl Into<String>) -> Self {
        Self { liveness, why: why.into(), owner: None }
    }
}

/// What an account used this month (R37).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes, both ways.
    pub bytes: Option<u64>,
    /// Requests: of a proxy, the tunnels asked for (R97).
    pub requests: Option<u64>,
    /// Keys that work.
    pub active_keys: Option<u64>,
    /// How many keys each tier has.
    pub tiers: BTreeMap<String, u64>,
}

/// One use of a key. The texts are the provider's: escape them before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageEvent {
    /// The provider's name of the event (R23).
    pub id: Option<String>,
    /// When; `None` where that cannot be read, which is no reason to leave it out.
    pub at: Option<Moment>,
    /// Where it went.
    pub host: Option<String>,
    /// How.
    pub method: Option<String>,
    /// What was answered.
    pub status: Option<u16>,
    /// Bytes sent.
    pub sent: Option<u64>,
    /// Bytes received.
    pub received: Option<u64>,
    /// How long it took.
    pub millis: Option<u64>,
    /// Who served it.
    pub node: Option<String>,
}

/// Uses of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// The events, as they came.
    pub seen: Vec<UsageEvent>,
    /// Whether these are all there are since then.
    pub is_whole: bool,
}

/// What a provider tells of the use of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Each use.
    Events(Events),
    /// It has no events: only when the key was last used, and the account's sums (R96).
    Summary {
        /// When the key was last used; `None` for never, or for a key that is not listed any more.
        last_used: Option<Moment>,
        /// The sums, where they are told.
        usage: Option<Usage>,
        /// What this is, and what a person can do to learn more.
        why: String,
    },
    /// Nothing of the kind is offered.
    NotOffered,
}

/// Why there is no such provider.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No file in `rules/` has a recipe of this name.
    #[error("there is no provider `{id}` that can re-key; there is {known}")]
    Unknown {
        /// The name, shown without harm.
        id: String,
        /// The names there are.
        known: String,
    },
    /// Its recipe is broken.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// A setting is wrong.
    #[error("the setting `{name}` of the provider {why}")]
    Setting {
        /// Its name.
        name: String,
        /// What is wrong, and what to write; never what was written.
        why: String,
    },
    /// A setting that must be a reference is none (R27).
    #[error("the setting `auth.{name}` of the provider: {source}")]
    Reference {
        /// Its name.
        name: String,
        /// What is wrong with it.
        source: ReferenceError,
    },
}

/// Makes the provider with this name, for one account. `settings` are the operator's: `api`, `gateway`
/// and `connect_target` instead of the recipe's, and under `auth` references instead of its inputs.
///
/// # Errors
/// [`ProviderError`], a letter without any setting's value.
pub fn by_id(
    id: &str,
    settings: &serde_json::Value,
    door: Arc<Door>,
) -> Result<Box<dyn Provider>, ProviderError> {
    let file = format!("rules/{id}.toml");
    let Some((name, text)) = with_recipe().find(|(name, _)| *name == file) else {
        let known: Vec<_> = ids().collect();
        let id = crate::model::text::shown(id.as_bytes()).chars().take(64).collect();
        return Err(ProviderError::Unknown { id, known: known.join(", ") });
    };
    from_recipe(name, text, settings, door)
}

/// Makes a provider from the text of its file; `file` is for messages. The text must be the program's own
/// or the operator's: a scanned repository may not say whom to ask.
///
/// # Errors
/// [`ProviderError`], a letter without any setting's value.
pub fn from_recipe(
    file: &str,
    text: &str,
    settings: &serde_json::Value,
    door: Arc<Door>,
) -> Result<Box<dyn Provider>, ProviderError> {
    Ok(Box::new(account::Account::new(recipe::Recipe::read(file, text)?, settings, door)?))
}

/// Lists the providers that can re-key.
pub fn ids() -> impl Iterator<Item = &'static str> {
    with_recipe().filter_map(|(name, _)| name.strip_prefix("rules/")?.strip_suffix(".toml"))
}

/// Lists the files with a recipe.
fn with_recipe() -> impl Iterator<Item = (&'static str, &'static str)> {
    builtin::texts().iter().copied().filter(|(_, text)| text.contains("\n[rekey]\n"))
}

/// Who mints credentials. Made for one account: it knows how to sign in.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Returns what it can do.
    fn card(&self) -> &Card;

    /// Proves that the admin credential works, without changing anything.
    async fn sign_in(&self) -> Result<(), CallError>;

    /// Lists the account's keys; not offered everywhere ([`Card::lists`]).
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

    /// Tells whether a key made by hand looks like one of this provider.
    ///
    /// # Errors
    /// What was expected, in words; never what came.
    fn takes(&self, _made: &Credential) -> Result<(), String> {
        Ok(())
    }

    /// Asks whether a credential works, in the way its users use it and nowhere else (R93).
    async fn check(&self, credential: &Credential) -> Checked;

    /// Returns where [`Provider::check`] itself goes with a key, as the provider's events tell it: uses that are
    /// our own.
    fn check_goes_to(&self) -> Option<&str> {
        None
    }

    /// Asks whose a live key is: an account's plain name. `None`: nobody says so.
    ///
    /// # Errors
    /// [`CallError::Refused`] with [`Refusal::Credential`](crate::model::credential::Refusal::Credential) for a
    /// key that is dead.
    async fn owner(&self, _credential: &Credential) -> Result<Option<String>, CallError> {
        Ok(None)
    }

    /// Tells whether an owner is one of the operator's own (`owners` in the settings of the provider).
    fn is_ours(&self, _owner: &str) -> bool {
        false
    }

    /// Ends this very secret, without an account: for keys that whoever holds them can end. A key that is
    /// already dead is a success; one that is not proven the operator's own is never ended.
    ///
    /// # Errors
    /// [`CallError::Withheld`] where it is somebody else's, nobody says whose, or it is not offered.
    async fn revoke_leaked(&self, _credential: &Credential) -> Result<(), CallError> {
        let why = format!("end the leaked key: {} ends none without an account", self.card().name);
        Err(CallError::Withheld(why))
    }

    /// Tells what the account used this month; `None`: that is not offered.
    async fn usage(&self) -> Result<Option<Usage>, CallError> {
        Ok(None)
    }

    /// Tells how a key was used since a moment.
    async fn events(&self, _key: &Listed, _from: Moment) -> Result<Activity, CallError> {
        Ok(Activity::NotOffered)
    }
}
