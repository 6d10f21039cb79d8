//! What an operator's file says of scans: the table `[scan]`, in the words of the flags.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::model::Confidence;
use crate::report::Format;

/// When leaks make a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Any leak.
    Any,
    /// One that was not known before.
    New,
    /// One that its provider says is alive.
    Verified,
    /// None.
    Never,
}

impl FailOn {
    const WORDS: [(&'static str, Self); 4] =
        [("any", Self::Any), ("new", Self::New), ("verified", Self::Verified), ("never", Self::Never)];

    /// Returns the word used on the command line and in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, f)| *f == self).map_or("", |(w, _)| w)
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(w, _)| *w == word).map(|(_, f)| *f)
    }

    /// Lists the words.
    #[must_use]
    pub fn words() -> String {
        Self::WORDS.map(|(w, _)| w).join(", ")
    }
}

/// What a file says of scans; `None` and empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanSettings {
    /// The least confidence that counts.
    pub min_confidence: Option<Confidence>,
    /// When leaks make a run fail.
    pub fail_on: Option<FailOn>,
    /// How it is told.
    pub format: Option<Format>,
    /// Whether gaps leave the exit code alone.
    pub allow_incomplete: Option<bool>,
    /// Whether what no ref reaches counts.
    pub all_objects: Option<bool>,
    /// Whether what is known of a history is used.
    pub cache: Option<bool>,
    /// Whose marks on a line are heeded, by name.
    pub marks: Option<Vec<String>>,
    /// More files of rules, as written: relative to the file that names them.
    pub rules: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScan {
    min_confidence: Option<Spanned<String>>,
    fail_on: Option<Spanned<String>>,
    format: Option<Spanned<String>>,
    allow_incomplete: Option<bool>,
    all_objects: Option<bool>,
    cache: Option<bool>,
    marks: Option<Vec<String>>,
    #[serde(default)]
    rules: Vec<PathBuf>,
}

impl RawScan {
    /// Reads the words; an error is an offset in the file, what is wrong and what to write.
    pub(super) fn settings(self) -> Result<ScanSettings, (usize, String, String)> {
        let formats = Format::words().collect::<Vec<_>>().join(", ");
        Ok(ScanSettings {
            min_confidence: word(
                "min_confidence",
                self.min_confidence,
                Confidence::from_word,
                "low, medium, high",
            )?,
            fail_on: word("fail_on", self.fail_on, FailOn::from_word, &FailOn::words())?,
            format: word("format", self.format, Format::from_word, &formats)?,
            allow_incomplete: self.allow_incomplete,
            all_objects: self.all_objects,
            cache: self.cache,
            marks: self.marks,
            rules: self.rules,
        })
    }
}

fn word<T>(
    field: &str,
    word: Option<Spanned<String>>,
    from: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Option<T>, (usize, String, String)> {
    word.map(|word| {
        let unknown = || format!("says {field} = `{}`, which is not known", word.get_ref());
        from(word.get_ref()).ok_or_else(|| (word.span().start, unknown(), format!("it is one of: {known}")))
    })
    .transpose()
}
