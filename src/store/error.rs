//! Why the store did not do what it was asked.

use crate::model::rotation::Moment;
use crate::model::text::shown;

/// Why the store did not do what it was asked. In every case nothing of it was written, save where a
/// lost connection says that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// There is no room, or it may only be read.
    #[error("the store can't be written: {0}")]
    Full(String),
    /// The key has a rotation that is not over.
    #[error("the key is being rotated already, by {rotation}")]
    Busy {
        /// That rotation.
        rotation: String,
    },
    /// Another runner holds the rotation.
    #[error("the rotation is held by the runner {runner}")]
    Held {
        /// Who holds it.
        runner: String,
        /// Until when, unless the runner asks for longer.
        until: Moment,
    },
    /// The lease ended, was given back or was taken over: what was to be written was not.
    #[error("the lease on the rotation is lost: another runner may hold it now")]
    LostLease,
    /// There is one of that name already.
    #[error("{0} is there already")]
    Taken(String),
    /// Somebody else wrote it since it was read.
    #[error("{0} was changed meanwhile")]
    Changed(String),
    /// There is none of that name.
    #[error("{0} is not there")]
    Absent(String),
    /// What was read is not what was written.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A newer program has changed the tables.
    #[error(
        "the store was made by a newer program: its tables are version {there}, this program knows {known}"
    )]
    Newer {
        /// The tables' version.
        there: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// It could not be opened or reached, or did not answer in time.
    #[error("the store can't be reached: {0}")]
    Unreachable(String),
    /// Anything else.
    #[error("the store refused: {0}")]
    Other(String),
}

/// The longest word of a database that is passed on, in bytes.
const LONGEST: usize = 400;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(said) = &error else {
            let why = bounded(&error.to_string());
            return match error {
                sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                    Self::Corrupt(why)
                }
                sqlx::Error::PoolTimedOut => Self::Unreachable("nothing answered in time".into()),
                sqlx::Error::Encode(_) | sqlx::Error::Protocol(_) => Self::Other(why),
                _ => Self::Unreachable(why),
            };
        };
        let why = bounded(said.message());
        let code = said.code().unwrap_or_default();
        if said.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
            of_sqlite(code.parse().unwrap_or(1), why)
        } else {
            of_postgres(&code, why)
        }
    }
}

/// The low byte of SQLite's code says what kind; the rest says where.
fn of_sqlite(code: u32, why: String) -> StoreError {
    /// A write that failed, and what else the disk refuses in the middle of one.
    const WRITE_FAILED: [u32; 4] = [778, 1034, 1290, 1546];
    match code & 0xff {
        8 | 13 => StoreError::Full(why),
        10 if WRITE_FAILED.contains(&code) => StoreError::Full(why),
        5 | 6 => StoreError::Unreachable(format!("another program holds it for too long ({why})")),
        3 | 10 | 14 | 23 => StoreError::Unreachable(why),
        11 | 26 => StoreError::Corrupt(why),
        _ => StoreError::Other(why),
    }
}

/// The first two characters of an SQLSTATE say what kind.
fn of_postgres(code: &str, why: String) -> StoreError {
    match code {
        "53100" | "53200" | "25006" => StoreError::Full(why),
        _ if ["08", "28", "3D", "53", "57"].iter().any(|kind| code.starts_with(kind)) => {
            StoreError::Unreachable(why)
        }
        _ if code.starts_with("XX") => StoreError::Corrupt(why),
        _ => StoreError::Other(why),
    }
}

/// What a database says may hold anything.
fn bounded(said: &str) -> String {
    let end = said.len().min(LONGEST);
    shown(&said.as_bytes()[..end]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_kind() {
        let full = |e| matches!(e, StoreError::Full(_));
        assert!(full(of_sqlite(13, String::new())) && full(of_sqlite(778, String::new())));
        assert!(full(of_sqlite(1544, String::new())), "read-only, because its folder is");
        assert!(full(of_postgres("53100", String::new())) && full(of_postgres("25006", String::new())));
        assert!(matches!(of_sqlite(266, String::new()), StoreError::Unreachable(_)), "a read that failed");
        assert!(matches!(of_sqlite(267, String::new()), StoreError::Corrupt(_)));
        assert!(matches!(of_postgres("28P01", String::new()), StoreError::Unreachable(_)));
        assert!(matches!(of_postgres("42601", String::new()), StoreError::Other(_)));
    }

    #[test]
    fn what_a_database_says_is_shown_without_harm_and_short() {
        let said = bounded(&format!("\u{1b}[2J{}", "x".repeat(10_000)));
        assert!(said.len() < 500 && !said.contains('\u{1b}'), "{said}");
    }
}
