//! Tree objects: mode, name and id of each entry (gitformat: `mode SP name NUL id`), stepped over
//! rather than read, for a history has hundreds of millions of entries.

use super::Id;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// Another tree.
    Folder,
    /// A commit of another repository.
    Submodule,
    /// A blob: a file or a link.
    File,
}

/// An entry of a tree.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    /// What it is.
    pub(super) kind: EntryKind,
    /// Its name.
    pub(super) name: &'t [u8],
    /// The bytes of its id.
    pub(super) id: &'t [u8],
}

impl Entry<'_> {
    /// Returns the id.
    pub(super) fn id(&self) -> Id {
        Id::try_from(self.id).expect("entries have ids of the repository's length")
    }
}

/// Steps through a tree's entries; stops at the first damaged one.
pub(super) fn entries(data: &[u8], hash_len: usize) -> impl Iterator<Item = Entry<'_>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (entry, length) = entry(rest, hash_len)?;
        rest = &rest[length..];
        Some(entry)
    })
}

/// Reads the entry that the bytes begin with; returns it and its length.
pub(super) fn entry(data: &[u8], hash_len: usize) -> Option<(Entry<'_>, usize)> {
    let space = data.iter().take(LONGEST_MODE + 1).position(|b| *b == b' ')?;
    let end = space + memchr::memchr(0, &data[space..])?;
    let id = data.get(end + 1..end + 1 + hash_len)?;
    let kind = match &data[..space] {
        b"40000" | b"040000" => EntryKind::Folder,
        b"160000" => EntryKind::Submodule,
        b"100644" | b"100755" | b"120000" => EntryKind::File,
        odd => odd_kind(odd)?,
    };
    Some((Entry { kind, name: &data[space + 1..end], id }, end + 1 + hash_len))
}

/// The longest mode, in digits; a longer one is damage. git itself takes zeros in front of it without end.
const LONGEST_MODE: usize = 64;

/// Reads a mode that is written as git does not write it, but reads it.
fn odd_kind(mode: &[u8]) -> Option<EntryKind> {
    let digit = |bits: u32, c: &u8| {
        (b'0'..=b'7').contains(c).then(|| bits.wrapping_shl(3).wrapping_add(u32::from(c - b'0')))
    };
    let bits = mode.iter().try_fold(0, digit).filter(|_| !mode.is_empty())?;
    Some(match bits & 0o170_000 {
        0o040_000 => EntryKind::Folder,
        0o160_000 => EntryKind::Submodule,
        _ => EntryKind::File,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_with_zeros_in_front_is_the_same_mode() {
        for (mode, kind) in [
            ("0040000", EntryKind::Folder),
            ("000000000040755", EntryKind::Folder),
            ("0000000000000100644", EntryKind::File),
            ("0160000", EntryKind::Submodule),
            ("100664", EntryKind::File),
        ] {
            let data = [format!("{mode} name\0").as_bytes(), &[7; 20], b"rest"].concat();
            let (entry, length) = entry(&data, 20).unwrap();
            assert_eq!((entry.kind, entry.name, length), (kind, &b"name"[..], data.len() - 4), "{mode}");
        }
        for wrong in ["", "10064x", "9", &"0".repeat(LONGEST_MODE + 1)] {
            assert!(
                entry(&[format!("{wrong} name\0").as_bytes(), &[7; 20]].concat(), 20).is_none(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_damaged_tree_gives_what_stands_before_the_damage() {
        let mut data = b"100644 a.env\0".to_vec();
        data.extend([7; 20]);
        data.extend(b"40000 dir\0short");
        let read: Vec<_> = entries(&data, 20).map(|e| (e.kind, e.name)).collect();
        assert_eq!(read, [(EntryKind::File, &b"a.env"[..])]);
    }
}
