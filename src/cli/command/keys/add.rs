//! `keywright keys add`.

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::model::rotation::{Class, Moment};
use keywright::rotate::health::Health;
use keywright::rotate::plan::is_production;
use keywright::store::record::{DestinationRecord, EnvironmentRecord, KeyRecord};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::{moment, span};
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys add prod-scraper --provider atlasvpn --key-id avp_live_ID --class critical \\\n      --destination staging=dotenv:staging/.env#AVP_SECRET,key_id=AVP_KEY_ID \\\n      --destination production=dotenv:/srv/app/.env#PROXY_URL@url \\\n      --health staging=https://staging.example.com/health\n\nPlaces: docs/destinations.md. Production is never written before the other environments are well."
)]
pub(super) struct AddArgs {
    /// What you call it
    #[arg(value_name = "NAME", value_parser = name)]
    name: String,
    /// Who minted it, by the word of its rule file (atlasvpn)
    #[arg(long, value_name = "PROVIDER")]
    provider: String,
    /// The provider's public name of it; never the secret
    #[arg(long, value_name = "ID")]
    key_id: String,
    /// A place that uses it, as ENVIRONMENT=PLACE (repeatable)
    #[arg(long = "destination", value_name = "ENV=PLACE")]
    destinations: Vec<String>,
    /// How an environment shows that it is well, as ENVIRONMENT=CHECK (repeatable)
    #[arg(long, value_name = "ENV=CHECK")]
    health: Vec<String>,
    /// How often it is replaced: critical 30 days, standard and database 90, oauth when its provider ends it
    #[arg(long, value_name = "CLASS", default_value = "standard", value_parser = class)]
    class: Class,
    /// Who answers for it [default: your git user.email]
    #[arg(long, value_name = "WHO", default_value = "")]
    owner: String,
    /// When it ends by itself: a day, or from now on (2027-01-31, 90d)
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Where people keep a copy (1password:team), so that all it holds can be replaced at once
    #[arg(long, value_name = "WHERE", default_value = "")]
    holder: String,
    /// A folder that is searched for the old secret after each rotation, with its history (repeatable)
    #[arg(long, value_name = "DIR")]
    search: Vec<PathBuf>,
    /// A setting of its provider, such as auth.password=env:BOT_PASSWORD (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// Write over what is there under this name
    #[arg(long)]
    replace: bool,
}

fn name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./@".contains(&b));
    if fits { Ok(text.into()) } else { Err("a name is made of letters, digits, - _ . / @".into()) }
}

/// Reads when a key ends: a time, a day, or so long from now.
fn expires(text: &str, now: Moment) -> Result<Moment, CliError> {
    let ahead = span(text).ok().and_then(|seconds| Moment::try_from(seconds * 1000).ok());
    ahead
        .map_or_else(|| moment(text, now), |ahead| Ok(now + ahead))
        .map_err(|_| CliError::usage("--expires is no time", "write 2027-01-31, or so long from now: 90d"))
}

fn class(text: &str) -> Result<Class, String> {
    Class::from_word(text).ok_or_else(|| format!("it is one of: {}", Class::words()))
}

pub(super) fn run(args: &AddArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut settings = serde_json::Map::new();
    for text in &args.settings {
        let (name, value) = split(text, "--set", "NAME=VALUE")?;
        set(&mut settings, &name, value);
    }
    let base = std::env::current_dir().unwrap_or_default();
    settings.insert("base".into(), base.display().to_string().into());
    if !args.search.is_empty() {
        let folders = args.search.iter().map(|dir| std::path::absolute(dir).unwrap_or_else(|_| dir.clone()));
        settings.insert("search".into(), folders.map(|dir| dir.display().to_string()).collect());
    }
    let settings = serde_json::Value::Object(settings);
    // Made only to be refused now rather than at the first rotation.
    let provider = rekey.provider(&args.provider, &settings)?;
    let mut destinations = Vec::new();
    for text in &args.destinations {
        let (environment, place) = split(text, "--destination", "ENVIRONMENT=PLACE")?;
        destinations.push(DestinationRecord { environment, place: absolute(&place) });
    }
    let places: Vec<_> = destinations.iter().map(|d| d.place.clone()).collect();
    rekey.destinations(&places, &base)?;
    let now = rekey.now();
    let key = KeyRecord {
        name: args.name.clone(),
        provider: provider.card().id.clone(),
        key_id: args.key_id.clone(),
        label: String::new(),
        owner: if args.owner.is_empty() {
            keywright::git::user_email().unwrap_or_default()
        } else {
            args.owner.clone()
        },
        holder: args.holder.clone(),
        class: args.class,
        settings,
        last4: String::new(),
        added: now,
        made: None,
        expires: args.expires.as_deref().map(|text| expires(text, now)).transpose()?,
        last_used: None,
        // Nobody knows how old it is: so it is due at once, unless its provider ends it.
        due: args.class.days().map(|_| now),
        environments: environments(&destinations, &args.health, &base)?,
        destinations,
    };
    if key.environments.iter().any(|e| is_production(&e.name)) && key.environments.len() == 1 {
        ui.note("production alone: a staging place beside it would be written and checked first");
    }
    let is_there = rekey.runtime.block_on(rekey.store.key(&key.name))?.is_some();
    let word = match (is_there, args.replace) {
        (true, false) => {
            return Err(CliError::usage(
                format!("the inventory has `{}` already", key.name),
                "choose another name, or write over it with --replace",
            ));
        }
        (true, true) => {
            rekey.runtime.block_on(rekey.store.put_key(&key))?;
            "changed"
        }
        (false, _) => {
            rekey.runtime.block_on(rekey.store.add_key(&key))?;
            "added"
        }
    };
    ui.lines(&[format!(
        "{word} {}: {} at {} {}; next: keywright rotate {} --dry-run",
        key.name,
        key.key_id,
        key.destinations.len(),
        if key.destinations.len() == 1 { "place" } else { "places" },
        key.name
    )]);
    Ok(Exit::Clean)
}

/// Puts a value under a name with dots: `auth.password`.
pub(super) fn set(settings: &mut serde_json::Map<String, serde_json::Value>, name: &str, value: String) {
    match name.split_once('.') {
        None => {
            settings.insert(name.into(), value.into());
        }
        Some((table, rest)) => {
            let inner = settings.entry(table).or_insert_with(|| serde_json::json!({}));
            if let Some(inner) = inner.as_object_mut() {
                set(inner, rest, value);
            }
        }
    }
}

/// Reads `NAME=VALUE`.
pub(super) fn split(text: &str, flag: &str, shape: &str) -> Result<(String, String), CliError> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        // The text is not repeated: somebody may have written a secret there.
        .ok_or_else(|| {
            CliError::usage(format!("{flag} is not of the shape {shape}"), format!("write {flag} {shape}"))
        })?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A relative path means another file wherever the next command is run from.
fn absolute(place: &str) -> String {
    match place.split_once(':') {
        Some((kind @ ("dotenv" | "url"), rest)) => {
            let (path, what) = rest.split_at(rest.rfind('#').unwrap_or(rest.len()));
            let path = std::path::absolute(Path::new(path)).unwrap_or_else(|_| path.into());
            format!("{kind}:{}{what}", path.display())
        }
        _ => place.to_owned(),
    }
}

fn environments(
    destinations: &[DestinationRecord],
    health: &[String],
    base: &Path,
) -> Result<Vec<EnvironmentRecord>, CliError> {
    let mut found: Vec<EnvironmentRecord> = Vec::new();
    for destination in destinations {
        if !found.iter().any(|e| e.name == destination.environment) {
            found.push(EnvironmentRecord { name: destination.environment.clone(), health: Vec::new() });
        }
    }
    for text in health {
        let (name, check) = split(text, "--health", "ENVIRONMENT=CHECK")?;
        Health::parse(&check, base).map_err(|why| {
            CliError::usage(
                format!("the health check of {name} can't be read: {why}"),
                "see docs/destinations.md",
            )
        })?;
        let environment = found.iter_mut().find(|e| e.name == name).ok_or_else(|| {
            CliError::usage(
                format!("no destination is in the environment {name}"),
                format!("add one: --destination {name}=…"),
            )
        })?;
        environment.health.push(check);
    }
    // Production comes last (R16, R43).
    found.sort_by_key(|e| is_production(&e.name));
    Ok(found)
}
