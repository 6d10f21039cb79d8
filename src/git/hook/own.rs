//! A hook file that is ours from the first byte to the last, and chains the one that was there.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::HookError;
use super::file::{self, Found};
use super::kind::{Kind, Manager};
use super::place::Place;
use super::report::{Done, Recorded, Report, State};
use super::script::{self, Owner};

/// Writes our hook file; one that is there is kept.
pub(super) fn install(place: &Place, kind: Kind, program: &Path) -> Result<Report, HookError> {
    let hook = place.hook(kind);
    let kept = place.kept(kind);
    let binary = if place.shared { None } else { Some(recordable(program)?) };
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
        Owner::Everywhere(true) => Ok(place.report(kind, Done::Unchanged)),
        Owner::Everywhere(false) => Err(HookError::ForAll { hook, verb: "install", name: kind.name() }),
        Owner::Ours(_) | Owner::OtherVersion(_) | Owner::ByHand => {
            file::put(&hook, &text, 0o755, None)?;
            Ok(report(Done::Updated))
        }
        Owner::Other(manager) => {
            if let Some(legacy) = taken_over(place, kind, manager)? {
                return Ok(Report { hook: legacy, manager, ..place.report(kind, Done::TakenOver) });
            }
            // Written anew by its manager as it was: what is kept already is this hook.
            let keep = (!file::is_copy(&kept, &hook)).then_some(kept.as_path());
            file::put(&hook, &text, 0o755, keep)?;
            Ok(Report { manager, ..report(Done::Installed) })
        }
    }
}

/// Takes our hook file away; one that was kept comes back.
pub(super) fn uninstall(place: &Place, kind: Kind) -> Result<Report, HookError> {
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
        Owner::Everywhere(true) => Err(HookError::ForAll { hook, verb: "uninstall", name: kind.name() }),
        Owner::Everywhere(false) => Ok(place.report(kind, Done::Absent)),
        Owner::ByHand => Ok(place.report(kind, Done::ByHand)),
        Owner::Other(manager) => match taken_over(place, kind, manager)? {
            Some(legacy) => Err(HookError::TakenOver { legacy }),
            None => Ok(place.report(kind, Done::Absent)),
        },
    }
}

/// Tells what stands in the hook file's place.
pub(super) fn state(place: &Place, kind: Kind) -> Result<State, HookError> {
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
        Owner::Everywhere(runs) => State::Everywhere { runs },
        Owner::Other(manager) => match taken_over(place, kind, manager)? {
            Some(legacy) => State::TakenOver { legacy },
            None => State::Other(manager),
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
pub(super) fn recordable(binary: &Path) -> Result<&Path, HookError> {
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
