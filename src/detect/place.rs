//! Where a hit stands in its text: line, column, the line without secrets, and marks on it.

use std::ops::Range;

use super::mark::{Marks, MarksIn};
use super::mask;
use crate::model::{Check, Extent, Hit, Verdict};

/// Places hits of one text, in rising order of offsets.
pub(super) struct Placing<'a> {
    /// The text.
    pub(super) bytes: &'a [u8],
    lines: LineCounter<'a>,
    /// The secrets of all hits, rising and apart: none may show on another's line.
    spans: Vec<Range<usize>>,
    marks: MarksIn<'a>,
}

impl<'a> Placing<'a> {
    /// Begins at the start of a text.
    pub(super) fn new(bytes: &'a [u8], extent: &Extent, spans: Vec<Range<usize>>, marks: Marks) -> Self {
        let lines = LineCounter {
            bytes,
            at: 0,
            line: extent.lines_before + 1,
            start: None,
            column_before: extent.column_before,
        };
        Self { bytes, lines, spans, marks: MarksIn::new(bytes, marks) }
    }

    /// Gives a hit its place.
    pub(super) fn at(&mut self, hit: Hit, secret: &Range<usize>, whole: &Range<usize>) -> Hit {
        let (line, column) = self.lines.at(secret.start);
        let (end_line, end_column) = self.lines.at(secret.end);
        Hit {
            span: secret.clone(),
            line,
            column,
            end_line,
            end_column,
            line_text: mask::line(self.bytes, secret, &hit.masked, self.neighbours(secret)),
            mark: self.marks.about(&hit.rule, secret, whole, &self.spans),
            ..hit
        }
    }

    /// The spans that can show on the same line; the secret's own among them does no harm.
    fn neighbours(&self, secret: &Range<usize>) -> &[Range<usize>] {
        let from = self.spans.partition_point(|s| s.end + mask::AROUND < secret.start);
        let to = self.spans.partition_point(|s| s.start < secret.end + mask::AROUND);
        &self.spans[from..to.max(from)]
    }

    /// Gives a hit that was found inside a decoded run the run's place.
    pub(super) fn outside(&mut self, mut hit: Hit, run: &Range<usize>) -> Hit {
        let why = "it stands inside base64".into();
        hit.checks.push(Check { name: "encoding", verdict: Verdict::Passed, why });
        self.at(hit, run, run)
    }
}

/// Turns rising offsets into lines and columns, reading each byte once.
struct LineCounter<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
    /// Where the current line starts; `None`: before the piece.
    start: Option<usize>,
    column_before: u64,
}

impl LineCounter<'_> {
    fn at(&mut self, offset: usize) -> (u64, u64) {
        if offset >= self.at {
            for newline in memchr::memchr_iter(b'\n', &self.bytes[self.at..offset]) {
                self.line += 1;
                self.start = Some(self.at + newline + 1);
            }
            self.at = offset;
            let column = match self.start {
                Some(start) => (offset - start) as u64,
                None => offset as u64 + self.column_before,
            };
            return (self.line, column + 1);
        }
        // A match that ends behind the next one's start: count back over the few lines between.
        let back = memchr::memchr_iter(b'\n', &self.bytes[offset..self.at]).count() as u64;
        let column = match memchr::memrchr(b'\n', &self.bytes[..offset]) {
            Some(newline) => (offset - newline) as u64,
            None => offset as u64 + self.column_before + 1,
        };
        (self.line - back, column)
    }
}
