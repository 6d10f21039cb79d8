//! One workflow command: `::error file=a.env,line=3::message`.
//!
//! The runner reads a line that begins with `::` as a command, and `##[name]` anywhere in any other
//! line. Between the two pairs of colons stand properties, behind them the message; both are
//! unescaped before use, so that a line break travels as `%0A`.

use std::io::{self, Write};

use super::super::outcome::Style;
use super::super::told::told_text;
use crate::model::Finding;
use crate::model::text::{shown, tame};

// The longest name and the longest list, in characters: GitHub cuts a message at 4,096.
const LONGEST: usize = 300;
const LONGEST_LIST: usize = 1500;

/// An annotation to come.
pub(super) struct Annotation {
    /// `error`, `warning` or `notice`.
    pub(super) level: &'static str,
    /// Where it stands, if in a file of the repository.
    pub(super) place: Vec<(&'static str, String)>,
    /// What is read first.
    pub(super) title: String,
    /// What is read next, over several lines if it has line breaks.
    pub(super) message: String,
}

impl Annotation {
    /// Returns one that stands nowhere in particular.
    pub(super) fn new(level: &'static str, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, place: Vec::new(), title: title.into(), message: message.into() }
    }

    /// Writes the command on a line of its own.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "::{} ", self.level)?;
        for (name, value) in &self.place {
            write!(out, "{name}={},", property(value))?;
        }
        writeln!(out, "title={}::{}", property(&self.title), data(&self.message))
    }
}

/// Returns text as the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns text as the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns bytes that may repeat a finding's secret as one harmless line.
pub(super) fn told(bytes: &[u8], finding: &Finding, style: &Style) -> String {
    cut(tame(told_text(bytes, finding, style)), LONGEST)
}

/// Returns words that no finding has a part in as one harmless line.
pub(super) fn plain(text: &str) -> String {
    cut(tame(shown(text.as_bytes())), LONGEST_LIST)
}

fn cut(text: String, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
