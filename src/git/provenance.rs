//! Which commit brought a blob in, under which path, and what still reaches it.
//!
//! Asked only for blobs with findings, and answered from below: one pass over all trees notes which
//! tree holds which; the trees that lead to a wanted blob are marked upwards; then each commit's
//! root, oldest first, is walked down through marked trees only. The first commit to arrive at a
//! blob under a path is the one that brought it there. No two trees are ever compared.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::commits::Commits;
use super::ids::{Fronts, IdMap, front};
use super::store::{Damage, Store};
use super::tree::{EntryKind, entries};
use super::{Body, Id, Kind};
use crate::model::Kin;

/// How many (folder, path) pairs are walked at the most: trees that name one another many times over
/// describe more paths than anyone can list.
const MOST_STEPS: usize = 4_000_000;
/// The deepest path followed, in folders.
const DEEPEST: usize = 400;
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
    trees: Trees,
    /// Edges by child: `(child, parent)`, sorted.
    up: Vec<(u32, u32)>,
    /// For each marked tree, its marked children and their names.
    down: HashMap<u32, Vec<(u32, u32)>>,
    /// For each tree that holds wanted blobs: the blobs and their names.
    held: HashMap<u32, Vec<(u32, u32)>>,
}

#[derive(Default)]
struct Trees {
    numbers: IdMap<u32>,
    read: HashSet<u32>,
    names: HashMap<Box<[u8]>, u32>,
    /// `(parent, child, name)`.
    edges: Vec<(u32, u32, u32)>,
    /// `(tree, blob, name)`.
    held: Vec<(u32, u32, u32)>,
}

impl Trees {
    fn number(&mut self, id: Id) -> u32 {
        let next = u32::try_from(self.numbers.len()).expect("fewer than four billion trees");
        *self.numbers.entry(id).or_insert(next)
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let next = u32::try_from(self.names.len()).expect("fewer than four billion names");
        self.names.insert(name.into(), next);
        next
    }

    fn add(&mut self, id: Id, entries: &[(Option<u32>, Id, &[u8])]) {
        let tree = self.number(id);
        if !self.read.insert(tree) {
            return;
        }
        for (blob, child, name) in entries {
            let name = self.name(name);
            match blob {
                Some(blob) => self.held.push((tree, *blob, name)),
                None => {
                    let child = self.number(*child);
                    self.edges.push((tree, child, name));
                }
            }
        }
    }
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
        let wanted: IdMap<u32> = blobs.iter().copied().zip(0u32..).collect();
        let hash_len = store.null().as_bytes().len();
        let trees = Mutex::new(Trees::default());
        let see = |_: Kind, id: &Id, body: Body<'_>, _: &Kin<'_>| {
            let Body::Whole(data) = body else { return };
            let kept: Vec<(Option<u32>, Id, &[u8])> = entries(data, hash_len)
                .filter(|e| e.kind == EntryKind::Folder || fronts.contains(&front(e.id)))
                .map(|e| (wanted.get(&e.id()).copied(), e.id(), e.name, e.kind))
                .filter(|(blob, _, _, kind)| blob.is_some() || *kind == EntryKind::Folder)
                .map(|(blob, id, name, _)| (blob, id, name))
                .collect();
            trees.lock().expect("no thread panics while it holds this").add(*id, &kept);
        };
        store.each(&|kind| kind == Kind::Tree, &see, damaged);
        let trees = trees.into_inner().expect("no thread panics while it holds this");
        Self::mark(trees, commits)
    }

    /// Knows no tree: enough to ask which refs reach a commit.
    #[must_use]
    pub fn of_commits(commits: &'c Commits) -> Self {
        Self::mark(Trees::default(), commits)
    }

    fn mark(mut trees: Trees, commits: &'c Commits) -> Self {
        let mut up: Vec<(u32, u32)> =
            trees.edges.iter().map(|(parent, child, _)| (*child, *parent)).collect();
        up.sort_unstable();
        up.dedup();
        let mut marked: HashSet<u32> = HashSet::new();
        let mut stack: Vec<u32> = trees.held.iter().map(|(tree, _, _)| *tree).collect();
        while let Some(tree) = stack.pop() {
            if marked.insert(tree) {
                stack.extend(parents(&up, tree));
            }
        }
        up.retain(|(child, _)| marked.contains(child));
        let mut down: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (parent, child, name) in std::mem::take(&mut trees.edges) {
            if marked.contains(&child) {
                down.entry(parent).or_default().push((child, name));
            }
        }
        let mut held: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
        for (tree, blob, name) in std::mem::take(&mut trees.held) {
            held.entry(tree).or_default().push((blob, name));
        }
        Self { commits, trees, up, down, held }
    }

    /// Returns, for each wanted blob, every path it was seen under.
    #[must_use]
    pub fn sightings(&self, blobs: &[Id], roots: &Roots) -> Vec<Vec<Sighting>> {
        let mut names: Vec<&[u8]> = vec![&[]; self.trees.names.len()];
        for (name, number) in &self.trees.names {
            names[*number as usize] = name;
        }
        let mut found: Vec<Vec<Sighting>> = vec![Vec::new(); blobs.len()];
        let mut walk = Walk {
            of: self,
            names: &names,
            paths: Paths::default(),
            steps: 0,
            room: vec![MOST_PATHS; blobs.len()],
        };
        let reachable = self.commits.reachable(roots.commits.iter().copied());

        let mut seen = HashSet::new();
        for &at in self.commits.oldest_first().iter().filter(|at| reachable[**at as usize]) {
            walk.down(&self.commits.at(at).tree, &mut seen, &mut |blob, path| {
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
            walk.down(id, &mut seen, &mut |blob, path| {
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
        let mut seen = HashSet::new();
        for &at in self.commits.oldest_first().iter().filter(|at| !reachable[**at as usize]) {
            walk.down(&self.commits.at(at).tree, &mut seen, &mut |blob, path| {
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
        let Some(mut tree) = self.trees.numbers.get(root) else { return false };
        let (folders, name) = match memchr::memrchr(b'/', path) {
            Some(slash) => (Some(&path[..slash]), &path[slash + 1..]),
            None => (None, path),
        };
        for folder in folders.into_iter().flat_map(|f| f.split(|b| *b == b'/')) {
            let number = self.trees.names.get(folder);
            let child = self.down.get(tree).and_then(|d| d.iter().find(|(_, name)| Some(name) == number));
            let Some((child, _)) = child else { return false };
            tree = child;
        }
        let Some(number) = self.trees.names.get(name) else { return false };
        self.held.get(tree).is_some_and(|held| held.contains(&(blob, *number)))
    }

    /// Tells, for each group of blobs and commits, from which of `tips` (commits by position) one of
    /// them can be reached.
    #[must_use]
    pub fn held_by(&self, groups: &[(Vec<u32>, Vec<u32>)], tips: &[u32]) -> Vec<Vec<usize>> {
        let mut result = vec![Vec::new(); groups.len()];
        let mut trees_of: HashMap<u32, Vec<u32>> = HashMap::new();
        for (tree, held) in &self.held {
            for (blob, _) in held {
                trees_of.entry(*blob).or_default().push(*tree);
            }
        }
        for (batch, sixty_four) in groups.chunks(64).enumerate() {
            let mut of_tree: HashMap<u32, u64> = HashMap::new();
            let mut of_commit = vec![0u64; self.commits.len()];
            let mut stack = Vec::new();
            for (bit, (blobs, commits)) in sixty_four.iter().enumerate() {
                commits.iter().for_each(|c| of_commit[*c as usize] |= 1 << bit);
                for tree in blobs.iter().filter_map(|b| trees_of.get(b)).flatten() {
                    *of_tree.entry(*tree).or_default() |= 1 << bit;
                    stack.push(*tree);
                }
            }
            while let Some(tree) = stack.pop() {
                let mask = of_tree.get(&tree).copied().unwrap_or_default();
                for parent in parents(&self.up, tree) {
                    let theirs = of_tree.entry(parent).or_default();
                    if *theirs | mask != *theirs {
                        *theirs |= mask;
                        stack.push(parent);
                    }
                }
            }
            for &at in self.commits.oldest_first() {
                let own = self.trees.numbers.get(&self.commits.at(at).tree).and_then(|t| of_tree.get(t));
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

fn parents(up: &[(u32, u32)], child: u32) -> impl Iterator<Item = u32> {
    let from = up.partition_point(|(c, _)| *c < child);
    up[from..].iter().take_while(move |(c, _)| *c == child).map(|(_, parent)| *parent)
}

/// Paths as numbers: the folder's number and the last name.
#[derive(Default)]
struct Paths {
    known: HashMap<(u32, u32), u32>,
    all: Vec<(u32, u32, usize)>,
}

/// The number of the top folder.
const TOP: u32 = u32::MAX;

impl Paths {
    fn join(&mut self, folder: u32, name: u32) -> u32 {
        let next = u32::try_from(self.all.len()).expect("the walk is bounded");
        let depth = if folder == TOP { 1 } else { self.all[folder as usize].2 + 1 };
        *self.known.entry((folder, name)).or_insert_with(|| {
            self.all.push((folder, name, depth));
            next
        })
    }

    fn depth(&self, path: u32) -> usize {
        if path == TOP { 0 } else { self.all[path as usize].2 }
    }

    fn text(&self, mut path: u32, last: &[u8], names: &[&[u8]]) -> Vec<u8> {
        let mut parts = vec![last];
        while path != TOP {
            let (folder, name, _) = self.all[path as usize];
            parts.push(names[name as usize]);
            path = folder;
        }
        parts.reverse();
        parts.join(&b'/')
    }
}

struct Walk<'a> {
    of: &'a Provenance<'a>,
    names: &'a [&'a [u8]],
    paths: Paths,
    steps: usize,
    /// For each blob, how many more paths are told.
    room: Vec<usize>,
}

impl Walk<'_> {
    /// Calls `found` for every wanted blob below `root` at a path that is not in `seen` yet.
    fn down(&mut self, root: &Id, seen: &mut HashSet<(u32, u32)>, found: &mut dyn FnMut(u32, Vec<u8>)) {
        let Some(root) = self.of.trees.numbers.get(root) else { return };
        let mut stack = vec![(*root, TOP)];
        while let Some((tree, path)) = stack.pop() {
            let leads = self.of.down.get(&tree);
            let holds = self.of.held.get(&tree);
            if (leads.is_none() && holds.is_none()) || !seen.insert((tree, path)) {
                continue;
            }
            self.steps += 1;
            if self.steps > MOST_STEPS || self.room.iter().all(|room| *room == 0) {
                return;
            }
            if self.paths.depth(path) > DEEPEST {
                continue;
            }
            for (blob, name) in holds.into_iter().flatten() {
                if self.room[*blob as usize] == 0 {
                    continue;
                }
                // A blob that another tree held at this very path was found there already.
                let whole = self.paths.join(path, *name);
                if seen.insert((u32::MAX - blob, whole)) {
                    self.room[*blob as usize] -= 1;
                    found(*blob, self.paths.text(path, self.names[*name as usize], self.names));
                }
            }
            for (child, name) in leads.into_iter().flatten() {
                let path = self.paths.join(path, *name);
                stack.push((*child, path));
            }
        }
    }
}
