//! `keywright hook`: keywright in a repository's git hooks.
//!
//! - `run`: what the hooks call
//! - `receive`: the one of them that guards a server

mod receive;
mod run;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use keywright::git::hook::{self, Kind, Options, Report};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Check every commit: put keywright into the git hooks, take it out, see how it stands
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright hook install      check every commit in this repository from now on\n  keywright hook status       see how it stands\n  keywright hook uninstall    take it out again; a hook that was there before comes back"
)]
pub(crate) struct HookArgs {
    /// What to do
    #[command(subcommand)]
    verb: Verb,
}

/// What to do with a hook.
#[derive(Subcommand)]
enum Verb {
    /// Put keywright into the hook; one that is there is kept and runs after it
    #[command(
        after_help = "Examples:\n  keywright hook install              in the repository around the current folder\n  keywright hook install ../shop      in another one"
    )]
    Install(Which),
    /// Take keywright out of the hook; one that was kept comes back
    #[command(
        after_help = "Examples:\n  keywright hook uninstall            in the repository around the current folder"
    )]
    Uninstall(Which),
    /// Tell how the hook stands (exit code 1 if git would not run keywright)
    #[command(
        after_help = "Examples:\n  keywright hook status               which hook there is, and what to do next\n  keywright hook status >/dev/null || keywright hook install"
    )]
    Status(Which),
    /// What the hook calls: look at what git is about to take in
    #[command(
        after_help = "Examples:\n  keywright hook run pre-commit                     what git would do before the next commit\n  keywright hook run pre-commit --format json       the same for a program\n  keywright hook run commit-msg .git/COMMIT_EDITMSG\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read; all but 0 stop git"
    )]
    Run(run::Run),
}

/// Which hook, where.
#[derive(Args)]
struct Which {
    /// The hook: pre-commit
    #[arg(long = "type", value_name = "NAME", default_value = "pre-commit", value_parser = kind)]
    kind: Kind,
    /// The repository [default: the one around the current folder]
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,
}

fn kind(name: &str) -> Result<Kind, String> {
    let known: Vec<&str> = Kind::ALL.iter().map(|k| k.name()).collect();
    Kind::named(name).ok_or_else(|| format!("it is one of: {}", known.join(", ")))
}

/// Runs the verb.
pub(crate) fn run(args: &HookArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Install(which) => {
            let binary = std::env::current_exe().map_err(|e| CliError {
                why: e.to_string(),
                ..CliError::usage("can't tell where this program is", "run it by its full path")
            })?;
            tell(&hook::install(&which.path, which.kind, &Options { binary })?, ui)
        }
        Verb::Uninstall(which) => tell(&hook::uninstall(&which.path, which.kind)?, ui),
        Verb::Status(which) => status(&which.path, which.kind, ui),
        Verb::Run(hook) => match hook.kind {
            Kind::PreCommit => run::pre_commit(hook, ui),
            Kind::CommitMsg => run::commit_msg(hook, ui),
            Kind::PrePush => run::pre_push(hook, ui),
            Kind::PreReceive => receive::pre_receive(hook, ui),
        },
    }
}

fn tell(report: &Report, ui: &Ui) -> Result<Exit, CliError> {
    ui.lines(&[report.what(), report.next()]);
    Ok(Exit::Clean)
}

fn status(path: &Path, kind: Kind, ui: &Ui) -> Result<Exit, CliError> {
    let status = hook::status(path, kind)?;
    ui.lines(&[status.what(), status.next()]);
    Ok(if status.is_run() { Exit::Clean } else { Exit::Leaks })
}
