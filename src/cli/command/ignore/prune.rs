//! `keywright ignore prune`.

use std::collections::HashSet;

use clap::Args;
use keywright::suppress::Entry;

use super::{Which, today};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::survey::{Request, survey};
use crate::cli::ui::Ui;
use crate::cli::write::replace;

#[derive(Args)]
pub(super) struct PruneArgs {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    which: Which,
}

pub(super) fn run(args: &PruneArgs, ui: &Ui) -> Result<Exit, CliError> {
    let (path, mut file) = args.which.read()?;
    if file.entries().next().is_none() {
        ui.lines(&[format!("there are no entries in {}", path.display())]);
        return Ok(Exit::Clean);
    }
    let request = Request { ignore_file: Some(path.clone()), ..Request::default() };
    let survey = survey(&request, ui)?;
    // What was not read may hold the very secret an entry is about.
    if !survey.coverage.is_complete() {
        return Err(CliError {
            what: "nothing was pruned: not all of the repository could be read".into(),
            why: "an entry that seems to hide nothing may hide what was not read".into(),
            fix: "`keywright scan` lists what could not be read and how to get it".into(),
            exit: Exit::Incomplete,
        });
    }
    let unused: HashSet<Entry> = survey.suppressions.unused("ignore").into_iter().cloned().collect();
    let today = today();
    let gone = file.retain(|entry| !entry.is_expired(today) && !unused.contains(entry));
    let mut lines: Vec<String> = gone
        .iter()
        .map(|entry| {
            let why = if entry.is_expired(today) { "expired" } else { "hides nothing" };
            let reason = entry.reason.as_deref().map_or(String::new(), |reason| format!(" · {reason}"));
            format!("{}  {why}{reason}", entry.fingerprint.short())
        })
        .collect();
    let kept = file.entries().count();
    let word = if args.dry_run { "would go" } else { "gone" };
    lines.push(format!("{} {word}, {kept} kept in {}", gone.len(), path.display()));
    if !args.dry_run && !gone.is_empty() {
        replace(&path, &file.render())?;
    }
    ui.lines(&lines);
    Ok(Exit::Clean)
}
