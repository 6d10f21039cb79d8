//! `keywright keys due`.

use clap::Args;
use keywright::model::rotation::Expiry;
use keywright::store::record::KeyRecord;
use serde_json::json;

use super::list::{due, shown};
use super::tell_due::tell;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::Form;
use crate::cli::rekey::Rekey;
use crate::cli::table::table;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys due\n  keywright keys due --within 14d\n  keywright keys due --tell            tells people a week ahead, once a key: for a timer"
)]
pub(super) struct DueArgs {
    /// Also what is due in so many days (R80 warns seven days before)
    #[arg(long, value_name = "DAYS", default_value = "7d", value_parser = days)]
    within: i64,
    /// Tell people, as [schedule] says: once for each key and day
    #[arg(long, conflicts_with_all = ["within", "format"])]
    tell: bool,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

fn days(text: &str) -> Result<i64, String> {
    let count = text.strip_suffix('d').unwrap_or(text).parse::<u16>();
    count.map(i64::from).map_err(|_| "write a number of days: 14d".into())
}

pub(super) fn run(args: &DueArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let within = if args.tell { rekey.settings.schedule.notice } else { args.within * 86_400_000 };
    let until = rekey.now() + within;
    let mut keys = rekey.runtime.block_on(rekey.store.keys())?;
    // What ends by itself is due before that.
    let soonest = |k: &KeyRecord| [k.due, k.expires].into_iter().flatten().min();
    keys.retain(|k| soonest(k).is_some_and(|due| due <= until));
    keys.sort_by_key(soonest);
    if args.tell {
        let told = tell(&keys, rekey, ui)?;
        let days = within / 86_400_000;
        ui.lines(&[format!("{} keys are due within {days} days; {told} of them are told now", keys.len())]);
        return Ok(Exit::Clean);
    }
    if args.format == Form::Json {
        ui.lines(&[json!(keys.iter().map(shown).collect::<Vec<_>>()).to_string()]);
        return Ok(Exit::Clean);
    }
    if keys.is_empty() {
        ui.lines(&[format!("nothing is due within {} days", args.within)]);
        return Ok(Exit::Clean);
    }
    let rows = keys.iter().map(|k| {
        let rule = k.class.days().map_or(String::new(), |days| format!("{} ({days} days)", k.class));
        let ends = Expiry::of(k.expires, rekey.now()).to_string();
        [k.name.clone(), due(k, rekey.now()), rule, ends, k.owner.clone()]
    });
    ui.lines(&table(["NAME", "DUE", "BY", "EXPIRES", "OWNER"], rows));
    Ok(Exit::Clean)
}
