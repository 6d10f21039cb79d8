//! Words of other scanners' files, shown without any secret: people paste them anywhere.

use keywright::detect::Detector;
use keywright::model::text::shown;
use keywright::model::{Confidence, Extent, Finding};

/// What stands where something is not shown.
const HIDDEN: &str = "(a path that repeats a secret)";

/// Takes secrets out of texts.
pub(super) struct Veil<'v> {
    detector: &'v Detector,
    paths: Vec<&'v str>,
}

impl<'v> Veil<'v> {
    /// Takes the findings whose paths repeat a secret.
    pub(super) fn new(detector: &'v Detector, findings: &'v [Finding]) -> Self {
        let repeating = findings.iter().filter(|finding| !finding.repeats.is_empty());
        let mut paths: Vec<&str> =
            repeating.filter_map(|f| std::str::from_utf8(f.location.path.bytes()).ok()).collect();
        paths.sort_unstable();
        paths.dedup();
        Self { detector, paths }
    }

    /// Returns a text as one harmless line.
    pub(super) fn over(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for path in &self.paths {
            text = text.replace(path, HIDDEN);
        }
        if !may_hold_a_secret(&text) {
            return shown(text.as_bytes());
        }
        let hits = self.detector.detect(text.as_bytes(), &Extent::whole(text.len()));
        let mut bytes = text.into_bytes();
        for hit in hits.iter().rev().filter(|hit| hit.confidence >= Confidence::Medium) {
            if hit.span.end <= bytes.len() {
                bytes.splice(hit.span.clone(), hit.masked.bytes());
            }
        }
        shown(&bytes)
    }
}

/// Most texts are short names; files of a hundred thousand of them are not searched one by one.
fn may_hold_a_secret(text: &str) -> bool {
    text.contains("://")
        || text.contains('=')
        || text.split(|c: char| "/.: ".contains(c)).any(|word| word.len() >= 12)
}
