//! `keywright keys list`.

use clap::Args;
use keywright::model::rotation::Expiry;
use keywright::store::record::KeyRecord;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::Form;
use crate::cli::rekey::Rekey;
use crate::cli::table::{table, when};
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys list\n  keywright keys list --holder 1password:team --format json"
)]
pub(super) struct ListArgs {
    /// Only this provider's
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only what this holder holds
    #[arg(long, value_name = "WHERE")]
    holder: Option<String>,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

pub(super) fn run(args: &ListArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut keys = rekey.runtime.block_on(rekey.store.keys())?;
    keys.retain(|k| args.provider.as_ref().is_none_or(|p| *p == k.provider));
    keys.retain(|k| args.holder.as_ref().is_none_or(|h| *h == k.holder));
    if args.format == Form::Json {
        ui.lines(&[json!(keys.iter().map(shown).collect::<Vec<_>>()).to_string()]);
        return Ok(Exit::Clean);
    }
    if keys.is_empty() {
        ui.lines(&["no keys; `keywright keys import PROVIDER` shows what an account has".into()]);
        return Ok(Exit::Clean);
    }
    let rows = keys.iter().map(|k| {
        let places = k.destinations.len().to_string();
        let ends = Expiry::of(k.expires, rekey.now()).to_string();
        let due = due(k, rekey.now());
        [k.name.clone(), k.key_id.clone(), k.class.to_string(), places, k.holder.clone(), due, ends]
    });
    ui.lines(&table(["NAME", "KEY", "CLASS", "PLACES", "HOLDER", "DUE", "EXPIRES"], rows));
    Ok(Exit::Clean)
}

/// Says when a key is due: `never`, `now`, `in 12 days`.
pub(super) fn due(key: &KeyRecord, now: i64) -> String {
    match key.due {
        None => "when its provider ends it".into(),
        Some(due) if due <= now => "now".into(),
        Some(due) => when(due, now),
    }
}

/// A key as JSON.
pub(super) fn shown(key: &KeyRecord) -> serde_json::Value {
    json!({
        "name": key.name, "provider": key.provider, "key_id": key.key_id, "label": key.label,
        "owner": key.owner, "holder": key.holder, "class": key.class.word(), "last4": key.last4,
        "settings": key.settings,
        "added": key.added, "made": key.made, "expires": key.expires, "last_used": key.last_used, "due": key.due,
        "destinations": key.destinations.iter()
            .map(|d| json!({ "environment": d.environment, "place": d.place })).collect::<Vec<_>>(),
        "environments": key.environments.iter()
            .map(|e| json!({ "name": e.name, "health": e.health })).collect::<Vec<_>>(),
    })
}
