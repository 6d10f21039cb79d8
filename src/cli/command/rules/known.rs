//! The rules in force, each with its own words and the place they stand in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::{Args, ValueEnum};
use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::{Check, Extent};
use keywright::rule::{
    Rule, RuleError, RuleSet, Trust, builtin, proof::Seen, sheet::RuleSheet, sheet::Sheet,
};

use crate::cli::error::CliError;
use crate::cli::settings::{Flags, settle};
use crate::cli::ui::Ui;

/// Which rules.
#[derive(Args)]
pub(super) struct Choice {
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Rules of your own; a .gitleaks.toml works (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Vec<PathBuf>,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Told {
    /// For a person.
    Human,
    /// For a program.
    Json,
}

/// Whose file a rule stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// The program's.
    BuiltIn,
    /// The operator's.
    Operator,
    /// The repository's around the current folder.
    Repository,
}

impl Owner {
    /// Returns the word used in reports.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::BuiltIn => "built-in",
            Self::Operator => "operator",
            Self::Repository => "repository",
        }
    }
}

/// A rule in force.
pub(super) struct Known {
    /// The rule.
    pub(super) rule: Rule,
    /// Whose file it stands in.
    pub(super) owner: Owner,
    /// The file.
    pub(super) sheet: Rc<Sheet>,
    /// Its place among the file's rules.
    at: usize,
}

impl Known {
    /// Returns the rule as it is written.
    pub(super) fn stated(&self) -> &RuleSheet {
        &self.sheet.rules[self.at]
    }
}

/// Reads the rules in force here, as a scan would, in the order of their files.
pub(super) fn known(choice: &Choice, ui: &Ui) -> Result<Vec<Known>, CliError> {
    let flags = Flags { config: choice.config.clone(), rules: choice.rules.clone(), ..Flags::default() };
    let settings = settle(&flags, Repository::discover(Path::new("."))?.as_ref())?;
    settings.rules.warnings.iter().for_each(|w| ui.warn(w));
    let mut sheets: Vec<(Owner, Rc<Sheet>)> = Vec::new();
    for (name, text) in builtin::texts() {
        sheets.push((Owner::BuiltIn, Rc::new(Sheet::read(name, text)?)));
    }
    for file in &settings.files {
        let owner = if file.trust == Trust::Operator { Owner::Operator } else { Owner::Repository };
        sheets.push((owner, Rc::new(Sheet::read(&file.name, &file.text)?)));
    }
    // The last file that states a rule is the one that counts.
    let mut places: HashMap<String, (usize, usize)> = HashMap::new();
    for (file, (_, sheet)) in sheets.iter().enumerate() {
        places.extend(sheet.rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), (file, at))));
    }
    let in_force = settings.rules.rules.into_iter().filter_map(|rule| {
        let (file, at) = *places.get(&rule.card.id)?;
        let (owner, sheet) = &sheets[file];
        Some(Known { rule, owner: *owner, sheet: sheet.clone(), at })
    });
    Ok(in_force.collect())
}

/// The largest rule file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// A rule file that was named.
pub(super) struct Named {
    /// Its name.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
}

/// Reads the files that were named; without any, the program's own.
pub(super) fn named(files: &[PathBuf]) -> Result<Vec<Named>, CliError> {
    if files.is_empty() {
        let own =
            builtin::texts().iter().map(|(name, text)| Named { name: (*name).into(), text: (*text).into() });
        return Ok(own.collect());
    }
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        let size = std::fs::metadata(path).map(|m| m.len());
        let text = match size {
            Ok(size) if size > LARGEST => Err("it is larger than four megabytes".to_owned()),
            _ => std::fs::read_to_string(path).map_err(|e| e.to_string()),
        };
        let cannot = |why| CliError {
            why,
            ..CliError::usage(format!("couldn't read {name}"), "name a file of rules that is there")
        };
        Ok(Named { text: text.map_err(cannot)?, name: name.clone() })
    };
    files.iter().map(read).collect()
}

/// Prepares the built-in rules and those of a file over them, as an operator's.
///
/// # Errors
/// If the file is broken.
pub(super) fn detector(file: &Named, is_own: bool) -> Result<Detector, RuleError> {
    let mut set = RuleSet::builtin();
    if !is_own {
        set.add(keywright::rule::read(&file.name, &file.text)?, Trust::Operator)?;
    }
    Ok(Detector::new(set))
}

/// Returns what is found in a text.
pub(super) fn seen(detector: &Detector, text: &str) -> Vec<Seen> {
    let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
    let why = |checks: &[Check]| checks.iter().map(|c| c.why.clone()).collect::<Vec<_>>().join(", ");
    hits.iter()
        .map(|hit| Seen { rule: hit.rule.id.clone(), confidence: hit.confidence, why: why(&hit.checks) })
        .collect()
}
