//! The exit codes (design.md §3).

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing was found.
    Clean = 0,
    /// Leaks were found.
    Leaks = 1,
    /// Wrong use or settings.
    Usage = 2,
    /// What was asked for could not be covered.
    Incomplete = 3,
    /// A bug.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
