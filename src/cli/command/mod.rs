//! One file a command.

pub(super) mod hook;
pub(super) mod ignore;
pub(super) mod scan;

use super::args::Command;
use super::error::CliError;
use super::exit::Exit;
use super::ui::Ui;

/// Runs a command.
pub(super) fn run(command: Command, ui: &Ui) -> Result<Exit, CliError> {
    match command {
        Command::Scan(args) => scan::run(&args, ui),
        Command::Hook(args) => hook::run(&args, ui),
        Command::Ignore(args) => ignore::run(&args, ui),
    }
}
