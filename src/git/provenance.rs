//! Which commit brought a blob in, under which path, and what still reaches it.
//!
//! Asked only for blobs with findings, and answered from below: one pass over all trees notes which
//! tree holds which; the trees that lead to a wanted blob are marked upwards; then each commit's
//! root, oldest first, is walked down through marked trees only. The first commit to arrive at a
//! blob under a path is the one that brought it there. No two trees are ever compared.
//!
//! - `trees`: which trees hold which, and which hold wanted blobs
//! - `walk`: down from a commit's tree to the wanted blobs

mod trees;
mod walk;

use std::collections::HashMap;
use std::sync::Mutex;

use super::commits::Commits;
use super::ids::{Fronts, front};
use super::steps::{Step, narrow, steps};
use super::store::{Damage, Store};
use super::tree::EntryKind;
use super::{Body, Id, Kind};
use crate::model::Kin;
use trees::{Held, Leading, Link, Part, Trees};
use walk::{Met, Walk};

/// How many paths of one blob are told at the most.
pub const MOST_PATHS: usize = 1000;

/// A path under which a blob was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The path; empty if a ref names the blob itself.
    pub path: Vec<u8>,
    /// The position of the first commit that holds it there; `None` if no commit does.
    pub first: Option<u32>,
    /// Whether a ref, a stash or a worktree reaches that commit.
    pub reachable: bool,
    /// Whether `HEAD` holds the blob at this path.
    pub in_head: bool,
}

/// What keeps objects: positions of commits, and trees and blobs that refs name directly.
#[derive(Default)]
pub struct Roots {
    /// Commits, by position, that refs reach directly.
    pub commits: Vec<u32>,
    /// Trees and blobs that refs name.
    pub others: Vec<Id>,
    /// The position of `HEAD`'s commit.
    pub head: Option<u32>,
}

/// The trees that lead to the wanted blobs.
pub struct Provenance<'c> {
    commits: &'c Commits,
    trees: Leading,
}

impl<'c> Provenance<'c> {
    /// Reads all trees and keeps those that lead to `blobs`, which are known by their place in the
    /// slice from here on.
    #[must_use]
    pub fn read(
        store: &Store,
        commits: &'c Commits,
        blobs: &[Id],
        damaged: &(dyn Fn(Damage) + Sync),
    ) -> Self {
        let fronts: Fronts = blobs.iter().map(|id| front(id.as_bytes())).collect();
        let hash_len = store.null().as_bytes().len();
        let trees = Mutex::new(Trees::new(blobs));
        let see = |_: Kind, id: &Id, body: Body<'_>, kin: &Kin<'_>| {
            let Body::Whole(data) = body else { return };
            let keep = kin.has_children() && u32::try_from(data.len()).is_ok();
            let base = kin.base::<Held>();
            let mut parts = Vec::new();
            let known = base.map(|(held, copies)| (&held.starts, copies));
            let starts = steps(data, hash_len, known, keep, |step| match step {
                Step::New(at, entry) => {
                    if entry.kind == EntryKind::Folder || fronts.contains(&front(entry.id)) {
                        parts.push(Part::New(narrow(at), entry));
                    }
                }
                Step::Same(range, at) => parts.push(Part::Same(range, narrow(at))),
            });
            let of_base = base.map_or(&[][..], |(held, _)| &held.links);
            let links = trees.lock().expect("no thread panics while it holds this").add(*id, of_base, &parts);
            if keep {
                kin.learn(Box::new(Held { starts, links }));
            }
        };
        store.each(&|kind| kind == Kind::Tree, &see, damaged);
        let trees = trees.into_inner().expect("no thread panics while it holds this");
        Self { commits, trees: trees.leading() }
    }

    /// Knows no tree: enough to ask which refs reach a commit.
    #[must_use]
    pub fn of_commits(commits: &'c Commits) -> Self {
        Self { commits, trees: Trees::new(&[]).leading() }
    }

    /// Returns, for each wanted blob, every path it was seen under.
    #[must_use]
    pub fn sightings(&self, blobs: &[Id], roots: &Roots) -> Vec<Vec<Sighting>> {
        let mut found: Vec<Vec<Sighting>> = vec![Vec::new(); blobs.len()];
        let mut walk = Walk::new(&self.trees, blobs.len());
        let reachable = self.commits.reachable(roots.commits.iter().copied());

        let mut met = Met::default();
        for &at in self.commits.oldest_first().iter().filter(|at| reachable[**at as usize]) {
            walk.down(&self.commits.at(at).tree, &mut met, &mut |blob, path| {
                found[blob as usize].push(Sighting {
                    path,
                    first: Some(at),
                    reachable: true,
                    in_head: false,
                });
            });
        }
        for id in &roots.others {
            if let Some(blob) = blobs.iter().position(|b| b == id) {
                found[blob].push(Sighting { path: Vec::new(), first: None, reachable: true, in_head: false });
            }
            walk.down(id, &mut met, &mut |blob, path| {
                found[blob as usize].push(Sighting { path, first: None, reachable: true, in_head: false });
            });
        }
        if let Some(head) = roots.head {
            for (blob, sightings) in (0u32..).zip(&mut found) {
                for sighting in sightings {
                    sighting.in_head = self.holds(&self.commits.at(head).tree, &sighting.path, blob);
                }
            }
        }
        // Only what no ref reaches is looked for in commits that no ref reaches.
        let mut met = Met::default();
        for &at in self.commits.oldest_first().iter().filter(|at| !reachable[**at as usize]) {
            walk.down(&self.commits.at(at).tree, &mut met, &mut |blob, path| {
                let sightings = &mut found[blob as usize];
                if !sightings.iter().any(|s| s.reachable) {
                    sightings.push(Sighting { path, first: Some(at), reachable: false, in_head: false });
                }
            });
        }
        found
    }

    /// Tells whether a tree holds a wanted blob at this path.
    fn holds(&self, root: &Id, path: &[u8], blob: u32) -> bool {
        let Some(mut tree) = self.trees.node(root) else { return false };
        let (folders, name) = match memchr::memrchr(b'/', path) {
            Some(slash) => (Some(&path[..slash]), &path[slash + 1..]),
            None => (None, path),
        };
        for folder in folders.into_iter().flat_map(|f| f.split(|b| *b == b'/')) {
            let is_folder =
                |link: &Link| !self.trees.is_blob(link.to) && self.trees.name(link.name) == folder;
            let Some(link) = self.trees.links(tree).find(is_folder) else { return false };
            tree = link.to;
        }
        self.trees.links(tree).any(|link| link.to == blob && self.trees.name(link.name) == name)
    }

    /// Tells, for each group of blobs and commits, from which of `tips` (commits by position) one of
    /// them can be reached.
    #[must_use]
    pub fn held_by(&self, groups: &[(Vec<u32>, Vec<u32>)], tips: &[u32]) -> Vec<Vec<usize>> {
        let mut result = vec![Vec::new(); groups.len()];
        for (batch, sixty_four) in groups.chunks(64).enumerate() {
            let mut of_node: HashMap<u32, u64> = HashMap::new();
            let mut of_commit = vec![0u64; self.commits.len()];
            let mut stack = Vec::new();
            for (bit, (blobs, commits)) in sixty_four.iter().enumerate() {
                commits.iter().for_each(|c| of_commit[*c as usize] |= 1 << bit);
                for blob in blobs {
                    *of_node.entry(*blob).or_default() |= 1 << bit;
                    stack.push(*blob);
                }
            }
            while let Some(node) = stack.pop() {
                let mask = of_node.get(&node).copied().unwrap_or_default();
                for holder in self.trees.holders(node) {
                    let theirs = of_node.entry(holder).or_default();
                    if *theirs | mask != *theirs {
                        *theirs |= mask;
                        stack.push(holder);
                    }
                }
            }
            for &at in self.commits.oldest_first() {
                let tree = self.trees.node(&self.commits.at(at).tree);
                let own = tree.and_then(|tree| of_node.get(&tree));
                let earlier = self.commits.parents(at).fold(0, |mask, p| mask | of_commit[p as usize]);
                of_commit[at as usize] |= own.copied().unwrap_or_default() | earlier;
            }
            for (tip, at) in tips.iter().enumerate() {
                let mask = of_commit[*at as usize];
                for bit in (0..sixty_four.len()).filter(|bit| mask >> bit & 1 == 1) {
                    result[batch * 64 + bit].push(tip);
                }
            }
        }
        result
    }
}
