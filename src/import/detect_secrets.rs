//! `.secrets.baseline` of detect-secrets: SHA-1 of each secret, labels, and the filters in use.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::foreign::{By, Digest, Entry, Foreign, ImportError, Looks, Target, json_error, utf8};

#[derive(Deserialize)]
struct Raw {
    version: Option<String>,
    #[serde(default)]
    plugins_used: Vec<Value>,
    #[serde(default)]
    filters_used: Vec<Value>,
    #[serde(default)]
    results: BTreeMap<String, Vec<RawSecret>>,
    /// As versions before 1.0 and IBM's fork write it.
    exclude: Option<RawExclude>,
    word_list: Option<RawWords>,
}

#[derive(Deserialize)]
struct RawSecret {
    #[serde(rename = "type", default)]
    kind: String,
    hashed_secret: String,
    line_number: Option<u64>,
    is_secret: Option<bool>,
    is_verified: Option<bool>,
}

#[derive(Deserialize)]
struct RawExclude {
    files: Option<String>,
    lines: Option<String>,
}

#[derive(Deserialize)]
struct RawWords {
    file: Option<String>,
}

/// Reads a baseline.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let raw: Raw = serde_json::from_str(utf8(file, bytes)?).map_err(|e| json_error(file, &e))?;
    let major = raw.version.as_deref().and_then(|v| v.split('.').next()).and_then(|v| v.parse::<u32>().ok());
    if major.is_none_or(|major| major > 1) {
        let why = "it is of no version of detect-secrets that is known here (0 or 1)";
        return Err(ImportError::new(file, 1, why, "nothing of it is used; use a newer keywright"));
    }
    let mut foreign = Foreign::new("detect-secrets", file);
    foreign.sees_history = false;
    for (path, secrets) in raw.results {
        for secret in secrets {
            let line = secret.line_number;
            let says = line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"));
            let Some(digest) = Digest::parse(&secret.hashed_secret) else {
                foreign.skip(0, says, "its hash is none");
                continue;
            };
            foreign.push(Entry {
                line: 0,
                says,
                rule: Some(secret.kind),
                is_real: secret.is_secret == Some(true) || secret.is_verified == Some(true),
                by: By::Hash { digest, path: Some(path.clone().into_bytes()), line, commit: None },
            });
        }
    }
    for filter in &raw.filters_used {
        one_filter(&mut foreign, filter);
    }
    if let Some(exclude) = raw.exclude {
        exclude.files.iter().filter(|e| !e.is_empty()).for_each(|e| foreign.add_path_regex(0, e));
        exclude
            .lines
            .iter()
            .filter(|e| !e.is_empty())
            .for_each(|e| text_filter(&mut foreign, e, Target::Line));
    }
    if raw.word_list.is_some_and(|words| words.file.is_some()) {
        words(&mut foreign);
    }
    for plugin in &raw.plugins_used {
        if plugin["path"].is_string() {
            let why = "it is a program; write what it looks for as a rule in keywright.toml";
            foreign.skip(0, format!("plugin {}", name(&plugin["name"])), why);
        }
    }
    Ok(foreign)
}

fn one_filter(foreign: &mut Foreign, filter: &Value) {
    let path = filter["path"].as_str().unwrap_or_default();
    let patterns: Vec<&str> = match &filter["pattern"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let Some(kind) = path.strip_prefix("detect_secrets.filters.") else {
        let why = "it is a program; what it hid and is found here will be told";
        return foreign.skip(0, format!("filter {}", name(&filter["path"])), why);
    };
    match kind {
        "regex.should_exclude_file" => patterns.iter().for_each(|e| foreign.add_path_regex(0, e)),
        "regex.should_exclude_line" => patterns.iter().for_each(|e| text_filter(foreign, e, Target::Line)),
        "regex.should_exclude_secret" => {
            patterns.iter().for_each(|e| text_filter(foreign, e, Target::Secret));
        }
        _ if kind.starts_with("wordlist.") => words(foreign),
        // The tool's own guesses about what is no secret; Keywright makes its own.
        _ => {}
    }
}

fn text_filter(foreign: &mut Foreign, expression: &str, target: Target) {
    let what = if target == Target::Line { "lines by an expression" } else { "secrets by an expression" };
    if let Some(regex) = foreign.regex(0, what, expression) {
        foreign.add(0, what, By::Looks(Box::new(Looks { regexes: vec![regex], target, ..Looks::default() })));
    }
}

fn words(foreign: &mut Foreign) {
    let why = "secrets that hold one of its words were hidden; what is found here will be told";
    foreign.skip(0, "a word list", why);
}

/// A name without anything that could be more than a name.
fn name(value: &Value) -> String {
    let text = value.as_str().unwrap_or("without a name");
    text.chars().take(80).filter(char::is_ascii_graphic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_read_with_its_labels_and_filters() {
        let text = r#"{"version":"1.5.0","plugins_used":[{"name":"Mine","path":"file://x.py"},{"name":"AWSKeyDetector"}],
"filters_used":[{"path":"detect_secrets.filters.heuristic.is_lock_file"},
{"path":"detect_secrets.filters.regex.should_exclude_file","pattern":["^docs/","(?<=a)b"]},
{"path":"detect_secrets.filters.regex.should_exclude_line","pattern":["noqa"]},
{"path":"detect_secrets.filters.wordlist.should_exclude_secret","file_name":"w.txt"},
{"path":"file://own.py::f"}],
"results":{"a.env":[{"type":"T","filename":"a.env","hashed_secret":"HASH","is_verified":false,"line_number":3,"is_secret":true}]},
"generated_at":"x"}"#
            .replace("HASH", &"0a".repeat(20));
        let foreign = read(".secrets.baseline", text.as_bytes()).unwrap();
        assert_eq!(foreign.entries.len(), 3);
        assert!(foreign.entries[0].is_real);
        let what: Vec<&str> = foreign.untranslated.iter().map(|u| u.what.as_str()).collect();
        assert_eq!(what, ["a path", "a word list", "filter file://own.py::f", "plugin Mine"]);
    }

    #[test]
    fn the_older_shape_is_read() {
        let text = r#"{"exclude":{"files":"^x/|package-lock.json","lines":null},"results":{},"version":"0.13.1+ibm.50.dss","word_list":{"file":null,"hash":null}}"#;
        assert_eq!(read("f", text.as_bytes()).unwrap().entries.len(), 1);
    }

    #[test]
    fn another_version_is_refused() {
        for version in [r#""version":"2.0.0","#, ""] {
            let error =
                read("f", format!("{{{version}\"results\":{{}}}}").as_bytes()).map(|_| ()).unwrap_err();
            assert!(error.why.contains("of no version"), "{error}");
        }
    }
}
