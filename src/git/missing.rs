//! Objects that trees name and that are not stored.

use super::Id;
use super::ids::{Fronts, front};
use super::store::Store;
use super::tree::{EntryKind, entry};
use crate::model::{Copied, Kin};

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

    /// Calls `absent` for each object, but submodules, that a tree names and that is not stored; of what
    /// a tree has from the one it was made from, nothing is asked again.
    pub fn check(&self, tree: &[u8], kin: &Kin<'_>, mut absent: impl FnMut(Id)) {
        let mut starts = Starts::default();
        let mut known = kin.base::<Starts>().map(|(base, copies)| (base, copies.iter().peekable()));
        let mut at = 0;
        loop {
            if let Some((base, copies)) = &mut known {
                while copies.next_if(|c| c.to + c.length <= at).is_some() {}
                let same = copies.peek().map_or(&[][..], |copy| base.same(copy, at));
                if let [first, .., end] = *same {
                    if kin.has_children() {
                        let shifted = same[..same.len() - 1].iter().map(|s| s - first + narrow(at));
                        starts.0.extend(shifted);
                    }
                    at += (end - first) as usize;
                }
            }
            let Some((entry, length)) = entry(&tree[at..], self.hash_len) else { break };
            if kin.has_children() {
                starts.0.push(narrow(at));
            }
            if !self.fronts.contains(&front(entry.id)) && entry.kind != EntryKind::Submodule {
                absent(entry.id());
            }
            at += length;
        }
        if kin.has_children() && u32::try_from(tree.len()).is_ok() {
            starts.0.push(narrow(at));
            kin.learn(Box::new(starts));
        }
    }
}

/// Where the entries of a tree begin, and where the last one ends: rising.
#[derive(Default)]
struct Starts(Vec<u32>);

impl Starts {
    /// The entries of this tree that a copy brought to another one from `at` on: their starts, and the
    /// last one's end. None if no entry of this tree begins at what came to stand at `at`.
    fn same(&self, copy: &Copied, at: usize) -> &[u32] {
        let here = at.checked_sub(copy.to).and_then(|into| u32::try_from(copy.from + into).ok());
        let Some(first) = here.and_then(|here| self.0.binary_search(&here).ok()) else { return &[] };
        let within = self.0[first..].partition_point(|s| *s as usize <= copy.from + copy.length);
        &self.0[first..first + within]
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A tree of entries, by number; every third is not stored.
    fn tree(numbers: &[u8]) -> Vec<u8> {
        let entry = |n: &u8| [format!("100644 f{n}\0").as_bytes(), &[*n; 20]].concat();
        numbers.iter().flat_map(entry).collect()
    }

    fn known() -> Known {
        let stored = (0u8..=u8::MAX).filter(|n| n % 3 != 0);
        Known { fronts: stored.map(|n| front(&[n; 20])).collect(), hash_len: 20 }
    }

    fn absent(tree: &[u8], kin: &Kin<'_>) -> Vec<Id> {
        let mut absent = Vec::new();
        known().check(tree, kin, |id| absent.push(id));
        absent
    }

    proptest! {
        #[test]
        fn nothing_that_a_tree_names_goes_unasked(
            base in prop::collection::vec(any::<u8>(), 0..12),
            ops in prop::collection::vec((any::<bool>(), 0usize..400, 0usize..400, any::<u8>()), 0..6),
        ) {
            let base = tree(&base);
            let root = Kin::new(None, &[], true);
            let mut told = absent(&base, &root);
            let learnt = root.into_learnt();
            let (mut made, mut copies) = (Vec::new(), Vec::new());
            for (copies_from_base, from, length, n) in ops {
                let from = from.min(base.len());
                let length = length.min(base.len() - from);
                if copies_from_base && length > 0 {
                    copies.push(Copied { from, to: made.len(), length });
                    made.extend(&base[from..from + length]);
                } else {
                    made.extend(tree(&[n]));
                }
            }
            let kin = Kin::new(learnt.as_ref(), &copies, true);
            told.extend(absent(&made, &kin));
            let whole = Kin::new(None, &[], true);
            for id in absent(&made, &whole) {
                prop_assert!(told.contains(&id), "{id} is not told");
            }
            let starts = |kin: Kin<'_>| kin.into_learnt().unwrap().downcast::<Starts>().unwrap().0;
            prop_assert_eq!(starts(kin), starts(whole));
        }
    }
}
