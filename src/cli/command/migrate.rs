//! `keywright migrate`: what other scanners were hiding, told before anything is written.
//!
//! - `files`: which files they left
//! - `own`: rules of theirs that may be taken over
//! - `plan`: what each of them hides, and what of it is carried over
//! - `tell`, `json`: the plan, told
//! - `veil`: their words without any secret
//! - `known`, `write`: the files as they are, and the plan done

mod files;
mod json;
mod known;
mod own;
mod plan;
mod tell;
mod veil;
mod write;

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::import::apply;
use keywright::model::Severity;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::sight::Eyes;
use crate::cli::survey::{Request, ground, survey_on};
use crate::cli::ui::Ui;

/// Take over what other scanners let be
#[derive(Args)]
#[command(
    after_help = "Read at the repository's top: .gitleaks.toml, .gitleaksignore, .betterleaks.toml, .betterleaksignore,\n.secrets.baseline, .gitguardian.yaml, .talismanrc, kingfisher.yaml, .secretsignore, .gitallowed,\n.secretlintignore, .github/secret_scanning.yml, and reports of gitleaks and baselines of Kingfisher by what\nis in them.\n\nExamples:\n  keywright migrate                       say what would be carried over, and write nothing\n  keywright migrate --write               write .keywrightignore and keywright.toml\n  keywright migrate --baseline old/gitleaks.json"
)]
pub(crate) struct MigrateArgs {
    /// A folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Write .keywrightignore and keywright.toml; without it, nothing is written
    #[arg(long)]
    write: bool,
    /// Who answers for what is let be [default: your git user.email]
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// A report of gitleaks or a baseline of detect-secrets or Kingfisher, wherever it is (repeatable)
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// A file of path expressions, as for TruffleHog's --exclude-paths (repeatable)
    #[arg(long, value_name = "FILE")]
    exclude_paths: Vec<PathBuf>,
    /// How to tell: human or json
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = ["human", "json"], default_value = "human", hide_possible_values = true)]
    format: String,
    /// List every entry
    #[arg(long, short)]
    verbose: bool,
    /// Settings of your own, as for scan
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules of your own, as for scan (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

/// Tells what would be carried over, and does it if asked to.
pub(crate) fn run(args: &MigrateArgs, ui: &Ui) -> Result<Exit, CliError> {
    let (repo, root) = open(&args.path)?;
    let mut files = files::collect(&root, &args.baseline, &args.exclude_paths)?;
    let request = Request {
        paths: vec![root.clone()],
        config: args.config.clone(),
        rules: args.rules.clone(),
        ..Request::default()
    };
    let mut set = ground(&request)?.settings.rules;
    let rules = own::accept(&mut files.foreign, &mut set);
    let detector = Detector::new(set);
    // Without anything to hold against findings there is no need to look for any.
    let survey = if files.foreign.is_empty() {
        None
    } else {
        let mut ground = ground(&request)?;
        own::add(&rules, &mut ground.settings.rules)?;
        Some(survey_on(ground, &request, ui)?)
    };
    let is_whole = survey.as_ref().is_none_or(|survey| survey.coverage.is_complete());
    let mut findings = survey.map(|survey| survey.findings).unwrap_or_default();
    findings.retain(|finding| finding.hit.rule.severity > Severity::Info);
    let eyes = Eyes::new(Some(&repo), &root, &detector);
    let fates = files.foreign.iter().map(|foreign| apply(foreign, &findings, &eyes)).collect();
    let owner = args.owner.clone().or_else(keywright::git::user_email);
    let known = known::Known::read(&root)?;
    let plan = plan::Plan::new(&files.foreign, fates, &findings, rules, &known, owner.as_deref());
    if args.write {
        write::write(&known, &plan)?;
    }
    let veil = veil::Veil::new(&detector, &findings);
    if args.format == "json" {
        json::tell(&files, &plan, &veil, args.write, ui);
    } else {
        tell::tell(&files, &plan, &veil, args, ui);
    }
    for broken in &files.broken {
        ui.error(broken);
    }
    if !is_whole {
        ui.warn("not everything could be read: what stands there was not held against the files");
    }
    Ok(if is_whole && files.broken.is_empty() { Exit::Clean } else { Exit::Incomplete })
}

/// Finds the repository and the top of its working tree.
fn open(path: &Path) -> Result<(Repository, PathBuf), CliError> {
    let no_tree = || {
        CliError::usage("there is no working tree here", "go into one, or name it: keywright migrate PATH")
    };
    let repo = Repository::discover(path)?.ok_or_else(no_tree)?;
    let root = repo.work_dir().ok_or_else(no_tree)?;
    Ok((repo, root))
}
