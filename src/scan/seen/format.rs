//! What is kept of a history that was read: where its findings stand and what was covered, as bytes
//! and back. No secret is in it, and no part of one: an object's id and an offset lead back to it.

use std::ops::Range;

use crate::model::{CommitCard, Coverage, Location, Path, Place, Skip, SkipReason, Status};
use crate::source::history::PackNote;

/// What a scan of a whole history said.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The state of the repository it is about.
    pub(super) state: [u8; 32],
    /// When it was read, UTC.
    pub(super) since: String,
    /// What was covered.
    pub(super) coverage: Coverage,
    /// Every object that holds a finding's place: kind of place, id in hex, and how many hits it has.
    pub(super) objects: Vec<(Place, String, u64)>,
    /// Every place, in the order they were told.
    pub(super) places: Vec<Kept>,
    /// What is known besides if the state is another one.
    pub(super) parts: Parts,
}

/// What is known of the parts of a repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// What reading each pack came to, by its name.
    pub(super) packs: Vec<([u8; 32], PackNote)>,
    /// Every object with a hit, as in [`Answer::objects`], those included whose hits have a place elsewhere.
    pub(super) holders: Vec<(Place, String, u64)>,
    /// Every loose object's id.
    pub(super) loose: Vec<Vec<u8>>,
    /// Whether trees named nothing that is not stored.
    pub(super) is_whole: bool,
}

/// A hit's place, without the hit.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The rule's id.
    pub(super) rule: String,
    /// The secret's offsets in the bytes that were looked at.
    pub(super) span: Range<usize>,
    /// Where.
    pub(super) location: Location,
    /// Whether it counts.
    pub(super) status: Status,
}

const PLACES: [Place; 4] = [Place::Index, Place::History, Place::CommitMessage, Place::TagMessage];
const STATUSES: [Status; 3] = [Status::Counts, Status::AlreadyThere, Status::Unreachable];
/// The gaps that follow from what is stored and what is not: while the state is the same, so are they.
const LASTING: [SkipReason; 4] =
    [SkipReason::Missing, SkipReason::Shallow, SkipReason::TooLarge, SkipReason::Unlisted];

/// Tells whether a coverage says the same the next time: what could not be read today may be read
/// tomorrow.
pub(super) fn lasts(coverage: &Coverage) -> bool {
    coverage.skipped_count.keys().all(|reason| LASTING.contains(reason))
}

/// Writes an answer; `None`: it holds what has no place in a history.
pub(super) fn encode(answer: &Answer) -> Option<Vec<u8>> {
    let mut out = answer.state.to_vec();
    text(&mut out, answer.since.as_bytes());
    let coverage = &answer.coverage;
    for number in [coverage.objects_expected, coverage.objects_read, coverage.commits, coverage.bytes] {
        int(&mut out, number);
    }
    int(&mut out, coverage.skipped_count.len() as u64);
    for (reason, count) in &coverage.skipped_count {
        out.push(position(&LASTING, reason)?);
        int(&mut out, *count);
    }
    skips(&mut out, &coverage.skipped)?;
    objects(&mut out, &answer.objects)?;
    int(&mut out, answer.places.len() as u64);
    for kept in &answer.places {
        put(&mut out, kept)?;
    }
    let parts = &answer.parts;
    int(&mut out, parts.packs.len() as u64);
    for (name, note) in &parts.packs {
        out.extend(name);
        for number in [note.objects, note.commits, note.bytes, note.trees] {
            int(&mut out, number);
        }
        skips(&mut out, &note.skips)?;
    }
    objects(&mut out, &parts.holders)?;
    int(&mut out, parts.loose.len() as u64);
    parts.loose.iter().for_each(|id| text(&mut out, id));
    out.push(u8::from(parts.is_whole));
    Some(out)
}

fn skips(out: &mut Vec<u8>, skips: &[Skip]) -> Option<()> {
    int(out, skips.len() as u64);
    for skip in skips {
        out.push(position(&LASTING, &skip.reason)?);
        text(out, skip.what.as_bytes());
        text(out, skip.mend.as_bytes());
    }
    Some(())
}

fn objects(out: &mut Vec<u8>, objects: &[(Place, String, u64)]) -> Option<()> {
    int(out, objects.len() as u64);
    for (place, id, hits) in objects {
        out.push(position(&PLACES, place)?);
        text(out, id.as_bytes());
        int(out, *hits);
    }
    Some(())
}

fn put(out: &mut Vec<u8>, kept: &Kept) -> Option<()> {
    let location = &kept.location;
    text(out, kept.rule.as_bytes());
    out.push(position(&STATUSES, &kept.status)?);
    out.push(position(&PLACES, &location.place)?);
    text(out, location.path.bytes());
    for number in [
        kept.span.start as u64,
        kept.span.end as u64,
        location.line,
        location.column,
        location.end_line,
        location.end_column,
        u64::from(location.versions),
    ] {
        int(out, number);
    }
    text(out, location.object.as_ref()?.as_bytes());
    out.push(location.in_head.map_or(2, u8::from));
    out.push(u8::from(location.commit.is_some()));
    if let Some(commit) = &location.commit {
        for bytes in [commit.id.as_bytes(), &commit.author, &commit.email, commit.date.as_bytes()] {
            text(out, bytes);
        }
    }
    int(out, location.refs.len() as u64);
    location.refs.iter().for_each(|name| text(out, name.as_bytes()));
    Some(())
}

fn int(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    int(out, bytes.len() as u64);
    out.extend(bytes);
}

fn position<T: PartialEq>(all: &[T], one: &T) -> Option<u8> {
    all.iter().position(|o| o == one).and_then(|at| u8::try_from(at).ok())
}

/// Reads an answer back; `None`: the bytes are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Answer> {
    let mut tape = Tape(bytes);
    let answer = Answer {
        state: tape.cut(32)?.try_into().ok()?,
        since: tape.string()?,
        coverage: coverage(&mut tape)?,
        objects: tape.many(object)?,
        places: tape.many(kept)?,
        parts: Parts {
            packs: tape.many(|tape| Some((tape.cut(32)?.try_into().ok()?, note(tape)?)))?,
            holders: tape.many(object)?,
            loose: tape.many(|tape| Some(tape.text()?.to_vec()))?,
            is_whole: tape.of(&[false, true])?,
        },
    };
    tape.0.is_empty().then_some(answer)
}

fn coverage(tape: &mut Tape<'_>) -> Option<Coverage> {
    Some(Coverage {
        objects_expected: tape.int()?,
        objects_read: tape.int()?,
        commits: tape.int()?,
        bytes: tape.int()?,
        skipped_count: tape.many(|tape| Some((tape.of(&LASTING)?, tape.int()?)))?.into_iter().collect(),
        skipped: tape.many(skip)?,
        ..Coverage::default()
    })
}

fn skip(tape: &mut Tape<'_>) -> Option<Skip> {
    Some(Skip { reason: tape.of(&LASTING)?, what: tape.string()?, mend: tape.string()? })
}

fn object(tape: &mut Tape<'_>) -> Option<(Place, String, u64)> {
    Some((tape.of(&PLACES)?, tape.string()?, tape.int()?))
}

fn note(tape: &mut Tape<'_>) -> Option<PackNote> {
    Some(PackNote {
        objects: tape.int()?,
        commits: tape.int()?,
        bytes: tape.int()?,
        trees: tape.int()?,
        skips: tape.many(skip)?,
    })
}

fn kept(tape: &mut Tape<'_>) -> Option<Kept> {
    let rule = tape.string()?;
    let status = tape.of(&STATUSES)?;
    let place = tape.of(&PLACES)?;
    let mut location = Location::file(place, Path::new(tape.text()?));
    let span = usize::try_from(tape.int()?).ok()?..usize::try_from(tape.int()?).ok()?;
    location.line = tape.int()?;
    location.column = tape.int()?;
    location.end_line = tape.int()?;
    location.end_column = tape.int()?;
    location.versions = u32::try_from(tape.int()?).ok()?;
    location.object = Some(tape.string()?);
    location.in_head = tape.of(&[Some(false), Some(true), None])?;
    if tape.of(&[false, true])? {
        let (id, author, email) = (tape.string()?, tape.text()?.to_vec(), tape.text()?.to_vec());
        location.commit = Some(CommitCard { id, author, email, date: tape.string()? });
    }
    location.refs = tape.many(Tape::string)?;
    Some(Kept { rule, span, location, status })
}

/// Bytes that are read from the front; whatever they claim, no more is taken than there is.
struct Tape<'t>(&'t [u8]);

impl<'t> Tape<'t> {
    fn cut(&mut self, length: usize) -> Option<&'t [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn int(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.cut(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'t [u8]> {
        let length = usize::try_from(self.int()?).ok()?;
        self.cut(length)
    }

    fn string(&mut self) -> Option<String> {
        String::from_utf8(self.text()?.to_vec()).ok()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.cut(1)?[0])).copied()
    }

    /// Reads as many as are stated: nothing is set aside for what is only claimed.
    fn many<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        for _ in 0..self.int()? {
            all.push(one(self)?);
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts() -> Parts {
        let skips = vec![Skip { reason: SkipReason::TooLarge, what: "blob 1".into(), mend: String::new() }];
        Parts {
            packs: vec![([3; 32], PackNote { objects: 4, commits: 1, bytes: 9, trees: 2, skips })],
            holders: vec![(Place::CommitMessage, "1b".repeat(20), 1)],
            loose: vec![vec![7; 20]],
            is_whole: true,
        }
    }

    fn answer() -> Answer {
        let mut location = Location::file(Place::History, Path::new(b"a/\xff.env".to_vec()));
        location.object = Some("0a".repeat(20));
        location.in_head = Some(true);
        location.refs = vec!["refs/heads/main".into()];
        location.commit = Some(CommitCard {
            id: "1b".repeat(20),
            author: b"Ann".to_vec(),
            email: b"ann@example.com".to_vec(),
            date: "2026-01-02T03:04:05Z".into(),
        });
        let mut coverage = Coverage { objects_expected: 3, objects_read: 2, bytes: 7, ..Coverage::default() };
        let mend = String::from("fetch");
        coverage.skip(Skip { reason: SkipReason::Missing, what: "object 0a".into(), mend });
        let kept = Kept { rule: "r".into(), span: 4..9, location, status: Status::Unreachable };
        let mut other = kept.clone();
        other.location.commit = None;
        other.location.in_head = None;
        let objects = vec![(Place::History, "0a".repeat(20), 2)];
        Answer {
            state: [7; 32],
            since: "2026-01-02T03:04:05Z".into(),
            coverage,
            objects,
            places: vec![kept, other],
            parts: parts(),
        }
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written() {
        let bytes = encode(&answer()).unwrap();
        assert_eq!(format!("{:?}", decode(&bytes).unwrap()), format!("{:?}", answer()));
    }

    #[test]
    fn cut_anywhere_it_is_none() {
        let bytes = encode(&answer()).unwrap();
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_none(), "{end} of {} bytes", bytes.len());
        }
        assert!(decode(&[bytes, vec![0]].concat()).is_none());
    }

    #[test]
    fn what_may_be_read_tomorrow_does_not_last() {
        let mut coverage = answer().coverage;
        assert!(lasts(&coverage));
        coverage.skip(Skip { reason: SkipReason::Corrupt, what: String::new(), mend: String::new() });
        assert!(!lasts(&coverage));
        assert!(encode(&Answer { coverage, ..answer() }).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>, at in any::<prop::sample::Index>(), byte: u8) {
            let _ = decode(&bytes);
            let mut known = encode(&answer()).unwrap();
            let at = at.index(known.len());
            known[at] = byte;
            let _ = decode(&known);
        }
    }
}
