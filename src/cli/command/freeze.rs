//! `keywright freeze`: holds everything automatic back.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keywright::respond::answer::FREEZE;
use keywright::store::record::Line;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::{Rekey, actor};
use crate::cli::table::date;
use crate::cli::ui::Ui;

/// Hold everything automatic back, let it go again, or tell which: on, off, status
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright freeze on --reason 'somebody plants findings'   from now on people are asked\n  keywright freeze off\n  keywright freeze status\n\nWhat is under way goes on; what is approved by people goes on. Exit codes of status: 0 off, 4 on"
)]
pub(crate) struct FreezeArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// Hold everything automatic back
    #[command(after_help = "Examples:\n  keywright freeze on --reason 'somebody plants findings'")]
    On {
        /// Why, for the audit
        #[arg(long, value_name = "WHY", default_value = "asked for by the operator")]
        reason: String,
    },
    /// Let it go again
    #[command(after_help = "Examples:\n  keywright freeze off")]
    Off {
        /// Why, for the audit
        #[arg(long, value_name = "WHY", default_value = "asked for by the operator")]
        reason: String,
    },
    /// Tell which
    #[command(after_help = "Examples:\n  keywright freeze status")]
    Status,
}

/// Runs the command.
pub(crate) fn run(args: &FreezeArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    let (is_on, reason) = match &args.verb {
        Verb::On { reason } => (true, reason),
        Verb::Off { reason } => (false, reason),
        Verb::Status => {
            let switch = rekey.runtime.block_on(rekey.store.switch(FREEZE))?;
            let (line, exit) = match switch {
                Some((true, at, by, why)) => {
                    (format!("frozen since {} by {by}: {why}", date(at)), Exit::Person)
                }
                Some((false, at, by, _)) => (format!("not frozen; let go {} by {by}", date(at)), Exit::Clean),
                None => ("not frozen, and never was".into(), Exit::Clean),
            };
            ui.lines(&[line]);
            return Ok(exit);
        }
    };
    let word = if is_on { "on" } else { "off" };
    let line = Line {
        at: rekey.now(),
        actor: actor(),
        action: format!("freeze.{word}"),
        status: "success".into(),
        reason: reason.clone(),
        ..Line::default()
    };
    rekey.runtime.block_on(rekey.store.turn_switch(FREEZE, is_on, line))?;
    rekey.anchor(ui);
    ui.lines(&[match is_on {
        true => "frozen: nothing acts by itself; people are asked".into(),
        false => "let go: the policy decides again".to_owned(),
    }]);
    Ok(Exit::Clean)
}
