//! `keywright rules`: what is looked for, and why something was found or not. One file a subcommand.
//!
//! Below them, what they share:
//!
//! - `known`: the rules in force and where each is stated
//! - `verdict`: a trace on the screen
//! - `words`: words on the screen, painted and wrapped

mod explain;
mod known;
mod lint;
mod list;
mod show;
mod test;
mod verdict;
mod words;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// See what is looked for, and prove rules of your own
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules list                                what is looked for\n  keywright rules show github-personal-token          one rule, all of it\n  keywright rules explain deploy/prod.env:12          why a line is found, or why not\n  keywright rules test mine.toml                      hold your own rules against their examples"
)]
pub(crate) struct RulesArgs {
    /// What to do
    #[command(subcommand)]
    verb: Verb,
}

/// What to do with rules.
#[derive(Subcommand)]
enum Verb {
    /// List the rules in force and where each comes from
    List(list::ListArgs),
    /// Show everything of one rule
    Show(show::ShowArgs),
    /// Say why something was found, or why not
    Explain(explain::ExplainArgs),
    /// Hold rules against their own examples
    Test(test::TestArgs),
    /// Say what rule files lack
    Lint(lint::LintArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &RulesArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::List(args) => list::run(args, ui),
        Verb::Show(args) => show::run(args, ui),
        Verb::Explain(args) => explain::run(args, ui),
        Verb::Test(args) => test::run(args, ui),
        Verb::Lint(args) => lint::run(args, ui),
    }
}
