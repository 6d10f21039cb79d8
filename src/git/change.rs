//! What a commit changes against its parents.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::commits::{message_start, parse};
use super::open::{Repository, chain};
use super::tree::{EntryKind, entries, entry};
use super::{GitError, Id};

/// A blob that stands at a path now and stood there in no parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub path: Vec<u8>,
    /// The blob.
    pub id: Id,
    /// What each parent holds at the path instead, where it holds a blob.
    pub earlier: Vec<Id>,
}

/// A commit of a range.
pub struct RangeCommit {
    /// The commit.
    pub id: Id,
    /// Its message.
    pub message: Vec<u8>,
    /// The blobs it brings in.
    pub changes: Vec<Change>,
}

/// A folder's entries by name: kind and id.
pub(super) type Folder = HashMap<Vec<u8>, (EntryKind, Id)>;

/// Reads a tree.
pub(super) fn read_tree(gix: &gix::Repository, id: &Id) -> Result<Folder, GitError> {
    let fail = |why: String| GitError::Object { id: id.to_string(), why };
    if gix.empty_tree().id == *id {
        return Ok(HashMap::new());
    }
    let object = gix.find_object(*id).map_err(|e| fail(chain(&e)))?;
    if object.kind != gix::object::Kind::Tree {
        return Err(fail("it is no tree".into()));
    }
    let hash_len = id.as_bytes().len();
    Ok(entries(&object.data, hash_len).map(|e| (e.name.to_vec(), (e.kind, e.id()))).collect())
}

/// A folder's entries as they stand: name, kind and id.
type Listed = Vec<(Vec<u8>, (EntryKind, Id))>;

/// Lists a tree as it is written: a name that stands in it twice is there twice, and damage is no end of it.
fn list_tree(gix: &gix::Repository, id: &Id) -> Result<Listed, GitError> {
    let fail = |why: String| GitError::Object { id: id.to_string(), why };
    if gix.empty_tree().id == *id {
        return Ok(Vec::new());
    }
    let object = gix.find_object(*id).map_err(|e| fail(chain(&e)))?;
    if object.kind != gix::object::Kind::Tree {
        return Err(fail("it is no tree".into()));
    }
    let (mut rest, mut listed) = (object.data.as_slice(), Vec::new());
    while !rest.is_empty() {
        let read = entry(rest, id.as_bytes().len()).ok_or_else(|| fail("it is damaged".into()))?;
        let (entry, length) = read;
        listed.push((entry.name.to_vec(), (entry.kind, entry.id())));
        rest = &rest[length..];
    }
    Ok(listed)
}

/// Returns a commit's tree.
pub(super) fn tree_of(repo: &Repository, commit: &Id) -> Result<Id, GitError> {
    let fail = |why: String| GitError::Object { id: commit.to_string(), why };
    let object = repo.gix().find_object(*commit).map_err(|e| fail(chain(&e)))?.detach();
    Ok(parse(*commit, &object.data).ok_or_else(|| fail("it is no commit".into()))?.0.tree)
}

/// Calls `see` for each commit that `to` reaches and `from` does not, newest first, with the blobs
/// it brings in; what cannot be read is given as an error and the walk goes on.
///
/// # Errors
/// [`GitError::Revision`] if the walk cannot begin.
pub fn range(
    repo: &Repository,
    from: &[Id],
    to: &[Id],
    see: &mut dyn FnMut(Result<RangeCommit, GitError>) -> ControlFlow<()>,
) -> Result<(), GitError> {
    let gix = repo.gix();
    let names = || to.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let walk = gix
        .rev_walk(to.iter().copied())
        .with_hidden(from.iter().copied())
        .all()
        .map_err(|e| GitError::Revision { name: names(), why: chain(&e) })?;
    for commit in walk {
        let one = commit
            .map_err(|e| GitError::Revision { name: names(), why: chain(&e) })
            .and_then(|info| range_commit(repo, &info.id));
        if see(one).is_break() {
            break;
        }
    }
    Ok(())
}

/// Lists every blob of a folder.
///
/// # Errors
/// [`GitError::Object`] if the folder cannot be read.
pub fn files(repo: &Repository, tree: &Id) -> Result<Vec<Change>, GitError> {
    let mut listing = Listing::default();
    compare(&repo.gix(), Some(*tree), &[], &[], 0, &mut listing)?;
    listing.changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(listing.changes)
}

fn range_commit(repo: &Repository, id: &Id) -> Result<RangeCommit, GitError> {
    let fail = |why: String| GitError::Object { id: id.to_string(), why };
    let object = repo.gix().find_object(*id).map_err(|e| fail(chain(&e)))?.detach();
    let (commit, _) = parse(*id, &object.data).ok_or_else(|| fail("it is no commit".into()))?;
    let edge = repo.shallow_edge();
    let mut parents = Vec::new();
    // At a shallow clone's edge the parents are not there: all of the commit counts as its own.
    if !edge.contains(id) {
        for parent in &commit.parents {
            parents.push(Some(tree_of(repo, parent)?));
        }
    }
    let mut listing = Listing::default();
    compare(&repo.gix(), Some(commit.tree), &parents, &[], 0, &mut listing)?;
    listing.changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(RangeCommit {
        id: *id,
        message: object.data[message_start(&object.data)..].to_vec(),
        changes: listing.changes,
    })
}

/// The deepest folder compared.
pub(super) const DEEPEST: usize = 400;
/// How many folders of one commit are compared at the most: trees that name one another many times
/// over describe more of them than anyone can read.
const MOST_FOLDERS: usize = 200_000;
/// How many blobs of one commit are listed at the most.
const MOST_CHANGES: usize = 4_000_000;

/// What was listed of one commit so far.
#[derive(Default)]
pub(super) struct Listing {
    /// The blobs.
    pub(super) changes: Vec<Change>,
    folders: usize,
}

/// Lists the blobs below `tree` that no parent holds at the same path.
pub(super) fn compare(
    gix: &gix::Repository,
    tree: Option<Id>,
    parents: &[Option<Id>],
    prefix: &[u8],
    depth: usize,
    listing: &mut Listing,
) -> Result<(), GitError> {
    let Some(tree) = tree.filter(|t| !parents.contains(&Some(*t))) else { return Ok(()) };
    let too_much = |why: String| Err(GitError::Object { id: tree.to_string(), why });
    listing.folders += 1;
    if depth > DEEPEST {
        return too_much(format!("it lies more than {DEEPEST} folders deep"));
    }
    if listing.folders > MOST_FOLDERS || listing.changes.len() > MOST_CHANGES {
        return too_much("its commit changes more files and folders than can be compared".into());
    }
    let own = list_tree(gix, &tree)?;
    let mut theirs = Vec::with_capacity(parents.len());
    for parent in parents {
        theirs.push(match parent {
            Some(id) => read_tree(gix, id)?,
            None => HashMap::new(),
        });
    }
    for (name, (kind, id)) in own {
        let path = if prefix.is_empty() { name.clone() } else { [prefix, &name].join(&b'/') };
        let at = |is_folder: bool| {
            let name = &name;
            theirs.iter().map(move |t| {
                t.get(name)
                    .filter(|(kind, _)| {
                        (*kind == EntryKind::Folder) == is_folder && *kind != EntryKind::Submodule
                    })
                    .map(|(_, id)| *id)
            })
        };
        if kind == EntryKind::Folder {
            let parents: Vec<Option<Id>> = at(true).collect();
            compare(gix, Some(id), &parents, &path, depth + 1, listing)?;
        } else if kind == EntryKind::File {
            let earlier: Vec<Id> = at(false).flatten().collect();
            if !earlier.contains(&id) {
                listing.changes.push(Change { path, id, earlier });
            }
        }
    }
    Ok(())
}
