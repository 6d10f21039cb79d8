//! Known findings read again: the same places, with hits from the same detection as the first time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use super::format::{Answer, Kept};
use super::watch::{hits, name, object, origin, stored_as};
use crate::git::Repository;
use crate::model::{Hit, Place};
use crate::source::{Found, Located, See, Source, SourceError, Tell, history::KnownObjects};

/// The objects of an answer, read again.
pub(super) struct Again<'a> {
    objects: KnownObjects<'a>,
    answer: &'a Answer,
    agrees: AtomicBool,
}

impl<'a> Again<'a> {
    pub(super) fn of(repo: &'a Repository, answer: &'a Answer) -> Self {
        let objects = KnownObjects { repo, objects: answer.objects.iter().map(origin).collect() };
        Self { objects, answer, agrees: AtomicBool::new(false) }
    }

    /// Tells whether what was read is what is kept.
    pub(super) fn agrees(&self) -> bool {
        self.agrees.load(Ordering::Relaxed)
    }

    fn located(&self, found: Vec<Found>) -> Option<Vec<Located>> {
        let kept: BTreeMap<(Place, String), u64> =
            self.answer.objects.iter().map(|(place, id, hits)| ((*place, id.clone()), *hits)).collect();
        if hits(&found) != kept {
            return None;
        }
        let found: HashMap<_, Hit> = found
            .into_iter()
            .filter_map(|found| Some(((object(&found.origin)?, name(&found.hit)), found.hit)))
            .collect();
        let mut met = BTreeSet::new();
        let located = self.answer.places.iter().map(|place| {
            let Kept { rule, span, location, status } = place;
            let object = (stored_as(location.place), location.object.clone()?);
            let name = (rule.clone(), span.start, span.end, location.line, location.column);
            let hit = found.get(&(object.clone(), name))?.again();
            let ends = (hit.end_line, hit.end_column) == (location.end_line, location.end_column);
            met.insert(object);
            ends.then(|| Located { hit, location: location.clone(), status: *status })
        });
        let located: Option<Vec<Located>> = located.collect();
        located.filter(|_| met.len() == kept.len())
    }
}

impl Source for Again<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        self.objects.read(see, tell)
    }

    fn locate(&self, found: Vec<Found>, _tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        let located = self.located(found);
        self.agrees.store(located.is_some(), Ordering::Relaxed);
        Ok(located.unwrap_or_default())
    }
}
