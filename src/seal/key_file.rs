//! The key file: 32 random bytes that only their owner can read.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::Secret;

use super::aead::{self, KEY};
use super::error::SealError;
use super::kek::Kek;

/// A key-encryption key in a file of the operator's. Other keys of the installation are derived from it.
pub struct KeyFile {
    key: Secret,
    id: String,
}

impl KeyFile {
    /// Makes a key file, for its owner alone, and the folders above it. One that is there stays.
    pub fn make(path: &Path) -> Result<Self, SealError> {
        let key = aead::random(KEY)?;
        match put(path, &key) {
            Ok(()) => Self::read(path),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(SealError::Taken(path.into())),
            Err(e) => Err(SealError::KeyFile { path: path.into(), why: e.to_string() }),
        }
    }

    /// Reads a key file. One that others may read, or that is another user's, is refused.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        let odd = |why: String| SealError::KeyFile { path: path.into(), why };
        let mut file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(SealError::Lost(path.into())),
            other => other.map_err(|e| odd(e.to_string()))?,
        };
        let meta = file.metadata().map_err(|e| odd(e.to_string()))?;
        if !meta.is_file() {
            return Err(odd("it is no file".into()));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if meta.mode() & 0o077 != 0 {
                return Err(SealError::OpenToOthers { path: path.into(), mode: meta.mode() & 0o777 });
            }
            if meta.uid() != own_user().map_err(|e| odd(e.to_string()))? {
                return Err(SealError::OtherOwner(path.into()));
            }
        }
        if meta.len() != KEY as u64 {
            return Err(odd(format!("it holds {} bytes, and a key has {KEY}", meta.len())));
        }
        let mut key = zeroize::Zeroizing::new([0; KEY]);
        file.read_exact(&mut key[..]).map_err(|e| odd(e.to_string()))?;
        Ok(Self::of(Secret::new(key.to_vec())))
    }

    /// Reads a key file, or makes one if there is none.
    pub fn read_or_make(path: &Path) -> Result<Self, SealError> {
        match Self::read(path) {
            Err(SealError::Lost(_)) => match Self::make(path) {
                // Of two programs that make a key at once, one does; both go by what is there then.
                Err(SealError::Taken(_)) => Self::read(path),
                other => other,
            },
            other => other,
        }
    }

    fn of(key: Secret) -> Self {
        let id = format!("file:{}", data_encoding::HEXLOWER.encode(&mac(&key, "key file's name", "")[..8]));
        Self { key, id }
    }

    /// Returns a key for another purpose, from which this one can't be told.
    pub(super) fn derive(&self, label: &str) -> [u8; 32] {
        mac(&self.key, "derived", label)
    }

    fn wrapping(&self) -> Secret {
        Secret::new(mac(&self.key, "wrapping", "").to_vec())
    }
}

#[async_trait]
impl Kek for KeyFile {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap(&self, data_key: &Secret) -> Result<Vec<u8>, SealError> {
        aead::seal(&self.wrapping(), data_key, self.id.as_bytes())
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, SealError> {
        aead::open(&self.wrapping(), wrapped, self.id.as_bytes())
    }
}

fn mac(key: &Secret, purpose: &str, label: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
    for part in ["keywright 1", purpose, label] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// Puts the file into place whole, or not at all. A temporary file is its owner's alone from the start.
fn put(path: &Path, key: &Secret) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(&path);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    file.write_all(key.expose())?;
    file.as_file().sync_all()?;
    file.persist_noclobber(&path).map_err(|e| e.error)?;
    // What is sealed under it may be on disk sooner than the folder's entry for it.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Returns the user this program runs as: whoever makes a pipe owns it.
#[cfg(unix)]
fn own_user() -> io::Result<u32> {
    let (end, _other) = io::pipe()?;
    let meta = File::from(std::os::fd::OwnedFd::from(end)).metadata()?;
    Ok(std::os::unix::fs::MetadataExt::uid(&meta))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn a_key_file_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/key");
        let lost = KeyFile::read(&path).err().unwrap();
        assert_eq!(lost, SealError::Lost(path.clone()));
        let made = KeyFile::read_or_make(&path).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(
            (mode(&path), mode(path.parent().unwrap()), mode(&folder.path().join("a"))),
            (0o600, 0o700, 0o700)
        );
        assert_eq!(KeyFile::read_or_make(&path).unwrap().id(), made.id());
        assert_eq!(KeyFile::make(&path).err(), Some(SealError::Taken(path.clone())));
        assert_ne!(KeyFile::make(&folder.path().join("other")).unwrap().id(), made.id());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_that_others_may_read_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyFile::make(&path).unwrap();
        for mode in [0o640, 0o604, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let said = KeyFile::read(&path).err().unwrap();
            assert_eq!(said, SealError::OpenToOthers { path: path.clone(), mode });
            assert!(said.to_string().contains("`chmod 600`"), "{said}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        KeyFile::read(&path).unwrap();
    }

    #[test]
    fn another_users_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        KeyFile::make(&path).unwrap();
        // Only root can give a file away; anybody else finds one of root's.
        if std::os::unix::fs::chown(&path, Some(65_534), None).is_ok() {
            assert_eq!(KeyFile::read(&path).err(), Some(SealError::OtherOwner(path)));
        } else {
            assert_ne!(own_user().unwrap(), 0, "root could have given it away");
        }
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for length in [0, 31, 33, 4096] {
            fs::write(&path, vec![1; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let said = KeyFile::read(&path).err().unwrap().to_string();
            assert!(said.contains(&format!("holds {length} bytes")), "{said}");
        }
        let said = KeyFile::read(folder.path()).err().unwrap();
        assert!(matches!(said, SealError::KeyFile { .. }), "{said}");
    }
}
