//! A file of hints (docs/hints.schema.json), read as a stranger's: its size, its number of entries and each of its
//! fields are bounded, one wrong field refuses all of it, and none of its text is repeated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::{Finding, Fingerprint};
use crate::report::hints::{FORMAT, LARGEST, LONGEST_RULE, MOST, VERSION};

/// What a file of hints holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    hints: Vec<Hint>,
    /// How many things the job could not read, by its own word.
    pub gaps: u64,
    /// For how many leaks it gave no hint.
    pub left_out: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hint {
    object: String,
    span: [u64; 4],
    rule: String,
    fingerprint: String,
    commit: Option<String>,
}

/// What is looked at before anything else of the file is.
#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    #[serde(rename = "format")]
    _format: IgnoredAny,
    #[serde(rename = "version")]
    _version: IgnoredAny,
    #[serde(rename = "keywright")]
    _keywright: String,
    coverage: Covered,
    left_out: u64,
    hints: Vec<Hint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Covered {
    #[serde(rename = "files")]
    _files: u64,
    #[serde(rename = "index_entries")]
    _index_entries: u64,
    #[serde(rename = "objects_expected")]
    _objects_expected: u64,
    #[serde(rename = "objects_read")]
    _objects_read: u64,
    #[serde(rename = "commits")]
    _commits: u64,
    #[serde(rename = "bytes")]
    _bytes: u64,
    gaps: u64,
}

/// Reads a file of hints.
///
/// # Errors
/// Why it is refused, in words of our own.
pub fn read_file(path: &Path) -> Result<Hints, String> {
    let meta = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !meta.is_file() {
        return Err("it is no file".into());
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|e| e.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    read(&bytes)
}

/// Reads hints.
///
/// # Errors
/// Why they are refused, in words of our own.
pub fn read(bytes: &[u8]) -> Result<Hints, String> {
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    // What is parsed would take a list for an object.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("it is no file of hints".into());
    }
    let head: Head = parsed(bytes)?;
    if head.format.as_deref() != Some(FORMAT) {
        return Err("it is no file of hints".into());
    }
    if head.version != Some(VERSION) {
        return Err(format!("it is of another version than {VERSION}"));
    }
    let whole: Whole = parsed(bytes)?;
    if whole.hints.len() > MOST {
        return Err(format!("it has more than {MOST} hints"));
    }
    if let Some(at) = whole.hints.iter().position(|hint| !is_one(hint)) {
        return Err(format!("its hint number {} is none", at + 1));
    }
    Ok(Hints { hints: whole.hints, gaps: whole.coverage.gaps, left_out: whole.left_out })
}

fn parsed<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => format!("line {}: it is not of the shape of hints", e.line()),
        _ => format!("line {}: the JSON breaks off or is nested too deep", e.line()),
    })
}

fn is_one(hint: &Hint) -> bool {
    let is_id =
        |id: &str| matches!(id.len(), 40 | 64) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let [line, column, end_line, end_column] = hint.span;
    is_id(&hint.object)
        && hint.commit.as_deref().is_none_or(is_id)
        && (1..=LONGEST_RULE).contains(&hint.rule.len())
        && Fingerprint::parse(&hint.fingerprint).is_some()
        && line > 0
        && column > 0
        && (end_line, end_column) >= (line, column)
}

impl Hints {
    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hints.len()
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hints.is_empty()
    }

    /// Returns the ids of the objects to look at, each once.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        let objects: BTreeSet<&str> = self.hints.iter().map(|hint| hint.object.as_str()).collect();
        objects.into_iter().map(ToOwned::to_owned).collect()
    }

    /// Counts the hints of which nothing was found: no such secret, of no such rule, at no such place.
    #[must_use]
    pub fn unfounded(&self, findings: &[Finding]) -> usize {
        let found: BTreeSet<_> = findings
            .iter()
            .map(|finding| {
                let at = &finding.location;
                let span = [at.line, at.column, at.end_line, at.end_column];
                (at.object.as_deref(), span, finding.hit.rule.id.as_str(), finding.fingerprint.as_str())
            })
            .collect();
        let is_found = |hint: &&Hint| {
            found.contains(&(
                Some(hint.object.as_str()),
                hint.span,
                hint.rule.as_str(),
                hint.fingerprint.as_str(),
            ))
        };
        self.hints.iter().filter(|hint| !is_found(hint)).count()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn file() -> Value {
        json!({
            "format": "keywright-hints", "version": 1, "keywright": "0.1.0",
            "coverage": { "files": 0, "index_entries": 0, "objects_expected": 1, "objects_read": 1, "commits": 1,
                          "bytes": 7, "gaps": 2 },
            "left_out": 3,
            "hints": [{ "object": "a".repeat(40), "span": [1, 1, 1, 40], "rule": "r",
                        "fingerprint": "0".repeat(64), "commit": "b".repeat(40) }],
        })
    }

    fn told(value: &Value) -> Result<Hints, String> {
        read(value.to_string().as_bytes())
    }

    #[test]
    fn a_file_of_this_version_is_read() {
        let hints = told(&file()).unwrap();
        assert_eq!((hints.objects(), hints.gaps, hints.left_out), (vec!["a".repeat(40)], 2, 3));
        let mut weak = file();
        weak["hints"][0]["fingerprint"] = format!("weak-ab-{}", "0".repeat(32)).into();
        weak["hints"][0].as_object_mut().unwrap().remove("commit");
        assert_eq!(told(&weak).unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_wholly_right_is_refused_and_not_repeated() {
        const EVIL: &str = "::set-env name=x::evil";
        type Bend = fn(&mut Value);
        let shape = "it is not of the shape of hints";
        let cases: [(Bend, &str); 22] = [
            (|f| f["version"] = 2.into(), "it is of another version than 1"),
            (|f| f["version"] = 0.into(), "it is of another version than 1"),
            (|f| f["version"] = "1".into(), shape),
            (|f| f["format"] = EVIL.into(), "it is no file of hints"),
            (|f| drop(f.as_object_mut().unwrap().remove("format")), "it is no file of hints"),
            (|f| f[EVIL] = 1.into(), shape),
            (|f| f["hints"][0]["path"] = EVIL.into(), shape),
            (|f| f["coverage"]["x"] = 1.into(), shape),
            (|f| f["coverage"]["bytes"] = (-1).into(), shape),
            (|f| f["left_out"] = 1.5.into(), shape),
            (|f| f["hints"] = json!({}), shape),
            (|f| f["hints"][0]["span"] = json!([1, 1, 1]), shape),
            (|f| f["hints"][0]["span"] = json!([1, 1, 1, 1, 1]), "line 1: "),
            (|f| f["hints"][0]["span"] = json!([0, 1, 1, 1]), "its hint number 1 is none"),
            (|f| f["hints"][0]["span"] = json!([2, 1, 1, 9]), "its hint number 1 is none"),
            (|f| f["hints"][0]["object"] = "a".repeat(39).into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["object"] = "HEAD:keywright.toml".into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["commit"] = "../x".into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["rule"] = EVIL.repeat(10).into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["rule"] = "".into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["fingerprint"] = EVIL.into(), "its hint number 1 is none"),
            (|f| f["hints"][0]["fingerprint"] = "0".repeat(63).into(), "its hint number 1 is none"),
        ];
        for (bend, why) in cases {
            let mut bent = file();
            bend(&mut bent);
            let refused = told(&bent).expect_err(&bent.to_string());
            assert!(refused.contains(why) && !refused.contains("evil"), "{why}: {refused}");
        }
    }

    #[test]
    fn a_file_that_is_too_much_is_refused_quickly() {
        let mut many = file();
        let hint = many["hints"][0].clone();
        many["hints"] = vec![hint; MOST + 1].into();
        assert_eq!(told(&many).unwrap_err(), "it has more than 10000 hints");
        // Ten million entries, and a depth of a million.
        let begun = file().to_string().replace("\"hints\":[{", "\"hints\":[");
        let ten_million = format!("{begun}{}", "{},".repeat(10_000_000));
        assert_eq!(read(ten_million.as_bytes()).unwrap_err(), "it is larger than 8 MiB");
        assert_eq!(read("[".repeat(1 << 20).as_bytes()).unwrap_err(), "it is no file of hints");
        for deep in ["{\"hints\":".repeat(1 << 19), "{\"x\":[[[[".repeat(1 << 18)] {
            assert!(read(deep.as_bytes()).unwrap_err().contains("the JSON breaks off"));
        }
        let deep =
            file().to_string().replacen("\"r\"", &format!("{}{}", "[".repeat(9999), "]".repeat(9999)), 1);
        assert!(read(deep.as_bytes()).is_err());
        for text in ["", "null", "[]", "7", "{}", "\u{feff}{}", "{\"format\":\"keywright-hints\""] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
