//! What was found, held against its providers (`--verify`) and written to the store (`--record`).

use std::path::PathBuf;

use keywright::model::credential::Liveness;
use keywright::model::{Check, Finding, Severity, Verdict};
use keywright::verify::{Verifier, provider_of};

use super::desk::{record, root_of};
use super::error::CliError;
use super::rekey::Rekey;
use super::survey::{Request, Survey};
use super::ui::Ui;

/// How many secrets are asked about in one run.
const MOST: usize = 500;

/// Does what was asked for behind a scan.
pub(crate) fn follow(request: &Request, survey: &mut Survey, ui: &Ui) -> Result<(), CliError> {
    if !request.verify && !request.record {
        return Ok(());
    }
    let rekey = Rekey::open(request.config.as_deref())?;
    if request.verify {
        verify(&rekey, survey)?;
    }
    if request.record {
        let root = match request.paths.as_slice() {
            [] => root_of(&PathBuf::from(".")),
            [path] if path.as_os_str() != "-" => root_of(path),
            _ => {
                return Err(CliError::usage(
                    "--record wants one repository or folder, to find it again",
                    "scan them one by one",
                ));
            }
        };
        let (ids, new) = record(&rekey, &survey.findings, &root, survey.least)?;
        rekey.anchor(ui);
        ui.note(&format!("recorded: {} incidents, {new} of them new; keywright incidents list", ids.len()));
    }
    Ok(())
}

/// Asks about each secret once; what is let be by a suppression and alive is let be no more.
pub(crate) fn verify(rekey: &Rekey, survey: &mut Survey) -> Result<(), CliError> {
    let mut verifier = Verifier::default();
    let (mut asked, mut left, mut raised) = (0, 0, 0);
    let mut known: std::collections::BTreeMap<String, Option<(Liveness, String)>> = Default::default();
    let least = survey.least;
    let is_meant = |f: &Finding| f.hit.confidence >= least && f.hit.rule.severity > Severity::Info;
    for finding in survey.findings.iter_mut().filter(|f| is_meant(f)) {
        let name = finding.fingerprint.as_str().to_owned();
        let said = match known.get(&name) {
            Some(said) => said.clone(),
            None => {
                let said = match provider_of(&finding.hit.rule) {
                    Err(_) => None,
                    Ok(_) if asked >= MOST => {
                        left += 1;
                        None
                    }
                    Ok(id) => {
                        asked += 1;
                        let provider = rekey.provider(&id, &serde_json::Value::Null)?;
                        let checked = rekey.runtime.block_on(verifier.verify(finding, &*provider));
                        Some((checked.liveness, checked.why))
                    }
                };
                known.insert(name, said.clone());
                said
            }
        };
        let Some((liveness, why)) = said else { continue };
        finding.liveness = Some(liveness);
        let verdict = match liveness {
            Liveness::Alive => Some(Verdict::Passed),
            Liveness::Dead => Some(Verdict::Failed),
            Liveness::Unknown => None,
        };
        let check = |verdict| Check { name: "liveness", verdict, why: format!("{liveness}: {why}") };
        finding.hit.checks.extend(verdict.map(check));
        if liveness == Liveness::Alive && finding.suppression.take().is_some() {
            raised += 1;
        }
    }
    if raised > 0 {
        survey.warnings.push(format!(
            "{raised} findings were let be and are alive: a suppression hides no secret that works"
        ));
    }
    if left > 0 {
        survey.warnings.push(format!("{left} secrets were not asked about: {MOST} a run are"));
    }
    Ok(())
}
