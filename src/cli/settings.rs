//! Flags, files and what wins: flag > environment > repository's file > user's file > default.

use std::path::{Path, PathBuf};

use keywright::config::{self, Config, FILE_NAME};
use keywright::detect::Marks;
use keywright::git::Repository;
use keywright::model::Confidence;
use keywright::model::text::shown;
use keywright::rule::{RuleSet, Trust};
use keywright::scan::Ignored;

use super::error::CliError;

/// What a scan goes by.
pub(crate) struct Settings {
    /// Every rule.
    pub(crate) rules: RuleSet,
    /// Paths to let be.
    pub(crate) ignored: Ignored,
    /// The least confidence that counts.
    pub(crate) least: Confidence,
    /// The files that were used, for people to know.
    pub(crate) files: Vec<String>,
    /// Whose marks on a line the operator's files heed.
    marks: Marks,
    /// Whose marks any file takes away.
    marks_off: Marks,
}

impl Settings {
    /// Returns whose marks are heeded; the flag wins over the operator's files, and what a file takes
    /// away stays away.
    pub(crate) fn marks(&self, flag: Option<Marks>) -> Marks {
        flag.unwrap_or(self.marks).without(self.marks_off)
    }
}

/// Reads the files and lays the flags over them.
pub(crate) fn settle(
    config: Option<&Path>,
    rules: &[PathBuf],
    least: Option<Confidence>,
    repo: Option<&Repository>,
) -> Result<Settings, CliError> {
    let mut files: Vec<(Config, Trust)> = Vec::new();
    let named =
        config.map(Path::to_path_buf).or_else(|| std::env::var_os("KEYWRIGHT_CONFIG").map(Into::into));
    match named {
        Some(path) => files.push((read(&path, Trust::Operator)?, Trust::Operator)),
        None => {
            if let Some(path) = user_file().filter(|p| p.is_file()) {
                files.push((read(&path, Trust::Operator)?, Trust::Operator));
            }
        }
    }
    for path in rules {
        files.push((read(path, Trust::Operator)?, Trust::Operator));
    }
    if let Some(file) = repo.map(of_repository).transpose()?.flatten() {
        files.push((file, Trust::Repository));
    }
    let mut settings = Settings {
        rules: RuleSet::builtin(),
        ignored: Ignored::default(),
        least: least.unwrap_or(Confidence::Medium),
        files: files.iter().map(|(file, _)| file.name.clone()).collect(),
        marks: Marks::ALL,
        marks_off: Marks::NONE,
    };
    let mut patterns = Vec::new();
    for (file, trust) in files {
        patterns.extend(file.ignored_paths.into_iter().map(|p| (p, file.name.clone())));
        if let Some(word) = file.min_confidence.filter(|_| least.is_none()) {
            settings.least = word;
        }
        if let Some(words) = &file.marks {
            settings.marks = marks(&file.name, words)?;
        }
        let off = marks(&file.name, &file.marks_off)?;
        settings.marks_off = settings.marks_off.with(off);
        settings.rules.add(file.rules, trust)?;
    }
    settings.ignored = Ignored::new(patterns).map_err(|(pattern, why)| {
        CliError::usage(
            format!("the ignored path `{pattern}` can't be used: {why}"),
            "write it like 'docs/**' or '*.lock'",
        )
    })?;
    Ok(settings)
}

fn marks(file: &str, words: &[String]) -> Result<Marks, CliError> {
    Marks::from_words(words.iter().map(String::as_str)).map_err(|word| {
        let tools = Marks::words().collect::<Vec<_>>().join(", ");
        CliError::usage(
            format!("{file} names marks of `{}`, which are not known", shown(word.as_bytes())),
            format!("they are: {tools}; or one word, all or none"),
        )
    })
}

/// The repository's own file: from the working tree, or as `HEAD` holds it where there is none.
fn of_repository(repo: &Repository) -> Result<Option<Config>, CliError> {
    let Some(dir) = repo.work_dir() else {
        let held = repo.head().map(|head| repo.file_at(head, FILE_NAME, LARGEST)).transpose()?.flatten();
        let Some(bytes) = held else { return Ok(None) };
        let text = String::from_utf8(bytes)
            .map_err(|_| CliError::usage(format!("{FILE_NAME} is no UTF-8 text"), "write it anew"))?;
        return Ok(Some(config::read(FILE_NAME, &text, Trust::Repository)?));
    };
    let path = dir.join(FILE_NAME);
    let is_file = path.symlink_metadata().is_ok_and(|m| m.is_file());
    is_file.then(|| read_as(&path, FILE_NAME, Trust::Repository)).transpose()
}

/// `keywright/keywright.toml` in the user's configuration folder.
fn user_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("keywright").join(FILE_NAME))
}

fn read(path: &Path, trust: Trust) -> Result<Config, CliError> {
    read_as(path, &path.display().to_string(), trust)
}

/// The largest settings file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

fn read_as(path: &Path, name: &str, trust: Trust) -> Result<Config, CliError> {
    let size = std::fs::metadata(path).map(|m| m.len());
    let text = match size {
        Ok(size) if size > LARGEST => Err("it is larger than four megabytes".to_owned()),
        _ => std::fs::read_to_string(path).map_err(|e| e.to_string()),
    };
    let text = text.map_err(|why| CliError {
        why,
        ..CliError::usage(format!("couldn't read {name}"), "name a settings file that is there")
    })?;
    Ok(config::read(name, &text, trust)?)
}
