//! `keywright incidents list`.

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
    after_help = "Examples:\n  keywright incidents list\n  keywright incidents list --all --format json"
)]
pub(super) struct ListArgs {
    /// Also those that are closed or dismissed
    #[arg(long)]
    all: bool,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

pub(super) fn run(args: &ListArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut incidents = rekey.runtime.block_on(rekey.store.incidents())?;
    incidents.retain(|i| args.all || !i.is.stage.is_over());
    if args.format == Form::Json {
        let shown: Vec<_> = incidents.iter().map(|i| json!(i.is)).collect();
        ui.lines(&[json!(shown).to_string()]);
        return Ok(Exit::Clean);
    }
    if incidents.is_empty() {
        let more =
            if args.all { "nothing was ever recorded" } else { "nothing is open; --all shows what is over" };
        ui.lines(&[more.into()]);
        return Ok(Exit::Clean);
    }
    let rows = incidents.iter().map(|i| {
        let word = |word: Option<String>| word.unwrap_or_else(|| "-".into());
        let incident = &i.is;
        [
            incident.id.clone(),
            incident.stage.to_string(),
            incident.rule.clone(),
            incident.masked.clone(),
            word(incident.liveness.as_ref().map(|s| s.is.to_string())),
            word(incident.ownership.as_ref().map(|s| s.is.to_string())),
            word(incident.exposed.as_ref().map(|s| s.is.to_string())),
            i.run_at.filter(|_| !incident.stage.is_over()).map_or(String::new(), date),
        ]
    });
    let head = ["INCIDENT", "STAGE", "RULE", "SECRET", "LIVE", "WHOSE", "EXPOSED", "GOES ON"];
    ui.lines(&table(head, rows));
    Ok(Exit::Clean)
}
