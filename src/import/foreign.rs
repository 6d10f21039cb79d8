//! What a foreign file says, in one shape for all tools.

use regex_automata::meta::Regex;
use sha2::{Digest as _, Sha256};

use super::paths::Paths;

/// The largest foreign file that is read, in bytes.
pub const LARGEST: u64 = 128 << 20;
/// The most entries of one file that are taken.
pub(super) const MOST_ENTRIES: usize = 1_000_000;
/// The most expressions of one file that are taken: each is tried on every finding.
const MOST_REGEXES: usize = 2_000;

/// Why a foreign file cannot be used. Nothing of the file is quoted: it could hold a secret.
#[derive(Debug, thiserror::Error)]
#[error("{file}: line {line}: {why}")]
pub struct ImportError {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub mend: &'static str,
}

impl ImportError {
    /// Returns an error about a line.
    pub(super) fn new(file: &str, line: usize, why: impl Into<String>, mend: &'static str) -> Self {
        Self { file: file.into(), line: line.max(1), why: why.into(), mend }
    }
}

/// What another scanner's file says.
pub struct Foreign {
    /// The tool, as its users call it.
    pub tool: &'static str,
    /// The file's name.
    pub file: String,
    /// What it lets be.
    pub entries: Vec<Entry>,
    /// Its own rules, as TOML for `keywright.toml`.
    pub rules: Vec<OwnRule>,
    /// What has no counterpart here.
    pub untranslated: Vec<Untranslated>,
    /// How many secrets or values stand in it in clear.
    pub in_clear: usize,
    /// A configuration it extends, with the line that says so.
    pub extends: Option<(usize, String)>,
    /// Whether the tool looks at history: then a secret in history alone was told by it, too.
    pub sees_history: bool,
    /// Whether its paths may begin with the repository's own name.
    pub(super) begins_above: bool,
    regexes: usize,
}

/// One thing a foreign file lets be.
pub struct Entry {
    /// Its line in the file, counted from one; 0: not known.
    pub line: usize,
    /// What it is about, without any text that could be a secret.
    pub says: String,
    /// The tool's own rule that it names.
    pub rule: Option<String>,
    /// Whether somebody or the tool said that the secret is a real one.
    pub is_real: bool,
    /// What it lets be.
    pub by: By,
}

/// How an entry says what to let be.
pub enum By {
    /// A secret by its hash, perhaps in one file only.
    Hash {
        /// The hash.
        digest: Digest,
        /// The file.
        path: Option<Vec<u8>>,
        /// The line when the entry was written.
        line: Option<u64>,
        /// The commit it was found in, if that is known.
        commit: Option<String>,
    },
    /// Whatever stands at a place.
    Place {
        /// The commit, in hex, perhaps only its beginning.
        commit: Option<String>,
        /// The file.
        path: Vec<u8>,
        /// The line.
        line: u64,
    },
    /// A file as long as its checksum is this one.
    File {
        /// The file.
        path: Vec<u8>,
        /// Talisman's checksum, in hex.
        checksum: String,
    },
    /// Files by a pattern.
    Paths(Paths),
    /// Findings by what they look like.
    Looks(Box<Looks>),
}

/// A hash of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl Digest {
    /// Reads a hash in hex.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).ok()?;
        match bytes.len() {
            20 => bytes.try_into().ok().map(Self::Sha1),
            32 => bytes.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    /// Hashes a value that a file holds in clear, so that it is not kept.
    pub(super) fn of(value: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(value).into())
    }
}

/// What a finding must look like to be let be: gitleaks' allowlist, and its likes elsewhere.
#[derive(Default)]
pub struct Looks {
    /// Whether every given criterion must hold, or any of them.
    pub(super) all: bool,
    /// The rules it is for, by the tool's ids; empty: any.
    pub(super) rules: Vec<String>,
    pub(super) paths: Vec<Regex>,
    pub(super) regexes: Vec<Regex>,
    pub(super) target: Target,
    /// Lower-case words of which the secret holds one.
    pub(super) stopwords: Vec<String>,
    pub(super) commits: Vec<String>,
}

/// What an expression is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// The secret.
    #[default]
    Secret,
    /// The line; the match may stand anywhere on it.
    Line,
    /// The line; the match must cover the secret.
    Cover,
    /// The line with `path:number:` before it, as `git grep` shows it.
    Shown,
}

/// A rule of the foreign file's own.
pub struct OwnRule {
    /// Its line in the file.
    pub line: usize,
    /// Its id.
    pub id: String,
    /// The rule as a `[[rules]]` block.
    pub toml: String,
}

/// Something that has no counterpart here.
#[derive(Debug, PartialEq, Eq)]
pub struct Untranslated {
    /// Its line in the file, counted from one; 0: not known.
    pub line: usize,
    /// What it is, without any text that could be a secret.
    pub what: String,
    /// Why it is not carried over, and what to do instead.
    pub why: String,
}

impl Foreign {
    /// Returns what an empty file says.
    pub(super) fn new(tool: &'static str, file: &str) -> Self {
        Self {
            tool,
            file: file.into(),
            entries: Vec::new(),
            rules: Vec::new(),
            untranslated: Vec::new(),
            in_clear: 0,
            extends: None,
            sees_history: true,
            begins_above: false,
            regexes: 0,
        }
    }

    /// Adds an entry; what is beyond the bound is told once.
    pub(super) fn add(&mut self, line: usize, says: impl Into<String>, by: By) {
        self.push(Entry { line, says: says.into(), rule: None, is_real: false, by });
    }

    /// Adds an entry that was put together elsewhere.
    pub(super) fn push(&mut self, entry: Entry) {
        match self.entries.len() {
            MOST_ENTRIES => {
                self.skip(entry.line, "every entry from here on", "there are more than a million");
            }
            n if n > MOST_ENTRIES => return,
            _ => {}
        }
        self.entries.push(entry);
    }

    /// Notes what has no counterpart.
    pub(super) fn skip(&mut self, line: usize, what: impl Into<String>, why: impl Into<String>) {
        self.untranslated.push(Untranslated { line, what: what.into(), why: why.into() });
    }

    /// Builds an expression; one that cannot be held is noted and left out.
    pub(super) fn regex(&mut self, line: usize, what: &str, expression: &str) -> Option<Regex> {
        self.regexes += 1;
        if self.regexes > MOST_REGEXES {
            if self.regexes == MOST_REGEXES + 1 {
                self.skip(line, "every expression from here on", "there are more than 2,000");
            }
            return None;
        }
        match compile(expression) {
            Ok(regex) => Some(regex),
            Err(why) => {
                self.skip(line, what, format!("its expression can't be used here: {why}"));
                None
            }
        }
    }
}

/// Builds an expression as this program's rules do: bytes, bounded, no look-around. The reason never
/// quotes the expression.
pub(super) fn compile(expression: &str) -> Result<Regex, String> {
    let build = |unicode: bool| {
        Regex::builder()
            .syntax(regex_automata::util::syntax::Config::new().unicode(unicode).utf8(false))
            .configure(
                Regex::config()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(4 << 20))
                    .hybrid_cache_capacity(1 << 20),
            )
            .build(expression)
    };
    build(false).or_else(|_| build(true)).map_err(|e| {
        let text = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
        unquoted(text.lines().last().unwrap_or_default().trim_start_matches("error: "))
    })
}

/// Cuts a parser's message before it quotes what it read.
pub(super) fn unquoted(message: &str) -> String {
    let cut = message.split(['"', '`', '\'', '\u{2018}', '\u{201c}']).next().unwrap_or_default();
    let words = cut.lines().next().unwrap_or_default().trim().trim_end_matches([',', ':']);
    if words.is_empty() { "it is broken here".into() } else { words.chars().take(120).collect() }
}

/// Returns the text of a file.
pub(super) fn utf8<'b>(file: &str, bytes: &'b [u8]) -> Result<&'b str, ImportError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        ImportError::new(file, line, "it is no UTF-8 text", "save it as UTF-8, or take it away")
    })
}

/// Turns serde_json's error into ours.
pub(super) fn json_error(file: &str, error: &serde_json::Error) -> ImportError {
    let (why, mend) = match error.classify() {
        serde_json::error::Category::Data => {
            ("a value is not what the tool writes here", "write the file anew with the tool that made it")
        }
        _ => ("the JSON breaks off here", "it was cut short or a merge left its marks: write it anew"),
    };
    ImportError::new(file, error.line(), why, mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_does_not_repeat_what_the_parser_read() {
        assert_eq!(unquoted("invalid type: string \"hunter2\", expected a map"), "invalid type: string");
        assert_eq!(unquoted("unknown field `hunter2`, expected one of"), "unknown field");
        assert_eq!(unquoted("`hunter2`"), "it is broken here");
    }

    #[test]
    fn what_no_linear_engine_can_hold_is_said() {
        assert!(compile("a(?=b)").unwrap_err().contains("look-around"), "{}", compile("a(?=b)").unwrap_err());
        assert!(compile("(a").unwrap_err().contains("unclosed"));
        assert!(compile("(?:a{1000}){1000}").is_err());
    }

    #[test]
    fn expressions_are_bounded_in_number() {
        let mut foreign = Foreign::new("t", "f");
        for _ in 0..MOST_REGEXES + 10 {
            foreign.regex(1, "x", "a");
        }
        assert_eq!(foreign.untranslated.len(), 1);
    }
}
