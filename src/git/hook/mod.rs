//! Puts keywright into a repository's hooks, takes it out again, and says how it stands.
//! A hook that was there is kept, runs after ours, and comes back byte for byte.
//!
//! - `kind`: which of git's hooks, and who else writes hooks
//! - `place`: where git looks for them
//! - `script`: the text of a hook, pure
//! - `file`: hook files on disk
//! - `report`: what was done, how it stands
//! - `error`: why not

mod error;
mod file;
mod kind;
mod place;
mod report;
mod script;

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

pub use error::HookError;
pub use kind::{Kind, Manager};
pub use report::{Done, HookStatus, Recorded, Report, State};

use file::Found;
use place::{Layout, Place};
use script::Owner;

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
        Layout::Plain => install_file(&place, kind, options),
        Layout::Husky | Layout::OldHusky => install_block(&place, kind),
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
        Layout::Plain => uninstall_file(&place, kind)?,
        Layout::Husky | Layout::OldHusky => uninstall_block(&place, kind)?,
    };
    if let Some(unused) = place.into_unused() {
        let other = uninstall_file(&unused, kind)?;
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
    let (state, husky) = match place.layout {
        Layout::Plain => (file_state(&place, kind)?, false),
        Layout::Husky | Layout::OldHusky => (block_state(&hook, kind)?, true),
    };
    let everywhere = place.everywhere;
    let unused = match place.into_unused() {
        Some(unused) => match file_state(&unused, kind)? {
            State::Installed { .. } | State::OtherVersion(_) | State::Edited => Some(unused.hook(kind)),
            _ => None,
        },
        None => None,
    };
    Ok(HookStatus { kind, hook, state, executable: file::is_program(&runner), husky, everywhere, unused })
}

fn install_file(place: &Place, kind: Kind, options: &Options) -> Result<Report, HookError> {
    let hook = place.hook(kind);
    let kept = place.kept(kind);
    let binary = if place.shared { None } else { Some(recordable(&options.binary)?) };
    let text = script::write(kind, binary);
    let report = |done| Report { kept: exists(&kept), ..place.report(kind, done) };
    let owner = match file::look(&hook)? {
        Found::Nothing => {
            // A leftover would be run from now on, though git did not run it before.
            if exists(&kept).is_some() {
                return Err(HookError::KeptNameTaken { kept, hook });
            }
            file::make_folder(&place.folder)?;
            file::put(&hook, &text, 0o755, None)?;
            return Ok(report(Done::Installed));
        }
        // The link itself is kept: it leads where it led, and nothing is written through it.
        Found::Link => Owner::Other(None),
        Found::File { text, .. } => script::read(kind, &text),
    };
    let runs = file::is_program(&hook);
    match owner {
        Owner::Ours(recorded) if recorded.as_deref() == binary && runs => Ok(report(Done::Unchanged)),
        Owner::ByHand if runs => Ok(place.report(kind, Done::ByHand)),
        Owner::Edited => Err(HookError::Edited { hook, kept }),
        Owner::Ours(_) | Owner::OtherVersion(_) | Owner::ByHand => {
            file::put(&hook, &text, 0o755, None)?;
            Ok(report(Done::Updated))
        }
        Owner::Other(manager) => {
            if let Some(legacy) = taken_over(place, kind, manager)? {
                return Ok(Report { hook: legacy, manager, ..place.report(kind, Done::TakenOver) });
            }
            file::put(&hook, &text, 0o755, Some(&kept))?;
            Ok(Report { manager, ..report(Done::Installed) })
        }
    }
}

fn uninstall_file(place: &Place, kind: Kind) -> Result<Report, HookError> {
    let hook = place.hook(kind);
    let kept = place.kept(kind);
    let owner = match file::look(&hook)? {
        Found::Nothing | Found::Link => Owner::Other(None),
        Found::File { text, .. } => script::read(kind, &text),
    };
    match owner {
        Owner::Ours(_) | Owner::OtherVersion(_) => {
            let kept = exists(&kept);
            match &kept {
                Some(kept) => file::restore(&hook, kept)?,
                None => file::remove(&hook)?,
            }
            Ok(Report { kept, ..place.report(kind, Done::Removed) })
        }
        Owner::Edited => Err(HookError::Edited { hook, kept }),
        Owner::ByHand => Ok(place.report(kind, Done::ByHand)),
        Owner::Other(manager) => match taken_over(place, kind, manager)? {
            Some(legacy) => Err(HookError::TakenOver { legacy }),
            None => Ok(place.report(kind, Done::Absent)),
        },
    }
}

fn file_state(place: &Place, kind: Kind) -> Result<State, HookError> {
    let owner = match file::look(&place.hook(kind))? {
        Found::Nothing => return Ok(State::Absent),
        Found::Link => Owner::Other(None),
        Found::File { text, .. } => script::read(kind, &text),
    };
    Ok(match owner {
        Owner::Ours(binary) => State::Installed {
            binary: binary.map(|path| Recorded { exists: file::is_program(&path), path }),
            kept: exists(&place.kept(kind)),
        },
        Owner::Edited => State::Edited,
        Owner::OtherVersion(version) => State::OtherVersion(version),
        Owner::ByHand => State::ByHand,
        Owner::Other(manager) => match taken_over(place, kind, manager)? {
            Some(legacy) => State::TakenOver { legacy },
            None => State::Other(manager),
        },
    })
}

fn install_block(place: &Place, kind: Kind) -> Result<Report, HookError> {
    let hook = place.hook(kind);
    if place.layout == Layout::Husky && !file::is_program(&place.folder.join(kind.name())) {
        return Err(HookError::HuskyNotSetUp { folder: place.folder.clone() });
    }
    let (text, mode) = match file::look(&hook)? {
        Found::Link => return Err(HookError::Linked { hook, name: kind.name() }),
        Found::Nothing => (None, 0o755),
        Found::File { text, mode } => (Some(text), mode),
    };
    let (rest, done) = match text.as_deref().and_then(|text| script::find_block(kind, text)) {
        Some(block) if block.current => return Ok(place.report(kind, Done::Unchanged)),
        Some(block) => (block.rest, Done::Updated),
        None => (text, Done::Installed),
    };
    file::put(&hook, &script::insert_block(kind, rest.as_deref()), mode, None)?;
    Ok(place.report(kind, done))
}

fn uninstall_block(place: &Place, kind: Kind) -> Result<Report, HookError> {
    let hook = place.hook(kind);
    let Found::File { text, mode } = file::look(&hook)? else {
        return Ok(place.report(kind, Done::Absent));
    };
    let Some(block) = script::find_block(kind, &text) else {
        return Ok(place.report(kind, Done::Absent));
    };
    match block.rest {
        Some(rest) => file::put(&hook, &rest, mode, None)?,
        None => file::remove(&hook)?,
    }
    Ok(place.report(kind, Done::Removed))
}

fn block_state(hook: &Path, kind: Kind) -> Result<State, HookError> {
    Ok(match file::look(hook)? {
        Found::Nothing => State::Absent,
        Found::Link => State::Other(Some(Manager::Husky)),
        Found::File { text, .. } => match script::find_block(kind, &text) {
            Some(block) if block.current => State::Installed { binary: None, kept: None },
            Some(block) if block.version == script::VERSION => State::Edited,
            Some(block) => State::OtherVersion(block.version),
            None => State::Other(Some(Manager::Husky)),
        },
    })
}

/// Returns our hook, if a framework in our place runs it as its legacy hook.
fn taken_over(place: &Place, kind: Kind, by: Option<Manager>) -> Result<Option<PathBuf>, HookError> {
    if !matches!(by, Some(Manager::PreCommit | Manager::Prek)) {
        return Ok(None);
    }
    let legacy = place.folder.join(format!("{}.legacy", kind.name()));
    let ours = match file::look(&legacy)? {
        Found::File { text, .. } => !matches!(script::read(kind, &text), Owner::Other(_)),
        Found::Nothing | Found::Link => false,
    };
    Ok((ours && file::is_program(&legacy)).then_some(legacy))
}

/// Returns the program if its path can be written into a hook and will hold.
fn recordable(binary: &Path) -> Result<&Path, HookError> {
    let no = |why| Err(HookError::Binary { path: binary.to_owned(), why });
    if !binary.is_absolute() {
        return no("its path is not absolute");
    }
    if binary.as_os_str().as_bytes().iter().any(u8::is_ascii_control) {
        return no("its path holds a line break or another control character");
    }
    if !file::is_program(binary) {
        return no("there is no program there");
    }
    Ok(binary)
}

fn exists(path: &Path) -> Option<PathBuf> {
    path.symlink_metadata().is_ok().then(|| path.to_owned())
}

impl Place {
    /// Returns the file that is ours to write, or holds our lines.
    fn hook(&self, kind: Kind) -> PathBuf {
        match self.layout {
            Layout::Plain | Layout::OldHusky => self.folder.join(kind.name()),
            Layout::Husky => self.folder.with_file_name(kind.name()),
        }
    }

    /// Returns where a hook that was there before is kept.
    fn kept(&self, kind: Kind) -> PathBuf {
        self.folder.join(kind.kept_name())
    }

    /// Returns the place git would use without `core.hooksPath`.
    fn into_unused(self) -> Option<Self> {
        let folder = self.unused?;
        Some(Self { folder, layout: Layout::Plain, shared: false, everywhere: false, unused: None })
    }

    fn report(&self, kind: Kind, done: Done) -> Report {
        Report {
            kind,
            hook: self.hook(kind),
            done,
            kept: None,
            manager: (self.layout != Layout::Plain).then_some(Manager::Husky),
            shared: self.shared,
            everywhere: self.everywhere,
            unused: None,
        }
    }
}
