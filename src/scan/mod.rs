//! A source through a detector, in parallel: findings and what was covered.
//!
//! - `merge`: one finding for a secret that the working tree, the index and history all hold
//! - `names`: secrets that names repeat
//! - `ignored`: paths that settings let be
//! - `suppressed`: secrets that entries let be
//! - `seen`: a second scan, only faster
//! - `redact`: a stream with its secrets masked

mod ignored;
mod merge;
mod names;
pub mod redact;
pub mod seen;
mod suppressed;

use std::sync::Mutex;

pub use ignored::Ignored;
pub use merge::merge;
pub use suppressed::let_be;

use crate::detect::{Detector, fingerprint::fingerprint};
use crate::model::{Blob, Coverage, Event, Extent, Finding, Hit, Place};
use crate::source::{Found, Located, Source, SourceError};

/// Reads a source, looks at everything it hands over and says what was found where.
///
/// `on_event` hears of progress, from several threads.
///
/// # Errors
/// If the source cannot begin; whatever cannot be read on the way is in the coverage.
pub fn scan(
    source: &dyn Source,
    detector: &Detector,
    ignored: &Ignored,
    on_event: &(dyn Fn(&Event) + Sync),
) -> Result<(Vec<Finding>, Coverage), SourceError> {
    let coverage: Mutex<Coverage> = Mutex::default();
    let found: Mutex<Vec<Found>> = Mutex::default();
    let tell = |event: Event| {
        on_event(&event);
        count(&mut coverage.lock().expect("no thread panics while it holds this"), event);
    };
    let see = |blob: Blob<'_>| {
        let hits = look(detector, &blob);
        if !hits.is_empty() {
            found.lock().expect("no thread panics while it holds this").extend(hits);
        }
    };
    source.read(&see, &tell)?;
    let mut found = found.into_inner().expect("no thread panics while it holds this");
    // Threads finish in any order; a report does not.
    found.sort_by(|a, b| (&a.origin, a.hit.line, a.hit.column).cmp(&(&b.origin, b.hit.line, b.hit.column)));
    let located = source.locate(found, &tell)?;
    let findings = located.into_iter().filter_map(|l| finish(l, detector, ignored)).collect();
    Ok((findings, coverage.into_inner().expect("no thread panics while it holds this")))
}

/// Looks at one blob; what a parent held at the same path is marked so.
fn look(detector: &Detector, blob: &Blob<'_>) -> Vec<Found> {
    let mut hits = detector.detect_kin(blob.bytes, &blob.extent, blob.kin);
    if blob.extent.own.start == 0
        && let Some(path) = blob.origin.path()
    {
        hits.extend(detector.detect_path(path));
    }
    if hits.is_empty() {
        return Vec::new();
    }
    let earlier: Vec<Hit> = blob
        .earlier
        .map(|read| read())
        .unwrap_or_default()
        .iter()
        .flat_map(|bytes| {
            let text = crate::unpack::text::decoded(bytes);
            detector.detect(&text, &Extent::whole(text.len()))
        })
        .collect();
    let was_there = |hit: &Hit| earlier.iter().any(|e| e.rule.id == hit.rule.id && e.secret == hit.secret);
    hits.into_iter()
        .map(|hit| Found { origin: blob.origin.clone(), already_there: was_there(&hit), hit })
        .collect()
}

/// Gives a located hit its name, unless an allowlist lets it go at this place.
fn finish(located: Located, detector: &Detector, ignored: &Ignored) -> Option<Finding> {
    let Located { hit, location, status } = located;
    let is_file = !matches!(location.place, Place::CommitMessage | Place::TagMessage)
        && !location.path.bytes().is_empty();
    let path = is_file.then_some(&location.path);
    let commit = location.commit.as_ref().map(|c| c.id.as_str());
    if !detector.holds_at(&hit, path, commit) {
        return None;
    }
    let suppression = hit.mark.clone().or_else(|| path.and_then(|p| ignored.suppression(p)));
    Some(Finding {
        fingerprint: fingerprint(&hit, &location.path),
        hit,
        location,
        status,
        suppression,
        liveness: None,
        repeats: Vec::new(),
    })
}

fn count(coverage: &mut Coverage, event: Event) {
    match event {
        Event::Stage(..) | Event::Step(_) => {}
        Event::Files(n) => coverage.files += n,
        Event::IndexEntries(n) => coverage.index_entries += n,
        Event::Expected(n) => coverage.objects_expected += n,
        Event::Objects(n) => coverage.objects_read += n,
        Event::Commits(n) => coverage.commits += n,
        Event::Bytes(n) => coverage.bytes += n,
        Event::Skipped(skip) => coverage.skip(skip),
    }
}
