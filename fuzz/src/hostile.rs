//! Packs made of any bytes, and what has to hold of them: nobody panics, and what is found in an object
//! that was made from another is what is found in it alone.
//!
//! Shared by the fuzz targets and by `tests/it/fuzz.rs`, which runs it with made bytes under any compiler.

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::{Blob, Extent, Hit};
use keywright::rule::RuleSet;
use keywright::source::{Source, history::History};

/// The most entries of one pack.
const MOST: usize = 48;
const BLOB: u8 = 3;
const BY_OFFSET: u8 = 6;
const BY_ID: u8 = 7;

/// An entry of a pack, right or wrong.
pub(crate) struct Entry {
    /// Its kind as git numbers them: 0 and 5 are reserved.
    kind: u8,
    /// The number of the entry it says it is made from.
    base: usize,
    content: Vec<u8>,
    /// What is added to the size it says it has.
    lie: u64,
    /// Whether its checksum is wrong.
    spoiled: bool,
    /// Whether the content stands in the pack as it is, and is no zlib stream.
    raw: bool,
}

/// Takes entries out of any bytes: for each, two bytes say what it is, two how long, then its content.
pub(crate) fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut made: Vec<Entry> = Vec::new();
    while let [what, base, low, high, rest @ ..] = bytes {
        let length = (usize::from(*low) | usize::from(*high & 7) << 8).min(rest.len());
        let (content, rest) = rest.split_at(length);
        bytes = rest;
        let mut entry = Entry {
            kind: what & 7,
            base: usize::from(*base),
            content: content.to_vec(),
            lie: [0, 0, 0, 0, 1, u64::MAX, 1 << 28, 1 << 40][usize::from(what >> 3 & 7)],
            spoiled: high >> 3 == 1,
            raw: high >> 3 == 2,
        };
        // Sizes that fit lead further into the instructions.
        if what & 0x80 == 0 && entry.kind >= BY_OFFSET {
            let base = made.get(entry.base % made.len().max(1)).map_or(0, made_size);
            entry.content = delta(base, &entry.content);
        }
        made.push(entry);
        if made.len() == MOST {
            break;
        }
    }
    made
}

/// Takes a blob and deltas of it and of one another out of any bytes.
pub(crate) fn family(bytes: &[u8]) -> Vec<Entry> {
    let blob = |content: &[u8], kind, base| Entry {
        kind,
        base,
        content: content.to_vec(),
        lie: 0,
        spoiled: false,
        raw: false,
    };
    let (length, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let (first, rest) = rest.split_at(rest.len().min(4 * usize::from(*length)));
    let mut made = vec![blob(first, BLOB, 0)];
    // 0xff ends a delta here: as an instruction it would be a copy of seven bytes more.
    for ops in rest.split(|b| *b == 0xff).take(MOST - 1) {
        let base = made.len() - 1;
        let content = delta(made_size(&made[base]), ops);
        made.push(blob(&content, BY_OFFSET, base));
    }
    made
}

/// The size of what an entry makes, as far as it says so.
fn made_size(entry: &Entry) -> usize {
    if entry.kind < BY_OFFSET {
        return entry.content.len();
    }
    let mut sizes = entry.content.split_inclusive(|b| *b < 0x80).take(2);
    let size = sizes.nth(1).unwrap_or_default();
    size.iter().take(4).rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f))
}

/// Puts the sizes that fit before instructions.
fn delta(base: usize, ops: &[u8]) -> Vec<u8> {
    let (mut at, mut made) = (0, 0);
    while let Some(op) = ops.get(at).copied() {
        at += 1;
        if op & 0x80 == 0 {
            at += usize::from(op);
            made += usize::from(op);
            continue;
        }
        let mut size = 0;
        for place in (0..7).filter(|place| op >> place & 1 == 1) {
            if place >= 4 {
                size |= usize::from(ops.get(at).copied().unwrap_or_default()) << (8 * (place - 4));
            }
            at += 1;
        }
        made += if size == 0 { 0x1_0000 } else { size };
    }
    [size_of(base), size_of(made), ops.to_vec()].concat()
}

/// A size as a delta writes it.
fn size_of(mut size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while size >= 0x80 {
        bytes.push(size as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes
}

/// Scans a repository that holds these entries, and holds what comes of each blob against looking at it
/// alone; returns how many texts were seen, and how many hits.
pub(crate) fn scan(entries: &[Entry]) -> (usize, usize) {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    let detector = DETECTOR.get_or_init(|| Detector::new(RuleSet::builtin()));
    let dir = tempfile::tempdir().expect("there is room for a small repository");
    let packs = dir.path().join("objects/pack");
    fs::create_dir_all(&packs).expect("the folder is ours");
    fs::create_dir_all(dir.path().join("refs")).expect("the folder is ours");
    let (pack, index) = pack(entries);
    for (name, bytes) in [("HEAD", b"ref: refs/heads/main\n".to_vec()), ("config", Vec::new())] {
        fs::write(dir.path().join(name), bytes).expect("the folder is ours");
    }
    fs::write(packs.join("pack-1.pack"), pack).expect("the folder is ours");
    fs::write(packs.join("pack-1.idx"), index).expect("the folder is ours");
    let Ok(Some(repo)) = Repository::discover(dir.path()) else { panic!("no repository was made") };
    let (blobs, hits) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let see = |blob: Blob<'_>| {
        let kin = told(&detector.detect_kin(blob.bytes, &blob.extent, blob.kin));
        assert_eq!(kin, told(&detector.detect(blob.bytes, &Extent::whole(blob.bytes.len()))));
        hits.fetch_add(kin.len(), Ordering::Relaxed);
        blobs.fetch_add(1, Ordering::Relaxed);
    };
    let history = History::of(&repo);
    history.read(&see, &|_| {}).expect("what is damaged is told, and no failure");
    history.locate(Vec::new(), &|_| {}).expect("what is damaged is told, and no failure");
    (blobs.into_inner(), hits.into_inner())
}

fn told(hits: &[Hit]) -> Vec<(String, usize, u64)> {
    hits.iter().map(|hit| (hit.rule.id.clone(), hit.span.start, hit.line)).collect()
}

/// Writes a pack and its index.
fn pack(entries: &[Entry]) -> (Vec<u8>, Vec<u8>) {
    let count = (entries.len() as u32).to_be_bytes();
    let mut pack = [b"PACK\0\0\0\x02".as_slice(), &count].concat();
    let mut offsets: Vec<usize> = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        offsets.push(pack.len());
        let mut size = (entry.content.len() as u64).wrapping_add(entry.lie);
        let mut byte = entry.kind << 4 | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        pack.push(byte);
        if entry.kind == BY_OFFSET {
            let base = offsets[entry.base % (number + 1)];
            // An entry that is its own base, and one before the pack.
            let distance = if entry.base == 255 { pack.len() * 2 } else { offsets[number] - base };
            pack.extend(distance_of(distance));
        } else if entry.kind == BY_ID {
            pack.extend(id(entry.base % (entries.len() + 1)));
        }
        if entry.raw {
            pack.extend(&entry.content);
        } else {
            pack.extend(stored(&entry.content, entry.spoiled));
        }
    }
    pack.extend([0; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    // Ids rise with numbers and begin with them.
    for first in 0..=255usize {
        index.extend((entries.len().min(first + 1) as u32).to_be_bytes());
    }
    (0..entries.len()).for_each(|number| index.extend(id(number)));
    index.extend(vec![0; 4 * entries.len()]);
    offsets.iter().for_each(|offset| index.extend((*offset as u32).to_be_bytes()));
    index.extend([0; 40]);
    (pack, index)
}

fn id(number: usize) -> [u8; 20] {
    let mut id = [7; 20];
    id[0] = number as u8;
    id
}

/// How far back a base lies, as a pack writes it.
fn distance_of(mut distance: usize) -> Vec<u8> {
    let mut bytes = vec![(distance & 0x7f) as u8];
    while distance >= 0x80 {
        distance = (distance >> 7) - 1;
        bytes.push((distance & 0x7f) as u8 | 0x80);
    }
    bytes.reverse();
    bytes
}

/// A zlib stream that holds bytes as they are.
fn stored(bytes: &[u8], spoiled: bool) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut parts = bytes.chunks(0xffff).peekable();
    if parts.peek().is_none() {
        stream.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(part) = parts.next() {
        let length = part.len() as u16;
        stream.push(u8::from(parts.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(part);
    }
    let (mut low, mut high) = (1u32, 0u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let sum = (high << 16 | low) ^ u32::from(spoiled);
    stream.extend(sum.to_be_bytes());
    stream
}
