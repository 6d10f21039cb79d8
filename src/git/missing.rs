//! Objects that trees name and that are not stored.

use super::Id;
use super::ids::{Fronts, front};
use super::store::Store;
use super::tree::{EntryKind, entries};

/// The ids of all stored objects, by their first eight bytes.
pub struct Known {
    fronts: Fronts,
    hash_len: usize,
}

impl Known {
    /// Collects the ids of everything stored.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        let empty_tree = Id::empty_tree(store.null().kind());
        let fronts = store.ids().chain([empty_tree]).map(|id| front(id.as_bytes())).collect();
        Self { fronts, hash_len: store.null().as_bytes().len() }
    }

    /// Calls `absent` for each object, but submodules, that a tree names and that is not stored.
    pub fn check(&self, tree: &[u8], absent: impl FnMut(Id)) {
        let is_absent = |entry: &super::tree::Entry<'_>| !self.fronts.contains(&front(entry.id));
        let named = entries(tree, self.hash_len).filter(|e| is_absent(e) && e.kind != EntryKind::Submodule);
        named.map(|e| e.id()).for_each(absent);
    }
}
