//! `--config` and what it extends: the operator's word, as gitleaks finds it.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;

/// How many files may extend one another.
const DEEPEST: usize = 2;

/// The rule files of a run.
#[derive(Default)]
pub(super) struct Config {
    /// The files, each after what it extends.
    pub(super) files: Vec<PathBuf>,
    /// Whether no file extends the built-in rules: then they do not look.
    pub(super) own_rules_only: bool,
    /// What a variable held, as a file.
    _held: Option<tempfile::NamedTempFile>,
}

/// Finds the rules: the flag, else the file that GITLEAKS_CONFIG names, else what GITLEAKS_CONFIG_TOML
/// holds, else none. A scanned repository's own file is not looked for.
pub(super) fn find(flag: Option<&Path>) -> Result<Config, CliError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    if let Some(path) = flag.map(Path::to_path_buf).or_else(|| set("GITLEAKS_CONFIG").map(PathBuf::from)) {
        return follow(path);
    }
    let Some(text) = set("GITLEAKS_CONFIG_TOML") else { return Ok(Config::default()) };
    let cannot = |e: std::io::Error| CliError {
        why: e.to_string(),
        ..CliError::usage("couldn't keep what GITLEAKS_CONFIG_TOML holds", "name a file: --config FILE")
    };
    let mut held = tempfile::NamedTempFile::with_suffix(".toml").map_err(cannot)?;
    held.write_all(text.as_encoded_bytes()).map_err(cannot)?;
    let mut config = follow(held.path().into())?;
    config._held = Some(held);
    Ok(config)
}

/// Follows `[extend] path` down; the built-in rules look if any of the files extends them.
fn follow(path: PathBuf) -> Result<Config, CliError> {
    let mut files = vec![path];
    let mut own_rules_only = true;
    loop {
        let file = &files[files.len() - 1];
        // What is wrong with a file is told where rule files are read.
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let table = text.parse::<toml::Table>().unwrap_or_default();
        let extend = table.get("extend").and_then(toml::Value::as_table);
        let said = |name: &str| extend.and_then(|e| e.get(name));
        if said("useDefault").and_then(toml::Value::as_bool) == Some(true) {
            own_rules_only = false;
        }
        if said("url").is_some() {
            return Err(CliError::usage(
                format!("{} extends a URL, which is not fetched", file.display()),
                "fetch it into a file and extend that: path = \"FILE\"",
            ));
        }
        match said("path").and_then(toml::Value::as_str) {
            Some(next) if files.len() <= DEEPEST => files.push(next.into()),
            Some(next) => {
                return Err(CliError::usage(
                    format!("{next} is extended by a file that is extended by another"),
                    "put them together; gitleaks follows two and no more",
                ));
            }
            None => break,
        }
    }
    // What extends stands over what is extended.
    files.reverse();
    Ok(Config { files, own_rules_only, _held: None })
}
