//! Finding and opening repositories, with reduced trust: whoever owns the folder, no program named
//! in its configuration runs, and no user's or system's configuration is read.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{GitError, Id};

/// Objects above this many bytes are never held whole in memory.
pub const LARGEST_HELD: u64 = 1 << 30;

/// An opened repository.
pub struct Repository {
    inner: gix::ThreadSafeRepository,
    /// A folder of ours that says where its objects are; it goes with this.
    _room: Option<TempDir>,
}

impl Repository {
    /// Opens the repository that `from` lies in, or the one the environment names (`GIT_DIR`, as git
    /// sets it for hooks) if `from` is the current folder; `None` if there is none.
    ///
    /// # Errors
    /// [`GitError::Open`] if there is one and it cannot be opened.
    pub fn discover(from: &Path) -> Result<Option<Self>, GitError> {
        if let Some(dir) = std::env::var_os("GIT_DIR").filter(|_| from == Path::new(".")) {
            let mut found = Self::open(Path::new(&dir))?;
            if found.work_dir().is_none() && !found.is_bare() || std::env::var_os("GIT_WORK_TREE").is_some() {
                let dir = std::env::var_os("GIT_WORK_TREE").unwrap_or_else(|| ".".into());
                found.set_work_dir(Path::new(&dir))?;
            }
            return Ok(Some(found));
        }
        match gix::discover::upwards(&way(from)) {
            Ok((path, _)) => Self::open(match &path {
                gix::discover::repository::Path::WorkTree(dir) => dir,
                gix::discover::repository::Path::LinkedWorkTree { work_dir, .. } => work_dir,
                gix::discover::repository::Path::Repository(dir) => dir,
            })
            .map(Some),
            Err(e) => {
                // `..` taken back: the folder above a repository is not in it.
                let absolute = from.canonicalize().unwrap_or_else(|_| from.into());
                match absolute.ancestors().find(|dir| dir.join(".git").exists()) {
                    Some(dir) => Err(GitError::Open { path: dir.into(), why: chain(&e) }),
                    None => Ok(None),
                }
            }
        }
    }

    /// Opens the repository at exactly this folder.
    ///
    /// # Errors
    /// [`GitError::Open`].
    pub fn open(path: &Path) -> Result<Self, GitError> {
        let options = gix::open::Options::isolated()
            .with(gix::sec::Trust::Reduced)
            .strict_config(false)
            .config_overrides([
                format!("gitoxide.objects.allocLimit={LARGEST_HELD}"),
                "core.useReplaceRefs=false".into(),
            ]);
        let inner = gix::ThreadSafeRepository::open_opts(path, options)
            .map_err(|e| GitError::Open { path: path.into(), why: chain(&e) })?;
        Ok(Self { inner, _room: None })
    }

    /// Returns it as if nothing were checked out.
    pub(super) fn without_work_tree(mut self) -> Self {
        self.inner.work_tree = None;
        self
    }

    /// Returns it with another folder of objects, which goes with it: `room`.
    pub(super) fn reading(mut self, objects: &Path, room: TempDir) -> Result<Self, GitError> {
        let options = gix::odb::store::init::Options {
            alloc_limit_bytes: usize::try_from(LARGEST_HELD).ok(),
            ..Default::default()
        };
        let store = gix::odb::Store::at_opts(objects.into(), self.hash(), &mut std::iter::empty(), options);
        let fail = |e: std::io::Error| GitError::Open { path: objects.into(), why: chain(&e) };
        self.inner.objects = store.map_err(fail)?.into();
        self._room = Some(room);
        Ok(self)
    }

    fn set_work_dir(&mut self, dir: &Path) -> Result<(), GitError> {
        let mut repo = self.gix();
        let fail = |e: &dyn std::error::Error| GitError::Open { path: dir.into(), why: chain(e) };
        repo.set_workdir(dir.to_path_buf()).map_err(|e| fail(&e))?;
        self.inner = repo.into_sync();
        Ok(())
    }

    /// Returns gix's own handle for this thread.
    pub(super) fn gix(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// Returns the top of the working tree, if there is one.
    #[must_use]
    pub fn work_dir(&self) -> Option<PathBuf> {
        self.gix().workdir().map(Path::to_path_buf)
    }

    /// Returns the folder of the repository itself (`.git`, or a linked worktree's own).
    #[must_use]
    pub fn git_dir(&self) -> PathBuf {
        self.gix().git_dir().to_path_buf()
    }

    /// Returns the folder shared by all worktrees.
    #[must_use]
    pub fn common_dir(&self) -> PathBuf {
        self.gix().common_dir().to_path_buf()
    }

    /// Tells whether there is no working tree.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.gix().is_bare()
    }

    /// Returns how object ids are made.
    #[must_use]
    pub fn hash(&self) -> gix::hash::Kind {
        self.gix().object_hash()
    }

    /// Returns the commits at which a shallow clone was cut off; empty for a whole one.
    #[must_use]
    pub fn shallow_edge(&self) -> Vec<Id> {
        let edge = self.gix().shallow_commits().ok().flatten();
        edge.map(|commits| commits.iter().copied().collect()).unwrap_or_default()
    }

    /// Tells whether objects were left out on purpose when the repository was cloned.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        let repo = self.gix();
        let config = repo.config_snapshot();
        if config.string("extensions.partialClone").is_some() {
            return true;
        }
        config.plumbing().sections_by_name("remote").into_iter().flatten().any(|section| {
            section.value("promisor").is_some_and(|v| v.eq_ignore_ascii_case(b"true") || v.is_empty())
        })
    }

    /// Resolves a revision to a commit.
    ///
    /// # Errors
    /// [`GitError::Revision`].
    pub fn commit(&self, name: &str) -> Result<Id, GitError> {
        let fail = |why: String| GitError::Revision { name: name.into(), why };
        let repo = self.gix();
        let id = repo.rev_parse_single(name).map_err(|e| fail(chain(&e)))?;
        let object = id.object().map_err(|e| fail(chain(&e)))?;
        let commit = object.peel_to_kind(gix::object::Kind::Commit).map_err(|e| fail(chain(&e)))?;
        Ok(commit.id)
    }

    /// Returns the commit that `HEAD` names, or `None` before the first one.
    #[must_use]
    pub fn head(&self) -> Option<Id> {
        self.gix().head_id().ok().map(gix::Id::detach)
    }

    /// Lists the object folders: the repository's own, then its alternates, all that are there.
    #[must_use]
    pub fn object_dirs(&self) -> Vec<PathBuf> {
        let repo = self.gix();
        let mut dirs = vec![repo.objects.store_ref().path().to_path_buf()];
        dirs.extend(repo.objects.store_ref().alternate_db_paths().unwrap_or_default());
        dirs.retain(|d| d.is_dir());
        dirs.dedup();
        dirs
    }
}

/// Returns the way that gix is to go: to a bare repository the whole one, for from a relative one it leads to a
/// `.git` beside it.
fn way(from: &Path) -> PathBuf {
    let whole = std::path::absolute(from).unwrap_or_else(|_| from.into());
    for folder in whole.ancestors() {
        if folder.join(".git").exists() {
            break;
        }
        if folder.join("HEAD").is_file() && folder.join("objects").is_dir() {
            let is_here = from == Path::new(".") && folder == whole;
            return if is_here { from.into() } else { whole };
        }
    }
    from.into()
}

/// Says an error with its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        next = cause.source();
    }
    crate::model::text::shown(words.as_bytes())
}
