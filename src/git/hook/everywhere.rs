//! One folder of hooks for every repository of a user, named by `core.hooksPath` in the user's own settings
//! of git. git then looks there and nowhere else, so each file there runs the repository's own hook too.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::HookError;
use super::file::{self, Found};
use super::kind::Kind;
use super::own::recordable;
use super::place::{named_for_all, users_file};
use super::script::{self, BEGIN_LINES, END_LINES};

/// What was done for all repositories of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everywhere {
    /// The folder of hooks.
    pub folder: PathBuf,
    /// The user's settings of git, which name it.
    pub settings: PathBuf,
    /// The hooks that run keywright now.
    pub kinds: Vec<Kind>,
}

/// Puts hooks of these kinds, beside those that are there, into a folder of the user's, and lets git look
/// there.
///
/// # Errors
/// When another folder is named already, something of somebody else's stands in this one, or a file
/// cannot be written.
pub fn install_everywhere(folder: &Path, kinds: &[Kind], binary: &Path) -> Result<Everywhere, HookError> {
    let binary = recordable(binary)?;
    let named = named_for_all()?;
    if let Some(named) = named.as_ref().filter(|named| named.as_path() != folder) {
        return Err(HookError::NamedForAll { named: named.clone() });
    }
    file::make_folder(folder)?;
    let kinds: Vec<Kind> =
        Kind::ALL.iter().copied().filter(|kind| kinds.contains(kind) || is_active(folder, *kind)).collect();
    for name in script::ALL_HOOKS {
        if let Found::File { text, .. } = file::look(&folder.join(name))?
            && !script::is_everywhere(&text)
        {
            return Err(HookError::Foreign { hook: folder.join(name) });
        }
    }
    for name in script::ALL_HOOKS {
        let kind = Kind::named(name).filter(|kind| kinds.contains(kind));
        file::put(&folder.join(name), &script::write_everywhere(name, kind, binary), 0o755, None)?;
    }
    let settings = users_file()?;
    if named.is_none() {
        edit(&settings, |text| with(text, folder))?;
    }
    Ok(Everywhere { folder: folder.into(), settings, kinds })
}

/// Takes the folder's name out of the user's settings of git, then what is ours out of the folder. `None`:
/// there was nothing of ours.
///
/// # Errors
/// When a file cannot be written.
pub fn uninstall_everywhere(folder: &Path) -> Result<Option<Everywhere>, HookError> {
    let settings = users_file()?;
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| is_active(folder, *kind)).collect();
    let is_named = edit(&settings, without)?;
    if named_for_all()?.is_some_and(|named| named == folder) {
        // Written by hand: git would look into a folder that is gone, and run no hook at all.
        return Err(HookError::NamedByHand { settings, folder: folder.into() });
    }
    let mut is_there = false;
    for name in script::ALL_HOOKS {
        let hook = folder.join(name);
        if matches!(file::look(&hook)?, Found::File { text, .. } if script::is_everywhere(&text)) {
            file::remove(&hook)?;
            is_there = true;
        }
    }
    // Only if it is empty now.
    let _ = fs::remove_dir(folder);
    Ok((is_named || is_there).then(|| Everywhere { folder: folder.into(), settings, kinds }))
}

/// Tells whether the folder's hook of this kind runs keywright.
pub(super) fn is_active(folder: &Path, kind: Kind) -> bool {
    let text = match file::look(&folder.join(kind.name())) {
        Ok(Found::File { text, .. }) => text,
        _ => return false,
    };
    script::is_everywhere(&text) && script::runs(kind, &text)
}

/// Changes a file of git's settings as git does: under a lock beside it, whole or not at all. Tells whether
/// there was anything to change.
fn edit(file: &Path, change: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Result<bool, HookError> {
    // Settings are often a link into a folder of such files: what it leads to is what git writes.
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let text = match fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(HookError::io("read", &file)(e)),
    };
    let Some(changed) = change(&text) else { return Ok(false) };
    if let Some(folder) = file.parent() {
        file::make_folder(folder)?;
    }
    let mode = fs::metadata(&file).map_or(0o644, |meta| meta.permissions().mode() & 0o7777);
    let mut lock = file.clone().into_os_string();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let open = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&lock);
    let mut open = open.map_err(HookError::io("lock git's settings with", &lock))?;
    let written = open.write_all(&changed).and_then(|()| open.sync_all());
    let placed = written.and_then(|()| fs::rename(&lock, &file));
    placed.map(|()| true).map_err(|e| {
        let _ = fs::remove_file(&lock);
        HookError::io("write", &file)(e)
    })
}

/// Returns the settings with our lines at their end, where they outrank what stands above.
fn with(text: &[u8], folder: &Path) -> Option<Vec<u8>> {
    let folder = folder.as_os_str().as_encoded_bytes();
    let mut value = Vec::new();
    for byte in folder {
        if matches!(byte, b'"' | b'\\') {
            value.push(b'\\');
        }
        value.push(*byte);
    }
    let mut out = without(text).unwrap_or_else(|| text.to_vec());
    if !out.is_empty() && !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    for part in
        [BEGIN_LINES.as_bytes(), b"\n[core]\n\thooksPath = \"", &value, b"\"\n", END_LINES.as_bytes(), b"\n"]
    {
        out.extend_from_slice(part);
    }
    Some(out)
}

/// Returns the settings without our lines; `None` if there are none.
fn without(text: &[u8]) -> Option<Vec<u8>> {
    let from = memchr::memmem::find(text, BEGIN_LINES.as_bytes())?;
    let end = from + memchr::memmem::find(&text[from..], END_LINES.as_bytes())? + END_LINES.len();
    let end = end + usize::from(text.get(end) == Some(&b'\n'));
    Some([&text[..from], &text[end..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_lines_leave_the_settings_as_they_were() {
        for text in ["", "[user]\n\tname = A\n", "[core]\n\thooksPath = x\n# end\n"] {
            let with = with(text.as_bytes(), Path::new("/a \"b\"/c")).unwrap();
            assert!(String::from_utf8_lossy(&with).contains(r#"hooksPath = "/a \"b\"/c""#));
            assert_eq!(without(&with).unwrap(), text.as_bytes());
            assert_eq!(self::with(&with, Path::new("/a \"b\"/c")).unwrap(), with, "twice is once");
        }
        assert_eq!(without(b"[user]\n"), None);
    }
}
