//! Where a credential is used and must be replaced, with five verbs each: read what is there, write,
//! read back, activate, restore.
//!
//! A write is refused when what is there is not what was read at planning: somebody else was here.
//!
//! - `dotenv`: a variable of a `.env` file
//! - `url`: user and password in the URLs of a text file
//! - `exec`: a program of the operator's
//! - `awssm`: a secret in AWS Secrets Manager
//! - `vault`: a field of a secret in Vault's key-value engine
//! - `vercel`: environment variables of a project on Vercel
//! - `render`: environment variables of a service on Render
//! - `github`: secrets of GitHub Actions
//!
//! Shared: `in_file` (the five verbs for what stands in a file), `file` (reads and replaces one), `login`
//! (user and password in a URL), `program` (runs one), `json` (fields of an object), `network` (the
//! operator's settings of a place that is reached over the network, and what its answers mean),
//! `variables` (the five verbs for what stands in a platform's variables), `platform` (calls to one),
//! `waiting` (waits for one). docs/destinations.md is for users.

mod awssm;
mod dotenv;
mod exec;
mod file;
mod github;
mod in_file;
mod json;
mod login;
mod network;
mod platform;
pub mod program;
mod render;
mod url;
mod variables;
mod vault;
mod vercel;
mod waiting;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::http::Door;
use crate::model::credential::Credential;
use crate::model::rotation::Moment;
use crate::model::text::shown;

use in_file::InFile;

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

impl DestinationError {
    /// Puts the place before what went wrong there.
    fn at(self, place: &str) -> Self {
        let put = |why: String| format!("{place}: {why}");
        match self {
            Self::Absent(why) => Self::Absent(put(why)),
            Self::Denied(why) => Self::Denied(put(why)),
            Self::Changed(why) => Self::Changed(put(why)),
            Self::NotDone(why) => Self::NotDone(put(why)),
            Self::Lost(why) => Self::Lost(put(why)),
        }
    }
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

    /// The same, where earlier tries may have written it and could not say so: `begun` is when. A place that
    /// can be read sees that by itself; one that nobody can read knows its own writes by their time.
    async fn write_again(
        &self,
        new: &Credential,
        at: &Stamp,
        _begun: &[Moment],
    ) -> Result<Stamp, DestinationError> {
        self.write(new, at).await
    }

    /// Tells whether it holds this credential.
    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError>;

    /// Tells whether a key id goes there beside the secret, where what it holds cannot be read to see.
    fn is_paired(&self) -> bool {
        true
    }

    /// Tells whether there is anything to be done to make a write count.
    fn activates(&self) -> bool {
        true
    }

    /// Makes what was written count: a restart, a redeploy; returns when that is done. Done twice, it
    /// is the same as once.
    async fn activate(&self) -> Result<(), DestinationError>;

    /// Writes the old credential back, under the same condition as a write.
    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError>;
}

/// What stamps are made under: 32 bytes of the installation, the same from run to run.
///
/// A stamp is kept in the store and is made of a whole file, in which a weak password may stand: without
/// the key nobody can try passwords against it.
#[derive(Clone)]
pub struct StampKey(Zeroizing<[u8; 32]>);

impl StampKey {
    /// Takes the key over.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }
}

/// What places are made with.
pub struct Reach {
    /// The folder paths are taken from.
    pub base: PathBuf,
    /// What stamps are made under.
    pub stamps: StampKey,
    /// The door to the network.
    pub door: Arc<Door>,
    /// The operator's tables `[destinations.NAME]`, by their names.
    pub settings: BTreeMap<String, toml::Table>,
}

/// A place that cannot be used as it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't use the destination {place}: {why}; {fix}")]
pub struct PlaceError {
    /// Its kind and path. What follows is not repeated: somebody may have written a password there.
    pub place: String,
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub fix: String,
}

/// Why a part of a place is wrong, and what to write.
type Wrong = (String, String);

/// Reads a place as an operator writes it.
///
/// # Errors
/// [`PlaceError`]: what is wrong in it.
///
/// ```
/// use std::sync::Arc;
/// use keywright::{destination::{Reach, StampKey, parse}, http::Door};
/// let reach = Reach {
///     base: "/srv".into(),
///     stamps: StampKey::new([7; 32]),
///     door: Arc::new(Door::new(&[]).unwrap()),
///     settings: Default::default(),
/// };
/// let there = parse("dotenv:app/.env#AVP_SECRET then systemctl reload app", &reach).unwrap();
/// assert_eq!(there.kind(), "dotenv");
/// assert_eq!(there.place(), "dotenv:app/.env#AVP_SECRET");
/// ```
pub fn parse(place: &str, reach: &Reach) -> Result<Box<dyn Destination>, PlaceError> {
    let (kind, rest) = place.split_once(':').unwrap_or((place, ""));
    let read = || -> Result<Box<dyn Destination>, Wrong> {
        match kind {
            "dotenv" => Ok(Box::new(InFile::parse(kind, rest, reach, dotenv::parse)?)),
            "url" => Ok(Box::new(InFile::parse(kind, rest, reach, url::parse)?)),
            "exec" => Ok(Box::new(exec::Exec::parse(rest, &reach.base)?)),
            "awssm" => Ok(Box::new(awssm::SecretsManager::parse(rest, reach)?)),
            "vault" => Ok(Box::new(vault::Vault::parse(rest, reach)?)),
            "vercel" => vercel::parse(rest, reach),
            "render" => render::parse(rest, reach),
            "github" => github::parse(rest, reach),
            _ => Err((
                "there is no such kind".into(),
                "write dotenv:PATH#NAME, url:PATH#HOST, exec:PROGRAM, vault:MOUNT/PATH#FIELD, awssm:SECRET_ID, \
                 vercel:PROJECT#NAME, render:SERVICE#NAME or github:OWNER/REPO#NAME"
                    .into(),
            )),
        }
    };
    read().map_err(|(why, fix)| {
        let known = place.split_once('#').map_or(kind, |(before, _)| before);
        PlaceError { place: shown(known.as_bytes()), why, fix }
    })
}

#[cfg(test)]
mod tests;
