//! What the index changes against `HEAD`: folder by folder, and only into folders that differ.
//!
//! The index remembers which tree it would write for a folder. If a parent holds that very tree, git
//! would commit it unread, and nothing in it is new. See `docs/decisions.md` for an index that lies.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::change::{Change, DEEPEST, Folder, Listing, compare, read_tree, tree_of};
use super::index::{Entry, Index};
use super::tree::EntryKind;
use super::{GitError, Id, Repository};

/// Returns what the index changes against `HEAD` and, in a merge, the other parents.
///
/// # Errors
/// [`GitError`] if the index or a parent's tree cannot be read.
pub fn staged(repo: &Repository) -> Result<Vec<Change>, GitError> {
    let mut commits: Vec<Id> = repo.head().into_iter().collect();
    let merging = std::fs::read_to_string(repo.git_dir().join("MERGE_HEAD")).unwrap_or_default();
    commits.extend(merging.lines().filter_map(|line| Id::from_hex(line.trim().as_bytes()).ok()));
    let mut parents = Vec::new();
    for commit in &commits {
        parents.push(Some(tree_of(repo, commit)?));
    }
    let index = Index::of(repo)?;
    let mut walk = Walk { gix: repo.gix(), index: &index, listing: Listing::default() };
    walk.any(Place { entries: 0..index.entries.len(), path: b"", node: index.cache.root() }, &parents, 0)?;
    let mut changes = walk.listing.changes;
    // A folder is come to twice where the index remembers a tree for it that no parent holds.
    let mut seen = HashSet::new();
    changes.retain(|change| seen.insert((change.path.clone(), change.id)));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// A folder of the index.
struct Place<'i> {
    /// The entries in it.
    entries: Range<usize>,
    /// Its path, without a slash at the end.
    path: &'i [u8],
    /// What the index remembers of it.
    node: Option<usize>,
}

struct Walk<'i> {
    gix: gix::Repository,
    index: &'i Index,
    listing: Listing,
}

impl<'i> Walk<'i> {
    /// Looks at a folder none of whose enclosing folders has a remembered tree.
    fn any(&mut self, place: Place<'i>, parents: &[Option<Id>], depth: usize) -> Result<(), GitError> {
        if self.is_old(&place, parents) {
            return Ok(());
        }
        // A remembered tree that is stored is what git commits, whatever the entries say: both are
        // looked at.
        let written = self.remembered(&place).filter(|tree| self.gix.has_object(*tree));
        compare(&self.gix, written, parents, place.path, depth, &mut self.listing)?;
        self.folder(place, parents, depth, written.is_none())
    }

    /// Looks at what stands in a folder; `is_top`: no tree is remembered for it or around it.
    fn folder(
        &mut self,
        place: Place<'i>,
        parents: &[Option<Id>],
        depth: usize,
        is_top: bool,
    ) -> Result<(), GitError> {
        let index = self.index;
        if depth > DEEPEST {
            // Deeper than anyone's folders go: all of it counts as new.
            for entry in &index.entries[place.entries] {
                self.file(entry, Vec::new(), &[], depth)?;
            }
            return Ok(());
        }
        let mut theirs: Vec<Folder> = Vec::with_capacity(parents.len());
        for parent in parents {
            theirs.push(parent.map(|id| read_tree(&self.gix, &id)).transpose()?.unwrap_or_default());
        }
        let below = place.node.into_iter().flat_map(|node| index.cache.below(node));
        let mut nodes: HashMap<&[u8], usize> =
            below.map(|at| (index.name(index.cache.node(at)), at)).collect();
        let skip = if place.path.is_empty() { 0 } else { place.path.len() + 1 };
        let mut at = place.entries.start;
        while at < place.entries.end {
            let entry = &index.entries[at];
            let path = index.path(entry);
            let held = |name: &[u8], wanted: EntryKind| -> Vec<Option<Id>> {
                let of = |t: &Folder| t.get(name).filter(|(kind, _)| *kind == wanted).map(|(_, id)| *id);
                theirs.iter().map(of).collect()
            };
            let Some(slash) = memchr::memchr(b'/', &path[skip..]) else {
                // A folded folder's own entry ends in a slash: it was looked at one level above.
                if !path[skip..].is_empty() {
                    let earlier = held(&path[skip..], EntryKind::File).into_iter().flatten().collect();
                    self.file(entry, earlier, &held(&path[skip..], EntryKind::Folder), depth)?;
                }
                at += 1;
                continue;
            };
            let (name, inner) = (&path[skip..skip + slash], &path[..skip + slash]);
            let start = at;
            let is_inside = |e: &Entry| index.path(e).starts_with(&path[..=skip + slash]);
            while at < place.entries.end && is_inside(&index.entries[at]) {
                at += 1;
            }
            let folders = held(name, EntryKind::Folder);
            // Taken once: a folder that comes again, in an index out of order, is compared.
            let node = nodes.remove(name);
            let next = Place { entries: start..at, path: inner, node };
            if is_top {
                self.any(next, &folders, depth + 1)?;
            } else if !self.is_old(&next, &folders) {
                self.folder(next, &folders, depth + 1, false)?;
            }
            for folded in index.entries[start..at].iter().filter(|e| index.path(e).len() == inner.len() + 1) {
                self.file(folded, Vec::new(), &folders, depth)?;
            }
        }
        Ok(())
    }

    /// The tree the index remembers for a folder.
    fn remembered(&self, place: &Place<'_>) -> Option<Id> {
        let node = self.index.cache.node(place.node?);
        node.count.map(|_| self.index.tree(node))
    }

    /// Whether a parent holds the very tree that the index remembers for a folder, and that memory
    /// fits the entries.
    fn is_old(&self, place: &Place<'_>, parents: &[Option<Id>]) -> bool {
        let count = place.node.and_then(|node| self.index.cache.node(node).count);
        self.remembered(place).is_some_and(|tree| parents.contains(&Some(tree)))
            && count.is_some_and(|count| count as usize == place.entries.len())
            && !self.index.entries[place.entries.clone()].iter().any(|e| e.is_unmerged() || e.is_intent)
    }

    /// Takes a file, unless a parent holds it; of a folder that a sparse index keeps folded, the files
    /// that no parent's folder holds.
    fn file(
        &mut self,
        entry: &Entry,
        earlier: Vec<Id>,
        folders: &[Option<Id>],
        depth: usize,
    ) -> Result<(), GitError> {
        let (id, path) = (self.index.id(entry), self.index.path(entry));
        if entry.is_folder() {
            let path = path.strip_suffix(b"/").unwrap_or(path);
            return compare(&self.gix, Some(id), folders, path, depth, &mut self.listing);
        }
        if !(entry.is_submodule() || entry.is_intent || earlier.contains(&id)) {
            self.listing.changes.push(Change { path: path.to_vec(), id, earlier });
        }
        Ok(())
    }
}
