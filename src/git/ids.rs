//! Maps and sets of object ids. An id is a hash already: its first eight bytes serve as they are.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::Id;

/// A map by id.
pub(super) type IdMap<V> = HashMap<Id, V, BuildHasherDefault<AsIs>>;
/// A set of the fronts of ids.
pub(super) type Fronts = HashSet<u64, BuildHasherDefault<AsIs>>;

/// Takes the first eight bytes it is given for the hash.
#[derive(Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(front) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*front);
        }
    }

    fn write_u64(&mut self, front: u64) {
        self.0 = front;
    }
}

/// The first eight bytes of an id.
pub(super) fn front(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
