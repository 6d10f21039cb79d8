//! Which findings a word on the command line means: a fingerprint, the beginning of one, or PATH:LINE.

use std::path::PathBuf;

use keywright::model::Finding;
use keywright::model::text::shown;

use super::error::CliError;

/// The shortest beginning of a fingerprint that names a finding.
const SHORTEST: usize = 8;

/// Returns the file that a word of the shape PATH:LINE names, to look there only.
pub(crate) fn paths(word: &str) -> Vec<PathBuf> {
    place(word).map(|(path, _)| PathBuf::from(path)).into_iter().collect()
}

fn place(word: &str) -> Option<(&str, u64)> {
    let (path, line) = word.rsplit_once(':')?;
    Some((path, line.parse().ok()?))
}

/// Returns the findings that are meant, one a secret.
pub(crate) fn meant<'f>(word: &str, findings: &'f [Finding]) -> Result<Vec<&'f Finding>, CliError> {
    let place = place(word);
    let prefix = word.to_ascii_lowercase();
    let is_meant = |finding: &&Finding| match place {
        Some((_, line)) => (finding.location.line..=finding.location.end_line).contains(&line),
        None => prefix.len() >= SHORTEST && finding.fingerprint.as_str().starts_with(&prefix),
    };
    let mut meant: Vec<&Finding> = findings.iter().filter(is_meant).collect();
    meant.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    meant.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    let word = shown(word.as_bytes());
    if meant.is_empty() {
        let fix = format!(
            "write {SHORTEST} or more characters of a fingerprint, or PATH:LINE; `keywright scan` shows both"
        );
        return Err(CliError::usage(format!("`{word}` names no finding"), fix));
    }
    if place.is_none() && meant.len() > 1 {
        return Err(CliError::usage(format!("{word} begins several fingerprints"), "write more of it"));
    }
    Ok(meant)
}
