//! `keywright verify`: asks whether what was found works.

use std::path::PathBuf;

use clap::Args;
use keywright::model::credential::Liveness;
use keywright::provider::Checked;
use keywright::verify::{Verifier, provider_of};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::meant::{meant, paths};
use crate::cli::rekey::Rekey;
use crate::cli::survey::{Request, survey};
use crate::cli::ui::Ui;

/// Ask a provider whether a key that was found works
///
/// FINDING is a fingerprint as a report shows it, or the beginning of one, or PATH:LINE. The key is shown to its
/// provider's own host, which the program or your settings name, once, and to nobody else.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright verify 3f2a90c1d4e5\n  keywright verify deploy/prod.env:12\n\nExit codes: 0 it is dead, 1 it is alive, 3 that cannot be told"
)]
pub(crate) struct VerifyArgs {
    /// A fingerprint, or PATH:LINE
    #[arg(value_name = "FINDING")]
    finding: String,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CliError> {
    let request = Request { paths: paths(&args.finding), config: args.config.clone(), ..Request::default() };
    let survey = survey(&request, ui)?;
    let meant = meant(&args.finding, &survey.findings)?;
    let mut verifier = Verifier::default();
    let mut rekey = None;
    let mut exit = Exit::Clean;
    for finding in meant {
        let checked = match provider_of(&finding.hit.rule) {
            Err(why) => Checked::new(Liveness::Unknown, why),
            Ok(id) => {
                let rekey = match &rekey {
                    Some(open) => open,
                    None => rekey.insert(Rekey::open(args.config.as_deref())?),
                };
                let provider = rekey.provider(&id, &serde_json::Value::Null)?;
                rekey.runtime.block_on(verifier.verify(finding, &*provider))
            }
        };
        let place = format!("{}:{}", finding.location.path, finding.location.line);
        ui.lines(&[
            format!("{}  {}  {place}", checked.liveness, finding.hit.rule.id),
            format!("  {} · {}", finding.hit.masked, checked.why),
        ]);
        exit = match (exit, checked.liveness) {
            (Exit::Leaks, _) | (_, Liveness::Alive) => Exit::Leaks,
            (_, Liveness::Unknown) | (Exit::Incomplete, _) => Exit::Incomplete,
            _ => Exit::Clean,
        };
    }
    Ok(exit)
}
