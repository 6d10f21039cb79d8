//! Again: a second scan says what the first one said, only faster (design.md §5).
//!
//! Kept of a history that was read is where its findings stand and what was covered, for one state of
//! the repository and one set of rules. Their secrets are not kept: the objects that hold them are
//! read and searched again, and if anything about that differs, all of the history is read. Where the
//! state is another one, packs that are still the same are not searched again.
//! Suppressions, confidence and what counts are decided anew by whoever asks.
//!
//! - `format`: what is kept, as bytes and back
//! - `folder`: the user's cache folder, authenticated and bounded
//! - `key`: the installation's key
//! - `parts`: packs that are as they were, though the state is not
//! - `trust`: which files and folders are the user's alone
//! - `again`: known findings read again
//! - `watch`: what a first scan finds, noted

mod again;
mod folder;
mod format;
mod key;
mod parts;
mod trust;
mod watch;

pub use folder::Folder;

use std::time::Duration;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use sha2::{Digest, Sha256};

use super::{Ignored, scan};
use crate::detect::Detector;
use crate::git::Repository;
use crate::git::state::{State, state};
use crate::model::{Coverage, Event, Finding, Secret};
use crate::source::{SourceError, history::History};
use again::Again;
use format::Answer;
use watch::Watch;

/// The shortest secret, in bytes, that names and words are searched for.
const SHORTEST: usize = 12;
/// How long a store that was written to just now is given to settle.
const MOMENT: Duration = Duration::from_millis(25);

/// What a scan of a history need not read again, and where that is kept.
pub struct Seen<'a> {
    /// Where.
    pub folder: &'a Folder,
    /// Names the rules in force and the program that reads them; see [`basis`].
    pub basis: [u8; 32],
    /// What time it is, UTC, in words.
    pub now: String,
}

/// Names what findings depend on besides the bytes: the program, its settings, its rules.
#[must_use]
pub fn basis<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Scans all of a repository's history, or tells again what is known of it while nothing is new.
///
/// # Errors
/// If the history cannot be read at all.
pub fn scan_history(
    repo: &Repository,
    seen: Option<&Seen<'_>>,
    detector: &Detector,
    ignored: &Ignored,
    on_event: &(dyn Fn(&Event) + Sync),
) -> Result<(Vec<Finding>, Coverage), SourceError> {
    let name = |seen: &Seen<'_>| {
        let folder = repo.git_dir().canonicalize().ok()?;
        Some([&seen.basis, folder.as_os_str().as_encoded_bytes()].concat())
    };
    let begun = seen.and_then(|seen| Some((seen, name(seen)?, state(repo)?)));
    let Some((seen, name, before)) = begun else {
        return scan(&History::of(repo), detector, ignored, on_event);
    };
    let mut known = seen.folder.read(&name).and_then(|body| format::decode(&body));
    if let Some(answer) = known.take_if(|answer| answer.state == before.name) {
        let again = Again::of(repo, &answer);
        if let Ok((findings, covered)) = scan(&again, detector, ignored, on_event)
            && again.agrees()
            && covered.skipped_count.is_empty()
        {
            return Ok((findings, Coverage { known_since: Some(answer.since), ..answer.coverage }));
        }
        seen.folder.drop(&name);
    }
    // What is not the very same state may still have the very same packs.
    let watch = parts::watch(repo, known.map(|answer| answer.parts), &before);
    let (mut findings, mut coverage) = scan(&watch, detector, ignored, on_event)?;
    let (mut noted, mut history) = watch.noted();
    if noted.differs || !parts::are_still(repo, &history, &before) {
        let watch = Watch::of(History::of(repo), Vec::new());
        (findings, coverage) = scan(&watch, detector, ignored, on_event)?;
        (noted, history) = watch.noted();
    }
    if format::lasts(&coverage) && is_still(repo, &before) {
        let parts = parts::of(&mut noted, history, &before);
        let watch::Noted { objects, places, secrets, .. } = noted;
        let since = seen.now.clone();
        let answer = Answer { state: before.name, since, coverage: coverage.clone(), objects, places, parts };
        let body = format::encode(&answer);
        // Somebody called a file or a branch after a key: then nothing is kept.
        if let Some(body) = body.filter(|body| !tells(body, secrets)) {
            seen.folder.write(&name, &body);
        }
    }
    Ok((findings, coverage))
}

/// Tells whether nothing changed while it was read, and whatever changes now will be noticed.
fn is_still(repo: &Repository, before: &State) -> bool {
    if !before.is_settled() {
        std::thread::sleep(MOMENT);
    }
    state(repo).is_some_and(|after| after.name == before.name && after.is_settled())
}

/// Tells whether one of the secrets stands in what would be kept.
fn tells(body: &[u8], mut secrets: Vec<Secret>) -> bool {
    secrets.retain(|secret| secret.len() >= SHORTEST);
    secrets.sort_by(|a, b| a.expose().cmp(b.expose()));
    secrets.dedup();
    // Too many to be held at once: nobody can tell.
    let mut lean = AhoCorasick::builder();
    let lean = lean.kind(Some(AhoCorasickKind::ContiguousNFA));
    lean.build(secrets.iter().map(Secret::expose)).map_or(true, |search| search.is_match(body))
}
