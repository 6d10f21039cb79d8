//! Words on the screen: painted where that shows, wrapped to its width.

use anstyle::{AnsiColor, Style};
use keywright::model::Severity;
use keywright::model::text::shown;

use crate::cli::ui::Ui;

/// How words are put on the screen.
#[derive(Clone, Copy)]
pub(super) struct Screen {
    colour: bool,
    /// The width, in columns.
    pub(super) width: usize,
}

impl Screen {
    /// Asks what standard output takes.
    pub(super) fn of(ui: &Ui) -> Self {
        Self { colour: ui.colour(), width: ui.width() }
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.into() }
    }

    /// A name that stands out.
    pub(super) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What is only by the way.
    pub(super) fn faint(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    /// What holds.
    pub(super) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// What does not.
    pub(super) fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// A severity in its colour; `text` is its word, perhaps with blanks behind it.
    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Critical | Severity::High => self.bad(text),
            Severity::Medium => self.with(AnsiColor::Yellow.on_default().bold(), text),
            Severity::Low => self.with(AnsiColor::Yellow.on_default(), text),
            Severity::Info => self.faint(text),
        }
    }

    /// A label and its text, wrapped; further lines stand under the first.
    pub(super) fn field(self, label: &str, text: &str) -> String {
        let lines = wrap(text, self.width.saturating_sub(LABEL + 2));
        let mut out = String::new();
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { format!("{label:<LABEL$}") } else { " ".repeat(LABEL) };
            out += &format!("  {}{line}\n", self.faint(&label));
        }
        out
    }
}

/// The width of labels, the blank behind them included.
const LABEL: usize = 14;

/// Wraps text at blanks, and in the middle of what is longer than a line. The text comes from rule
/// files: it is made harmless.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in shown(text.as_bytes()).split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + rest.len() > width && (rest.len() <= width || word.starts_with("https://"))
        {
            lines.push(String::new());
            used = 0;
        }
        let mut line = lines.pop().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        // A link that is cut cannot be followed.
        while used + rest.len() > width && !word.starts_with("https://") {
            let tail = rest.split_off(width - used);
            line.extend(rest);
            lines.push(std::mem::take(&mut line));
            (rest, used) = (tail, 0);
        }
        used += rest.len();
        line.extend(rest);
        lines.push(line);
    }
    lines
}

/// Returns a count with its noun: `1 rule`, `2 rules`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrap("one two three four five six", 20), ["one two three four", "five six"]);
        assert_eq!(wrap(&"x".repeat(45), 20).len(), 3);
        assert_eq!(wrap("a\x1b[31mb", 20), [r"a\x1b[31mb"]);
        assert_eq!(wrap("", 20), [""]);
        assert_eq!(wrap("see https://acme.io/a/long/page", 20), ["see", "https://acme.io/a/long/page"]);
    }
}
