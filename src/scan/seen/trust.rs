//! Which files and folders are the user's alone.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::Path;

use crate::git::is_own;
use crate::model::text::shown;

/// Makes a folder that only its owner can enter, and those above it.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    if fs::symlink_metadata(folder).is_ok() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Tells whether a path, that need not be there yet, lies inside a folder, links followed.
pub(super) fn lies_in(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return true };
    let there = path.ancestors().find_map(|above| above.canonicalize().ok());
    there.is_none_or(|there| there.starts_with(&folder))
}

/// Says why a folder or file is not to be trusted: it is a link or no such thing, another's, or open
/// to others.
pub(super) fn distrust(path: &Path, is_folder: bool) -> Result<(), String> {
    let shown = shown(path.as_os_str().as_encoded_bytes());
    let meta = fs::symlink_metadata(path).map_err(|e| format!("{shown}: {e}"))?;
    if if is_folder { !meta.is_dir() } else { !meta.is_file() } {
        return Err(format!("{shown} is no {}", if is_folder { "folder" } else { "file" }));
    }
    if !is_own(path) {
        return Err(format!("{shown} belongs to somebody else"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o077 != 0 {
        let mode = if is_folder { "700" } else { "600" };
        return Err(format!("{shown} is open to others; `chmod {mode}` closes it"));
    }
    Ok(())
}
