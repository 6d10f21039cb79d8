//! The index's memory of trees (its `TREE` extension): for each folder that did not change since it
//! was last written, the tree that holds it. Read without calling itself: a hostile one nests as
//! deeply as it likes.

use std::ops::Range;

use super::offset;

/// A folder as the index remembers it.
pub(in crate::git) struct Node {
    pub(super) name: (u32, u32),
    pub(super) id: u32,
    /// How many entries lie in it; `None`: it changed, and no tree is known.
    pub(in crate::git) count: Option<u32>,
    /// The node behind the last one below it.
    end: usize,
}

/// The remembered folders, each before those that lie in it; empty if nothing sound is remembered.
#[derive(Default)]
pub(in crate::git) struct Cache(Vec<Node>);

impl Cache {
    /// Reads the extension at `body`; a damaged one is as good as none.
    pub(super) fn read(bytes: &[u8], body: Range<usize>, hash_len: usize) -> Self {
        Self(nodes(bytes, body, hash_len).unwrap_or_default())
    }

    /// Returns the top folder.
    pub(in crate::git) fn root(&self) -> Option<usize> {
        (!self.0.is_empty()).then_some(0)
    }

    /// Returns a folder.
    pub(in crate::git) fn node(&self, at: usize) -> &Node {
        &self.0[at]
    }

    /// Lists the folders that lie directly in one.
    pub(in crate::git) fn below(&self, at: usize) -> impl Iterator<Item = usize> {
        let end = self.0[at].end;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            let one = (next < end).then_some(next)?;
            next = self.0[one].end;
            Some(one)
        })
    }
}

fn nodes(bytes: &[u8], body: Range<usize>, hash_len: usize) -> Option<Vec<Node>> {
    let mut nodes: Vec<Node> = Vec::new();
    // Those that are open, with how many folders they still wait for.
    let mut open: Vec<(usize, u32)> = Vec::new();
    let mut at = body.start;
    let until = |from: usize, stop: u8| Some(from + memchr::memchr(stop, bytes.get(from..body.end)?)?);
    loop {
        let name = at..until(at, 0)?;
        let count = name.end + 1..until(name.end + 1, b' ')?;
        let below = count.end + 1..until(count.end + 1, b'\n')?;
        at = below.end + 1;
        let digits = |range: Range<usize>| std::str::from_utf8(&bytes[range]).ok();
        let count = u32::try_from(digits(count)?.parse::<i32>().ok()?).ok();
        let below: u32 = digits(below)?.parse().ok()?;
        let id = offset(at);
        if count.is_some() {
            at += hash_len;
            if at > body.end {
                return None;
            }
        }
        open.push((nodes.len(), below));
        nodes.push(Node { name: (offset(name.start), offset(name.end)), id, count, end: 0 });
        while let Some((node, 0)) = open.last().copied() {
            nodes[node].end = nodes.len();
            open.pop();
        }
        let Some((_, waits)) = open.last_mut() else { break };
        *waits -= 1;
    }
    (at == body.end).then_some(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Cache {
        Cache::read(body, 0..body.len(), 20)
    }

    #[test]
    fn folders_are_listed_level_by_level() {
        let id = [7u8; 20];
        let body =
            [&b"\x003 2\n"[..], &id, b"a\x00-1 1\n", b"deep\x001 0\n", &id, b"b\x001 0\n", &id].concat();
        let cache = read(&body);
        let top: Vec<usize> = cache.below(0).collect();
        assert_eq!(top, [1, 3]);
        assert_eq!(cache.below(1).collect::<Vec<_>>(), [2]);
        assert_eq!((cache.node(1).count, cache.node(3).count), (None, Some(1)));
    }

    #[test]
    fn damage_is_as_good_as_nothing_remembered() {
        for body in [&b""[..], b"\x00", b"\x00x 0\n", b"\x003 0\nshort", b"\x00-1 1\n", b"\x00-1 0\nmore"] {
            assert!(read(body).root().is_none(), "{body:?}");
        }
    }

    #[test]
    fn nesting_without_end_costs_no_stack() {
        let body = [b"\x00-1 1\n".repeat(300_000), b"\x00-1 0\n".to_vec()].concat();
        assert!(read(&body).root().is_some());
    }
}
