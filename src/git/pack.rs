//! A whole pack through its delta trees: every entry is inflated once, and no object is looked up.
//!
//! An object is a root (stored whole) or a delta against another entry, so the entries of a pack are
//! a forest, and all of one tree share the kind of their root. Trees are walked in parallel, a large
//! one by several threads; only objects that something is still to be made from are held, each with
//! what was learnt from it.

use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::odb::pack;
use rayon::prelude::*;

use super::ids::front;
use super::object::{Inflating, LARGEST_WHOLE};
use super::open::{LARGEST_HELD, chain};
use super::packed::{inflate_in_steps, is_believed};
use super::{Body, GitError, Id, Kind, delta};
use crate::model::{Copied, Kin, Learnt};

/// Takes objects with their kin, from several threads.
pub type See<'a> = dyn Fn(Kind, &Id, Body<'_>, &Kin<'_>) + Sync + 'a;

/// What went wrong with one object.
pub struct Damage {
    /// The object.
    pub id: Id,
    /// Whether it is too large rather than damaged.
    pub too_large: bool,
    /// What is wrong, in words.
    pub why: String,
}

const NONE: u32 = u32::MAX;

/// A pack with its index, and which entry is made from which.
pub struct Pack {
    data: pack::data::File,
    index: pack::index::File,
    nodes: Vec<Node>,
    roots: Vec<(u32, Kind)>,
    orphans: Vec<u32>,
}

struct Node {
    offset: u64,
    /// The object's number in the index.
    number: u32,
    first_child: u32,
    next_sibling: u32,
}

impl Pack {
    /// Opens the pack whose index this is.
    pub(super) fn open(index_path: &Path, hash: gix::hash::Kind) -> Result<Self, GitError> {
        let fail = |why: String| GitError::Folder { path: index_path.into(), why };
        let index = pack::index::File::at(index_path, hash).map_err(|e| fail(chain(&e)))?;
        let data = pack::data::File::at(index_path.with_extension("pack"), hash)
            .map_err(|e| fail(chain(&e)))?
            .with_alloc_limit_bytes(usize::try_from(LARGEST_HELD).ok());
        let mut nodes: Vec<Node> = (0..index.num_objects())
            .map(|number| Node {
                offset: index.pack_offset_at_index(number),
                number,
                first_child: NONE,
                next_sibling: NONE,
            })
            .collect();
        nodes.sort_unstable_by_key(|n| n.offset);
        let mut found = Self { data, index, nodes, roots: Vec::new(), orphans: Vec::new() };
        found.plant();
        Ok(found)
    }

    /// Returns how many objects the pack holds.
    pub(super) fn len(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// Returns the front of every object's id.
    pub(super) fn fronts(&self) -> impl Iterator<Item = u64> {
        (0..self.index.num_objects()).map(|number| front(self.index.oid_at_index(number).as_bytes()))
    }

    /// Tells whether the pack holds an object.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.index.lookup(id).is_some()
    }

    /// Links every entry to the one it is made from.
    fn plant(&mut self) {
        for at in 0..self.nodes.len() {
            let node = u32::try_from(at).expect("a pack has fewer than four billion entries");
            let base = match self.entry(node).map(|e| (e.header, e)) {
                Ok((pack::data::entry::Header::OfsDelta { base_distance }, e)) => {
                    e.checked_base_pack_offset(base_distance)
                }
                Ok((pack::data::entry::Header::RefDelta { base_id }, _)) => {
                    self.index.lookup(base_id).map(|number| self.index.pack_offset_at_index(number))
                }
                Ok((header, _)) => {
                    match header.as_kind() {
                        Some(kind) => self.roots.push((node, Kind::of(kind))),
                        None => self.orphans.push(node),
                    }
                    continue;
                }
                Err(_) => None,
            };
            let parent = base.and_then(|offset| self.nodes.binary_search_by_key(&offset, |n| n.offset).ok());
            match parent.filter(|parent| *parent != at) {
                Some(parent) => {
                    self.nodes[at].next_sibling = self.nodes[parent].first_child;
                    self.nodes[parent].first_child = node;
                }
                None => self.orphans.push(node),
            }
        }
    }

    fn entry(&self, node: u32) -> Result<pack::data::Entry, String> {
        self.data.entry(self.nodes[node as usize].offset).map_err(|e| chain(&e))
    }

    fn id(&self, node: u32) -> Id {
        self.index.oid_at_index(self.nodes[node as usize].number).to_owned()
    }

    fn children(&self, node: u32) -> impl Iterator<Item = u32> {
        let link = |n: u32| (n != NONE).then_some(n);
        std::iter::successors(link(self.nodes[node as usize].first_child), move |n| {
            link(self.nodes[*n as usize].next_sibling)
        })
    }

    /// Returns where its index lies.
    #[must_use]
    pub fn index_path(&self) -> &Path {
        self.index.path()
    }

    /// Calls `see` for every object of a wanted kind and for `others` of any kind, and `damaged` for
    /// what cannot be read, from several threads; returns how many objects of families of which none
    /// is wanted were passed over.
    pub(super) fn each(
        &self,
        wanted: &(dyn Fn(Kind) -> bool + Sync),
        others: &[Id],
        see: &See<'_>,
        damaged: &(dyn Fn(Damage) + Sync),
    ) -> u64 {
        let passed = AtomicU64::new(0);
        let met = AtomicU64::new(0);
        let few = self.few(others);
        self.roots.par_iter().for_each(|(root, kind)| {
            let few = few.as_ref().filter(|_| !wanted(*kind));
            if few.is_some_and(|few| few.leads[*root as usize]) || wanted(*kind) {
                if few.is_some() {
                    // Whoever is not asked for is not met one by one.
                    met.fetch_add(self.count(*root), Ordering::Relaxed);
                }
                let eyes = Eyes { kind: *kind, few, see, damaged, met: &met };
                let pending = vec![Pending { node: *root, base: None }];
                rayon::scope(|scope| self.walk(scope, pending, eyes));
            } else {
                let count = self.count(*root);
                passed.fetch_add(count, Ordering::Relaxed);
                met.fetch_add(count, Ordering::Relaxed);
            }
        });
        for orphan in &self.orphans {
            let count = self.lose(*orphan, "what it is made from is not in the pack", false, damaged);
            met.fetch_add(count, Ordering::Relaxed);
        }
        // Deltas that are made from one another in a circle hang on no root and were never met.
        let lost = self.len().saturating_sub(met.load(Ordering::Relaxed));
        if lost > 0 {
            damaged(Damage {
                id: Id::null(self.index.object_hash()),
                too_large: false,
                why: format!(
                    "{lost} objects of {} are made from one another in a circle",
                    self.data.path().display()
                ),
            });
        }
        passed.into_inner()
    }

    /// Marks the few objects that are asked for by id, and what they are made from.
    fn few(&self, ids: &[Id]) -> Option<Few> {
        let numbers = ids.iter().filter_map(|id| self.index.lookup(id));
        let node_of = |offset| self.nodes.binary_search_by_key(&offset, |n| n.offset).ok();
        let found: Vec<usize> =
            numbers.filter_map(|number| node_of(self.index.pack_offset_at_index(number))).collect();
        if found.is_empty() {
            return None;
        }
        let mut parents = vec![NONE; self.nodes.len()];
        for node in (0u32..).take(self.nodes.len()) {
            self.children(node).for_each(|child| parents[child as usize] = node);
        }
        let none = vec![false; self.nodes.len()];
        let mut few = Few { wanted: none.clone(), leads: none };
        for mut node in found {
            few.wanted[node] = true;
            while !std::mem::replace(&mut few.leads[node], true) && parents[node] != NONE {
                node = parents[node] as usize;
            }
        }
        Some(few)
    }

    fn count(&self, root: u32) -> u64 {
        let mut count = 0;
        let mut stack = vec![root];
        while let Some(node) = stack.pop() {
            count += 1;
            stack.extend(self.children(node));
        }
        count
    }

    /// Reports an entry and everything made from it as unreadable; returns how many that are.
    fn lose(&self, node: u32, why: &str, too_large: bool, damaged: &(dyn Fn(Damage) + Sync)) -> u64 {
        let mut count = 0;
        let mut stack = vec![node];
        while let Some(node) = stack.pop() {
            count += 1;
            damaged(Damage { id: self.id(node), too_large, why: why.into() });
            stack.extend(self.children(node));
        }
        count
    }

    /// Walks delta trees, depth first, from the entries in `stack`; a large tree is shared out.
    fn walk<'s>(&'s self, scope: &rayon::Scope<'s>, mut stack: Vec<Pending>, eyes: Eyes<'s>) {
        let mut room = ROOM.take();
        let mut walked = 0;
        while let Some(Pending { node, base }) = stack.pop() {
            walked += 1;
            if walked % SHARED_OUT == 0 && stack.len() > 1 {
                // The front of the stack is nearest the root: the larger subtrees stand there.
                let rest = stack.split_off(stack.len() / 2);
                let front = std::mem::replace(&mut stack, rest);
                scope.spawn(move |scope| self.walk(scope, front, eyes));
            }
            let has_children = self.nodes[node as usize].first_child != NONE;
            let is_base = has_children && self.children(node).any(|child| eyes.leads_to(child));
            let made = self.make(node, base.as_deref().map(|b| b.bytes.as_slice()), has_children, &mut room);
            let learnt = match made {
                Ok(_) if !eyes.wants(node) => None,
                Ok(Made::Held) => {
                    let learnt = base.as_deref().and_then(|b| b.learnt.as_ref());
                    let kin = Kin::new(learnt, &room.copies, is_base);
                    (eyes.see)(eyes.kind, &self.id(node), Body::Whole(&room.result), &kin);
                    kin.into_learnt()
                }
                Ok(Made::Stream(mut stream)) => {
                    (eyes.see)(eyes.kind, &self.id(node), Body::Stream(&mut stream), &Kin::default());
                    None
                }
                Err((why, too_large)) => {
                    let lost = self.lose(node, &why, too_large, eyes.damaged);
                    eyes.meet(lost);
                    continue;
                }
            };
            drop(base);
            eyes.meet(1);
            if is_base {
                let base = Arc::new(Base { bytes: std::mem::take(&mut room.result), learnt });
                let next = self.children(node).filter(|child| eyes.leads_to(*child));
                stack.extend(next.map(|node| Pending { node, base: Some(base.clone()) }));
            }
        }
        if room.result.capacity().max(room.delta.capacity()) <= MOST_LEFT {
            ROOM.set(room);
        }
    }

    /// Inflates one entry and, if it is a delta, applies it to `base`.
    fn make(
        &self,
        node: u32,
        base: Option<&[u8]>,
        has_children: bool,
        room: &mut Room,
    ) -> Result<Made<'_>, (String, bool)> {
        let too_large = |size: u64| (format!("{size} bytes are more than can be held"), true);
        let entry = self.entry(node).map_err(|why| (why, false))?;
        if base.is_none() && !has_children && entry.decompressed_size > LARGEST_WHOLE {
            let packed = self.data.entry_slice(entry.data_offset..self.data.pack_end() as u64);
            let packed = packed.ok_or(("it lies outside the pack".into(), false))?;
            return Ok(Made::Stream(Inflating::new(packed).take(entry.decompressed_size)));
        }
        if entry.decompressed_size > LARGEST_HELD {
            return Err(too_large(entry.decompressed_size));
        }
        let size =
            usize::try_from(entry.decompressed_size).map_err(|_| too_large(entry.decompressed_size))?;
        room.copies.clear();
        let into = if base.is_some() { &mut room.delta } else { &mut room.result };
        self.inflate(node, &entry, size, into, &mut room.inflate).map_err(|why| (why, false))?;
        let Some(base) = base else { return Ok(Made::Held) };
        let size = delta::result_size(&room.delta, base.len())
            .ok_or(("its delta is for another base".into(), false))?;
        if size > LARGEST_HELD {
            return Err(too_large(size));
        }
        let Room { delta, result, copies, .. } = room;
        delta::apply(base, delta, result, copies).ok_or(("its delta is damaged".into(), false))?;
        Ok(Made::Held)
    }

    /// Inflates one entry; what it says of its size is believed as far as its packed bytes can hold it.
    fn inflate(
        &self,
        node: u32,
        entry: &pack::data::Entry,
        size: usize,
        into: &mut Vec<u8>,
        inflate: &mut gix::zlib::Inflate,
    ) -> Result<(), String> {
        let end = self.data.pack_end() as u64;
        let next = self.nodes.get(node as usize + 1).map_or(end, |next| next.offset);
        if is_believed(entry.decompressed_size, next.saturating_sub(entry.data_offset)) {
            // What the last entry left is written over: an entry that makes less is an error.
            into.resize(size, 0);
            return self.data.decompress_entry(entry, inflate, into).map(drop).map_err(|e| chain(&e));
        }
        let packed = self.data.entry_slice(entry.data_offset..end).ok_or("it lies outside the pack")?;
        inflate_in_steps(packed, size, into)
    }
}

/// How many entries are walked before a part of the rest is offered to other threads.
const SHARED_OUT: u32 = 32;

/// An entry still to be walked, and what it is made from.
struct Pending {
    node: u32,
    base: Option<Arc<Base>>,
}

/// An object that others are made from.
struct Base {
    bytes: Vec<u8>,
    learnt: Option<Learnt>,
}

/// Who is told of what a walk meets.
#[derive(Clone, Copy)]
struct Eyes<'s> {
    kind: Kind,
    /// The only ones who are to be seen.
    few: Option<&'s Few>,
    see: &'s See<'s>,
    damaged: &'s (dyn Fn(Damage) + Sync),
    met: &'s AtomicU64,
}

impl Eyes<'_> {
    fn wants(&self, node: u32) -> bool {
        self.few.is_none_or(|few| few.wanted[node as usize])
    }

    fn leads_to(&self, node: u32) -> bool {
        self.few.is_none_or(|few| few.leads[node as usize])
    }

    fn meet(&self, count: u64) {
        if self.few.is_none() {
            self.met.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// Objects that are asked for by id, and all those that lead to them, by node.
struct Few {
    wanted: Vec<bool>,
    leads: Vec<bool>,
}

thread_local! {
    /// What the last walk left: most walks are short.
    static ROOM: Cell<Room> = Cell::default();
}

/// The most bytes that are left from one walk to the next.
const MOST_LEFT: usize = 1 << 20;

/// Buffers that every entry of a walk uses anew.
#[derive(Default)]
struct Room {
    inflate: gix::zlib::Inflate,
    delta: Vec<u8>,
    result: Vec<u8>,
    copies: Vec<Copied>,
}

/// An object that was made.
enum Made<'a> {
    /// It stands in the buffer.
    Held,
    /// It is too large to stand anywhere.
    Stream(std::io::Take<Inflating<'a>>),
}
