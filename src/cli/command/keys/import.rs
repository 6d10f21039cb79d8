//! `keywright keys import`.

use clap::Args;
use keywright::model::rotation::Class;
use keywright::store::record::KeyRecord;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::table::{date, table};
use crate::cli::ui::Ui;

use super::add::{set, split};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys import atlasvpn                  show what the account has\n  keywright keys import atlasvpn --add            put all of it down\n  keywright keys import atlasvpn --add avp_live_ID only this one"
)]
pub(super) struct ImportArgs {
    /// The provider
    provider: String,
    /// Put keys down: these, or all that are active
    #[arg(long, value_name = "KEY_ID", num_args = 0..)]
    add: Option<Vec<String>>,
    /// A setting of the provider, such as auth.password=env:BOT_PASSWORD (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

pub(super) fn run(args: &ImportArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut settings = serde_json::Map::new();
    for text in &args.settings {
        let (name, value) = split(text, "--set", "NAME=VALUE")?;
        set(&mut settings, &name, value);
    }
    let settings = serde_json::Value::Object(settings);
    let provider = rekey.provider(&args.provider, &settings)?;
    if !provider.card().lists {
        return Err(CliError::usage(
            format!("{} offers no list of the account's keys", provider.card().name),
            format!(
                "put it down by a name of your own: keywright keys add NAME --provider {} --key-id primary",
                args.provider
            ),
        ));
    }
    let listing = rekey.runtime.block_on(provider.list()).map_err(|error| CliError {
        what: format!("can't list the keys at {}", provider.card().name),
        why: error.to_string(),
        fix: "check the references of the admin credential, and the network".into(),
        exit: Exit::Usage,
    })?;
    let known = rekey.runtime.block_on(rekey.store.keys())?;
    let name_of = |key_id: &str| {
        known.iter().find(|k| k.provider == provider.card().id && k.key_id == key_id).map(|k| k.name.clone())
    };
    let Some(wanted) = &args.add else {
        let rows = listing.keys.iter().map(|k| {
            let state = if k.active { "active" } else { "ended" };
            let used = k.last_used.map_or("never".into(), date);
            [
                k.key_id.clone(),
                k.label.clone(),
                state.into(),
                used,
                name_of(&k.key_id).unwrap_or_else(|| "not here".into()),
            ]
        });
        ui.lines(&table(["KEY", "LABEL", "STATE", "LAST USED", "INVENTORY"], rows));
        return Ok(Exit::Clean);
    };
    if let Some(absent) = wanted.iter().find(|w| !listing.keys.iter().any(|k| k.key_id == **w)) {
        return Err(CliError::usage(
            format!("the account has no key {absent}"),
            "without --add, what it has is shown",
        ));
    }
    let now = rekey.now();
    let mut told = Vec::new();
    for key in &listing.keys {
        let is_wanted = if wanted.is_empty() { key.active } else { wanted.contains(&key.key_id) };
        if !is_wanted || name_of(&key.key_id).is_some() {
            continue;
        }
        let record = KeyRecord {
            name: free_name(&key.label, &key.key_id, &known, &told),
            provider: provider.card().id.clone(),
            key_id: key.key_id.clone(),
            label: key.label.clone(),
            owner: keywright::git::user_email().unwrap_or_default(),
            holder: String::new(),
            class: Class::Standard,
            settings: settings.clone(),
            last4: String::new(),
            added: now,
            made: key.created,
            expires: key.expires,
            last_used: key.last_used,
            due: key.created.map(|made| made + 90 * 86_400_000).or(Some(now)),
            destinations: Vec::new(),
            environments: Vec::new(),
        };
        rekey.runtime.block_on(rekey.store.add_key(&record))?;
        told.push(record.name);
    }
    let mut lines: Vec<_> = told
        .iter()
        .map(|name| format!("added {name}; give it its places: keywright keys add {name} --replace …"))
        .collect();
    if lines.is_empty() {
        lines.push("nothing to add: all of it is here".into());
    }
    ui.lines(&lines);
    Ok(Exit::Clean)
}

/// The label as a name, or the key id, with a number if that is taken.
fn free_name(label: &str, key_id: &str, known: &[KeyRecord], added: &[String]) -> String {
    let plain: String = label
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_./@".contains(c) { c } else { '-' })
        .take(80)
        .collect();
    let base = if plain.trim_matches('-').is_empty() { key_id.to_owned() } else { plain };
    let is_free = |name: &str| !known.iter().any(|k| k.name == name) && !added.iter().any(|a| a == name);
    let numbered = (2..).map(|n| format!("{base}-{n}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| is_free(name)).expect("numbers do not end")
}
