//! A fire drill: a key that is made up leaks into a public repository, and the real program answers it,
//! against doubles on this machine.
//!
//! - `script`: the steps, one after the other, and what each should come to
//! - `scene`: the folder, the doubles, the repository, the inventory
//! - `settings`: the operator's file of the drill
//! - `after`: what is looked at when the leak is answered: the old key, the new one, the letter, the ledger
//! - `heard`: what the real program says while it answers, told as steps
//! - `run`: runs git and the program, in an environment of their own
//! - `server`: a small server on loopback; `atlasvpn`, `render`, `remote`: what it plays

mod after;
mod atlasvpn;
mod heard;
mod remote;
mod render;
mod run;
mod scene;
mod script;
mod server;
mod settings;

pub use script::rehearse;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::RespondSettings;
use crate::seal::SealError;
use crate::store::StoreError;

/// What is rehearsed, and where.
pub struct Wishes {
    /// The program that is run: this very one.
    pub binary: PathBuf,
    /// A folder that is there and empty.
    pub folder: PathBuf,
    /// The operator's policy; without it one that answers by itself.
    pub policy: Option<RespondSettings>,
}

/// How a step came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should.
    Well,
    /// Otherwise.
    Wrong,
    /// It is told by the way.
    Aside,
}

/// A step, told as it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// How long after the push; `None`: before it.
    pub since: Option<Duration>,
    /// Which, in one word.
    pub what: &'static str,
    /// What of it.
    pub text: String,
    /// How it came out.
    pub mark: Mark,
}

/// What a drill came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// From the push to the end of the old secret at its provider.
    pub contained: Option<Duration>,
    /// From the push to the proof that it is dead.
    pub dead: Option<Duration>,
    /// How long whoever used the key was refused.
    pub outage: Option<Duration>,
    /// Within which time the provider itself says that a secret stops, in seconds.
    pub stated: u64,
    /// What did not come out as it should; empty: everything did.
    pub wrong: Vec<String>,
}

/// Why a drill could not be held.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// There is no git.
    #[error("git is not there")]
    NoGit,
    /// A program could not be run, or said no where it should not.
    #[error("{0}: {1}")]
    Run(String, String),
    /// The folder, or a port on loopback, could not be had.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The drill's store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The drill's key file could not be read.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Returns so many random bytes in hexadecimal: everything here that looks like a key is made so.
fn random(bytes: usize) -> io::Result<String> {
    let mut made = vec![0; bytes];
    getrandom::fill(&mut made).map_err(|e| io::Error::other(e.to_string()))?;
    Ok(data_encoding::HEXLOWER.encode(&made))
}
