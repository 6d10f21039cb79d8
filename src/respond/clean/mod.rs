//! What is left to clean once a leaked key is dead: which refs and files still hold it, a file that
//! takes it out of the history, and a look afterwards.
//!
//! Nothing here changes a repository: rewriting history is its owner's decision, and `git filter-repo`'s
//! work.
//!
//! - `forms`: the bytes under which a secret is looked for
//! - `search`: every stored object and every file, once
//! - `script`: a file for `git filter-repo` that knows the secret by its hash alone

mod forms;
mod script;
mod search;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::git::{GitError, Repository};
use crate::model::Secret;
use crate::model::text::shown;

pub use script::{script, write_script};

/// Tells whether some bytes hold the secret, by what a detector finds in them.
pub type Recognised<'a> = &'a (dyn Fn(&[u8]) -> bool + Sync);

/// What is looked for: the secret's bytes, objects that are known to hold it, or what is recognised as it.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The secret.
    pub secret: Option<&'a Secret>,
    /// Ids of objects that held it when it was found, in hex: a key that stands over several lines is
    /// known by them alone.
    pub objects: &'a [String],
    /// How it is known when nobody can read it any more, which is so once a history is clean.
    pub recognised: Option<Recognised<'a>>,
}

/// What still holds a secret, and what was looked at to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Refs from which it is reached, each with the number of objects that hold it.
    pub refs: Vec<(String, usize)>,
    /// Files of the working tree and the index, shown without harm.
    pub worktree: Vec<String>,
    /// Stored objects that hold it and that no ref reaches.
    pub unreachable: usize,
    /// Stored folders in which a file is named after it.
    pub names: usize,
    /// How many stored objects were looked at.
    pub objects: u64,
    /// How many files were looked at.
    pub files: u64,
    /// How much could not be read.
    pub unread: u64,
    /// What was not looked at, in words.
    pub gaps: Vec<String>,
}

impl Left {
    /// Tells of a repository that was not looked at.
    #[must_use]
    pub fn unseen(why: String) -> Self {
        Self { gaps: vec![why], ..Self::default() }
    }

    /// Puts together what several repositories hold, each under its name; `None`: there are none.
    #[must_use]
    pub fn of_all(all: &[(String, Self)]) -> Option<Self> {
        let (first, rest) = all.split_first()?;
        if rest.is_empty() {
            return Some(first.1.clone());
        }
        let mut sum = Self::default();
        for (repository, left) in all {
            let named = |text: &String| format!("{}: {text}", shown(repository.as_bytes()));
            sum.refs.extend(left.refs.iter().map(|(name, n)| (named(name), *n)));
            sum.worktree.extend(left.worktree.iter().map(named));
            sum.gaps.extend(left.gaps.iter().map(named));
            sum.unreachable += left.unreachable;
            sum.names += left.names;
            sum.objects += left.objects;
            sum.files += left.files;
            sum.unread += left.unread;
        }
        Some(sum)
    }

    /// Tells whether nothing is left, and everything was looked at.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let none = self.refs.is_empty() && self.worktree.is_empty() && self.unreachable == 0;
        none && self.names == 0 && self.unread == 0 && self.gaps.is_empty()
    }

    /// Says what is to be done about it, a line each.
    #[must_use]
    pub fn advice(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.worktree.is_empty() {
            lines.push("take it out of the working tree and commit that, before the history is rewritten");
        }
        let of_host = |name: &str| {
            ["refs/pull/", "refs/pull-requests/", "refs/merge-requests/"].iter().any(|p| name.contains(p))
        };
        if self.refs.iter().any(|(name, _)| !of_host(name)) {
            lines.push(
                "rewrite the history in a fresh clone: git filter-repo --blob-callback FILE \
                 --message-callback FILE; push it by force, and let everybody clone anew",
            );
        }
        if self.refs.iter().any(|(name, _)| of_host(name)) {
            lines.push("pull requests' refs cannot be pushed: ask the host to remove them and its caches");
        }
        if self.refs.iter().any(|(name, _)| name.contains("stash")) {
            lines.push("a stash holds it: git stash drop, after a look at what else is in it");
        }
        if self.unreachable > 0 {
            lines.push(
                "objects without a ref hold it: git reflog expire --expire=now --all, then git gc --prune=now",
            );
        }
        if self.names > 0 {
            lines.push("a file is named after it: add --filename-callback FILE");
        }
        if self.unread > 0 || !self.gaps.is_empty() {
            lines.push("not everything was looked at: git fsck tells what is broken; a shallow or partial clone is to be fetched whole");
        }
        lines.into_iter().map(Into::into).collect()
    }
}

/// Lists the refs and files that held it before and do not now.
#[must_use]
pub fn gone(before: &Left, now: &Left) -> Vec<String> {
    names(before).difference(&names(now)).cloned().collect()
}

/// Lists the refs and files that hold it now and did not before.
#[must_use]
pub fn come(before: &Left, now: &Left) -> Vec<String> {
    gone(now, before)
}

fn names(left: &Left) -> BTreeSet<String> {
    left.refs.iter().map(|(name, _)| name.clone()).chain(left.worktree.iter().cloned()).collect()
}

/// What a look after cleaning came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recheck {
    /// Refs and files that no longer hold it.
    pub gone: Vec<String>,
    /// What still holds it.
    pub still: Left,
}

/// Looks for what still holds a secret.
///
/// # Errors
/// [`GitError`] if the refs or the index cannot be read at all; one broken object is counted.
pub fn left(repo: &Repository, wanted: &Wanted<'_>) -> Result<Left, GitError> {
    search::search(repo, wanted)
}

/// Looks again after cleaning, and holds it against what was left before.
///
/// # Errors
/// As [`left`].
pub fn recheck(repo: &Repository, wanted: &Wanted<'_>, before: &Left) -> Result<Recheck, GitError> {
    let still = left(repo, wanted)?;
    Ok(Recheck { gone: gone(before, &still), still })
}
