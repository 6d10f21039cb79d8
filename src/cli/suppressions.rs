//! Files of suppressions: found, read, refused if a secret stands in one.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::{Confidence, Extent, Severity};
use keywright::rule::RuleSet;
use keywright::suppress::{
    Entry, FILE_NAME, IgnoreFile, LARGEST, SuppressError, Suppressions, read_baseline,
};

use super::error::CliError;
use super::held::{self, Held, Named, Own};

/// How many entries a message names.
const NAMED: usize = 3;

/// Which files are asked for.
pub(crate) struct Asked<'a> {
    /// What was known before.
    pub(crate) baselines: &'a [PathBuf],
    /// The entries to go by, instead of the repository's own.
    pub(crate) ignore_file: Option<&'a Path>,
    /// Where the repository's own files are taken from.
    pub(crate) own: &'a Own,
}

/// Reads every file that states suppressions. Returns them and the files' names.
pub(crate) fn gather(
    asked: &Asked<'_>,
    repo: Option<&Repository>,
    detector: &Detector,
    today: Date,
) -> Result<(Suppressions, Vec<String>), CliError> {
    let held = Held::new(repo, asked.own)?;
    let mut all = Suppressions::default();
    let mut names = Vec::new();
    let mut files: Vec<(&'static str, String, String)> = Vec::new();
    match asked.ignore_file {
        Some(path) => files.extend(read(path, &held)?.map(|(name, text)| ("ignore", name, text))),
        None => {
            if let Some((name, bytes)) = held.own(FILE_NAME, LARGEST)? {
                files.push(("ignore", name.clone(), utf8(&name, bytes)?));
            }
        }
    }
    for path in asked.baselines {
        files.extend(read(path, &held)?.map(|(name, text)| ("baseline", name, text)));
    }
    for (kind, name, text) in files {
        refuse(&name, &text, detector)?;
        let file =
            if kind == "baseline" { read_baseline(&name, &text) } else { IgnoreFile::parse(&name, &text) }?;
        all.add(&file, kind, &name, today);
        names.push(name);
    }
    Ok((all, names))
}

/// Reads a file that was named; `None`: it is one of the repository's, and the commit holds none.
fn read(path: &Path, held: &Held<'_>) -> Result<Option<(String, String)>, CliError> {
    let (name, bytes) = match held.named(path, LARGEST)? {
        Named::Held(name, bytes) => (name, bytes),
        Named::Elsewhere => {
            let name = path.display().to_string();
            let bytes = held::read(path, &name, "file of suppressions", LARGEST)?;
            (name, Some(bytes))
        }
    };
    bytes.map(|bytes| Ok((name.clone(), utf8(&name, bytes)?))).transpose()
}

fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, CliError> {
    String::from_utf8(bytes).map_err(|_| {
        CliError::usage(format!("{name} is no UTF-8 text"), "write it anew: keywright ignore --help")
    })
}

/// Refuses text for a file of suppressions that a secret stands in, by the built-in rules.
pub(crate) fn refuse_secrets(name: &str, text: &str) -> Result<(), CliError> {
    refuse(name, text, &Detector::new(RuleSet::builtin()))
}

/// A file that lets secrets be is committed and passed round: a secret in it is a leak of its own.
fn refuse(name: &str, text: &str, detector: &Detector) -> Result<(), CliError> {
    let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
    let is_leak =
        |h: &&keywright::model::Hit| h.confidence >= Confidence::Medium && h.rule.severity > Severity::Info;
    match hits.iter().find(is_leak) {
        None => Ok(()),
        Some(hit) => Err(CliError {
            why: format!("rule `{}` found it", hit.rule.id),
            ..CliError::usage(
                format!("{name}: line {}: a secret stands in it", hit.line),
                "take it out and write the finding's fingerprint instead; what was committed with it is leaked",
            )
        }),
    }
}

/// Says what is wrong with the entries in force; `is_whole`: everything was scanned, so that an
/// entry no finding asked for is of no use.
pub(crate) fn complaints(all: &Suppressions, is_whole: bool) -> Vec<String> {
    let mut words = Vec::new();
    for one in all.disagreements() {
        let [a, b] = &one.files;
        let place = if a == b { format!("in {a}") } else { format!("in {a} and {b}") };
        words.push(format!(
            "two suppressions of {} disagree about its {} {place}; the stricter one holds",
            one.fingerprint.short(),
            one.about
        ));
    }
    let expired = all.expired();
    if !expired.is_empty() {
        let named = named(expired.iter().map(|(entry, _)| *entry));
        words.push(format!(
            "{} nothing: {named}; `keywright ignore prune` takes them out",
            counted(expired.len(), "suppression has expired and hides", "suppressions have expired and hide")
        ));
    }
    let unused = if is_whole { all.unused("ignore") } else { Vec::new() };
    if !unused.is_empty() {
        let named = named(unused.iter().copied());
        words.push(format!(
            "{} nothing: {named}; `keywright ignore prune` takes them out",
            counted(unused.len(), "suppression hides", "suppressions hide")
        ));
    }
    words
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn named<'e>(entries: impl ExactSizeIterator<Item = &'e Entry>) -> String {
    let more = entries.len().saturating_sub(NAMED);
    let mut words: Vec<String> = entries
        .take(NAMED)
        .map(|e| match &e.reason {
            Some(reason) => format!("{} ({reason})", e.fingerprint.short()),
            None => e.fingerprint.short().into(),
        })
        .collect();
    if more > 0 {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}

impl From<SuppressError> for CliError {
    fn from(error: SuppressError) -> Self {
        let SuppressError { file, line, why, mend } = error;
        Self { why, ..Self::usage(format!("couldn't read {file}: line {line}"), mend) }
    }
}
