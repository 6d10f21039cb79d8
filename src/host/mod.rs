//! Where repositories live: who may read them, and what is told there about a leak.
//!
//! Only hosts that the operator named are asked; a host never comes from scanned bytes.
//!
//! - `remote`: what a remote of git names
//! - `plain`: any host that serves git over http, asked as anybody may ask it
//!
//! docs/hosts.md is for operators.

pub mod plain;
mod remote;

pub use remote::{Remote, RemoteError, Scheme};

use crate::model::rotation::Moment;
use crate::model::worded::worded;

worded! {
    /// Who may read a repository.
    Visibility {
        /// Anybody.
        Public = "public",
        /// Whoever signs in and was let in.
        Private = "private",
        /// Nobody could tell.
        Unknown = "unknown",
    }
}

/// How far what stands in a repository can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Who may read it.
    pub visibility: Visibility,
    /// How that is known, in a few words without harm.
    pub why: String,
    /// Since when, where the host tells.
    pub since: Option<Moment>,
    /// Whether what it shows leads to one of the commits that were asked for; `None`: nobody could tell.
    pub holds: Option<bool>,
}
