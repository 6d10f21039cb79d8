//! `keywright rotations resume`.

use std::path::PathBuf;

use clap::Args;
use keywright::model::Secret;
use keywright::model::credential::Credential;
use keywright::model::rotation::Mode;
use keywright::rotate::bring_back;
use keywright::seal::from_armour;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::office::send_waiting;
use crate::cli::progress::{Patience, drive};
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rotations resume r-3f2a90c1\n  keywright rotations resume --all\n  keywright rotations resume r-3f2a90c1 --new-key --key-id avp_live_ID < new-secret\n  keywright rotations resume r-3f2a90c1 --sealed saved.txt    after exit code 6"
)]
pub(super) struct ResumeArgs {
    /// The rotation
    #[arg(value_name = "ROTATION", required_unless_present = "all")]
    id: Option<String>,
    /// Every rotation that can go on now
    #[arg(long, conflicts_with_all = ["id", "new_key", "sealed"])]
    all: bool,
    /// Hand over a key made by hand: at a hidden prompt, or on standard input
    #[arg(long)]
    new_key: bool,
    /// The new key's public name, if it has another than the old
    #[arg(long, value_name = "ID", requires = "new_key")]
    key_id: Option<String>,
    /// The sealed lines that were printed when the store was full
    #[arg(long, value_name = "FILE")]
    sealed: Option<PathBuf>,
    /// Write the new key once more to a place that holds another
    #[arg(long)]
    deliver_again: bool,
    /// How long to wait here for what takes time
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span)]
    wait: u64,
}

pub(super) fn run(args: &ResumeArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let moved = match &args.id {
        Some(id) => one(id, args, rekey, ui),
        None => all(args, rekey, ui),
    };
    send_waiting(rekey, ui);
    moved
}

fn one(id: &str, args: &ResumeArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let opened = open(rekey, id)?;
    if let Some(file) = &args.sealed {
        let text = std::fs::read_to_string(file).map_err(|e| {
            CliError::usage(
                format!("can't read {}: {e}", file.display()),
                "name the file with the sealed lines",
            )
        })?;
        let sealed = from_armour(&text)?;
        rekey.runtime.block_on(bring_back(&opened.parts, &opened.record.id, &sealed))?;
    }
    let given = if args.new_key {
        let secret = ui.hidden("New secret (not shown): ")?;
        if secret.is_empty() {
            return Err(CliError::usage("no key came", "paste it at the prompt, or pipe it in"));
        }
        let key_id = args.key_id.clone().or_else(|| Some(opened.key.key_id.clone()));
        Some(Credential { key_id, secret: Secret::new(secret) })
    } else {
        None
    };
    let patience = Patience { seconds: args.wait, given, deliver_again: args.deliver_again };
    drive(rekey, &opened.parts, &opened.destinations, &opened.key, &opened.record.id, patience, ui)
}

/// Moves everything that is due, one after another; one that fails holds up no other.
fn all(args: &ResumeArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut due = rekey.runtime.block_on(rekey.store.due(rekey.now()))?;
    // What an attacker may be using goes first.
    due.sort_by_key(|r| r.mode != Mode::Emergency);
    if due.is_empty() {
        ui.lines(&["nothing can go on now".into()]);
    }
    let mut exit = Exit::Clean;
    for record in due {
        let moved = open(rekey, &record.id).and_then(|opened| {
            let patience = Patience { seconds: args.wait, given: None, deliver_again: false };
            drive(rekey, &opened.parts, &opened.destinations, &opened.key, &record.id, patience, ui)
        });
        exit = exit.worse(moved.unwrap_or_else(|error| {
            ui.error(&error);
            error.exit
        }));
    }
    Ok(exit)
}
