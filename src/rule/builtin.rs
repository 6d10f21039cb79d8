//! The rules in `rules/`, embedded at build.

use rayon::prelude::*;

use super::read::{RuleFile, read_builtin};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Returns every rule file of the program, in the order of their names.
///
/// # Panics
/// If a file in `rules/` is broken; the tests read them all.
#[must_use]
pub fn files() -> Vec<RuleFile> {
    FILES
        .par_iter()
        .map(|(name, text)| match read_builtin(name, text) {
            Ok(file) => file,
            Err(e) => panic!("a built-in rule file is broken: {e}"),
        })
        .collect()
}

/// Lists the files' names and texts, for those who check more than a start can.
#[must_use]
pub fn texts() -> &'static [(&'static str, &'static str)] {
    FILES
}
