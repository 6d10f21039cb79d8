//! Hook files on disk: read without following links, written whole or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::HookError;

/// What stands at a path.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A file.
    File {
        /// Its bytes.
        text: Vec<u8>,
        /// Its permission bits.
        mode: u32,
    },
    /// A link, to whatever it leads.
    Link,
}

/// Reads what stands at a path, without following a link at its end.
pub(super) fn look(path: &Path) -> Result<Found, HookError> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        // Nor is there anything below what is no folder, as when core.hooksPath is /dev/null.
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(e) => return Err(HookError::io("look at", path)(e)),
    };
    if meta.is_symlink() {
        return Ok(Found::Link);
    }
    if !meta.is_file() {
        return Err(HookError::NotAFile { hook: path.to_owned() });
    }
    let text = fs::read(path).map_err(HookError::io("read", path))?;
    Ok(Found::File { text, mode: meta.permissions().mode() & 0o7777 })
}

/// Tells whether git would run what stands there.
pub(super) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Makes the hooks folder if it is not there.
pub(super) fn make_folder(folder: &Path) -> Result<(), HookError> {
    match fs::create_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(_) if fs::metadata(folder).is_ok_and(|meta| !meta.is_dir()) => {
            Err(HookError::NotAFolder { folder: folder.to_owned() })
        }
        Err(e) => Err(HookError::io("make the hooks folder", folder)(e)),
    }
}

/// Puts a file into place in one step; with `kept`, what stood there gets that name first.
///
/// There is no moment without a hook, and none with half of one.
pub(super) fn put(path: &Path, text: &[u8], mode: u32, kept: Option<&Path>) -> Result<(), HookError> {
    let draft = Draft::write(path, text, mode)?;
    if let Some(kept) = kept {
        keep(path, kept)?;
    }
    fs::rename(&draft.path, path).map_err(|e| {
        if let Some(kept) = kept {
            let _ = restore(path, kept);
        }
        HookError::io("write", path)(e)
    })
}

/// Gives a kept hook its name back, over what stands there.
pub(super) fn restore(path: &Path, kept: &Path) -> Result<(), HookError> {
    let restored = HookError::io("put back", kept);
    // To rename one of two names of a file to the other does nothing at all.
    if is_same(path, kept) { fs::remove_file(kept) } else { fs::rename(kept, path) }.map_err(restored)
}

/// Takes a file away.
pub(super) fn remove(path: &Path) -> Result<(), HookError> {
    fs::remove_file(path).map_err(HookError::io("remove", path))
}

/// Gives a hook a second name, so that the first can be written over. Never overwrites.
fn keep(path: &Path, kept: &Path) -> Result<(), HookError> {
    let taken = || HookError::KeptNameTaken { kept: kept.to_owned(), hook: path.to_owned() };
    match fs::hard_link(path, kept) {
        Ok(()) => Ok(()),
        // An installation that was stopped between its two steps.
        Err(_) if is_same(path, kept) => Ok(()),
        // Disks without hard links: look, then rename.
        Err(_) if fs::symlink_metadata(kept).is_ok() => Err(taken()),
        Err(_) => fs::rename(path, kept).map_err(HookError::io("keep", path)),
    }
}

/// Tells two files with the same bytes and mode.
pub(super) fn is_copy(one: &Path, other: &Path) -> bool {
    match (look(one), look(other)) {
        (Ok(Found::File { text: a, mode: m }), Ok(Found::File { text: b, mode: n })) => a == b && m == n,
        _ => false,
    }
}

/// Tells two names of one file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::symlink_metadata(one), fs::symlink_metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// A file beside the one it will become; gone if it never does.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn write(becomes: &Path, text: &[u8], mode: u32) -> Result<Self, HookError> {
        let mut name = std::ffi::OsString::from(".");
        name.push(becomes.file_name().unwrap_or_default());
        name.push(format!(".keywright-{}", std::process::id()));
        let path = becomes.with_file_name(name);
        let io = |e| HookError::io("write", &path)(e);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).map_err(io)?;
        let draft = Self { path: path.clone() };
        file.write_all(text).map_err(io)?;
        // The umask has taken bits from the mode asked for.
        file.set_permissions(Permissions::from_mode(mode)).map_err(io)?;
        file.sync_all().map_err(io)?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the rename there is nothing here any more, and that is well.
        let _ = fs::remove_file(&self.path);
    }
}
