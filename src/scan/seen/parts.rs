//! Packs that are as they were when a history was read, though something else is new: of these only
//! commits and the objects with hits are read again.

use std::collections::HashMap;

use super::format::Parts;
use super::watch::{Noted, Watch, origin};
use crate::git::state::{State, state};
use crate::git::{Id, Repository};
use crate::source::history::{Before, History};

/// The most objects with hits, and the most loose objects, of which is kept which they are: with more,
/// all is read again.
const MOST: usize = 50_000;

/// Prepares to read what is new, and everything if nothing is known.
pub(super) fn watch<'r>(repo: &'r Repository, known: Option<Parts>, now: &State) -> Watch<'r> {
    let Some(parts) = known else { return Watch::of(History::of(repo), Vec::new()) };
    let mut notes: HashMap<_, _> = parts.packs.into_iter().collect();
    let packs: HashMap<_, _> =
        now.packs.iter().filter_map(|(path, name)| Some((path.clone(), notes.remove(name)?))).collect();
    if packs.is_empty() {
        return Watch::of(History::of(repo), Vec::new());
    }
    // A pack that is gone may have held what a tree names.
    let is_whole = parts.is_whole && notes.is_empty();
    let loose = parts.loose.iter().filter_map(|id| Id::try_from(id.as_slice()).ok()).collect();
    let holders = parts.holders.iter().map(origin).collect();
    Watch::of(History::after(repo, Before { packs, holders, loose, is_whole }), parts.holders)
}

/// Tells whether the packs that were not read again are still those they were.
pub(super) fn are_still(repo: &Repository, history: &History<'_>, before: &State) -> bool {
    let known = history.known();
    known.is_empty()
        || state(repo)
            .is_some_and(|after| known.keys().all(|path| after.packs.get(path) == before.packs.get(path)))
}

/// What can be kept of the parts of a history that was read.
pub(super) fn of(noted: &mut Noted, history: History<'_>, before: &State) -> Parts {
    let holders = std::mem::take(&mut noted.holders);
    let Some(read) = history.noted() else { return Parts::default() };
    if holders.len() > MOST || read.loose.len() > MOST {
        return Parts::default();
    }
    Parts {
        packs: read
            .packs
            .into_iter()
            .filter_map(|(path, note)| Some((*before.packs.get(&path)?, note)))
            .collect(),
        holders,
        loose: read.loose.iter().map(|id| id.as_bytes().to_vec()).collect(),
        is_whole: read.is_whole,
    }
}
