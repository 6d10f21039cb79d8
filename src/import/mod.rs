//! What other scanners left behind in a repository: their ignore files, baselines and settings.
//!
//! Each reader takes a file's name and bytes and returns a [`Foreign`]: what the file lets be, which
//! rules of its own it has, and what in it has no counterpart here. [`apply`] holds that against
//! findings. Nothing is written here, and no text of a file is repeated in a message: these files
//! often hold secrets in clear.
//!
//! - `foreign`: what a foreign file says, in one shape for all tools
//! - `apply`: which findings a foreign file hides
//! - `seen`: a finding's secret as other tools may have taken it
//! - `paths`, `patterns`, `glob`: path patterns of four kinds, and expressions turned into globs
//! - `yaml`: bounded YAML with line numbers
//! - one file a tool: `gitleaks_toml` (betterleaks too), `gitleaks_ignore`, `gitleaks_report`,
//!   `detect_secrets`, `gitguardian`, `talisman`, `kingfisher`, `ripsecrets`, `git_secrets`,
//!   `secretlint`, `github`, `trufflehog`

mod apply;
mod detect_secrets;
mod foreign;
mod git_secrets;
mod gitguardian;
mod github;
mod gitleaks_ignore;
mod gitleaks_report;
mod gitleaks_toml;
mod glob;
mod kingfisher;
mod paths;
mod patterns;
mod ripsecrets;
mod secretlint;
mod seen;
mod talisman;
mod trufflehog;
mod yaml;

pub use apply::{Applied, Sight, apply};
pub use foreign::{By, Entry, Foreign, ImportError, LARGEST, OwnRule, Untranslated};

/// Reads a file: its name and its bytes.
pub type Read = fn(&str, &[u8]) -> Result<Foreign, ImportError>;

/// The files that are looked for at the top of a repository, each with its reader.
pub const KNOWN: &[(&str, Read)] = &[
    (".gitleaks.toml", gitleaks_toml::read),
    ("gitleaks.toml", gitleaks_toml::read),
    (".betterleaks.toml", gitleaks_toml::read_betterleaks),
    ("betterleaks.toml", gitleaks_toml::read_betterleaks),
    (".gitleaksignore", gitleaks_ignore::read),
    (".betterleaksignore", gitleaks_ignore::read_betterleaks),
    (".secrets.baseline", detect_secrets::read),
    (".gitguardian.yaml", gitguardian::read),
    (".gitguardian.yml", gitguardian::read),
    (".talismanrc", talisman::read),
    ("kingfisher.yaml", kingfisher::read),
    ("kingfisher.yml", kingfisher::read),
    (".secretsignore", ripsecrets::read),
    (".gitallowed", git_secrets::read),
    (".secretlintignore", secretlint::read),
    (".github/secret_scanning.yml", github::read),
];

/// Reads a file of path expressions as TruffleHog's `--exclude-paths` names one.
///
/// # Errors
/// [`ImportError`].
pub fn read_trufflehog_paths(name: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    trufflehog::read(name, bytes)
}

/// Reads a report of gitleaks that serves as its baseline.
///
/// # Errors
/// [`ImportError`].
pub fn read_gitleaks_report(name: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    gitleaks_report::read(name, bytes)
}

/// Reads a `.gitleaksignore`.
///
/// # Errors
/// [`ImportError`].
pub fn read_gitleaks_ignore(name: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    gitleaks_ignore::read(name, bytes)
}

/// Tells the reader of a gitleaks configuration that another one extends.
#[must_use]
pub fn extended() -> Read {
    gitleaks_toml::read
}

/// Recognises a baseline or report by what it holds.
#[must_use]
pub fn by_content(bytes: &[u8]) -> Option<Read> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    let has = |word: &str| text.contains(word);
    if text.starts_with('[') && has("\"RuleID\"") {
        Some(gitleaks_report::read)
    } else if text.starts_with('{') && has("\"plugins_used\"") {
        Some(detect_secrets::read)
    } else if text.starts_with("ExactFindings:") || has("\nExactFindings:") || has("fingerprint_algorithm:") {
        Some(kingfisher::read)
    } else {
        None
    }
}

/// How much of a file is looked at to recognise it, in bytes.
pub const HEAD: usize = 8 * 1024;
