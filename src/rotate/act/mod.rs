//! What each kind of step does, and how it finds out what a crash left behind.
//!
//! - `doing`: a step that is being done, between its intent and its result
//! - `mint`: makes the new key, or takes one made by hand; nothing reads it before it is sealed
//! - `deliver`: seals the old, writes, reads back, activates
//! - `restore`: the same in reverse
//! - `gate`: proof, health, grace, quiet: what must hold before the next step
//! - `end`: ends a key, proves it dead
//! - `close`: looks for what is left, wipes, writes the inventory

mod close;
mod deliver;
mod doing;
mod end;
mod gate;
mod mint;
mod restore;

use super::RotateError;
use super::engine::Walk;
use super::plan::{Act, Step};
use crate::model::rotation::Moment;
use crate::seal::SealError;
use crate::store::StoreError;

use doing::{Doing, Intent};

/// Why a rotation does not go on now.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is tried again by itself, so many milliseconds from now.
    Again {
        /// How long.
        after: Moment,
        /// What for.
        note: String,
    },
    /// A person is needed.
    Ask(String),
    /// It failed: what was written is put back, if that can be.
    Back(String),
    /// It failed before anything was changed.
    Abandon(String),
    /// The store, the seal or the lease is gone.
    Broken(RotateError),
}

impl Stop {
    pub(super) fn again(seconds: u64, note: impl Into<String>) -> Self {
        Self::Again { after: Moment::try_from(seconds * 1000).unwrap_or(Moment::MAX), note: note.into() }
    }

    pub(super) fn note(&self) -> &str {
        match self {
            Self::Again { note, .. } | Self::Ask(note) | Self::Back(note) | Self::Abandon(note) => note,
            Self::Broken(_) => "stopped",
        }
    }

    /// What it means where there is no way back.
    pub(super) fn rolled_forward(self) -> Self {
        match self {
            Self::Back(note) | Self::Abandon(note) => Self::Ask(note),
            stop => stop,
        }
    }
}

impl From<RotateError> for Stop {
    fn from(error: RotateError) -> Self {
        Self::Broken(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<SealError> for Stop {
    fn from(error: SealError) -> Self {
        Self::Broken(error.into())
    }
}

/// Does a step: what it showed, for people, or why it is not done.
pub(super) async fn perform(walk: &Walk<'_>, step: &Step) -> Result<String, Stop> {
    let doing = Doing { walk, step };
    match &step.act {
        Act::Save { place } => deliver::save(&doing, *place).await,
        Act::Mint => mint::mint(&doing).await,
        Act::Roll => mint::roll(&doing).await,
        Act::Take => mint::take(&doing).await,
        Act::Prove => gate::prove(&doing).await,
        Act::Write { place } => deliver::write(&doing, *place).await,
        Act::ReadBack { place } => deliver::read_back(&doing, *place).await,
        Act::Activate { place } => deliver::activate(&doing, *place).await,
        Act::Health { environment } => gate::health(&doing, *environment).await,
        Act::Grace { seconds } => gate::grace(&doing, *seconds).await,
        Act::Quiet { seconds } => gate::quiet(&doing, *seconds).await,
        Act::Recheck => gate::recheck(&doing).await,
        Act::Revoke => end::revoke(&doing).await,
        Act::AskRevoke => end::ask(&doing).await,
        Act::Dead { seconds } => end::dead(&doing, *seconds).await,
        Act::Search => close::search(&doing).await,
        Act::Close => close::close(&doing).await,
        Act::Restore { place } => restore::restore(&doing, *place).await,
        Act::Reactivate { place } => restore::reactivate(&doing, *place).await,
        Act::ProveOld => gate::prove_old(&doing).await,
        Act::RevokeNew => end::revoke_new(&doing).await,
        Act::CloseBack => close::close_back(&doing).await,
    }
}
