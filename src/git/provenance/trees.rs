//! Which trees hold which, and which hold wanted blobs.
//!
//! A history has millions of edges between trees, and most trees name the same folders as the one
//! they were made from. What stands under a name is a link, known by its number: an edge is four bytes,
//! and those a tree has from its base are copied, not looked up.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::Id;
use super::super::ids::IdMap;
use super::super::steps::Starts;
use super::super::tree::{Entry, EntryKind};

/// What stands under a name in a tree.
#[derive(Clone, Copy)]
pub(super) struct Link {
    /// A node: the wanted blobs come first, in the order they were asked for, then trees.
    pub(super) to: u32,
    /// The name's number.
    pub(super) name: u32,
}

/// A link in a tree: where its entry begins, and the link's number.
type Placed = (u32, u32);

/// What is learnt from a tree for those made from it.
pub(super) struct Held {
    pub(super) starts: Starts,
    pub(super) links: Vec<Placed>,
}

/// A part of a tree that may hold links.
pub(super) enum Part<'t> {
    /// An entry, and where it begins.
    New(u32, Entry<'t>),
    /// What the base holds in this range of its bytes, and where that begins here.
    Same(Range<u32>, u32),
}

const NONE: u32 = u32::MAX;

/// Trees while they are read.
pub(super) struct Trees {
    blobs: u32,
    numbers: IdMap<u32>,
    name_numbers: HashMap<Arc<[u8]>, u32>,
    names: Vec<Arc<[u8]>>,
    links: Vec<Link>,
    /// For each node the first link to it: nearly all have one name only.
    first: Vec<u32>,
    /// The links to nodes that have other names.
    others: HashMap<(u32, u32), u32>,
    spans: Vec<Option<Range<usize>>>,
    edges: Vec<u32>,
}

impl Trees {
    /// Begins with the wanted blobs.
    pub(super) fn new(blobs: &[Id]) -> Self {
        let numbers: IdMap<u32> = blobs.iter().copied().zip(0u32..).collect();
        Self {
            blobs: u32::try_from(blobs.len()).expect("fewer than four billion findings"),
            numbers,
            name_numbers: HashMap::new(),
            names: Vec::new(),
            links: Vec::new(),
            first: vec![NONE; blobs.len()],
            others: HashMap::new(),
            spans: vec![None; blobs.len()],
            edges: Vec::new(),
        }
    }

    /// Adds a tree by its parts; returns its links.
    pub(super) fn add(&mut self, id: Id, base: &[Placed], parts: &[Part<'_>]) -> Vec<Placed> {
        let mut links = Vec::new();
        for part in parts {
            match part {
                Part::New(at, entry) => links.extend(self.link(entry).map(|link| (*at, link))),
                Part::Same(range, to) => {
                    let first = base.partition_point(|(at, _)| *at < range.start);
                    let same = base[first..].iter().take_while(|(at, _)| *at < range.end);
                    links.extend(same.map(|(at, link)| (at - range.start + to, *link)));
                }
            }
        }
        let tree = self.number(id) as usize;
        if self.spans[tree].is_none() {
            let start = self.edges.len();
            self.edges.extend(links.iter().map(|(_, link)| *link));
            self.spans[tree] = Some(start..self.edges.len());
        }
        links
    }

    fn number(&mut self, id: Id) -> u32 {
        let next = u32::try_from(self.first.len()).expect("fewer than four billion trees");
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.first.push(NONE);
            self.spans.push(None);
        }
        number
    }

    /// The link an entry is: folders, and wanted blobs whatever their entry calls them.
    fn link(&mut self, entry: &Entry<'_>) -> Option<u32> {
        let id = entry.id();
        let to = match self.numbers.get(&id) {
            Some(node) if *node < self.blobs => *node,
            _ if entry.kind == EntryKind::Folder => self.number(id),
            _ => return None,
        };
        let first = self.first[to as usize];
        if first != NONE && *self.names[self.links[first as usize].name as usize] == *entry.name {
            return Some(first);
        }
        let name = self.name(entry.name);
        let next = u32::try_from(self.links.len()).expect("fewer than four billion folders");
        let link = match first {
            NONE => next,
            _ => *self.others.entry((to, name)).or_insert(next),
        };
        if link == next {
            self.links.push(Link { to, name });
        }
        if first == NONE {
            self.first[to as usize] = next;
        }
        Some(link)
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        if let Some(number) = self.name_numbers.get(name) {
            return *number;
        }
        let next = u32::try_from(self.names.len()).expect("fewer than four billion names");
        let name: Arc<[u8]> = name.into();
        self.names.push(name.clone());
        self.name_numbers.insert(name, next);
        next
    }

    /// Keeps what leads to a wanted blob.
    pub(super) fn leading(mut self) -> Leading {
        (self.name_numbers, self.others, self.first) = Default::default();
        let marked = self.marked();
        let to = |link: u32| self.links[link as usize].to;
        let mut spans = Vec::with_capacity(self.spans.len());
        let (mut edges, mut up) = (Vec::new(), Vec::new());
        for (node, span) in (0u32..).zip(&self.spans) {
            let start = edges.len();
            let of_tree = span.clone().map_or(&[][..], |span| &self.edges[span]);
            let leads = of_tree.iter().copied().filter(|link| marked[to(*link) as usize]);
            edges.extend(leads.clone());
            up.extend(leads.map(|link| (to(link), node)));
            spans.push(start..edges.len());
        }
        (self.edges, self.spans) = Default::default();
        up.sort_unstable();
        up.dedup();
        let mut numbers = self.numbers;
        numbers.retain(|_, node| marked[*node as usize]);
        numbers.shrink_to_fit();
        Leading { blobs: self.blobs, numbers, names: self.names, links: self.links, spans, edges, up }
    }

    /// Marks every node that leads to a wanted blob, the blobs with them.
    fn marked(&self) -> Vec<bool> {
        let mut marked = vec![false; self.spans.len()];
        // The trees that hold a node, one after the other, and where those of each begin.
        let mut begins = vec![0usize; self.spans.len() + 1];
        let to = |link: u32| self.links[link as usize].to as usize;
        self.edges.iter().for_each(|link| begins[to(*link)] += 1);
        let mut sum = 0;
        for begin in &mut begins {
            sum += std::mem::take(begin);
            *begin = sum;
        }
        let mut holders = vec![0u32; self.edges.len()];
        for (tree, span) in (0u32..).zip(&self.spans) {
            for link in span.clone().map_or(&[][..], |span| &self.edges[span]) {
                begins[to(*link)] -= 1;
                holders[begins[to(*link)]] = tree;
            }
        }
        let mut stack: Vec<u32> = (0..self.blobs).collect();
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut marked[node as usize], true) {
                stack.extend(&holders[begins[node as usize]..begins[node as usize + 1]]);
            }
        }
        marked
    }
}

/// The trees that lead to the wanted blobs.
pub(super) struct Leading {
    blobs: u32,
    numbers: IdMap<u32>,
    names: Vec<Arc<[u8]>>,
    links: Vec<Link>,
    spans: Vec<Range<usize>>,
    edges: Vec<u32>,
    /// Who holds whom: `(child, parent)`, sorted.
    up: Vec<(u32, u32)>,
}

impl Leading {
    /// Returns the node of a tree or blob, if it leads anywhere.
    pub(super) fn node(&self, id: &Id) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    /// Tells whether a node is a wanted blob.
    pub(super) fn is_blob(&self, node: u32) -> bool {
        node < self.blobs
    }

    /// Returns the links of a tree that lead on.
    pub(super) fn links(&self, tree: u32) -> impl Iterator<Item = Link> {
        self.edges[self.spans[tree as usize].clone()].iter().map(|link| self.links[*link as usize])
    }

    /// Returns a name by its number.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        &self.names[number as usize]
    }

    /// Returns the trees that hold a node.
    pub(super) fn holders(&self, node: u32) -> impl Iterator<Item = u32> {
        let from = self.up.partition_point(|(child, _)| *child < node);
        self.up[from..].iter().take_while(move |(child, _)| *child == node).map(|(_, parent)| *parent)
    }
}
