//! `.keywrightignore` and `keywright.toml` as they are.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use keywright::config;
use keywright::model::Fingerprint;
use keywright::rule::Trust;
use keywright::suppress::{self, IgnoreFile};

use crate::cli::error::CliError;

/// The two files as they are.
pub(super) struct Known {
    pub(super) root: PathBuf,
    pub(super) ignore: IgnoreFile,
    prints: HashSet<Fingerprint>,
    pub(super) settings: String,
    paths: BTreeSet<String>,
}

impl Known {
    /// Reads both files; one that is not there is empty.
    pub(super) fn read(root: &Path) -> Result<Self, CliError> {
        let ignore = IgnoreFile::parse(suppress::FILE_NAME, &text(root, suppress::FILE_NAME)?)?;
        let settings = text(root, config::FILE_NAME)?;
        let paths = config::read(config::FILE_NAME, &settings, Trust::Repository)?.ignored_paths;
        let prints = ignore.entries().map(|entry| entry.fingerprint.clone()).collect();
        Ok(Self { root: root.into(), ignore, prints, settings, paths: paths.into_iter().collect() })
    }

    /// Tells whether an entry for a secret is there already.
    pub(super) fn has(&self, print: &Fingerprint) -> bool {
        self.prints.contains(print)
    }

    /// Tells whether a path pattern is there already.
    pub(super) fn ignores(&self, glob: &str) -> bool {
        self.paths.contains(glob)
    }
}

fn text(root: &Path, name: &str) -> Result<String, CliError> {
    let path = root.join(name);
    match path.symlink_metadata() {
        Ok(meta) if !meta.is_file() => {
            Err(CliError::usage(format!("{name} is no plain file"), "make it one, or take it away"))
        }
        Ok(meta) if meta.len() > suppress::LARGEST => {
            Err(CliError::usage(format!("{name} is too large"), "take it away"))
        }
        Err(_) => Ok(String::new()),
        Ok(_) => std::fs::read_to_string(&path).map_err(|e| CliError {
            why: e.to_string(),
            ..CliError::usage(format!("couldn't read {name}"), "make it readable")
        }),
    }
}
