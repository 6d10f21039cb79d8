//! A split index: the difference to a shared one, which lies beside it and is named by its checksum.

use std::ops::Range;
use std::path::Path;

use super::{Entry, Index, load, number, offset, parse};

/// Lays an index over the shared one that its `link` extension names.
pub(super) fn join(mut own: Index, link: Range<usize>, git_dir: &Path) -> Result<Index, String> {
    let hash_len = own.hash_len;
    let link = own.bytes[link].to_vec();
    let (name, mut maps) =
        link.split_at_checked(hash_len).ok_or("its link to a shared index is cut short")?;
    let name = format!("sharedindex.{}", data_encoding::HEXLOWER.encode(name));
    let bytes = load(&git_dir.join(&name))?.ok_or_else(|| format!("{name} is not there"))?;
    let (shared, _) = parse(bytes, hash_len).map_err(|why| format!("{name}: {why}"))?;
    let most = shared.entries.len();
    let mut positions = || if maps.is_empty() { Some(Vec::new()) } else { bits(&mut maps, most) };
    let broken = "its difference to the shared index is damaged";
    let (gone, replaced) = (positions().ok_or(broken)?, positions().ok_or(broken)?);
    if replaced.len() > own.entries.len() {
        return Err(broken.into());
    }

    let base = offset(own.bytes.len());
    if u64::from(base) + shared.bytes.len() as u64 > u64::from(u32::MAX) {
        return Err("it and its shared index are too large".into());
    }
    own.bytes.extend_from_slice(&shared.bytes);
    let mut entries: Vec<Option<Entry>> = shared.entries.into_iter().map(|e| Some(moved(e, base))).collect();
    for (at, new) in replaced.iter().zip(&own.entries) {
        let path = entries[*at].map_or(new.path, |old| old.path);
        entries[*at] = Some(Entry { path, ..*new });
    }
    for at in gone {
        entries[at] = None;
    }
    let mut all: Vec<Entry> = own.entries.split_off(replaced.len());
    all.extend(entries.into_iter().flatten());
    // Sorting keeps equals in order: what the index adds stands before what it replaces.
    all.sort_by(|a, b| (own.path(a), a.stage).cmp(&(own.path(b), b.stage)));
    all.dedup_by(|b, a| own.path(a) == own.path(b) && a.stage == b.stage);
    own.entries = all;
    Ok(own)
}

fn moved(entry: Entry, by: u32) -> Entry {
    Entry { path: (entry.path.0 + by, entry.path.1 + by), id: entry.id + by, ..entry }
}

/// Reads the positions of a compressed bitmap (EWAH), all of them below `most`.
fn bits(map: &mut &[u8], most: usize) -> Option<Vec<usize>> {
    let words = number(map.get(..8)?, 4) as usize;
    let body = map.get(8..8usize.checked_add(words.checked_mul(8)?)?)?;
    let mut words = body.chunks_exact(8).map(|w| u64::from_be_bytes(w.try_into().expect("eight bytes")));
    *map = map.get(8 + body.len() + 4..)?;
    let mut found = Vec::new();
    let mut at = 0usize;
    while let Some(head) = words.next() {
        let run = usize::try_from((head >> 1 & 0xffff_ffff) * 64).ok()?;
        if head & 1 == 1 {
            // The last word of a run may reach past the end.
            found.extend(at..at.checked_add(run)?.min(most));
        }
        at = at.checked_add(run)?;
        for _ in 0..head >> 33 {
            let word = words.next()?;
            for bit in (0..64).filter(|bit| word >> bit & 1 == 1) {
                found.push(Some(at + bit).filter(|at| *at < most)?);
            }
            at = at.checked_add(64)?;
        }
    }
    Some(found)
}
