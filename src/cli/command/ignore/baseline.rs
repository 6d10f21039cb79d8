//! `keywright ignore baseline`.

use std::path::PathBuf;

use clap::Args;
use keywright::suppress::IgnoreFile;

use super::entry;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::survey::{Request, survey};
use crate::cli::ui::Ui;
use crate::cli::write::replace;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright ignore baseline --output keywright.baseline\n  keywright scan --baseline keywright.baseline --fail-on new\n\nWhat is in a baseline is known, not harmless: each finding in it is still a key to rotate."
)]
pub(super) struct BaselineArgs {
    /// Where to write it [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Settings of your own, as for scan
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules of your own, as for scan (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

pub(super) fn run(args: &BaselineArgs, ui: &Ui) -> Result<Exit, CliError> {
    let request = Request { config: args.config.clone(), rules: args.rules.clone(), ..Request::default() };
    let survey = survey(&request, ui)?;
    let mut file = IgnoreFile::default();
    // Findings come in the order of their places: the first one of a secret stands for all.
    let mut met = std::collections::HashSet::new();
    let known = survey.findings.iter().filter(|f| f.suppression.is_none() && met.insert(&f.fingerprint));
    for finding in known {
        file.add_new(entry(finding));
    }
    let count = file.entries().count();
    let text = file.render();
    match &args.output {
        Some(path) => {
            replace(path, &text)?;
            let word = if count == 1 { "secret is" } else { "secrets are" };
            ui.lines(&[format!("{count} {word} known in {}", path.display())]);
        }
        None => ui.lines(&[text.trim_end().to_owned()]),
    }
    if survey.coverage.is_complete() {
        return Ok(Exit::Clean);
    }
    ui.warn("not everything could be read: what stands there will be told as new");
    Ok(Exit::Incomplete)
}
