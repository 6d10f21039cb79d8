//! Every stored object once: blobs, and the messages of commits and tags, whatever refs, stashes or
//! nothing at all reach them.
//!
//! - `locate`: where hits stand
//! - `known`: objects that are known by id, read again

mod known;
mod locate;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub use known::Known as KnownObjects;
use locate::{name_refs, sort_out};

use super::{Found, LARGEST_BINARY, Located, See, Source, SourceError, Tell, skip};
use crate::git::commits::{self, Commit, Commits};
use crate::git::missing::Known;
use crate::git::provenance::{MOST_PATHS, Provenance, Roots, Sighting};
use crate::git::store::{Damage, Store};
use crate::git::{Body, Id, Kind, Repository, refs};
use crate::model::{Blob, Event, Kin, Origin, SkipReason, text::shown};
use crate::unpack::{pieces, text};

/// How many missing objects are looked into one by one.
const MOST_TRACED: usize = 10_000;
const MEND: &str = "`git fsck` tells more; fetch the repository again";

/// The stored objects of a repository.
pub struct History<'r> {
    repo: &'r Repository,
    read: Mutex<Option<Read>>,
}

/// What reading leaves for locating.
struct Read {
    store: Store,
    commits: Commits,
    /// What each tag object names.
    tags: HashMap<Id, Id>,
    tips: Vec<refs::Tip>,
    /// The full name of the branch that is checked out.
    head: Option<String>,
    /// What trees name and nobody stores.
    absent: Vec<Id>,
    /// The damaged objects that were told: an object of unknown kind is met again among the trees.
    damaged: HashSet<Id>,
}

impl<'r> History<'r> {
    /// Takes a repository.
    #[must_use]
    pub fn of(repo: &'r Repository) -> Self {
        Self { repo, read: Mutex::new(None) }
    }
}

impl Source for History<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        let store = Store::open(self.repo);
        for what in &store.unreadable {
            tell(skip(SkipReason::Unreadable, what.as_str(), MEND));
        }
        tell(Event::Stage("history", store.len()));
        let commits: Mutex<Vec<Commit>> = Mutex::default();
        let tags: Mutex<HashMap<Id, Id>> = Mutex::default();
        let known = Known::of(&store);
        let absent: Mutex<BTreeSet<Id>> = Mutex::default();
        let trees = AtomicU64::new(0);
        let look = |kind: Kind, id: &Id, body: Body<'_>, kin: &Kin<'_>| {
            tell(Event::Step(1));
            if kind == Kind::Tree {
                trees.fetch_add(1, Ordering::Relaxed);
            } else {
                tell(Event::Objects(1));
            }
            match (kind, body) {
                (Kind::Blob, body) => see_blob(id, body, kin, see, tell),
                (Kind::Commit, Body::Whole(data)) => match commits::parse(*id, data) {
                    Some((commit, message)) => {
                        commits.lock().expect("no thread panics while it holds this").push(commit);
                        tell(Event::Commits(1));
                        see_message(Origin::CommitMessage(id.to_string()), &data[message..], see, tell);
                    }
                    None => tell(skip(SkipReason::Corrupt, format!("commit {id}"), MEND)),
                },
                (Kind::Tag, Body::Whole(data)) => {
                    if let Some(target) = commits::tag_target(data) {
                        tags.lock().expect("no thread panics while it holds this").insert(*id, target);
                    }
                    let message = commits::message_start(data);
                    see_message(Origin::TagMessage(id.to_string()), &data[message..], see, tell);
                }
                (Kind::Tree, Body::Whole(data)) => known.check(data, kin, |id| {
                    absent.lock().expect("no thread panics while it holds this").insert(id);
                }),
                (Kind::Commit | Kind::Tag | Kind::Tree, Body::Stream(_)) => {
                    tell(skip(
                        SkipReason::TooLarge,
                        format!("commit, tag or tree {id}"),
                        "look into it by hand",
                    ));
                }
            }
        };
        let told: Mutex<HashSet<Id>> = Mutex::default();
        let damaged = |damage: Damage| {
            tell(damage_event(&damage));
            told.lock().expect("no thread panics while it holds this").insert(damage.id);
        };
        store.each(&|_| true, &look, &damaged);
        tell(Event::Expected(store.len() - trees.into_inner()));
        let commits = Commits::new(commits.into_inner().expect("no thread panics while it holds this"));
        let tags = tags.into_inner().expect("no thread panics while it holds this");
        let (tips, broken) = refs::tips(self.repo)?;
        for what in broken {
            tell(skip(SkipReason::Unreadable, format!("a ref: {what}"), "`git for-each-ref` tells more"));
        }
        let damaged = told.into_inner().expect("no thread panics while it holds this");
        let mut absent = Vec::from_iter(absent.into_inner().expect("no thread panics while it holds this"));
        if absent.len() > MOST_TRACED {
            let what = format!("{} objects {}", absent.len(), self.why_absent().0);
            tell(skip(SkipReason::Missing, what, self.why_absent().1));
            absent.clear();
        }
        let read = Read { store, commits, tags, tips, damaged, head: refs::head_name(self.repo), absent };
        self.tell_gaps(&read, tell);
        *self.read.lock().expect("no thread panics while it holds this") = Some(read);
        Ok(())
    }

    fn locate(&self, found: Vec<Found>, tell: &Tell<'_>) -> Result<Vec<Located>, SourceError> {
        let read = self.read.lock().expect("no thread panics while it holds this");
        let Some(read) = read.as_ref() else { return Ok(Vec::new()) };
        if found.is_empty() && read.absent.is_empty() {
            return Ok(Vec::new());
        }
        tell(Event::Stage("where findings come from", 0));
        let (mut blobs, hits, messages) = sort_out(found);
        let roots = read.roots(self.repo);
        let damaged = |damage: Damage| {
            if !read.damaged.contains(&damage.id) {
                tell(damage_event(&damage));
            }
        };
        // Holes are traced in the same pass over the trees as findings.
        let holds = blobs.len();
        blobs.extend_from_slice(&read.absent);
        // Without a blob there is nothing to ask the trees.
        let provenance = if blobs.is_empty() {
            Provenance::of_commits(&read.commits)
        } else {
            Provenance::read(&read.store, &read.commits, &blobs, &damaged)
        };
        let mut sightings = provenance.sightings(&blobs, &roots);
        self.tell_absent(&read.absent, &sightings.split_off(holds), tell);
        blobs.truncate(holds);
        for (blob, _) in blobs.iter().zip(&sightings).filter(|(_, seen)| seen.len() >= MOST_PATHS) {
            let what = format!("blob {blob}: the first {MOST_PATHS} paths are listed");
            tell(skip(SkipReason::Unlisted, what, ""));
        }
        let index = self.index_paths().unwrap_or_else(|e| {
            tell(skip(SkipReason::Corrupt, e.to_string(), "`git reset` writes the index anew"));
            HashMap::new()
        });
        let mut located = self.locate_blobs(read, &blobs, &hits, &sightings, &index);
        located.extend(self.locate_messages(read, messages, &roots));
        name_refs(read, &provenance, &blobs, &mut located);
        Ok(located.into_iter().map(|(located, _)| located).collect())
    }
}

fn see_blob(id: &Id, body: Body<'_>, kin: &Kin<'_>, see: &See<'_>, tell: &Tell<'_>) {
    let origin = Origin::Object(id.to_string());
    let too_large = || {
        tell(skip(
            SkipReason::TooLarge,
            format!("blob {id}: binary and larger than {} MiB", LARGEST_BINARY >> 20),
            "look into it by hand",
        ));
    };
    match body {
        Body::Whole(bytes) if bytes.len() as u64 > LARGEST_BINARY && text::is_binary(bytes) => too_large(),
        Body::Whole(bytes) => {
            match text::decoded(bytes) {
                Cow::Borrowed(bytes) => see(Blob { kin: Some(kin), ..Blob::whole(origin, bytes) }),
                // Decoded text is not what was copied: it is looked at whole, and nothing is learnt.
                Cow::Owned(text) => see(Blob::whole(origin, &text)),
            }
            tell(Event::Bytes(bytes.len() as u64));
        }
        Body::Stream(stream) => {
            let (mut is_first, mut binary) = (true, false);
            let read = pieces::each(stream, &mut |bytes, extent| {
                binary |= std::mem::take(&mut is_first) && text::is_binary(bytes);
                if !binary {
                    see(Blob {
                        origin: origin.clone(),
                        bytes,
                        extent: extent.clone(),
                        earlier: None,
                        kin: None,
                    });
                }
            });
            match read {
                _ if binary => too_large(),
                Ok(bytes) => tell(Event::Bytes(bytes)),
                Err(e) => tell(skip(SkipReason::Corrupt, format!("blob {id}: {e}"), MEND)),
            }
        }
    }
}

fn see_message(origin: Origin, message: &[u8], see: &See<'_>, tell: &Tell<'_>) {
    see(Blob::whole(origin, message));
    tell(Event::Bytes(message.len() as u64));
}

fn damage_event(damage: &Damage) -> Event {
    let reason = if damage.too_large { SkipReason::TooLarge } else { SkipReason::Corrupt };
    skip(reason, format!("object {}: {}", damage.id, shown(damage.why.as_bytes())), MEND)
}

impl History<'_> {
    /// Tells what the store should hold and does not.
    fn tell_gaps(&self, read: &Read, tell: &Tell<'_>) {
        let edge: HashSet<Id> = self.repo.shallow_edge().into_iter().collect();
        for id in &edge {
            tell(skip(SkipReason::Shallow, format!("what came before commit {id}"), "git fetch --unshallow"));
        }
        for (commit, parent) in read.commits.missing_parents().filter(|(c, _)| !edge.contains(&c.id)) {
            tell(skip(SkipReason::Missing, format!("commit {parent}, a parent of {}", commit.id), MEND));
        }
        for commit in read.commits.oldest_first().iter().map(|at| read.commits.at(*at)) {
            if !read.store.has(&commit.tree) && commit.tree != Id::empty_tree(self.repo.hash()) {
                tell(skip(
                    SkipReason::Missing,
                    format!("tree {} of commit {}", commit.tree, commit.id),
                    MEND,
                ));
            }
        }
        for tip in read.tips.iter().filter(|tip| !read.store.has(&tip.id)) {
            tell(skip(
                SkipReason::Missing,
                format!("object {}, which {} names", tip.id, shown(&tip.name)),
                MEND,
            ));
        }
    }

    /// Tells of objects that trees name and that are not stored, where a ref leads to them. What only
    /// lost trees name is no gap: `git gc` may have taken it.
    fn tell_absent(&self, absent: &[Id], sightings: &[Vec<Sighting>], tell: &Tell<'_>) {
        for (id, sightings) in absent.iter().zip(sightings) {
            if let Some(seen) = sightings.iter().find(|s| s.reachable) {
                let what = format!("object {id} at {}: {}", shown(&seen.path), self.why_absent().0);
                tell(skip(SkipReason::Missing, what, self.why_absent().1));
            }
        }
    }

    /// Why an object is missing, and what to do.
    fn why_absent(&self) -> (&'static str, &'static str) {
        match self.repo.is_partial() {
            true => ("left out by a partial clone", "git fetch --refetch --no-filter"),
            false => ("named by a tree and not stored", MEND),
        }
    }
}

impl Read {
    /// The objects a ref leads to: the one it names, and what tags on the way name.
    fn follow(&self, id: Id) -> Vec<Id> {
        let mut chain = vec![id];
        // A tag of a tag of a tag is odd, a longer chain is hostile.
        while let Some(next) = self.tags.get(&chain[chain.len() - 1]).filter(|_| chain.len() < 16) {
            chain.push(*next);
        }
        chain
    }

    fn roots(&self, repo: &Repository) -> Roots {
        let mut roots =
            Roots { head: repo.head().and_then(|id| self.commits.position(&id)), ..Roots::default() };
        for tip in &self.tips {
            let end = self.follow(tip.id).pop().unwrap_or(tip.id);
            match self.commits.position(&end) {
                Some(at) => roots.commits.push(at),
                None => roots.others.push(end),
            }
        }
        roots
    }

    /// Every ref that leads to a commit; `HEAD` only where it is detached.
    fn commit_tips(&self) -> impl Iterator<Item = (String, u32)> {
        let named = |id: &Id| self.tips.iter().any(|tip| tip.id == *id && tip.name != b"HEAD");
        self.tips.iter().filter(move |tip| tip.name != b"HEAD" || !named(&tip.id)).filter_map(|tip| {
            let at = self.commits.position(&self.follow(tip.id).pop()?)?;
            Some((String::from_utf8_lossy(&tip.name).into_owned(), at))
        })
    }
}
