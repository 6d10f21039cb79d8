//! What names the state of a repository: while it stays the same, every stored object, every ref and
//! the index are what they were.
//!
//! Object ids name content, refs are taken by what they point to, and the index by its entries. Files
//! of the store are named by size, times and place on the disk as well, so that damage done to one of
//! them in place is another state.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::{Repository, index, refs};

/// How many bytes at the end of a pack or its index hold its checksum, with either hash.
const TRAILER: i64 = 32;

/// What names the state of a repository.
pub struct State {
    /// Names it.
    pub name: [u8; 32],
    /// Names each pack that has an index, by where that lies: its files and their checksums.
    pub packs: BTreeMap<PathBuf, [u8; 32]>,
    /// When a file of the store was changed last: seconds and nanoseconds since 1970.
    newest: (i64, i64),
}

impl State {
    /// Tells whether a file that is changed from now on will show another time: clocks of file systems
    /// tick, the coarse ones every other second, and changes within one tick look alike.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let (seconds, nanos) = self.newest;
        let (Ok(seconds), Ok(nanos)) = (u64::try_from(seconds), u32::try_from(nanos)) else { return false };
        let tick = if nanos == 0 { COARSE } else { FINE };
        let newest = UNIX_EPOCH.checked_add(Duration::new(seconds, nanos) + tick);
        newest.is_some_and(|newest| newest < SystemTime::now())
    }
}

/// Longer than any clock of a file system takes for a tick, by whether it tells parts of seconds.
const FINE: Duration = Duration::from_millis(20);
const COARSE: Duration = Duration::from_secs(3);

/// Returns what names a repository's state; `None`: something cannot be read, so that nobody can
/// tell whether it is the same the next time.
#[must_use]
pub fn state(repo: &Repository) -> Option<State> {
    let mut state = Parts { hash: Sha256::new(), newest: (0, 1) };
    let mut files = BTreeMap::new();
    state.part(b"keywright/state/v1");
    state.part(repo.hash().to_string().as_bytes());
    state.part(&[u8::from(repo.is_partial())]);
    let dirs = repo.object_dirs();
    state.count(dirs.len());
    for dir in dirs {
        state.part(dir.as_os_str().as_encoded_bytes());
        packs(&dir, &mut state, &mut files).ok()?;
        loose(&dir, &mut state).ok()?;
    }
    let mut edge = repo.shallow_edge();
    edge.sort_unstable();
    state.count(edge.len());
    edge.iter().for_each(|id| state.part(id.as_bytes()));
    let (tips, broken) = refs::tips(repo).ok()?;
    if !broken.is_empty() {
        return None;
    }
    state.count(tips.len());
    for tip in tips {
        state.part(&tip.name);
        state.part(tip.id.as_bytes());
    }
    state.part(refs::head_name(repo).unwrap_or_default().as_bytes());
    let entries = index::index(repo).ok()?;
    state.count(entries.len());
    for entry in entries {
        state.part(&entry.path);
        state.part(entry.id.as_bytes());
        state.part(&[u8::from(entry.is_submodule), u8::from(entry.is_intent)]);
    }
    let packs = files.iter().filter_map(|(path, index)| {
        let pack = files
            .get(&path.with_extension("pack"))
            .filter(|_| path.extension().is_some_and(|e| e == "idx"))?;
        Some((path.clone(), Sha256::new().chain_update(index).chain_update(pack).finalize().into()))
    });
    Some(State { name: state.hash.finalize().into(), packs: packs.collect(), newest: state.newest })
}

/// Parts of a state, each with its length before it.
struct Parts {
    hash: Sha256,
    newest: (i64, i64),
}

impl Parts {
    fn part(&mut self, bytes: &[u8]) {
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }

    fn count(&mut self, count: usize) {
        self.hash.update((count as u64).to_le_bytes());
    }

    fn file(&mut self, path: &Path, meta: &Metadata) {
        self.part(path.file_name().unwrap_or_default().as_encoded_bytes());
        let stamp = stamp(meta);
        stamp.iter().for_each(|number| self.hash.update(number.to_le_bytes()));
        let [.., seconds, nanos] = stamp;
        self.newest = self.newest.max((seconds, nanos));
    }
}

/// What names a file of a pack.
type Named = BTreeMap<PathBuf, [u8; 32]>;

fn packs(dir: &Path, state: &mut Parts, files: &mut Named) -> io::Result<()> {
    let mut paths = listed(&dir.join("pack"))?;
    paths.retain(|path| path.extension().is_some_and(|e| e == "pack" || e == "idx"));
    state.count(paths.len());
    for path in paths {
        if !fs::metadata(&path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut file = fs::File::open(&path)?;
        let meta = file.metadata()?;
        state.file(&path, &meta);
        let mut trailer = Vec::new();
        if meta.len() >= TRAILER.unsigned_abs() {
            file.seek(SeekFrom::End(-TRAILER))?;
        }
        file.take(TRAILER.unsigned_abs()).read_to_end(&mut trailer)?;
        state.part(&trailer);
        let mut name = Sha256::new();
        name.update(path.as_os_str().as_encoded_bytes());
        stamp(&meta).iter().for_each(|number| name.update(number.to_le_bytes()));
        files.insert(path, name.chain_update(trailer).finalize().into());
    }
    Ok(())
}

fn loose(dir: &Path, state: &mut Parts) -> io::Result<()> {
    let is_front = |name: &[u8]| name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit);
    let mut folders = listed(dir)?;
    folders.retain(|folder| is_front(folder.file_name().unwrap_or_default().as_encoded_bytes()));
    state.count(folders.len());
    for folder in folders {
        state.part(folder.file_name().unwrap_or_default().as_encoded_bytes());
        let paths = listed(&folder)?;
        state.count(paths.len());
        for path in paths {
            state.file(&path, &fs::metadata(&path)?);
        }
    }
    Ok(())
}

/// Lists a folder in order; one that is not there is empty.
fn listed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(e) => return Err(e),
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// Size, times and place of a file; last, when it was changed, which nobody can set.
#[cfg(unix)]
fn stamp(meta: &Metadata) -> [i64; 7] {
    use std::os::unix::fs::MetadataExt as _;
    [
        meta.size().cast_signed(),
        meta.mtime(),
        meta.mtime_nsec(),
        meta.ino().cast_signed(),
        meta.dev().cast_signed(),
        meta.ctime(),
        meta.ctime_nsec(),
    ]
}

#[cfg(not(unix))]
fn stamp(meta: &Metadata) -> [i64; 7] {
    let since = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let (seconds, nanos) = (since.as_secs().cast_signed(), i64::from(since.subsec_nanos()));
    [meta.len().cast_signed(), 0, 0, 0, 0, seconds, nanos]
}
