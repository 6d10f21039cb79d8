//! Loose objects: one zlib stream a file, `kind size NUL` before the content.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::object::{Inflating, LARGEST_WHOLE};
use super::{Body, Id, Kind};

/// The longest `kind size NUL`, in bytes.
const LONGEST_HEADER: usize = 32;

/// Lists the loose objects of one object folder; an unreadable folder is named in the error.
pub(super) fn list(dir: &Path, hash: gix::hash::Kind) -> (Vec<Id>, Vec<String>) {
    let (mut ids, mut unreadable) = (Vec::new(), Vec::new());
    for id in gix::odb::loose::Store::at(dir, hash).iter() {
        match id {
            Ok(id) => ids.push(id),
            Err(e) => unreadable.push(e.to_string()),
        }
    }
    (ids, unreadable)
}

/// Returns the file of a loose object.
pub(super) fn path(dir: &Path, id: &Id) -> PathBuf {
    let hex = id.to_hex().to_string();
    dir.join(&hex[..2]).join(&hex[2..])
}

/// Reads one loose object; `see` gets it only if its kind is wanted.
pub(super) fn read(
    path: &Path,
    wanted: &(dyn Fn(Kind) -> bool + Sync),
    see: &mut dyn FnMut(Kind, Body<'_>),
) -> Result<bool, String> {
    let packed = std::fs::read(path).map_err(|e| e.to_string())?;
    let mut stream = Inflating::new(&packed);
    let (kind, size) = header(&mut stream)?;
    if !wanted(kind) {
        return Ok(false);
    }
    if size > LARGEST_WHOLE {
        see(kind, Body::Stream(&mut stream.take(size)));
        return Ok(true);
    }
    let mut content = Vec::new();
    stream.take(size).read_to_end(&mut content).map_err(|e| e.to_string())?;
    if content.len() as u64 != size {
        return Err(format!("it holds {} bytes and says {size}", content.len()));
    }
    see(kind, Body::Whole(&content));
    Ok(true)
}

fn header(stream: &mut Inflating<'_>) -> Result<(Kind, u64), String> {
    let mut header = Vec::with_capacity(LONGEST_HEADER);
    let mut byte = [0u8];
    loop {
        let read = stream.read(&mut byte).map_err(|e| e.to_string())?;
        if read == 0 || header.len() > LONGEST_HEADER {
            return Err("its header is damaged".into());
        }
        if byte[0] == 0 {
            break;
        }
        header.push(byte[0]);
    }
    let parsed = header.split(|b| *b == b' ').collect::<Vec<_>>();
    let [kind, size] = parsed[..] else { return Err("its header is damaged".into()) };
    let kind = Kind::from_word(kind);
    let size = std::str::from_utf8(size).ok().and_then(|s| s.parse().ok());
    kind.zip(size).ok_or_else(|| "its header is damaged".into())
}
