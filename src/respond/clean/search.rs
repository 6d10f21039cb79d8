//! Every stored object and every file, once: which of them hold the secret, and which refs reach those.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::forms::{Forms, MASK};
use super::{Left, Wanted};
use crate::git::commits::{self, Commit, Commits};
use crate::git::provenance::{Provenance, Roots};
use crate::git::refs::{self, Tip};
use crate::git::store::{Damage, Store};
use crate::git::{Body, GitError, Id, Kind, Repository, index};
use crate::model::text::shown;
use crate::model::{Blob, Event, Kin, SkipReason};
use crate::source::Source;
use crate::source::worktree::Worktree;
use crate::unpack::pieces;

/// The most objects whose refs are looked up; the others are counted as not looked at.
const MOST_HOLDERS: usize = 10_000;
/// The most refs to something else than a commit that are followed.
const MOST_ODD_REFS: usize = 100;
/// The most files that are named.
const MOST_FILES: usize = 1000;

/// What reading every object leaves.
#[derive(Default)]
struct Found {
    commits: Vec<Commit>,
    tags: HashMap<Id, Id>,
    blobs: BTreeSet<Id>,
    /// Commits and tags whose own text holds it.
    texts: BTreeSet<Id>,
    names: usize,
}

/// Searches a repository.
pub(super) fn search(repo: &Repository, wanted: &Wanted<'_>) -> Result<Left, GitError> {
    let forms = wanted.secret.map(Forms::of);
    let known: HashSet<Id> =
        wanted.objects.iter().filter_map(|hex| Id::from_hex(hex.as_bytes()).ok()).collect();
    let holds = |bytes: &[u8]| forms.as_ref().is_some_and(|forms| forms.stand_in(bytes));
    let store = Store::open(repo);
    let mut left = Left { unread: store.unreadable.len() as u64, ..Left::default() };
    let (objects, unread) = (AtomicU64::new(0), AtomicU64::new(0));
    let damaged = |_: Damage| {
        unread.fetch_add(1, Ordering::Relaxed);
    };
    let recognised = |bytes: &[u8]| wanted.recognised.is_some_and(|is_it| is_it(bytes));
    let seen = |bytes: &[u8]| holds(bytes) || recognised(bytes);
    let found = read(&store, &known, &holds, &seen, &damaged, &objects);
    let (tips, broken) = refs::tips(repo)?;
    left.unread += broken.len() as u64;
    // Somebody named a file or a branch after it.
    let named = |name: &[u8]| match &forms {
        Some(forms) => shown(&forms.out_of(name)),
        None if recognised(name) => shown(MASK),
        None => shown(name),
    };
    let held = files(repo, &seen, &named, &found.blobs, &mut left)?;
    reach(&store, found, &tips, &held, &named, &damaged, &mut left);
    left.objects = objects.into_inner();
    left.unread += unread.into_inner();
    if wanted.secret.is_none() && wanted.recognised.is_none() {
        left.gaps.push("the secret's own bytes: objects that held it were looked for, and no others".into());
    }
    let cut = repo.shallow_edge().len();
    if cut > 0 {
        left.gaps.push(format!("what came before {cut} commits: the clone is shallow"));
    }
    if repo.is_partial() {
        left.gaps.push("objects that a partial clone left out".into());
    }
    Ok(left)
}

/// Reads every stored object; folders have names alone, in which no detector finds anything.
fn read(
    store: &Store,
    known: &HashSet<Id>,
    in_names: &(dyn Fn(&[u8]) -> bool + Sync),
    in_text: &(dyn Fn(&[u8]) -> bool + Sync),
    damaged: &(dyn Fn(Damage) + Sync),
    objects: &AtomicU64,
) -> Found {
    let found = Mutex::new(Found::default());
    let see = |kind: Kind, id: &Id, body: Body<'_>, _: &Kin<'_>| {
        objects.fetch_add(1, Ordering::Relaxed);
        let mut is_holder = known.contains(id);
        let holds = if kind == Kind::Tree { in_names } else { in_text };
        let whole = match body {
            Body::Whole(bytes) => {
                is_holder |= holds(bytes);
                bytes
            }
            Body::Stream(stream) => {
                let read = pieces::each(stream, &mut |bytes, _| is_holder |= holds(bytes));
                if let Err(e) = read {
                    damaged(Damage { id: *id, too_large: false, why: e.to_string() });
                }
                &[]
            }
        };
        let mut found = found.lock().expect("no thread panics while it holds this");
        match kind {
            Kind::Blob => {}
            Kind::Tree => found.names += usize::from(is_holder),
            Kind::Commit => match commits::parse(*id, whole) {
                Some((commit, _)) => found.commits.push(commit),
                None => damaged(Damage { id: *id, too_large: false, why: "no commit".into() }),
            },
            Kind::Tag => {
                if let Some(target) = commits::tag_target(whole) {
                    found.tags.insert(*id, target);
                }
            }
        }
        match kind {
            Kind::Blob if is_holder => drop(found.blobs.insert(*id)),
            Kind::Commit | Kind::Tag if is_holder => drop(found.texts.insert(*id)),
            _ => {}
        }
    };
    store.each(&|_| true, &see, damaged);
    found.into_inner().expect("no thread panics while it holds this")
}

/// Names the files of the working tree and the index that hold it; returns the blobs the index holds.
fn files(
    repo: &Repository,
    holds: &(dyn Fn(&[u8]) -> bool + Sync),
    named_so: &(dyn Fn(&[u8]) -> String + Sync),
    blobs: &BTreeSet<Id>,
    left: &mut Left,
) -> Result<HashSet<Id>, GitError> {
    let mut held = HashSet::new();
    let mut named = BTreeSet::new();
    for entry in index::index(repo)?.into_iter().filter(|e| blobs.contains(&e.id)) {
        held.insert(entry.id);
        named.insert(named_so(&entry.path));
    }
    if repo.work_dir().is_some() {
        let seen = Mutex::new((BTreeSet::new(), BTreeSet::new()));
        let see = |blob: Blob<'_>| {
            let Some(path) = blob.origin.path().map(|p| named_so(p.bytes())) else { return };
            let is_holder = holds(blob.bytes);
            let mut seen = seen.lock().expect("no thread panics while it holds this");
            if is_holder {
                seen.1.insert(path.clone());
            }
            seen.0.insert(path);
        };
        let unread = AtomicU64::new(0);
        let tell = |event: Event| {
            if matches!(&event, Event::Skipped(skip) if skip.reason != SkipReason::Symlink) {
                unread.fetch_add(1, Ordering::Relaxed);
            }
        };
        let read = Worktree::of(repo, None).read(&see, &tell);
        let (all, holders) = seen.into_inner().expect("no thread panics while it holds this");
        left.files = all.len() as u64;
        left.unread += unread.into_inner() + u64::from(read.is_err());
        // What stands in the index alone was changed or taken away since, and is not committed yet.
        named = named.into_iter().map(|p| if holders.contains(&p) { p } else { p + " (staged)" }).collect();
        named.extend(holders);
    }
    let more = named.len().saturating_sub(MOST_FILES);
    left.worktree = named.into_iter().take(MOST_FILES).collect();
    if more > 0 {
        left.worktree.push(format!("and {more} files more"));
    }
    Ok(held)
}

/// Counts, for each ref, the objects with the secret that it reaches; and those that none does.
fn reach(
    store: &Store,
    found: Found,
    tips: &[Tip],
    held: &HashSet<Id>,
    named_so: &dyn Fn(&[u8]) -> String,
    damaged: &(dyn Fn(Damage) + Sync),
    left: &mut Left,
) {
    left.names = found.names;
    let all = found.blobs.len() + found.texts.len();
    if all == 0 {
        return;
    }
    let blobs: Vec<Id> = found.blobs.iter().copied().take(MOST_HOLDERS).collect();
    let graph = Commits::new(found.commits);
    let provenance = Provenance::read(store, &graph, &blobs, damaged);
    let in_blobs = (0u32..).zip(&blobs).map(|(n, id)| (*id, (vec![n], Vec::new())));
    let in_texts = found.texts.iter().filter_map(|id| Some((*id, (Vec::new(), vec![graph.position(id)?]))));
    let (ids, groups): (Vec<Id>, Vec<_>) = in_blobs.chain(in_texts).take(MOST_HOLDERS).unzip();
    left.unread += (found.blobs.len() + found.texts.len()).saturating_sub(MOST_HOLDERS) as u64;

    let mut reached: HashSet<Id> = held.clone();
    let mut counts: Vec<usize> = vec![0; tips.len()];
    let (mut numbers, mut positions, mut odd) = (Vec::new(), Vec::new(), 0);
    for (number, tip) in tips.iter().enumerate() {
        // A branch that is checked out is not told twice.
        if tip.name == b"HEAD" && tips.iter().any(|other| other.id == tip.id && other.name != b"HEAD") {
            continue;
        }
        let chain = follow(&found.tags, tip.id);
        for tag in chain.iter().filter(|id| found.texts.contains(*id) && found.tags.contains_key(*id)) {
            counts[number] += 1;
            reached.insert(*tag);
        }
        let end = chain[chain.len() - 1];
        match graph.position(&end) {
            Some(at) => {
                numbers.push(number);
                positions.push(at);
            }
            None if odd < MOST_ODD_REFS => {
                odd += 1;
                let roots = Roots { others: vec![end], ..Roots::default() };
                for (id, seen) in blobs.iter().zip(provenance.sightings(&blobs, &roots)) {
                    if seen.iter().any(|s| s.reachable) {
                        counts[number] += 1;
                        reached.insert(*id);
                    }
                }
            }
            None => left.unread += 1,
        }
    }
    for (id, tips) in ids.iter().zip(provenance.held_by(&groups, &positions)) {
        for tip in tips {
            counts[numbers[tip]] += 1;
            reached.insert(*id);
        }
    }
    let named = tips.iter().zip(counts).filter(|(_, count)| *count > 0);
    left.refs = named.map(|(tip, count)| (named_so(&tip.name), count)).collect();
    left.refs.sort();
    left.unreachable = found.blobs.iter().chain(&found.texts).filter(|id| !reached.contains(*id)).count();
}

/// The objects a ref leads to: the one it names, and what tags on the way name.
fn follow(tags: &HashMap<Id, Id>, id: Id) -> Vec<Id> {
    let mut chain = vec![id];
    // A tag of a tag of a tag is odd, a longer chain is hostile.
    while let Some(next) = tags.get(&chain[chain.len() - 1]).filter(|_| chain.len() < 16) {
        chain.push(*next);
    }
    chain
}
