//! Our lines in a hook that husky runs: the file is the team's and stays so.

use std::path::Path;

use super::error::HookError;
use super::file::{self, Found};
use super::kind::{Kind, Manager};
use super::place::{Layout, Place};
use super::report::{Done, Report, State};
use super::script;

/// Writes our lines into husky's hook.
pub(super) fn install(place: &Place, kind: Kind) -> Result<Report, HookError> {
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

/// Takes our lines out of husky's hook.
pub(super) fn uninstall(place: &Place, kind: Kind) -> Result<Report, HookError> {
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

/// Tells whether our lines stand in husky's hook.
pub(super) fn state(hook: &Path, kind: Kind) -> Result<State, HookError> {
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
