//! The repository that receives a push, with the objects that came with it: git keeps those in a folder of
//! their own until the hooks have agreed.
//!
//! The environment says where that folder is, and is believed only so far: it must be the one git makes,
//! inside the repository's own objects. Nothing is written there. That both are read as one store is said
//! in a folder of ours, which names the others as its alternates.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::GitError;
use super::open::Repository;

/// How git calls such a folder, by its beginning.
const NAMES: [&str; 2] = ["tmp_objdir-incoming-", "incoming-"];
/// How many other folders of objects are heeded.
const MOST: usize = 64;

/// Folders of ours, for a program that ends before it can drop them.
static ROOMS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Takes away what a program that ends at once would leave behind.
pub fn sweep() {
    let rooms = ROOMS.lock().map(|mut rooms| std::mem::take(&mut *rooms)).unwrap_or_default();
    rooms.iter().for_each(|room| drop(fs::remove_dir_all(room)));
}

impl Repository {
    /// Opens the repository that receives a push, as a `pre-receive` hook finds it; `None` if there is none.
    ///
    /// It has no working tree: what that holds has no say in what is let in.
    ///
    /// # Errors
    /// [`GitError::Open`] if it cannot be opened, or the environment names a folder that is not git's.
    pub fn receiving() -> Result<Option<Self>, GitError> {
        let repo = match env::var_os("GIT_DIR") {
            Some(dir) => Some(Self::open(&real(Path::new(&dir))?)?),
            None => Self::discover(Path::new("."))?,
        };
        let Some(repo) = repo.map(Self::without_work_tree) else { return Ok(None) };
        let Some(quarantine) = env::var_os("GIT_QUARANTINE_PATH").map(PathBuf::from) else {
            return Ok(Some(repo));
        };
        let objects = real(&repo.common_dir().join("objects"))?;
        let quarantine = gits_own(&quarantine, &objects)?;
        let mut folders = vec![quarantine, objects];
        // git sets these beside the first: what the repository borrows from.
        let others = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
        for other in env::split_paths(&others).filter(|path| path.is_absolute() && path.is_dir()).take(MOST) {
            let other = real(&other)?;
            if !folders.contains(&other) {
                folders.push(other);
            }
        }
        let wrong = |path: &Path, why: String| GitError::Open { path: path.into(), why };
        let room = tempfile::Builder::new().prefix("keywright-").tempdir();
        let room = room.map_err(|e| wrong(&env::temp_dir(), format!("no folder can be made there: {e}")))?;
        if let Ok(mut rooms) = ROOMS.lock() {
            rooms.push(room.path().to_owned());
        }
        let info = room.path().join("objects/info");
        let written =
            fs::create_dir_all(&info).and_then(|()| fs::write(info.join("alternates"), listed(&folders)));
        written.map_err(|e| wrong(&info, e.to_string()))?;
        repo.reading(&room.path().join("objects"), room).map(Some)
    }
}

/// Returns the folder if it is the one git keeps a push in.
fn gits_own(folder: &Path, objects: &Path) -> Result<PathBuf, GitError> {
    let refuse = |why: &str| Err(GitError::Open { path: folder.into(), why: why.into() });
    let is_link = fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_symlink());
    let folder = real(folder)?;
    let name = folder.file_name().map(std::ffi::OsStr::as_encoded_bytes).unwrap_or_default();
    if is_link || folder.parent() != Some(objects) || !NAMES.iter().any(|n| name.starts_with(n.as_bytes())) {
        return refuse("GIT_QUARANTINE_PATH names no folder that git made in this repository's objects");
    }
    let said = env::var_os("GIT_OBJECT_DIRECTORY").map(PathBuf::from);
    if said.is_some_and(|said| real(&said).ok().as_ref() != Some(&folder)) {
        return refuse("GIT_OBJECT_DIRECTORY names another folder than GIT_QUARANTINE_PATH");
    }
    Ok(folder)
}

fn real(path: &Path) -> Result<PathBuf, GitError> {
    path.canonicalize().map_err(|e| GitError::Open { path: path.into(), why: e.to_string() })
}

/// Writes folders as git's list of alternates: a line each, quoted as in C where one begins or breaks oddly.
fn listed(folders: &[PathBuf]) -> Vec<u8> {
    let mut out = Vec::new();
    for folder in folders {
        out.push(b'"');
        for byte in folder.as_os_str().as_encoded_bytes() {
            match byte {
                b'"' | b'\\' => out.extend([b'\\', *byte]),
                b'\n' => out.extend_from_slice(b"\\n"),
                _ => out.push(*byte),
            }
        }
        out.extend_from_slice(b"\"\n");
    }
    out
}
