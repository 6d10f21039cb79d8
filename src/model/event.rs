//! What a running scan tells whoever watches it.

use super::coverage::Skip;

/// Something a source met on its way. Findings come at the end, when their commits are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A stretch of work begins: its name and how many steps it has, zero if unknown.
    Stage(&'static str, u64),
    /// So many steps of the stage are done.
    Step(u64),
    /// Files of the working tree were read.
    Files(u64),
    /// Index entries were read.
    IndexEntries(u64),
    /// So many stored objects are there to be read.
    Expected(u64),
    /// Stored objects were read.
    Objects(u64),
    /// Commit messages were read.
    Commits(u64),
    /// Bytes were looked at.
    Bytes(u64),
    /// Something was not read.
    Skipped(Skip),
}
