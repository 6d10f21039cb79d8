//! Deltas of packs: copies from a base and insertions (gitformat-pack, "Deltified representation").

use super::open::LARGEST_HELD;
use crate::model::Copied;

/// Reads the size at the front of a delta; returns it and what follows.
fn size(delta: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in delta.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &delta[at + 1..]));
        }
    }
    None
}

/// Returns the size of what `delta` makes, if its front can be read and it is for a base of this size.
pub(super) fn result_size(delta: &[u8], base: usize) -> Option<u64> {
    let (base_size, rest) = size(delta)?;
    (base_size == base as u64).then_some(())?;
    size(rest).map(|(size, _)| size)
}

/// The most bytes that instructions of so many bytes make: each is a byte or more and copies the whole
/// base, or inserts what stands behind it.
fn most_made(ops: usize, base: usize) -> u64 {
    (ops as u64).saturating_mul(base.max(1) as u64)
}

/// Writes what `delta` makes of `base` into `out` and what it copied into `copies`, both cleared
/// first; `None` if the delta is damaged: a wrong size, a copy from outside the base, the reserved instruction, a cut-off end.
pub(super) fn apply(base: &[u8], delta: &[u8], out: &mut Vec<u8>, copies: &mut Vec<Copied>) -> Option<()> {
    let (_, rest) = size(delta)?;
    let (wanted, mut ops) = size(rest)?;
    // The size is the sender's word: nothing is reserved for more than can be held, or than so few
    // bytes can make.
    let most = LARGEST_HELD.min(most_made(ops.len(), base.len()));
    let wanted = usize::try_from(wanted).ok().filter(|size| *size as u64 <= most)?;
    out.clear();
    // Few deltas make more than that; one that does has the room grow with what is made.
    out.reserve(wanted.min(base.len() + ops.len()));
    copies.clear();
    while let Some((&op, rest)) = ops.split_first() {
        ops = rest;
        if op & 0x80 != 0 {
            let mut take = |bits: u8, count: u8| {
                let mut value = 0usize;
                for at in 0..count {
                    if op & (bits << at) != 0 {
                        let (&byte, rest) = ops.split_first()?;
                        value |= usize::from(byte) << (8 * at);
                        ops = rest;
                    }
                }
                Some(value)
            };
            let from = take(0x01, 4)?;
            let length = match take(0x10, 3)? {
                0 => 0x1_0000,
                length => length,
            };
            if out.len() + length > wanted {
                return None;
            }
            let copy = Copied { from, to: out.len(), length };
            out.extend_from_slice(base.get(from..from.checked_add(length)?)?);
            match copies.last_mut() {
                // A long run is written as several copies.
                Some(last) if last.from + last.length == from && last.to + last.length == copy.to => {
                    last.length += length;
                }
                _ => copies.push(copy),
            }
        } else {
            // Zero is reserved.
            let length = (op != 0).then_some(usize::from(op))?;
            if out.len() + length > wanted {
                return None;
            }
            out.extend_from_slice(ops.get(..length)?);
            ops = &ops[length..];
        }
    }
    (out.len() == wanted).then_some(())
}

#[cfg(test)]
mod tests;
