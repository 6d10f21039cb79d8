//! The user's cache folder: one file for each repository and set of rules, each authenticated under
//! the installation's key. Whatever is wrong with a file, it is as if it were not there.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::key;
use super::trust::{distrust, lies_in, make};

/// How a file begins: its kind and the version of its form.
const MAGIC: &[u8; 16] = b"keywright seen 2";
/// Keeps what this key signs apart from all else it may ever sign.
const LABEL: &[u8] = b"keywright/seen/v1";
/// The largest file, all of them together, and how many there may be.
const LARGEST: u64 = 32 << 20;
const LARGEST_ALL: u64 = 256 << 20;
const MOST: usize = 1000;
const TAG: usize = 32;

/// A folder of the user's, and the key to what is in it.
pub struct Folder {
    path: PathBuf,
    key: zeroize::Zeroizing<[u8; key::LENGTH]>,
}

impl Folder {
    /// Opens `keywright/seen` in the user's cache folder, with the key in `keywright/` of the user's
    /// state folder; what is not there yet is made. `None`: none can be made, which is nobody's fault,
    /// or it would lie inside one of `repositories`, where nothing is ever written.
    ///
    /// # Errors
    /// Why what is there cannot be trusted, in words.
    pub fn open(cache: &Path, state: &Path, repositories: &[PathBuf]) -> Result<Option<Self>, String> {
        if repositories.iter().any(|repo| lies_in(cache, repo) || lies_in(state, repo)) {
            return Ok(None);
        }
        let own = cache.join("keywright");
        let path = own.join("seen");
        for folder in [&own, &path] {
            if make(folder).is_err() {
                return Ok(None);
            }
            distrust(folder, true)?;
        }
        let folder = state.join("keywright");
        if make(&folder).is_err() {
            return Ok(None);
        }
        Ok(key::key(&folder)?.map(|key| Self { path, key }))
    }

    /// Returns what is kept under a name, if it is what was written there.
    pub(super) fn read(&self, name: &[u8]) -> Option<Vec<u8>> {
        let path = self.place(name);
        let meta = fs::symlink_metadata(&path).ok().filter(|m| m.is_file() && m.len() <= LARGEST)?;
        let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).ok()?);
        File::open(&path).ok()?.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        let head = MAGIC.len() + TAG;
        if bytes.len() < head || bytes[..MAGIC.len()] != MAGIC[..] {
            return None;
        }
        let body = bytes.split_off(head);
        self.mac(b"body", name, &body).verify_slice(&bytes[MAGIC.len()..]).ok()?;
        Some(body)
    }

    /// Keeps something under a name; if it cannot be kept, the next scan takes longer.
    pub(super) fn write(&self, name: &[u8], body: &[u8]) {
        if (MAGIC.len() + TAG + body.len()) as u64 <= LARGEST {
            let _ = self.put(name, body);
            self.tidy();
        }
    }

    /// Lets go of what is kept under a name.
    pub(super) fn drop(&self, name: &[u8]) {
        let _ = fs::remove_file(self.place(name));
    }

    fn put(&self, name: &[u8], body: &[u8]) -> io::Result<()> {
        // Made with mode 0600, and put into place in one step: nobody ever reads half a file.
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.path)?;
        file.write_all(MAGIC)?;
        file.write_all(&self.mac(b"body", name, body).finalize().into_bytes())?;
        file.write_all(body)?;
        file.persist(self.place(name)).map_err(|e| e.error)?;
        Ok(())
    }

    /// A file's name tells nothing either.
    fn place(&self, name: &[u8]) -> PathBuf {
        let tag = self.mac(b"name", name, b"").finalize().into_bytes();
        self.path.join(data_encoding::HEXLOWER.encode(&tag[..16]))
    }

    /// Under label, purpose and name, each with its length before it: a file is of no use elsewhere.
    fn mac(&self, purpose: &[u8], name: &[u8], body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key[..]).expect("HMAC takes a key of any length");
        for part in [LABEL, MAGIC, purpose, name, body] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }

    /// Takes the oldest files out while there are too many or they are too large.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let meta = fs::symlink_metadata(&path).ok().filter(|m| !m.is_dir())?;
                Some((meta.modified().ok()?, meta.len(), path))
            })
            .collect();
        files.sort_unstable_by(|a, b| b.cmp(a));
        let mut bytes = 0;
        for (at, (_, length, path)) in files.iter().enumerate() {
            bytes += length;
            if at >= MOST || bytes > LARGEST_ALL {
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn folder(home: &tempfile::TempDir) -> Folder {
        Folder::open(&home.path().join("cache"), &home.path().join("state"), &[]).unwrap().unwrap()
    }

    #[test]
    fn what_was_kept_is_read_under_its_own_name_only() {
        let home = tempfile::tempdir().unwrap();
        folder(&home).write(b"one", b"body");
        assert_eq!(folder(&home).read(b"one").unwrap(), b"body");
        assert!(folder(&home).read(b"another").is_none());
        fs::copy(folder(&home).place(b"one"), folder(&home).place(b"another")).unwrap();
        assert!(folder(&home).read(b"another").is_none());
        folder(&home).drop(b"one");
        assert!(folder(&home).read(b"one").is_none());
        let other = tempfile::tempdir().unwrap();
        folder(&home).write(b"one", b"body");
        fs::copy(folder(&home).place(b"one"), folder(&other).place(b"one")).unwrap();
        assert!(folder(&other).read(b"one").is_none(), "another installation has another key");
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let home = tempfile::tempdir().unwrap();
        let folder = folder(&home);
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        for n in 0..MOST as u64 + 5 {
            let file = File::create(folder.path.join(format!("old{n}"))).unwrap();
            file.set_modified(long_ago + Duration::from_secs(n)).unwrap();
        }
        folder.write(b"one", b"body");
        assert_eq!(fs::read_dir(&folder.path).unwrap().count(), MOST);
        assert!(folder.read(b"one").is_some());
        assert!(!folder.path.join("old5").exists() && folder.path.join("old6").exists());
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let home = tempfile::tempdir().unwrap();
        let folder = folder(&home);
        folder.write(b"one", &vec![0; LARGEST as usize]);
        assert_eq!(fs::read_dir(&folder.path).unwrap().count(), 0);
        // Nor is what grew in the folder read.
        folder.write(b"one", b"body");
        File::options().write(true).open(folder.place(b"one")).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(folder.read(b"one").is_none());
    }

    #[test]
    fn inside_a_repository_there_is_no_folder() {
        let home = tempfile::tempdir().unwrap();
        let (cache, state) = (home.path().join("a/cache"), home.path().join("b/state"));
        fs::create_dir(home.path().join("a")).unwrap();
        for inside in ["a", ""] {
            let repository = home.path().join(inside);
            assert!(Folder::open(&cache, &state, &[repository]).unwrap().is_none());
        }
        assert_eq!(fs::read_dir(home.path().join("a")).unwrap().count(), 0);
    }
}
