//! What can go wrong with a rotation, as letters.

use crate::seal::SealError;
use crate::store::StoreError;

/// Why a rotation could not be planned or moved. What it had done by then stands in its journal.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The store could not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sealing or opening failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Something the rotation needs is not as it must be; nothing was changed.
    #[error("{what}: {why}")]
    Refused {
        /// What is wrong.
        what: String,
        /// Why.
        why: String,
        /// What to do now.
        fix: String,
    },
    /// A new secret exists and could not be stored: here it is, sealed. It must be kept now.
    #[error("the new secret of rotation {rotation} could not be stored: {why}")]
    Rescue {
        /// The rotation.
        rotation: String,
        /// The sealed answer, armoured.
        armour: String,
        /// Why it could not be stored.
        why: String,
    },
}
