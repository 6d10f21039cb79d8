//! The entries in force.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::civil::Date;

use super::entry::Entry;
use super::file::IgnoreFile;
use crate::model::{Fingerprint, Suppression};

/// The entries of all files that a scan goes by.
#[derive(Default)]
pub struct Suppressions {
    stated: HashMap<Fingerprint, Stated>,
    expired: Vec<(Entry, String)>,
    disagreements: Vec<Disagreement>,
}

/// An entry in force.
struct Stated {
    entry: Entry,
    kind: &'static str,
    file: String,
    was_used: AtomicBool,
}

/// Two entries for one secret that say different things; the stricter one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The secret.
    pub fingerprint: Fingerprint,
    /// The files the two entries stand in; often the same one, after a merge.
    pub files: [String; 2],
    /// What differs: `expires`, `owner` or `reason`.
    pub about: &'static str,
}

impl Suppressions {
    /// Takes a file's entries in. `kind` is `ignore` or `baseline`; `today` decides what has expired.
    pub fn add(&mut self, file: &IgnoreFile, kind: &'static str, name: &str, today: Date) {
        for entry in file.entries() {
            if let Some(old) = self.stated.get_mut(&entry.fingerprint) {
                if let Some(about) = differ(&old.entry, entry) {
                    self.disagreements.push(Disagreement {
                        fingerprint: entry.fingerprint.clone(),
                        files: [old.file.clone(), name.into()],
                        about,
                    });
                }
                if is_stricter(entry, &old.entry) {
                    old.entry = entry.clone();
                    old.file = name.into();
                    old.kind = kind;
                }
                continue;
            }
            let stated =
                Stated { entry: entry.clone(), kind, file: name.into(), was_used: AtomicBool::new(false) };
            self.stated.insert(entry.fingerprint.clone(), stated);
        }
        let gone: Vec<Fingerprint> = self
            .stated
            .values()
            .filter(|s| s.entry.is_expired(today))
            .map(|s| s.entry.fingerprint.clone())
            .collect();
        for print in gone {
            if let Some(stated) = self.stated.remove(&print) {
                self.expired.push((stated.entry, stated.file));
            }
        }
    }

    /// Returns the suppression an entry states for a secret, and remembers that it was of use.
    #[must_use]
    pub fn suppression(&self, fingerprint: &Fingerprint) -> Option<Suppression> {
        let stated = self.stated.get(fingerprint)?;
        stated.was_used.store(true, Ordering::Relaxed);
        Some(Suppression {
            kind: stated.kind,
            by: stated.file.clone(),
            owner: stated.entry.owner.clone(),
            reason: stated.entry.reason.clone(),
        })
    }

    /// Returns the entries of `kind` that no finding asked for, sorted.
    #[must_use]
    pub fn unused(&self, kind: &str) -> Vec<&Entry> {
        let unused = self.stated.values().filter(|s| s.kind == kind && !s.was_used.load(Ordering::Relaxed));
        let mut entries: Vec<_> = unused.map(|s| &s.entry).collect();
        entries.sort();
        entries
    }

    /// Returns the entries whose last day is over, each with its file, sorted.
    #[must_use]
    pub fn expired(&self) -> Vec<(&Entry, &str)> {
        let mut entries: Vec<_> = self.expired.iter().map(|(entry, file)| (entry, file.as_str())).collect();
        entries.sort();
        entries
    }

    /// Returns the entries that contradict each other.
    #[must_use]
    pub fn disagreements(&self) -> &[Disagreement] {
        &self.disagreements
    }

    /// Tells whether there is no entry in force.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stated.is_empty()
    }
}

/// What two entries for one secret do not agree about. A baseline's entry says nothing: it agrees.
fn differ(a: &Entry, b: &Entry) -> Option<&'static str> {
    let both = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    if a.expires != b.expires && says(a) && says(b) {
        Some("expires")
    } else if both(&a.owner, &b.owner) {
        Some("owner")
    } else if both(&a.reason, &b.reason) {
        Some("reason")
    } else {
        None
    }
}

fn says(entry: &Entry) -> bool {
    entry.owner.is_some() || entry.reason.is_some() || entry.expires.is_some()
}

/// The entry that ends first is the stricter one; of two that end together the smaller, so that the
/// order of lines decides nothing. One that says something stands before one that says nothing.
fn is_stricter(new: &Entry, old: &Entry) -> bool {
    let key = |e: &Entry| (!says(e), e.expires.unwrap_or(Date::MAX));
    key(new).cmp(&key(old)).then_with(|| new.cmp(old)).is_lt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> Suppressions {
        let text: String = lines.iter().map(|rest| format!("{} {rest}\n", "a".repeat(64))).collect();
        let mut list = Suppressions::default();
        list.add(&IgnoreFile::parse("f", &text).unwrap(), "ignore", "f", "2026-11-21".parse().unwrap());
        list
    }

    fn print() -> Fingerprint {
        Fingerprint::new("a".repeat(64))
    }

    #[test]
    fn an_expired_entry_hides_nothing_and_is_told() {
        let list = list(&["reason=x expires=2026-11-20"]);
        assert!(list.suppression(&print()).is_none());
        assert_eq!(list.expired().len(), 1);
        assert!(list.unused("ignore").is_empty());
    }

    #[test]
    fn of_two_that_disagree_the_stricter_one_holds_whatever_their_order() {
        for lines in
            [["reason=x expires=2026-11-20", "reason=x"], ["reason=x", "reason=x expires=2026-11-20"]]
        {
            let list = list(&lines);
            assert!(list.suppression(&print()).is_none());
            assert_eq!(list.disagreements()[0].about, "expires");
        }
        for lines in [["reason=x", "reason=y"], ["reason=y", "reason=x"]] {
            let list = list(&lines);
            assert_eq!(list.suppression(&print()).unwrap().reason.as_deref(), Some("x"));
            assert_eq!(list.disagreements()[0].about, "reason");
        }
    }

    #[test]
    fn an_entry_is_unused_until_a_finding_asks_for_it() {
        let list = list(&["reason=x"]);
        assert_eq!(list.unused("ignore").len(), 1);
        let found = list.suppression(&print()).unwrap();
        assert_eq!((found.kind, found.by.as_str(), found.reason.as_deref()), ("ignore", "f", Some("x")));
        assert!(list.unused("ignore").is_empty());
    }

    #[test]
    fn a_baseline_that_says_nothing_contradicts_nobody() {
        let mut both = list(&["reason=x owner=ada"]);
        let known = IgnoreFile::parse("b", &format!("{} rule=r\n", "a".repeat(64))).unwrap();
        both.add(&known, "baseline", "b", "2026-11-21".parse().unwrap());
        assert!(both.disagreements().is_empty());
        assert_eq!(both.suppression(&print()).unwrap().kind, "ignore");
    }
}
