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

use std::io::Read as _;
use std::path::{Path, PathBuf};

use keywright::git::Repository;
use keywright::import::{self, Foreign, ImportError, LARGEST};
use keywright::model::text::shown;

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
        request.foreign.push(read(&path, import::read_gitleaks_report)?);
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
    if let Some(path) = ignore_file(gitleaks_ignore, request.paths.first())? {
        request.foreign.push(read(&path, import::read_gitleaks_ignore)?);
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
    notes
}

/// The list of what to let be: the file that was named, or the one in a folder that was named; unasked,
/// the one at the top of what is scanned.
fn ignore_file(asked: Option<PathBuf>, scanned: Option<&PathBuf>) -> Result<Option<PathBuf>, CliError> {
    const NAME: &str = ".gitleaksignore";
    let is_asked = asked.is_some();
    let Some(path) = asked.or_else(|| scanned.cloned()).filter(|p| p.as_os_str() != "-") else {
        return Ok(None);
    };
    let file = if path.is_dir() { path.join(NAME) } else { path };
    let is_file = file.symlink_metadata().is_ok_and(|m| m.is_file());
    match (is_file, is_asked) {
        (true, true) => Ok(Some(file)),
        (true, false) => Ok(Some(file).filter(|f| f.file_name().is_some_and(|name| name == NAME))),
        // gitleaks' own default is a folder that need not hold one.
        (false, true) if file.parent().is_some_and(Path::is_dir) && file.ends_with(NAME) => Ok(None),
        (false, true) => {
            let fix = "name a .gitleaksignore, or the folder it is in";
            Err(CliError::usage(format!("{} is not there", file.display()), fix))
        }
        (false, false) => Ok(None),
    }
}

fn read(path: &Path, reader: import::Read) -> Result<Foreign, CliError> {
    let name = shown(path.as_os_str().as_encoded_bytes());
    let refuse = |why: String| CliError {
        why,
        ..CliError::usage(format!("couldn't read {name}"), "name a file that gitleaks wrote or reads")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| refuse(e.to_string()))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(format!("it is larger than {LARGEST} bytes")));
    }
    reader(&name, &bytes).map_err(|ImportError { file, line, why, mend }| CliError {
        why,
        ..CliError::usage(format!("couldn't read {file}: line {line}"), mend)
    })
}

/// A path as gitleaks takes it: nothing is the current folder.
fn folder(path: Option<PathBuf>) -> PathBuf {
    path.filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| ".".into())
}
