//! Keywright finds leaked keys in git and re-keys what they open.
//!
//! The library is the program without its command line: every room is public, and every room
//! imports from lower floors only (`tests/it/floors.rs`).

pub mod config;
pub mod detect;
pub mod git;
pub mod import;
pub mod model;
pub mod report;
pub mod rule;
pub mod scan;
pub mod source;
pub mod suppress;
pub mod unpack;
