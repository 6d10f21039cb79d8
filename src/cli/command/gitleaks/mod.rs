//! gitleaks' commands, for hooks and scripts that have its name in them: `detect`, `protect`, `git`,
//! `dir`, `stdin`, turned into what `scan` is asked for.
//!
//! - `args`: the commands and their flags
//! - `wanted`: what a command line wants, and the request that is made of it
//! - `log_opts`: what stands in `--log-opts`
//! - `config`: `--config` and what it extends

mod args;
mod config;
mod log_opts;
mod wanted;

pub(crate) use args::{DetectArgs, DirArgs, GitArgs, ProtectArgs, StdinArgs};

use std::path::{Path, PathBuf};

use keywright::git::Repository;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::look::look;
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;
use wanted::{Translated, Wanted, translate};

/// Translates, scans, and says how it ended as gitleaks' users expect it.
pub(crate) fn run(wanted: Wanted, ui: &Ui) -> Result<Exit, CliError> {
    let config = config::find(wanted.config.as_deref())?;
    let Translated { mut request, mut notes, last, code, gitleaks_baseline, gitleaks_ignore } =
        translate(wanted, &config)?;
    if let Some(path) = gitleaks_baseline {
        return Err(CliError::usage(
            format!("--baseline-path {} is gitleaks' file", path.display()),
            "run `keywright migrate` once, which takes over what it lets be, and leave the flag out",
        ));
    }
    if let Some(path) = gitleaks_ignore {
        return Err(CliError::usage(
            format!("--gitleaks-ignore-path {} is gitleaks' file", path.display()),
            "run `keywright migrate` once, which takes over what it lets be, and leave the flag out",
        ));
    }
    let is_about_files = matches!(request.narrow, Narrow::EveryFile);
    let named = request.paths.first().filter(|p| p.as_os_str() != "-" && !is_about_files).cloned();
    if let Some(path) = named {
        let repo = Repository::discover(&path)?.ok_or_else(|| {
            CliError::usage(
                format!("there is no git repository at {}", path.display()),
                "name one, or look at files: keywright dir PATH",
            )
        })?;
        let root = repo.work_dir().unwrap_or_else(|| repo.git_dir());
        notes.extend(left_behind(&root, !config.files.is_empty()));
        if let Some(last) = last {
            request.narrow = newest(&repo, &request.narrow, last);
        }
        request.paths = vec![root];
    }
    notes.iter().for_each(|note| ui.note(note));
    let exit = look(&request, ui)?;
    // The file that GITLEAKS_CONFIG_TOML was written to lives until here.
    drop(config);
    Ok(if exit == Exit::Leaks { Exit::LeaksAs(code) } else { exit })
}

/// The newest commits: those behind the one so many first parents back, or all if there are fewer.
fn newest(repo: &Repository, narrow: &Narrow, last: u32) -> Narrow {
    let tip = if let Narrow::Range(tip) = narrow { tip.as_str() } else { "HEAD" };
    let from = format!("{tip}~{last}");
    match repo.commit(&from) {
        Ok(_) => Narrow::Range(format!("{from}..{tip}")),
        Err(_) => Narrow::History,
    }
}

/// gitleaks' own files in a repository, which it reads unasked and this program does not.
fn left_behind(root: &Path, has_config: bool) -> Vec<String> {
    let is_there = |name: &str| root.join(name).symlink_metadata().is_ok();
    let mut notes = Vec::new();
    if !has_config && is_there(".gitleaks.toml") {
        notes.push(
            "the repository's .gitleaks.toml is not read by itself; name it: --config .gitleaks.toml".into(),
        );
    }
    if is_there(".gitleaksignore") {
        notes.push(".gitleaksignore is not read; `keywright migrate` takes over what it lets be".into());
    }
    notes
}

/// A path as gitleaks takes it: nothing is the current folder.
fn folder(path: Option<PathBuf>) -> PathBuf {
    path.filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| ".".into())
}
