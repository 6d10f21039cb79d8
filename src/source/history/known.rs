//! Objects of the history that are known by id: read again, and nothing else.

use rayon::prelude::*;

use super::super::{See, Source, SourceError, Tell, skipped_object};
use super::{see_blob, see_message};
use crate::git::commits::message_start;
use crate::git::store::Store;
use crate::git::{Body, Id, Kind, Repository};
use crate::model::{Event, Kin, Origin};

/// Blobs, and the messages of commits and tags, by id. What cannot be read is told as skipped.
pub struct Known<'r> {
    /// The repository.
    pub repo: &'r Repository,
    /// The objects.
    pub objects: Vec<Origin>,
}

impl Source for Known<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        tell(Event::Stage("known findings", self.objects.len() as u64));
        self.objects.par_iter().for_each(|origin| {
            if let Origin::Object(hex) | Origin::CommitMessage(hex) | Origin::TagMessage(hex) = origin
                && let Ok(id) = Id::from_hex(hex.as_bytes())
            {
                let read = Store::one(self.repo, &id, &mut |kind, body| {
                    look(origin, &id, kind, body, see, tell);
                });
                if let Err(e) = read {
                    tell(skipped_object(&e));
                }
            }
            tell(Event::Step(1));
        });
        Ok(())
    }
}

/// Hands an object over as the whole history does; one that is of another kind holds nothing.
fn look(origin: &Origin, id: &Id, kind: Kind, body: Body<'_>, see: &See<'_>, tell: &Tell<'_>) {
    match (origin, kind, body) {
        (Origin::Object(_), Kind::Blob, body) => see_blob(id, body, &Kin::default(), see, tell),
        (Origin::CommitMessage(_), Kind::Commit, Body::Whole(data))
        | (Origin::TagMessage(_), Kind::Tag, Body::Whole(data)) => {
            see_message(origin.clone(), &data[message_start(data)..], see, tell);
        }
        _ => {}
    }
}
