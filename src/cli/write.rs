//! Files that Keywright writes beside the code: whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::CliError;
use super::exit::Exit;

/// The permissions of a file that was not there before; the umask takes from them.
const NEW_MODE: u32 = 0o644;

/// Puts text into place in one step: a reader sees the old file or the new one, never half of either.
/// A link is not followed: it could lead out of the repository.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), CliError> {
    replace_file(path, text).map_err(|e| CliError {
        what: format!("couldn't write {}", path.display()),
        why: e.to_string(),
        fix: "nothing was changed; name a file that can be written".into(),
        exit: Exit::Usage,
    })
}

fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let old = match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => Some(meta.permissions()),
        Ok(_) => return Err(io::Error::other("it is no plain file")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => None,
        Err(e) => return Err(e),
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new()
        .prefix(".keywright-")
        .permissions(Permissions::from_mode(NEW_MODE))
        .tempfile_in(folder)?;
    draft.write_all(text.as_bytes())?;
    if let Some(mode) = old {
        fs::set_permissions(draft.path(), mode)?;
    }
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|e| e.error)?;
    Ok(())
}
