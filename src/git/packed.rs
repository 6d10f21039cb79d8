//! The bytes of a pack's entries, inflated without believing how many they say they are; and one entry
//! alone.

use std::io::Read;
use std::path::Path;

use gix::odb::pack;

use super::object::Inflating;
use super::{Body, Id, Kind};

/// The most bytes that zlib makes of one.
const MOST_MADE: u64 = 1032;
/// Up to this many bytes are set aside at once, if the packed bytes can make them.
const AT_ONCE: u64 = 16 << 20;
/// What is set aside first otherwise; then as much again as was made.
const FIRST: usize = 64 << 10;

/// Tells whether room for all of `size` bytes may be set aside before the `packed` ones are read.
pub(super) fn is_believed(size: u64, packed: u64) -> bool {
    size <= AT_ONCE && size <= packed.saturating_mul(MOST_MADE)
}

/// Inflates to exactly `size` bytes, with room for twice what was made at the most.
pub(super) fn inflate_in_steps(packed: &[u8], size: usize, into: &mut Vec<u8>) -> Result<(), String> {
    into.clear();
    let mut stream = Inflating::new(packed);
    let mut made = 0;
    while made < size {
        if made == into.len() {
            into.resize(size.min(FIRST.max(2 * made)), 0);
        }
        match stream.read(&mut into[made..]).map_err(|e| e.to_string())? {
            0 => return Err(format!("it holds {made} bytes and says {size}")),
            read => made += read,
        }
    }
    match stream.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(format!("it holds more than the {size} bytes it says")),
        Err(e) => Err(e.to_string()),
    }
}

/// Hands one object to `see` as a stream, if the pack of this index holds it whole, not as a delta;
/// tells whether it does.
pub(super) fn stream(
    index: &Path,
    hash: gix::hash::Kind,
    id: &Id,
    see: &mut dyn FnMut(Kind, Body<'_>),
) -> bool {
    // The pack itself is opened only if its index has the object.
    let mut stream = || {
        let entries = pack::index::File::at(index, hash).ok()?;
        let offset = entries.pack_offset_at_index(entries.lookup(id)?);
        let data = pack::data::File::at(index.with_extension("pack"), hash).ok()?;
        let entry = data.entry(offset).ok()?;
        let kind = Kind::of(entry.header.as_kind()?);
        let packed = data.entry_slice(entry.data_offset..data.pack_end() as u64)?;
        see(kind, Body::Stream(&mut Inflating::new(packed).take(entry.decompressed_size)));
        Some(())
    };
    stream().is_some()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let best = gix::zlib::Compression::BEST;
        let mut deflate = gix::zlib::stream::deflate::Write::new(Vec::new(), best);
        deflate.write_all(bytes).unwrap();
        deflate.flush().unwrap();
        deflate.into_inner()
    }

    #[test]
    fn what_is_packed_comes_out_whatever_its_size() {
        for size in [0, 1, FIRST - 1, FIRST, FIRST + 1, 5 * FIRST + 7] {
            let bytes: Vec<u8> = (0..size).map(|n| ((n * n) >> 7) as u8).collect();
            let mut out = b"old".to_vec();
            assert_eq!(inflate_in_steps(&packed(&bytes), size, &mut out), Ok(()));
            assert!(out == bytes, "{size}");
            for said in [size.wrapping_sub(1), size + 1].into_iter().filter(|said| *said <= size + 1) {
                assert!(inflate_in_steps(&packed(&bytes), said, &mut out).is_err(), "{said} for {size}");
            }
        }
    }

    #[test]
    fn a_claim_sets_nothing_aside() {
        let mut out = Vec::new();
        let few = packed(&[7; 100]);
        assert!(!is_believed(1 << 30, few.len() as u64));
        assert!(inflate_in_steps(&few, 1 << 30, &mut out).is_err());
        assert!(out.capacity() <= 2 * FIRST, "{}", out.capacity());
        assert!(inflate_in_steps(&few[..few.len() / 2], 1 << 30, &mut out).is_err());
        // Nothing that zlib packs is doubted.
        let zeros = vec![0; 8 << 20];
        assert!(is_believed(zeros.len() as u64, packed(&zeros).len() as u64));
    }
}
