//! Which bytes can stand beside a part of an expression: one look at a neighbour turns away most places
//! where a literal stands by chance.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// At what a match begins with.
    First,
    /// At what it ends in.
    Last,
}

/// The bytes that can stand next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// A bit for each byte.
    pub(super) bytes: [u64; 4],
    /// Whether the expression may be over here: then anything can stand next, or nothing.
    pub(super) open: bool,
}

impl Default for Edge {
    /// The end of an expression.
    fn default() -> Self {
        Self { bytes: [0; 4], open: true }
    }
}

impl Edge {
    /// Tells whether this byte, or the end of the text, can stand next.
    #[must_use]
    pub fn lets(&self, byte: Option<u8>) -> bool {
        self.open || byte.is_some_and(|b| self.bytes[usize::from(b >> 6)] >> (b & 63) & 1 == 1)
    }

    /// What parts in a row begin with, or end in.
    pub(super) fn of(parts: &[Hir], side: Side) -> Self {
        Self::default().then_all(parts, side)
    }

    /// What stands next if these parts follow.
    pub(super) fn then_all(self, parts: &[Hir], side: Side) -> Self {
        match side {
            Side::First => parts.iter().fold(self, |edge, part| edge.then(part, side)),
            Side::Last => parts.iter().rev().fold(self, |edge, part| edge.then(part, side)),
        }
    }

    /// What stands next if this part follows.
    pub(super) fn then(self, part: &Hir, side: Side) -> Self {
        if !self.open {
            return self;
        }
        let part = Self::of_one(part, side);
        Self { open: part.open, ..self.or(&part) }
    }

    /// What stands next where either may.
    pub(super) fn or(self, other: &Self) -> Self {
        let bytes = std::array::from_fn(|at| self.bytes[at] | other.bytes[at]);
        Self { bytes, open: self.open || other.open }
    }

    /// The same, open or not.
    pub(super) fn opened(self, open: bool) -> Self {
        Self { open: self.open || open, ..self }
    }

    fn of_one(hir: &Hir, side: Side) -> Self {
        let mut edge = Self { bytes: [0; 4], open: false };
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => edge.open = true,
            HirKind::Literal(literal) => {
                let byte = if side == Side::First { literal.0.first() } else { literal.0.last() };
                byte.into_iter().for_each(|b| edge.add(*b..=*b));
            }
            HirKind::Class(Class::Bytes(class)) => {
                class.ranges().iter().for_each(|r| edge.add(r.start()..=r.end()));
            }
            HirKind::Class(Class::Unicode(class)) => {
                for range in class.ranges() {
                    // Of a character outside ASCII every byte counts.
                    let byte = |c: char| u8::try_from(c).ok().filter(u8::is_ascii);
                    match (byte(range.start()), byte(range.end())) {
                        (Some(start), Some(end)) => edge.add(start..=end),
                        (Some(start), None) => edge.add(start..=u8::MAX),
                        (None, _) => edge.add(0x80..=u8::MAX),
                    }
                }
            }
            HirKind::Repetition(rep) => {
                edge = Self::of_one(&rep.sub, side).opened(rep.min == 0);
            }
            HirKind::Capture(capture) => edge = Self::of_one(&capture.sub, side),
            HirKind::Concat(parts) => edge = Self::of(parts, side),
            HirKind::Alternation(parts) => {
                edge = parts.iter().map(|part| Self::of_one(part, side)).fold(edge, |all, one| all.or(&one));
            }
        }
        edge
    }

    fn add(&mut self, range: std::ops::RangeInclusive<u8>) {
        range.for_each(|b| self.bytes[usize::from(b >> 6)] |= 1 << (b & 63));
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::literal::anchors;

    /// Of the given bytes those that can stand behind the anchor.
    fn next(expression: &str, bytes: &str) -> String {
        let edge = anchors(expression).unwrap().next;
        bytes.chars().filter(|c| edge.lets(u8::try_from(*c).ok())).collect()
    }

    fn prev(expression: &str, bytes: &str) -> String {
        let edge = anchors(expression).unwrap().prev;
        bytes.chars().filter(|c| edge.lets(u8::try_from(*c).ok())).collect()
    }

    #[test]
    fn what_follows_is_known() {
        assert_eq!(next(r"zqxj[0-9]+", "a1_"), "1");
        assert_eq!(next(r"zqxj(?:\s[^\n]*)?=", "a =\n"), " =\n");
        assert_eq!(next(r"zqxj\b=?[ab]", "ab=c"), "ab=");
        assert_eq!(next(r"(?:(?:zqxj|jjqx)|kkqq-?)[0-9]", "1-a"), "1-");
    }

    #[test]
    fn what_stands_before_is_known() {
        assert_eq!(prev(r"[ab]{1,3}\d?zqxj", "ab1c"), "ab1");
        assert_eq!(prev(r"(?:x|(?:y)?)+-*zqxjv", "xy-a"), "xy-a");
    }

    #[test]
    fn where_a_match_may_end_anything_can_stand() {
        assert!(anchors(r"zqxj[0-9]*").unwrap().next.lets(None));
        assert!(!anchors(r"zqxj[0-9]").unwrap().next.lets(None));
        assert!(anchors(r"(?:zqxj)+").unwrap().next.lets(Some(b'!')));
    }
}
