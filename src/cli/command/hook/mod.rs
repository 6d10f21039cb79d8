//! `keywright hook`: keywright in a repository's git hooks.
//!
//! - `manage`: puts them in, takes them out, tells how they stand
//! - `run`: what the hooks call
//! - `receive`: the one of them that guards a server

mod manage;
mod receive;
mod run;

use clap::{Args, Subcommand};
use keywright::git::hook::Kind;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Check commits and pushes: put keywright into the git hooks, take it out, see how it stands
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
    /// Put keywright into hooks; one that is there is kept and runs after it
    #[command(
        after_help = "Examples:\n  keywright hook install                                      in the repository around the current folder\n  keywright hook install --type pre-commit,commit-msg,pre-push  what is made here, and what leaves\n  keywright hook install --global                             for all your repositories, with the hooks of each\n  keywright hook install /srv/git/shop.git --type pre-receive   on a server"
    )]
    Install(Which),
    /// Take keywright out of hooks; what was kept comes back
    #[command(
        after_help = "Examples:\n  keywright hook uninstall            in the repository around the current folder\n  keywright hook uninstall --global   what `hook install --global` put in"
    )]
    Uninstall(Which),
    /// Tell how the hooks stand (exit code 1 if git would not run keywright)
    #[command(
        after_help = "Examples:\n  keywright hook status               which hooks there are, and what to do next\n  keywright hook status >/dev/null || keywright hook install"
    )]
    Status(manage::Asked),
    /// What the hook calls: look at what git is about to take in
    #[command(
        after_help = "Examples:\n  keywright hook run pre-commit                     what git would do before the next commit\n  keywright hook run pre-commit --format json       the same for a program\n  keywright hook run pre-commit -- a.env b.env      for hook managers: the commit, and the files it leaves alone\n  keywright hook run commit-msg .git/COMMIT_EDITMSG\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read; all but 0 stop git"
    )]
    Run(run::Run),
}

/// Which hooks, where.
#[derive(Args)]
struct Which {
    #[command(flatten)]
    asked: manage::Asked,
    /// For all your repositories: a folder of hooks, named in your own settings of git
    #[arg(long, conflicts_with = "path")]
    global: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    let known: Vec<&str> = Kind::ALL.iter().map(|k| k.name()).collect();
    Kind::named(name).ok_or_else(|| format!("it is one of: {}", known.join(", ")))
}

/// Runs the verb.
pub(crate) fn run(args: &HookArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Install(which) if which.global => manage::install_global(&which.asked, ui),
        Verb::Install(which) => manage::install(&which.asked, ui),
        Verb::Uninstall(which) if which.global => manage::uninstall_global(ui),
        Verb::Uninstall(which) => manage::uninstall(&which.asked, ui),
        Verb::Status(asked) => manage::status(asked, ui),
        Verb::Run(hook) => match hook.kind {
            Kind::PreCommit => run::pre_commit(hook, ui),
            Kind::CommitMsg => run::commit_msg(hook, ui),
            Kind::PrePush => run::pre_push(hook, ui),
            Kind::PreReceive => receive::pre_receive(hook, ui),
        },
    }
}
