//! A rule, ready to be searched for.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;

pub use super::class::ByteClass;
use super::literal::Anchors;
use crate::model::{Confidence, RuleCard};

/// How a credential looks in bytes.
#[derive(Debug)]
pub struct Rule {
    /// The line of its file on which it begins, counted from one.
    pub line: usize,
    /// What reports say about it.
    pub card: Arc<RuleCard>,
    /// The expression; `None` for a rule that looks at paths only, or whose matches a lane finds.
    pub regex: Option<String>,
    /// The literals of which every match holds one.
    pub anchors: Option<Anchors>,
    /// The same literals with their case as written.
    pub as_written: Vec<Vec<u8>>,
    /// The hand-written lane that finds its matches, instead of an expression.
    pub lane: Option<AssignmentLane>,
    /// The capture group that is the secret: `secret` if named, else `secretGroup`, else the first
    /// group that took part, else the whole match (as gitleaks does).
    pub secret_group: Option<usize>,
    /// Words of which one must stand in the blob, compared without case (as gitleaks does).
    pub keywords: Vec<String>,
    /// The lowest Shannon entropy of the secret, in bits per byte.
    pub entropy: Option<f64>,
    /// The path must match.
    pub path: Option<Expression>,
    /// How sure a match is before its checks.
    pub confidence: Confidence,
    /// The checksum inside the secret.
    pub checksum: Option<Checksum>,
    /// The structure of the secret.
    pub structure: Option<Structure>,
    /// Bytes of which none may stand before the match.
    pub not_before: Option<ByteClass>,
    /// Bytes of which none may stand behind the match.
    pub not_after: Option<ByteClass>,
    /// Whether a match inside another rule's match of equal rank gives way to it.
    pub generic: bool,
    /// The longest match, in bytes, that is looked for.
    pub window: usize,
    /// Matches that are let go.
    pub allowlists: Vec<Allowlist>,
    /// Other rules that must match nearby (gitleaks' `[[rules.required]]`).
    pub required: Vec<Required>,
    /// Whether its matches only serve other rules' `required`.
    pub silent: bool,
    /// Templates the rule must find.
    pub finds: Vec<String>,
    /// Templates the rule must let pass.
    pub passes: Vec<String>,
}

/// What the hand-written lane of assignments finds for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignmentLane {
    /// Values that look drawn at random, given to a secret's name.
    Token,
    /// Passwords that people think of, given to a password's name.
    Password,
}

impl AssignmentLane {
    const WORDS: [(&'static str, Self); 2] =
        [("assignment-token", Self::Token), ("assignment-password", Self::Password)];

    /// Reads the word used in rule files.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, l)| *l)
    }

    /// Lists the words.
    #[must_use]
    pub fn words() -> String {
        Self::WORDS.map(|(w, _)| w).join(", ")
    }
}

/// Another rule that must match near this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// The other rule's id.
    pub id: String,
    /// How many lines apart at the most; `None`: anywhere in the blob.
    pub within_lines: Option<u64>,
    /// How many columns apart at the most, on the same line.
    pub within_columns: Option<u64>,
}

/// Matches that are let go: gitleaks' allowlist.
#[derive(Debug, Default)]
pub struct Allowlist {
    /// Whether every given criterion must hold, or any of them.
    pub all: bool,
    /// Rules it is for; empty: the rule it stands in, or all rules.
    pub target_rules: Vec<String>,
    /// Paths.
    pub paths: Vec<Expression>,
    /// Expressions for `target`.
    pub regexes: Vec<Expression>,
    /// What the expressions look at.
    pub target: Target,
    /// Words that mark a secret as harmless, compared without case.
    pub stopwords: Vec<String>,
    /// Commits, full ids in hex.
    pub commits: Vec<String>,
}

/// What an allowlist's expressions look at.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The secret.
    #[default]
    Secret,
    /// The whole match.
    Match,
    /// The line.
    Line,
}

/// A checksum that a key carries in itself. Sources: `docs/checks.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Last six: base62 of the CRC-32 of the thirty before (GitHub, npm).
    GithubCrc32,
    /// Last seven: base36 of the CRC-32 of everything before the last dot (GitLab's routable tokens).
    GitlabCrc32,
    /// Last eight: hex of the CRC-32 of what stands between the prefix and them (Cloudflare, Zuplo).
    HexCrc32,
    /// Last eight: hex of the CRC-32 of everything before, least significant byte first (Grafana).
    GrafanaCrc32,
    /// Last eight: upper-case hex of the CRC-32 of everything before (Atlassian).
    AtlassianCrc32,
    /// Last six: base64 of the CRC-32 of the fifty-four before (Confluent).
    ConfluentCrc32,
    /// Base32 that ends in a CRC-16 of the bytes before (NATS).
    NkeyCrc16,
    /// Bech32 (age).
    Bech32,
}

impl Checksum {
    const WORDS: [(&'static str, Self); 8] = [
        ("github-crc32", Self::GithubCrc32),
        ("gitlab-crc32", Self::GitlabCrc32),
        ("hex-crc32", Self::HexCrc32),
        ("grafana-crc32", Self::GrafanaCrc32),
        ("atlassian-crc32", Self::AtlassianCrc32),
        ("confluent-crc32", Self::ConfluentCrc32),
        ("nkey-crc16", Self::NkeyCrc16),
        ("bech32", Self::Bech32),
    ];

    /// Reads the word used in rule files.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, c)| *c)
    }

    /// Lists the words.
    #[must_use]
    pub fn words() -> String {
        Self::WORDS.map(|(w, _)| w).join(", ")
    }
}

/// A structure that a key shows when it is decoded. Sources: `docs/checks.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structure {
    /// Header and payload are base64url JSON, and the algorithm is a known one (RFC 7519).
    Jwt,
    /// A private key in PEM or OpenSSH's format that parses and is not encrypted.
    PrivateKey,
    /// An AWS key id: base32, without 0, 1, 8 and 9.
    AwsKeyId,
    /// A macaroon for a package index (PyPI).
    PypiMacaroon,
    /// A password in a URL: not empty, not a placeholder, not a variable.
    UrlPassword,
    /// Base64 of a user, a colon and a password (RFC 7617).
    BasicAuth,
    /// A prefix and base64 of a JSON object with the provider's fields.
    JsonToken,
    /// A Discord bot's token: its first part is base64 of the bot's number.
    DiscordToken,
}

impl Structure {
    const WORDS: [(&'static str, Self); 8] = [
        ("jwt", Self::Jwt),
        ("private-key", Self::PrivateKey),
        ("aws-key-id", Self::AwsKeyId),
        ("pypi-macaroon", Self::PypiMacaroon),
        ("url-password", Self::UrlPassword),
        ("basic-auth", Self::BasicAuth),
        ("json-token", Self::JsonToken),
        ("discord-token", Self::DiscordToken),
    ];

    /// Reads the word used in rule files.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, s)| *s)
    }

    /// Lists the words.
    #[must_use]
    pub fn words() -> String {
        Self::WORDS.map(|(w, _)| w).join(", ")
    }
}

/// An expression, built when first needed: most are never asked.
#[derive(Debug)]
pub struct Expression {
    text: String,
    built: OnceLock<Option<Regex>>,
}

impl Expression {
    /// Takes an expression and builds it at once, to learn whether it can be used.
    ///
    /// # Errors
    /// What the expression's engine says.
    pub fn new(text: &str) -> Result<Self, String> {
        let one = Self::trusted(text);
        let _ = one.built.set(Some(Rule::compile(text)?));
        Ok(one)
    }

    /// Takes one of the program's own, which a test builds.
    pub(super) fn trusted(text: &str) -> Self {
        Self { text: text.into(), built: OnceLock::new() }
    }

    /// Tells whether it matches anywhere in `bytes`.
    #[must_use]
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        let built = self.built.get_or_init(|| Rule::compile(&self.text).ok());
        built.as_ref().is_some_and(|regex| regex.is_match(bytes))
    }
}

impl Rule {
    /// Builds an expression as rules use it: bytes, no Unicode unless it asks for some, bounded size.
    ///
    /// # Errors
    /// What the expression's engine says.
    pub fn compile(expression: &str) -> Result<Regex, String> {
        let build = |unicode: bool| {
            Regex::builder()
                .syntax(regex_automata::util::syntax::Config::new().unicode(unicode).utf8(false))
                .configure(
                    Regex::config()
                        .utf8_empty(false)
                        .nfa_size_limit(Some(8 << 20))
                        .hybrid_cache_capacity(1 << 20),
                )
                .build(expression)
        };
        // Only an expression that names a Unicode class fails without Unicode; it may have it.
        build(false).or_else(|_| build(true)).map_err(|e| {
            let text = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
            // The parser draws the expression over several lines; its last one says what is wrong.
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }
}
