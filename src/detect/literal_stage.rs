//! One pass over the bytes that finds every place where one of many literals may stand.
//!
//! Each literal is known by its rarest four bytes, folded to lower case. A position of the input
//! costs one multiplication and one bit of a 32 KiB table, however many literals there are; only
//! where the bit is set are literals compared. aho-corasick is the reference in the tests.

use std::ops::Range;

use crate::rule::literal::{SHORTEST, rarest};

const BITS: u32 = 18;
const WORDS: usize = 1 << (BITS - 6);
const BUCKETS: usize = 1 << 12;
/// Folds the case of four ASCII letters at once; other bytes may collide, the compare tells.
const FOLD: u32 = 0x2020_2020;
const FOLD_EIGHT: u64 = 0x2020_2020_2020_2020;

/// The literals of all rules, ready to be searched for.
pub struct LiteralStage {
    bits: Box<[u64; WORDS]>,
    /// `entries[starts[b]..starts[b + 1]]` are those whose hash begins with `b`.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    literals: Vec<Box<[u8]>>,
    reach: Reach,
}

/// How far from a place a literal that crosses it can be known by its four bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reach {
    /// The most bytes before the place.
    pub back: usize,
    /// The most bytes behind it.
    pub ahead: usize,
}

struct Entry {
    gram: u32,
    literal: u32,
    offset: u32,
}

impl LiteralStage {
    /// Prepares literals of [`SHORTEST`] bytes or more; shorter ones are never found.
    #[must_use]
    pub fn new(literals: &[Vec<u8>]) -> Self {
        let mut entries = Vec::with_capacity(literals.len());
        for (index, literal) in literals.iter().enumerate().filter(|(_, l)| l.len() >= SHORTEST) {
            let literal_index = u32::try_from(index).expect("fewer than four billion literals");
            if literal.len() >= 4 {
                let (offset, _) = rarest(literal);
                let four = literal[offset..offset + 4].try_into().expect("four bytes");
                let gram = u32::from_le_bytes(four) | FOLD;
                let offset = u32::try_from(offset).expect("a literal is short");
                entries.push(Entry { gram, literal: literal_index, offset });
            } else {
                // Three bytes: every byte that can follow, folded, makes a gram of its own.
                for next in (0..=u8::MAX).filter(|b| b & 0x20 != 0) {
                    let gram = u32::from_le_bytes([literal[0], literal[1], literal[2], next]) | FOLD;
                    entries.push(Entry { gram, literal: literal_index, offset: 0 });
                }
            }
        }
        entries.sort_by_key(|e| hash(e.gram));
        let mut bits = Box::new([0u64; WORDS]);
        let mut starts = vec![0u32; BUCKETS + 1];
        for entry in &entries {
            let hash = hash(entry.gram);
            bits[(hash >> 6) as usize] |= 1 << (hash & 63);
            starts[bucket(hash) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let literals: Vec<Box<[u8]>> = literals.iter().map(|l| l.as_slice().into()).collect();
        let reach = entries.iter().fold(Reach::default(), |reach, entry| Reach {
            back: reach.back.max(literals[entry.literal as usize].len() - entry.offset as usize),
            ahead: reach.ahead.max(entry.offset as usize),
        });
        Self { bits, starts, entries, literals, reach }
    }

    /// Calls `found(literal, offset)` for every place of `bytes` at which a literal stands, compared
    /// without ASCII case; for one literal in rising order of offsets.
    pub fn each(&self, bytes: &[u8], found: impl FnMut(usize, usize)) {
        self.each_in(bytes, 0..bytes.len(), found);
    }

    /// Returns how far round a place [`Self::each_in`] must look for every literal that crosses it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The same as [`Self::each`] for literals whose rarest four bytes begin in `range`.
    pub fn each_in(&self, bytes: &[u8], range: Range<usize>, mut found: impl FnMut(usize, usize)) {
        let end = bytes.len().min(range.end.saturating_add(3));
        let mut at = range.start.min(end);
        // Eight bytes hold four grams and more: one load and one branch for all four.
        for eight in bytes[at..end].windows(8).step_by(4) {
            let eight = u64::from_le_bytes(eight.try_into().expect("eight bytes")) | FOLD_EIGHT;
            let grams = [eight as u32, (eight >> 8) as u32, (eight >> 16) as u32, (eight >> 24) as u32];
            let [a, b, c, d] = grams.map(|gram| self.bit(hash(gram)));
            if a | b | c | d != 0 {
                for (step, gram) in grams.into_iter().enumerate() {
                    if self.bit(hash(gram)) != 0 {
                        self.compare(bytes, at + step, gram, hash(gram), &mut found);
                    }
                }
            }
            at += 4;
        }
        for four in bytes[at..end].windows(4) {
            let gram = u32::from_le_bytes(four.try_into().expect("four bytes")) | FOLD;
            if self.bit(hash(gram)) != 0 {
                self.compare(bytes, at, gram, hash(gram), &mut found);
            }
            at += 1;
        }
        // The last three bytes are too few for a gram, and may be a whole literal.
        if let Some([a, b, c]) =
            bytes.last_chunk::<3>().copied().filter(|_| range.contains(&(bytes.len() - 3)))
        {
            let gram = u32::from_le_bytes([a, b, c, 0]) | FOLD;
            self.compare(bytes, bytes.len() - 3, gram, hash(gram), &mut found);
        }
    }

    #[inline]
    fn bit(&self, hash: u32) -> u64 {
        self.bits[(hash >> 6) as usize] >> (hash & 63) & 1
    }

    #[cold]
    fn compare(&self, bytes: &[u8], at: usize, gram: u32, hash: u32, found: &mut impl FnMut(usize, usize)) {
        let bucket = bucket(hash);
        for entry in &self.entries[self.starts[bucket] as usize..self.starts[bucket + 1] as usize] {
            if entry.gram != gram {
                continue;
            }
            let literal = &self.literals[entry.literal as usize];
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let stands = bytes[start..].get(..literal.len());
            if stands.is_some_and(|text| text.eq_ignore_ascii_case(literal)) {
                found(entry.literal as usize, start);
            }
        }
    }
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1) >> (32 - BITS)
}

fn bucket(hash: u32) -> usize {
    (hash >> (BITS - 12)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ours(literals: &[Vec<u8>], bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        LiteralStage::new(literals).each(bytes, |literal, at| all.push((literal, at)));
        all.sort_unstable();
        all
    }

    fn reference(literals: &[Vec<u8>], bytes: &[u8]) -> Vec<(usize, usize)> {
        let automaton =
            aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(literals).unwrap();
        let mut all: Vec<_> =
            automaton.find_overlapping_iter(bytes).map(|m| (m.pattern().as_usize(), m.start())).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_literal_at_either_end_is_found() {
        let literals = [b"sk-".to_vec(), b"abcd".to_vec()];
        assert_eq!(ours(&literals, b"ABCD sk-"), [(0, 5), (1, 0)]);
        assert_eq!(ours(&literals, b"sk"), []);
    }

    proptest! {
        #[test]
        fn it_finds_what_aho_corasick_finds(
            literals in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"abKk-_:9"[..]), 3..8), 1..20),
            bytes in prop::collection::vec(prop::sample::select(&b"abKkAB-_:9\n"[..]), 0..300),
        ) {
            prop_assert_eq!(ours(&literals, &bytes), reference(&literals, &bytes));
        }

        #[test]
        fn the_parts_of_a_text_hold_what_the_text_holds(
            literals in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"abKk-"[..]), 3..8), 1..9),
            bytes in prop::collection::vec(prop::sample::select(&b"abKkAB-\n"[..]), 0..99),
            cut in 0usize..99,
        ) {
            let stage = LiteralStage::new(&literals);
            let cut = cut.min(bytes.len());
            let mut all = Vec::new();
            stage.each_in(&bytes, 0..cut, |literal, at| all.push((literal, at)));
            stage.each_in(&bytes, cut..bytes.len(), |literal, at| all.push((literal, at)));
            all.sort_unstable();
            prop_assert_eq!(&all, &ours(&literals, &bytes));
            // Round any place: what crosses it.
            let reach = stage.reach();
            let mut near = Vec::new();
            stage.each_in(&bytes, cut.saturating_sub(reach.back)..cut + reach.ahead, |literal, at| near.push((literal, at)));
            for (literal, at) in all {
                let crosses = at < cut && at + literals[literal].len() > cut;
                prop_assert!(!crosses || near.contains(&(literal, at)));
            }
        }
    }
}
