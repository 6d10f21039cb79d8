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
    /// A person is needed.
    #[cfg(feature = "rekey")]
    Person,
    /// A rotation was not done, was undone or is waiting.
    #[cfg(feature = "rekey")]
    NotRotated,
    /// A sealed secret needs rescue now.
    #[cfg(feature = "rekey")]
    Rescue,
    /// A bug.
    Bug,
}

#[cfg(feature = "rekey")]
impl Exit {
    /// Returns the one of two that the caller must hear of.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Clean => 0,
            Self::NotRotated => 1,
            Self::Person => 2,
            Self::Leaks | Self::LeaksAs(_) | Self::Usage | Self::Incomplete => 3,
            Self::Bug => 4,
            Self::Rescue => 5,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl Exit {
    /// Returns the number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Leaks => 1,
            Self::LeaksAs(code) => code,
            Self::Usage => 2,
            Self::Incomplete => 3,
            #[cfg(feature = "rekey")]
            Self::Person => 4,
            #[cfg(feature = "rekey")]
            Self::NotRotated => 5,
            #[cfg(feature = "rekey")]
            Self::Rescue => 6,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
