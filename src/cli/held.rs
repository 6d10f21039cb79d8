//! The scanned repository's own files: as they stand, or as one commit holds them (`--settings-at`). What a
//! change says of how it is to be scanned is no news from the base it is held against.

use std::path::{Component, Path, PathBuf};

use keywright::git::{Id, Repository};
use keywright::model::text::shown;

use super::error::CliError;

/// Where the repository's own word on a scan is taken from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Own {
    /// The working tree, or `HEAD` where there is none.
    #[default]
    AsItStands,
    /// A commit; zeros are none, as in a first push.
    At(String),
}

/// Reads files of a repository.
pub(crate) struct Held<'r> {
    repo: Option<&'r Repository>,
    /// The commit, `None` for no commit at all; without it, files are read as they stand.
    at: Option<Option<Id>>,
}

/// What a file that was named is.
pub(crate) enum Named {
    /// None of the repository's, or read as it stands.
    Elsewhere,
    /// One of the repository's, as the commit holds it, with its name; `None`: it holds none.
    Held(String, Option<Vec<u8>>),
}

impl<'r> Held<'r> {
    /// Finds the commit.
    pub(crate) fn new(repo: Option<&'r Repository>, own: &Own) -> Result<Self, CliError> {
        let Own::At(name) = own else { return Ok(Self { repo, at: None }) };
        let repo = repo.ok_or_else(|| {
            CliError::usage(
                "--settings-at names a commit, and nothing of a repository is scanned",
                "leave it out, or scan a repository",
            )
        })?;
        let is_none = name.len() >= 40 && name.bytes().all(|b| b == b'0');
        let at = if is_none { None } else { Some(repo.commit(name)?) };
        Ok(Self { repo: Some(repo), at: Some(at) })
    }

    /// Whether files are read as a commit holds them.
    pub(crate) fn is_at(&self) -> bool {
        self.at.is_some()
    }

    /// Says which commit, for people.
    pub(crate) fn place(&self) -> String {
        match self.at {
            None => String::new(),
            Some(None) => " at no commit".into(),
            Some(Some(id)) => format!(" at {}", &id.to_string()[..10]),
        }
    }

    /// Reads a file at the top of the repository, and says its name.
    pub(crate) fn own(&self, name: &str, largest: u64) -> Result<Option<(String, Vec<u8>)>, CliError> {
        let Some(repo) = self.repo else { return Ok(None) };
        let told = format!("{name}{}", self.place());
        let held = |id: Option<Id>| id.map(|id| repo.file_at(id, name, largest)).transpose();
        let bytes = match (self.at, repo.work_dir()) {
            (Some(at), _) => held(at)?.flatten(),
            (None, None) => held(repo.head())?.flatten(),
            (None, Some(dir)) => {
                let path = dir.join(name);
                let is_file = path.symlink_metadata().is_ok_and(|m| m.is_file());
                is_file.then(|| read(&path, name, "file", largest)).transpose()?
            }
        };
        Ok(bytes.map(|bytes| (told, bytes)))
    }

    /// Looks at a file that somebody named: one of the working tree is read as the commit holds it.
    pub(crate) fn named(&self, path: &Path, largest: u64) -> Result<Named, CliError> {
        let (Some(repo), Some(at)) = (self.repo, self.at) else { return Ok(Named::Elsewhere) };
        let Some(inside) = repo.work_dir().and_then(|top| within(&top, path)) else {
            return Ok(Named::Elsewhere);
        };
        let bytes = at.map(|id| repo.file_at(id, &inside, largest)).transpose()?.flatten();
        Ok(Named::Held(format!("{}{}", shown(inside.as_bytes()), self.place()), bytes))
    }
}

/// Reads a file, unless it is too large; `kind` says what else to name.
pub(crate) fn read(path: &Path, name: &str, kind: &str, largest: u64) -> Result<Vec<u8>, CliError> {
    let bytes = match std::fs::metadata(path) {
        Ok(meta) if meta.len() > largest => Err(format!("it is larger than {largest} bytes")),
        _ => std::fs::read(path).map_err(|e| e.to_string()),
    };
    bytes.map_err(|why| CliError {
        why,
        ..CliError::usage(format!("couldn't read {name}"), format!("name a {kind} that is there"))
    })
}

/// Returns where a file lies below `top`, there or not: as it is written, else by where links lead.
fn within(top: &Path, path: &Path) -> Option<String> {
    let top = top.canonicalize().ok()?;
    let whole = plain(&std::env::current_dir().ok()?.join(path));
    let is_top = |folder: &&Path| folder.canonicalize().is_ok_and(|folder| folder == top);
    let rest = match whole.ancestors().filter(is_top).last() {
        Some(folder) => whole.strip_prefix(folder).ok()?.to_owned(),
        None => path.canonicalize().ok()?.strip_prefix(&top).ok()?.to_owned(),
    };
    let parts = rest.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    // A name that is no text becomes one that no commit has.
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// Takes the steps upwards out of a path.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}
