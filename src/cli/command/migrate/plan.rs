//! What each foreign file hides, and what of it is carried over.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use keywright::import::{Applied, By, Entry as ForeignEntry, Foreign};
use keywright::model::{Confidence, Finding, Fingerprint, Path as GitPath, Place, Status};
use keywright::scan::Ignored;
use keywright::suppress::Entry;

use super::known::Known;
use super::own::Rule;

/// The longest path that an entry names, in bytes.
const LONGEST_PATH: usize = 512;

/// What one file does, by the numbers of its entries.
#[derive(Default)]
pub(super) struct Section {
    /// Findings it hides, each with the entries that do it.
    pub(super) hides: BTreeMap<usize, Vec<usize>>,
    /// Entries about something that is still there and no finding.
    pub(super) no_finding: Vec<usize>,
    /// Entries about nothing that is there.
    pub(super) idle: Vec<usize>,
    /// Entries whose meaning cannot be told, and why.
    pub(super) unsure: Vec<(usize, &'static str)>,
}

/// What is carried over.
pub(super) struct Plan<'f> {
    pub(super) findings: &'f [Finding],
    /// One for each file.
    pub(super) sections: Vec<Section>,
    /// New entries of `.keywrightignore`.
    pub(super) entries: Vec<Entry>,
    /// New `[ignore] paths` of `keywright.toml`, each with the file it comes from.
    pub(super) globs: Vec<(String, String)>,
    /// New rules of `keywright.toml`.
    pub(super) rules: Vec<Rule>,
    /// Hidden findings that are told all the same, each with a place where nobody hides the secret.
    pub(super) kept: Vec<(usize, usize)>,
    /// Hidden findings that deserve a second look, and why.
    pub(super) second_look: Vec<(usize, String)>,
    /// How many hidden findings were let be here already.
    pub(super) already: usize,
}

impl<'f> Plan<'f> {
    /// Decides what becomes of every entry.
    pub(super) fn new(
        foreign: &[Foreign],
        fates: Vec<Vec<Applied>>,
        findings: &'f [Finding],
        rules: Vec<Rule>,
        known: &Known,
        owner: Option<&str>,
    ) -> Self {
        let sections: Vec<Section> = fates.into_iter().map(section).collect();
        let globs = new_globs(foreign, known);
        let mut plan = Self {
            findings,
            sections,
            entries: Vec::new(),
            globs,
            rules,
            kept: Vec::new(),
            second_look: Vec::new(),
            already: 0,
        };
        let hidden = plan.hidden();
        plan.already = hidden.keys().filter(|at| findings[**at].suppression.is_some()).count();
        plan.let_be(foreign, &hidden, known, owner);
        plan.look_twice(foreign, &hidden);
        plan
    }

    /// Returns the hidden findings, each with the files and entries that hide it.
    pub(super) fn hidden(&self) -> BTreeMap<usize, Vec<(usize, usize)>> {
        let mut hidden: BTreeMap<usize, Vec<(usize, usize)>> = BTreeMap::new();
        for (file, section) in self.sections.iter().enumerate() {
            for (finding, entries) in &section.hides {
                hidden.entry(*finding).or_default().extend(entries.iter().map(|entry| (file, *entry)));
            }
        }
        hidden
    }

    /// An entry lets a secret be wherever it stands: it is written only if each place of the secret was
    /// hidden, or lies where the tools in question do not look.
    fn let_be(
        &mut self,
        foreign: &[Foreign],
        hidden: &BTreeMap<usize, Vec<(usize, usize)>>,
        known: &Known,
        owner: Option<&str>,
    ) {
        let covered = Ignored::new(self.globs.clone()).unwrap_or_default();
        let is_covered = |finding: &Finding| covered.suppression(&finding.location.path).is_some();
        let mut places: HashMap<&Fingerprint, Vec<usize>> = HashMap::new();
        for (at, finding) in self.findings.iter().enumerate() {
            if finding.status == Status::Counts && finding.suppression.is_none() {
                places.entry(&finding.fingerprint).or_default().push(at);
            }
        }
        let mut done: BTreeSet<&Fingerprint> = BTreeSet::new();
        for (at, by) in hidden {
            let finding = &self.findings[*at];
            if finding.suppression.is_some() || is_covered(finding) {
                continue;
            }
            let all = places.get(&finding.fingerprint).map(Vec::as_slice).unwrap_or_default();
            let by_all: Vec<usize> =
                all.iter().filter_map(|at| hidden.get(at)).flatten().map(|(f, _)| *f).collect();
            let sees_history = by_all.iter().any(|file| foreign[*file].sees_history);
            let is_told = |other: &&usize| {
                let other_one = &self.findings[**other];
                let is_past = other_one.location.place == Place::History;
                !hidden.contains_key(*other) && !is_covered(other_one) && (sees_history || !is_past)
            };
            if let Some(other) = all.iter().find(is_told) {
                self.kept.push((*at, *other));
                continue;
            }
            if known.has(&finding.fingerprint) || !done.insert(&finding.fingerprint) {
                continue;
            }
            let files: BTreeSet<&str> = by.iter().map(|(file, _)| foreign[*file].file.as_str()).collect();
            let files: Vec<&str> = files.into_iter().collect();
            let real = by.iter().any(|(file, entry)| foreign[*file].entries[*entry].is_real);
            let label = if real { ", where it is labelled a real secret" } else { "" };
            self.entries.push(Entry {
                rule: Some(finding.hit.rule.id.clone()),
                seen: place_of(finding),
                owner: owner.map(Into::into),
                reason: Some(format!("migrated from {}{label}", files.join(" and "))),
                ..Entry::new(finding.fingerprint.clone())
            });
        }
        self.entries.sort();
    }

    fn look_twice(&mut self, foreign: &[Foreign], hidden: &BTreeMap<usize, Vec<(usize, usize)>>) {
        for (at, by) in hidden {
            let finding = &self.findings[*at];
            let entry = |(file, entry): &(usize, usize)| -> (&Foreign, &ForeignEntry) {
                (&foreign[*file], &foreign[*file].entries[*entry])
            };
            let real = by.iter().map(entry).find(|(_, entry)| entry.is_real);
            let path = by.iter().map(entry).find(|(_, entry)| matches!(entry.by, By::Paths(_)));
            let why = if let Some((file, _)) = real {
                format!("{} says that it is a real secret", file.file)
            } else if finding.hit.masked.starts_with("-----BEGIN") {
                "it is a private key".into()
            } else if let Some((file, _)) = path.filter(|_| finding.hit.confidence == Confidence::High) {
                format!("it is surely a key, and a path pattern of {} hides whatever stands there", file.file)
            } else {
                continue;
            };
            self.second_look.push((*at, why));
        }
    }
}

fn section(fates: Vec<Applied>) -> Section {
    let mut section = Section::default();
    for (entry, fate) in fates.into_iter().enumerate() {
        match fate {
            Applied::Hides(findings) => {
                for finding in findings {
                    section.hides.entry(finding).or_default().push(entry);
                }
            }
            Applied::NoFinding => section.no_finding.push(entry),
            Applied::Idle => section.idle.push(entry),
            Applied::Unsure(why) => section.unsure.push((entry, why)),
        }
    }
    section
}

fn new_globs(foreign: &[Foreign], known: &Known) -> Vec<(String, String)> {
    let mut globs = BTreeMap::new();
    for file in foreign {
        for entry in &file.entries {
            let By::Paths(paths) = &entry.by else { continue };
            for glob in paths.globs().iter().filter(|glob| !known.ignores(glob)) {
                globs.entry(glob.clone()).or_insert_with(|| file.file.clone());
            }
        }
    }
    globs.into_iter().collect()
}

/// Where a finding stands, for a reviewer; nothing if the path itself repeats a secret.
fn place_of(finding: &Finding) -> Option<String> {
    let path: &GitPath = &finding.location.path;
    (!path.bytes().is_empty() && finding.repeats.is_empty())
        .then(|| path.to_string())
        .filter(|path| path.len() <= LONGEST_PATH)
}
