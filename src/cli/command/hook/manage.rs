//! Hooks put in, taken out, and how they stand.

use std::path::PathBuf;

use clap::Args;
use keywright::git::hook::{self, Done, HookError, Kind, Options, Report};

use super::kind;
use crate::cli::again::user_folder;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Which hooks, where.
#[derive(Args)]
pub(super) struct Asked {
    /// The hooks: pre-commit, commit-msg, pre-push, pre-receive (repeatable, or with commas) [default: pre-commit to install, else all]
    #[arg(long = "type", value_name = "NAME", value_parser = kind, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// The repository [default: the one around the current folder]
    #[arg(id = "path", value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,
}

impl Asked {
    /// Returns what was asked for; without any, all of them.
    fn kinds(&self) -> &[Kind] {
        if self.kinds.is_empty() { Kind::ALL } else { &self.kinds }
    }

    /// Returns what is to be put in.
    fn wanted(&self) -> &[Kind] {
        if self.kinds.is_empty() { &[Kind::PreCommit] } else { &self.kinds }
    }

    /// Whether an answer is none to what was asked: a bare repository has some hooks only.
    fn is_beside(&self, error: &HookError) -> bool {
        self.kinds.is_empty() && matches!(error, HookError::Bare { .. })
    }
}

/// Returns this very program.
fn binary() -> Result<PathBuf, CliError> {
    std::env::current_exe().map_err(|e| CliError {
        why: e.to_string(),
        ..CliError::usage("can't tell where this program is", "run it by its full path")
    })
}

/// Puts hooks in, one after the other; the first that cannot be put in ends it.
pub(super) fn install(asked: &Asked, ui: &Ui) -> Result<Exit, CliError> {
    let options = Options { binary: binary()? };
    for kind in asked.wanted() {
        tell(&hook::install(&asked.path, *kind, &options)?, ui);
    }
    Ok(Exit::Clean)
}

/// Takes hooks out. What stands in the way of one is told when the others are out.
pub(super) fn uninstall(asked: &Asked, ui: &Ui) -> Result<Exit, CliError> {
    let (mut absent, mut wrong, mut is_out) = (None, None, false);
    for kind in asked.kinds() {
        match hook::uninstall(&asked.path, *kind) {
            Ok(report) if report.done == Done::Absent && asked.kinds.is_empty() => {
                absent = absent.or(Some(report));
            }
            Ok(report) => {
                is_out = true;
                tell(&report, ui);
            }
            Err(e) if asked.is_beside(&e) => {}
            Err(e) => wrong = wrong.or(Some(e)),
        }
    }
    match (wrong, absent) {
        (Some(e), _) => Err(e.into()),
        (None, Some(report)) if !is_out => {
            tell(&report, ui);
            Ok(Exit::Clean)
        }
        _ => Ok(Exit::Clean),
    }
}

fn tell(report: &Report, ui: &Ui) {
    ui.lines(&[report.what(), report.next()]);
}

/// Tells how hooks stand. Of those nobody asked for by name, one that is not there is no fault, but for the
/// first that a repository can have.
pub(super) fn status(asked: &Asked, ui: &Ui) -> Result<Exit, CliError> {
    let (mut exit, mut is_first) = (Exit::Clean, true);
    for kind in asked.kinds() {
        let status = match hook::status(&asked.path, *kind) {
            Ok(status) => status,
            Err(e) if asked.is_beside(&e) => continue,
            Err(e) => return Err(e.into()),
        };
        // In a bare repository the one that matters is the server's.
        let is_bare = asked.kinds.is_empty() && is_first && *kind == Kind::PrePush;
        let matters = !asked.kinds.is_empty() || (is_first && !is_bare) || status.is_broken();
        is_first &= is_bare;
        let mut lines = vec![status.what()];
        if matters || status.is_run() {
            lines.push(status.next());
        }
        ui.lines(&lines);
        if matters && !status.is_run() {
            exit = Exit::Leaks;
        }
    }
    Ok(exit)
}

/// The folder of hooks for all repositories of this user.
fn folder() -> Result<PathBuf, CliError> {
    let own = user_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("keywright/hooks"));
    own.ok_or_else(|| {
        CliError::usage(
            "there is no folder for your hooks",
            "set HOME, or XDG_CONFIG_HOME to an absolute path",
        )
    })
}

/// Puts hooks in for all repositories of this user.
pub(super) fn install_global(asked: &Asked, ui: &Ui) -> Result<Exit, CliError> {
    let done = hook::install_everywhere(&folder()?, asked.wanted(), &binary()?)?;
    let names: Vec<&str> = done.kinds.iter().map(|kind| kind.name()).collect();
    ui.lines(&[
        format!("installed for all your repositories: {} in {}", names.join(", "), done.folder.display()),
        format!("{} names that folder; the hooks of each repository run after them", done.settings.display()),
        "a repository with a core.hooksPath of its own (husky, lefthook) goes before it: `keywright hook status` there tells"
            .into(),
    ]);
    Ok(Exit::Clean)
}

/// Takes them out again.
pub(super) fn uninstall_global(ui: &Ui) -> Result<Exit, CliError> {
    let folder = folder()?;
    ui.lines(&match hook::uninstall_everywhere(&folder)? {
        Some(done) => [
            format!("removed the hooks for all your repositories: {}", done.folder.display()),
            format!("{} is as it was; git runs the hooks of each repository again", done.settings.display()),
        ],
        None => [
            format!("no hooks for all your repositories are installed: {}", folder.display()),
            "nothing to do; put them in with `keywright hook install --global`".into(),
        ],
    });
    Ok(Exit::Clean)
}
