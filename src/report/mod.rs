//! What a run found, told: values in, bytes out. It reads no file and no clock.
//!
//! The formats, one room each, that do not know each other:
//!
//! - `human`: for a person at a terminal or reading a log
//! - `json`: one object
//! - `jsonl`: one object a line
//! - `sarif`: SARIF 2.1.0, for code scanning services
//! - `gitleaks_json`: the JSON of gitleaks, for scripts that read it already
//! - `csv`: a table, for a spreadsheet
//! - `gitlab`: GitLab's secret detection report
//! - `junit`: JUnit's XML, for build servers
//! - `github`: annotations on the page of a run, and the summary of a job
//! - `html`: a page for a browser, to filter and to pass on
//! - `hints`: where to look, for a job that believes nothing else
//!
//! Below them, what they share:
//!
//! - `outcome`: what there is to tell, which of it is shown and which of it counts
//! - `tally`: the numbers at the end
//! - `shape`: findings and coverage as JSON objects
//! - `escape`: JSON in which no invisible character is left
//! - `told`: a finding's words for the flat reports, one harmless line each
//! - `sums`: the numbers as sentences
//! - `words`: plain words for people: numbers, refs, lines cut to fit
//! - `veil`: takes a secret out of a path or a name that repeats it

pub mod csv;
mod escape;
mod github;
mod gitlab;
mod gitleaks_json;
pub mod hints;
mod html;
mod human;
mod json;
mod jsonl;
mod junit;
mod outcome;
#[cfg(test)]
mod sample;
mod sarif;
mod shape;
mod sums;
mod tally;
mod told;
mod veil;
mod words;

use std::io::{self, Write};

pub use escape::write_pretty as write_json;
pub use github::code as markdown_code;
pub use github::comment::{Linked, comment as github_comment};
pub use github::summary::write as github_summary;
pub use html::escaped as html_text;
pub use human::{brief, place};
pub use outcome::{Outcome, Standing, Style, counts, standing};
pub use veil::veiled_name;

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a person.
    Human,
    /// One pretty object.
    Json,
    /// One object a line, the summary last.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// The JSON of gitleaks.
    GitleaksJson,
    /// A table, for a spreadsheet.
    Csv,
    /// GitLab's secret detection report.
    Gitlab,
    /// JUnit's XML, for build servers.
    Junit,
    /// GitHub's workflow commands; see also [`github_summary`].
    Github,
    /// A page for a browser.
    Html,
    /// Where to look, and nothing else.
    Hints,
}

impl Format {
    /// Every format, in the order in which help lists them.
    pub const ALL: [Self; 11] = [
        Self::Human,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::GitleaksJson,
        Self::Csv,
        Self::Gitlab,
        Self::Junit,
        Self::Github,
        Self::Html,
        Self::Hints,
    ];

    /// Returns the word used on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::GitleaksJson => "gitleaks-json",
            Self::Csv => "csv",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Html => "html",
            Self::Hints => "hints",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Returns every word.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}

/// Tells an outcome in a format.
///
/// # Errors
///
/// Returns the writer's error; a broken pipe is the caller's to judge.
pub fn write(format: Format, outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(outcome, style, out),
        Format::Json => json::write(outcome, style, out),
        Format::Jsonl => jsonl::write(outcome, style, out),
        Format::Sarif => sarif::write(outcome, style, out),
        Format::GitleaksJson => gitleaks_json::write(outcome, style, out),
        Format::Csv => csv::write(outcome, style, out),
        Format::Gitlab => gitlab::write(outcome, style, out),
        Format::Junit => junit::write(outcome, style, out),
        Format::Github => github::write(outcome, style, out),
        // Masked, whatever the style says.
        Format::Html => html::write(outcome, out),
        Format::Hints => hints::write(outcome, out),
    }
}

#[cfg(test)]
mod tests;
