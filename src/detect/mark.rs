//! Marks on a line that let a hit be: ours and those of other scanners.
//!
//! A mark stands as a word of its own outside the secret; whether it is in a comment is not asked, for
//! nobody can tell in every language, and a shell command inside a YAML string has its comment there.
//! It is looked for around hits only, at most 16 KiB away on each line it may stand on.
//! A block (`secretlint-disable`) reaches at most 64 KiB, within the piece that is looked at: a piece
//! of a stream holds as much before the first secret it owns, so that a seam makes no difference.
//!
//! - `card`: the table of marks, and whose are heeded
//! - `word`: how one is read

mod card;
mod word;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::text::shown;
use crate::model::{RuleCard, Suppression};
use card::CARDS;
pub use card::{MarkCard, Marks, Placement, marks};

/// How far from a secret a mark on its own or a neighbouring line may stand, in bytes.
const LINE_REACH: usize = 16 << 10;
/// How far before a secret a block may begin, in bytes; the two before a mark tell whether it is a word.
const BLOCK_REACH: usize = (64 << 10) - 2;
/// The most marks that are asked for one secret, on each of its sides.
const MOST_ASKED: usize = 16;
/// The most edges of blocks that are asked.
const MOST_EDGES: usize = 64;
/// How much of a line behind a mark is read, and how far before one a comment may begin, in bytes.
const READ: usize = 1 << 10;
/// The longest spelling, less one: as much of a mark may stand before the point a search goes on from.
const OVERLAP: usize = 32;

static SPELLINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(CARDS.iter().map(|c| c.spelling))
        .expect("a few short literals")
});

/// The marks of one text, found as far as they are asked for; each byte is read about once.
pub(super) struct MarksIn<'a> {
    bytes: &'a [u8],
    heeded: Marks,
    /// What was searched, and every heeded mark in it, rising.
    searched: Range<usize>,
    seen: Vec<Seen>,
}

struct Seen {
    at: Range<usize>,
    /// Its place in the table.
    card: usize,
}

/// The lines a secret stands on and those around them, each cut at [`LINE_REACH`].
struct Lines {
    before: Range<usize>,
    first: Range<usize>,
    last: Range<usize>,
    /// The lines before and behind, and one more where those hold a string's quotes.
    around: [Range<usize>; 2],
}

impl<'a> MarksIn<'a> {
    /// Begins; nothing is read yet.
    pub(super) fn new(bytes: &'a [u8], heeded: Marks) -> Self {
        Self { bytes, heeded, searched: 0..0, seen: Vec::new() }
    }

    /// Returns what a mark says about a secret that `rule` found as part of `whole`; `spans` are all
    /// secrets, rising, none of which may show in a reason.
    pub(super) fn about(
        &mut self,
        rule: &RuleCard,
        secret: &Range<usize>,
        whole: &Range<usize>,
        spans: &[Range<usize>],
    ) -> Option<Suppression> {
        if self.heeded == Marks::NONE {
            return None;
        }
        let whole = self.trimmed(secret, whole);
        let from = whole.start.saturating_sub(3 * LINE_REACH).min(secret.start.saturating_sub(BLOCK_REACH));
        self.search(from..self.bytes.len().min(whole.end + 3 * LINE_REACH));
        if self.seen.is_empty() {
            return None;
        }
        let lines = self.lines(&whole);
        let [before, behind] = &lines.around;
        let left = self.within(before.start..secret.start).rev().take(MOST_ASKED);
        let right = self.within(secret.end..behind.end).take(MOST_ASKED);
        let (card, rest) = left
            .chain(right)
            .filter_map(|s| self.on_a_line(s, &lines, rule))
            .min_by_key(|(card, _)| *card)
            .or_else(|| self.block(secret.start, rule))?;
        let reason = word::reason(self.without_secrets(rest, spans));
        Some(Suppression {
            kind: "inline",
            owner: None,
            by: CARDS[card].spelling.into(),
            reason: (!reason.is_empty()).then(|| shown(reason)),
        })
    }

    /// Searches a range; as ranges rise, what was searched is not searched again.
    fn search(&mut self, range: Range<usize>) {
        if range.start < self.searched.start || range.start > self.searched.end || self.searched.is_empty() {
            self.seen.clear();
            self.searched = range.start..range.start;
        }
        if range.end <= self.searched.end {
            return;
        }
        let from = self.searched.end.saturating_sub(OVERLAP).max(self.searched.start);
        let from = self.seen.last().map_or(from, |s| from.max(s.at.end));
        for found in SPELLINGS.find_iter(&self.bytes[from..range.end]) {
            let at = from + found.start()..from + found.end();
            let card = &CARDS[found.pattern().as_usize()];
            if self.heeded.heeds(card.tool) && word::stands(self.bytes, &at, card.placement) {
                self.seen.push(Seen { at, card: found.pattern().as_usize() });
            }
        }
        self.searched.end = range.end;
    }

    /// Lists the marks inside a range.
    fn within(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = &Seen> {
        let from = self.seen.partition_point(|s| s.at.start < range.start);
        let to = self.seen.partition_point(|s| s.at.end <= range.end);
        self.seen[from..to.max(from)].iter()
    }

    /// Tells whether a mark on a line near the secret counts: its card, and where what it says goes on.
    fn on_a_line(&self, seen: &Seen, lines: &Lines, rule: &RuleCard) -> Option<(usize, usize)> {
        let is_on = |line: &Range<usize>| line.start <= seen.at.start && seen.at.end <= line.end;
        let is_own = is_on(&lines.first) || is_on(&lines.last);
        let is_alone = || {
            let before = &self.bytes[lines.before.start..seen.at.start];
            before.len() <= READ && word::is_alone(before)
        };
        let counts = match CARDS[seen.card].placement {
            Placement::OwnLine => is_own,
            Placement::Around => is_own || lines.first != lines.last && lines.around.iter().any(is_on),
            Placement::FirstOrBefore => is_on(&lines.first) || is_on(&lines.before) && is_alone(),
            Placement::LineBefore => is_on(&lines.before),
            Placement::BlockStart | Placement::BlockEnd => false,
        };
        if counts { self.speaks(seen, rule) } else { None }
    }

    /// Returns the block that is open at a place, if it speaks of the secrets that `rule` finds.
    fn block(&self, at: usize, rule: &RuleCard) -> Option<(usize, usize)> {
        let before = self.within(at.saturating_sub(BLOCK_REACH)..at).rev();
        let is_edge =
            |s: &&Seen| matches!(CARDS[s.card].placement, Placement::BlockStart | Placement::BlockEnd);
        let (seen, said) = before
            .filter(is_edge)
            .take(MOST_EDGES)
            .find_map(|seen| self.speaks(seen, rule).map(|said| (seen, said)))?;
        (CARDS[seen.card].placement == Placement::BlockStart).then_some(said)
    }

    /// Tells whether a mark speaks of the secrets that `rule` finds: its card, and where what it says
    /// behind the rules it names goes on.
    fn speaks(&self, seen: &Seen, rule: &RuleCard) -> Option<(usize, usize)> {
        let tool = CARDS[seen.card].tool;
        if !matches!(tool, "semgrep" | "secretlint") {
            return Some((seen.card, seen.at.end));
        }
        let rest = self.rest(seen.at.end);
        let (speaks, more) =
            if tool == "semgrep" { word::semgrep(rest) } else { word::secretlint(rest, rule) };
        speaks.then_some((seen.card, seen.at.end + rest.len() - more.len()))
    }

    /// Returns the rest of a line up to the next secret.
    fn without_secrets(&self, from: usize, spans: &[Range<usize>]) -> &'a [u8] {
        let next = spans.get(spans.partition_point(|s| s.end <= from)).map_or(usize::MAX, |s| s.start);
        let rest = self.rest(from);
        &rest[..rest.len().min(next.saturating_sub(from))]
    }

    /// Returns the rest of a line, as far as is read.
    fn rest(&self, from: usize) -> &'a [u8] {
        let rest = &self.bytes[from..self.bytes.len().min(from + READ)];
        &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
    }

    fn lines(&self, whole: &Range<usize>) -> Lines {
        let last = self.line_start(whole.end)..self.line_end(whole.end);
        let is_one = last.start <= whole.start;
        let first = self.line_start(whole.start)..if is_one { last.end } else { self.line_end(whole.start) };
        let last = if is_one { first.clone() } else { last };
        let (before, behind) = (self.line_before(&first), self.line_behind(&last));
        let holds_quotes = |line: &Range<usize>| word::holds_quotes(&self.bytes[line.clone()]);
        let from = if holds_quotes(&before) { self.line_before(&before).start } else { before.start };
        let to = if holds_quotes(&behind) { self.line_behind(&behind).end } else { behind.end };
        let around = [from..before.end, behind.start..to];
        Lines { before, first, last, around }
    }

    /// Returns the line before one; empty: there is none, or it is too far to tell.
    fn line_before(&self, line: &Range<usize>) -> Range<usize> {
        match line.start.checked_sub(1).filter(|at| self.bytes[*at] == b'\n') {
            Some(end) => self.line_start(end)..end,
            None => line.start..line.start,
        }
    }

    fn line_behind(&self, line: &Range<usize>) -> Range<usize> {
        match self.bytes.get(line.end) {
            Some(b'\n') => line.end + 1..self.line_end(line.end + 1),
            _ => line.end..line.end,
        }
    }

    /// Where the line begins that `at` is on, or how far is looked.
    fn line_start(&self, at: usize) -> usize {
        let from = at.saturating_sub(LINE_REACH);
        memchr::memrchr(b'\n', &self.bytes[from..at]).map_or(from, |newline| from + newline + 1)
    }

    /// Where the line ends that `at` is on, or how far is looked.
    fn line_end(&self, at: usize) -> usize {
        let to = self.bytes.len().min(at + LINE_REACH);
        memchr::memchr(b'\n', &self.bytes[at..to]).map_or(to, |newline| at + newline)
    }

    /// A match without the space around it: an expression may ask for the line break behind a secret.
    fn trimmed(&self, secret: &Range<usize>, whole: &Range<usize>) -> Range<usize> {
        let is_space = |b: &u8| b.is_ascii_whitespace();
        let front = whole.start.min(secret.start)..secret.start;
        let back = secret.end..whole.end.max(secret.end);
        let skipped = self.bytes[front.clone()].iter().take_while(|b| is_space(b)).count();
        let dropped = self.bytes[back.clone()].iter().rev().take_while(|b| is_space(b)).count();
        front.start + skipped..back.end - dropped
    }
}

#[cfg(test)]
mod tests;
