//! `keywright keys remove`.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(after_help = "Examples:\n  keywright keys remove scraper")]
pub(super) struct RemoveArgs {
    /// The key
    #[arg(value_name = "KEY")]
    name: String,
}

pub(super) fn run(args: &RemoveArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let key = rekey.key(&args.name)?;
    let rotations = rekey.runtime.block_on(rekey.store.rotations())?;
    if let Some(open) = rotations.iter().find(|r| r.key == key.name && !r.state.is_over()) {
        return Err(CliError::usage(
            format!("{} is being rotated ({})", key.name, open.id),
            format!("finish it first: keywright rotations resume {}", open.id),
        ));
    }
    rekey.runtime.block_on(rekey.store.drop_key(&key.name))?;
    ui.lines(&[format!("took {} out of the inventory; the key itself still works", key.name)]);
    Ok(Exit::Clean)
}
