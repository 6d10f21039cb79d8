//! The letters of the second half.

use keywright::destination::PlaceError;
use keywright::http::NoPlace;
use keywright::provider::ProviderError;
use keywright::reference::ReferenceError;
use keywright::respond::answer::RespondError;
use keywright::rotate::RotateError;
use keywright::seal::SealError;
use keywright::store::StoreError;

use super::error::CliError;
use super::exit::Exit;
use super::table::date;

impl From<RotateError> for CliError {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Store(error) => error.into(),
            RotateError::Seal(error) => error.into(),
            RotateError::Refused { what, why, fix } => Self { what, why, fix, exit: Exit::Usage },
            RotateError::Rescue { rotation, why, .. } => Self {
                what: format!("the new secret of {rotation} could not be stored"),
                why,
                fix: "make room, then resume".into(),
                exit: Exit::Rescue,
            },
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let why = error.to_string();
        let (what, fix, exit) = match &error {
            StoreError::Full(_) => (
                "can't write the store",
                "make room on its disk, then run this again".into(),
                Exit::NotRotated,
            ),
            StoreError::Busy { rotation } => (
                "this key is being rotated",
                format!("finish that first: keywright rotations resume {rotation}; or rollback"),
                Exit::NotRotated,
            ),
            StoreError::Held { until, .. } => (
                "another runner is at it",
                format!("let it finish; if it died, its lease ends at {}", date(*until)),
                Exit::NotRotated,
            ),
            StoreError::LostLease => (
                "stopped: another runner has taken over",
                "see `keywright rotations list`".into(),
                Exit::NotRotated,
            ),
            StoreError::Changed(_) => (
                "somebody else works on it at the same time",
                "look at it again, then try again".into(),
                Exit::NotRotated,
            ),
            StoreError::Taken(_) => ("it is there already", "choose another name".into(), Exit::Usage),
            StoreError::Absent(_) => (
                "it is not there",
                "see `keywright keys list` and `keywright rotations list`".into(),
                Exit::Usage,
            ),
            StoreError::Corrupt(_) => (
                "the store can't be believed",
                "keep the file, restore a backup; the keys themselves are untouched".into(),
                Exit::Incomplete,
            ),
            StoreError::Newer { .. } => {
                ("the store is newer than this program", "use the newer program".into(), Exit::Usage)
            }
            StoreError::Unreachable(_) => (
                "can't reach the store",
                "check [store] url, and that it runs; nothing was done".into(),
                Exit::Incomplete,
            ),
            StoreError::Other(_) => ("the store did not do it", "try again".into(), Exit::Incomplete),
        };
        Self { what: what.into(), why, fix, exit }
    }
}

impl From<SealError> for CliError {
    fn from(error: SealError) -> Self {
        Self {
            what: "can't seal or open secrets".into(),
            why: error.to_string(),
            fix: "see docs/security.md, sealing; without it nothing is minted".into(),
            exit: Exit::Usage,
        }
    }
}

impl From<ProviderError> for CliError {
    fn from(error: ProviderError) -> Self {
        Self::usage(error.to_string(), "see docs/recipes.md, and `keywright keys add --help`")
    }
}

impl From<PlaceError> for CliError {
    fn from(error: PlaceError) -> Self {
        Self {
            what: format!("can't use the destination {}", error.place),
            why: error.why,
            fix: error.fix,
            exit: Exit::Usage,
        }
    }
}

impl From<ReferenceError> for CliError {
    fn from(error: ReferenceError) -> Self {
        Self::usage(
            error.to_string(),
            "credentials in settings are references: env:NAME, file:PATH, exec:PROGRAM",
        )
    }
}

impl From<NoPlace> for CliError {
    fn from(error: NoPlace) -> Self {
        Self::usage(error.to_string(), "write [network] allow = [\"HOST:PORT\"]")
    }
}

impl From<RespondError> for CliError {
    fn from(error: RespondError) -> Self {
        match error {
            RespondError::Store(error) => error.into(),
            RespondError::Rotate(error) => error.into(),
            RespondError::Absent(id) => Self::usage(
                format!("there is no incident {id}"),
                "`keywright incidents list` shows what there is",
            ),
        }
    }
}
