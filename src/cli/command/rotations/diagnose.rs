//! `keywright rotations diagnose` (R56).

use clap::Args;
use keywright::rotate::diagnose;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(after_help = "Examples:\n  keywright rotations diagnose r-3f2a90c1")]
pub(super) struct DiagnoseArgs {
    /// The rotation
    #[arg(value_name = "ROTATION")]
    id: String,
}

pub(super) fn run(args: &DiagnoseArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let opened = open(rekey, &args.id)?;
    let (lines, is_well) = rekey.runtime.block_on(diagnose(
        &opened.parts,
        &opened.destinations,
        &opened.record,
        &opened.plan,
    ))?;
    let mark = |ok: Option<bool>| match ok {
        Some(true) => '✓',
        Some(false) => '✗',
        None => '?',
    };
    ui.lines(&lines.iter().map(|(ok, text)| format!("  {} {text}", mark(*ok))).collect::<Vec<_>>());
    Ok(if is_well { Exit::Clean } else { Exit::Person })
}
