//! `keywright incidents`: leaked secrets, one incident each, with what is known and what was done.
//!
//! - `list`, `show`: what there is
//! - `approve`: a person says yes to a plan
//! - `report`: all of one incident, for people who ask
//! - `clean`: what still holds its secret, and how to take it out of a history
//! - `settle`: a person lets it be, closes it or opens it again

mod approve;
mod clean;
mod list;
mod report;
mod settle;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keywright::model::incident::Incident;
use keywright::store::record::Versioned;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

/// Leaked secrets, one incident each: list, show, report, clean, approve, dismiss, close, reopen
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents list\n  keywright incidents show i-3f2a90c1\n  keywright incidents report i-3f2a90c1 --format html --output incident.html\n  keywright incidents clean i-3f2a90c1 --script take-out.py\n  keywright incidents approve i-3f2a90c1 --plan 5d41402abc4b2a76\n  keywright incidents dismiss i-3f2a90c1 --reason 'a test account, without rights'"
)]
pub(crate) struct IncidentsArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// What there is
    List(list::ListArgs),
    /// One of them: what is known, by what proof, and what was done when
    Show(show::ShowArgs),
    /// All of one: every moment, proof and decision, with hashes
    Report(report::ReportArgs),
    /// What still holds its secret: branches, tags, pull requests, files
    Clean(clean::CleanArgs),
    /// Say yes to exactly one plan
    Approve(approve::ApproveArgs),
    /// Let it be, with a reason
    Dismiss(settle::SettleArgs),
    /// Say that nothing is left to do
    Close(settle::SettleArgs),
    /// Look at it anew
    Reopen(settle::SettleArgs),
}

/// Runs the command.
pub(crate) fn run(args: &IncidentsArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    match &args.verb {
        Verb::List(args) => list::run(args, &rekey, ui),
        Verb::Show(args) => show::run(args, &rekey, ui),
        Verb::Report(args) => report::run(args, &rekey, ui),
        Verb::Clean(args) => clean::run(args, &rekey, ui),
        Verb::Approve(args) => approve::run(args, &rekey, ui),
        Verb::Dismiss(args) => settle::dismiss(args, &rekey, ui),
        Verb::Close(args) => settle::close(args, &rekey, ui),
        Verb::Reopen(args) => settle::reopen(args, &rekey, ui),
    }
}

/// Returns the incident, or says what there is.
fn open(rekey: &Rekey, id: &str) -> Result<Versioned<Incident>, CliError> {
    rekey.runtime.block_on(rekey.store.incident(id))?.ok_or_else(|| {
        CliError::usage(
            format!("there is no incident {id}, or several begin so"),
            "`keywright incidents list --all` shows what there is",
        )
    })
}
