//! Files and folders on disk, as raw bytes: no filter runs, no link is followed.
//!
//! Ignored files are left out as git leaves them out, but what git tracks counts even when ignored,
//! and a file named on the command line always does.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path as FsPath, PathBuf};

use rayon::prelude::*;

use super::{LARGEST_BINARY, See, Source, SourceError, Tell, skip};
use crate::git::{Repository, index};
use crate::model::{Blob, Event, Origin, Path, SkipReason, text::shown};
use crate::unpack::{pieces, text};

/// Files larger than this are read in pieces.
const LARGEST_WHOLE: u64 = 64 << 20;

/// A folder or a file.
pub struct Worktree {
    /// What is read.
    root: PathBuf,
    /// What paths are told relative to.
    base: PathBuf,
    /// Paths below `root` that git tracks.
    tracked: Vec<Vec<u8>>,
    /// Why the index could not be read: which ignored files git tracks is not known then.
    index_error: Option<String>,
    /// Whether ignore files are read.
    in_repository: bool,
    /// The files to read and no other, where somebody listed them.
    listed: Option<BTreeSet<PathBuf>>,
}

impl Worktree {
    /// Takes the whole working tree of a repository, or the part below `root`.
    #[must_use]
    pub fn of(repo: &Repository, root: Option<&FsPath>) -> Self {
        let base = repo.work_dir().unwrap_or_else(|| ".".into());
        let root = root.map_or_else(|| base.clone(), FsPath::to_path_buf);
        let (entries, index_error) = match index::index(repo) {
            Ok(entries) => (entries, None),
            Err(e) => (Vec::new(), Some(e.to_string())),
        };
        let tracked = entries.into_iter().filter(|e| !e.is_submodule).map(|e| e.path).collect();
        Self { root, base, tracked, index_error, in_repository: true, listed: None }
    }

    /// Takes a folder or file outside any repository.
    #[must_use]
    pub fn at(root: &FsPath) -> Self {
        let base = if root.is_dir() { root.to_path_buf() } else { PathBuf::new() };
        Self {
            root: root.into(),
            base,
            tracked: Vec::new(),
            index_error: None,
            in_repository: false,
            listed: None,
        }
    }

    /// Takes some files of a repository: no folder is walked and no index is read for them.
    #[must_use]
    pub fn listed(repo: &Repository, files: impl IntoIterator<Item = PathBuf>) -> Self {
        let base = repo.work_dir().unwrap_or_else(|| ".".into());
        Self { listed: Some(files.into_iter().collect()), ..Self::at(&base) }
    }

    /// Lists the files: those the walk meets and those git tracks.
    fn files(&self, tell: &Tell<'_>) -> BTreeSet<PathBuf> {
        if let Some(listed) = &self.listed {
            return listed.clone();
        }
        let mut files = BTreeSet::new();
        let walk = ignore::WalkBuilder::new(&self.root)
            .hidden(false)
            // `.ignore` is ripgrep's: it says nothing about what git would commit.
            .ignore(false)
            .git_ignore(self.in_repository)
            .git_exclude(self.in_repository)
            .git_global(self.in_repository)
            .parents(self.in_repository)
            .follow_links(false)
            .filter_entry(|entry| entry.file_name() != ".git")
            .build();
        for entry in walk {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|t| t.is_dir()) => {}
                Ok(entry) => {
                    files.insert(entry.into_path());
                }
                Err(e) => tell(skip(
                    SkipReason::Unreadable,
                    shown(e.to_string().as_bytes()),
                    "make it readable, or leave it out",
                )),
            }
        }
        for path in &self.tracked {
            let file = self.base.join(from_bytes(path));
            if file.starts_with(&self.root)
                && !leads_through_link(&self.base, &file)
                && fs::symlink_metadata(&file).is_ok()
            {
                files.insert(file);
            }
        }
        files
    }

    fn path(&self, file: &FsPath) -> Path {
        let relative = file.strip_prefix(&self.base).unwrap_or(file);
        let relative = relative.strip_prefix(".").unwrap_or(relative);
        Path::new(to_bytes(relative))
    }

    fn read_file(&self, file: &FsPath, see: &See<'_>, tell: &Tell<'_>) {
        let path = self.path(file);
        let failed = |e: &std::io::Error| {
            if e.kind() != std::io::ErrorKind::NotFound {
                tell(skip(
                    SkipReason::Unreadable,
                    format!("{path}: {e}"),
                    "make it readable, or leave it out",
                ));
            }
        };
        let meta = match fs::symlink_metadata(file) {
            Ok(meta) => meta,
            Err(e) => return failed(&e),
        };
        if meta.is_symlink() {
            return tell(skip(SkipReason::Symlink, path.to_string(), ""));
        }
        if meta.is_dir() {
            return;
        }
        if !meta.is_file() {
            return tell(skip(SkipReason::Special, path.to_string(), ""));
        }
        let origin = Origin::File(path.clone());
        let read = if meta.len() > LARGEST_WHOLE {
            File::open(file).and_then(|mut f| read_large(&mut f, &origin, see, tell))
        } else {
            fs::read(file).map(|bytes| {
                see(Blob::whole(origin, &text::decoded(&bytes)));
                tell(Event::Bytes(bytes.len() as u64));
            })
        };
        match read {
            Ok(()) => tell(Event::Files(1)),
            Err(e) => failed(&e),
        }
    }
}

impl Source for Worktree {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        if fs::symlink_metadata(&self.root).is_err() {
            return Err(SourceError::Absent { path: shown(&to_bytes(&self.root)) });
        }
        if let Some(why) = &self.index_error {
            tell(skip(SkipReason::Corrupt, why.as_str(), "`git reset` writes the index anew"));
        }
        let files: Vec<PathBuf> = self.files(tell).into_iter().collect();
        tell(Event::Stage("working tree", files.len() as u64));
        let read = |file: &PathBuf| {
            self.read_file(file, see, tell);
            tell(Event::Step(1));
        };
        // A pool of threads takes longer to start than one small file to read.
        match files.as_slice() {
            [one] => read(one),
            many => many.par_iter().for_each(read),
        }
        Ok(())
    }
}

/// Reads a file in pieces if it is text; binary content of that size is counted as not read.
fn read_large(file: &mut dyn Read, origin: &Origin, see: &See<'_>, tell: &Tell<'_>) -> std::io::Result<()> {
    let mut head = Vec::new();
    (&mut *file).take(64 << 10).read_to_end(&mut head)?;
    if text::is_binary(&head) {
        let path = origin.path().map(ToString::to_string).unwrap_or_default();
        let most = LARGEST_BINARY >> 20;
        tell(skip(
            SkipReason::TooLarge,
            format!("{path}: binary and larger than {most} MiB"),
            "look into it by hand",
        ));
        return Ok(());
    }
    let bytes = pieces::each(&mut head.chain(file), &mut |bytes, extent| {
        see(Blob { origin: origin.clone(), bytes, extent: extent.clone(), earlier: None, kin: None });
    })?;
    tell(Event::Bytes(bytes));
    Ok(())
}

/// Whether a folder between `base` and `file` is a symbolic link.
fn leads_through_link(base: &FsPath, file: &FsPath) -> bool {
    file.ancestors()
        .skip(1)
        .take_while(|dir| *dir != base)
        .any(|dir| fs::symlink_metadata(dir).is_ok_and(|m| m.is_symlink()))
}

#[cfg(unix)]
fn from_bytes(path: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(path).into()
}

#[cfg(unix)]
fn to_bytes(path: &FsPath) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn from_bytes(path: &[u8]) -> PathBuf {
    String::from_utf8_lossy(path).into_owned().into()
}

#[cfg(not(unix))]
fn to_bytes(path: &FsPath) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}
