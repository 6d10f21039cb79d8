//! `keywright rotations rollback` and `abort`.

use clap::Args;
use keywright::rotate::turn_back;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::progress::{Patience, drive};
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rotations rollback r-3f2a90c1\n  keywright rotations abort r-3f2a90c1       the same; one that has changed nothing yet is over at once"
)]
pub(super) struct BackArgs {
    /// The rotation
    #[arg(value_name = "ROTATION")]
    id: String,
    /// How long to wait here for what takes time
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span)]
    wait: u64,
}

pub(super) fn run(args: &BackArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let opened = open(rekey, &args.id)?;
    let note = "asked for by the operator";
    rekey.runtime.block_on(turn_back(&opened.parts, &opened.key, &opened.record, &opened.plan, note))?;
    let patience = Patience { seconds: args.wait, given: None, deliver_again: false };
    let exit =
        drive(rekey, &opened.parts, &opened.destinations, &opened.key, &opened.record.id, patience, ui)?;
    // Going back is what was asked for: that it was not rotated is no failure here.
    Ok(if exit == Exit::NotRotated && is_over(rekey, &opened.record.id)? { Exit::Clean } else { exit })
}

fn is_over(rekey: &Rekey, id: &str) -> Result<bool, CliError> {
    Ok(rekey.runtime.block_on(rekey.store.rotation(id))?.is_some_and(|r| r.state.is_over()))
}
