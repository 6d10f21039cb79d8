//! `keywright rotate`: replaces credentials, durably.

use std::path::PathBuf;

use clap::Args;
use keywright::destination::Destination;
use keywright::model::incident::{Incident, Stage};
use keywright::model::rotation::{Mode, Reason};
use keywright::rotate::due::{Held, held};
use keywright::rotate::{Observed, Parts, Plan, Wishes, begin, observe};
use keywright::store::StoreError;
use keywright::store::record::{KeyRecord, Versioned};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::progress::{self, Patience};
use crate::cli::rekey::{Rekey, base_of};
use crate::cli::table::date;
use crate::cli::ui::Ui;

/// Replace credentials: mint, deliver, prove, revoke; it can be killed at any moment and resumed
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rotate prod-scraper --dry-run               every step in words; nothing is changed\n  keywright rotate prod-scraper --plan 3f2a90c1d4e5f607 what --dry-run showed, and nothing else\n  keywright rotate prod-scraper --emergency --reason leak:commit\n  keywright rotate --where holder=1password:team --reason vault-compromise\n  keywright rotate --due --yes                         what is due, within its windows: for a timer\n\nExit codes: 0 done, 4 a person is needed, 5 waiting or undone (`keywright rotations list`), 6 a sealed secret needs rescue now"
)]
pub(crate) struct RotateArgs {
    /// The keys, by their names in the inventory
    #[arg(value_name = "KEY", required_unless_present_any = ["selected", "due"])]
    keys: Vec<String>,
    /// Every key of which this holds: holder=WHERE, provider=WORD, owner=WHO; store=WHERE is the same as holder
    #[arg(long = "where", id = "selected", value_name = "FIELD=VALUE", conflicts_with = "keys")]
    selected: Vec<String>,
    /// Every key that is due, as far as [schedule] in your settings lets it begin now: for a timer
    #[arg(long, conflicts_with_all = ["keys", "selected", "reason", "emergency"])]
    due: bool,
    /// Why
    #[arg(long, value_name = "WHY", default_value = "policy", value_parser = reason, long_help = reasons())]
    reason: Reason,
    /// Contain first: the old key dies at once, and a measured outage is accepted
    #[arg(long, conflicts_with = "mode")]
    emergency: bool,
    /// How: planned, atomic, grace, manual [default: the provider's best]
    #[arg(long, value_name = "HOW", value_parser = mode)]
    mode: Option<Mode>,
    /// How long both keys live at least, such as 24h; never less than the provider's quiet gate
    #[arg(long, value_name = "TIME", value_parser = span)]
    grace: Option<u64>,
    /// Print every step, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on without asking, if the plan is exactly this one
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    /// Go on without asking
    #[arg(long, short)]
    yes: bool,
    /// How long to wait here for what takes time; longer waits end the program, and `rotations resume` goes on
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span)]
    wait: u64,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn reason(text: &str) -> Result<Reason, String> {
    Reason::from_word(text).ok_or_else(|| format!("it is one of: {}", Reason::words()))
}

fn reasons() -> String {
    format!("Why, for the audit: {}", Reason::words())
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::from_word(text).ok_or_else(|| format!("it is one of: {}", Mode::words()))
}

/// A key, all that was seen of it, and what will be done.
struct Ready {
    key: KeyRecord,
    parts: Parts,
    destinations: Vec<Box<dyn Destination>>,
    seen: Observed,
    plan: Plan,
}

/// Runs the command.
pub(crate) fn run(args: &RotateArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    let keys = chosen(args, &rekey, ui)?;
    if args.plan.is_some() && keys.len() > 1 {
        return Err(CliError::usage("--plan is of one key, and several are named", "rotate them one by one"));
    }
    if keys.is_empty() {
        ui.lines(&["nothing is due".into()]);
        return Ok(Exit::Clean);
    }
    let mut ready = Vec::new();
    for key in keys {
        ready.push(prepare(args, &rekey, key)?);
    }
    for one in &ready {
        ui.lines(&progress::plan(&one.plan, one.parts.provider.card(), &one.seen.warnings));
    }
    let mut free = Vec::new();
    let mut exit = Exit::Clean;
    for one in ready {
        match held_now(&rekey, &one)? {
            Some(held) => {
                ui.lines(&[waits(&one.key.name, &held)]);
                exit = Exit::NotRotated;
            }
            None => free.push(one),
        }
    }
    if args.dry_run {
        return Ok(Exit::Clean);
    }
    if free.is_empty() {
        return Ok(exit);
    }
    agreed(args, &free, ui)?;
    for one in free {
        // Those before it may be under way still.
        if let Some(held) = held_now(&rekey, &one)? {
            ui.lines(&[waits(&one.key.name, &held)]);
            exit = exit.worse(Exit::NotRotated);
            continue;
        }
        let id = begin::name()?;
        rekey.runtime.block_on(begin::begin(&one.parts, &id, &one.key, &one.seen, &one.plan))?;
        let patience = Patience { seconds: args.wait, given: None, deliver_again: false };
        // As it stands in the store by now: the old secret's last four are known.
        let key = rekey.key(&one.key.name)?;
        let done = progress::drive(&rekey, &one.parts, &one.destinations, &key, &id, patience, ui)?;
        // The worst of them is what the caller hears.
        exit = exit.worse(done);
    }
    Ok(exit)
}

fn chosen(args: &RotateArgs, rekey: &Rekey, ui: &Ui) -> Result<Vec<KeyRecord>, CliError> {
    if args.due {
        return due(rekey, ui);
    }
    if args.selected.is_empty() {
        return args.keys.iter().map(|name| rekey.key(name)).collect();
    }
    let mut keys = rekey.runtime.block_on(rekey.store.keys())?;
    for text in &args.selected {
        let wrong = || {
            CliError::usage(
                "--where is not of the shape FIELD=VALUE",
                "write holder=…, provider=…, owner=… or store=…",
            )
        };
        let (field, value) = text.split_once('=').ok_or_else(wrong)?;
        match field {
            "holder" | "store" => keys.retain(|k| k.holder == value),
            "provider" => keys.retain(|k| k.provider == value),
            "owner" => keys.retain(|k| k.owner == value),
            _ => return Err(wrong()),
        }
    }
    if keys.is_empty() {
        return Err(CliError::usage(
            "no key is like that",
            "`keywright keys list` shows holder, provider and owner",
        ));
    }
    Ok(keys)
}

/// Lists what is due, has a place, and is not being replaced; what is due longest comes first. What leaked is left to
/// its incident: a rotation that takes its time would stand in the way of the emergency.
fn due(rekey: &Rekey, ui: &Ui) -> Result<Vec<KeyRecord>, CliError> {
    let now = rekey.now();
    let rotations = rekey.runtime.block_on(rekey.store.rotations())?;
    let mut keys = rekey.runtime.block_on(rekey.store.keys())?;
    let is_open = |key: &KeyRecord| rotations.iter().any(|r| r.key == key.name && !r.state.is_over());
    keys.retain(|k| k.due.is_some_and(|due| due <= now) && !k.destinations.is_empty() && !is_open(k));
    let incidents = rekey.runtime.block_on(rekey.store.incidents())?;
    keys.retain(|key| {
        let is_of_it = |i: &&Versioned<Incident>| {
            i.is.key.as_ref() == Some(&key.name)
                && matches!(i.is.stage, Stage::Open | Stage::Asking | Stage::Answering)
        };
        let leaked = incidents.iter().find(is_of_it);
        if let Some(leaked) = leaked {
            ui.warn(&format!("{} leaked: answer {} first, keywright respond", key.name, leaked.is.id));
        }
        leaked.is_none()
    });
    keys.sort_by_key(|k| k.due);
    Ok(keys)
}

/// Returns why a rotation does not begin now.
fn held_now(rekey: &Rekey, one: &Ready) -> Result<Option<Held>, CliError> {
    let keys = rekey.runtime.block_on(rekey.store.keys())?;
    let others = rekey.runtime.block_on(rekey.store.rotations())?;
    let (schedule, card) = (&rekey.settings.schedule, one.parts.provider.card());
    Ok(held(schedule, &one.plan, card, &one.key, &keys, &others, rekey.now()))
}

fn waits(key: &str, held: &Held) -> String {
    match held.until {
        Some(at) => format!("{key} is not begun now: {}; it may be at {}", held.why, date(at)),
        None => format!("{key} is not begun now: {}", held.why),
    }
}

fn prepare(args: &RotateArgs, rekey: &Rekey, key: KeyRecord) -> Result<Ready, CliError> {
    let rotations = rekey.runtime.block_on(rekey.store.rotations())?;
    if let Some(open) = rotations.iter().find(|r| r.key == key.name && !r.state.is_over()) {
        return Err(StoreError::Busy { rotation: open.id.clone() }.into());
    }
    let parts = rekey.parts(&key)?;
    let card = parts.provider.card();
    let mode = match (args.emergency, args.mode) {
        (true, _) => Mode::Emergency,
        (false, Some(mode)) => mode,
        (false, None) => card.modes.first().copied().unwrap_or(Mode::Manual),
    };
    if !card.modes.contains(&mode) && mode != Mode::Manual {
        let can = card.modes.iter().map(|m| m.word()).collect::<Vec<_>>().join(", ");
        return Err(CliError::usage(
            format!("{} can't rotate in the mode {mode}", card.name),
            format!("it can: {can}, manual"),
        ));
    }
    let places: Vec<_> = key.destinations.iter().map(|d| d.place.clone()).collect();
    if places.is_empty() && !args.dry_run {
        return Err(CliError::usage(
            format!("{} has no destination: its new secret would go nowhere", key.name),
            format!("name its places: keywright keys add {} --replace --destination …", key.name),
        ));
    }
    let destinations = rekey.destinations(&places, &base_of(&key))?;
    let seen = rekey.runtime.block_on(observe(&parts, &destinations, &key, mode))?;
    let wishes = Wishes { grace: args.grace };
    let plan = Plan::make(&key, parts.provider.card(), mode, args.reason, &seen, &wishes);
    Ok(Ready { key, parts, destinations, seen, plan })
}

/// Asks, unless it was agreed on already; the question says what stops working (R8).
fn agreed(args: &RotateArgs, ready: &[Ready], ui: &Ui) -> Result<(), CliError> {
    if let Some(hash) = &args.plan {
        let is = ready.iter().map(|r| r.plan.hash()).collect::<Vec<_>>().join(", ");
        if *hash != is {
            return Err(CliError::usage(
                format!("the plan is {is}, and {hash} was agreed on"),
                "something changed since: look at the plan above, and agree on that",
            ));
        }
        return Ok(());
    }
    if args.yes {
        return Ok(());
    }
    let outage = ready.iter().flat_map(|r| &r.plan.steps).find(|s| !s.outage.is_empty());
    if let Some(step) = outage {
        ui.warn(&step.outage);
    }
    match ui.ask("Type yes to go on: ") {
        Some(answer) if answer == "yes" => Ok(()),
        Some(_) => Err(CliError::usage("nothing was done", "type yes, in full")),
        None => Err(CliError::usage(
            "nobody is here to agree to the plan",
            "agree to it by its hash: --plan HASH; or to whatever it is: --yes",
        )),
    }
}
