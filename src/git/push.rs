//! What a push brings to a repository: commits, tags and single objects that it does not have yet.
//!
//! Going out, the other side's refs are known from what git tells the hook and from the refs that follow
//! that remote here. Coming in, every ref of the repository is known, and what the push brought beside
//! the commits (the bases that complete a thin pack) is nobody's doing.

use std::collections::BTreeSet;

use super::commits::tag_target;
use super::open::{Repository, chain};
use super::refs::tips;
use super::{GitError, Id};
use crate::model::text::shown;

/// How many tags a tag may name one through the other.
const DEEPEST_TAG: usize = 16;
/// How many refs of a push are read, and how many bytes of them.
const MOST_UPDATES: usize = 1_000_000;

/// One ref of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The ref on the side that receives.
    pub name: Vec<u8>,
    /// What it is called on the side that sends, where that is known.
    pub local: Option<Vec<u8>>,
    /// What it held; `None`: it is new.
    pub old: Option<Id>,
    /// What it is to hold; `None`: it is deleted.
    pub new: Option<Id>,
}

impl Update {
    /// Reads what git hands to `pre-push`, a line for each ref; an error is the number of a line.
    ///
    /// # Errors
    /// The first line that is none of git's.
    pub fn outgoing(text: &[u8]) -> Result<Vec<Self>, usize> {
        lines(text, |line| {
            // From behind: what was pushed may be written with spaces (`HEAD@{1 day ago}`).
            let mut words = line.rsplitn(4, |b| *b == b' ');
            let (old, name, new) = (id(words.next()?)?, words.next()?, id(words.next()?)?);
            Some(Self { name: name.into(), local: Some(words.next()?.into()), old, new })
        })
    }

    /// Reads what git hands to `pre-receive`, a line for each ref; an error is the number of a line.
    ///
    /// # Errors
    /// The first line that is none of git's.
    pub fn incoming(text: &[u8]) -> Result<Vec<Self>, usize> {
        lines(text, |line| {
            let mut words = line.splitn(3, |b| *b == b' ');
            let (old, new, name) = (id(words.next()?)?, id(words.next()?)?, words.next()?);
            Some(Self { name: name.into(), local: None, old, new })
        })
    }
}

fn lines(text: &[u8], read: impl Fn(&[u8]) -> Option<Update>) -> Result<Vec<Update>, usize> {
    let lines = text.split(|b| *b == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let read = lines.map(|(at, line)| read(line).filter(|_| at < MOST_UPDATES).ok_or(at + 1));
    read.collect()
}

/// Reads an id; zeros are none.
#[expect(clippy::option_option, reason = "no id, none, or one")]
fn id(hex: &[u8]) -> Option<Option<Id>> {
    let id = Id::from_hex(hex).ok()?;
    Some((!id.is_null()).then_some(id))
}

/// What a push brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Push {
    /// The commits that refs are to hold.
    pub tips: Vec<Id>,
    /// Commits that the other side has, with all that they reach.
    pub known: Vec<Id>,
    /// Annotated tags.
    pub tags: Vec<Id>,
    /// Files and folders that a ref or a tag names without any commit.
    pub loose: Vec<Id>,
    /// What else is to be said of it.
    pub notes: Vec<String>,
}

impl Push {
    /// Says what a push would bring to a remote, by the remote's name or address.
    ///
    /// # Errors
    /// [`GitError`] if what is pushed cannot be read, or the refs cannot be listed.
    pub fn outgoing(
        repo: &Repository,
        remote: &[u8],
        url: &[u8],
        updates: &[Update],
    ) -> Result<Self, GitError> {
        let mut push = Self::of(repo, updates)?;
        let mut strange = BTreeSet::new();
        for update in updates {
            let Some(old) = update.old else { continue };
            match commit_of(repo, old) {
                Some(commit) => push.known.push(commit),
                None => {
                    strange.insert(format!("{} at {:.10}", shown(&update.name), old.to_string()));
                }
            }
        }
        let followed = repo.followed(remote, url);
        let (all, _) = tips(repo)?;
        let is_followed = |name: &[u8]| {
            followed.iter().any(|place| match place.strip_suffix(b"*") {
                Some(prefix) => name.starts_with(prefix),
                None => name == place.as_slice(),
            })
        };
        let following = all.iter().filter(|tip| is_followed(&tip.name));
        let known: Vec<Id> = following.filter_map(|tip| commit_of(repo, tip.id)).collect();
        if !strange.is_empty() {
            let strange: Vec<String> = strange.into_iter().take(3).collect();
            let taken = match known.len() {
                0 => "nothing".into(),
                n => format!("what {n} of its branches held when they were last fetched"),
            };
            push.notes.push(format!(
                "the remote's {} is not here; taken as known to it: {taken}",
                strange.join(", ")
            ));
        }
        push.known.extend(known);
        push.settle();
        Ok(push)
    }

    /// Says what a push brings to this repository, whose refs have not moved yet.
    ///
    /// # Errors
    /// [`GitError`] if what is pushed cannot be read, or the refs cannot be listed.
    pub fn incoming(repo: &Repository, updates: &[Update]) -> Result<Self, GitError> {
        let mut push = Self::of(repo, updates)?;
        let (all, _) = tips(repo)?;
        push.known = all.iter().filter_map(|tip| commit_of(repo, tip.id)).collect();
        push.settle();
        Ok(push)
    }

    /// Follows every new value of a ref through tags to what it names.
    fn of(repo: &Repository, updates: &[Update]) -> Result<Self, GitError> {
        let mut push = Self::default();
        for mut id in updates.iter().filter_map(|update| update.new) {
            for depth in 0.. {
                let fail = |why: String| GitError::Object { id: id.to_string(), why };
                let gix = repo.gix();
                let header = gix.try_find_header(id).map_err(|e| fail(chain(&e)))?;
                match header.ok_or_else(|| fail("it is not in the object store".into()))?.kind() {
                    gix::object::Kind::Commit => push.tips.push(id),
                    gix::object::Kind::Blob | gix::object::Kind::Tree => push.loose.push(id),
                    gix::object::Kind::Tag if depth >= DEEPEST_TAG => {
                        return Err(fail(format!("tags name one another more than {DEEPEST_TAG} deep")));
                    }
                    gix::object::Kind::Tag => {
                        let tag = gix.find_object(id).map_err(|e| fail(chain(&e)))?;
                        let next = tag_target(&tag.data).ok_or_else(|| fail("it names nothing".into()))?;
                        push.tags.push(id);
                        id = next;
                        continue;
                    }
                }
                break;
            }
        }
        Ok(push)
    }

    /// Takes out what stands there twice.
    fn settle(&mut self) {
        for ids in [&mut self.tips, &mut self.known, &mut self.tags, &mut self.loose] {
            ids.sort_unstable();
            ids.dedup();
        }
    }
}

/// Follows tags to a commit that is here.
fn commit_of(repo: &Repository, mut id: Id) -> Option<Id> {
    let gix = repo.gix();
    for _ in 0..DEEPEST_TAG {
        match gix.try_find_header(id).ok()??.kind() {
            gix::object::Kind::Commit => return Some(id),
            gix::object::Kind::Tag => id = tag_target(&gix.find_object(id).ok()?.data)?,
            gix::object::Kind::Blob | gix::object::Kind::Tree => return None,
        }
    }
    None
}

impl Repository {
    /// Lists where the refs that follow a remote stand here: `refs/remotes/origin/*`. A clone that mirrors
    /// its remote has none: what its refs hold may be what is pushed.
    fn followed(&self, remote: &[u8], url: &[u8]) -> Vec<Vec<u8>> {
        let repo = self.gix();
        let config = repo.config_snapshot();
        let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let mut places = Vec::new();
        for section in sections {
            let name: &[u8] = section.header().subsection_name().map_or(b"", |name| name.as_ref());
            let is_at = |key: &str| section.values(key).iter().any(|value| value.to_vec() == url);
            if name != remote && !is_at("url") && !is_at("pushurl") {
                continue;
            }
            for spec in section.values("fetch") {
                let to = spec.split(|b| *b == b':').nth(1).unwrap_or_default();
                if to.starts_with(b"refs/remotes/") {
                    places.push(to.to_vec());
                }
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_hands_to_a_hook_is_read() {
        let (a, b, zero) = ("ab".repeat(20), "cd".repeat(20), "0".repeat(40));
        let text = format!("refs/heads/x {a} refs/heads/y {zero}\nHEAD@{{1 day ago}} {a} refs/heads/z {b}\n");
        let read = Update::outgoing(text.as_bytes()).unwrap();
        assert_eq!((read[0].old, read[0].name.as_slice()), (None, &b"refs/heads/y"[..]));
        assert_eq!(read[1].local.as_deref(), Some(&b"HEAD@{1 day ago}"[..]));
        let deleted = Update::incoming(format!("{a} {zero} refs/heads/y\n").as_bytes()).unwrap();
        assert_eq!((deleted[0].new, deleted[0].old.map(|id| id.to_string())), (None, Some(a.clone())));
        assert_eq!(Update::incoming(b"\n"), Ok(Vec::new()));
    }

    #[test]
    fn what_git_would_not_hand_over_is_named_by_its_line() {
        let zero = "0".repeat(40);
        for text in ["x", "x y z", "x y z w", &format!("{zero} {zero}")] {
            let text = format!("\n{text}\n");
            assert_eq!(Update::outgoing(text.as_bytes()), Err(2), "{text}");
            assert_eq!(Update::incoming(text.as_bytes()), Err(2), "{text}");
        }
    }
}
