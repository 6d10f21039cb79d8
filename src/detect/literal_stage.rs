//! One pass over the bytes that finds every place where one of many literals may stand.
//!
//! Each literal is known by four rare bytes of its own, folded to lower case. Wherever these begin, their
//! first three or their last three stand at an odd place: so every second place of the input is asked
//! for three bytes, which costs one multiplication and one bit of a 32 KiB table, however many literals
//! there are. Which blocks of eight bytes are worth more is written down first and looked into later,
//! that no branch has to be guessed on the way; there all four bytes are asked for in a second table, and
//! only where that bit is set are literals compared. aho-corasick is the reference in the tests.

use std::iter::once;
use std::ops::Range;

use super::rarity::rarest;
use crate::rule::literal::SHORTEST;

const BITS: u32 = 18;
const WORDS: usize = 1 << (BITS - 6);
const FACTOR: u32 = 0x9e37_79b1;
const BUCKETS: usize = 1 << 12;
/// Folds the case of four ASCII letters at once; other bytes may collide, the compare tells.
const FOLD: u32 = 0x2020_2020;
const FOLD_EIGHT: u64 = 0x2020_2020_2020_2020;
/// Bytes that are looked at as one.
const BLOCK: usize = 8;
/// Bytes behind a block that belong to the fours that begin in it.
const BEHIND: usize = 3;
/// Blocks that are asked for threes before any of them is looked into.
const STRETCH: usize = 32;
/// The most bytes between the start of a literal of up to sixteen and its four.
const AHEAD: usize = 6;
/// The most bytes of such a literal from its four on: the fewer of both, the narrower the seams between copies.
const BACK: usize = 10;

/// The literals of all rules, ready to be searched for.
pub struct LiteralStage {
    threes: Box<[u64; WORDS]>,
    fours: Box<[u64; WORDS]>,
    /// `entries[starts[b]..starts[b + 1]]` are those whose hash begins with `b`.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    literals: Vec<Box<[u8]>>,
    /// The literals of three bytes: at a text's end these are too few for a gram.
    short: Vec<usize>,
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
    /// Prepares literals of [`SHORTEST`] bytes or more; shorter ones are never found. `may_follow` tells
    /// whether a byte behind a literal lets anything come of it: where none can, one of three bytes need
    /// not be found.
    #[must_use]
    pub fn new(literals: &[Vec<u8>], may_follow: impl Fn(usize, u8) -> bool) -> Self {
        let mut entries = Vec::with_capacity(literals.len());
        let mut short = Vec::new();
        for (index, literal) in literals.iter().enumerate().filter(|(_, l)| l.len() >= SHORTEST) {
            let literal_index = u32::try_from(index).expect("fewer than four billion literals");
            if literal.len() >= 4 {
                let most = AHEAD.max(literal.len().saturating_sub(BACK));
                let offset = rarest(literal, literal.len().saturating_sub(BACK)..=most);
                let four = literal[offset..offset + 4].try_into().expect("four bytes");
                let gram = u32::from_le_bytes(four) | FOLD;
                let offset = u32::try_from(offset).expect("a literal is short");
                entries.push(Entry { gram, literal: literal_index, offset });
            } else {
                // Three bytes: every byte that can follow, folded, makes a gram of its own.
                short.push(index);
                let follows = |folded: u8| may_follow(index, folded) || may_follow(index, folded & !0x20);
                for next in (0..=u8::MAX).filter(|b| b & 0x20 != 0 && follows(*b)) {
                    let gram = u32::from_le_bytes([literal[0], literal[1], literal[2], next]) | FOLD;
                    entries.push(Entry { gram, literal: literal_index, offset: 0 });
                }
            }
        }
        entries.sort_by_key(|e| hash(e.gram));
        let mut threes = Box::new([0u64; WORDS]);
        let mut fours = Box::new([0u64; WORDS]);
        let mut starts = vec![0u32; BUCKETS + 1];
        for entry in &entries {
            for three in [entry.gram, entry.gram >> 8].map(hash_three) {
                threes[(three >> 6) as usize] |= 1 << (three & 63);
            }
            let hash = hash(entry.gram);
            fours[(hash >> 6) as usize] |= 1 << (hash & 63);
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
        Self { threes, fours, starts, entries, literals, short, reach }
    }

    /// Calls `found(literal, offset)` for every place of `bytes` at which a literal stands, compared
    /// without ASCII case; for one literal in rising order of offsets.
    pub fn each(&self, bytes: &[u8], found: impl FnMut(usize, usize)) {
        self.each_in(bytes, once(0..bytes.len()), found);
    }

    /// Returns how far round a place [`Self::each_in`] must look for every literal that crosses it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }

    /// The same as [`Self::each`] for literals whose four bytes begin in one of `ranges`.
    pub fn each_in(
        &self,
        bytes: &[u8],
        ranges: impl IntoIterator<Item = Range<usize>>,
        mut found: impl FnMut(usize, usize),
    ) {
        let mut worth = [(0u16, 0u8); STRETCH];
        for range in ranges {
            self.each_in_one(bytes, range, &mut worth, &mut found);
        }
    }

    /// The same for one range; `worth` is room for the blocks that are worth more.
    #[inline]
    fn each_in_one(
        &self,
        bytes: &[u8],
        range: Range<usize>,
        worth: &mut [(u16, u8); STRETCH],
        found: &mut impl FnMut(usize, usize),
    ) {
        let end = bytes.len().min(range.end);
        let mut at = range.start.min(end);
        while at < end && bytes.len() - at >= BLOCK + BEHIND {
            // The last block may begin before the range's end and end behind it.
            let blocks = (end - at).div_ceil(BLOCK).min(STRETCH);
            let stretch = &bytes[at..bytes.len().min(at + blocks * BLOCK + BEHIND)];
            let (mut seen, mut count) = (0u16, 0);
            for block in stretch.windows(BLOCK + BEHIND).step_by(BLOCK) {
                let places = self.places_of_threes(block);
                // Without a branch: the next one takes the place of one that is worth nothing.
                worth[count % STRETCH] = (seen, places);
                count += usize::from(places != 0);
                seen += BLOCK as u16;
            }
            for &(block, mut places) in &worth[..count] {
                while places != 0 {
                    let even = at + usize::from(block) + 2 * places.trailing_zeros() as usize;
                    places &= places - 1;
                    // The three at the odd place ends the one four and begins the other.
                    for at in [even, even + 1] {
                        if self.has_four(load_four(bytes, at)) && at < end {
                            self.compare(bytes, at, found);
                        }
                    }
                }
            }
            at += usize::from(seen);
        }
        // What the text ends with.
        while at < end && bytes.len() - at >= 4 {
            if self.has_four(load_four(bytes, at)) {
                self.compare(bytes, at, found);
            }
            at += 1;
        }
        if let Some(at) = bytes.len().checked_sub(SHORTEST).filter(|at| range.contains(at)) {
            for literal in &self.short {
                if bytes[at..].eq_ignore_ascii_case(&self.literals[*literal]) {
                    found(*literal, at);
                }
            }
        }
    }

    /// Returns a bit for each odd place of a block at which three bytes stand that may be a literal's.
    #[inline]
    fn places_of_threes(&self, block: &[u8]) -> u8 {
        let eight_at = |at| load_eight(block, at);
        let (low, high) = (eight_at(1), eight_at(BEHIND));
        let threes = [low as u32, (low >> 16) as u32, (low >> 32) as u32, (high >> 32) as u32];
        let [a, b, c, d] =
            threes.map(hash_three).map(|hash| (self.threes[(hash >> 6) as usize] >> (hash & 63)) as u8 & 1);
        a | b << 1 | c << 2 | d << 3
    }

    #[inline]
    fn has_four(&self, gram: u32) -> bool {
        let hash = hash(gram);
        self.fours[(hash >> 6) as usize] >> (hash & 63) & 1 != 0
    }

    /// Compares the literals whose four may begin at `at`.
    #[inline]
    fn compare(&self, bytes: &[u8], at: usize, found: &mut impl FnMut(usize, usize)) {
        let gram = load_four(bytes, at);
        let bucket = bucket(hash(gram));
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

#[inline]
fn load_four(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().expect("four bytes")) | FOLD
}

#[inline]
fn load_eight(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*bytes[at..].first_chunk().expect("eight bytes")) | FOLD_EIGHT
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(FACTOR) >> (32 - BITS)
}

/// The hash of the first three bytes: the fourth is shifted out.
fn hash_three(gram: u32) -> u32 {
    gram.wrapping_mul(FACTOR << 8) >> (32 - BITS)
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
        LiteralStage::new(literals, |_, _| true).each(bytes, |literal, at| all.push((literal, at)));
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

    #[test]
    fn a_literal_is_found_at_every_place_and_in_every_part() {
        let literals =
            [b"zq-".to_vec(), b"zq_j".to_vec(), b"secretkey".to_vec(), b"----------begin-".to_vec()];
        let stage = LiteralStage::new(&literals, |_, _| true);
        let reach = stage.reach();
        for (number, literal) in literals.iter().enumerate() {
            for at in 0..=2 * STRETCH * BLOCK {
                let mut bytes = vec![b'x'; 2 * STRETCH * BLOCK + literal.len()];
                bytes[at..at + literal.len()].copy_from_slice(literal);
                assert_eq!(ours(&literals, &bytes), [(number, at)]);
                // A part that the literal crosses the start of, then one that it crosses the end of.
                let (inside, mut times) = (at + 1, 0);
                stage.each_in(
                    &bytes,
                    once(inside.saturating_sub(reach.back)..inside + reach.ahead),
                    |_, _| {
                        times += 1;
                    },
                );
                assert_eq!(times, 1);
                stage.each_in(&bytes, once(0..inside), |_, _| times += 1);
                stage.each_in(&bytes, once(inside..bytes.len()), |_, _| times += 1);
                assert_eq!(times, 2);
            }
        }
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
            let stage = LiteralStage::new(&literals, |_, _| true);
            let cut = cut.min(bytes.len());
            let mut all = Vec::new();
            stage.each_in(&bytes, once(0..cut), |literal, at| all.push((literal, at)));
            stage.each_in(&bytes, once(cut..bytes.len()), |literal, at| all.push((literal, at)));
            all.sort_unstable();
            prop_assert_eq!(&all, &ours(&literals, &bytes));
            // Round any place: what crosses it.
            let reach = stage.reach();
            let mut near = Vec::new();
            stage.each_in(&bytes, once(cut.saturating_sub(reach.back)..cut + reach.ahead), |literal, at| near.push((literal, at)));
            for (literal, at) in all {
                let crosses = at < cut && at + literals[literal].len() > cut;
                prop_assert!(!crosses || near.contains(&(literal, at)));
            }
        }
    }
}
