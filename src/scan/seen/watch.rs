//! What a first scan of a history finds, noted as it passes: places without their secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::format::Kept;
use crate::git::Id;
use crate::model::{Hit, Origin, Place, Secret};
use crate::source::{Found, Located, See, Source, SourceError, Tell, history::History};

/// A history that is watched while it is read.
pub(super) struct Watch<'r> {
    pub(super) history: History<'r>,
    /// The objects with hits, as an earlier scan counted them.
    expected: Vec<Object>,
    noted: Mutex<Noted>,
}

/// An object with hits: its kind of place, its id in hex, and how many.
pub(super) type Object = (Place, String, u64);

/// What was noted.
#[derive(Default)]
pub(super) struct Noted {
    /// The objects with findings that have a place.
    pub(super) objects: Vec<Object>,
    /// These places.
    pub(super) places: Vec<Kept>,
    /// The secrets, which are not to be kept.
    pub(super) secrets: Vec<Secret>,
    /// Every object with a hit.
    pub(super) holders: Vec<Object>,
    /// Whether an object that was expected to hold something held something else.
    pub(super) differs: bool,
}

impl<'r> Watch<'r> {
    pub(super) fn of(history: History<'r>, expected: Vec<Object>) -> Self {
        Self { history, expected, noted: Mutex::default() }
    }

    /// Returns what was noted, and the history.
    pub(super) fn noted(self) -> (Noted, History<'r>) {
        (self.noted.into_inner().expect("no thread panics while it holds this"), self.history)
    }

    /// Whether objects that are still stored hold other than what was kept of them.
    fn differs(&self, counts: &BTreeMap<(Place, String), u64>) -> bool {
        self.expected.iter().any(|(place, hex, count)| {
            let is_there = Id::from_hex(hex.as_bytes()).is_ok_and(|id| self.history.has(&id));
            is_there && counts.get(&(*place, hex.clone())) != Some(count)
        })
    }
}

impl Source for Watch<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        self.history.read(see, tell)
    }

    fn locate(&self, found: Vec<Found>, tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        let counts = hits(&found);
        let mut secrets: Vec<Secret> = found.iter().map(|found| found.hit.secret.again()).collect();
        secrets.dedup();
        let located = self.history.locate(found, tell)?;
        let places = located.iter().map(|one| Kept {
            rule: one.hit.rule.id.clone(),
            span: one.hit.span.clone(),
            location: one.location.clone(),
            status: one.status,
        });
        let places: Vec<Kept> = places.collect();
        let held: BTreeSet<(Place, &str)> = places
            .iter()
            .filter_map(|kept| Some((stored_as(kept.location.place), kept.location.object.as_deref()?)))
            .collect();
        let objects = held
            .into_iter()
            .map(|(place, id)| (place, id.to_owned(), counts.get(&(place, id.to_owned())).copied()))
            .map(|(place, id, count)| (place, id, count.unwrap_or_default()))
            .collect();
        let differs = self.differs(&counts);
        let holders = counts.into_iter().map(|((place, id), count)| (place, id, count)).collect();
        *self.noted.lock().expect("no thread panics while it holds this") =
            Noted { objects, places, secrets, holders, differs };
        Ok(located)
    }
}

/// The kind of object that holds what stands at a place: the index has its blobs from the store.
pub(super) fn stored_as(place: Place) -> Place {
    if place == Place::Index { Place::History } else { place }
}

/// Counts the hits of each object; one that is stored twice was read twice.
pub(super) fn hits(found: &[Found]) -> BTreeMap<(Place, String), u64> {
    let mut distinct = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for Found { origin, hit, .. } in found {
        let Some(object) = object(origin) else { continue };
        if distinct.insert((object.clone(), name(hit))) {
            *counts.entry(object).or_default() += 1;
        }
    }
    counts
}

/// The object an origin names, as it is kept.
pub(super) fn object(origin: &Origin) -> Option<(Place, String)> {
    match origin {
        Origin::Object(id) => Some((Place::History, id.clone())),
        Origin::CommitMessage(id) => Some((Place::CommitMessage, id.clone())),
        Origin::TagMessage(id) => Some((Place::TagMessage, id.clone())),
        _ => None,
    }
}

/// The origin of an object that is kept.
pub(super) fn origin((place, id, _): &Object) -> Origin {
    match place {
        Place::CommitMessage => Origin::CommitMessage(id.clone()),
        Place::TagMessage => Origin::TagMessage(id.clone()),
        _ => Origin::Object(id.clone()),
    }
}

/// What tells the hits of one object apart.
pub(super) fn name(hit: &Hit) -> (String, usize, usize, u64, u64) {
    (hit.rule.id.clone(), hit.span.start, hit.span.end, hit.line, hit.column)
}
