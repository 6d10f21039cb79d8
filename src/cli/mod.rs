//! The command line. The library knows nothing of what is here.
//!
//! - `args`: the commands and their flags
//! - `signed`: a person's word, by signature
//! - `sight`: findings looked at again, for what other scanners let be
//! - `survey`: what was asked for, scanned
//! - `again`: what earlier scans know
//! - `verified`: what was found, held against its providers and written to the store
//! - `meant`: which findings a word means
//! - `look`: a survey told, and its exit code
//! - `held`: the repository's own files, as they stand or as a commit holds them
//! - `blocked`: the ways on for somebody whom a hook has stopped
//! - `bypass`: a push that is let in with leaks
//! - `suppressions`: files that state what to let be
//! - `target`: what there is to scan
//! - `settings`: flags, files and what wins
//! - `in_force`: the settings in force, as a file
//! - `command`: one file a command
//! - `rekey`: what the commands of the second half share, opened as settings say
//! - `runner`: the name of this start, and whether another still runs
//! - `rekey_error`: its letters
//! - `net`: how health checks and a remote sealing key reach the network
//! - `desk`: findings written down as incidents, and incidents moved
//! - `office`: what incidents ask of the world outside the store
//! - `progress`: a rotation as it goes
//! - `flag`: what the flags of several commands take
//! - `table`: columns and dates
//! - `write`: files put into place in one step
//! - `trial`: a commit in a scratch repository
//! - `ui`: every word that leaves, and the progress bar
//! - `error`: what went wrong, why, and what to do
//! - `exit`: the exit codes

mod again;
mod args;
mod blocked;
mod bypass;
mod command;
#[cfg(feature = "rekey")]
mod desk;
mod error;
mod exit;
#[cfg(feature = "rekey")]
mod flag;
mod held;
mod in_force;
mod look;
#[cfg(feature = "rekey")]
mod meant;
#[cfg(feature = "rekey")]
mod net;
#[cfg(feature = "rekey")]
mod office;
#[cfg(feature = "rekey")]
mod progress;
#[cfg(feature = "rekey")]
mod rekey;
#[cfg(feature = "rekey")]
mod rekey_error;
#[cfg(feature = "rekey")]
mod runner;
mod settings;
mod sight;
#[cfg(feature = "rekey")]
mod signed;
mod suppressions;
mod survey;
#[cfg(feature = "rekey")]
mod table;
mod target;
mod trial;
mod ui;
#[cfg(feature = "rekey")]
mod verified;
mod write;

use clap::Parser;

pub(crate) use exit::Exit;

/// Parses the command line and runs the command.
pub(crate) fn run() -> Exit {
    let args = match args::Cli::try_parse() {
        Ok(args) => args,
        Err(e) => {
            // clap prints help and versions to standard output and everything else to standard error.
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage } else { Exit::Clean };
        }
    };
    let ui = ui::Ui::new(args.color, args.quiet);
    match command::run(args.command, &ui) {
        Ok(exit) => exit,
        Err(e) => {
            ui.error(&e);
            e.exit
        }
    }
}

/// Runs `work` and turns a panic into a short message and its own exit code. What the panic says is
/// not shown: it could quote the bytes that were being looked at.
pub(crate) fn guarded(work: fn() -> Exit) -> Exit {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        ui::Ui::new(ui::Color::Auto, false).bug(&place);
    }));
    std::panic::catch_unwind(work).unwrap_or(Exit::Bug)
}
