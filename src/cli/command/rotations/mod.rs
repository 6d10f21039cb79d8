//! `keywright rotations`: what was begun, and how it goes on.
//!
//! - `list`, `show`: what there is
//! - `resume`: goes on where it stopped, however it stopped
//! - `back`: puts the old key back (`rollback`, `abort`)
//! - `diagnose`: what is wrong: the value, a destination, an environment

mod back;
mod diagnose;
mod list;
mod resume;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keywright::destination::Destination;
use keywright::rotate::read_plan;
use keywright::rotate::{Parts, Plan};
use keywright::store::record::{KeyRecord, RotationRecord};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::{Rekey, base_of};
use crate::cli::ui::Ui;

/// Rotations that were begun: list, show, resume, abort, rollback, diagnose
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rotations list\n  keywright rotations resume --all            everything that can go on now: for a timer\n  keywright rotations rollback r-3f2a90c1d4e5f607\n  keywright rotations diagnose r-3f2a90c1d4e5f607"
)]
pub(crate) struct RotationsArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// Show every rotation, those that are not over first
    List(list::ListArgs),
    /// Show a rotation: its plan, and how far it is
    Show(show::ShowArgs),
    /// Go on where it stopped
    Resume(resume::ResumeArgs),
    /// Give a rotation up: what it wrote is put back
    Abort(back::BackArgs),
    /// Put the old key back everywhere, and end the new one
    Rollback(back::BackArgs),
    /// Find out what is wrong: the value, a destination, an environment
    Diagnose(diagnose::DiagnoseArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &RotationsArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    match &args.verb {
        Verb::List(args) => list::run(args, &rekey, ui),
        Verb::Show(args) => show::run(args, &rekey, ui),
        Verb::Resume(args) => resume::run(args, &rekey, ui),
        Verb::Abort(args) | Verb::Rollback(args) => back::run(args, &rekey, ui),
        Verb::Diagnose(args) => diagnose::run(args, &rekey, ui),
    }
}

/// A rotation with all it needs to be moved.
struct Opened {
    record: RotationRecord,
    key: KeyRecord,
    plan: Plan,
    parts: Parts,
    destinations: Vec<Box<dyn Destination>>,
}

fn record(rekey: &Rekey, id: &str) -> Result<RotationRecord, CliError> {
    let all = rekey.runtime.block_on(rekey.store.rotations())?;
    // The beginning of a name is enough, if it is one rotation's alone.
    let mut fitting = all.into_iter().filter(|r| r.id.starts_with(id));
    match (fitting.next(), fitting.next()) {
        (Some(record), None) => Ok(record),
        (Some(_), Some(_)) => {
            Err(CliError::usage(format!("several rotations begin with {id}"), "write more of the name"))
        }
        (None, _) => {
            Err(CliError::usage(format!("there is no rotation {id}"), "see `keywright rotations list`"))
        }
    }
}

fn open(rekey: &Rekey, id: &str) -> Result<Opened, CliError> {
    let record = record(rekey, id)?;
    let plan = read_plan(&record)?;
    let key = rekey.key(&record.key)?;
    let parts = rekey.parts(&key)?;
    let places: Vec<_> = plan.places.iter().map(|p| p.place.clone()).collect();
    let destinations = rekey.destinations(&places, &base_of(&key))?;
    Ok(Opened { record, key, plan, parts, destinations })
}
