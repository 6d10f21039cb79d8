//! The commands and their flags, as gitleaks has them.

use std::path::PathBuf;

use clap::Args;

use super::folder;
use super::wanted::{Wanted, What};

/// Flags of every command.
#[derive(Args)]
struct Common {
    /// Rules: gitleaks' format; else GITLEAKS_CONFIG, else GITLEAKS_CONFIG_TOML
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// gitleaks' report of what is known and let be; `keywright migrate` carries it over for good
    #[arg(long, short, value_name = "FILE")]
    baseline_path: Option<PathBuf>,
    /// A .gitleaksignore, or the folder it is in; unasked, the one at the top of what is scanned
    #[arg(long, short = 'i', value_name = "PATH")]
    gitleaks_ignore_path: Option<PathBuf>,
    /// json, csv, junit or sarif: scan --format gitleaks-json, csv, junit or sarif
    #[arg(long, short = 'f', value_name = "FORMAT")]
    report_format: Option<String>,
    /// Where the report goes, `-` for standard output: scan --output
    #[arg(long, short, value_name = "FILE")]
    report_path: Option<PathBuf>,
    /// Taken and always on
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100")]
    redact: Option<u8>,
    /// The exit code that says leaks
    #[arg(long, value_name = "N", default_value_t = 1)]
    exit_code: u8,
    /// Look no further than this time; 0 is without end
    #[arg(long, value_name = "SECONDS", default_value_t = 0, hide_default_value = true)]
    timeout: u64,
    /// Leave larger files out; they are looked at all the same
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_target_megabytes: u64,
    /// How often encoded text is decoded again
    #[arg(long, value_name = "N")]
    max_decode_depth: Option<u32>,
    /// How deep archives are opened
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    max_archive_depth: u32,
    /// Only these rules
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    enable_rule: Vec<String>,
    /// Tell what `gitleaks:allow` lets be
    #[arg(long)]
    ignore_gitleaks_allow: bool,
    /// Taken: findings are always told
    #[arg(long, short)]
    verbose: bool,
    /// Taken: there is none
    #[arg(long)]
    no_banner: bool,
    /// Taken: --color never
    #[arg(long)]
    no_color: bool,
    /// Taken
    #[arg(long, short, value_name = "LEVEL", value_parser = ["trace", "debug", "info", "warn", "error", "fatal"])]
    log_level: Option<String>,
}

impl Common {
    fn wanted(&self, what: What) -> Wanted {
        Wanted {
            what,
            config: self.config.clone(),
            baseline_path: self.baseline_path.clone(),
            ignore_path: self.gitleaks_ignore_path.clone(),
            report_format: self.report_format.clone(),
            report_path: self.report_path.clone(),
            code: self.exit_code,
            timeout: self.timeout,
            largest: self.max_target_megabytes,
            decode_depth: self.max_decode_depth,
            archive_depth: self.max_archive_depth,
            enabled: self.enable_rule.clone(),
            without_marks: self.ignore_gitleaks_allow,
        }
    }
}

/// gitleaks detect: keywright scan --history, or scan --files with --no-git, or scan - with --pipe
#[derive(Args)]
pub(crate) struct DetectArgs {
    /// The repository or folder
    #[arg(long, short, value_name = "PATH")]
    source: Option<PathBuf>,
    /// Look at the files, not at the history
    #[arg(long, conflicts_with = "log_opts")]
    no_git: bool,
    /// Look at standard input
    #[arg(long, conflicts_with_all = ["no_git", "log_opts"])]
    pipe: bool,
    /// Which commits: A..B, --all, -n N
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    log_opts: Option<String>,
    /// Follow links to files
    #[arg(long)]
    follow_symlinks: bool,
    #[command(flatten)]
    common: Common,
}

impl DetectArgs {
    pub(crate) fn wanted(&self) -> Wanted {
        let source = folder(self.source.clone());
        self.common.wanted(match self {
            Self { pipe: true, .. } => What::Stdin,
            Self { no_git: true, follow_symlinks, .. } => What::Files(source, *follow_symlinks),
            _ => What::Commits(source, self.log_opts.clone()),
        })
    }
}

/// gitleaks protect: keywright scan --staged with --staged, scan --files without
#[derive(Args)]
pub(crate) struct ProtectArgs {
    /// The repository
    #[arg(long, short, value_name = "PATH")]
    source: Option<PathBuf>,
    /// What the next commit would bring in
    #[arg(long)]
    staged: bool,
    /// Taken, as `protect` passes it over
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true, hide = true)]
    log_opts: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl ProtectArgs {
    pub(crate) fn wanted(&self) -> Wanted {
        let source = folder(self.source.clone());
        self.common.wanted(if self.staged { What::Staged(source) } else { What::Unstaged(source) })
    }
}

/// gitleaks git: keywright scan --history; scan --staged with --staged, scan --files with --pre-commit alone
#[derive(Args)]
pub(crate) struct GitArgs {
    /// The repository
    #[arg(value_name = "REPO")]
    repo: Option<PathBuf>,
    /// The repository, as older versions name it
    #[arg(long, short, value_name = "PATH", hide = true, conflicts_with = "repo")]
    source: Option<PathBuf>,
    /// What the next commit would bring in
    #[arg(long)]
    staged: bool,
    /// What is changed in the working tree
    #[arg(long)]
    pre_commit: bool,
    /// Which commits: A..B, --all, -n N
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true, conflicts_with_all = ["staged", "pre_commit"])]
    log_opts: Option<String>,
    /// Taken: reports name no page of a host
    #[arg(long, value_name = "NAME", hide = true)]
    platform: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl GitArgs {
    pub(crate) fn wanted(&self) -> Wanted {
        let source = folder(self.repo.clone().or_else(|| self.source.clone()));
        self.common.wanted(match self {
            Self { staged: true, .. } => What::Staged(source),
            Self { pre_commit: true, .. } => What::Unstaged(source),
            _ => What::Commits(source, self.log_opts.clone()),
        })
    }
}

/// gitleaks dir: keywright scan --files, with the files that git ignores
#[derive(Args)]
pub(crate) struct DirArgs {
    /// The folder or file
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// The folder, as older versions name it
    #[arg(long, short, value_name = "PATH", hide = true, conflicts_with = "path")]
    source: Option<PathBuf>,
    /// Follow links to files
    #[arg(long)]
    follow_symlinks: bool,
    #[command(flatten)]
    common: Common,
}

impl DirArgs {
    pub(crate) fn wanted(&self) -> Wanted {
        let path = folder(self.path.clone().or_else(|| self.source.clone()));
        self.common.wanted(What::Files(path, self.follow_symlinks))
    }
}

/// gitleaks stdin: keywright scan -
#[derive(Args)]
pub(crate) struct StdinArgs {
    #[command(flatten)]
    common: Common,
}

impl StdinArgs {
    pub(crate) fn wanted(&self) -> Wanted {
        self.common.wanted(What::Stdin)
    }
}
