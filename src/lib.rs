//! Keywright finds leaked keys in git and re-keys what they open.
//!
//! The library is the program without its command line: every room is public, and every room
//! imports from lower floors only (`tests/it/floors.rs`). The rooms behind the feature `rekey` hold
//! all there is of network and store.

pub mod config;
#[cfg(feature = "rekey")]
pub mod destination;
pub mod detect;
#[cfg(feature = "rekey")]
pub mod drill;
pub mod git;
#[cfg(feature = "rekey")]
pub mod host;
#[cfg(feature = "rekey")]
pub mod http;
pub mod import;
pub mod model;
#[cfg(feature = "rekey")]
pub mod notify;
#[cfg(feature = "rekey")]
pub mod provider;
#[cfg(feature = "rekey")]
pub mod reference;
pub mod report;
#[cfg(feature = "rekey")]
pub mod respond;
#[cfg(feature = "rekey")]
pub mod rotate;
pub mod rule;
pub mod scan;
#[cfg(feature = "rekey")]
pub mod seal;
pub mod source;
#[cfg(feature = "rekey")]
pub mod store;
pub mod suppress;
pub mod unpack;
#[cfg(feature = "rekey")]
pub mod verify;
