//! Objects that trees name and that are not stored.

use super::Id;
use super::ids::{Fronts, front};
use super::steps::{Starts, Step, steps};
use super::store::Store;
use super::tree::EntryKind;
use crate::model::Kin;

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
        let mut fronts = Fronts::default();
        fronts.reserve(usize::try_from(store.len()).unwrap_or_default() + 1);
        fronts.extend(store.fronts().chain([front(empty_tree.as_bytes())]));
        Self { fronts, hash_len: store.null().as_bytes().len() }
    }

    /// Calls `absent` for each object, but submodules, that a tree names and that is not stored; of what
    /// a tree has from the one it was made from, nothing is asked again.
    pub fn check(&self, tree: &[u8], kin: &Kin<'_>, mut absent: impl FnMut(Id)) {
        let keep = kin.has_children() && u32::try_from(tree.len()).is_ok();
        let starts = steps(tree, self.hash_len, kin.base::<Starts>(), keep, |step| {
            if let Step::New(_, entry) = step
                && !self.fronts.contains(&front(entry.id))
                && entry.kind != EntryKind::Submodule
            {
                absent(entry.id());
            }
        });
        if keep {
            kin.learn(Box::new(starts));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Copied;
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
        }
    }
}
