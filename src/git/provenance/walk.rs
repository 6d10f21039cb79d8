//! Down from a commit's tree to the wanted blobs, each path once.

use std::collections::{HashMap, HashSet};

use super::super::Id;
use super::MOST_PATHS;
use super::trees::Leading;

/// How many (folder, path) pairs are walked at the most: trees that name one another many times over
/// describe more paths than anyone can list.
const MOST_STEPS: usize = 4_000_000;
/// The deepest path followed, in folders.
const DEEPEST: usize = 400;

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

    fn text(&self, mut path: u32, of: &Leading) -> Vec<u8> {
        let mut parts = Vec::new();
        while path != TOP {
            let (folder, name, _) = self.all[path as usize];
            parts.push(of.name(name));
            path = folder;
        }
        parts.reverse();
        parts.join(&b'/')
    }
}

/// What is met on the way; begun anew where everything is to be met again.
pub(super) type Met = HashSet<(u32, u32)>;

/// A walk from many roots.
pub(super) struct Walk<'a> {
    of: &'a Leading,
    paths: Paths,
    steps: usize,
    /// For each blob, how many more paths are told.
    room: Vec<usize>,
    /// The blobs for which there is room.
    open: usize,
}

impl<'a> Walk<'a> {
    /// Begins a walk to so many blobs.
    pub(super) fn new(of: &'a Leading, blobs: usize) -> Self {
        Self { of, paths: Paths::default(), steps: 0, room: vec![MOST_PATHS; blobs], open: blobs }
    }

    /// Calls `found` for every wanted blob below `root` at a path that is not in `met` yet.
    pub(super) fn down(&mut self, root: &Id, met: &mut Met, found: &mut dyn FnMut(u32, Vec<u8>)) {
        let Some(root) = self.of.node(root) else { return };
        let mut stack = vec![(root, TOP)];
        while let Some((tree, path)) = stack.pop() {
            if !met.insert((tree, path)) {
                continue;
            }
            self.steps += 1;
            if self.steps > MOST_STEPS || self.open == 0 {
                return;
            }
            if self.paths.depth(path) > DEEPEST {
                continue;
            }
            for link in self.of.links(tree) {
                if !self.of.is_blob(link.to) {
                    stack.push((link.to, self.paths.join(path, link.name)));
                } else if self.room[link.to as usize] > 0 {
                    // A blob that another tree held at this very path was found there already.
                    let whole = self.paths.join(path, link.name);
                    if met.insert((link.to, whole)) {
                        self.room[link.to as usize] -= 1;
                        self.open -= usize::from(self.room[link.to as usize] == 0);
                        found(link.to, self.paths.text(whole, self.of));
                    }
                }
            }
        }
    }
}
