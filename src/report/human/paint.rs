//! Colours, where the reader's screen has them.

use std::fmt::Display;

use anstyle::{AnsiColor, Style as Ansi};

/// Puts colours on words, or leaves them as they are.
#[derive(Clone, Copy)]
pub(super) struct Paint {
    /// Whether colours may be used.
    pub(super) colour: bool,
}

impl Paint {
    pub(super) fn bad(self, text: impl Display) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    pub(super) fn warn(self, text: impl Display) -> String {
        self.with(AnsiColor::Yellow.on_default().bold(), text)
    }

    pub(super) fn good(self, text: impl Display) -> String {
        self.with(AnsiColor::Green.on_default().bold(), text)
    }

    pub(super) fn bold(self, text: impl Display) -> String {
        self.with(Ansi::new().bold(), text)
    }

    pub(super) fn faint(self, text: impl Display) -> String {
        self.with(Ansi::new().dimmed(), text)
    }

    fn with(self, style: Ansi, text: impl Display) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
