//! What the commits of a range, or of a push, brought in: every blob that stands at a path where no parent holds
//! it, merge resolutions and what was removed again included, and every message.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::change::{brought, read_change, sides};
use super::{Found, Located, See, Source, SourceError, Tell, skip, skipped_object};
use crate::git::push::Push;
use crate::git::store::Store;
use crate::git::{Body, GitError, Id, Kind, Repository, change, commits};
use crate::model::{Blob, Event, Origin, Path, SkipReason};

/// The commits that `to` reaches and `from` does not.
pub struct Range<'r> {
    repo: &'r Repository,
    from: Vec<Id>,
    to: Vec<Id>,
    /// Annotated tags.
    tags: Vec<Id>,
    /// Files and folders that no commit holds.
    loose: Vec<Id>,
}

impl<'r> Range<'r> {
    /// Takes `A..B`; a side left out is `HEAD`, and an `A` of zeros is nothing, as in a first push.
    ///
    /// # Errors
    /// If a side does not exist.
    pub fn between(repo: &'r Repository, text: &str) -> Result<Self, SourceError> {
        let (from, to) = sides(repo, text)?;
        Ok(Self { repo, from, to, tags: Vec::new(), loose: Vec::new() })
    }

    /// Takes the commits that any of `tips` reaches and `since` does not.
    ///
    /// # Errors
    /// If `since` does not exist.
    pub fn since(repo: &'r Repository, since: &str, tips: Vec<Id>) -> Result<Self, SourceError> {
        Ok(Self { repo, from: vec![repo.commit(since)?], to: tips, tags: Vec::new(), loose: Vec::new() })
    }

    /// Takes what a push brings.
    #[must_use]
    pub fn pushed(repo: &'r Repository, push: &Push) -> Self {
        let Push { tips, known, tags, loose, .. } = push.clone();
        Self { repo, from: known, to: tips, tags, loose }
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
        for id in &self.tags {
            read_tag(self.repo, id, see, tell);
        }
        for id in &self.loose {
            if let Err(e) = read_loose(self.repo, id, see, tell) {
                tell(skipped_object(&e));
            }
        }
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

/// Reads the message of a tag.
fn read_tag(repo: &Repository, id: &Id, see: &See<'_>, tell: &Tell<'_>) {
    let read = Store::one(repo, id, &mut |_, body| match body {
        Body::Whole(tag) => {
            let message = &tag[commits::message_start(tag)..];
            see(Blob::whole(Origin::TagMessage(id.to_string()), message));
            tell(Event::Bytes(message.len() as u64));
        }
        Body::Stream(_) => {
            tell(skip(SkipReason::TooLarge, format!("tag {id}: too large"), "look into it by hand"));
        }
    });
    match read {
        Ok(()) => tell(Event::Objects(1)),
        Err(e) => tell(skipped_object(&e)),
    }
    tell(Event::Expected(1));
}

/// Reads a file that a ref names itself, or every file of a folder.
fn read_loose(repo: &Repository, id: &Id, see: &See<'_>, tell: &Tell<'_>) -> Result<(), GitError> {
    let mut kind = Kind::Blob;
    Store::one(repo, id, &mut |of, _| kind = of)?;
    if kind == Kind::Blob {
        tell(Event::Expected(1));
        read_change(repo, id, &[], &Origin::Object(id.to_string()), see, tell);
        tell(Event::Objects(1));
        return Ok(());
    }
    let files = change::files(repo, id)?;
    tell(Event::Expected(files.len() as u64));
    files.par_iter().for_each(|file| {
        let origin = Origin::Change(Path::new(file.path.as_slice()), file.id.to_string(), String::new());
        read_change(repo, &file.id, &[], &origin, see, tell);
        tell(Event::Objects(1));
    });
    Ok(())
}
