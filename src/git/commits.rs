//! The commits of a repository as a graph in memory.

use std::collections::HashMap;

use super::open::{Repository, chain};
use super::{GitError, Id};
use crate::model::CommitCard;

/// What the graph keeps of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: Id,
    /// Its tree.
    pub tree: Id,
    /// Its parents.
    pub parents: Vec<Id>,
    /// When it was committed, in seconds since 1970; authors can lie.
    pub time: i64,
}

/// Reads what the graph keeps, and where the message starts.
///
/// ```
/// let hex = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/// let text = format!("tree {hex}\nauthor A <a@b> 7 +0000\ncommitter A <a@b> 9 +0000\n\nhello");
/// let id = keywright::git::Id::from_hex(hex.as_bytes()).unwrap();
/// let (commit, message) = keywright::git::commits::parse(id, text.as_bytes()).unwrap();
/// assert_eq!((commit.time, &text[message..]), (9, "hello"));
/// ```
#[must_use]
pub fn parse(id: Id, data: &[u8]) -> Option<(Commit, usize)> {
    let message = message_start(data);
    let mut tree = None;
    let mut parents = Vec::new();
    let mut time = 0;
    // git takes for parents what stands right behind the tree, and nothing further down.
    let mut may_be_parent = true;
    for line in data[..message].split(|b| *b == b'\n') {
        if let Some(hex) = line.strip_prefix(b"tree ") {
            tree = tree.or(Id::from_hex(hex).ok());
        } else if let Some(hex) = line.strip_prefix(b"parent ").filter(|_| may_be_parent) {
            parents.push(Id::from_hex(hex).ok()?);
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            time = person(who).map_or(0, |p| p.seconds);
            // What follows are signatures and merged tags; their lines may look like anything.
            break;
        } else {
            may_be_parent = false;
        }
    }
    Some((Commit { id, tree: tree?, parents, time }, message))
}

/// Returns where the message of a commit or tag starts: behind the first empty line.
#[must_use]
pub fn message_start(data: &[u8]) -> usize {
    memchr::memmem::find(data, b"\n\n").map_or(data.len(), |at| at + 2)
}

/// Reads the id a tag object names.
#[must_use]
pub fn tag_target(data: &[u8]) -> Option<Id> {
    let line = data.split(|b| *b == b'\n').next()?;
    Id::from_hex(line.strip_prefix(b"object ")?).ok()
}

struct Person<'a> {
    name: &'a [u8],
    email: &'a [u8],
    seconds: i64,
    offset_minutes: i32,
}

/// Reads `Name <mail> seconds +hhmm`, whatever hostile text stands in it.
fn person(text: &[u8]) -> Option<Person<'_>> {
    let open = memchr::memchr(b'<', text)?;
    let close = memchr::memrchr(b'>', text).filter(|close| *close > open)?;
    let tail = std::str::from_utf8(&text[close + 1..]).ok()?;
    let mut words = tail.split_ascii_whitespace();
    let seconds = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
    let zone: i32 = words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
    Some(Person {
        name: text[..open].trim_ascii(),
        email: &text[open + 1..close],
        seconds,
        offset_minutes: zone / 100 * 60 + zone % 100,
    })
}

/// Returns a commit's card: id, author and date.
///
/// # Errors
/// [`GitError::Object`] if the commit cannot be read.
pub fn card(repo: &Repository, id: &Id) -> Result<CommitCard, GitError> {
    let fail = |why: String| GitError::Object { id: id.to_string(), why };
    let gix = repo.gix();
    let object = gix.find_object(*id).map_err(|e| fail(chain(&e)))?;
    let headers = &object.data[..message_start(&object.data)];
    let author = headers.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(b"author "));
    let author = author.and_then(person);
    Ok(CommitCard {
        id: id.to_string(),
        author: author.as_ref().map(|a| a.name.to_vec()).unwrap_or_default(),
        email: author.as_ref().map(|a| a.email.to_vec()).unwrap_or_default(),
        date: author.map_or_else(String::new, |a| rfc3339(a.seconds, a.offset_minutes)),
    })
}

/// Writes a moment in RFC 3339 with its own offset; what no calendar holds comes out empty.
fn rfc3339(seconds: i64, offset_minutes: i32) -> String {
    let moment = jiff::Timestamp::from_second(seconds).ok();
    let offset = jiff::tz::Offset::from_seconds(offset_minutes.saturating_mul(60)).ok();
    match (moment, offset) {
        (Some(moment), Some(offset)) => moment.display_with_offset(offset).to_string(),
        _ => String::new(),
    }
}

/// The commits of a repository.
#[derive(Default)]
pub struct Commits {
    all: Vec<Commit>,
    by_id: HashMap<Id, u32>,
    /// Positions in `all`, parents before children, older before younger where that is free.
    order: Vec<u32>,
}

impl Commits {
    /// Builds the graph; a commit given twice counts once.
    #[must_use]
    pub fn new(commits: Vec<Commit>) -> Self {
        let mut graph = Self::default();
        for commit in commits {
            let next = u32::try_from(graph.all.len()).expect("fewer than four billion commits");
            graph.by_id.entry(commit.id).or_insert_with(|| {
                graph.all.push(commit);
                next
            });
        }
        graph.sort();
        graph
    }

    /// Returns how many commits there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the commit at a position.
    #[must_use]
    pub fn at(&self, position: u32) -> &Commit {
        &self.all[position as usize]
    }

    /// Returns the position of a commit.
    #[must_use]
    pub fn position(&self, id: &Id) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Returns all positions, parents before children.
    #[must_use]
    pub fn oldest_first(&self) -> &[u32] {
        &self.order
    }

    /// Returns the positions of a commit's parents that are there.
    pub fn parents(&self, position: u32) -> impl Iterator<Item = u32> {
        self.at(position).parents.iter().filter_map(|id| self.position(id))
    }

    /// Lists parents that are named and not there.
    pub fn missing_parents(&self) -> impl Iterator<Item = (&Commit, Id)> {
        self.all
            .iter()
            .flat_map(|c| c.parents.iter().filter(|p| self.position(p).is_none()).map(move |p| (c, *p)))
    }

    /// Marks, by position, every commit that can be reached from `tips`.
    #[must_use]
    pub fn reachable(&self, tips: impl Iterator<Item = u32>) -> Vec<bool> {
        let mut seen = vec![false; self.all.len()];
        let mut stack: Vec<u32> = tips.collect();
        while let Some(position) = stack.pop() {
            if !std::mem::replace(&mut seen[position as usize], true) {
                stack.extend(self.parents(position));
            }
        }
        seen
    }

    /// Orders by Kahn's algorithm, the oldest of the ready ones first.
    fn sort(&mut self) {
        use std::cmp::Reverse;
        let mut waiting = vec![0u32; self.all.len()];
        let mut children: Vec<Vec<u32>> = vec![Vec::new(); self.all.len()];
        let mut ready = std::collections::BinaryHeap::new();
        for at in 0..u32::try_from(self.all.len()).unwrap_or(u32::MAX) {
            for parent in self.parents(at) {
                waiting[at as usize] += 1;
                children[parent as usize].push(at);
            }
            if waiting[at as usize] == 0 {
                ready.push(Reverse((self.at(at).time, at)));
            }
        }
        let mut order = Vec::with_capacity(self.all.len());
        while let Some(Reverse((_, at))) = ready.pop() {
            order.push(at);
            for child in &children[at as usize] {
                waiting[*child as usize] -= 1;
                if waiting[*child as usize] == 0 {
                    ready.push(Reverse((self.at(*child).time, *child)));
                }
            }
        }
        self.order = order;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> Id {
        Id::from_bytes_or_panic(&[byte; 20])
    }

    fn commit(byte: u8, parents: &[u8], time: i64) -> Commit {
        Commit { id: id(byte), tree: id(0), parents: parents.iter().map(|p| id(*p)).collect(), time }
    }

    #[test]
    fn parents_come_first_even_if_their_dates_lie() {
        let graph = Commits::new(vec![commit(1, &[2], 1), commit(2, &[], 99), commit(3, &[1, 2], 5)]);
        let order: Vec<Id> = graph.oldest_first().iter().map(|p| graph.at(*p).id).collect();
        assert_eq!(order, [id(2), id(1), id(3)]);
    }

    #[test]
    fn a_parent_stands_behind_the_tree_and_nowhere_else() {
        let hex = |n: u8| format!("{n:02x}").repeat(20);
        let (tree, one, two) = (hex(1), hex(2), hex(3));
        let text = format!(
            "tree {tree}\nparent {one}\nauthor A <a> 1 +0000\nparent {two}\ncommitter A <a> 1 +0000\n\nx"
        );
        let (commit, _) = parse(id(9), text.as_bytes()).unwrap();
        assert_eq!(commit.parents, [id(2)]);
    }

    #[test]
    fn what_no_tip_reaches_stays_unmarked() {
        let graph = Commits::new(vec![commit(1, &[], 1), commit(2, &[1], 2), commit(3, &[1], 3)]);
        let seen = graph.reachable(graph.position(&id(2)).into_iter());
        assert_eq!(seen, [true, true, false]);
    }

    #[test]
    fn hostile_people_are_read_without_harm() {
        assert!(person(b"no brackets").is_none());
        let odd = person(b"A <b> > 99999999999999999999 +9999999999").unwrap();
        assert_eq!((odd.seconds, odd.offset_minutes), (0, 0));
        assert_eq!(rfc3339(i64::MAX, 0), "");
        assert_eq!(rfc3339(0, 90), "1970-01-01T01:30:00+01:30");
    }
}
