//! Everything about git repositories, and the only room that knows gix. Nothing here ever runs a
//! program, a filter or a hook that a repository names, or changes a byte of one; `hook` alone
//! writes, and only where the user asked for it.
//!
//! - `open`: finding and opening repositories, with reduced trust
//! - `file`: one file as a commit holds it
//! - `object`: kinds of objects, and bodies too large to hold
//! - `pack`, `packed`, `delta`, `loose`: every stored object once, at the speed of inflating
//! - `store`: all packs and loose objects of a repository, and one object by id
//! - `state`: what names the state of a repository
//! - `user`: who works here, and which files are theirs
//! - `tree`, `steps`, `ids`: entries of trees, steps through them, and maps by object id
//! - `commits`: the commits as a graph in memory
//! - `missing`: objects that trees name and that are not stored
//! - `refs`: what refs, stashes and worktrees point to
//! - `remotes`: where it comes from and goes to
//! - `provenance`: which commit brought a blob in, under which path, and what still reaches it
//! - `hook`: keywright in a repository's hooks
//! - `change`: what a commit changes against its parents
//! - `push`: what a push brings
//! - `quarantine`: the repository that receives one
//! - `index`: the index, as git writes it
//! - `staged`: what the index changes against `HEAD`

pub mod change;
pub mod commits;
mod delta;
mod file;
pub mod hook;
mod ids;
pub mod index;
mod loose;
pub mod missing;
pub mod object;
pub mod open;
mod pack;
mod packed;
pub mod provenance;
pub mod push;
mod quarantine;
pub mod refs;
mod remotes;
pub mod staged;
pub mod state;
mod steps;
pub mod store;
mod tree;
mod user;

pub use gix::ObjectId as Id;
pub use object::{Body, Kind};
pub use open::Repository;
pub use quarantine::sweep;
pub use user::{is_own, user_email};

use std::path::PathBuf;

/// Why a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is something like a repository, and it cannot be opened.
    #[error("can't open the repository at {path}: {why}")]
    Open {
        /// The folder.
        path: PathBuf,
        /// What the reader says.
        why: String,
    },
    /// A revision, branch or range that is not there.
    #[error("can't find `{name}` in this repository: {why}")]
    Revision {
        /// What was asked for.
        name: String,
        /// What the reader says.
        why: String,
    },
    /// The index is damaged.
    #[error("can't read the index {path}: {why}")]
    Index {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        why: String,
    },
    /// The refs cannot be listed.
    #[error("can't list the refs: {0}")]
    Refs(String),
    /// An object that everything else hangs on is damaged or missing.
    #[error("can't read object {id}: {why}")]
    Object {
        /// The object.
        id: String,
        /// What the reader says.
        why: String,
    },
    /// A folder of the object store cannot be read.
    #[error("can't read {path}: {why}")]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}
