//! A rule matched at a location.

use std::fmt;
use std::sync::Arc;

use super::credential::Liveness;
use super::location::Location;
use super::secret::Secret;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A shape that is more often harmless than not, or a failed check.
    Low,
    /// A shape that is usually a secret.
    Medium,
    /// A shape that hardly anything else has, or a check that passed.
    High,
}

impl Confidence {
    /// Returns the word used in settings and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High].into_iter().find(|c| c.word() == word)
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A mere identifier: worth knowing, no leak (R31).
    Info,
    /// Opens little.
    Low,
    /// Opens something.
    Medium,
    /// Opens an account.
    High,
    /// Opens production, money or everything.
    Critical,
}

impl Severity {
    /// Returns the word used in rules and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|s| s.word() == word)
    }
}

/// What a report says about a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleCard {
    /// The rule's id.
    pub id: String,
    /// One line: what it finds.
    pub description: String,
    /// The provider's id, where the rule has one.
    pub provider: Option<String>,
    /// The provider's page about such keys.
    pub docs: Option<String>,
    /// One line: what to do about a leak.
    pub remedy: String,
    /// How bad a leak is.
    pub severity: Severity,
    /// Free words, as in the rule file.
    pub tags: Vec<String>,
}

/// What an offline check said about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The check passed: hardly an accident.
    Passed,
    /// The check failed: perhaps an example made from the shape alone.
    Failed,
}

/// An offline check that had a say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The check's name: `checksum`, `structure`, `placeholder`, …
    pub name: &'static str,
    /// What it said.
    pub verdict: Verdict,
    /// Why, in a few words without any part of the secret.
    pub why: String,
}

/// Names a secret over files, branches, repositories and time.
///
/// For a strong secret, 64 hex digits; for a weak one `weak-`, two hex digits of the secret and a
/// hash of rule, path and masked line, so that a list of fingerprints cannot be used to guess it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Takes the text of a fingerprint.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Reads the text of a fingerprint; `None`: it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex =
            |t: &str, length| t.len() == length && t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_one = match text.strip_prefix("weak-") {
            Some(weak) => weak.split_once('-').is_some_and(|(few, rest)| is_hex(few, 2) && is_hex(rest, 32)),
            None => is_hex(text, 64),
        };
        is_one.then(|| Self(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first twelve characters, enough to tell findings of one run apart.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule matched in bytes: what a detector returns, before anyone knows the path.
pub struct Hit {
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// The secret's offsets in the bytes that were looked at.
    pub span: std::ops::Range<usize>,
    /// Line and column of the secret, both counted from one, columns in bytes.
    pub line: u64,
    /// See `line`.
    pub column: u64,
    /// The line on which the secret ends.
    pub end_line: u64,
    /// The column behind the secret's last byte.
    pub end_column: u64,
    /// The secret, normalised.
    pub secret: Secret,
    /// The secret, masked.
    pub masked: String,
    /// The line the secret begins on, with the secret and every other long token or quoted value
    /// on it masked.
    pub line_text: String,
    /// The key's public identifier, where the rule names one (R31).
    pub key_id: Option<String>,
    /// How sure.
    pub confidence: Confidence,
    /// The checks that had a say.
    pub checks: Vec<Check>,
    /// The mark on the line that lets it be, if any.
    pub mark: Option<Suppression>,
    /// Allowlists that would let it go if the path or commit fits; only the detector that made the
    /// hit can read these numbers.
    pub pending: Vec<usize>,
}

impl Hit {
    /// Returns a second copy: bytes that stand under two paths are found once.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            rule: self.rule.clone(),
            span: self.span.clone(),
            secret: self.secret.again(),
            masked: self.masked.clone(),
            line_text: self.line_text.clone(),
            key_id: self.key_id.clone(),
            checks: self.checks.clone(),
            mark: self.mark.clone(),
            pending: self.pending.clone(),
            ..*self
        }
    }
}

/// Why a finding is let be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// What said so: `inline`, `ignore`, `baseline`, `path`.
    pub kind: &'static str,
    /// The mark or pattern as written, or the file the entry stands in.
    pub by: String,
    /// Who answers for it, if that is stated.
    pub owner: Option<String>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// Whether a finding counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It counts.
    Counts,
    /// Every parent held the same secret at the same path.
    AlreadyThere,
    /// No ref reaches the object that holds it.
    Unreachable,
}

impl Status {
    /// Returns the word used in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::AlreadyThere => "already-there",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A rule matched at a location.
pub struct Finding {
    /// What was matched.
    pub hit: Hit,
    /// Names the secret.
    pub fingerprint: Fingerprint,
    /// Where.
    pub location: Location,
    /// Whether it counts.
    pub status: Status,
    /// Why it is let be, if it is.
    pub suppression: Option<Suppression>,
    /// What its provider said, where it was asked.
    pub liveness: Option<Liveness>,
    /// Secrets, of any finding, that this one's path, refs or author repeat.
    pub repeats: Vec<Secret>,
}

impl Finding {
    /// Tells whether the finding is a leak that nobody let be: surer than or as sure as `least`,
    /// worse than a mere identifier.
    #[must_use]
    pub fn is_leak(&self, least: Confidence) -> bool {
        self.status == Status::Counts
            && self.suppression.is_none()
            && self.hit.confidence >= least
            && self.hit.rule.severity > Severity::Info
    }
}
