//! Replaces one credential, durably: a crash at any instruction loses no key and ends no working one.
//!
//! - `observe`: what is there, before anything is done
//! - `plan`: what will be done, pure
//! - `due`: when it may begin, and how long it may be put off, pure
//! - `begin`: writes it down
//! - `engine`: does it step by step, each with an intent before and a result behind it (I2)
//! - `stand`: how far a rotation is, by its record, plan and journal
//! - `act`: what each kind of step does, and how it finds out what a crash left behind
//! - `operator`: turn back, bring back, diagnose
//! - `lease`: one runner a rotation
//! - `sweep`: wipes what rotations that are over have left sealed
//! - `health`: whether an environment is well
//! - `clock`, `kill`: the time, and the points at which a test may stop the program
//!
//! The order of steps and what each failure leads to: docs/rotation.md.

mod act;
pub mod begin;
pub mod clock;
pub mod due;
pub mod engine;
mod error;
pub mod health;
pub(crate) mod kill;
mod lease;
pub mod observe;
mod operator;
pub mod plan;
mod stand;
mod sweep;

use std::path::PathBuf;
use std::sync::Arc;

pub use clock::{Clock, MachineClock};
pub use engine::{Engine, Progress};
pub use error::RotateError;
pub use observe::{Observed, observe};
pub use operator::{Symptom, bring_back, diagnose, turn_back};
pub use plan::{Plan, Wishes};
pub use stand::read_plan;

use crate::destination::Destination;
use crate::provider::Provider;
use crate::seal::Sealer;
use crate::store::record::{KeyRecord, Lease, Line, RotationRecord};
use crate::store::{Store, StoreError};

/// The destinations of one key, in the plan's order.
pub type Destinations = [Box<dyn Destination>];

/// What a rotation works with.
pub struct Parts {
    /// Where it is written down.
    pub store: Arc<Store>,
    /// What seals secrets on disk.
    pub sealer: Arc<Sealer>,
    /// Who mints the new key.
    pub provider: Arc<dyn Provider>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How health checks reach the network.
    pub net: Arc<dyn health::HealthNet>,
    /// The folder that relative paths of health checks are taken from.
    pub base: PathBuf,
    /// Who runs it: unique for each start of the program.
    pub runner: String,
    /// Tells whether a runner is known to be dead, so that its lease need not be waited out.
    pub is_dead: fn(&str) -> bool,
    /// Who asked for it, for the audit.
    pub actor: String,
}

impl Parts {
    /// Makes a line of the audit about a rotation, as of now.
    #[must_use]
    pub fn line(
        &self,
        record: &RotationRecord,
        key: &KeyRecord,
        action: &str,
        status: &str,
        detail: String,
    ) -> Line {
        Line {
            at: self.clock.now(),
            actor: self.actor.clone(),
            action: action.into(),
            key: record.key.clone(),
            provider: key.provider.clone(),
            rotation: record.id.clone(),
            old_last4: key.last4.clone(),
            new_last4: String::new(),
            status: status.into(),
            reason: record.reason.word().into(),
            detail,
        }
    }

    /// Wipes everything that is sealed for a rotation.
    async fn wipe(&self, lease: &Lease) -> Result<(), StoreError> {
        let names = self.store.sealed_names(&lease.rotation).await?;
        self.store.wipe(lease, &names.iter().map(String::as_str).collect::<Vec<_>>()).await
    }
}
