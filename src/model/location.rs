//! Where a finding stands.

use std::fmt;

use super::text::shown;

/// A path inside a repository, or a file's path below the scanned folder. Bytes, as git keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(Vec<u8>);

impl Path {
    /// Takes the bytes of a path, separated by `/`.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows the path without harm; see [`shown`].
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

/// What the bytes at a location are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A file of the working tree, or any file outside a repository.
    WorkingTree,
    /// An entry of the index.
    Index,
    /// A blob of the history.
    History,
    /// The message of a commit.
    CommitMessage,
    /// The message of an annotated tag.
    TagMessage,
    /// Standard input.
    Stdin,
}

impl Place {
    /// Returns the word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WorkingTree => "working-tree",
            Self::Index => "index",
            Self::History => "history",
            Self::CommitMessage => "commit-message",
            Self::TagMessage => "tag-message",
            Self::Stdin => "stdin",
        }
    }
}

/// The commit that brought a secret in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitCard {
    /// The object id in hex.
    pub id: String,
    /// The author's name as written in the commit, possibly hostile: show it through [`shown`].
    pub author: Vec<u8>,
    /// The author's e-mail address, likewise.
    pub email: Vec<u8>,
    /// The author's date in RFC 3339 with the author's own offset.
    pub date: String,
}

impl CommitCard {
    /// Returns the first ten hex digits of the id.
    #[must_use]
    pub fn short(&self) -> &str {
        self.id.get(..10).unwrap_or(&self.id)
    }

    /// Returns the calendar day of the date.
    #[must_use]
    pub fn day(&self) -> &str {
        self.date.get(..10).unwrap_or(&self.date)
    }
}

/// A place in a repository, a file or a stream.
#[derive(Clone, Debug)]
pub struct Location {
    /// What kind of place.
    pub place: Place,
    /// The path; for a message, empty.
    pub path: Path,
    /// Line, counted from one.
    pub line: u64,
    /// Column in bytes, counted from one.
    pub column: u64,
    /// The line on which the secret ends.
    pub end_line: u64,
    /// The column in bytes behind the secret's last byte.
    pub end_column: u64,
    /// The object that holds the bytes, in hex, where there is one.
    pub object: Option<String>,
    /// The first commit that holds this secret at this path, where known.
    pub commit: Option<CommitCard>,
    /// Whether `HEAD` still holds this secret at this path; `None` where nobody asked.
    pub in_head: Option<bool>,
    /// Branches, tags and other refs from which the secret can be reached: full names, the most telling
    /// first.
    pub refs: Vec<String>,
    /// How many stored versions of the file hold the secret.
    pub versions: u32,
}

impl Location {
    /// Returns the location of a file's bytes, with nothing known about history.
    #[must_use]
    pub fn file(place: Place, path: Path) -> Self {
        Self {
            place,
            path,
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            object: None,
            commit: None,
            in_head: None,
            refs: Vec::new(),
            versions: 0,
        }
    }
}
