//! `keywright verify`: asks whether what was found works.

use std::path::PathBuf;

use clap::Args;
use keywright::model::Finding;
use keywright::model::credential::Liveness;
use keywright::model::text::shown;
use keywright::provider::Checked;
use keywright::verify::{Verifier, provider_of};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
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

/// The shortest beginning of a fingerprint that names a finding.
const SHORTEST: usize = 8;

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, ui: &Ui) -> Result<Exit, CliError> {
    let word = shown(args.finding.as_bytes());
    let place =
        args.finding.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<u64>().ok()?)));
    let paths = place.iter().map(|(path, _)| PathBuf::from(path)).collect();
    let survey = survey(&Request { paths, config: args.config.clone(), ..Request::default() }, ui)?;
    let prefix = args.finding.to_ascii_lowercase();
    let is_meant = |finding: &&Finding| match place {
        Some((_, line)) => (finding.location.line..=finding.location.end_line).contains(&line),
        None => prefix.len() >= SHORTEST && finding.fingerprint.as_str().starts_with(&prefix),
    };
    let mut meant: Vec<&Finding> = survey.findings.iter().filter(is_meant).collect();
    meant.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    meant.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    if meant.is_empty() {
        let fix = format!(
            "write {SHORTEST} or more characters of a fingerprint, or PATH:LINE; `keywright scan` shows both"
        );
        return Err(CliError::usage(format!("`{word}` names no finding"), fix));
    }
    if place.is_none() && meant.len() > 1 {
        return Err(CliError::usage(format!("{word} begins several fingerprints"), "write more of it"));
    }
    let mut verifier = Verifier::default();
    let mut rekey = None;
    let mut exit = Exit::Clean;
    for finding in meant {
        let checked = match provider_of(&finding.hit.rule) {
            Err(why) => Checked { liveness: Liveness::Unknown, why },
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
