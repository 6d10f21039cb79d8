//! The exit codes (design.md §3).

use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing was found.
    Clean,
    /// Leaks were found.
    Leaks,
    /// Leaks were found, and the caller chose the code that says so.
    LeaksAs(u8),
    /// Wrong use or settings.
    Usage,
    /// What was asked for could not be covered.
    Incomplete,
    /// A bug.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Clean => 0,
            Exit::Leaks => 1,
            Exit::LeaksAs(code) => code,
            Exit::Usage => 2,
            Exit::Incomplete => 3,
            Exit::Bug => 70,
        })
    }
}
