//! Settings files: an operator's and a scanned repository's.
//!
//! Both are rule files with two tables more. A scanned repository's file may add rules and name
//! paths to let be; it can never weaken the scan (design.md §3).

use serde::Deserialize;

use crate::model::Confidence;
use crate::rule::{self, RuleError, RuleFile, Trust};

/// The name of a repository's file.
pub const FILE_NAME: &str = "keywright.toml";

/// A settings file, read.
#[derive(Debug)]
pub struct Config {
    /// The file's name, for messages.
    pub name: String,
    /// Its rules and allowlists.
    pub rules: RuleFile,
    /// Path patterns to let be.
    pub ignored_paths: Vec<String>,
    /// The least confidence that counts.
    pub min_confidence: Option<Confidence>,
    /// Whose marks on a line are heeded, by name.
    pub marks: Option<Vec<String>>,
    /// Whose marks are not, whoever else says so.
    pub marks_off: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Raw {
    #[serde(default)]
    ignore: RawIgnore,
    scan: Option<RawScan>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawIgnore {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    marks_off: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawScan {
    min_confidence: Option<String>,
    marks: Option<Vec<String>>,
}

/// Reads a settings file.
///
/// # Errors
/// [`RuleError`]: the text is broken, or a repository's file says what only an operator's may.
///
/// ```
/// use keywright::{config, rule::Trust};
/// let file = config::read("keywright.toml", "[ignore]\npaths = ['docs/**']\n", Trust::Repository).unwrap();
/// assert_eq!(file.ignored_paths, ["docs/**"]);
/// ```
pub fn read(name: &str, text: &str, trust: Trust) -> Result<Config, RuleError> {
    let rules = rule::read(name, text)?;
    let raw: Raw = toml::from_str(text).map_err(|e| RuleError::Syntax {
        file: name.into(),
        line: e.span().map_or(1, |s| 1 + text.as_bytes()[..s.start].iter().filter(|b| **b == b'\n').count()),
        why: e.message().trim().replace('\n', "; "),
    })?;
    if raw.scan.is_some() && trust == Trust::Repository {
        return Err(RuleError::Refused {
            file: name.into(),
            why: "sets [scan]".into(),
            mend: "a scanned repository may add rules, [ignore] paths and [ignore] marks_off only; put it into your own file and name that with --config".into(),
        });
    }
    let scan = raw.scan.unwrap_or_default();
    let min_confidence = scan.min_confidence.map(|word| {
        Confidence::from_word(&word).ok_or_else(|| RuleError::Refused {
            file: name.into(),
            why: format!("min_confidence `{word}` is not known"),
            mend: "it is one of: low, medium, high".into(),
        })
    });
    Ok(Config {
        name: name.into(),
        rules,
        ignored_paths: raw.ignore.paths,
        min_confidence: min_confidence.transpose()?,
        marks: scan.marks,
        marks_off: raw.ignore.marks_off,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_may_not_set_what_counts() {
        let text = "[scan]\nmin_confidence = \"high\"\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        assert_eq!(read("mine.toml", text, Trust::Operator).unwrap().min_confidence, Some(Confidence::High));
    }

    #[test]
    fn a_repository_may_take_marks_away_and_add_none() {
        assert!(read("keywright.toml", "[scan]\nmarks = ['semgrep']\n", Trust::Repository).is_err());
        let off = read("keywright.toml", "[ignore]\nmarks_off = ['semgrep']\n", Trust::Repository).unwrap();
        assert_eq!((off.marks, off.marks_off), (None, vec!["semgrep".to_owned()]));
        let own = read("mine.toml", "[scan]\nmarks = []\n", Trust::Operator).unwrap();
        assert_eq!(own.marks, Some(Vec::new()));
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_line() {
        let error = read("k.toml", "[ignore]\npath = ['a']\n", Trust::Repository).unwrap_err().to_string();
        assert!(error.starts_with("k.toml: line 2: unknown field `path`"), "{error}");
    }
}
