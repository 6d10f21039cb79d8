//! Where bytes come from. Each source hands over blobs, tells what it read and what it could not,
//! and, when something was found, says where that stands.
//!
//! - `worktree`: files and folders on disk
//! - `staged`: what the next commit would bring in
//! - `range`: what the commits of a range, or of a push, brought in
//! - `message`: the message of a commit that is to be made
//! - `named`: objects that somebody named, if a range brought them in
//! - `history`: every stored object once
//! - `stdin`: a stream
//!
//! Below them, `change`: one changed blob with what its parents held, and the sides of a range.

mod change;
pub mod history;
pub mod message;
pub mod named;
pub mod range;
pub mod staged;
pub mod stdin;
pub mod worktree;

use crate::git::GitError;
use crate::model::{Blob, CommitCard, Event, Hit, Location, Origin, Path, Place, Skip, SkipReason, Status};

/// Takes blobs, from several threads.
pub type See<'a> = dyn Fn(Blob<'_>) + Sync + 'a;
/// Takes events, from several threads.
pub type Tell<'a> = dyn Fn(Event) + Sync + 'a;

/// Why a source could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file or folder that was asked for is not there.
    #[error("{path} is not there")]
    Absent {
        /// The path as given.
        path: String,
    },
    /// Standard input broke.
    #[error("can't read standard input: {0}")]
    Stdin(std::io::Error),
}

/// A place where bytes come from.
pub trait Source: Sync {
    /// Hands over every blob once.
    ///
    /// # Errors
    /// Only if nothing can be read at all; one unreadable thing is an [`Event::Skipped`].
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError>;

    /// Says where hits stand. One hit can stand at several places, or at none that counts.
    ///
    /// # Errors
    /// If what was read before cannot be read again.
    fn locate(&self, found: Vec<Found>, _tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        Ok(found.into_iter().map(Located::at_origin).collect())
    }
}

/// A hit and where its blob came from.
pub struct Found {
    /// Where the blob came from.
    pub origin: Origin,
    /// What was found in it.
    pub hit: Hit,
    /// Whether a parent held the same secret at the same path.
    pub already_there: bool,
}

/// A hit and where it stands.
pub struct Located {
    /// What was found.
    pub hit: Hit,
    /// Where.
    pub location: Location,
    /// Whether it counts.
    pub status: Status,
}

impl Located {
    /// Places a hit where its blob came from, with nothing known about history.
    #[must_use]
    pub fn at_origin(found: Found) -> Self {
        let (place, path, object) = match found.origin {
            Origin::File(path) => (Place::WorkingTree, path, None),
            Origin::Stdin(path) => (Place::Stdin, path, None),
            Origin::Index(path, id) => (Place::Index, path, Some(id)),
            Origin::Change(path, id, _) => (Place::History, path, Some(id)),
            Origin::Object(id) => (Place::History, Path::new(""), Some(id)),
            Origin::CommitMessage(id) => {
                (Place::CommitMessage, Path::new(""), Some(id).filter(|id| !id.is_empty()))
            }
            Origin::TagMessage(id) => (Place::TagMessage, Path::new(""), Some(id)),
        };
        let mut location = Location::file(place, path);
        location.object = object;
        Self::place(found.hit, location, found.already_there)
    }

    fn place(hit: Hit, mut location: Location, already_there: bool) -> Self {
        location.line = hit.line;
        location.column = hit.column;
        location.end_line = hit.end_line;
        location.end_column = hit.end_column;
        let status = if already_there { Status::AlreadyThere } else { Status::Counts };
        Self { hit, location, status }
    }

    /// Adds the commit that brought it in.
    #[must_use]
    pub fn brought_by(mut self, commit: Option<CommitCard>) -> Self {
        self.location.commit = commit;
        self
    }
}

/// Binary content above this many bytes is not looked at.
pub const LARGEST_BINARY: u64 = 64 << 20;

fn skip(reason: SkipReason, what: impl Into<String>, mend: &str) -> Event {
    Event::Skipped(Skip { reason, what: what.into(), mend: mend.into() })
}

/// Turns a git error about one object into a counted skip.
fn skipped_object(error: &GitError) -> Event {
    let reason = match error {
        GitError::Object { why, .. }
            if why.contains("not in the object store") || why.contains("could not be found") =>
        {
            SkipReason::Missing
        }
        _ => SkipReason::Corrupt,
    };
    skip(reason, error.to_string(), "`git fsck` tells more; fetch the repository again")
}
