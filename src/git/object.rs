//! Kinds of objects, and bodies too large to hold.

use std::io::{self, Read};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file's content.
    Blob,
    /// A commit.
    Commit,
    /// A folder.
    Tree,
    /// An annotated tag.
    Tag,
}

impl Kind {
    pub(super) fn of(kind: gix::object::Kind) -> Self {
        match kind {
            gix::object::Kind::Blob => Self::Blob,
            gix::object::Kind::Commit => Self::Commit,
            gix::object::Kind::Tree => Self::Tree,
            gix::object::Kind::Tag => Self::Tag,
        }
    }

    pub(super) fn from_word(word: &[u8]) -> Option<Self> {
        match word {
            b"blob" => Some(Self::Blob),
            b"commit" => Some(Self::Commit),
            b"tree" => Some(Self::Tree),
            b"tag" => Some(Self::Tag),
            _ => None,
        }
    }
}

/// An object's bytes.
pub enum Body<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// Too many to hold: read them.
    Stream(&'a mut dyn Read),
}

/// Objects of up to this many bytes are handed over whole, larger ones as a stream where they can be.
pub(super) const LARGEST_WHOLE: u64 = 64 << 20;

/// Reads a zlib stream out of a slice.
pub(super) struct Inflating<'a> {
    input: &'a [u8],
    state: gix::zlib::Decompress,
}

impl<'a> Inflating<'a> {
    /// Begins at the start of `input`.
    pub(super) fn new(input: &'a [u8]) -> Self {
        Self { input, state: gix::zlib::Decompress::new() }
    }
}

impl Read for Inflating<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        // gix's own reader panics where zlib makes no progress; hostile input must not reach that.
        loop {
            let flush = if self.input.is_empty() {
                gix::zlib::FlushDecompress::Finish
            } else {
                gix::zlib::FlushDecompress::None
            };
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(self.input, out, flush)
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "damaged zlib stream"))?;
            let read = usize::try_from(self.state.total_in() - before_in).unwrap_or(usize::MAX);
            let written = usize::try_from(self.state.total_out() - before_out).unwrap_or(usize::MAX);
            self.input = &self.input[read..];
            if written > 0 {
                return Ok(written);
            }
            if matches!(status, gix::zlib::Status::StreamEnd) {
                return Ok(0);
            }
            if read == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the zlib stream ends early"));
            }
        }
    }
}
