//! The installation's key: 32 random bytes in a file of the user's that nobody else can read.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::trust::distrust;

/// The key's bytes.
pub(super) const LENGTH: usize = 32;
const NAME: &str = "installation.key";

/// Reads the key, or makes one if there is none; `None`: none can be made.
pub(super) fn key(folder: &Path) -> Result<Option<Zeroizing<[u8; LENGTH]>>, String> {
    let path = folder.join(NAME);
    if fs::symlink_metadata(&path).is_err() && make(folder, &path).is_none() {
        return Ok(None);
    }
    distrust(&path, false)?;
    let mut key = Zeroizing::new([0; LENGTH]);
    let read = fs::File::open(&path).and_then(|mut file| {
        file.read_exact(&mut key[..])?;
        file.read(&mut [0])
    });
    match read {
        Ok(0) => Ok(Some(key)),
        _ => Err(format!("{NAME} does not hold {LENGTH} bytes; delete it, and a new one is made")),
    }
}

/// Of two programs that make a key at once, one does; both go by what is there then.
fn make(folder: &Path, path: &Path) -> Option<()> {
    let mut key = Zeroizing::new([0; LENGTH]);
    getrandom::fill(&mut key[..]).ok()?;
    let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder).ok()?;
    file.write_all(&key[..]).ok()?;
    match file.persist_noclobber(path) {
        Ok(_) => Some(()),
        Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => Some(()),
        Err(_) => None,
    }
}
