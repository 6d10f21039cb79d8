//! Where a credential is used and must be replaced, with five verbs each: read what is there, write,
//! read back, activate, restore.
//!
//! A write is refused when what is there is not what was read at planning: somebody else was here.

use async_trait::async_trait;

use crate::model::credential::Credential;

/// What stood there when it was looked at; compared before it is written over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(pub String);

/// What is at a destination now.
#[derive(Debug)]
pub struct Meta {
    /// What a write must still find there.
    pub stamp: Stamp,
    /// What it holds, where it can be read.
    pub value: Option<Credential>,
}

/// What a look behind a write showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// What was written.
    Wanted,
    /// Something else.
    Other,
    /// It cannot be read, by nature.
    Hidden,
}

/// What went wrong at a destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It is not there, or what is to be replaced is not in it.
    #[error("{0}")]
    Absent(String),
    /// It may not be read or written.
    #[error("{0}")]
    Denied(String),
    /// It is not what it was when it was looked at.
    #[error("{0}")]
    Changed(String),
    /// Nothing was done there, and it may be tried again.
    #[error("{0}")]
    NotDone(String),
    /// It may have been written or not.
    #[error("{0}")]
    Lost(String),
}

/// Where a credential is used.
#[async_trait]
pub trait Destination: Send + Sync {
    /// Returns the word of its kind: `dotenv`.
    fn kind(&self) -> &'static str;

    /// Names it for people; never with a secret.
    fn place(&self) -> String;

    /// Reads what is there, and proves that it could be written, without changing it.
    async fn read_meta(&self) -> Result<Meta, DestinationError>;

    /// Writes a credential if what is there still has the stamp; returns the new stamp. Written twice,
    /// it is the same as once.
    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError>;

    /// Tells whether it holds this credential.
    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError>;

    /// Makes what was written count: a restart, a redeploy; returns when that is done. Done twice, it
    /// is the same as once.
    async fn activate(&self) -> Result<(), DestinationError>;

    /// Writes the old credential back, under the same condition as a write.
    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError>;
}
