//! What there is to scan: repositories, parts of them, files, a stream.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use keywright::git::push::Push;
use keywright::git::{Repository, staged::staged};
use keywright::model::{Path as GitPath, text};
#[cfg(feature = "rekey")]
use keywright::source::named::Named;
use keywright::source::{
    Source, SourceError, message::Message, range::Range, staged::Staged, stdin::Stdin, worktree::Worktree,
};

use super::error::CliError;

/// What of a repository is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// Working tree, index and history.
    #[default]
    All,
    /// What the next commit would bring in.
    Staged,
    /// What the next commit would bring in, and of these files all that it would not change: a hook
    /// manager names the files of the commit, or every file there is.
    Listed(Vec<PathBuf>),
    /// What the commits of a range brought in.
    Range(String),
    /// What the commits after one brought in.
    Since(String),
    /// Objects that somebody named, by their ids, if the commits of a range brought them in.
    #[cfg(feature = "rekey")]
    Named(String, Vec<String>),
    /// The message of a commit that is to be made, as git would store it.
    Message(Vec<u8>),
    /// What a push would bring to another repository.
    Sent(Push),
    /// What a push would bring to this one, of which git keeps it apart so far.
    Received(Push),
    /// The stored objects.
    History,
    /// The working tree.
    Files,
    /// Every file of a folder, those that git ignores included.
    EveryFile,
}

impl Narrow {
    /// Whether it is about changes: then nothing to look at is a good answer.
    pub(crate) fn is_change(&self) -> bool {
        !matches!(self, Self::All | Self::History | Self::Files | Self::EveryFile)
    }

    fn words(&self) -> String {
        match self {
            Self::All => "working tree, index and history".into(),
            Self::Staged => "staged changes".into(),
            Self::Listed(_) => "staged changes and named files".into(),
            Self::Range(range) => text::shown(range.as_bytes()),
            Self::Since(since) => format!("commits since {}", text::shown(since.as_bytes())),
            #[cfg(feature = "rekey")]
            Self::Named(range, _) => format!("named objects of {}", text::shown(range.as_bytes())),
            Self::Message(_) => "commit message".into(),
            Self::Sent(_) | Self::Received(_) => "push".into(),
            Self::History => "history".into(),
            Self::Files => "working tree".into(),
            Self::EveryFile => "every file".into(),
        }
    }
}

/// One thing to scan.
pub(crate) enum Target {
    /// A repository, all of it or narrowed.
    Repository(Repository, PathBuf),
    /// A file or folder inside a repository.
    Part(Repository, PathBuf),
    /// A file or folder outside any.
    Plain(PathBuf),
    /// Standard input, by the name it goes by.
    Stdin(PathBuf),
}

/// Finds what `paths` name; without any, the repository around the current folder.
pub(crate) fn targets(
    paths: &[PathBuf],
    narrow: &Narrow,
    stdin_path: &Path,
) -> Result<Vec<Target>, CliError> {
    if paths.is_empty() {
        let here = Path::new(".");
        let repo = match narrow {
            Narrow::Received(_) => Repository::receiving(),
            _ => Repository::discover(here),
        };
        let repo = repo?.ok_or_else(|| {
            CliError::usage(
                "there is no git repository here",
                "go into one, or name a file or folder: keywright scan PATH",
            )
        })?;
        return Ok(vec![Target::Repository(repo, here.into())]);
    }
    paths.iter().map(|path| target(path, narrow, stdin_path)).collect()
}

fn target(path: &Path, narrow: &Narrow, stdin_path: &Path) -> Result<Target, CliError> {
    let name = shown(path);
    if name == "-" {
        return Ok(Target::Stdin(stdin_path.into()));
    }
    if name.contains("://") {
        let fix = "clone it (git clone --mirror), then name the folder";
        return Err(CliError::usage(format!("{name} is a URL"), fix));
    }
    if path.symlink_metadata().is_err() {
        return Err(CliError::usage(format!("{name} is not there"), "name a file, a folder or a repository"));
    }
    let folder = if path.is_dir() { Some(path) } else { path.parent().filter(|p| !p.as_os_str().is_empty()) };
    let same = |a: &Path, b: &Path| a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a));
    match Repository::discover(folder.unwrap_or(Path::new(".")))? {
        Some(repo) if repo.work_dir().is_some_and(|dir| same(&dir, path)) || same(&repo.git_dir(), path) => {
            Ok(Target::Repository(repo, path.into()))
        }
        _ if !matches!(narrow, Narrow::All | Narrow::Files | Narrow::EveryFile) => Err(CliError::usage(
            format!("{name} is no repository's root"),
            "name one, or leave --staged, --range, --since-commit and --history out",
        )),
        Some(repo) if repo.work_dir().is_some() => Ok(Target::Part(repo, path.into())),
        _ => Ok(Target::Plain(path.into())),
    }
}

impl Target {
    /// The repository, if it is one or lies in one.
    pub(crate) fn repo(&self) -> Option<&Repository> {
        match self {
            Self::Repository(repo, _) | Self::Part(repo, _) => Some(repo),
            Self::Plain(_) | Self::Stdin(_) => None,
        }
    }

    /// What was scanned, in words.
    pub(crate) fn words(&self, narrow: &Narrow) -> String {
        match self {
            Self::Stdin(_) => "standard input".into(),
            Self::Plain(path) | Self::Part(_, path) => shown(path),
            Self::Repository(repo, path) => {
                let path = repo.work_dir().filter(|_| path == Path::new(".")).unwrap_or_else(|| path.clone());
                let name = path.canonicalize().ok().and_then(|p| p.file_name().map(PathBuf::from));
                format!("{}: {}", shown(&name.unwrap_or(path)), narrow.words())
            }
        }
    }

    /// Where its bytes come from, but for the history.
    pub(crate) fn sources<'t>(
        &'t self,
        narrow: &'t Narrow,
    ) -> Result<Vec<Box<dyn Source + 't>>, SourceError> {
        let repo = match self {
            Self::Stdin(name) => {
                let name = GitPath::new(name.as_os_str().as_encoded_bytes());
                return Ok(vec![Box::new(Stdin::new(std::io::stdin(), name))]);
            }
            Self::Part(_, path) | Self::Repository(_, path) if *narrow == Narrow::EveryFile => {
                return Ok(vec![Box::new(Worktree::at(path))]);
            }
            Self::Plain(path) => return Ok(vec![Box::new(Worktree::at(path))]),
            Self::Part(repo, path) => return Ok(vec![Box::new(Worktree::of(repo, Some(path)))]),
            Self::Repository(repo, _) => repo,
        };
        let head = || repo.head().into_iter().collect();
        Ok(match narrow {
            Narrow::Staged => vec![Box::new(Staged { repo })],
            Narrow::Listed(files) => {
                let files = unchanged(repo, files)?;
                vec![Box::new(Staged { repo }), Box::new(Worktree::listed(repo, files))]
            }
            Narrow::Range(range) => vec![Box::new(Range::between(repo, range)?)],
            Narrow::Since(since) => vec![Box::new(Range::since(repo, since, head())?)],
            #[cfg(feature = "rekey")]
            Narrow::Named(range, objects) => vec![Box::new(Named::between(repo, range, objects)?)],
            Narrow::Message(text) => vec![Box::new(Message { text })],
            Narrow::Sent(push) | Narrow::Received(push) => vec![Box::new(Range::pushed(repo, push))],
            Narrow::Files | Narrow::EveryFile => vec![Box::new(Worktree::of(repo, None))],
            Narrow::All if repo.work_dir().is_some() => vec![Box::new(Worktree::of(repo, None))],
            Narrow::All | Narrow::History => Vec::new(),
        })
    }

    /// The repository whose history is read behind all other sources, if that was asked for.
    pub(crate) fn history(&self, narrow: &Narrow) -> Option<&Repository> {
        match self {
            Self::Repository(repo, _) if matches!(narrow, Narrow::All | Narrow::History) => Some(repo),
            _ => None,
        }
    }
}

/// Returns the files that the next commit would not change, by their full paths.
fn unchanged(repo: &Repository, files: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let Some(root) = repo.work_dir() else { return Ok(Vec::new()) };
    let changes = staged(repo)?;
    let changed: HashSet<&[u8]> = changes.iter().map(|change| change.path.as_slice()).collect();
    let is_changed = |file: &Path| {
        let path = file.strip_prefix(&root).map(|path| path.as_os_str().as_encoded_bytes());
        path.is_ok_and(|path| changed.contains(path))
    };
    // A link is named by where it stands, not by where it leads: only its folder is followed.
    let full = |file: &PathBuf| {
        let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(file.file_name()?))
    };
    let root_as_is = root.canonicalize().unwrap_or_else(|_| root.clone());
    let below = |file: PathBuf| match file.strip_prefix(&root_as_is) {
        Ok(path) => root.join(path),
        Err(_) => file,
    };
    let named = files.iter().map(|file| full(file).map_or_else(|| file.clone(), below));
    Ok(named.filter(|file| !is_changed(file)).collect())
}

fn shown(path: &Path) -> String {
    text::shown(path.as_os_str().as_encoded_bytes())
}
