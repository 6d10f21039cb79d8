//! One stream: what is held, what goes out.

use std::ops::Range;

use super::coding::Coding;
use super::key_block::{self, Block, State};
use super::late::Open;
use super::{Mask, Redaction};
use crate::model::{Extent, Hit, Path, Severity};

/// How many bytes are looked at together at the most, and the longest line that is waited for.
const STEP: usize = 1 << 20;
/// How much of a longer line waits for what follows: more than the widest match.
const MARGIN: usize = 64 << 10;
/// How much of what went out is looked at again, for what it says about what follows.
const BEFORE: usize = 64 << 10;

/// A stream on its way through.
///
/// What is fed goes out in the same order, as soon as no secret can begin in it and end later: lines
/// that are complete, but for those from which on a match is open.
pub struct Stream<'r> {
    redaction: &'r Redaction,
    path: Option<Path>,
    coding: Coding,
    /// Text that went out, as far as it matters, then text that did not.
    text: Vec<u8>,
    /// Where in `text` that begins which has not gone out.
    from: usize,
    /// Whether what went out last is the inside of a key longer than any that is waited for.
    in_key: bool,
    masked: u64,
    broken_off: u64,
}

/// A part of the text that goes out masked.
struct Hidden {
    span: Range<usize>,
    mask: String,
    /// Whether it is hidden without its end having been seen.
    is_cut: bool,
}

impl<'r> Stream<'r> {
    pub(super) fn new(redaction: &'r Redaction, path: Option<Path>) -> Self {
        let (coding, text) = (Coding::default(), Vec::new());
        Self { redaction, path, coding, text, from: 0, in_key: false, masked: 0, broken_off: 0 }
    }

    /// Takes bytes; hands on what can go once enough has come together.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for part in bytes.chunks(STEP) {
            self.coding.take(part, false, &mut self.text, out);
            if self.text.len() - self.from >= STEP {
                self.settle(false, out);
            }
        }
    }

    /// Hands on everything that can go: nothing more is waiting to be fed.
    pub fn idle(&mut self, out: &mut Vec<u8>) {
        self.settle(false, out);
    }

    /// Hands on the rest: the stream is over. What could have become a secret is masked.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.coding.take(&[], true, &mut self.text, out);
        self.settle(true, out);
        self.coding.end(out);
    }

    /// Returns how many secrets were masked.
    #[must_use]
    pub fn masked(&self) -> u64 {
        self.masked
    }

    /// Returns how many keys were masked though their end never came, or came too late.
    #[must_use]
    pub fn broken_off(&self) -> u64 {
        self.broken_off
    }

    fn settle(&mut self, is_last: bool, out: &mut Vec<u8>) {
        let held = self.text.len() - self.from;
        let line_end =
            memchr::memrchr(b'\n', &self.text[self.from..]).map_or(self.from, |at| self.from + at + 1);
        if held == 0 || (!is_last && line_end == self.from && held <= STEP) {
            return;
        }
        let blocks = key_block::blocks(&self.text, self.in_key.then_some(self.from));
        let open = self.redaction.late.open(&self.text);
        let to = if is_last { self.text.len() } else { self.safe(line_end, &blocks, &open) };
        if to <= self.from {
            return;
        }
        let hidden = self.hidden(&blocks, &open, is_last);
        let to = self.past_no_secret(to, &hidden);
        if to <= self.from {
            return;
        }
        // A key that went on to the last byte that goes out goes on behind it.
        self.in_key = blocks.iter().any(|b| b.state == State::Open && b.has_body && b.span.start < to);
        self.hand_on(to, hidden, out);
        let gone = self.from.saturating_sub(BEFORE);
        self.text.drain(..gone);
        self.from -= gone;
    }

    /// How far text can go out without one of its secrets ending later.
    fn safe(&self, line_end: usize, blocks: &[Block], open: &[Open<'_>]) -> usize {
        let n = self.text.len();
        let is_long = n - line_end.max(self.from) > STEP - MARGIN;
        let mut to = if is_long { n - MARGIN } else { line_end };
        let waiting = |b: &&Block| b.state == State::Open && n - b.span.start <= key_block::LONGEST;
        let keys = blocks.iter().filter(waiting).map(|b| b.span.start);
        for start in keys.chain(open.iter().filter(|o| !o.is_overlong).map(|o| o.start)) {
            to = to.min(self.line_start(start));
        }
        to
    }

    /// Everything in the text that goes out masked, in rising order and apart.
    fn hidden(&self, blocks: &[Block], open: &[Open<'_>], is_last: bool) -> Vec<Hidden> {
        let n = self.text.len();
        let Redaction { detector, least, .. } = self.redaction;
        let counts = |hit: &Hit| {
            hit.rule.severity > Severity::Info
                && hit.confidence >= *least
                && detector.holds_at(hit, self.path.as_ref(), None)
        };
        let mut hidden: Vec<Hidden> = Vec::new();
        for hit in detector.detect(&self.text, &Extent::whole(n)).into_iter().filter(counts) {
            let mut span = hit.span.clone();
            let broken = |b: &&Block| b.state == State::BrokenOff && b.span.start == span.start;
            if let Some(block) = blocks.iter().find(broken) {
                span.end = span.end.min(block.span.end);
            }
            hidden.push(Hidden { span, mask: self.mask(&hit.rule.id, &hit.masked), is_cut: false });
        }
        for block in blocks.iter().filter(|b| b.state != State::Closed && b.has_body) {
            let waits = block.state == State::Open && n - block.span.start <= key_block::LONGEST;
            if !waits || is_last {
                let end = if is_last && block.state == State::Open { n } else { block.span.end };
                let mask = self.mask("private-key", "****");
                hidden.push(Hidden { span: block.span.start..end, mask, is_cut: true });
            }
        }
        // The inside of a key whose first line is long gone.
        if let (true, Some(block)) = (self.in_key, blocks.first().filter(|b| b.state == State::Closed)) {
            let mask = self.mask("private-key", "****");
            hidden.push(Hidden { span: block.span.clone(), mask, is_cut: true });
        }
        for cut in open.iter().filter(|o| o.is_cut && (is_last || o.is_overlong)) {
            hidden.push(Hidden { span: cut.start..n, mask: self.mask(cut.rule, "****"), is_cut: true });
        }
        for one in &mut hidden {
            one.span = self.coding.whole(&self.text, one.span.start, false)
                ..self.coding.whole(&self.text, one.span.end, true);
        }
        apart(hidden)
    }

    /// Moves the end of what goes out off the inside of a secret: to before its line, or behind it where
    /// that line is too long to wait for.
    fn past_no_secret(&self, mut to: usize, hidden: &[Hidden]) -> usize {
        while let Some(one) = hidden.iter().find(|h| h.span.start < to && to < h.span.end) {
            if self.text.len() - one.span.start >= MARGIN {
                return one.span.end;
            }
            to = self.line_start(one.span.start);
        }
        to
    }

    fn hand_on(&mut self, to: usize, hidden: Vec<Hidden>, out: &mut Vec<u8>) {
        let mut at = self.from;
        for Hidden { span, mask, is_cut } in hidden {
            let span = span.start.max(at)..span.end.min(to);
            if span.is_empty() {
                continue;
            }
            self.coding.copy(&self.text[at..span.start], out);
            self.coding.replace(&self.text[span.clone()], &mask, out);
            self.masked += 1;
            self.broken_off += u64::from(is_cut);
            at = span.end;
        }
        self.coding.copy(&self.text[at..to], out);
        self.from = to;
    }

    fn mask(&self, rule: &str, masked: &str) -> String {
        match &self.redaction.mask {
            Mask::Label => format!("[REDACTED:{rule}]"),
            Mask::Partial => masked.to_owned(),
            Mask::Text(text) => text.clone(),
        }
    }

    /// Where the line of an offset begins, as far as it has not gone out.
    fn line_start(&self, at: usize) -> usize {
        let at = at.max(self.from);
        memchr::memrchr(b'\n', &self.text[self.from..at]).map_or(self.from, |newline| self.from + newline + 1)
    }
}

/// Sorts by place and joins what overlaps; the first one's mask stands for both.
fn apart(mut hidden: Vec<Hidden>) -> Vec<Hidden> {
    hidden.sort_by_key(|h| (h.span.start, std::cmp::Reverse(h.span.end)));
    let mut joined: Vec<Hidden> = Vec::with_capacity(hidden.len());
    for one in hidden {
        match joined.last_mut().filter(|last| one.span.start < last.span.end) {
            Some(last) => last.span.end = last.span.end.max(one.span.end),
            None => joined.push(one),
        }
    }
    joined
}
