//! Why a hook was not put in, taken out or read.

use std::io;
use std::path::{Path, PathBuf};

use crate::model::text::shown;

/// Why a hook was not put in, taken out or read. An installation that returns one has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// There is no repository here.
    #[error("{}: no git repository here or above; go into one, or name its folder", show(dir))]
    NoRepository {
        /// Where was looked.
        dir: PathBuf,
    },
    /// The repository cannot be opened.
    #[error("{}: the repository can't be opened: {why}; `git status` there should say more", show(dir))]
    Unopened {
        /// The repository.
        dir: PathBuf,
        /// What the reader says.
        why: String,
    },
    /// Another user owns the repository: its configuration must not decide where we write.
    #[error(
        "{}: owned by another user, so its hooks are left alone; run this as its owner, or if you trust it: \
         git config --global --add safe.directory {}",
        show(dir),
        show(dir)
    )]
    Untrusted {
        /// The repository.
        dir: PathBuf,
    },
    /// A bare repository has no commits made in it.
    #[error(
        "{}: a bare repository, where git never runs a {hook} hook; install it in the clones people commit in",
        show(dir)
    )]
    Bare {
        /// The repository.
        dir: PathBuf,
        /// The hook's name.
        hook: &'static str,
    },
    /// The value of `core.hooksPath` is no path.
    #[error("core.hooksPath can't be read as a path: {why}; see `git config --show-origin core.hooksPath`")]
    HooksPath {
        /// What the reader says.
        why: String,
    },
    /// `core.hooksPath` names a folder in the work tree that a link leads out of it.
    #[error(
        "{}: a link in the work tree that leads out of it, to {}; point core.hooksPath at the folder you mean",
        show(folder),
        show(real)
    )]
    LeavesWorkTree {
        /// The folder as configured.
        folder: PathBuf,
        /// Where it leads.
        real: PathBuf,
    },
    /// Something other than a folder stands where hooks should.
    #[error(
        "{}: not a folder, so git runs no hooks here; \
         see `git config --show-origin core.hooksPath` and unset it, or move the file away",
        show(folder)
    )]
    NotAFolder {
        /// The hooks folder.
        folder: PathBuf,
    },
    /// Something other than a file stands where the hook should.
    #[error("{}: not a file, so it can't be kept as a hook; move it away and install again", show(hook))]
    NotAFile {
        /// The hook.
        hook: PathBuf,
    },
    /// husky's own files are not made yet, so what is in its folder would not be run.
    #[error(
        "{}: husky is named by core.hooksPath but has not made its files; \
         run `npm install` (or `npx husky`) and install again",
        show(folder)
    )]
    HuskyNotSetUp {
        /// husky's folder.
        folder: PathBuf,
    },
    /// A husky hook that is a link: our lines would be written into another file.
    #[error(
        "{}: a link, and what it leads to is not written to; \
         add `keywright hook run {name} || exit` to that file yourself",
        show(hook)
    )]
    Linked {
        /// The hook.
        hook: PathBuf,
        /// The hook's name.
        name: &'static str,
    },
    /// The name under which a hook is kept is taken.
    #[error(
        "{}: kept by an earlier installation and never overwritten; \
         put it back as {} or move it away, and install again",
        show(kept),
        show(hook)
    )]
    KeptNameTaken {
        /// The file in the way.
        kept: PathBuf,
        /// The hook.
        hook: PathBuf,
    },
    /// Our hook file, with somebody's changes in it.
    #[error(
        "{}: keywright's hook, but changed by hand; move your lines to a file of their own \
         (kept hooks run from {}), delete it, and install again",
        show(hook),
        show(kept)
    )]
    Edited {
        /// The hook.
        hook: PathBuf,
        /// Where a kept hook stands.
        kept: PathBuf,
    },
    /// The pre-commit framework took our hook over.
    #[error(
        "{}: the pre-commit framework runs keywright's hook from here; \
         run `pre-commit uninstall` first, which puts it back, and then this again",
        show(legacy)
    )]
    TakenOver {
        /// Our hook, under the framework's name for it.
        legacy: PathBuf,
    },
    /// `core.hooksPath` is set for all repositories already.
    #[error(
        "core.hooksPath is set for all your repositories already, to {}; `keywright hook install` in any of \
         them puts the hook there",
        show(named)
    )]
    NamedForAll {
        /// The folder it names.
        named: PathBuf,
    },
    /// Our folder is named for all repositories, and not by us.
    #[error(
        "{}: names {} as core.hooksPath, in lines that are not keywright's; take them out \
         (git config --global --unset core.hooksPath) and run this again",
        show(settings),
        show(folder)
    )]
    NamedByHand {
        /// The user's settings of git.
        settings: PathBuf,
        /// Our folder.
        folder: PathBuf,
    },
    /// Something of somebody else's stands in our folder.
    #[error("{}: not keywright's, in a folder that is; move it away and install again", show(hook))]
    Foreign {
        /// The file.
        hook: PathBuf,
    },
    /// The hook serves every repository of the user.
    #[error(
        "{}: serves all your repositories; run `keywright hook {verb} --global --type {name}`",
        show(hook)
    )]
    ForAll {
        /// The file.
        hook: PathBuf,
        /// What was to be done.
        verb: &'static str,
        /// The hook's name.
        name: &'static str,
    },
    /// There is no place for the user's settings of git.
    #[error("there is no file for your settings of git; set HOME")]
    NoHome,
    /// The program to record cannot be recorded.
    #[error(
        "{}: can't be recorded as the program to run: {why}; install again from where it stays",
        show(path)
    )]
    Binary {
        /// The program.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// A file could not be read or written.
    #[error("couldn't {doing} {}: {source}; {}", show(path), way_out(source))]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl HookError {
    /// Returns a closure for `map_err` that says what was tried on what.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

/// Returns a path as one harmless line.
pub(super) fn show(path: &Path) -> String {
    shown(path.as_os_str().as_encoded_bytes())
}

fn way_out(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied => "let your user write there, or run this as the folder's owner",
        io::ErrorKind::ReadOnlyFilesystem => "the disk is mounted read-only: mount it writable",
        io::ErrorKind::StorageFull => "make room on the disk",
        io::ErrorKind::NotFound => "it was there a moment ago: try again",
        _ => "see what is there with `ls -la`",
    }
}
