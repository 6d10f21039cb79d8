//! `keywright drill`: a leak and its answer, rehearsed on this machine.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use clap::Args;
use keywright::config::RespondSettings;
use keywright::drill::{DrillError, Mark, Outcome, Told, Wishes, rehearse};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::settings;
use crate::cli::ui::Ui;

/// Rehearse a leak: blocked, pushed anyway, found, replaced, proven dead, reviewed; all on this machine
///
/// A key that is made up leaks into a repository that strangers read; this very program answers it, against
/// doubles of AtlasVPN, of Render and of a git host on 127.0.0.1. Nothing leaves the machine, and nothing
/// of yours is read but the file that --config names.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright drill                          the whole loop, in under a minute\n  keywright drill --config keywright.toml  the same, by your own [respond] policy\n  keywright drill --keep /tmp/drill        keep the folder: reports/ has the ledger and the letter\n\nExit codes: 0 every step came out as it should, 1 one did not, 2 the drill could not be held"
)]
pub(crate) struct DrillArgs {
    /// Settings of your own: their [respond] table is rehearsed, and nothing else of them is used
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Keep the drill's folder here; it must not be there yet, or be empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &DrillArgs, ui: &Ui) -> Result<Exit, CliError> {
    let policy = args.config.as_deref().map(policy).transpose()?;
    let binary = std::env::current_exe().map_err(|e| CliError {
        why: e.to_string(),
        ..CliError::usage("can't tell where this program is", "run it by its full path")
    })?;
    let (folder, temporary) = match &args.keep {
        Some(folder) => (empty(folder)?, None),
        None => {
            let room = tempfile::Builder::new()
                .prefix("keywright-drill-")
                .tempdir()
                .map_err(|e| unheld(&e.into()))?;
            (room.path().to_owned(), Some(room))
        }
    };
    let is_stopped = Arc::new(AtomicBool::new(false));
    if temporary.is_some() {
        take_away_when_stopped(folder.clone(), is_stopped.clone());
    }
    let screen = Screen { ui, paints: ui.colour(), is_begun: Cell::default(), config: args.config.clone() };
    let wishes = Wishes { binary, folder: folder.clone(), policy };
    let held = rehearse(&wishes, &|told| screen.step(told));
    while is_stopped.load(Ordering::SeqCst) {
        // Whoever takes the folder away ends the program then.
        std::thread::park();
    }
    let outcome = held.map_err(|e| unheld(&e))?;
    screen.end(&outcome);
    match temporary {
        Some(room) => {
            if let Err(e) = room.close() {
                ui.warn(&format!("the drill's folder {} is still there: {e}", folder.display()));
            }
        }
        None => ui.note(&format!("kept: {}; its reports/ has what was written down", folder.display())),
    }
    Ok(if outcome.wrong.is_empty() { Exit::Clean } else { Exit::Leaks })
}

/// Leaves nothing behind where somebody stops it: the folder goes, then the program.
fn take_away_when_stopped(folder: PathBuf, is_stopped: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        if !runtime.block_on(stopped()) {
            return;
        }
        is_stopped.store(true, Ordering::SeqCst);
        // What the drill had begun may still write for a moment.
        let mut calm = 0;
        for _ in 0..TRIES {
            calm = if folder.exists() { 0 } else { calm + 1 };
            if calm == CALM {
                break;
            }
            let _ = std::fs::remove_dir_all(&folder);
            std::thread::sleep(Duration::from_millis(50));
        }
        std::process::exit(STOPPED);
    });
}

/// How often the folder is taken away, and how often in a row it must be gone.
const TRIES: usize = 100;
const CALM: usize = 6;
/// What a shell tells of a program that was stopped by hand.
const STOPPED: i32 = 130;

/// Waits until somebody stops the program; false: that cannot be known here.
#[cfg(unix)]
async fn stopped() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let hear = |kind| signal(kind).ok();
    let (Some(mut int), Some(mut term), Some(mut hangup)) =
        (hear(SignalKind::interrupt()), hear(SignalKind::terminate()), hear(SignalKind::hangup()))
    else {
        return false;
    };
    tokio::select! {
        _ = int.recv() => {}
        _ = term.recv() => {}
        _ = hangup.recv() => {}
    }
    true
}

/// Waits until somebody stops the program; false: that cannot be known here.
#[cfg(not(unix))]
async fn stopped() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}

fn policy(file: &Path) -> Result<RespondSettings, CliError> {
    Ok(settings::rekey(Some(file))?.1)
}

/// Makes the folder that is kept.
fn empty(folder: &Path) -> Result<PathBuf, CliError> {
    let made = std::fs::create_dir_all(folder).and_then(|()| std::fs::read_dir(folder));
    match made.map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(folder.to_owned()),
        Ok(false) => Err(CliError::usage(
            format!("{} is not empty", folder.display()),
            "name a folder that is not there yet: --keep DIR",
        )),
        Err(e) => Err(CliError {
            why: e.to_string(),
            ..CliError::usage(format!("can't make {}", folder.display()), "name another: --keep DIR")
        }),
    }
}

fn unheld(error: &DrillError) -> CliError {
    let (why, fix) = match error {
        DrillError::NoGit => {
            (error.to_string(), "install git, or put the folder it is in on PATH; then: keywright drill")
        }
        DrillError::Run(..) => {
            (error.to_string(), "try that by itself; `keywright drill --keep DIR` leaves what it did")
        }
        _ => (error.to_string(), "look whether the folder for temporary files has room, and 127.0.0.1 is up"),
    };
    CliError { why, ..CliError::usage("the drill could not be held", fix) }
}

/// The timeline on the screen.
struct Screen<'u> {
    ui: &'u Ui,
    paints: bool,
    is_begun: Cell<bool>,
    config: Option<PathBuf>,
}

impl Screen<'_> {
    /// Says what this is, before the first step.
    fn head(&self) {
        if self.is_begun.replace(true) {
            return;
        }
        let policy = match &self.config {
            Some(file) => format!("the [respond] policy of {}", file.display()),
            None => "a policy that acts by itself".into(),
        };
        self.ui.lines(&[
            "A fire drill: the key is made up, and nothing leaves this machine.".into(),
            format!("Against doubles of AtlasVPN, Render and a git host, by {policy}."),
            String::new(),
        ]);
    }

    fn step(&self, told: &Told) {
        let (sign, color) = match told.mark {
            Mark::Well => ("\u{2713}", AnsiColor::Green),
            Mark::Wrong => ("\u{2717}", AnsiColor::Red),
            Mark::Aside => ("\u{b7}", AnsiColor::Yellow),
        };
        if self.ui.is_quiet() && told.mark != Mark::Wrong {
            return;
        }
        self.head();
        let time = told.since.map(seconds).unwrap_or_default();
        let (style, dim) = match self.paints {
            true => (color.on_default().bold(), Style::new().dimmed()),
            false => (Style::new(), Style::new()),
        };
        let line = format!("{dim}{time:>8}{dim:#}  {style}{sign} {:<9}{style:#}  {}", told.what, told.text);
        self.ui.lines(&[line]);
    }

    fn end(&self, outcome: &Outcome) {
        let mut lines = Vec::new();
        if !outcome.wrong.is_empty() {
            lines.push("Not as it should be:".to_owned());
            lines.extend(outcome.wrong.iter().map(|what| format!("  {what}")));
            lines.push(String::new());
        }
        if self.ui.is_quiet() {
            self.ui.lines(&lines);
            return;
        }
        lines.insert(0, String::new());
        if let (Some(contained), Some(dead)) = (outcome.contained, outcome.dead) {
            let outage = outcome.outage.map(|o| format!("; whoever used it was refused for {}", seconds(o)));
            lines.extend([
                format!("From push to containment  {}", seconds(contained)),
                format!("From push to proof        {}{}", seconds(dead), outage.unwrap_or_default()),
                format!(
                    "Apart from that           a real AtlasVPN says {} s until an old secret stops; the double stops at once",
                    outcome.stated
                ),
                "Without it                the commit goes through, and the key works until somebody sees the bill".into(),
            ]);
            lines.push(String::new());
        }
        let own = match self.config.is_some() {
            true => {
                ("respond --scan . --explain", "what your policy would do about what is in a repository now")
            }
            false => ("drill --config FILE", "the same by your own policy (docs/drill.md)"),
        };
        lines.push("Next:".into());
        for (words, what) in [
            ("hook install", "block the next one, in each of your repositories"),
            ("keys import atlasvpn", "put down what you have, then where it is used: keys add"),
            own,
        ] {
            lines.push(format!("  keywright {words:<27} {what}"));
        }
        self.ui.lines(&lines);
    }
}

/// Says a length of time in seconds.
fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
