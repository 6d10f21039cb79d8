//! What other scanners point at, looked at again: the object is read by its id and detected anew. Nothing that
//! a report says is believed but where to look.

use std::collections::BTreeSet;

use super::hint::Hint;
use crate::detect::{Detector, fingerprint::fingerprint};
use crate::git::commits::{card, message_start};
use crate::git::{Body, Id, Kind, Repository, store::Store};
use crate::model::{Extent, Finding, Location, Path, Place, Status};
use crate::unpack::text::decoded;

/// The largest object that is looked at, in bytes.
const LARGEST: u64 = 64 << 20;
/// How many objects of one report are looked at.
const MOST: usize = 100_000;

/// What a look at a report's hints came to.
#[derive(Default)]
pub struct Looked {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many hints point at nothing that is here.
    pub absent: u64,
    /// How many objects were looked at.
    pub objects: u64,
}

/// Looks at what hints point at, in one repository.
#[must_use]
pub fn look(repo: &Repository, detector: &Detector, hints: &[Hint]) -> Looked {
    let mut looked = Looked::default();
    let mut seen = BTreeSet::new();
    for hint in hints {
        let Some(object) = object(repo, hint) else {
            looked.absent += 1;
            continue;
        };
        // One report names the same object many times.
        if !seen.insert((object, hint.path.clone())) || seen.len() > MOST {
            continue;
        }
        match text(repo, &object) {
            Some((place, text)) => {
                looked.objects += 1;
                found(repo, detector, hint, object, place, &text, &mut looked.findings);
            }
            None => looked.absent += 1,
        }
    }
    looked
}

/// Finds the object a hint means: the one it names, the file of a commit, a commit's message, or the file as
/// `HEAD` has it.
fn object(repo: &Repository, hint: &Hint) -> Option<Id> {
    if let Some(object) = &hint.object {
        return Id::from_hex(object.as_bytes()).ok();
    }
    match (&hint.commit, hint.path.as_str()) {
        (Some(commit), "") => repo.commit(commit).ok(),
        (Some(commit), path) => repo.blob_at(commit, path),
        (None, "") => None,
        (None, path) => repo.blob_at("HEAD", path),
    }
}

/// Reads what a scan would look at of an object: a file, or the message of a commit or tag without its head.
fn text(repo: &Repository, id: &Id) -> Option<(Place, Vec<u8>)> {
    let mut text = None;
    let mut see = |kind, body: Body<'_>| {
        let Body::Whole(whole) = body else { return };
        let (place, from) = match kind {
            Kind::Blob => (Place::History, 0),
            Kind::Commit => (Place::CommitMessage, message_start(whole)),
            Kind::Tag => (Place::TagMessage, message_start(whole)),
            Kind::Tree => return,
        };
        if whole.len() as u64 <= LARGEST {
            text = Some((place, whole[from..].to_vec()));
        }
    };
    Store::one(repo, id, &mut see).ok()?;
    text
}

fn found(
    repo: &Repository,
    detector: &Detector,
    hint: &Hint,
    object: Id,
    place: Place,
    bytes: &[u8],
    findings: &mut Vec<Finding>,
) {
    let text = decoded(bytes);
    let commit = match place {
        Place::CommitMessage => Some(object),
        _ => hint.commit.as_ref().and_then(|c| repo.commit(c).ok()),
    };
    let commit = commit.and_then(|id| card(repo, &id).ok());
    // A message has no path, whatever a report says.
    let path = if place == Place::History { Path::new(hint.path.as_bytes()) } else { Path::new("") };
    for hit in detector.detect(&text, &Extent::whole(text.len())) {
        if !detector.holds_at(&hit, Some(&path), commit.as_ref().map(|c| c.id.as_str())) {
            continue;
        }
        let location = Location {
            line: hit.line,
            column: hit.column,
            end_line: hit.end_line,
            end_column: hit.end_column,
            object: Some(object.to_string()),
            commit: commit.clone(),
            ..Location::file(place, path.clone())
        };
        findings.push(Finding {
            fingerprint: fingerprint(&hit, &path),
            suppression: hit.mark.clone(),
            hit,
            location,
            status: Status::Counts,
            liveness: None,
            repeats: Vec::new(),
        });
    }
}
