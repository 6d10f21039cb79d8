//! `keywright respond`: does about leaks what the operator's policy wants.

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::git::Repository;
use keywright::model::Confidence;
use keywright::respond::{hint, hinted};
use keywright::store::incidents::MOVING;

use crate::cli::desk::{Manner, record, respond, root_of};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::office::send_waiting;
use crate::cli::rekey::Rekey;
use crate::cli::survey::{Request, survey};
use crate::cli::ui::Ui;

/// Answer leaks as your policy says: prove, contain, deliver, prove dead, review, look again
///
/// Without arguments: every incident that can go on now, which suits a timer. An incident by its name: that one.
/// Another scanner's report: what it points at in --repository is read and detected anew, and nothing else of it
/// is believed. --scan: what stands in a repository is recorded and answered in one go.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright respond                          everything that can go on: for a timer\n  keywright respond i-3f2a90c1               this one\n  keywright respond gitleaks.json --repository /srv/git/app.git\n  keywright respond --scan . --explain       which line of the policy would decide, and why the others do not fit\n  keywright respond --scan /srv/git/app.git\n\nNothing acts by itself unless [respond] live = true, the repository is on [respond] repositories, and the very\nsecret is proven live and yours (docs/incidents.md).\n\nExit codes: 0 nothing is left to do now, 1 leaks that only you can end, 4 a person is asked, 5 waiting, 6 a sealed secret needs rescue now"
)]
pub(crate) struct RespondArgs {
    /// Incidents, by their names or the beginnings of these; or a report: SARIF, gitleaks, betterleaks, trufflehog, kingfisher, detect-secrets or GitLab JSON
    #[arg(value_name = "INCIDENT|REPORT")]
    what: Vec<String>,
    /// The repository a report is about [default: the one around the current folder]
    #[arg(long, value_name = "PATH", conflicts_with = "scan")]
    repository: Option<PathBuf>,
    /// A repository to scan: what is found is recorded and answered
    #[arg(long, value_name = "PATH", conflicts_with = "what")]
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
        None if args.what.is_empty() => due(&rekey)?,
        None => named(args, &rekey, ui)?,
    };
    if ids.is_empty() {
        ui.lines(&["nothing is to be done".into()]);
        if !args.explain {
            send_waiting(&rekey, ui);
        }
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

/// Takes incidents by their names, and those that reports lead to.
fn named(args: &RespondArgs, rekey: &Rekey, ui: &Ui) -> Result<Vec<String>, CliError> {
    let mut ids = Vec::new();
    for word in &args.what {
        if word.starts_with("i-") && !Path::new(word).exists() {
            ids.push(word.clone());
            continue;
        }
        for id in reported(Path::new(word), args, rekey, ui)? {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
    Ok(ids)
}

/// Looks at what a report points at, and records what is found there.
fn reported(file: &Path, args: &RespondArgs, rekey: &Rekey, ui: &Ui) -> Result<Vec<String>, CliError> {
    let unread = |why: String| CliError {
        what: format!("can't read the report {}", file.display()),
        why,
        fix: "name an incident (keywright incidents list), or a report of a scanner".into(),
        exit: Exit::Usage,
    };
    let size = std::fs::metadata(file).map_err(|e| unread(e.to_string()))?.len();
    if size > LARGEST {
        return Err(unread("it is larger than 256 MiB".into()));
    }
    let report = hint::read(&std::fs::read(file).map_err(|e| unread(e.to_string()))?).map_err(unread)?;
    let path = args.repository.clone().unwrap_or_else(|| ".".into());
    let repo = Repository::discover(&path)?.ok_or_else(|| {
        CliError::usage(
            format!("{} is no repository", path.display()),
            "name the one the report is about: --repository PATH",
        )
    })?;
    let looked = hinted::look(&repo, &rekey.detector()?, &report.hints);
    let (ids, new) = record(rekey, &looked.findings, &root_of(&path), Confidence::Medium)?;
    ui.note(&format!(
        "{}: {} places, {} objects looked at, {} not here, {} entries not understood; {} incidents, {new} of them new",
        report.tool,
        report.hints.len(),
        looked.objects,
        looked.absent,
        report.unread,
        ids.len()
    ));
    Ok(ids)
}

/// The largest report that is read, in bytes.
const LARGEST: u64 = 256 << 20;

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
