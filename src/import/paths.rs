//! Path patterns as four kinds of tools write them, and as `keywright.toml` can hold them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::gitignore::Gitignore;
use regex_automata::meta::Regex;

/// Files by a pattern.
pub struct Paths {
    pub(super) test: Test,
    /// The same as globs, perhaps narrower, never wider; empty: globs cannot say it.
    pub(super) globs: Vec<String>,
}

/// How a pattern is held against a path.
pub(super) enum Test {
    Globs(GlobSet),
    Regex(Regex),
    Gitignore(Box<Gitignore>),
}

impl Paths {
    /// Returns globs for `[ignore] paths`; none if globs cannot say it.
    #[must_use]
    pub fn globs(&self) -> &[String] {
        &self.globs
    }

    /// Tells whether the pattern is about a path.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        match &self.test {
            Test::Globs(set) => set.is_match(&*String::from_utf8_lossy(path)),
            Test::Regex(regex) => regex.is_match(path),
            Test::Gitignore(set) => {
                let path = std::path::Path::new(OsStr::from_bytes(path));
                !path.has_root() && set.matched_path_or_any_parents(path, false).is_ignore()
            }
        }
    }
}

/// Builds globs as `[ignore] paths` builds them.
pub(super) fn set(globs: &[String]) -> Result<GlobSet, String> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let glob = GlobBuilder::new(glob).literal_separator(true).build();
        builder.add(glob.map_err(|_| "it is no glob".to_owned())?);
    }
    builder.build().map_err(|_| "it is too large".to_owned())
}

/// Tells whether a pattern is about any file at all.
pub(super) fn is_all(set: &GlobSet) -> bool {
    ["q7", "q7.x", "Q/q7", "q7/.q/q_7.yy"].iter().all(|path| set.is_match(path))
}
