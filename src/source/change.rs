//! One changed blob with what its parents held: what the index and a range have in common.

use super::{LARGEST_BINARY, See, Tell, skip, skipped_object};
use crate::git::store::Store;
use crate::git::{Body, Id, Repository};
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
