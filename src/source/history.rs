//! Every stored object once: blobs, and the messages of commits and tags, whatever refs, stashes or
//! nothing at all reach them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::{Found, LARGEST_BINARY, Located, See, Source, SourceError, Tell, skip};
use crate::git::commits::{self, Commit, Commits};
use crate::git::missing::Known;
use crate::git::provenance::{Provenance, Roots, Sighting};
use crate::git::store::{Damage, Store};
use crate::git::{Body, Id, Kind, Repository, change, refs};
use crate::model::{Blob, Event, Hit, Location, Origin, Path, Place, SkipReason, Status, text::shown};
use crate::unpack::{pieces, text};

/// The blobs, by number, and the commits, by position, that hold one finding's secret.
type Holders = (Vec<u32>, Vec<u32>);
/// A secret at a path: the blobs that hold it there, each with what was seen of it.
type Places<'s> = BTreeMap<(Vec<u8>, SecretKey), Vec<(u32, &'s Sighting)>>;

/// How many refs are named for one finding.
const MOST_REFS: usize = 100;
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
        let look = |kind: Kind, id: &Id, body: Body<'_>| {
            tell(Event::Step(1));
            if kind == Kind::Tree {
                trees.fetch_add(1, Ordering::Relaxed);
            } else {
                tell(Event::Objects(1));
            }
            match (kind, body) {
                (Kind::Blob, body) => see_blob(id, body, see, tell),
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
                (Kind::Tree, Body::Whole(data)) => known.check(data, |id| {
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

fn see_blob(id: &Id, body: Body<'_>, see: &See<'_>, tell: &Tell<'_>) {
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
            see(Blob::whole(origin, &text::decoded(bytes)));
            tell(Event::Bytes(bytes.len() as u64));
        }
        Body::Stream(stream) => {
            let (mut is_first, mut binary) = (true, false);
            let read = pieces::each(stream, &mut |bytes, extent| {
                binary |= std::mem::take(&mut is_first) && text::is_binary(bytes);
                if !binary {
                    see(Blob { origin: origin.clone(), bytes, extent: extent.clone(), earlier: None });
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

    /// Gives each secret one place for each path: where the first commit brought it in.
    fn locate_blobs(
        &self,
        read: &Read,
        blobs: &[Id],
        hits: &[Vec<Hit>],
        sightings: &[Vec<Sighting>],
        index: &HashMap<Id, Vec<Vec<u8>>>,
    ) -> Vec<(Located, Holders)> {
        let mut rank = vec![u32::MAX; read.commits.len()];
        for (age, at) in (0u32..).zip(read.commits.oldest_first()) {
            rank[*at as usize] = age;
        }
        let age = |s: &Sighting| (!s.reachable, s.first.map_or(u32::MAX, |at| rank[at as usize]));
        // For each secret at each path: the blobs that hold it there, and the oldest of them.
        let mut places = Places::new();
        let mut located = Vec::new();
        for (number, blob) in (0u32..).zip(blobs) {
            let mut keys: Vec<SecretKey> = hits[number as usize].iter().map(key).collect();
            keys.dedup();
            for key in keys {
                for sighting in &sightings[number as usize] {
                    places.entry((sighting.path.clone(), key)).or_default().push((number, sighting));
                }
            }
            let paths = index.get(blob);
            for path in paths.into_iter().flatten() {
                for hit in &hits[number as usize] {
                    located.push((place(hit, Place::Index, path, blob), (vec![number], Vec::new())));
                }
            }
            if sightings[number as usize].is_empty() && paths.is_none() {
                for hit in &hits[number as usize] {
                    let mut lost = place(hit, Place::History, &[], blob);
                    lost.status = Status::Unreachable;
                    located.push((lost, (vec![number], Vec::new())));
                }
            }
        }
        let mut cards = HashMap::new();
        for ((path, secret), holders) in places {
            let Some((oldest, sighting)) = holders.iter().min_by_key(|(_, s)| age(s)) else { continue };
            let mut numbers: Vec<u32> = holders.iter().map(|(number, _)| *number).collect();
            numbers.dedup();
            let card = sighting.first.and_then(|at| {
                let id = read.commits.at(at).id;
                cards.entry(id).or_insert_with(|| commits::card(self.repo, &id).ok()).clone()
            });
            for hit in hits[*oldest as usize].iter().filter(|hit| key(hit) == secret) {
                let mut here =
                    place(hit, Place::History, &path, &blobs[*oldest as usize]).brought_by(card.clone());
                here.location.in_head = Some(holders.iter().any(|(_, s)| s.in_head));
                here.location.versions = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                if !sighting.reachable {
                    here.status = Status::Unreachable;
                }
                located.push((here, (numbers.clone(), Vec::new())));
            }
        }
        located
    }

    /// The paths at which the index holds each blob.
    fn index_paths(&self) -> Result<HashMap<Id, Vec<Vec<u8>>>, SourceError> {
        let mut paths: HashMap<Id, Vec<Vec<u8>>> = HashMap::new();
        for entry in change::index(self.repo)?.into_iter().filter(|e| !e.is_submodule) {
            paths.entry(entry.id).or_default().push(entry.path);
        }
        Ok(paths)
    }

    fn locate_messages(&self, read: &Read, messages: Vec<Found>, roots: &Roots) -> Vec<(Located, Holders)> {
        let reachable = read.commits.reachable(roots.commits.iter().copied());
        let mut named: HashMap<Id, Vec<String>> = HashMap::new();
        for tip in read.tips.iter().filter(|tip| read.tags.contains_key(&tip.id)) {
            for id in read.follow(tip.id) {
                named.entry(id).or_default().push(String::from_utf8_lossy(&tip.name).into_owned());
            }
        }
        let mut located = Vec::new();
        for found in messages {
            let (Origin::TagMessage(hex) | Origin::CommitMessage(hex)) = &found.origin else { continue };
            let Ok(id) = Id::from_hex(hex.as_bytes()) else { continue };
            let mut here = Located::at_origin(found);
            let at = read.commits.position(&id);
            if at.is_some() {
                here.location.commit = commits::card(self.repo, &id).ok();
            } else {
                here.location.refs = named.get(&id).cloned().unwrap_or_default();
            }
            if !at.map_or(!here.location.refs.is_empty(), |at| reachable[at as usize]) {
                here.status = Status::Unreachable;
            }
            located.push((here, (Vec::new(), at.into_iter().collect())));
        }
        located
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

/// Parts what was found into blobs with their hits, each once, and messages.
fn sort_out(found: Vec<Found>) -> (Vec<Id>, Vec<Vec<Hit>>, Vec<Found>) {
    let mut by_blob: BTreeMap<Id, Vec<Hit>> = BTreeMap::new();
    let mut messages = Vec::new();
    let mut seen = HashSet::new();
    for found in found {
        // An object can be stored in two packs, and was read twice then.
        if !seen.insert((found.origin.clone(), found.hit.line, found.hit.span.clone())) {
            continue;
        }
        match &found.origin {
            Origin::Object(hex) => {
                if let Ok(id) = Id::from_hex(hex.as_bytes()) {
                    by_blob.entry(id).or_default().push(found.hit);
                }
            }
            _ => messages.push(found),
        }
    }
    let (blobs, hits) = by_blob.into_iter().unzip();
    (blobs, hits, messages)
}

/// Names a rule's secret among the hits of one run.
type SecretKey = [u8; 32];

/// Returns the name of a hit's secret.
fn key(hit: &Hit) -> SecretKey {
    Sha256::new()
        .chain_update(hit.rule.id.as_bytes())
        .chain_update([0])
        .chain_update(hit.secret.expose())
        .finalize()
        .into()
}

fn place(hit: &Hit, place: Place, path: &[u8], blob: &Id) -> Located {
    let mut location = Location::file(place, Path::new(path));
    location.object = Some(blob.to_string());
    Located::place(hit.again(), location, false)
}

/// Orders refs by what they say to a person: the branch that is checked out, branches, tags, stashes,
/// remotes, the rest.
fn rank(name: &str, head: Option<&str>) -> usize {
    const KINDS: [&str; 4] = ["refs/heads/", "refs/tags/", "refs/stash", "refs/remotes/"];
    if head == Some(name) {
        return 0;
    }
    1 + KINDS.iter().position(|kind| name.starts_with(kind)).unwrap_or(KINDS.len())
}

/// Names, for each place, the refs whose history holds the secret there.
fn name_refs(read: &Read, provenance: &Provenance<'_>, blobs: &[Id], located: &mut [(Located, Holders)]) {
    let tips: Vec<(String, u32)> = read.commit_tips().collect();
    let positions: Vec<u32> = tips.iter().map(|(_, at)| *at).collect();
    let mut groups: Vec<Holders> = located.iter().map(|(_, holders)| holders.clone()).collect();
    groups.sort();
    groups.dedup();
    let held = provenance.held_by(&groups, &positions);
    let head = read.head.clone();
    // A ref can name a blob itself, without any commit.
    let mut direct: HashMap<Id, Vec<String>> = HashMap::new();
    for tip in &read.tips {
        let end = read.follow(tip.id).pop().unwrap_or(tip.id);
        if read.commits.position(&end).is_none() {
            direct.entry(end).or_default().push(String::from_utf8_lossy(&tip.name).into_owned());
        }
    }
    for (here, holders) in located {
        let Ok(group) = groups.binary_search(holders) else { continue };
        let mut names = std::mem::take(&mut here.location.refs);
        names.extend(held[group].iter().map(|tip| tips[*tip].0.clone()));
        names.extend(holders.0.iter().filter_map(|n| direct.get(&blobs[*n as usize])).flatten().cloned());
        names.sort_by_cached_key(|name| (rank(name, head.as_deref()), name.clone()));
        names.dedup();
        names.truncate(MOST_REFS);
        // No path was found, in folders too many or too deep to follow; a ref holds it all the same.
        if !names.is_empty() {
            here.status = Status::Counts;
        }
        here.location.refs = names;
    }
}
