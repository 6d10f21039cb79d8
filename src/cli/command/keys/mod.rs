//! `keywright keys`: the inventory of our own credentials, without their secrets.
//!
//! - `add`: puts one down, with its places and its environments
//! - `list`, `show`: what is there
//! - `import`: what a provider lists
//! - `due`: what is to be replaced, and when; `tell_due`: people told ahead
//! - `skip`: a rotation that is ahead, put off
//! - `embeds`: the pages that embed a key which is public by design
//! - `remove`: takes one out; nothing outside is touched

mod add;
mod due;
mod embeds;
mod import;
mod list;
mod remove;
mod show;
mod skip;
mod tell_due;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

/// The inventory of your own credentials: add, list, show, import, due, skip, embeds, remove
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys import atlasvpn                    what the account has\n  keywright keys add prod-scraper --provider atlasvpn --key-id avp_live_ID \\\n      --destination staging=dotenv:staging/.env#AVP_SECRET,key_id=AVP_KEY_ID \\\n      --destination production=dotenv:/srv/app/.env#PROXY_URL@url --health staging=tcp:127.0.0.1:8080\n  keywright keys due --within 14d\n\nNo secret is kept here: only names, places and dates."
)]
pub(crate) struct KeysArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// Put a key down, with the places that use it
    Add(Box<add::AddArgs>),
    /// Show every key
    List(list::ListArgs),
    /// Show all about a key
    Show(show::ShowArgs),
    /// Show what a provider lists, and add it
    Import(import::ImportArgs),
    /// Show what is to be replaced, and when
    Due(due::DueArgs),
    /// Put off a rotation that is ahead, within bounds
    Skip(skip::SkipArgs),
    /// Show the pages that embed a key which is public by design, and a patch for its new one
    Embeds(embeds::EmbedsArgs),
    /// Take a key out of the inventory; the provider and the places are not touched
    Remove(remove::RemoveArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &KeysArgs, ui: &Ui) -> Result<Exit, CliError> {
    // It asks nobody and keeps nothing.
    if let Verb::Embeds(args) = &args.verb {
        return embeds::run(args, ui);
    }
    let rekey = Rekey::open(args.config.as_deref())?;
    match &args.verb {
        Verb::Embeds(args) => embeds::run(args, ui),
        Verb::Add(args) => add::run(args, &rekey, ui),
        Verb::List(args) => list::run(args, &rekey, ui),
        Verb::Show(args) => show::run(args, &rekey, ui),
        Verb::Import(args) => import::run(args, &rekey, ui),
        Verb::Due(args) => due::run(args, &rekey, ui),
        Verb::Skip(args) => skip::run(args, &rekey, ui),
        Verb::Remove(args) => remove::run(args, &rekey, ui),
    }
}
