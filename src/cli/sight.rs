//! Findings and files looked at again, for what other scanners let be: the line a secret stands on, a
//! file as it was in a commit.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use keywright::detect::{Detector, fingerprint::fingerprint};
use keywright::git::Repository;
use keywright::import::Sight;
use keywright::model::{Extent, Finding, Fingerprint, Path as GitPath, Place};
use keywright::unpack::text::decoded;
use zeroize::Zeroizing;

/// The largest file that is looked at again, in bytes.
const LARGEST: u64 = 16 << 20;
/// The longest line that is handed out, in bytes.
const LONGEST: usize = 1 << 20;

/// The repository, to look at again.
pub(crate) struct Eyes<'r> {
    repo: Option<&'r Repository>,
    root: &'r Path,
    detector: &'r Detector,
    /// The file that was read last: findings come in the order of their paths.
    last: RefCell<Option<Sheet>>,
}

/// A file with its lines.
struct Sheet {
    path: GitPath,
    commit: Option<String>,
    text: Zeroizing<Vec<u8>>,
    starts: Vec<usize>,
}

impl<'r> Eyes<'r> {
    /// Takes what there is to look at.
    pub(crate) fn new(repo: Option<&'r Repository>, root: &'r Path, detector: &'r Detector) -> Self {
        Self { repo, root, detector, last: RefCell::default() }
    }

    fn sheet(&self, finding: &Finding) -> Option<Sheet> {
        let path = finding.location.path.clone();
        let commit = match finding.location.place {
            Place::WorkingTree => None,
            Place::History => Some(finding.location.commit.as_ref()?.id.clone()),
            // The working tree may hold something else than the index.
            _ => return None,
        };
        let bytes = match &commit {
            None => self.file(path.bytes())?,
            Some(commit) => self.file_at(commit, path.bytes())?,
        };
        let text = Zeroizing::new(decoded(&bytes).into_owned());
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', &text).map(|at| at + 1)).collect();
        Some(Sheet { path, commit, text, starts })
    }

    fn file_at(&self, commit: &str, path: &[u8]) -> Option<Vec<u8>> {
        // A file names it: only the digits of a commit are resolved, no expression.
        if !(7..=64).contains(&commit.len()) || !commit.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let repo = self.repo?;
        let id = repo.commit(commit).ok()?;
        repo.file_at(id, std::str::from_utf8(path).ok()?, LARGEST).ok()?
    }
}

impl Sight for Eyes<'_> {
    fn line(&self, finding: &Finding) -> Option<Zeroizing<Vec<u8>>> {
        if !matches!(finding.location.place, Place::WorkingTree | Place::History) {
            return None;
        }
        let mut last = self.last.borrow_mut();
        let commit = (finding.location.place == Place::History)
            .then(|| finding.location.commit.as_ref().map(|c| c.id.clone()))
            .flatten();
        let is_same = last.as_ref().is_some_and(|s| s.path == finding.location.path && s.commit == commit);
        if !is_same {
            *last = self.sheet(finding);
        }
        let sheet = last.as_ref()?;
        let at = usize::try_from(finding.location.line).ok()?.checked_sub(1)?;
        let start = *sheet.starts.get(at)?;
        let end = sheet.starts.get(at + 1).map_or(sheet.text.len(), |next| next - 1);
        (end - start <= LONGEST).then(|| Zeroizing::new(sheet.text[start..end].to_vec()))
    }

    fn file(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut full = self.root.to_path_buf();
        for part in std::str::from_utf8(path).ok()?.split('/') {
            if matches!(part, "" | "." | ".." | ".git") {
                return None;
            }
            full.push(part);
            if full.symlink_metadata().ok()?.is_symlink() {
                return None;
            }
        }
        let meta = full.metadata().ok()?;
        (meta.is_file() && meta.len() <= LARGEST).then(|| fs::read(full).ok()).flatten()
    }

    fn at(&self, commit: &str, path: &[u8]) -> Option<Vec<(Fingerprint, u64, u64)>> {
        let bytes = self.file_at(commit, path)?;
        let text = decoded(&bytes);
        let hits = self.detector.detect(&text, &Extent::whole(text.len()));
        let path = GitPath::new(path);
        Some(hits.iter().map(|hit| (fingerprint(hit, &path), hit.line, hit.end_line)).collect())
    }
}
