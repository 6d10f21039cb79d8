//! Places where a literal stands, and what of them is known from the text this one was made from.
//!
//! A text that was made from another by copying and inserting is searched at the inserted bytes and
//! the seams only. What was found inside a copy stands there still, and a place at which nothing came
//! of a literal stays quiet, on one condition: **everything that was looked at to say so lies inside
//! one copy**. Where the look went past the text's start or end, that edge has to be the same.

use std::ops::Range;

use super::literal_stage::LiteralStage;
use crate::model::Copied;

/// How many spots of a text are kept for those made from it: a few, and some more for each byte.
const MOST: usize = 1024;
const BYTES_PER_SPOT: usize = 32;
/// Bytes round a literal that say whether it is worth a look.
const BESIDE: i64 = 1;

/// A place where a literal of the stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Where it begins.
    pub(super) at: u32,
    /// The literal's number.
    pub(super) literal: u32,
    /// How far the look went, in bytes before and behind `at`.
    before: u32,
    after: u32,
    /// Whether something came of it, or nobody has looked yet.
    pub(super) is_live: bool,
}

impl Spot {
    /// Begins to look: nothing was seen yet but the literal and its neighbours.
    pub(super) fn begin(&mut self, length: usize) {
        let after = u32::try_from(length as i64 + BESIDE).unwrap_or(u32::MAX);
        (self.before, self.after, self.is_live) = (BESIDE as u32, after, false);
    }

    /// Notes that bytes from `from` up to `to` were looked at, which may lie past the text's edges.
    pub(super) fn looked_at(&mut self, from: i64, to: i64) {
        let at = i64::from(self.at);
        self.before = self.before.max(u32::try_from(at - from).unwrap_or(0));
        self.after = self.after.max(u32::try_from(to - at).unwrap_or(0));
    }
}

/// What is kept of a text for those made from it.
pub(super) struct Memory {
    spots: Vec<Spot>,
    length: usize,
}

impl Memory {
    /// Keeps the spots of a text of `length` bytes, in their order, if they are not too many.
    pub(super) fn of(spots: Vec<Spot>, length: usize) -> Option<Self> {
        (spots.len() <= MOST + length / BYTES_PER_SPOT).then_some(Self { spots, length })
    }
}

/// Finds every spot of a text anew, in rising order; `keeps` says whether one is worth it, from the
/// literal and the bytes beside it.
pub(super) fn all(stage: &LiteralStage, bytes: &[u8], keeps: &dyn Fn(usize, usize) -> bool) -> Vec<Spot> {
    let mut spots = Vec::new();
    stage.each(bytes, |literal, at| spots.extend(keeps(literal, at).then(|| spot(literal, at))));
    spots.sort_unstable_by_key(|s| (s.at, s.literal));
    spots
}

/// The same for a text that was made from another one, which `memory` is of.
pub(super) fn inherited(
    stage: &LiteralStage,
    bytes: &[u8],
    keeps: &dyn Fn(usize, usize) -> bool,
    (memory, copies): (&Memory, &[Copied]),
    length_of: &dyn Fn(u32) -> usize,
) -> Vec<Spot> {
    let mut spots = Vec::with_capacity(memory.spots.len() + ROOM);
    let mut first = 0;
    for copy in copies {
        let bounds = Bounds::of(copy, memory.length, bytes.len());
        first = first_from(&memory.spots, first, copy.from);
        let shift = copy.to as i64 - copy.from as i64;
        let inside = |s: &&Spot| (s.at as usize) < copy.from + copy.length;
        for old in memory.spots[first..].iter().take_while(inside) {
            first += 1;
            let at = i64::from(old.at);
            // Whatever was looked at holds the literal and its neighbours.
            let holds_look = bounds.hold(at - i64::from(old.before), at + i64::from(old.after));
            let holds_literal = || bounds.hold(at - BESIDE, at + length_of(old.literal) as i64 + BESIDE);
            if holds_look || holds_literal() {
                let is_live = old.is_live || !holds_look;
                let at = u32::try_from(at + shift).expect("a copy lies inside its text");
                spots.push(Spot { at, is_live, ..*old });
            }
        }
    }
    let is_known = |at: usize, end: usize| {
        let behind = copies.partition_point(|c| c.to <= at);
        behind.checked_sub(1).is_some_and(|i| {
            let copy = &copies[i];
            let shift = copy.from as i64 - copy.to as i64;
            let bounds = Bounds::of(copy, memory.length, bytes.len());
            bounds.hold(at as i64 + shift - BESIDE, end as i64 + shift + BESIDE)
        })
    };
    let inherited = spots.len();
    stage.each_in(bytes, seams(stage, bytes.len(), copies, memory.length), |literal, at| {
        let length = length_of(u32::try_from(literal).expect("literals are few"));
        if !is_known(at, at + length) && keeps(literal, at) {
            spots.push(spot(literal, at));
        }
    });
    // Copies are in the order of the text: nothing to sort where nothing is new.
    if spots.len() > inherited {
        spots.sort_by_key(|s| (s.at, s.literal));
    }
    spots
}

/// Room for the spots of what was inserted.
const ROOM: usize = 16;

/// Returns the number of the first spot from an offset on. Copies nearly always rise in their base, so
/// it is looked for from the last one on.
fn first_from(spots: &[Spot], last: usize, offset: usize) -> usize {
    let is_before = |spot: &Spot| (spot.at as usize) < offset;
    if last > 0 && !is_before(&spots[last - 1]) {
        return spots.partition_point(is_before);
    }
    let mut first = last;
    while let Some(spot) = spots.get(first) {
        if !is_before(spot) {
            break;
        }
        first += 1;
        if first == last + FEW {
            return first + spots[first..].partition_point(is_before);
        }
    }
    first
}

/// How many spots are stepped over one by one.
const FEW: usize = 8;

fn spot(literal: usize, at: usize) -> Spot {
    Spot {
        at: u32::try_from(at).expect("a text is shorter than four billion bytes"),
        literal: u32::try_from(literal).expect("literals are few"),
        before: 0,
        after: 0,
        is_live: true,
    }
}

/// The bytes of the base that a look may have seen for its outcome to be the same behind a copy.
struct Bounds {
    from: i64,
    to: i64,
}

impl Bounds {
    fn of(copy: &Copied, base: usize, text: usize) -> Self {
        let end = copy.from + copy.length;
        let is_start = copy.from == 0 && copy.to == 0;
        let is_end = end == base && copy.to + copy.length == text;
        Self {
            from: if is_start { i64::MIN } else { copy.from as i64 },
            to: if is_end { i64::MAX } else { end as i64 },
        }
    }

    fn hold(&self, from: i64, to: i64) -> bool {
        from >= self.from && to <= self.to
    }
}

/// Where literals begin that do not lie well inside one copy: ranges that rise and are apart.
fn seams(stage: &LiteralStage, length: usize, copies: &[Copied], base: usize) -> Vec<Range<usize>> {
    let reach = stage.reach();
    let beside = BESIDE as usize;
    let mut ranges: Vec<Range<usize>> = Vec::with_capacity(copies.len() + 1);
    let mut add = |gap: Range<usize>| {
        let start = gap.start.saturating_sub(reach.back + beside);
        let end = length.min(gap.end + reach.ahead + beside + 1);
        match ranges.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => ranges.push(start..end),
        }
    };
    let mut at = 0;
    for copy in copies {
        if !(at == 0 && copy.to == 0 && copy.from == 0) {
            add(at..copy.to);
        }
        at = copy.to + copy.length;
    }
    let ends_alike = copies.last().is_some_and(|c| c.from + c.length == base);
    if !(at == length && ends_alike) {
        add(at..length);
    }
    ranges
}
