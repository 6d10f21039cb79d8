//! `keywright scan`: finds leaked keys.

use std::path::PathBuf;

use clap::Args;
use keywright::config::FailOn;
use keywright::detect::Marks;
use keywright::model::Confidence;
use keywright::report::Format;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::held::Own;
use crate::cli::in_force;
use crate::cli::look::look;
use crate::cli::survey::{Request, ground};
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;

/// Find leaked keys
///
/// Without a PATH: the repository around the current folder, that is its working tree, its index and
/// every stored object of its history. A repository's root as PATH: the same. Any other file or
/// folder: only those files. `-`: standard input.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright scan                          this repository, all of it\n  keywright scan --staged                 what the next commit would bring in\n  keywright scan --range main..HEAD       what a branch brings in\n  keywright scan --range BASE..HEAD --settings-at BASE   a pull request, by the settings it would be merged into\n  keywright scan src deploy/.env          these files only\n  git diff | keywright scan -             a stream\n  keywright scan --format sarif --output keywright.sarif\n  keywright scan --print-config           which settings are in force, and who says so\n\nSettings: flag, then environment, then the file that --config or KEYWRIGHT_CONFIG names (or your own), then default\n  KEYWRIGHT_CONFIG            as --config\n  KEYWRIGHT_MIN_CONFIDENCE    as --min-confidence\n  KEYWRIGHT_FAIL_ON           as --fail-on\n  KEYWRIGHT_FORMAT            as --format, one of them\n  KEYWRIGHT_ALLOW_INCOMPLETE  true: as --allow-incomplete\n  KEYWRIGHT_ALL_OBJECTS       true: as --all-objects\n  KEYWRIGHT_NO_CACHE          true: as --no-cache\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read, 70 a bug"
)]
pub(crate) struct ScanArgs {
    /// Repositories, files or folders; `-` for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only what the next commit would bring in: the index against HEAD
    #[arg(long, conflicts_with_all = ["range", "since_commit", "history", "files"])]
    staged: bool,
    /// Only what the commits of a range brought in, merges and what was removed again included
    #[arg(long, value_name = "A..B", value_parser = range, conflicts_with_all = ["since_commit", "history", "files"])]
    range: Option<String>,
    /// Only what the commits after this one brought in
    #[arg(long, value_name = "REV", conflicts_with_all = ["history", "files"])]
    since_commit: Option<String>,
    /// Only the stored objects, not the working tree
    #[arg(long, conflicts_with = "files")]
    history: bool,
    /// Only the working tree, not the history
    #[arg(long)]
    files: bool,
    /// Count leaks in objects that no branch, tag or stash reaches, too
    #[arg(long)]
    all_objects: bool,
    /// The name standard input goes by
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    stdin_path: PathBuf,
    /// How to tell: human, json, jsonl, sarif, gitleaks-json, csv, gitlab, junit, github, html or hints (repeatable, each with its own --output)
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = format)]
    format: Vec<Format>,
    /// Where to write the report instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules of your own; a .gitleaks.toml works (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// The least confidence that counts: low, medium or high [default: medium]
    #[arg(long, value_name = "LEVEL", value_parser = confidence)]
    min_confidence: Option<Confidence>,
    /// When leaks make the run fail: any, new (needs --baseline, or a change to look at), verified (needs --verify) or never [default: any]
    #[arg(long, value_name = "WHEN", value_parser = fail_on)]
    fail_on: Option<FailOn>,
    /// What was known before, and is let be: a file of `keywright ignore baseline`, or a report of --format json (repeatable)
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// Entries to let be, instead of the repository's .keywrightignore
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
    /// Tell findings as if no .keywrightignore and no baseline let them be
    #[arg(long, conflicts_with_all = ["baseline", "ignore_file"])]
    no_ignore: bool,
    /// Take the repository's own keywright.toml, .keywrightignore, and each named file that lies in its working tree, as this commit holds them: what a pull request says of itself counts for nothing
    #[arg(long, value_name = "REV")]
    settings_at: Option<String>,
    /// Whose marks on a line let a leak be: all, none, or names such as keywright,gitleaks [default: all]
    #[arg(long, value_name = "LIST", value_parser = marks)]
    marks: Option<Marks>,
    /// Succeed though not everything could be read
    #[arg(long)]
    allow_incomplete: bool,
    /// Read all of the history, whatever is known of it from an earlier scan
    #[arg(long)]
    no_cache: bool,
    /// Ask providers whether the keys that are found work: each once, and at its provider's own host only
    #[cfg(feature = "rekey")]
    #[arg(long)]
    verify: bool,
    /// Write what is found to the store, as incidents without their secrets: keywright incidents list
    #[cfg(feature = "rekey")]
    #[arg(long)]
    record: bool,
    /// Print the settings in force and where each comes from, and scan nothing
    #[arg(long)]
    print_config: bool,
    /// Show secrets in clear; refused unless a person reads
    #[arg(long)]
    show_secrets: bool,
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word)
        .ok_or_else(|| format!("it is one of: {}", Format::words().collect::<Vec<_>>().join(", ")))
}

fn range(text: &str) -> Result<String, String> {
    let hint = || "a range has two sides: main..HEAD".to_owned();
    text.contains("..").then(|| text.to_owned()).ok_or_else(hint)
}

fn confidence(word: &str) -> Result<Confidence, String> {
    Confidence::from_word(word).ok_or_else(|| "it is one of: low, medium, high".into())
}

fn marks(list: &str) -> Result<Marks, String> {
    Marks::from_words(list.split(',').map(str::trim)).map_err(|word| {
        let tools = Marks::words().collect::<Vec<_>>().join(", ");
        format!("`{word}` is none of: {tools}; or one word, all or none")
    })
}

fn fail_on(word: &str) -> Result<FailOn, String> {
    FailOn::from_word(word).ok_or_else(|| format!("it is one of: {}", FailOn::words()))
}

/// Scans, tells, and says how it ended.
pub(crate) fn run(args: &ScanArgs, ui: &Ui) -> Result<Exit, CliError> {
    let narrow = match (&args.range, &args.since_commit) {
        (Some(range), _) => Narrow::Range(range.clone()),
        (_, Some(since)) => Narrow::Since(since.clone()),
        _ if args.staged => Narrow::Staged,
        _ if args.history => Narrow::History,
        _ if args.files => Narrow::Files,
        _ => Narrow::All,
    };
    let request = Request {
        paths: args.paths.clone(),
        narrow,
        stdin_path: args.stdin_path.clone(),
        all_objects: args.all_objects,
        formats: args.format.clone(),
        outputs: args.output.clone(),
        config: args.config.clone(),
        rules: args.rules.clone(),
        baselines: args.baseline.clone(),
        foreign: Vec::new(),
        ignore_file: args.ignore_file.clone(),
        no_ignore: args.no_ignore,
        own_rules_only: false,
        least: args.min_confidence,
        fail_on: args.fail_on,
        marks: args.marks,
        own: args.settings_at.clone().map_or(Own::AsItStands, Own::At),
        allow_incomplete: args.allow_incomplete,
        no_cache: args.no_cache,
        show_secrets: args.show_secrets,
        #[cfg(feature = "rekey")]
        verify: args.verify,
        #[cfg(feature = "rekey")]
        record: args.record,
    };
    if args.print_config {
        let text = in_force::toml(&ground(&request)?.settings);
        ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
        return Ok(Exit::Clean);
    }
    look(&request, ui)
}
