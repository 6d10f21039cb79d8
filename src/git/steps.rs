//! Steps through the entries of a tree, and over those it has from the tree it was made from.

use std::ops::Range;

use super::tree::{Entry, entry};
use crate::model::Copied;

/// Where the entries of a tree begin, and where the last one ends: rising.
#[derive(Default)]
pub(super) struct Starts(Vec<u32>);

/// What one step leads over.
pub(super) enum Step<'t> {
    /// An entry, and where it begins.
    New(usize, Entry<'t>),
    /// Entries of the base, those that begin in this range of its bytes, and where the first of them
    /// stands here.
    Same(Range<u32>, usize),
}

/// Steps through a tree; `known` is its base's starts and what was copied from it. Returns the tree's
/// own starts if `keep`, for those made from it.
pub(super) fn steps<'t>(
    tree: &'t [u8],
    hash_len: usize,
    known: Option<(&Starts, &[Copied])>,
    keep: bool,
    mut on: impl FnMut(Step<'t>),
) -> Starts {
    let mut starts = Starts::default();
    let mut known = known.map(|(base, copies)| (base, copies.iter().peekable()));
    let mut at = 0;
    loop {
        if let Some((base, copies)) = &mut known {
            while copies.next_if(|c| c.to + c.length <= at).is_some() {}
            let same = copies.peek().map_or(&[][..], |copy| base.same(copy, at));
            if let [first, .., end] = *same {
                if keep {
                    starts.0.extend(same[..same.len() - 1].iter().map(|s| s - first + narrow(at)));
                }
                on(Step::Same(first..end, at));
                at += (end - first) as usize;
            }
        }
        let Some((entry, length)) = entry(&tree[at..], hash_len) else { break };
        if keep {
            starts.0.push(narrow(at));
        }
        on(Step::New(at, entry));
        at += length;
    }
    if keep {
        starts.0.push(narrow(at));
    }
    starts
}

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

/// A place in a tree; trees of four billion bytes are not kept for others.
pub(super) fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A tree of entries, by number.
    fn tree(numbers: &[u8]) -> Vec<u8> {
        let entry = |n: &u8| [format!("100644 f{n}\0").as_bytes(), &[*n; 20]].concat();
        numbers.iter().flat_map(entry).collect()
    }

    proptest! {
        #[test]
        fn every_entry_is_stepped_to_or_over_once(
            base in prop::collection::vec(any::<u8>(), 0..12),
            ops in prop::collection::vec((any::<bool>(), 0usize..400, 0usize..400, any::<u8>()), 0..6),
        ) {
            let base = tree(&base);
            let known = steps(&base, 20, None, true, |_| {});
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
            let mut whole = Vec::new();
            let anew = steps(&made, 20, None, true, |step| match step {
                Step::New(at, entry) => whole.push((at, entry.name.to_vec())),
                Step::Same(..) => unreachable!("there is no base"),
            });
            let mut met = Vec::new();
            let kept = steps(&made, 20, Some((&known, &copies)), true, |step| match step {
                Step::New(at, entry) => met.push((at, entry.name.to_vec())),
                Step::Same(from, to) => {
                    steps(&base[from.start as usize..from.end as usize], 20, None, false, |step| {
                        let Step::New(at, entry) = step else { unreachable!("there is no base") };
                        met.push((to + at, entry.name.to_vec()));
                    });
                }
            });
            prop_assert_eq!(met, whole);
            prop_assert_eq!(kept.0, anew.0);
        }
    }
}
