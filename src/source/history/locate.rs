//! Where hits of the history stand: for each secret at each path the commit that brought it in, and
//! the refs that still hold it.

use std::collections::{BTreeMap, HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::super::{Found, Located, SourceError};
use super::{History, Read};
use crate::git::provenance::{Provenance, Roots, Sighting};
use crate::git::{Id, commits, index};
use crate::model::{Hit, Location, Origin, Path, Place, Status};

/// The blobs, by number, and the commits, by position, that hold one finding's secret.
pub(super) type Holders = (Vec<u32>, Vec<u32>);
/// A secret at a path: the blobs that hold it there, each with what was seen of it.
type Places<'s> = BTreeMap<(Vec<u8>, SecretKey), Vec<(u32, &'s Sighting)>>;

/// How many refs are named for one finding.
const MOST_REFS: usize = 100;

impl History<'_> {
    /// Gives each secret one place for each path: where the first commit brought it in.
    pub(super) fn locate_blobs(
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
    pub(super) fn index_paths(&self) -> Result<HashMap<Id, Vec<Vec<u8>>>, SourceError> {
        let mut paths: HashMap<Id, Vec<Vec<u8>>> = HashMap::new();
        for entry in index::index(self.repo)?.into_iter().filter(|e| !e.is_submodule) {
            paths.entry(entry.id).or_default().push(entry.path);
        }
        Ok(paths)
    }

    pub(super) fn locate_messages(
        &self,
        read: &Read,
        messages: Vec<Found>,
        roots: &Roots,
    ) -> Vec<(Located, Holders)> {
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

/// Parts what was found into blobs with their hits, each once, and messages.
pub(super) fn sort_out(found: Vec<Found>) -> (Vec<Id>, Vec<Vec<Hit>>, Vec<Found>) {
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
pub(super) fn name_refs(
    read: &Read,
    provenance: &Provenance<'_>,
    blobs: &[Id],
    located: &mut [(Located, Holders)],
) {
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
