//! What the commands about incidents share: findings written down, incidents moved, both told as they go.

use std::path::{Path, PathBuf};

use keywright::config::RespondSettings;
use keywright::git::Repository;
use keywright::model::incident::{Incident, Stage};
use keywright::model::{Confidence, Finding};
use keywright::respond::answer::{Desk, RespondError, Said, answer};
use keywright::respond::record;
use keywright::rotate::RotateError;
use keywright::scan::Ignored;
use keywright::store::record::{Line, Versioned};

use super::error::CliError;
use super::exit::Exit;
use super::office::Outside;
use super::progress::rescue;
use super::rekey::{Rekey, actor};
use super::ui::Ui;

/// Writes findings down as incidents; returns their names, and how many are new.
pub(crate) fn record(
    rekey: &Rekey,
    findings: &[Finding],
    root: &Path,
    least: Confidence,
) -> Result<(Vec<String>, usize), CliError> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let root = root.to_str().ok_or_else(|| {
        CliError::usage("the folder's name is no text, and could not be found again", "give it another name")
    })?;
    let now = rekey.now();
    let found = record::incidents(findings, root, least, &rekey.sealer, now)
        .map_err(|why| CliError::usage(format!("nothing was recorded: {why}"), "try again"))?;
    let line = |incident: &Incident| Line {
        at: now,
        actor: actor(),
        action: "incident.recorded".into(),
        provider: incident.provider.clone(),
        rotation: incident.id.clone(),
        status: "success".into(),
        reason: "leak:commit".into(),
        detail: format!("{} {}", incident.rule, incident.masked),
        ..Line::default()
    };
    let named = rekey.runtime.block_on(rekey.store.record_incidents(found, line))?;
    let new = named.iter().filter(|(_, is_new)| *is_new).count();
    Ok((named.into_iter().map(|(id, _)| id).collect(), new))
}

/// Returns the repository a path belongs to, else the path itself.
pub(crate) fn root_of(path: &Path) -> PathBuf {
    let repository = Repository::discover(path).ok().flatten();
    repository.map_or_else(|| path.to_owned(), |r| r.work_dir().unwrap_or_else(|| r.git_dir()))
}

/// How incidents are moved.
pub(crate) struct Manner {
    /// Only says what the policy would do.
    pub(crate) explain: bool,
    /// The longest wait in seconds that is sat out here.
    pub(crate) wait: u64,
}

/// Moves incidents, one after the other, and says how it ended: the worst of them.
pub(crate) fn respond(
    rekey: &Rekey,
    settings: &RespondSettings,
    ids: &[String],
    manner: &Manner,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let detector = rekey.detector()?;
    let patterns = settings.repositories.iter().map(|p| (p.clone(), "[respond] repositories".to_owned()));
    let listed = Ignored::new(patterns.collect()).map_err(|(pattern, why)| {
        CliError::usage(format!("[respond] repositories: `{pattern}`: {why}"), "write paths with * and **")
    })?;
    let is_listed =
        |repository: &str| listed.suppression(&keywright::model::Path::new(repository.as_bytes())).is_some();
    let office = Outside::new(rekey, ui)?;
    let say = |said: Said| ui.lines(&[format!("  {:<9} {}", said.topic, said.text)]);
    let desk = Desk {
        store: rekey.store.clone(),
        sealer: rekey.sealer.clone(),
        clock: rekey.clock.clone(),
        detector: &detector,
        settings,
        is_listed: &is_listed,
        office: &office,
        actor: actor(),
        patience: i64::try_from(manner.wait.saturating_mul(1000)).unwrap_or(i64::MAX),
        explain: manner.explain,
        say: &say,
    };
    let moved = ids.iter().try_fold(Exit::Clean, |exit, id| Ok(exit.worse(one(rekey, &desk, id, ui)?)));
    if !manner.explain {
        office.flush();
    }
    moved
}

/// Moves one incident.
fn one(rekey: &Rekey, desk: &Desk<'_>, id: &str, ui: &Ui) -> Result<Exit, CliError> {
    let Some(before) = rekey.runtime.block_on(rekey.store.incident(id))? else {
        return Err(CliError::usage(
            format!("there is no incident {id}"),
            "`keywright incidents list` shows what there is",
        ));
    };
    ui.lines(&[head(&before.is)]);
    let after = rekey.runtime.block_on(answer(desk, &before.is.id));
    rekey.anchor(ui);
    let after = match after {
        Err(RespondError::Rotate(RotateError::Rescue { rotation, armour, why })) => {
            return Err(rescue(&rotation, &armour, &why, ui));
        }
        after => after?,
    };
    if !desk.explain {
        ui.lines(&[format!("  {:<9} {}", after.is.stage.word(), after.is.note)]);
    }
    Ok(outcome(&after))
}

/// Says an incident in one line.
pub(crate) fn head(incident: &Incident) -> String {
    format!("{} · {} · {}", incident.id, incident.rule, incident.masked)
}

fn outcome(incident: &Versioned<Incident>) -> Exit {
    match incident.is.stage {
        Stage::Asking => Exit::Person,
        Stage::Answering if incident.run_at.is_some() => Exit::NotRotated,
        Stage::Answering => Exit::Person,
        Stage::Open => Exit::Leaks,
        Stage::Watching | Stage::Closed | Stage::Dismissed => Exit::Clean,
    }
}
