//! What is done with each stored object, and what reading one pack came to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::{See, Tell, skip};
use super::{MEND, see_blob, see_message};
use crate::git::commits::{self, Commit};
use crate::git::missing::Known;
use crate::git::{Body, Id, Kind};
use crate::model::{Event, Kin, Origin, Skip, SkipReason};

/// What reading one pack came to, for a scan that need not read it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackNote {
    /// Blobs, commits and tags that were read.
    pub objects: u64,
    /// The commits among them.
    pub commits: u64,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// Folders.
    pub trees: u64,
    /// What was not read.
    pub skips: Vec<Skip>,
}

impl PackNote {
    /// Counts what is told of a pack.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Objects(n) => self.objects += n,
            Event::Commits(n) => self.commits += n,
            Event::Bytes(n) => self.bytes += n,
            Event::Skipped(skip) => self.skips.push(skip.clone()),
            _ => {}
        }
    }

    /// Tells of a pack what was told the first time.
    pub(super) fn tell(&self, tell: &Tell<'_>) {
        tell(Event::Step(self.objects + self.trees));
        tell(Event::Objects(self.objects));
        tell(Event::Commits(self.commits));
        tell(Event::Bytes(self.bytes));
        self.skips.iter().for_each(|skip| tell(Event::Skipped(skip.clone())));
    }
}

/// What is gathered from all objects.
pub(super) struct Gathered {
    pub(super) commits: Mutex<Vec<Commit>>,
    /// What each tag object names.
    pub(super) tags: Mutex<HashMap<Id, Id>>,
    /// What trees name and nobody stores.
    pub(super) absent: Mutex<BTreeSet<Id>>,
    pub(super) trees: AtomicU64,
    known: Known,
}

impl Gathered {
    pub(super) fn new(known: Known) -> Self {
        Self {
            commits: Mutex::default(),
            tags: Mutex::default(),
            absent: Mutex::default(),
            trees: AtomicU64::new(0),
            known,
        }
    }

    /// Looks at one object.
    pub(super) fn look(
        &self,
        (kind, id): (Kind, &Id),
        body: Body<'_>,
        kin: &Kin<'_>,
        see: &See<'_>,
        tell: &Tell<'_>,
    ) {
        tell(Event::Step(1));
        if kind == Kind::Tree {
            self.trees.fetch_add(1, Ordering::Relaxed);
        } else {
            tell(Event::Objects(1));
        }
        match (kind, body) {
            (Kind::Blob, body) => see_blob(id, body, kin, see, tell),
            (Kind::Commit, Body::Whole(data)) => match commits::parse(*id, data) {
                Some((commit, message)) => {
                    self.commits.lock().expect("no thread panics while it holds this").push(commit);
                    tell(Event::Commits(1));
                    see_message(Origin::CommitMessage(id.to_string()), &data[message..], see, tell);
                }
                None => tell(skip(SkipReason::Corrupt, format!("commit {id}"), MEND)),
            },
            (Kind::Tag, Body::Whole(data)) => {
                if let Some(target) = commits::tag_target(data) {
                    self.tags.lock().expect("no thread panics while it holds this").insert(*id, target);
                }
                let message = commits::message_start(data);
                see_message(Origin::TagMessage(id.to_string()), &data[message..], see, tell);
            }
            (Kind::Tree, Body::Whole(data)) => self.known.check(data, kin, |id| {
                self.absent.lock().expect("no thread panics while it holds this").insert(id);
            }),
            (Kind::Commit | Kind::Tag | Kind::Tree, Body::Stream(_)) => {
                tell(skip(SkipReason::TooLarge, format!("commit, tag or tree {id}"), "look into it by hand"));
            }
        }
    }
}

/// What an earlier scan knows of a repository's packs.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// The packs that are as they were, by where their index lies.
    pub packs: HashMap<std::path::PathBuf, PackNote>,
    /// The objects of which something came; of all others in these packs, nothing did.
    pub holders: HashSet<Origin>,
    /// The objects that were stored loose.
    pub loose: Vec<Id>,
    /// Whether all packs there were are among these, and trees named nothing that was not stored.
    pub is_whole: bool,
}

impl Before {
    /// The holders' ids.
    pub(super) fn ids(&self) -> Vec<Id> {
        let hex = self.holders.iter().filter_map(|origin| match origin {
            Origin::Object(hex) | Origin::CommitMessage(hex) | Origin::TagMessage(hex) => Some(hex),
            _ => None,
        });
        hex.filter_map(|hex| Id::from_hex(hex.as_bytes()).ok()).collect()
    }
}
