//! What the commits of a range brought in: every blob that stands at a path where no parent holds
//! it, merge resolutions and what was removed again included, and every message.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::change::{brought, read_change, sides};
use super::{Found, Located, See, Source, SourceError, Tell, skip, skipped_object};
use crate::git::{Id, Repository, change};
use crate::model::{Blob, Event, Origin, Path, SkipReason};

/// The commits that `to` reaches and `from` does not.
pub struct Range<'r> {
    repo: &'r Repository,
    from: Vec<Id>,
    to: Vec<Id>,
}

impl<'r> Range<'r> {
    /// Takes `A..B`; a side left out is `HEAD`, and an `A` of zeros is nothing, as in a first push.
    ///
    /// # Errors
    /// If a side does not exist.
    pub fn between(repo: &'r Repository, text: &str) -> Result<Self, SourceError> {
        let (from, to) = sides(repo, text)?;
        Ok(Self { repo, from, to })
    }

    /// Takes the commits that any of `tips` reaches and `since` does not.
    ///
    /// # Errors
    /// If `since` does not exist.
    pub fn since(repo: &'r Repository, since: &str, tips: Vec<Id>) -> Result<Self, SourceError> {
        Ok(Self { repo, from: vec![repo.commit(since)?], to: tips })
    }
}

impl Source for Range<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        let edge = self.repo.shallow_edge();
        tell(Event::Stage("commits of the range", 0));
        // One commit is read while the walk goes on to the next ones.
        let mut waiting = Vec::new();
        let flush = |waiting: &mut Vec<change::RangeCommit>| {
            waiting.par_iter().for_each(|commit| read_commit(self.repo, commit, see, tell));
            waiting.clear();
        };
        change::range(self.repo, &self.from, &self.to, &mut |commit| {
            match commit {
                Ok(commit) => {
                    if edge.contains(&commit.id) {
                        let what = format!("what came before commit {}", commit.id);
                        tell(skip(SkipReason::Shallow, what, "git fetch --unshallow"));
                    }
                    waiting.push(commit);
                    if waiting.len() >= 64 {
                        flush(&mut waiting);
                    }
                }
                Err(e) => tell(skipped_object(&e)),
            }
            ControlFlow::Continue(())
        })?;
        flush(&mut waiting);
        Ok(())
    }

    fn locate(&self, found: Vec<Found>, _tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        Ok(brought(self.repo, found))
    }
}

fn read_commit(repo: &Repository, commit: &change::RangeCommit, see: &See<'_>, tell: &Tell<'_>) {
    let id = commit.id.to_string();
    see(Blob::whole(Origin::CommitMessage(id.clone()), &commit.message));
    tell(Event::Bytes(commit.message.len() as u64));
    tell(Event::Expected(commit.changes.len() as u64));
    for change in &commit.changes {
        let origin = Origin::Change(Path::new(change.path.as_slice()), change.id.to_string(), id.clone());
        read_change(repo, &change.id, &change.earlier, &origin, see, tell);
        tell(Event::Objects(1));
    }
    tell(Event::Commits(1));
    tell(Event::Step(1));
}
