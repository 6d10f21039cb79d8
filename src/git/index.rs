//! The index as git writes it (gitformat-index, versions 2 to 4), read in one pass: a commit waits
//! for it, and a large repository's has a hundred thousand entries.
//!
//! - `cache`: which folders are as a tree in the store has them
//! - `split`: an index that is the difference to another one
//!
//! What git itself does not look at (the checksum) or what only serves speed elsewhere (untracked
//! files, the file system's monitor) is not read, so that no damage there hides a staged key.

mod cache;
mod split;

use std::ops::Range;
use std::path::Path;

pub(super) use cache::{Cache, Node};

use super::{GitError, Id, Repository};

/// The largest index that is read, in bytes.
const LARGEST: u64 = 1 << 30;

/// One entry of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The path.
    pub path: Vec<u8>,
    /// The blob; for a submodule, its commit.
    pub id: Id,
    /// Whether it is a submodule.
    pub is_submodule: bool,
    /// Whether it was only announced (`git add -N`) and has no content yet.
    pub is_intent: bool,
}

/// Reads the index git would commit: the one `GIT_INDEX_FILE` names, or the repository's own. An
/// index that is not there is empty.
///
/// # Errors
/// [`GitError::Index`] if it is damaged.
pub fn index(repo: &Repository) -> Result<Vec<IndexEntry>, GitError> {
    let index = Index::of(repo)?;
    // A folder that a sparse index keeps folded has no files to tell of.
    let files = index.entries.iter().filter(|e| !e.is_folder());
    Ok(files
        .map(|e| IndexEntry {
            path: index.path(e).to_vec(),
            id: index.id(e),
            is_submodule: e.is_submodule(),
            is_intent: e.is_intent,
        })
        .collect())
}

/// An index, held as it is on disk.
#[derive(Default)]
pub(super) struct Index {
    /// The file; behind it, paths that it holds only in part, spelled out.
    bytes: Vec<u8>,
    /// The entries, in its order.
    pub(super) entries: Vec<Entry>,
    /// Which folders are as a tree in the store has them.
    pub(super) cache: Cache,
    hash_len: usize,
}

/// Where an entry stands in [`Index::bytes`], and what it is.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    path: (u32, u32),
    id: u32,
    mode: u32,
    stage: u8,
    /// Whether it was only announced.
    pub(super) is_intent: bool,
}

impl Entry {
    /// Whether it is a submodule.
    pub(super) fn is_submodule(&self) -> bool {
        self.mode & 0o170_000 == 0o160_000
    }

    /// Whether it stands for all of a folder that a sparse index keeps folded.
    pub(super) fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    /// Whether it is one side of a conflict.
    pub(super) fn is_unmerged(&self) -> bool {
        self.stage != 0
    }
}

impl Index {
    /// Reads the index git would commit.
    pub(super) fn of(repo: &Repository) -> Result<Self, GitError> {
        let path = std::env::var_os("GIT_INDEX_FILE").map_or_else(|| repo.gix().index_path(), Into::into);
        let damaged = |why: String| GitError::Index { path: path.clone(), why };
        let Some(bytes) = load(&path).map_err(damaged)? else { return Ok(Self::default()) };
        let (own, link) = parse(bytes, repo.hash().len_in_bytes()).map_err(damaged)?;
        match link.filter(|link| own.bytes[link.clone()].iter().any(|b| *b != 0)) {
            Some(link) => split::join(own, link, &repo.git_dir()).map_err(damaged),
            None => Ok(own),
        }
    }

    /// Returns an entry's path.
    pub(super) fn path(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.path.0 as usize..entry.path.1 as usize]
    }

    /// Returns an entry's id.
    pub(super) fn id(&self, entry: &Entry) -> Id {
        self.id_at(entry.id)
    }

    /// Returns a node's id: the tree git would write for it.
    pub(super) fn tree(&self, node: &Node) -> Id {
        self.id_at(node.id)
    }

    /// Returns a node's name.
    pub(super) fn name(&self, node: &Node) -> &[u8] {
        &self.bytes[node.name.0 as usize..node.name.1 as usize]
    }

    fn id_at(&self, at: u32) -> Id {
        let at = at as usize;
        Id::try_from(&self.bytes[at..at + self.hash_len]).expect("ids of the repository's length were read")
    }
}

fn load(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Ok(meta) if meta.len() > LARGEST => Err("it is larger than a gigabyte".into()),
        _ => std::fs::read(path).map(Some).map_err(|e| e.to_string()),
    }
}

/// Reads an index; returns it and where its link to a shared one stands.
fn parse(bytes: Vec<u8>, hash_len: usize) -> Result<(Index, Option<Range<usize>>), String> {
    let short = || "it is cut short".to_owned();
    let end = bytes.len().checked_sub(hash_len).filter(|end| *end >= 12).ok_or_else(short)?;
    let version = number(&bytes, 4);
    if !bytes.starts_with(b"DIRC") || !(2..=4).contains(&version) {
        return Err("it is no index of version 2, 3 or 4".into());
    }
    let fixed = 40 + hash_len + 2;
    let count = number(&bytes, 8) as usize;
    if count > (end - 12) / fixed {
        return Err("it names more entries than it can hold".into());
    }
    let mut entries = Vec::with_capacity(count);
    let mut spelled: Vec<u8> = Vec::new();
    let mut last = 0..0;
    let mut at = 12;
    for _ in 0..count {
        let flags_at = at + 40 + hash_len;
        let flags = bytes.get(flags_at..flags_at + 2).filter(|_| flags_at + 2 <= end).ok_or_else(short)?;
        let mut name = flags_at + 2;
        let mut is_intent = false;
        if flags[0] & 0x40 != 0 {
            let more = bytes[..end].get(name).ok_or_else(short)?;
            is_intent = more & 0x20 != 0;
            name += 2;
        }
        let path = if version == 4 {
            let (strip, from) = strip_len(&bytes[..end], name).ok_or_else(short)?;
            let tail = terminated(&bytes[..end], from).ok_or_else(short)?;
            let keep = last.len().checked_sub(strip).ok_or("a path takes away more than there is")?;
            let start = spelled.len();
            spelled.extend_from_within(last.start..last.start + keep);
            spelled.extend_from_slice(&bytes[tail.clone()]);
            if spelled.len() as u64 > LARGEST {
                return Err("its paths are larger than a gigabyte".into());
            }
            last = start..spelled.len();
            at = tail.end + 1;
            bytes.len() + last.start..bytes.len() + last.end
        } else {
            let path = terminated(&bytes[..end], name).ok_or_else(short)?;
            // Padded with one to eight zeros to a multiple of eight.
            at += (path.end - at + 8) & !7;
            path
        };
        // Git goes by the length, and would read other entries than these where the two disagree.
        if path.len().min(0xfff) != usize::from(u16::from_be_bytes([flags[0], flags[1]]) & 0xfff) {
            return Err("the length of a path is not what it says".into());
        }
        entries.push(Entry {
            path: (offset(path.start), offset(path.end)),
            id: offset(flags_at - hash_len),
            mode: number(&bytes, flags_at - hash_len - 16),
            stage: flags[0] >> 4 & 3,
            is_intent,
        });
    }
    let (mut cache, mut link) = (Cache::default(), None);
    while at + 8 <= end {
        let body = at + 8..at + 8 + number(&bytes, at + 4) as usize;
        if body.end > end {
            return Err(short());
        }
        match &bytes[at..at + 4] {
            b"TREE" => cache = Cache::read(&bytes, body.clone(), hash_len),
            b"link" => link = Some(body.clone()),
            b"sdir" => {}
            name if name[0].is_ascii_uppercase() => {}
            _ => return Err("it has an extension that is not known and must be".into()),
        }
        at = body.end;
    }
    let mut bytes = bytes;
    bytes.append(&mut spelled);
    Ok((Index { bytes, entries, cache, hash_len }, link))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// An offset into an index and its paths, which are bounded.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("two gigabytes at the most")
}

/// Finds the zero that ends the path that begins at `from`.
fn terminated(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    Some(from..from + memchr::memchr(0, bytes.get(from..)?)?)
}

/// Reads how many bytes of the last path are taken away, and where the new ones begin.
fn strip_len(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut value = 0usize;
    for (read, byte) in bytes.get(at..)?.iter().take(5).enumerate() {
        value = if read == 0 { 0 } else { (value + 1) << 7 } + usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + read + 1));
        }
    }
    None
}
