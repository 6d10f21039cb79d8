//! `keywright doctor`: whether everything is in place, shown by a trial.

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::git::Repository;
use keywright::git::hook::{self, HookError, HookStatus, Kind, State};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::settings::{Flags, settle};
use crate::cli::trial::{Shown, git_version, trial};
use crate::cli::ui::Ui;

/// Show whether everything is in place: programs, settings, hooks, and a trial commit
///
/// A made-up key is committed in a repository made for it, with real git: the hook must stop it. Nothing of
/// yours is changed.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright doctor            here, and of this repository if there is one\n  keywright doctor ../shop    of another one\n\nExit codes: 0 nothing is bad, 1 something is"
)]
pub(crate) struct DoctorArgs {
    /// The repository [default: the one around the current folder]
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How something stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Ok,
    Warn,
    Bad,
}

/// One thing that was looked at.
struct Line {
    mark: Mark,
    what: String,
    /// What to do about it; empty if nothing.
    fix: String,
}

fn line(mark: Mark, what: impl Into<String>, fix: impl Into<String>) -> Line {
    Line { mark, what: what.into(), fix: fix.into() }
}

/// Looks at everything.
pub(crate) fn run(args: &DoctorArgs, ui: &Ui) -> Result<Exit, CliError> {
    let mut lines = program();
    let git = git();
    let has_git = git.mark != Mark::Bad;
    lines.push(git);
    let repo = match Repository::discover(&args.path) {
        Ok(repo) => repo,
        Err(e) => {
            let e = CliError::from(e);
            lines.push(line(Mark::Bad, format!("{}: {}", e.what, e.why), e.fix));
            None
        }
    };
    lines.push(settings(args, repo.as_ref()));
    let mut hooks = None;
    match &repo {
        Some(repo) => hooks = looked_at(&args.path, repo.is_bare(), &mut lines),
        None => lines.push(line(Mark::Ok, "no repository here, so no hooks of one are looked at", "")),
    }
    if has_git {
        lines.push(tried(hooks.as_deref()));
    }
    let is_bad = lines.iter().any(|line| line.mark == Mark::Bad);
    ui.lines(&lines.iter().flat_map(|line| told(line, ui.colour())).collect::<Vec<_>>());
    Ok(if is_bad { Exit::Leaks } else { Exit::Clean })
}

fn told(line: &Line, colour: bool) -> Vec<String> {
    let (word, style) = match line.mark {
        Mark::Ok => ("ok  ", anstyle::AnsiColor::Green),
        Mark::Warn => ("warn", anstyle::AnsiColor::Yellow),
        Mark::Bad => ("bad ", anstyle::AnsiColor::Red),
    };
    let calm = |text: &str| keywright::model::text::tame(keywright::model::text::shown(text.as_bytes()));
    let style = if colour { style.on_default().bold() } else { anstyle::Style::new() };
    let mut lines = vec![format!("{style}{word}{style:#}  {}", calm(&line.what))];
    if !line.fix.is_empty() {
        lines.push(format!("      do: {}", calm(&line.fix)));
    }
    lines
}

/// Looks at this program, and at the one that hooks find on PATH.
fn program() -> Vec<Line> {
    let build = if cfg!(feature = "rekey") { "the full build" } else { "the scanner alone" };
    let version = format!("keywright {}, {build}", env!("CARGO_PKG_VERSION"));
    let own = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
    let mut lines = vec![match &own {
        Some(path) => line(Mark::Ok, format!("{version}: {}", path.display()), ""),
        None => line(Mark::Warn, format!("{version}: can't tell where it is"), "run it by its full path"),
    }];
    let name = format!("keywright{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|file| file.is_file());
    lines.push(match found {
        Some(file) if file.canonicalize().ok() == own => line(Mark::Ok, "it is the one on PATH", ""),
        Some(file) => line(
            Mark::Warn,
            format!("another one is on PATH: {}", file.display()),
            "hooks that are shared through git run that one; `keywright --version` tells which it is",
        ),
        None => line(
            Mark::Warn,
            "keywright is not on PATH",
            "hooks that are shared through git (husky, core.hooksPath in the work tree) need it there",
        ),
    });
    lines
}

/// Looks at git.
fn git() -> Line {
    let said = match git_version() {
        Ok(said) => said,
        Err(why) => return line(Mark::Bad, why, "install git, and see that it is on PATH"),
    };
    let version = said.strip_prefix("git version ").unwrap_or(&said);
    let mut numbers = version.split('.').map_while(|n| n.parse::<u32>().ok());
    let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    // Since 2.11 a push is kept apart until the hooks have agreed.
    if number < (2, 11) {
        return line(
            Mark::Warn,
            format!("git {version} is old"),
            "a server wants 2.11 or newer for pre-receive",
        );
    }
    line(Mark::Ok, format!("git {version}"), "")
}

/// Looks at the settings that a scan here would go by.
fn settings(args: &DoctorArgs, repo: Option<&Repository>) -> Line {
    let flags = Flags { config: args.config.clone(), ..Flags::default() };
    match settle(&flags, repo) {
        Ok(settings) if settings.files.is_empty() => {
            line(Mark::Ok, "no settings files: the defaults hold", "")
        }
        Ok(settings) => {
            let names: Vec<String> = settings.files.into_iter().map(|file| file.name).collect();
            line(Mark::Ok, format!("settings from {}", names.join(", ")), "")
        }
        Err(e) => line(Mark::Bad, format!("{}: {}", e.what, e.why), e.fix),
    }
}

/// Looks at the hooks of a repository; returns the folder with a `pre-commit` of ours that git runs.
fn looked_at(path: &Path, is_bare: bool, lines: &mut Vec<Line>) -> Option<PathBuf> {
    let mut hooks = None;
    for kind in Kind::ALL {
        let status = match hook::status(path, *kind) {
            Ok(status) => status,
            Err(HookError::Bare { .. }) => continue,
            Err(e) => {
                let e = CliError::from(e);
                lines.push(line(Mark::Bad, e.what, e.fix));
                return None;
            }
        };
        let is_wanted = match kind {
            Kind::PreCommit => true,
            Kind::PreReceive => is_bare,
            _ => false,
        };
        if status.is_run() {
            if *kind == Kind::PreCommit && is_first(&status) {
                hooks = status.hook.parent().map(Path::to_owned);
            }
            let fix = status.next();
            lines.push(line(
                Mark::Ok,
                status.what(),
                if fix == "nothing to do" { String::new() } else { fix },
            ));
        } else if status.is_broken() {
            lines.push(line(Mark::Bad, status.what(), status.next()));
        } else if is_wanted {
            lines.push(line(Mark::Warn, status.what(), status.next()));
        }
    }
    hooks
}

/// Whether nothing else runs before ours.
fn is_first(status: &HookStatus) -> bool {
    !status.husky
        && matches!(status.state, State::Installed { .. } | State::ByHand | State::Everywhere { .. })
}

/// Commits a made-up key.
fn tried(hooks: Option<&Path>) -> Line {
    let whose = match hooks {
        Some(folder) => format!("the hook in {}", folder.display()),
        None => "a hook as `keywright hook install` writes it".into(),
    };
    match trial(hooks) {
        Ok(Shown::Works) => {
            line(Mark::Ok, format!("a trial commit of a made-up key was stopped by {whose}"), "")
        }
        Ok(Shown::LetsThrough) => line(
            Mark::Bad,
            format!("a trial commit of a made-up key was let through by {whose}"),
            "`keywright hook status` tells how it stands; put the hook in anew",
        ),
        Ok(Shown::StoppedElsewhere(said)) => {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
            line(
                Mark::Bad,
                format!("a trial commit with {whose} was stopped, but not by keywright: {last}"),
                "mend that first",
            )
        }
        Err(why) => line(Mark::Bad, format!("no trial commit could be made: {why}"), "mend that first"),
    }
}
