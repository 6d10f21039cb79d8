//! `keywright incidents report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use keywright::respond::clean::Left;
use keywright::respond::ledger::Ledger;

use super::clean::left;
use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents report i-3f2a90c1\n  keywright incidents report i-3f2a90c1 --format html --output incident.html"
)]
pub(super) struct ReportArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// As what: md (Markdown), json or html (one page that asks the network for nothing)
    #[arg(long, value_enum, default_value_t = As::Md, hide_possible_values = true)]
    format: As,
    /// Where to, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// Markdown
    Md,
    /// JSON
    Json,
    /// A page
    Html,
}

pub(super) fn run(args: &ReportArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let incident = open(rekey, &args.id)?.is;
    let sightings = rekey.runtime.block_on(rekey.store.sightings(&incident.id))?;
    let mut audit = rekey.runtime.block_on(rekey.store.audit_lines())?;
    audit.retain(|l| l.rotation == incident.id || incident.rotation.as_ref() == Some(&l.rotation));
    let left = Left::of_all(&left(rekey, &incident, &sightings)?);
    let (left, now) = (left.as_ref(), rekey.now());
    let ledger = Ledger { incident: &incident, sightings: &sightings, audit: &audit, left, now };
    let text = match args.format {
        As::Md => ledger.markdown(),
        As::Json => ledger.json(),
        As::Html => ledger.html(),
    };
    match &args.output {
        Some(path) => std::fs::write(path, text).map_err(|e| CliError {
            what: format!("couldn't write the report to {}", path.display()),
            why: e.to_string(),
            fix: "name a file that can be written: --output FILE".into(),
            exit: Exit::Incomplete,
        })?,
        None => ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))?,
    }
    Ok(Exit::Clean)
}
