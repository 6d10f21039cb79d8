//! `keywright scan`: finds leaked keys.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::{Confidence, Coverage, Finding, Path as GitPath};
use keywright::report::{self, Format, Outcome, Style};
use keywright::scan::{merge, scan};
use keywright::source::{
    Source, history::History, range::Range, staged::Staged, stdin::Stdin, worktree::Worktree,
};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::settings::{Settings, settle};
use crate::cli::ui::Ui;

/// Find leaked keys
///
/// Without a PATH: the repository around the current folder, that is its working tree, its index and
/// every stored object of its history. A repository's root as PATH: the same. Any other file or
/// folder: only those files. `-`: standard input.
#[derive(Args, Default)]
#[command(
    after_help = "Examples:\n  keywright scan                          this repository, all of it\n  keywright scan --staged                 what the next commit would bring in\n  keywright scan --range main..HEAD       what a branch brings in\n  keywright scan src deploy/.env          these files only\n  git diff | keywright scan -             a stream\n  keywright scan --format sarif --output keywright.sarif\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read, 70 a bug"
)]
pub(crate) struct ScanArgs {
    /// Repositories, files or folders; `-` for standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only what the next commit would bring in: the index against HEAD
    #[arg(long, conflicts_with_all = ["range", "since_commit", "history", "files"])]
    pub(crate) staged: bool,
    /// Only what the commits of a range brought in, merges and what was removed again included
    #[arg(long, value_name = "A..B", conflicts_with_all = ["since_commit", "history", "files"])]
    pub(crate) range: Option<String>,
    /// Only what the commits after this one brought in
    #[arg(long, value_name = "REV", conflicts_with_all = ["history", "files"])]
    pub(crate) since_commit: Option<String>,
    /// Only the stored objects, not the working tree
    #[arg(long, conflicts_with = "files")]
    pub(crate) history: bool,
    /// Only the working tree, not the history
    #[arg(long)]
    pub(crate) files: bool,
    /// Count leaks in objects that no branch, tag or stash reaches, too
    #[arg(long)]
    pub(crate) all_objects: bool,
    /// The name standard input goes by
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    pub(crate) stdin_path: PathBuf,
    /// How to tell: human, json, jsonl or sarif (repeatable, each with its own --output)
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = format)]
    pub(crate) format: Vec<Format>,
    /// Where to write the report instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Rules of your own; a .gitleaks.toml works (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Vec<PathBuf>,
    /// The least confidence that counts: low, medium or high [default: medium]
    #[arg(long, value_name = "LEVEL", value_parser = confidence)]
    pub(crate) min_confidence: Option<Confidence>,
    /// When leaks make the run fail: any or never
    #[arg(long, value_name = "WHEN", value_parser = ["any", "never"], default_value = "any")]
    pub(crate) fail_on: String,
    /// Succeed though not everything could be read
    #[arg(long)]
    pub(crate) allow_incomplete: bool,
    /// Show secrets in clear; refused unless a person reads
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word)
        .ok_or_else(|| format!("it is one of: {}", Format::words().collect::<Vec<_>>().join(", ")))
}

fn confidence(word: &str) -> Result<Confidence, String> {
    Confidence::from_word(word).ok_or_else(|| "it is one of: low, medium, high".into())
}

/// Scans, tells, and says how it ended.
pub(crate) fn run(args: &ScanArgs, ui: &Ui) -> Result<Exit, CliError> {
    let begun = Instant::now();
    refuse_showing(args)?;
    let targets = targets(args)?;
    let repo = targets.iter().find_map(|t| t.repo());
    let settings = settle(args.config.as_deref(), &args.rules, args.min_confidence, repo)?;
    if !settings.files.is_empty() {
        ui.note(&format!("settings from {}", settings.files.join(", ")));
    }
    let Settings { rules, ignored, least, .. } = settings;
    let warnings = rules.warnings.clone();
    let detector = Detector::new(rules);
    let progress = ui.progress();
    let (mut findings, mut coverage) = (Vec::new(), Coverage::default());
    for target in &targets {
        for source in target.sources(args)? {
            let (found, covered) = scan(&*source, &detector, &ignored, &|event| progress.follow(event))?;
            findings.extend(found);
            coverage.add(covered);
        }
    }
    progress.end();
    let findings = merge(findings);
    let names: Vec<String> = targets.iter().map(|t| t.words(args)).collect();
    let outcome = Outcome {
        findings: &findings,
        coverage: &coverage,
        least,
        all_objects: args.all_objects,
        warnings: &warnings,
        target: &names.join(", "),
        seconds: begun.elapsed().as_secs_f64(),
        rules: detector.rules(),
    };
    warnings.iter().for_each(|w| ui.warn(w));
    let told = tell(args, &outcome, ui);
    let exit = verdict(args, &findings, &outcome, ui);
    // A report that nobody can read is not a clean run's.
    told.map(|all| if exit == Exit::Clean && !all { Exit::Incomplete } else { exit })
}

/// Decides the exit code: findings outrank what could not be read.
fn verdict(args: &ScanArgs, findings: &[Finding], outcome: &Outcome<'_>, ui: &Ui) -> Exit {
    let coverage = outcome.coverage;
    if args.fail_on != "never" && findings.iter().any(|f| report::counts(f, outcome)) {
        return Exit::Leaks;
    }
    let is_change = args.staged || args.range.is_some() || args.since_commit.is_some();
    let nothing = !is_change && coverage.files + coverage.objects_read == 0;
    if nothing {
        ui.warn(&format!("there is nothing to scan · {}", outcome.target));
    }
    if (nothing || !coverage.is_complete()) && !args.allow_incomplete {
        Exit::Incomplete
    } else {
        Exit::Clean
    }
}

/// Secrets in clear are for a person at a terminal only.
fn refuse_showing(args: &ScanArgs) -> Result<(), CliError> {
    let in_ci = std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false" && v != "0");
    if args.show_secrets && (in_ci || !args.output.is_empty() || !std::io::stdout().is_terminal()) {
        return Err(CliError::usage(
            "--show-secrets would write secrets where they stay",
            "run it at a terminal, without --output and not in CI",
        ));
    }
    Ok(())
}

/// One thing to scan.
enum Target {
    /// A repository, all of it or as the flags narrow it.
    Repository(Repository, PathBuf),
    /// A file or folder inside a repository.
    Part(Repository, PathBuf),
    /// A file or folder outside any.
    Plain(PathBuf),
    /// Standard input.
    Stdin,
}

fn targets(args: &ScanArgs) -> Result<Vec<Target>, CliError> {
    if args.paths.is_empty() {
        let here = Path::new(".");
        let repo = Repository::discover(here)?.ok_or_else(|| {
            CliError::usage(
                "there is no git repository here",
                "go into one, or name a file or folder: keywright scan PATH",
            )
        })?;
        return Ok(vec![Target::Repository(repo, here.into())]);
    }
    args.paths.iter().map(|path| target(path, args)).collect()
}

fn target(path: &Path, args: &ScanArgs) -> Result<Target, CliError> {
    let text = path.to_string_lossy();
    let needs_repository = args.staged || args.history || args.range.is_some() || args.since_commit.is_some();
    if text == "-" {
        return Ok(Target::Stdin);
    }
    if text.contains("://") {
        return Err(CliError::usage(
            format!("{text} is a URL"),
            "clone it (git clone --mirror), then name the folder",
        ));
    }
    if !path.exists() && path.symlink_metadata().is_err() {
        return Err(CliError::usage(format!("{text} is not there"), "name a file, a folder or a repository"));
    }
    let repo = if path.is_dir() {
        Repository::discover(path)?
    } else {
        Repository::discover(path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")))?
    };
    let same = |a: &Path, b: &Path| a.canonicalize().ok().is_some_and(|a| b.canonicalize().ok() == Some(a));
    match repo {
        Some(repo) if repo.work_dir().is_some_and(|dir| same(&dir, path)) || same(&repo.git_dir(), path) => {
            Ok(Target::Repository(repo, path.into()))
        }
        _ if needs_repository => Err(CliError::usage(
            format!("{text} is no repository's root"),
            "name one, or leave --staged, --range, --since-commit and --history out",
        )),
        Some(repo) if repo.work_dir().is_some() => Ok(Target::Part(repo, path.into())),
        _ => Ok(Target::Plain(path.into())),
    }
}

impl Target {
    fn repo(&self) -> Option<&Repository> {
        match self {
            Self::Repository(repo, _) | Self::Part(repo, _) => Some(repo),
            Self::Plain(_) | Self::Stdin => None,
        }
    }

    /// What was scanned, in words.
    fn words(&self, args: &ScanArgs) -> String {
        let shown = |path: &Path| keywright::model::text::shown(path.as_os_str().as_encoded_bytes());
        match self {
            Self::Stdin => "standard input".into(),
            Self::Plain(path) | Self::Part(_, path) => shown(path),
            Self::Repository(repo, path) => {
                let path = repo.work_dir().filter(|_| path == Path::new(".")).unwrap_or_else(|| path.clone());
                let name =
                    path.canonicalize().ok().and_then(|p| p.file_name().map(PathBuf::from)).unwrap_or(path);
                let part = if args.staged {
                    "staged changes"
                } else if let Some(range) = &args.range {
                    range
                } else if let Some(since) = &args.since_commit {
                    return format!("{}: commits since {}", shown(&name), shown(Path::new(since)));
                } else if args.history {
                    "history"
                } else if args.files {
                    "working tree"
                } else {
                    "working tree, index and history"
                };
                format!("{}: {}", shown(&name), shown(Path::new(part)))
            }
        }
    }

    /// The sources that the flags ask for.
    fn sources<'t>(&'t self, args: &ScanArgs) -> Result<Vec<Box<dyn Source + 't>>, CliError> {
        let repo = match self {
            Self::Stdin => {
                let name = GitPath::new(args.stdin_path.as_os_str().as_encoded_bytes());
                return Ok(vec![Box::new(Stdin::new(std::io::stdin(), name))]);
            }
            Self::Plain(path) => return Ok(vec![Box::new(Worktree::at(path))]),
            Self::Part(repo, path) => return Ok(vec![Box::new(Worktree::of(repo, Some(path)))]),
            Self::Repository(repo, _) => repo,
        };
        if args.staged {
            return Ok(vec![Box::new(Staged { repo })]);
        }
        if let Some(range) = &args.range {
            return Ok(vec![Box::new(Range::between(repo, range)?)]);
        }
        if let Some(since) = &args.since_commit {
            return Ok(vec![Box::new(Range::since(repo, since, repo.head().into_iter().collect())?)]);
        }
        let mut sources: Vec<Box<dyn Source + 't>> = Vec::new();
        if !args.history && repo.work_dir().is_some() {
            sources.push(Box::new(Worktree::of(repo, None)));
        }
        if !args.files {
            sources.push(Box::new(History::of(repo)));
        }
        Ok(sources)
    }
}

/// Writes each report to where it was asked for; tells whether all of them were written.
fn tell(args: &ScanArgs, outcome: &Outcome<'_>, ui: &Ui) -> Result<bool, CliError> {
    let formats = if args.format.is_empty() { vec![Format::Human] } else { args.format.clone() };
    if formats.len() > args.output.len() + 1 || args.output.len() > formats.len() {
        return Err(CliError::usage(
            "each --format needs its own --output, but for one",
            "write --format X --output FILE for each",
        ));
    }
    let mut all_written = true;
    for (at, format) in formats.into_iter().enumerate() {
        let Some(path) = args.output.get(at) else {
            let style = Style { colour: ui.colour(), width: ui.width(), show_secrets: args.show_secrets };
            ui.print(|out| report::write(format, outcome, &style, out))
                .map_err(|e| not_written("standard output", &e))?;
            continue;
        };
        let style = Style { colour: false, width: 100, show_secrets: false };
        let written = File::create(path).map(BufWriter::new).and_then(|mut file| {
            report::write(format, outcome, &style, &mut file)?;
            file.flush()
        });
        // What was found counts for more than where it could be written.
        if let Err(e) = written {
            all_written = false;
            ui.error(&not_written(&path.display().to_string(), &e));
        }
    }
    Ok(all_written)
}

fn not_written(place: &str, error: &std::io::Error) -> CliError {
    CliError {
        what: format!("couldn't write the report to {place}"),
        why: error.to_string(),
        fix: "name a file that can be written: --output FILE".into(),
        exit: Exit::Incomplete,
    }
}
