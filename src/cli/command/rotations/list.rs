//! `keywright rotations list`.

use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::Form;
use crate::cli::rekey::Rekey;
use crate::cli::table::{date, table};
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rotations list\n  keywright rotations list --all --format json"
)]
pub(super) struct ListArgs {
    /// Also those that are over
    #[arg(long)]
    all: bool,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

pub(super) fn run(args: &ListArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut rotations = rekey.runtime.block_on(rekey.store.rotations())?;
    rotations.retain(|r| args.all || !r.state.is_over());
    rotations.sort_by_key(|r| (r.state.is_over(), r.begun));
    if args.format == Form::Json {
        let shown = rotations.iter().map(|r| {
            json!({
                "id": r.id, "key": r.key, "mode": r.mode.word(), "reason": r.reason.word(),
                "state": r.state.word(), "plan_hash": r.plan_hash, "actor": r.actor,
                "begun": r.begun, "moved": r.moved, "run_at": r.run_at, "note": r.note,
            })
        });
        ui.lines(&[json!(shown.collect::<Vec<_>>()).to_string()]);
        return Ok(Exit::Clean);
    }
    if rotations.is_empty() {
        ui.lines(&[if args.all {
            "no rotation was ever begun"
        } else {
            "no rotation is under way; --all shows those that are over"
        }
        .into()]);
        return Ok(Exit::Clean);
    }
    let rows = rotations.iter().map(|r| {
        let next = r.run_at.filter(|_| !r.state.is_over()).map_or(String::new(), date);
        let note = r.note.lines().next().unwrap_or_default().to_owned();
        [r.id.clone(), r.key.clone(), r.mode.to_string(), r.state.to_string(), next, note]
    });
    ui.lines(&table(["ROTATION", "KEY", "MODE", "STATE", "GOES ON", "NOTE"], rows));
    Ok(Exit::Clean)
}
