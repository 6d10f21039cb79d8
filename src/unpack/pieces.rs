//! A stream of any length in pieces that overlap, so that nothing is held whole and a secret on a
//! seam is still seen whole by one piece.

use std::io::{self, Read};

use super::text;
use crate::model::Extent;

/// Bytes of one piece.
const PIECE: usize = 16 << 20;
/// Bytes two neighbouring pieces share: more than twice the widest match.
const SHARED: usize = 128 << 10;

/// Reads the stream to its end and hands over pieces with their extents; returns the bytes read.
///
/// UTF-16 with a byte order mark is decoded on the way.
///
/// # Errors
/// What the stream says; the pieces read until then were handed over.
pub fn each(stream: &mut dyn Read, see: &mut dyn FnMut(&[u8], &Extent)) -> io::Result<u64> {
    cut(stream, PIECE, SHARED, see)
}

fn cut(
    stream: &mut dyn Read,
    piece: usize,
    shared: usize,
    see: &mut dyn FnMut(&[u8], &Extent),
) -> io::Result<u64> {
    let mut total = 0;
    let mut raw = Vec::new();
    let mut order = None;
    let mut held: Vec<u8> = Vec::new();
    let (mut lines, mut column, mut first) = (0u64, 0u64, true);
    // How far into `held` secrets were looked for already.
    let mut from = 0;
    loop {
        raw.truncate(raw.len() % 2);
        let read = (&mut *stream).take((piece - held.len().min(piece / 2)) as u64).read_to_end(&mut raw)?;
        total += read as u64;
        if first {
            order = text::utf16_order(&raw);
        }
        let is_last = read == 0;
        match order {
            None => held.append(&mut raw),
            Some(order) => {
                let skip = if first { 2 } else { 0 };
                let even = raw.len() - raw.len() % 2;
                held.extend(text::utf16(&raw[skip..even], order));
                raw.drain(..even);
            }
        }
        if is_last && held.is_empty() {
            return Ok(total);
        }
        // The front of what is shared belongs to the piece before, its back to the piece behind.
        let to = if is_last { held.len() + 1 } else { held.len().saturating_sub(shared / 2).max(from) };
        see(&held, &Extent { lines_before: lines, column_before: column, own: from..to });
        if is_last {
            return Ok(total);
        }
        let gone = held.len().saturating_sub(shared);
        lines += memchr::memchr_iter(b'\n', &held[..gone]).count() as u64;
        column = match memchr::memrchr(b'\n', &held[..gone]) {
            Some(newline) => (gone - newline - 1) as u64,
            None => column + gone as u64,
        };
        held.drain(..gone);
        from = to.saturating_sub(gone);
        first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every `!` with its line and column, as the pieces see it.
    fn marks(bytes: &[u8], piece: usize, shared: usize) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        let mut stream = bytes;
        cut(&mut stream, piece, shared, &mut |bytes, extent| {
            let (mut line, mut column) = (extent.lines_before, extent.column_before);
            for (at, byte) in bytes.iter().enumerate() {
                if *byte == b'!' && extent.own.contains(&at) {
                    found.push((line, column));
                }
                (line, column) = if *byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
            }
        })
        .unwrap();
        found
    }

    proptest! {
        #[test]
        fn each_place_belongs_to_exactly_one_piece(
            bytes in prop::collection::vec(prop::sample::select(&b"ab!\n"[..]), 0..400),
            piece in 16usize..64,
        ) {
            prop_assert_eq!(marks(&bytes, piece, 8), marks(&bytes, 10_000, 8));
        }
    }

    #[test]
    fn utf16_is_decoded_over_the_seams() {
        let text: Vec<u8> = "ab!\n".repeat(40).encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bytes = [&[0xff, 0xfe][..], &text].concat();
        assert_eq!(marks(&bytes, 30, 8), marks("ab!\n".repeat(40).as_bytes(), 10_000, 8));
    }
}
