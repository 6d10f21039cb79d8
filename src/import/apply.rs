//! Which findings a foreign file hides.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::foreign::{By, Digest, Entry, Foreign};
use super::seen::{Seen, digests_of_file};
use crate::model::{Finding, Fingerprint, Place};

/// The most lines of one secret that entries by place are held against.
const MOST_LINES: u64 = 2_000;

/// Lines, each with the numbers of what stands or is named there.
type ByLine = HashMap<u64, Vec<usize>>;

/// Where findings and files can be looked at again.
pub trait Sight {
    /// Returns the line a finding's secret begins on, as it stands there.
    fn line(&self, finding: &Finding) -> Option<Zeroizing<Vec<u8>>>;
    /// Returns a file of the working tree.
    fn file(&self, path: &[u8]) -> Option<Vec<u8>>;
    /// Returns the secrets in a file as a commit holds it, each with its first and last line.
    fn at(&self, commit: &str, path: &[u8]) -> Option<Vec<(Fingerprint, u64, u64)>>;
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It hides these findings.
    Hides(Vec<usize>),
    /// What it is about is still there, and no finding.
    NoFinding,
    /// It is about nothing that is there.
    Idle,
    /// What it is about cannot be told, and why.
    Unsure(&'static str),
}

/// Holds a foreign file against findings; one answer for each of its entries, in their order.
#[must_use]
pub fn apply(foreign: &Foreign, findings: &[Finding], sight: &dyn Sight) -> Vec<Applied> {
    let needs_lines = foreign.entries.iter().any(|e| matches!(e.by, By::Hash { .. } | By::Looks(_)));
    let lines: Vec<_> = findings.iter().map(|f| if needs_lines { sight.line(f) } else { None }).collect();
    let seen: Vec<Seen<'_>> = findings
        .iter()
        .zip(&lines)
        .map(|(finding, line)| Seen { finding, line: line.as_ref().map(|l| l.as_slice()) })
        .collect();
    let mut by_path: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, finding) in findings.iter().enumerate() {
        by_path.entry(finding.location.path.bytes()).or_default().push(at);
    }
    let held = Held { foreign, findings, seen, by_path, sight };
    let mut fates = vec![Applied::Idle; foreign.entries.len()];
    held.hashes(&mut fates);
    held.places(&mut fates);
    for (entry, fate) in foreign.entries.iter().zip(&mut fates) {
        let hidden = match &entry.by {
            By::Paths(paths) => held.in_paths(|path| paths.matches(path)),
            By::Looks(looks) => (0..findings.len()).filter(|at| held.seen[*at].fits(looks)).collect(),
            By::File { path, checksum } => match sight.file(path) {
                Some(bytes) if talisman_checksum(path, &bytes) == *checksum => {
                    let hidden = held.still_in(path);
                    if hidden.is_empty() {
                        *fate = Applied::NoFinding;
                    }
                    hidden
                }
                _ => Vec::new(),
            },
            By::Hash { .. } | By::Place { .. } => continue,
        };
        if !hidden.is_empty() {
            *fate = Applied::Hides(hidden);
        }
    }
    fates
}

struct Held<'a> {
    foreign: &'a Foreign,
    findings: &'a [Finding],
    seen: Vec<Seen<'a>>,
    by_path: HashMap<&'a [u8], Vec<usize>>,
    sight: &'a dyn Sight,
}

impl Held<'_> {
    fn in_paths(&self, matches: impl Fn(&[u8]) -> bool) -> Vec<usize> {
        let mut hidden: Vec<usize> = self
            .by_path
            .iter()
            .filter(|(path, _)| matches(path))
            .flat_map(|(_, at)| at.iter().copied())
            .collect();
        hidden.sort_unstable();
        hidden
    }

    /// Findings in a file as it is now, not as it once was.
    fn still_in(&self, path: &[u8]) -> Vec<usize> {
        let here = self.by_path.get(path).into_iter().flatten().copied();
        here.filter(|at| self.findings[*at].location.place == Place::WorkingTree).collect()
    }

    fn hashes(&self, fates: &mut [Applied]) {
        if !self.foreign.entries.iter().any(|e| matches!(e.by, By::Hash { .. })) {
            return;
        }
        let mut by_digest: HashMap<Digest, Vec<usize>> = HashMap::new();
        let mut by_label: HashMap<Digest, Vec<usize>> = HashMap::new();
        for (at, seen) in self.seen.iter().enumerate() {
            seen.digests().into_iter().for_each(|d| by_digest.entry(d).or_default().push(at));
            seen.label_digests().into_iter().for_each(|d| by_label.entry(d).or_default().push(at));
        }
        let mut in_files: HashMap<&[u8], HashSet<Digest>> = HashMap::new();
        for (entry, fate) in self.foreign.entries.iter().zip(fates) {
            let By::Hash { digest, path, line, .. } = &entry.by else { continue };
            let here = |at: &usize| {
                path.as_ref().is_none_or(|p| self.findings[*at].location.path.bytes() == p.as_slice())
            };
            let hidden: Vec<usize> =
                by_digest.get(digest).into_iter().flatten().copied().filter(here).collect();
            if !hidden.is_empty() {
                *fate = Applied::Hides(hidden);
                continue;
            }
            // A label says which file and line, not which secret.
            let keys: Vec<usize> = match path {
                Some(_) => by_label.get(digest).into_iter().flatten().copied().filter(here).collect(),
                None => Vec::new(),
            };
            let on_line: Vec<usize> =
                keys.iter().copied().filter(|at| Some(self.findings[*at].location.line) == *line).collect();
            let one_key =
                keys.iter().map(|at| &self.findings[*at].fingerprint).collect::<HashSet<_>>().len() == 1;
            *fate = match path {
                _ if !on_line.is_empty() => Applied::Hides(on_line),
                _ if one_key => Applied::Hides(keys),
                _ if !keys.is_empty() => {
                    Applied::Unsure("it names one of several secrets of a kind in that file")
                }
                None => Applied::Idle,
                Some(path) => {
                    let held = in_files.entry(path).or_insert_with(|| {
                        self.sight
                            .file(path)
                            .map(|b| digests_of_file(&b).into_iter().collect())
                            .unwrap_or_default()
                    });
                    if held.contains(digest) { Applied::NoFinding } else { Applied::Idle }
                }
            };
        }
    }

    /// Entries by place, and those by hash that hit nothing but name a commit: what a commit holds
    /// does not change, so that its lines still say which secret was meant.
    fn places(&self, fates: &mut [Applied]) {
        let mut groups: HashMap<(Option<&str>, &[u8]), ByLine> = HashMap::new();
        for (at, entry) in self.foreign.entries.iter().enumerate() {
            let (commit, path, line) = match &entry.by {
                By::Place { commit, path, line } => (commit.as_deref(), path, *line),
                By::Hash { path: Some(path), line: Some(line), commit: Some(commit), .. }
                    if !matches!(fates[at], Applied::Hides(_)) =>
                {
                    (Some(commit.as_str()), path, *line)
                }
                _ => continue,
            };
            let path = self.known_path(path);
            groups.entry((commit, path)).or_default().entry(line).or_default().push(at);
        }
        for ((commit, path), by_line) in groups {
            let spots = self.spots(commit, path);
            let file = if commit.is_none() { self.sight.file(path) } else { None };
            let length = file.map(|bytes| 1 + bytes.iter().filter(|b| **b == b'\n').count() as u64);
            for (line, entries) in by_line {
                let here = spots.as_ref().and_then(|spots| spots.get(&line));
                let Some(here) = here else {
                    let is_there =
                        if commit.is_some() { spots.is_some() } else { length.is_some_and(|n| line <= n) };
                    let fate = if is_there { Applied::NoFinding } else { Applied::Idle };
                    entries.iter().for_each(|at| fates[*at] = fate.clone());
                    continue;
                };
                self.share(here, &entries, fates);
            }
        }
    }

    /// Gives each entry for a line what it hides of the findings there.
    fn share(&self, here: &[usize], entries: &[usize], fates: &mut [Applied]) {
        let prints: HashSet<&Fingerprint> = here.iter().map(|at| &self.findings[*at].fingerprint).collect();
        let rules: HashSet<_> = entries.iter().map(|at| self.foreign.entries[*at].rule.as_deref()).collect();
        for at in entries {
            // As many rules as secrets: each of them was meant.
            let hidden: Vec<usize> = if prints.len() <= rules.len() {
                here.to_vec()
            } else {
                here.iter()
                    .copied()
                    .filter(|f| is_like(&self.foreign.entries[*at], &self.findings[*f]))
                    .collect()
            };
            fates[*at] = if hidden.is_empty() {
                Applied::Unsure("several secrets stand on that line, and it names one of them")
            } else {
                Applied::Hides(hidden)
            };
        }
    }

    /// Finds a path that may begin with the repository's own name.
    fn known_path<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        if self.foreign.begins_above && !self.by_path.contains_key(path) {
            let below = path.iter().position(|b| *b == b'/').map(|at| &path[at + 1..]);
            return below.filter(|below| self.by_path.contains_key(below)).unwrap_or(path);
        }
        path
    }

    /// Maps lines to findings, as the file was in a commit or is here; `None`: there is no such file.
    fn spots(&self, commit: Option<&str>, path: &[u8]) -> Option<ByLine> {
        let here = self.by_path.get(path).map(Vec::as_slice).unwrap_or_default();
        let mut spots: ByLine = HashMap::new();
        let mut note = |at: usize, from: u64, to: u64| {
            for line in from..=to.min(from + MOST_LINES) {
                let spot = spots.entry(line).or_default();
                if !spot.contains(&at) {
                    spot.push(at);
                }
            }
        };
        let Some(commit) = commit else {
            for at in here {
                let location = &self.findings[*at].location;
                note(*at, location.line, location.end_line);
            }
            return Some(spots);
        };
        let mut by_print: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
        here.iter().for_each(|at| by_print.entry(&self.findings[*at].fingerprint).or_default().push(*at));
        let held = self.sight.at(commit, path)?;
        for (print, from, to) in &held {
            for at in by_print.get(print).into_iter().flatten() {
                note(*at, *from, *to);
            }
        }
        Some(spots)
    }
}

/// Tells whether a foreign rule's name speaks of the same provider as ours.
fn is_like(entry: &Entry, finding: &Finding) -> bool {
    let card = &finding.hit.rule;
    let ours = card.provider.as_deref().unwrap_or(&card.id).split('-').next().unwrap_or_default();
    let theirs = entry.rule.as_deref().unwrap_or_default().to_ascii_lowercase();
    !ours.is_empty() && theirs.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == ours)
}

/// Talisman's checksum of one file: SHA-256 over the hex of three others, of nothing, of the content
/// and of the name.
fn talisman_checksum(path: &[u8], bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    hex([hex(b""), hex(bytes), hex(path)].concat().as_bytes())
}
