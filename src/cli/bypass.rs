//! A push that is let in with leaks, on its owner's word: only where the operator allows it, written down
//! before it goes in, and never for a secret that may work and can be asked about.
//!
//! `git push -o keywright.bypass="why"`; `[hook] bypass_record` in the operator's file allows it and names
//! where it is written down.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use keywright::config::HookSettings;
use keywright::git::Repository;
use keywright::git::push::Update;
use keywright::model::credential::Liveness;
use keywright::model::text::shown;
use keywright::model::{Finding, Suppression};
use keywright::report::{counts, place};
use serde_json::{Value, json};

use super::error::CliError;
use super::exit::Exit;
use super::look::Seen;
use super::ui::Ui;

/// What the push option begins with.
const OPTION: &str = "keywright.bypass=";
/// How many push options are read.
const MOST_OPTIONS: usize = 100;
/// The longest reason, in bytes.
const LONGEST: usize = 500;

/// A bypass that was asked for and is allowed.
pub(crate) struct Asked {
    why: String,
    record: PathBuf,
}

/// Returns the bypass that a push asks for; an error is why it cannot have it.
pub(crate) fn asked(settings: &HookSettings) -> Option<Result<Asked, CliError>> {
    let count = std::env::var("GIT_PUSH_OPTION_COUNT").ok()?.parse::<usize>().ok()?;
    let option = |n: usize| std::env::var(format!("GIT_PUSH_OPTION_{n}")).ok();
    let mut options = (0..count.min(MOST_OPTIONS)).filter_map(option);
    let why = options.find_map(|text| text.strip_prefix(OPTION).map(|why| why.trim().to_owned()))?;
    let Some(record) = settings.bypass_record.clone() else {
        return Some(Err(CliError {
            exit: Exit::Leaks,
            ..CliError::usage(
                "the push was refused: it has leaks, and this server has no bypass",
                "push without -o to see them; the operator allows a bypass with [hook] bypass_record",
            )
        }));
    };
    if why.is_empty() || why.len() > LONGEST {
        return Some(Err(CliError {
            exit: Exit::Leaks,
            ..CliError::usage(
                "the push was refused: a bypass needs a reason of 500 bytes at the most",
                "write it: git push -o keywright.bypass=\"why\"",
            )
        }));
    }
    Some(Ok(Asked { why, record }))
}

/// Decides: what could be alive and can be asked about goes in only if it is proven dead; the rest goes in
/// and is written down.
pub(crate) fn decide(
    asked: &Asked,
    seen: &mut Seen,
    updates: &[Update],
    repo: &Repository,
    config: Option<&Path>,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let outcome = seen.outcome();
    let leaks: Vec<&Finding> = outcome.findings.iter().filter(|f| counts(f, &outcome)).collect();
    let mut said: BTreeMap<String, (Option<Liveness>, String)> = BTreeMap::new();
    for leak in &leaks {
        let print = leak.fingerprint.as_str().to_owned();
        if let Entry::Vacant(place) = said.entry(print) {
            place.insert(ask(leak, config)?);
        }
    }
    let stands = leaks.iter().find_map(|leak| match &said[leak.fingerprint.as_str()] {
        (Some(Liveness::Dead), _) | (None, _) => None,
        (Some(alive), why) => Some((leak.fingerprint.short().to_owned(), *alive, why.clone())),
    });
    if let Some((print, alive, why)) = stands {
        let words = if alive == Liveness::Alive { "it works" } else { "nobody could say that it is dead" };
        ui.error(&CliError {
            why,
            ..CliError::usage(
                format!("no bypass for {print}: {words}"),
                "end the key where it was made, then push again; a bypass never lets in what may work",
            )
        });
        return Ok(Exit::Leaks);
    }
    let line = record(asked, &leaks, &said, updates, repo);
    let written = append(&asked.record, &line);
    written.map_err(|e| CliError {
        what: "the push was refused: its bypass could not be written down".into(),
        why: format!("{}: {e}", asked.record.display()),
        fix: "the operator makes [hook] bypass_record a file that the server's user can write".into(),
        exit: Exit::Leaks,
    })?;
    let names = said.into_keys().collect::<Vec<_>>();
    for finding in seen.survey.findings.iter_mut().filter(|f| f.suppression.is_none()) {
        if names.iter().any(|name| name == finding.fingerprint.as_str()) {
            finding.suppression = Some(Suppression {
                kind: "push option",
                by: "keywright.bypass".into(),
                owner: None,
                reason: Some(asked.why.clone()),
            });
        }
    }
    ui.warn("let in on the word of whoever pushed it, and written down; a leak it is all the same");
    // What could not be read is not bypassed.
    Ok(if seen.survey.coverage.is_complete() { Exit::Clean } else { Exit::Incomplete })
}

/// Asks whether a secret works; no liveness: there is nobody to ask.
#[cfg(feature = "rekey")]
fn ask(leak: &Finding, config: Option<&Path>) -> Result<(Option<Liveness>, String), CliError> {
    use keywright::verify::{Verifier, provider_of};

    use super::rekey::Rekey;

    let id = match provider_of(&leak.hit.rule) {
        Ok(id) => id,
        Err(why) => return Ok((None, why)),
    };
    let rekey = Rekey::open(config)?;
    let provider = rekey.provider(&id, &Value::Null)?;
    let checked = rekey.runtime.block_on(Verifier::default().verify(leak, &*provider));
    Ok((Some(checked.liveness), checked.why))
}

/// This build asks nobody: what the full one could ask about may work.
#[cfg(not(feature = "rekey"))]
fn ask(leak: &Finding, _config: Option<&Path>) -> Result<(Option<Liveness>, String), CliError> {
    use keywright::rule::builtin;

    // A file with a recipe says how its provider is asked.
    let can_be_asked = |id: &str| {
        let file = format!("rules/{id}.toml");
        builtin::texts().iter().any(|(name, text)| *name == file && text.contains("\n[rekey]\n"))
    };
    Ok(match &leak.hit.rule.provider {
        Some(id) if can_be_asked(id) => {
            let why = "this build has no network: only the full one can ask whether it works";
            (Some(Liveness::Unknown), format!("{}: {why}", shown(id.as_bytes())))
        }
        _ => (None, "nobody can be asked about it".into()),
    })
}

/// Returns what is written down: one object on one line, without any secret.
fn record(
    asked: &Asked,
    leaks: &[&Finding],
    said: &BTreeMap<String, (Option<Liveness>, String)>,
    updates: &[Update],
    repo: &Repository,
) -> Value {
    let id = |id: &Option<keywright::git::Id>| id.map(|id| id.to_string());
    let who = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let leaks = leaks.iter().map(|leak| {
        let (alive, why) = &said[leak.fingerprint.as_str()];
        json!({
            "fingerprint": leak.fingerprint.as_str(),
            "rule": leak.hit.rule.id,
            "place": place(leak),
            "line": leak.location.line,
            "commit": leak.location.commit.as_ref().map(|c| &c.id),
            "liveness": alive.map_or("nobody to ask", Liveness::word),
            "why": why,
        })
    });
    json!({
        "at": jiff::Timestamp::now().to_string(),
        "repository": shown(repo.common_dir().as_os_str().as_encoded_bytes()),
        "by": who("REMOTE_USER").or_else(|| who("GL_USERNAME")).or_else(|| who("USER")),
        "from": who("SSH_CONNECTION").or_else(|| who("REMOTE_ADDR")),
        "reason": shown(asked.why.as_bytes()),
        "refs": updates.iter().map(|u| json!({
            "name": shown(&u.name), "old": id(&u.old), "new": id(&u.new),
        })).collect::<Vec<_>>(),
        "leaks": leaks.collect::<Vec<_>>(),
    })
}

/// Adds a line, whole and on the disk before anything goes in.
fn append(file: &Path, line: &Value) -> io::Result<()> {
    if file.symlink_metadata().is_ok_and(|meta| !meta.is_file()) {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}
