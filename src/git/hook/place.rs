//! Where git looks for a repository's hooks. The one part of `hook` that knows gix.

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use gix::config::Source;

use super::error::HookError;
use super::kind::{Kind, Manager};
use super::report::{Done, Report};

/// Where git looks for a repository's hooks.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder git reads hooks from, with links resolved. It may not exist yet.
    pub(super) folder: PathBuf,
    /// Who else stands there.
    pub(super) layout: Layout,
    /// Whether the folder lies in the work tree, where files are shared through git.
    pub(super) shared: bool,
    /// Whether the folder serves every repository of this user or machine.
    pub(super) everywhere: bool,
    /// Where hooks would be without `core.hooksPath`, if that is another folder.
    pub(super) unused: Option<PathBuf>,
}

/// How a hooks folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A file per hook.
    Plain,
    /// husky 9: the folder holds its runners, the user's hooks stand one folder up.
    Husky,
    /// husky 5 to 8: the folder holds the user's hooks, its parts stand in `_`.
    OldHusky,
}

impl Place {
    /// Finds where git looks for the hooks of the repository at or above `dir`.
    ///
    /// Reads what git would: the repository's, the user's and the system's configuration and the
    /// environment. That is for a user's own repository only, so another owner's is refused.
    pub(super) fn find(dir: &Path, kind: Kind) -> Result<Self, HookError> {
        let repo = open(dir)?;
        let common = real(repo.common_dir());
        let work_tree = repo.workdir().map(real);
        if work_tree.is_none() && kind.needs_work_tree() {
            return Err(HookError::Bare { dir: common, hook: kind.name() });
        }
        let default = real(&common.join("hooks"));
        let top = work_tree.clone().unwrap_or_else(|| common.clone());
        let config = repo.config_snapshot();
        let why = |e: gix::Error| HookError::HooksPath { why: e.to_string() };
        let Some(configured) = config.trusted_path("core.hooksPath").map_err(why)? else {
            let shared = lies_in(&default, work_tree.as_deref(), &[&common]);
            return Ok(Self {
                folder: default,
                layout: Layout::Plain,
                shared,
                everywhere: false,
                unused: None,
            });
        };
        // git runs hooks at the top of the work tree: a relative path starts there.
        let named = top.join(&configured);
        let folder = real(&named);
        let git_dirs: &[&Path] = &[&common, &real(repo.git_dir())];
        let plain = !configured.components().any(|part| part == Component::ParentDir);
        let shared = lies_in(&folder, work_tree.as_deref(), git_dirs);
        // A checked-out link must not choose where on the disk we write.
        if plain && lies_in(&named, work_tree.as_deref(), git_dirs) && !folder.starts_with(&top) {
            return Err(HookError::LeavesWorkTree { folder: named, real: folder });
        }
        let set_for_all = config
            .plumbing()
            .raw_value_with_section("core.hooksPath")
            .is_ok_and(|(_, section)| is_everyones(section.meta().source));
        Ok(Self {
            layout: Layout::of(&folder)?,
            shared,
            everywhere: set_for_all && configured.is_absolute() && !shared,
            unused: (default != folder).then_some(default),
            folder,
        })
    }

    /// Returns the file that is ours to write, or holds our lines.
    pub(super) fn hook(&self, kind: Kind) -> PathBuf {
        match self.layout {
            Layout::Plain | Layout::OldHusky => self.folder.join(kind.name()),
            Layout::Husky => self.folder.with_file_name(kind.name()),
        }
    }

    /// Returns where a hook that was there before is kept.
    pub(super) fn kept(&self, kind: Kind) -> PathBuf {
        self.folder.join(kind.kept_name())
    }

    /// Returns the place git would use without `core.hooksPath`.
    pub(super) fn into_unused(self) -> Option<Self> {
        let folder = self.unused?;
        Some(Self { folder, layout: Layout::Plain, shared: false, everywhere: false, unused: None })
    }

    /// Returns a report of what was done here.
    pub(super) fn report(&self, kind: Kind, done: Done) -> Report {
        Report {
            kind,
            hook: self.hook(kind),
            done,
            kept: None,
            manager: (self.layout != Layout::Plain).then_some(Manager::Husky),
            shared: self.shared,
            everywhere: self.everywhere,
            unused: None,
        }
    }
}

impl Layout {
    /// Tells husky by what it puts into its folder.
    fn of(folder: &Path) -> Result<Self, HookError> {
        let named =
            |path: Option<&Path>, name: &str| path.and_then(Path::file_name).is_some_and(|n| n == name);
        if named(Some(folder), "_") {
            if folder.join("h").is_file() {
                return Ok(Self::Husky);
            }
            if named(folder.parent(), ".husky") {
                return Err(HookError::HuskyNotSetUp { folder: folder.to_owned() });
            }
        }
        if folder.join("_/husky.sh").is_file() {
            return Ok(Self::OldHusky);
        }
        Ok(Self::Plain)
    }
}

/// Opens the repository at or above `dir` with its owner's rights, or not at all.
pub(super) fn open(dir: &Path) -> Result<gix::Repository, HookError> {
    let missing = || HookError::NoRepository { dir: dir.to_owned() };
    // Found first and opened after, so that the user's `safe.directory` is heard.
    let found = gix::discover::upwards(dir).map_err(|_| missing())?.0;
    let (git_dir, work_tree) = found.into_repository_and_work_tree_directories();
    let at = work_tree.unwrap_or(git_dir);
    let repo = gix::open(&at).map_err(|e| HookError::Unopened { dir: at.clone(), why: e.to_string() })?;
    match repo.git_dir_trust() {
        gix::sec::Trust::Full => Ok(repo),
        gix::sec::Trust::Reduced => Err(HookError::Untrusted { dir: real(&at) }),
    }
}

/// Returns the folder that `core.hooksPath` names in the user's or the machine's settings of git.
pub(super) fn named_for_all() -> Result<Option<PathBuf>, HookError> {
    let why = |e: gix::Error| HookError::HooksPath { why: e.to_string() };
    let config = gix::config::File::from_globals().map_err(why)?;
    let named = config.raw_value("core.hooksPath").ok().filter(|value| !value.is_empty());
    Ok(named.map(|value| PathBuf::from(std::ffi::OsString::from_vec(value.into()))))
}

/// Returns the file that holds the user's settings of git, whether or not it is there yet.
pub(super) fn users_file() -> Result<PathBuf, HookError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(file) = set("GIT_CONFIG_GLOBAL") {
        return Ok(file);
    }
    let own = set("HOME").map(|home| home.join(".gitconfig"));
    let other = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
    let other = other.map(|folder| folder.join("git/config"));
    match (own, other) {
        (Some(own), Some(other)) if !own.exists() && other.exists() => Ok(other),
        (Some(own), _) => Ok(own),
        (None, _) => Err(HookError::NoHome),
    }
}

fn is_everyones(source: Source) -> bool {
    matches!(source, Source::GitInstallation | Source::System | Source::Git | Source::User)
}

/// Tells whether a path lies among the files git checks out.
fn lies_in(path: &Path, work_tree: Option<&Path>, git_dirs: &[&Path]) -> bool {
    work_tree.is_some_and(|top| path.starts_with(top)) && !git_dirs.iter().any(|dir| path.starts_with(dir))
}

/// Returns a path with its links resolved, as far as it exists.
fn real(path: &Path) -> PathBuf {
    match path.canonicalize() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => real(parent).join(name),
            _ => path.to_owned(),
        },
        Err(_) => path.to_owned(),
        Ok(real) => real,
    }
}
