//! Objects that trees name and that are not stored.
//!
//! Asked of every tree on the way through a pack, so it must cost next to nothing: an id is known by
//! its first eight bytes, and a tree's entries are stepped over, not read.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use super::Id;
use super::store::Store;

/// The ids of all stored objects.
pub struct Known {
    ids: HashSet<u64, BuildHasherDefault<AsIs>>,
    hash_len: usize,
}

/// Ids are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id;
    }
}

impl Known {
    /// Collects the ids of everything stored.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let empty_tree = Id::empty_tree(store.null().kind());
        let mut ids: HashSet<u64, _> = HashSet::default();
        ids.extend(store.ids().chain([empty_tree]).map(|id| front(id.as_bytes())));
        Self { ids, hash_len: store.null().as_bytes().len() }
    }

    /// Calls `absent` for each object, but submodules, that a tree names and that is not stored.
    pub fn check(&self, tree: &[u8], mut absent: impl FnMut(Id)) {
        let mut rest = tree;
        while let Some(end) = memchr::memchr(0, rest) {
            let Some(id) = rest.get(end + 1..end + 1 + self.hash_len) else { return };
            if !self.ids.contains(&front(id))
                && !rest.starts_with(b"160000 ")
                && let Ok(id) = Id::try_from(id)
            {
                absent(id);
            }
            rest = &rest[end + 1 + self.hash_len..];
        }
    }
}

/// The first eight bytes of an id.
fn front(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
