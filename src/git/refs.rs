//! What refs, stashes and worktrees point to.

use super::open::{Repository, chain};
use super::{GitError, Id};

/// A name and the object it points to, tags not yet followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// The full name: `refs/heads/main`, `HEAD`, `stash@{1}`, `worktree other: HEAD`.
    pub name: Vec<u8>,
    /// The object.
    pub id: Id,
}

/// Lists everything that keeps objects: all refs, `HEAD`, every stash, other worktrees' `HEAD`s.
///
/// # Errors
/// [`GitError::Refs`] if the refs cannot be listed at all.
pub fn tips(repo: &Repository) -> Result<(Vec<Tip>, Vec<String>), GitError> {
    let gix = repo.gix();
    let (mut tips, mut broken) = (Vec::new(), Vec::new());
    let platform = gix.references().map_err(|e| GitError::Refs(chain(&e)))?;
    for reference in platform.all().map_err(|e| GitError::Refs(chain(&e)))? {
        match reference {
            Ok(reference) => {
                // A symbolic ref points to another one of the list.
                if let Some(id) = reference.try_id() {
                    tips.push(Tip { name: reference.name().as_bstr().to_vec(), id: id.detach() });
                }
            }
            Err(e) => broken.push(crate::model::text::shown(e.to_string().as_bytes())),
        }
    }
    match gix.head() {
        Ok(_) => tips.extend(gix.head_id().ok().map(|id| Tip { name: b"HEAD".to_vec(), id: id.detach() })),
        Err(e) => broken.push(chain(&e)),
    }
    stashes(&gix, &mut tips);
    for proxy in gix.worktrees().unwrap_or_default() {
        let id = proxy.id().map(|id| id.to_vec()).unwrap_or_default();
        let name = [b"worktree ", id.as_slice(), b": HEAD"].concat();
        if let Ok(other) = proxy.into_repo_with_possibly_inaccessible_worktree()
            && let Ok(id) = other.head_id()
        {
            tips.push(Tip { name, id: id.detach() });
        }
    }
    Ok((tips, broken))
}

/// Returns the full name of the branch that is checked out, if one is.
#[must_use]
pub fn head_name(repo: &Repository) -> Option<String> {
    repo.gix().head_name().ok().flatten().map(|name| String::from_utf8_lossy(name.as_bstr()).into_owned())
}

/// Older stashes live in the log of `refs/stash` only.
fn stashes(gix: &gix::Repository, tips: &mut Vec<Tip>) {
    let Ok(Some(stash)) = gix.try_find_reference("refs/stash") else { return };
    let mut log = stash.log_iter();
    let Ok(Some(lines)) = log.all() else { return };
    let ids: Vec<Id> = lines.filter_map(|line| line.ok().map(|l| l.new_oid())).collect();
    for (number, id) in ids.into_iter().rev().enumerate().skip(1) {
        tips.push(Tip { name: format!("stash@{{{number}}}").into_bytes(), id });
    }
}
