//! Bytes handed to a detector, and where they stand.

use super::kin::Kin;
use super::location::Path;

/// Where bytes come from, as far as the source knows when it hands them over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A file on disk.
    File(Path),
    /// An index entry: path and object id in hex.
    Index(Path, String),
    /// A blob that a commit brought in: path, object id and commit id in hex.
    Change(Path, String, String),
    /// A stored blob; which paths and commits hold it is asked only if something is found.
    Object(String),
    /// The message of the commit with this id in hex; without an id, of one that is to be made.
    CommitMessage(String),
    /// The message of the tag object with this id in hex.
    TagMessage(String),
    /// Standard input, under the name the caller gave.
    Stdin(Path),
}

impl Origin {
    /// Returns the path, where the source knows it.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Index(path, _) | Self::Change(path, _, _) | Self::Stdin(path) => {
                Some(path)
            }
            Self::Object(_) | Self::CommitMessage(_) | Self::TagMessage(_) => None,
        }
    }
}

/// The part of a longer stream that a piece of bytes is.
///
/// A stream longer than one buffer is handed over in pieces that overlap; each secret belongs to
/// the one piece whose `own` range its first byte is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Line breaks before the first byte of the piece.
    pub lines_before: u64,
    /// Bytes of the current line before the first byte of the piece.
    pub column_before: u64,
    /// The offsets, inside the piece, at which a secret may begin.
    pub own: std::ops::Range<usize>,
}

impl Extent {
    /// Returns the extent of a piece that is the whole of `len` bytes.
    #[must_use]
    pub fn whole(len: usize) -> Self {
        Self { lines_before: 0, column_before: 0, own: 0..len + 1 }
    }
}

/// Bytes to look at.
pub struct Blob<'a> {
    /// Where they stand.
    pub origin: Origin,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Which part of the whole they are.
    pub extent: Extent,
    /// Reads what stood at the same path in each parent, where the source knows parents: a secret
    /// found there too is *already there*, not introduced. Asked only if something is found.
    pub earlier: Option<&'a dyn Fn() -> Vec<Vec<u8>>>,
    /// What the blob was made from, where the source knows.
    pub kin: Option<&'a Kin<'a>>,
}

impl<'a> Blob<'a> {
    /// Returns a blob that is whole and has no known parents.
    #[must_use]
    pub fn whole(origin: Origin, bytes: &'a [u8]) -> Self {
        Self { origin, bytes, extent: Extent::whole(bytes.len()), earlier: None, kin: None }
    }
}
