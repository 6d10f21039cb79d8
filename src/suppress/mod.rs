//! Stated reasons to let findings be, kept in files beside the code.
//!
//! A file holds one entry a line, sorted by fingerprint and without line numbers or dates of
//! writing: it moves with the code, and two branches that both add entries seldom touch the same
//! place. The scanner, `keywright ignore` and `keywright migrate` all read and write it here.
//!
//! - `entry`: one line: a fingerprint and why it is let be
//! - `file`: a file of entries; what is wrong with one
//! - `baseline`: what was known when scanning began: such a file, or an earlier report
//! - `list`: the entries in force, and which of them were of use

mod baseline;
mod entry;
mod file;
mod list;

pub use baseline::read_baseline;
pub use entry::Entry;
pub use file::{IgnoreFile, SuppressError};
pub use list::{Disagreement, Suppressions};

/// The name of a repository's file.
pub const FILE_NAME: &str = ".keywrightignore";
/// The largest file that is read, in bytes.
pub const LARGEST: u64 = 64 << 20;
