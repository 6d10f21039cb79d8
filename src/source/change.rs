//! One changed blob with what its parents held: what the index and a range have in common. And the two sides
//! of a range, with the commits that brought something in.

use std::collections::HashMap;

use super::{Found, LARGEST_BINARY, Located, See, SourceError, Tell, skip, skipped_object};
use crate::git::store::Store;
use crate::git::{Body, Id, Repository, commits};
use crate::model::{Blob, Event, Origin, SkipReason};
use crate::unpack::{pieces, text};

/// Hands over one changed blob, with what its parents held in case something is found.
pub(super) fn read_change(
    repo: &Repository,
    id: &Id,
    earlier: &[Id],
    origin: &Origin,
    see: &See<'_>,
    tell: &Tell<'_>,
) {
    let read_earlier = || -> Vec<Vec<u8>> {
        earlier
            .iter()
            .filter_map(|id| {
                let mut bytes = Vec::new();
                let read = Store::one(repo, id, &mut |_, body| match body {
                    Body::Whole(whole) => bytes.extend_from_slice(whole),
                    // Too large to compare: what is found then counts as new, never as known.
                    Body::Stream(_) => {}
                });
                read.ok().map(|()| bytes)
            })
            .collect()
    };
    let path = origin.path().map(ToString::to_string).unwrap_or_default();
    let read = Store::one(repo, id, &mut |_, body| match body {
        Body::Whole(bytes) => {
            if text::is_binary(bytes) && bytes.len() as u64 > LARGEST_BINARY {
                return tell(skip(
                    SkipReason::TooLarge,
                    format!("{path}: binary and too large"),
                    "look into it by hand",
                ));
            }
            let decoded = text::decoded(bytes);
            let mut blob = Blob::whole(origin.clone(), &decoded);
            blob.earlier = Some(&read_earlier);
            see(blob);
            tell(Event::Bytes(bytes.len() as u64));
        }
        Body::Stream(stream) => {
            let mut is_first = true;
            let mut binary = false;
            let read = pieces::each(stream, &mut |bytes, extent| {
                binary |= std::mem::take(&mut is_first) && text::is_binary(bytes);
                if !binary {
                    see(Blob {
                        origin: origin.clone(),
                        bytes,
                        extent: extent.clone(),
                        earlier: Some(&read_earlier),
                        kin: None,
                    });
                }
            });
            match read {
                _ if binary => tell(skip(
                    SkipReason::TooLarge,
                    format!("{path}: binary and too large"),
                    "look into it by hand",
                )),
                Ok(bytes) => tell(Event::Bytes(bytes)),
                Err(e) => tell(skip(SkipReason::Corrupt, format!("{path}: {e}"), "`git fsck` tells more")),
            }
        }
    });
    if let Err(e) = read {
        tell(skipped_object(&e));
    }
}

/// Reads `A..B`; a side left out is `HEAD`, and an `A` of zeros is nothing, as in a first push.
pub(super) fn sides(repo: &Repository, text: &str) -> Result<(Vec<Id>, Vec<Id>), SourceError> {
    let (from, to) = text.split_once("...").or_else(|| text.split_once("..")).unwrap_or((text, ""));
    let side = |name: &str| repo.commit(if name.is_empty() { "HEAD" } else { name });
    let is_nothing = !from.is_empty() && from.bytes().all(|b| b == b'0') && from.len() >= 40;
    let from = if is_nothing { Vec::new() } else { vec![side(from)?] };
    Ok((from, vec![side(to)?]))
}

/// Places hits where their blobs came from, each with the commit that brought it in.
pub(super) fn brought(repo: &Repository, found: Vec<Found>) -> Vec<Located> {
    let mut cards = HashMap::new();
    let mut located = Vec::with_capacity(found.len());
    for found in found {
        let commit = match &found.origin {
            Origin::Change(_, _, commit) | Origin::CommitMessage(commit) => Some(commit.clone()),
            _ => None,
        };
        let card = commit.and_then(|hex| {
            let read = || commits::card(repo, &Id::from_hex(hex.as_bytes()).ok()?).ok();
            cards.entry(hex.clone()).or_insert_with(read).clone()
        });
        located.push(Located::at_origin(found).brought_by(card));
    }
    located
}
