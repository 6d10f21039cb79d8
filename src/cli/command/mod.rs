//! One file a command.

#[cfg(feature = "rekey")]
pub(super) mod audit;
pub(super) mod completions;
pub(super) mod doctor;
#[cfg(feature = "rekey")]
pub(super) mod drill;
#[cfg(feature = "rekey")]
pub(super) mod freeze;
pub(super) mod gitleaks;
pub(super) mod hook;
pub(super) mod ignore;
#[cfg(feature = "rekey")]
pub(super) mod incidents;
#[cfg(feature = "rekey")]
pub(super) mod keys;
pub(super) mod man;
pub(super) mod migrate;
#[cfg(feature = "rekey")]
pub(super) mod pull_request;
pub(super) mod redact;
#[cfg(feature = "rekey")]
pub(super) mod respond;
#[cfg(feature = "rekey")]
pub(super) mod rotate;
#[cfg(feature = "rekey")]
pub(super) mod rotations;
pub(super) mod rules;
pub(super) mod scan;
#[cfg(feature = "rekey")]
pub(super) mod usage;
#[cfg(feature = "rekey")]
pub(super) mod verify;

use clap::CommandFactory;

use super::args::{Cli, Command};
use super::error::CliError;
use super::exit::Exit;
use super::ui::Ui;

/// Runs a command.
pub(super) fn run(command: Command, ui: &Ui) -> Result<Exit, CliError> {
    match command {
        Command::Scan(args) => scan::run(&args, ui),
        Command::Hook(args) => hook::run(&args, ui),
        Command::Doctor(args) => doctor::run(&args, ui),
        Command::Ignore(args) => ignore::run(&args, ui),
        Command::Migrate(args) => migrate::run(&args, ui),
        Command::Rules(args) => rules::run(&args, ui),
        Command::Completions(args) => completions::run(&args, Cli::command(), ui),
        Command::Man(args) => man::run(&args, Cli::command(), ui),
        Command::Redact(args) => redact::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Keys(args) => keys::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Rotate(args) => rotate::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Rotations(args) => rotations::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Usage(args) => usage::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Audit(args) => audit::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Verify(args) => verify::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Incidents(args) => incidents::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Respond(args) => respond::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Freeze(args) => freeze::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::PullRequest(args) => pull_request::run(&args, ui),
        #[cfg(feature = "rekey")]
        Command::Drill(args) => drill::run(&args, ui),
        Command::Detect(args) => gitleaks::run(args.wanted(), ui),
        Command::Protect(args) => gitleaks::run(args.wanted(), ui),
        Command::Git(args) => gitleaks::run(args.wanted(), ui),
        Command::Dir(args) => gitleaks::run(args.wanted(), ui),
        Command::Stdin(args) => gitleaks::run(args.wanted(), ui),
    }
}
