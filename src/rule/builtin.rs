//! The rules in `rules/`, embedded at build.

use super::read::{RuleFile, read};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Returns every rule file of the program, in the order of their names.
///
/// # Panics
/// If a file in `rules/` is broken; the tests read them all.
#[must_use]
pub fn files() -> Vec<RuleFile> {
    FILES
        .iter()
        .map(|(name, text)| match read(name, text) {
            Ok(file) => file,
            Err(e) => panic!("a built-in rule file is broken: {e}"),
        })
        .collect()
}
