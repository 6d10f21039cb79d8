//! `keywright respond`: does about leaks what the operator's policy wants.

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::store::incidents::MOVING;

use crate::cli::desk::{Manner, record, respond, root_of};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::rekey::Rekey;
use crate::cli::survey::{Request, survey};
use crate::cli::ui::Ui;

/// Answer leaks as your policy says: prove, contain, deliver, prove dead, review, look again
///
/// Without arguments: every incident that can go on now, which suits a timer. An incident by its name: that one.
/// --scan: what stands in a repository is recorded and answered in one go.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright respond                          everything that can go on: for a timer\n  keywright respond i-3f2a90c1               this one\n  keywright respond --scan . --explain       which line of the policy would decide, and why the others do not fit\n  keywright respond --scan /srv/git/app.git\n\nNothing acts by itself unless [respond] live = true, the repository is on [respond] repositories, and the very\nsecret is proven live and yours (docs/incidents.md).\n\nExit codes: 0 nothing is left to do now, 1 leaks that only you can end, 4 a person is asked, 5 waiting, 6 a sealed secret needs rescue now"
)]
pub(crate) struct RespondArgs {
    /// Incidents, by their names or the beginnings of these
    #[arg(value_name = "INCIDENT")]
    incidents: Vec<String>,
    /// A repository to scan: what is found is recorded and answered
    #[arg(long, value_name = "PATH", conflicts_with = "incidents")]
    scan: Option<PathBuf>,
    /// Only say what would be done, and which line of the policy decides
    #[arg(long)]
    explain: bool,
    /// How long to wait here for what takes time; longer waits end the program, and the next run goes on
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = span)]
    wait: u64,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &RespondArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    let ids = match &args.scan {
        Some(path) => scanned(path, args, &rekey, ui)?,
        None if args.incidents.is_empty() => due(&rekey)?,
        None => args.incidents.clone(),
    };
    if ids.is_empty() {
        ui.lines(&["nothing is to be done".into()]);
        return Ok(Exit::Clean);
    }
    let manner = Manner { explain: args.explain, wait: args.wait };
    respond(&rekey, &rekey.respond, &ids, &manner, ui)
}

/// Scans and records.
fn scanned(path: &Path, args: &RespondArgs, rekey: &Rekey, ui: &Ui) -> Result<Vec<String>, CliError> {
    let request = Request { paths: vec![path.to_owned()], config: args.config.clone(), ..Request::default() };
    let survey = survey(&request, ui)?;
    survey.warnings.iter().for_each(|w| ui.warn(w));
    let root = root_of(path);
    let (ids, new) = record(rekey, &survey.findings, &root, survey.least)?;
    ui.note(&format!("{} incidents, {new} of them new", ids.len()));
    Ok(ids)
}

/// Lists what can go on now.
fn due(rekey: &Rekey) -> Result<Vec<String>, CliError> {
    let now = rekey.now();
    let all = rekey.runtime.block_on(rekey.store.incidents())?;
    let is_due = |i: &keywright::store::record::Versioned<keywright::model::incident::Incident>| {
        let is_approved = !i.is.approvals.is_empty();
        (MOVING.contains(&i.is.stage) || is_approved && !i.is.stage.is_over())
            && i.run_at.is_none_or(|at| at <= now)
    };
    Ok(all.into_iter().filter(is_due).map(|i| i.is.id).collect())
}
