//! `keywright ignore`: stated reasons to let findings be.
//!
//! - `add`: entries for findings, with reason, owner and last day
//! - `list`: what is let be, and until when
//! - `marks`: the marks on a line that are heeded
//! - `prune`: entries that have expired or hide nothing are taken out
//! - `baseline`: everything that is known now, to be told no more

mod add;
mod baseline;
mod list;
mod marks;
mod prune;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use keywright::git::Repository;
use keywright::model::{Finding, text::shown};
use keywright::suppress::{Entry, FILE_NAME, IgnoreFile, LARGEST};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Let findings be, with a reason: add, list, prune entries
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright ignore add 3f2a90c1d4e5 --reason \"the sandbox's key\" --expires 2027-06-30\n  keywright ignore add docs/setup.md:12 --reason \"made up for the docs\"\n  keywright ignore list\n  keywright ignore prune --dry-run\n  keywright ignore baseline --output keywright.baseline\n\nEntries stand in .keywrightignore at the repository's top, one a line, keyed by the finding's fingerprint:\ncommit it. It serves every kind of scan, and moves with the code."
)]
pub(crate) struct IgnoreArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Let findings be
    #[command(
        after_help = "Examples:\n  keywright ignore add 3f2a90c1d4e5 --reason \"the sandbox's key\" --expires 90d\n  keywright ignore add docs/setup.md:12 --reason \"made up for the docs\""
    )]
    Add(add::AddArgs),
    /// Show what is let be
    #[command(after_help = "Examples:\n  keywright ignore list")]
    List(list::ListArgs),
    /// Show which marks on a line let a leak be, and whose they are
    Marks(marks::MarksArgs),
    /// Take out entries that have expired or hide nothing
    #[command(
        after_help = "Examples:\n  keywright ignore prune --dry-run     what would be taken out\n  keywright ignore prune"
    )]
    Prune(prune::PruneArgs),
    /// Write down everything that is known now, for `scan --baseline`
    Baseline(baseline::BaselineArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &IgnoreArgs, ui: &Ui) -> Result<Exit, CliError> {
    match &args.verb {
        Verb::Add(args) => add::run(args, ui),
        Verb::List(args) => list::run(args, ui),
        Verb::Marks(args) => marks::run(args, ui),
        Verb::Prune(args) => prune::run(args, ui),
        Verb::Baseline(args) => baseline::run(args, ui),
    }
}

/// The file a verb is about.
#[derive(Args)]
struct Which {
    /// The file of entries, instead of .keywrightignore at the top of the repository
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Which {
    /// Returns where the file is, or will be.
    fn path(&self) -> Result<PathBuf, CliError> {
        if let Some(path) = &self.file {
            return Ok(path.clone());
        }
        let repo = Repository::discover(std::path::Path::new("."))?;
        let dir = repo.and_then(|repo| repo.work_dir()).ok_or_else(|| {
            CliError::usage("there is no working tree here", "go into one, or name the file: --file FILE")
        })?;
        Ok(dir.strip_prefix(".").unwrap_or(&dir).join(FILE_NAME))
    }

    /// Reads the file; one that is not there is empty.
    fn read(&self) -> Result<(PathBuf, IgnoreFile), CliError> {
        let path = self.path()?;
        let name = path.display().to_string();
        let refuse = |why: String| CliError {
            why,
            ..CliError::usage(format!("couldn't read {name}"), "name a file of suppressions: --file FILE")
        };
        match path.metadata() {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((path, IgnoreFile::default())),
            Err(e) => return Err(refuse(e.to_string())),
            Ok(meta) if meta.len() > LARGEST => return Err(refuse("it is too large".into())),
            Ok(_) => {}
        }
        let text = std::fs::read_to_string(&path).map_err(|e| refuse(e.to_string()))?;
        let file = IgnoreFile::parse(FILE_NAME, &text)?;
        Ok((path, file))
    }
}

/// Returns today's date, UTC, as all machines see it.
fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// The longest path that an entry names, in bytes.
const LONGEST_PATH: usize = 512;

/// Returns an entry for a finding, with what helps a reviewer to see what it is about.
fn entry(finding: &Finding) -> Entry {
    let path = finding.location.path.bytes();
    Entry {
        rule: Some(finding.hit.rule.id.clone()),
        seen: (!path.is_empty() && finding.repeats.is_empty())
            .then(|| shown(path))
            .filter(|path| path.len() <= LONGEST_PATH),
        ..Entry::new(finding.fingerprint.clone())
    }
}
