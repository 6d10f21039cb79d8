//! `keywright incidents clean`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use keywright::git::Repository;
use keywright::model::Extent;
use keywright::model::incident::{Incident, Sighting};
use keywright::model::text::shown;
use keywright::respond::clean::{Left, Recognised, Wanted, come, gone, write_script};
use keywright::respond::{clean, reread::reread};
use keywright::unpack::text::decoded;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::table::date;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents clean i-3f2a90c1\n  keywright incidents clean i-3f2a90c1 --script take-out.py    for git filter-repo; the secret is not in it\n\nExit codes: 0 nothing holds it any more, 1 something does, 3 not everything could be looked at"
)]
pub(super) struct CleanArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// Write a callback for git filter-repo that takes the secret out, by its hash
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

pub(super) fn run(args: &CleanArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let incident = open(rekey, &args.id)?.is;
    let sightings = rekey.runtime.block_on(rekey.store.sightings(&incident.id))?;
    if let Some(path) = &args.script {
        let detector = rekey.detector()?;
        let unwritten = |why: String| CliError {
            what: format!("{} was not written", path.display()),
            why,
            fix: "name a file that is not there yet, and scan where the secret can still be read".into(),
            exit: Exit::Incomplete,
        };
        let (found, _) = reread(&detector, &rekey.sealer, &incident, &sightings).map_err(unwritten)?;
        write_script(path, &found.secret).map_err(unwritten)?;
        ui.note(&format!("written: {}; the secret is not in it", path.display()));
    }
    let mut exit = Exit::Clean;
    let all = left(rekey, &incident, &sightings)?;
    if all.is_empty() {
        ui.lines(&["it was seen in no repository that is here".into()]);
        return Ok(Exit::Incomplete);
    }
    for (repository, left) in all {
        ui.lines(&told(&repository, &left));
        ui.lines(&since(rekey, &incident.id, &repository, &left)?);
        let held = !left.refs.is_empty() || !left.worktree.is_empty() || left.unreachable + left.names > 0;
        exit = match (exit, held, left.is_clean()) {
            (_, true, _) | (Exit::Leaks, ..) => Exit::Leaks,
            (_, false, false) | (Exit::Incomplete, ..) => Exit::Incomplete,
            _ => Exit::Clean,
        };
    }
    Ok(exit)
}

/// Looks at every repository the secret was seen in; its bytes are searched for where they can still be read.
pub(super) fn left(
    rekey: &Rekey,
    incident: &Incident,
    sightings: &[Sighting],
) -> Result<Vec<(String, Left)>, CliError> {
    let detector = rekey.detector()?;
    let secret = reread(&detector, &rekey.sealer, incident, sightings).ok().map(|(found, _)| found.secret);
    let repositories: BTreeSet<&str> = sightings.iter().map(|s| s.repository.as_str()).collect();
    let mut all = Vec::new();
    for repository in repositories {
        let of_it = sightings.iter().filter(|s| s.repository == repository && !s.object.is_empty());
        let objects: Vec<String> = of_it.map(|s| s.object.clone()).collect();
        // Once a history is clean nobody can read it any more; what is found in it has a name all the same.
        let is_it = |bytes: &[u8]| {
            let text = decoded(bytes);
            let hits = detector.detect(&text, &Extent::whole(text.len()));
            hits.iter().any(|hit| rekey.sealer.identity(&hit.secret) == incident.identity)
        };
        let recognised: Option<Recognised<'_>> = if secret.is_some() { None } else { Some(&is_it) };
        let wanted = Wanted { secret: secret.as_ref(), objects: &objects, recognised };
        let looked = Repository::open(Path::new(repository)).and_then(|repo| clean::left(&repo, &wanted));
        all.push((
            repository.to_owned(),
            looked.unwrap_or_else(|e| Left::unseen(shown(e.to_string().as_bytes()))),
        ));
    }
    Ok(all)
}

/// Holds a look against the one before, and keeps it for the next. What could not be looked at is not kept: it would
/// seem to be gone.
fn since(rekey: &Rekey, incident: &str, repository: &str, now: &Left) -> Result<Vec<String>, CliError> {
    if now.objects == 0 && now.files == 0 {
        return Ok(Vec::new());
    }
    let before = rekey.runtime.block_on(rekey.store.remains(incident, repository))?;
    let body = serde_json::to_string(now).map_err(|e| CliError::usage(e.to_string(), "try again"))?;
    rekey.runtime.block_on(rekey.store.put_remains(incident, repository, rekey.now(), &body))?;
    let Some((at, before)) = before.and_then(|(at, b)| Some((at, serde_json::from_str::<Left>(&b).ok()?)))
    else {
        return Ok(Vec::new());
    };
    let (gone, come) = (gone(&before, now), come(&before, now));
    let still = (now.refs.len() + now.worktree.len()).saturating_sub(come.len());
    let mut lines =
        vec![format!("  since {}: {} gone, {still} still there, {} new", date(at), gone.len(), come.len())];
    for (word, names) in [("gone", gone), ("new", come)] {
        lines.extend(names.iter().take(NAMED).map(|name| format!("    {word}  {name}")));
        let more = names.len().saturating_sub(NAMED);
        if more > 0 {
            lines.push(format!("    {word}  and {more} more"));
        }
    }
    if before.unreachable != now.unreachable {
        lines.push(format!("    objects that no ref reaches: {} before", before.unreachable));
    }
    Ok(lines)
}

/// How many are named that went away or came.
const NAMED: usize = 20;

fn told(repository: &str, left: &Left) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} objects and {} files looked at",
        shown(repository.as_bytes()),
        left.objects,
        left.files
    )];
    lines.extend(left.refs.iter().map(|(name, objects)| format!("  {name}  {objects} objects")));
    lines.extend(left.worktree.iter().map(|file| format!("  {file}  in the working tree")));
    if left.names > 0 {
        lines.push(format!("  {} folders with a file that is named after it", left.names));
    }
    if left.unread > 0 {
        lines.push(format!("  {} things could not be read", left.unread));
    }
    if left.unreachable > 0 {
        lines.push(format!("  {} objects that no ref reaches", left.unreachable));
    }
    lines.extend(left.gaps.iter().map(|gap| format!("  not looked at: {gap}")));
    if left.is_clean() {
        lines.push("  nothing holds it any more".into());
    }
    lines.extend(left.advice().iter().map(|line| format!("  do: {line}")));
    lines
}
