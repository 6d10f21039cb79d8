//! Every stored object once: blobs, and the messages of commits and tags, whatever refs, stashes or
//! nothing at all reach them.
//!
//! - `locate`: where hits stand
//! - `look`: what is done with each object
//! - `known`: objects that are known by id, read again

mod known;
mod locate;
mod look;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

pub use known::Known as KnownObjects;
use locate::{name_refs, sort_out};
use look::Gathered;
pub use look::{Before, PackNote};

use super::{Found, LARGEST_BINARY, Located, See, Source, SourceError, Tell, skip};
use crate::git::commits::Commits;
use crate::git::missing::Known;
use crate::git::provenance::{MOST_PATHS, Provenance, Roots, Sighting};
use crate::git::store::{Damage, Pack, Store};
use crate::git::{Body, Id, Kind, Repository, refs};
use crate::model::{Blob, Event, Kin, Origin, SkipReason, text::shown};
use crate::unpack::{pieces, text};

/// How many missing objects are looked into one by one.
const MOST_TRACED: usize = 10_000;
const MEND: &str = "`git fsck` tells more; fetch the repository again";

/// The stored objects of a repository.
pub struct History<'r> {
    repo: &'r Repository,
    before: Before,
    read: Mutex<Option<Read>>,
}

/// What a scan leaves for the next one.
pub struct Noted {
    /// What reading each pack came to, by where its index lies.
    pub packs: Vec<(PathBuf, PackNote)>,
    /// Every loose object.
    pub loose: Vec<Id>,
    /// Whether trees named nothing that is not stored.
    pub is_whole: bool,
}

/// What reading leaves for locating.
struct Read {
    store: Store,
    notes: Vec<(PathBuf, PackNote)>,
    is_whole: bool,
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
        Self { repo, before: Before::default(), read: Mutex::new(None) }
    }

    /// Takes a repository of which something is known: packs that are as they were are not read again,
    /// but for their commits and for the objects of which something came.
    #[must_use]
    pub fn after(repo: &'r Repository, before: Before) -> Self {
        Self { before, ..Self::of(repo) }
    }

    /// Returns the packs that are not read again.
    #[must_use]
    pub fn known(&self) -> &HashMap<PathBuf, PackNote> {
        &self.before.packs
    }

    /// Returns what reading came to, once it is done.
    #[must_use]
    pub fn noted(self) -> Option<Noted> {
        let read = self.read.into_inner().expect("no thread panics while it holds this")?;
        Some(Noted { packs: read.notes, loose: read.store.loose().collect(), is_whole: read.is_whole })
    }

    /// Tells whether an object is stored, once all were read.
    #[must_use]
    pub fn has(&self, id: &Id) -> bool {
        let read = self.read.lock().expect("no thread panics while it holds this");
        read.as_ref().is_some_and(|read| read.store.has(id))
    }
}

impl Source for History<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        let store = Store::open(self.repo);
        for what in &store.unreadable {
            tell(skip(SkipReason::Unreadable, what.as_str(), MEND));
        }
        tell(Event::Stage("history", store.len()));
        let gathered = Gathered::new(Known::of(&store));
        let told: Mutex<HashSet<Id>> = Mutex::default();
        let damaged = |damage: Damage| {
            tell(damage_event(&damage));
            told.lock().expect("no thread panics while it holds this").insert(damage.id);
        };
        let notes = self.read_packs(&store, &gathered, see, tell, &damaged);
        let look = |kind: Kind, id: &Id, body: Body<'_>, kin: &Kin<'_>| {
            gathered.look((kind, id), body, kin, see, tell);
        };
        store.each_loose(&|_| true, &look, &damaged);
        let Gathered { commits, tags, absent, trees, .. } = gathered;
        tell(Event::Expected(store.len() - trees.into_inner()));
        let commits = Commits::new(commits.into_inner().expect("no thread panics while it holds this"));
        let tags = tags.into_inner().expect("no thread panics while it holds this");
        let (tips, broken) = refs::tips(self.repo)?;
        for what in broken {
            tell(skip(SkipReason::Unreadable, format!("a ref: {what}"), "`git for-each-ref` tells more"));
        }
        let damaged = told.into_inner().expect("no thread panics while it holds this");
        let mut absent = Vec::from_iter(absent.into_inner().expect("no thread panics while it holds this"));
        let is_whole = absent.is_empty();
        if absent.len() > MOST_TRACED {
            let what = format!("{} objects {}", absent.len(), self.why_absent().0);
            tell(skip(SkipReason::Missing, what, self.why_absent().1));
            absent.clear();
        }
        let head = refs::head_name(self.repo);
        let read = Read { store, notes, is_whole, commits, tags, tips, damaged, head, absent };
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
    /// Reads every pack, or of one that is as it was what is needed; returns what each came to that
    /// holds no damage.
    fn read_packs(
        &self,
        store: &Store,
        gathered: &Gathered,
        see: &See<'_>,
        tell: &Tell<'_>,
        damaged: &(dyn Fn(Damage) + Sync),
    ) -> Vec<(PathBuf, PackNote)> {
        let others = self.before.ids();
        // Only if all is there that was there need nobody ask again what trees name.
        let is_whole = self.before.is_whole && self.before.loose.iter().all(|id| store.has(id));
        let is_holder = |blob: &Blob<'_>| self.before.holders.contains(&blob.origin);
        let see_holder = |blob: Blob<'_>| {
            if is_holder(&blob) {
                see(blob);
            }
        };
        // All but what cannot be read now was told with the note.
        let tell_damage = |event: Event| {
            if matches!(&event, Event::Skipped(skip) if skip.reason == SkipReason::Corrupt) {
                tell(event);
            }
        };
        let read = |pack: &Pack| {
            let trees = gathered.trees.load(Ordering::Relaxed);
            if let Some(note) = self.before.packs.get(pack.index_path()) {
                let wanted = |kind| match kind {
                    Kind::Blob => false,
                    Kind::Tree => !is_whole,
                    Kind::Commit | Kind::Tag => true,
                };
                let look = |kind: Kind, id: &Id, body: Body<'_>, kin: &Kin<'_>| {
                    gathered.look((kind, id), body, kin, &see_holder, &tell_damage);
                };
                Store::each_of(pack, &wanted, &others, &look, damaged);
                gathered.trees.store(trees + note.trees, Ordering::Relaxed);
                note.tell(tell);
                return Some(note.clone());
            }
            let is_damaged = AtomicBool::new(false);
            let damaged = |damage: Damage| {
                is_damaged.store(true, Ordering::Relaxed);
                damaged(damage);
            };
            let note: Mutex<PackNote> = Mutex::default();
            let tell = |event: Event| {
                note.lock().expect("no thread panics while it holds this").take(&event);
                tell(event);
            };
            let look = |kind: Kind, id: &Id, body: Body<'_>, kin: &Kin<'_>| {
                gathered.look((kind, id), body, kin, see, &tell);
            };
            Store::each_of(pack, &|_| true, &[], &look, &damaged);
            let trees = gathered.trees.load(Ordering::Relaxed) - trees;
            let note = note.into_inner().expect("no thread panics while it holds this");
            (!is_damaged.into_inner()).then_some(PackNote { trees, ..note })
        };
        store.packs().iter().filter_map(|pack| Some((pack.index_path().to_owned(), read(pack)?))).collect()
    }

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
