//! Puts keywright into a repository's hooks, takes it out again, and says how it stands.
//! A hook that was there is kept, runs after ours, and comes back byte for byte.
//!
//! - `kind`: which of git's hooks, and who else writes hooks
//! - `place`: where git looks for them
//! - `own`: a hook file that is ours
//! - `husky`: our lines in husky's
//! - `everywhere`: a folder for all repositories of a user
//! - `script`: the text of both, pure
//! - `message`: a commit's message as git would store it
//! - `file`: hook files on disk
//! - `report`: what was done, how it stands
//! - `error`: why not

mod error;
mod everywhere;
mod file;
mod husky;
mod kind;
mod message;
mod own;
mod place;
mod report;
mod script;

use std::path::{Path, PathBuf};

pub use error::HookError;
pub use everywhere::{Everywhere, install_everywhere, uninstall_everywhere};
pub use kind::{Kind, Manager};
pub use message::Cleanup;
pub use report::{Done, HookStatus, Recorded, Report, State};

use place::{Layout, Place};

/// How a hook is installed.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program the hook runs: the one that installs it, by its absolute path. Not recorded in
    /// a file that is shared through git.
    pub binary: PathBuf,
}

/// Puts the hook into the repository at or above `repo_dir`.
///
/// # Errors
/// When the repository is not the caller's, the place is not a plain one, or a file cannot be written.
pub fn install(repo_dir: &Path, kind: Kind, options: &Options) -> Result<Report, HookError> {
    let place = Place::find(repo_dir, kind)?;
    match place.layout {
        Layout::Plain => own::install(&place, kind, &options.binary),
        Layout::Husky | Layout::OldHusky => husky::install(&place, kind),
    }
}

/// Takes the hook out of the repository at or above `repo_dir`, also from `.git/hooks` when git
/// looks elsewhere. That there was none is no error, but [`Done::Absent`].
///
/// # Errors
/// When the repository is not the caller's, the hook was changed by hand, or a file cannot be written.
pub fn uninstall(repo_dir: &Path, kind: Kind) -> Result<Report, HookError> {
    let place = Place::find(repo_dir, kind)?;
    let mut report = match place.layout {
        Layout::Plain => own::uninstall(&place, kind)?,
        Layout::Husky | Layout::OldHusky => husky::uninstall(&place, kind)?,
    };
    if let Some(unused) = place.into_unused() {
        let other = own::uninstall(&unused, kind)?;
        if other.done == Done::Removed {
            report = match report.done {
                Done::Removed => Report { unused: Some(other.hook), ..report },
                _ => other,
            };
        }
    }
    Ok(report)
}

/// Tells how the hook stands in the repository at or above `repo_dir`.
///
/// # Errors
/// When the repository is not the caller's, or a file cannot be read.
pub fn status(repo_dir: &Path, kind: Kind) -> Result<HookStatus, HookError> {
    let place = Place::find(repo_dir, kind)?;
    let hook = place.hook(kind);
    let runner = place.folder.join(kind.name());
    let (state, runs_in_husky) = match place.layout {
        Layout::Plain => (own::state(&place, kind)?, false),
        Layout::Husky | Layout::OldHusky => (husky::state(&hook, kind)?, true),
    };
    let everywhere = place.everywhere;
    let shadowed = match place::named_for_all()? {
        Some(folder) if folder != place.folder && everywhere::is_active(&folder, kind) => Some(folder),
        _ => None,
    };
    let unused = match place.into_unused() {
        Some(unused) => match own::state(&unused, kind)? {
            State::Installed { .. } | State::OtherVersion(_) | State::Edited => Some(unused.hook(kind)),
            _ => None,
        },
        None => None,
    };
    Ok(HookStatus {
        kind,
        hook,
        state,
        executable: file::is_program(&runner),
        husky: runs_in_husky,
        everywhere,
        unused,
        shadowed,
    })
}
