//! `keywright keys show`.

use clap::Args;
use keywright::model::rotation::Expiry;

use super::list::{due, shown};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::Form;
use crate::cli::rekey::Rekey;
use crate::cli::table::date;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(after_help = "Examples:\n  keywright keys show scraper")]
pub(super) struct ShowArgs {
    /// The key
    #[arg(value_name = "KEY")]
    name: String,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

pub(super) fn run(args: &ShowArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let key = rekey.key(&args.name)?;
    if args.format == Form::Json {
        ui.lines(&[shown(&key).to_string()]);
        return Ok(Exit::Clean);
    }
    let moment = |at: Option<i64>| at.map_or("not known".into(), date);
    let mut lines = vec![
        format!("{} · {} at {}", key.name, key.key_id, key.provider),
        format!("  owner      {}", or_none(&key.owner)),
        format!("  holder     {}", or_none(&key.holder)),
        format!("  class      {}", key.class),
        format!("  made       {}", moment(key.made)),
        format!("  last used  {}", moment(key.last_used)),
        format!("  due        {}", due(&key, rekey.now())),
        format!("  expires    {}", Expiry::of(key.expires, rekey.now())),
    ];
    if let Some(settings) = key.settings.as_object() {
        lines.extend(settings.iter().map(|(name, value)| {
            format!("  {name:<10} {}", value.as_str().map_or_else(|| value.to_string(), Into::into))
        }));
    }
    for environment in &key.environments {
        let health = if environment.health.is_empty() {
            "no health check".into()
        } else {
            environment.health.join(", ")
        };
        lines.push(format!("  {} · {health}", environment.name));
        let places = key.destinations.iter().filter(|d| d.environment == environment.name);
        lines.extend(places.map(|d| format!("    {}", d.place)));
    }
    ui.lines(&lines);
    Ok(Exit::Clean)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "nobody" } else { text }
}
