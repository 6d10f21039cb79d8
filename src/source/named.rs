//! Objects that somebody named: each is read if a commit of a range brought it in, under the paths it has
//! there. Of the rest is told how many they are.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use rayon::prelude::*;

use super::change::{brought, read_change, sides};
use super::{Found, Located, See, Source, SourceError, Tell, skip, skipped_object};
use crate::git::{Id, Repository, change};
use crate::model::{Blob, Event, Origin, Path, SkipReason};

/// How many commits are looked through.
const MOST_COMMITS: u64 = 500_000;
/// How many paths of all objects are looked at: a history may give one object as many as it likes.
const MOST_PATHS: usize = 100_000;

/// Named objects of a range.
pub struct Named<'r> {
    repo: &'r Repository,
    from: Vec<Id>,
    to: Vec<Id>,
    wanted: HashSet<Id>,
}

/// What a range brought of them.
#[derive(Default)]
struct Brought {
    /// By object and path: the commit, and what its parents held there.
    blobs: BTreeMap<(Id, Vec<u8>), (Id, Vec<Id>)>,
    /// Messages of commits.
    messages: Vec<(Id, Vec<u8>)>,
}

impl<'r> Named<'r> {
    /// Takes `A..B` as a range does, and ids in hexadecimal; what is no id names nothing.
    ///
    /// # Errors
    /// If a side does not exist.
    pub fn between(repo: &'r Repository, range: &str, objects: &[String]) -> Result<Self, SourceError> {
        let (from, to) = sides(repo, range)?;
        let wanted = objects.iter().filter_map(|hex| Id::from_hex(hex.as_bytes()).ok()).collect();
        Ok(Self { repo, from, to, wanted })
    }

    fn brought(&self, tell: &Tell<'_>) -> Result<Brought, SourceError> {
        let edge = self.repo.shallow_edge();
        let mut met = Brought::default();
        let mut walked = 0;
        change::range(self.repo, &self.from, &self.to, &mut |commit| {
            let commit = match commit {
                Ok(commit) => commit,
                Err(e) => {
                    tell(skipped_object(&e));
                    return ControlFlow::Continue(());
                }
            };
            walked += 1;
            tell(Event::Commits(1));
            if edge.contains(&commit.id) {
                let what = format!("what came before commit {}", commit.id);
                tell(skip(SkipReason::Shallow, what, "git fetch --unshallow"));
            }
            if self.wanted.contains(&commit.id) {
                met.messages.push((commit.id, commit.message));
            }
            for change in commit.changes.into_iter().filter(|c| self.wanted.contains(&c.id)) {
                let place = (change.id, change.path);
                if met.blobs.len() >= MOST_PATHS && !met.blobs.contains_key(&place) {
                    let what = format!("{} under another path", place.0);
                    tell(skip(SkipReason::TooLarge, what, "look into it by hand"));
                    continue;
                }
                // The newest come first: the oldest that brought it stays.
                met.blobs.insert(place, (commit.id, change.earlier));
            }
            if walked < MOST_COMMITS {
                return ControlFlow::Continue(());
            }
            let what = format!("the range behind its newest {MOST_COMMITS} commits");
            tell(skip(SkipReason::TooLarge, what, "name a base"));
            ControlFlow::Break(())
        })?;
        Ok(met)
    }
}

impl Source for Named<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        tell(Event::Stage("commits of the range", 0));
        let met = self.brought(tell)?;
        let there: HashSet<Id> =
            met.blobs.keys().map(|(id, _)| *id).chain(met.messages.iter().map(|(id, _)| *id)).collect();
        let mut absent: Vec<&Id> = self.wanted.difference(&there).collect();
        absent.sort_unstable();
        for id in absent {
            tell(skip(SkipReason::NotBrought, format!("object {id}"), ""));
        }
        tell(Event::Expected(met.blobs.len() as u64));
        for (id, message) in &met.messages {
            see(Blob::whole(Origin::CommitMessage(id.to_string()), message));
            tell(Event::Bytes(message.len() as u64));
        }
        met.blobs.par_iter().for_each(|((id, path), (commit, earlier))| {
            let origin = Origin::Change(Path::new(path.as_slice()), id.to_string(), commit.to_string());
            read_change(self.repo, id, earlier, &origin, see, tell);
            tell(Event::Objects(1));
        });
        Ok(())
    }

    fn locate(&self, found: Vec<Found>, _tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        Ok(brought(self.repo, found))
    }
}
