//! Every word that leaves the program, and the progress bar: colours and bars vanish where nobody
//! looks at them.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use keywright::model::Event;
use keywright::model::text::{shown, tame};

use super::error::CliError;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Standard output, standard error and how they may be used.
pub(crate) struct Ui {
    color: Color,
    quiet: bool,
}

impl Ui {
    /// Takes what the command line says.
    pub(crate) fn new(color: Color, quiet: bool) -> Self {
        Self { color, quiet }
    }

    /// Returns a second one, for another thread.
    pub(crate) fn again(&self) -> Self {
        Self { color: self.color, quiet: self.quiet }
    }

    /// Ends the program at once, from any thread.
    pub(crate) fn leave(&self, exit: super::exit::Exit) -> ! {
        std::process::exit(exit.code().into())
    }

    /// Whether nothing but findings and errors is wanted.
    #[cfg(feature = "rekey")]
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output takes colours.
    pub(crate) fn colour(&self) -> bool {
        self.takes_colour(&io::stdout())
    }

    fn takes_colour(&self, stream: &impl IsTerminal) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                stream.is_terminal()
                    && !set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }

    /// Whether a person reads what is printed.
    pub(crate) fn is_for_a_person(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// The width of the screen, in columns.
    pub(crate) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        let measured =
            || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        columns.or_else(measured).filter(|w| *w >= 40).unwrap_or(100)
    }

    /// Writes to standard output. A reader that went away is a good end.
    pub(crate) fn print(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match write(&mut out).and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes to standard error, whatever a reader does with it: a hook's words stand apart from what git
    /// itself says on standard output. `write` hears whether colours are taken.
    pub(crate) fn beside(&self, write: impl FnOnce(&mut dyn Write, bool) -> io::Result<()>) {
        let colour = self.takes_colour(&io::stderr());
        let mut err = io::BufWriter::new(io::stderr().lock());
        let _ = write(&mut err, colour).and_then(|()| err.flush());
    }

    /// Writes lines to standard output. A reader that went away misses nothing that was not done.
    pub(crate) fn lines(&self, lines: &[String]) {
        let _ = self.print(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")));
    }

    /// Asks a person at a terminal; `None` where nobody is.
    #[cfg(feature = "rekey")]
    pub(crate) fn ask(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        let mut err = io::stderr().lock();
        let _ = write!(err, "{question}").and_then(|()| err.flush());
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Takes a secret: at a prompt that shows nothing, or from standard input.
    #[cfg(feature = "rekey")]
    pub(crate) fn hidden(&self, question: &str) -> Result<Vec<u8>, CliError> {
        use std::io::Read as _;
        let unread =
            |e: io::Error| CliError::usage(format!("can't read the key: {e}"), "paste it, or pipe it in");
        let mut bytes = Vec::new();
        if io::stdin().is_terminal() {
            let mut err = io::stderr().lock();
            let _ = write!(err, "{question}").and_then(|()| err.flush());
            bytes = console::Term::stderr().read_secure_line().map_err(unread)?.into_bytes();
        } else {
            io::stdin().take(64 << 10).read_to_end(&mut bytes).map_err(unread)?;
        }
        let kept = bytes.trim_ascii().to_vec();
        zeroize::Zeroize::zeroize(&mut bytes);
        Ok(kept)
    }

    /// Prints a secret in clear: only where a person asked for it, on a terminal.
    #[cfg(feature = "rekey")]
    pub(crate) fn secret(&self, secret: &keywright::model::Secret) {
        let _ = self.print(|out| writeln!(out, "{}", shown(secret.expose())));
    }

    /// Prints what is lost if it is not printed, whatever else was asked for.
    #[cfg(feature = "rekey")]
    pub(crate) fn last_resort(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Tells something by the way, unless asked to be quiet.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.say("note", anstyle::AnsiColor::Cyan, text);
        }
    }

    /// Warns.
    pub(crate) fn warn(&self, text: &str) {
        self.say("warning", anstyle::AnsiColor::Yellow, text);
    }

    /// Tells an error with its way out.
    pub(crate) fn error(&self, error: &CliError) {
        self.say("error", anstyle::AnsiColor::Red, &error.what);
        let mut err = io::stderr().lock();
        for (word, text) in [("why", &error.why), ("fix", &error.fix)] {
            if !text.is_empty() {
                let _ = writeln!(err, "  {word}: {}", calm(text));
            }
        }
    }

    /// Tells of a panic without what it said.
    pub(crate) fn bug(&self, place: &str) {
        self.say(
            "bug",
            anstyle::AnsiColor::Red,
            &format!("Keywright stopped at {place}; please report it with this line"),
        );
    }

    fn say(&self, word: &str, color: anstyle::AnsiColor, text: &str) {
        let style =
            if self.takes_colour(&io::stderr()) { color.on_default().bold() } else { anstyle::Style::new() };
        // Names from a repository and words from a command line stand in these texts.
        let _ = writeln!(io::stderr().lock(), "{style}{word}{style:#}: {}", calm(text));
    }

    /// Begins to show progress; nothing is shown where nobody looks.
    pub(crate) fn progress(&self) -> Progress {
        let hidden = self.quiet || !io::stderr().is_terminal();
        Progress { bar: Mutex::new(None), hidden }
    }
}

/// Returns text as one line that harms neither a terminal nor a build log, which reads this stream too.
fn calm(text: &str) -> String {
    tame(shown(text.as_bytes()))
}

/// A progress bar that follows a scan's events.
pub(crate) struct Progress {
    bar: Mutex<Option<ProgressBar>>,
    hidden: bool,
}

impl Progress {
    /// Follows one event.
    pub(crate) fn follow(&self, event: &Event) {
        if self.hidden {
            return;
        }
        let mut bar = self.bar.lock().expect("drawing does not panic");
        match event {
            Event::Stage(name, steps) => {
                if let Some(old) = bar.take() {
                    old.finish_and_clear();
                }
                *bar = Some(new_bar(name, *steps));
            }
            Event::Step(steps) => {
                if let Some(bar) = &*bar {
                    bar.inc(*steps);
                }
            }
            _ => {}
        }
    }

    /// Says what is being done, for as long as that takes.
    #[cfg(feature = "rekey")]
    pub(crate) fn begin(&self, words: &str) {
        if self.hidden {
            return;
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(calm(words));
        bar.enable_steady_tick(Duration::from_millis(120));
        *self.bar.lock().expect("drawing does not panic") = Some(bar);
    }

    /// Takes that away.
    #[cfg(feature = "rekey")]
    pub(crate) fn done(&self) {
        if let Some(bar) = self.bar.lock().expect("drawing does not panic").take() {
            bar.finish_and_clear();
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar.into_inner().expect("drawing does not panic") {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(name: &'static str, steps: u64) -> ProgressBar {
    let bar = if steps > 0 { ProgressBar::new(steps) } else { ProgressBar::new_spinner() };
    let template = if steps > 0 {
        "{msg:>24} [{bar:30}] {human_pos}/{human_len} {eta}"
    } else {
        "{msg:>24} {spinner} {human_pos}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(name);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
