//! `keywright scan`: finds leaked keys.

use std::path::PathBuf;

use clap::Args;
use keywright::detect::Marks;
use keywright::model::Confidence;
use keywright::report::Format;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::look::look;
use crate::cli::survey::Request;
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;

/// Find leaked keys
///
/// Without a PATH: the repository around the current folder, that is its working tree, its index and
/// every stored object of its history. A repository's root as PATH: the same. Any other file or
/// folder: only those files. `-`: standard input.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright scan                          this repository, all of it\n  keywright scan --staged                 what the next commit would bring in\n  keywright scan --range main..HEAD       what a branch brings in\n  keywright scan src deploy/.env          these files only\n  git diff | keywright scan -             a stream\n  keywright scan --format sarif --output keywright.sarif\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read, 70 a bug"
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
    /// How to tell: human, json, jsonl, sarif, gitleaks-json, csv, gitlab, junit, github or html (repeatable, each with its own --output)
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
    /// When leaks make the run fail: any, new (needs --baseline, or a change to look at) or never
    #[arg(long, value_name = "WHEN", value_parser = ["any", "new", "never"], default_value = "any", hide_possible_values = true)]
    fail_on: String,
    /// What was known before, and is let be: a file of `keywright ignore baseline`, or a report of --format json (repeatable)
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// Entries to let be, instead of the repository's .keywrightignore
    #[arg(long, value_name = "FILE")]
    ignore_file: Option<PathBuf>,
    /// Tell findings as if no .keywrightignore and no baseline let them be
    #[arg(long, conflicts_with_all = ["baseline", "ignore_file"])]
    no_ignore: bool,
    /// Whose marks on a line let a leak be: all, none, or names such as keywright,gitleaks [default: all]
    #[arg(long, value_name = "LIST", value_parser = marks)]
    marks: Option<Marks>,
    /// Succeed though not everything could be read
    #[arg(long)]
    allow_incomplete: bool,
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
    if args.fail_on == "new" && args.baseline.is_empty() && !narrow.is_change() {
        return Err(CliError::usage(
            "--fail-on new can't tell what is new",
            "name what was known with --baseline FILE, or look at a change: --staged, --range, --since-commit",
        ));
    }
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
        ignore_file: args.ignore_file.clone(),
        no_ignore: args.no_ignore,
        least: args.min_confidence,
        marks: args.marks,
        never_fail: args.fail_on == "never",
        allow_incomplete: args.allow_incomplete,
        show_secrets: args.show_secrets,
    };
    look(&request, ui)
}
