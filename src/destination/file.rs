//! Reads a text file and replaces it whole: at every moment there is the old file or the new one.
//!
//! The new file is made beside the old one with its owner, mode and extended attributes, brought to disk,
//! and renamed over it. A link is followed and stays. What a crash leaves behind is named
//! `.NAME.keywright-XXXXXX`, and the next run takes it away.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, OFlags, XattrFlags};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::DestinationError;
use crate::model::text::shown;

/// The largest file that is read: nobody writes a larger one by hand.
const LARGEST: usize = 1 << 20;
/// How often, and how long apart, another writer's lock is asked for.
const LOCK_TRIES: (u32, Duration) = (50, Duration::from_millis(100));

/// A file as it was seen.
pub(super) struct Seen {
    /// Where it is, links followed.
    path: PathBuf,
    file: File,
    meta: Metadata,
    /// What it holds.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Reads a file. What cannot be replaced as it is, is refused here already: a device, a second name (hard
/// link), a file over 1 MiB.
pub(super) fn look(path: &Path) -> Result<Seen, DestinationError> {
    let real = fs::canonicalize(path).map_err(failed("find the file"))?;
    let refused = |why: &str| Err(DestinationError::Denied(why.into()));
    // Asked before it is opened: opening a pipe or a device may do something.
    if !fs::symlink_metadata(&real).map_err(failed("look at the file"))?.is_file() {
        return refused("it is no regular file; name the file itself");
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).expect("the flags of open are an int");
    let file =
        OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(failed("read the file"))?;
    let meta = file.metadata().map_err(failed("look at the file"))?;
    if !meta.is_file() {
        return refused("it is no regular file; name the file itself");
    }
    if meta.nlink() > 1 {
        return refused("it has a second name (a hard link), which would keep the old key; make it a copy");
    }
    // Room for the largest at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST.min(usize_of(meta.len())) + 2));
    (&file).take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed("read the file"))?;
    if bytes.len() > LARGEST {
        return refused("it is larger than 1 MiB; keep the key in a file of its own");
    }
    Ok(Seen { path: real, file, meta, bytes })
}

/// Keeps every other Keywright from this folder's files until the answer is dropped.
pub(super) async fn lock(seen: &Seen) -> Result<Option<File>, DestinationError> {
    let folder = File::open(folder(&seen.path)).map_err(failed("open its folder"))?;
    let (tries, apart) = LOCK_TRIES;
    for _ in 0..tries {
        match folder.try_lock() {
            Ok(()) => return Ok(Some(folder)),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(apart).await,
            // Some network file systems know no locks; the comparison before the rename still holds.
            Err(TryLockError::Error(_)) => return Ok(None),
        }
    }
    Err(DestinationError::NotDone("another program holds its folder's lock; try again".into()))
}

/// Proves that the file can be replaced: does all of it but the rename, with an empty file.
pub(super) fn rehearse(seen: &Seen) -> Result<(), DestinationError> {
    let mode = seen.meta.permissions().mode();
    if mode & 0o222 == 0 {
        let why = format!("nobody may write it (mode {:04o}); `chmod u+w` lets its owner", mode & 0o7777);
        return Err(DestinationError::Denied(why));
    }
    rustix::fs::accessat(CWD, &seen.path, Access::WRITE_OK, AtFlags::EACCESS)
        .map_err(|e| failed("write the file")(e.into()))?;
    #[cfg(target_os = "linux")]
    if rustix::fs::ioctl_getflags(&seen.file).is_ok_and(|flags| flags.contains(rustix::fs::IFlags::APPEND)) {
        let why = "it can only be appended to; `chattr -a` takes that away".into();
        return Err(DestinationError::Denied(why));
    }
    sweep(seen);
    draft(seen, b"")?.close().map_err(failed("take a trial file away again"))
}

/// Replaces the file, if it still is what was seen.
pub(super) fn replace(path: &Path, seen: &Seen, text: &[u8]) -> Result<(), DestinationError> {
    sweep(seen);
    let draft = draft(seen, text)?;
    draft.as_file().sync_all().map_err(failed("bring the new file to disk"))?;
    // As late as can be: whoever saves in an editor meanwhile is not written over.
    let now = look(path)?;
    if (now.path != seen.path) || (now.meta.ino() != seen.meta.ino()) || (now.bytes != seen.bytes) {
        return Err(DestinationError::Changed("the file was changed just now; plan again".into()));
    }
    draft.persist(&seen.path).map_err(|e| failed("put the new file into place")(e.error))?;
    sync_folder(seen)
}

/// Brings to disk what a run before this one wrote.
pub(super) fn settle(seen: &Seen) -> Result<(), DestinationError> {
    sweep(seen);
    seen.file.sync_all().map_err(failed("bring the file to disk"))?;
    sync_folder(seen)
}

fn sync_folder(seen: &Seen) -> Result<(), DestinationError> {
    File::open(folder(&seen.path)).and_then(|folder| folder.sync_all()).map_err(|e| {
        DestinationError::Lost(format!("the new file is in place, but may be lost with the power: {e}"))
    })
}

/// Makes the file that is to come, beside the one that is.
fn draft(seen: &Seen, text: &[u8]) -> Result<NamedTempFile, DestinationError> {
    let made = tempfile::Builder::new().prefix(&prefix(&seen.path)).tempfile_in(folder(&seen.path));
    let mut draft = made.map_err(failed("make a file in its folder"))?;
    draft.write_all(text).map_err(failed("write the new file"))?;
    let file = draft.as_file();
    let made = file.metadata().map_err(failed("look at the new file"))?;
    if (made.uid(), made.gid()) != (seen.meta.uid(), seen.meta.gid()) {
        fchown(file, Some(seen.meta.uid()), Some(seen.meta.gid()))
            .map_err(failed("keep the file's owner"))?;
    }
    keep_attributes(&seen.file, file).map_err(failed("keep the file's extended attributes"))?;
    // Last: both lines above may change it.
    let mode = Permissions::from_mode(seen.meta.permissions().mode() & 0o7777);
    file.set_permissions(mode).map_err(failed("keep the file's mode"))?;
    Ok(draft)
}

/// Copies extended attributes, access lists among them: without those a service may not read its file.
fn keep_attributes(from: &File, to: &File) -> io::Result<()> {
    let mut names = vec![0; 64 << 10];
    let length = match rustix::fs::flistxattr(from, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(()),
        Err(e) => return Err(e.into()),
    };
    for name in names[..length].split(|b| *b == 0).filter(|name| !name.is_empty()) {
        // Hashes over the file's bytes: the kernel makes them anew.
        if matches!(name, b"security.ima" | b"security.evm") {
            continue;
        }
        let value = attribute(from, name)?;
        if attribute(to, name).ok().as_ref() != Some(&value) {
            rustix::fs::fsetxattr(to, name, &value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

fn attribute(file: &File, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0; 64 << 10];
    let length = rustix::fs::fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

/// Takes away what a run that was killed left here.
fn sweep(seen: &Seen) {
    let prefix = prefix(&seen.path);
    let Ok(entries) = fs::read_dir(folder(&seen.path)) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes());
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn prefix(path: &Path) -> OsString {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".keywright-");
    name
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn usize_of(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Says what could not be done, and whether trying again may help.
fn failed(what: &str) -> impl Fn(io::Error) -> DestinationError {
    move |e| {
        let why = format!("couldn't {what}: {}", shown(e.to_string().as_bytes()));
        match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => DestinationError::Absent(why),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::Interrupted => {
                DestinationError::NotDone(format!("{why}; nothing was changed"))
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => DestinationError::Denied(why),
            _ => DestinationError::NotDone(why),
        }
    }
}
