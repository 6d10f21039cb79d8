//! The rules in `rules/`, embedded at build: as text, and prepared for a start that costs next to nothing.

use super::prepared::{Prepared, Taped};
use super::read::{RuleFile, read_builtin};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// Every file's [`Prepared`], in the order of `FILES`.
const PREPARED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.bin"));
// What the build script writes it with.
const _: fn(&Prepared, &mut Vec<u8>) = Prepared::put;

/// Returns every rule file of the program, in the order of their names.
///
/// # Panics
/// If a file in `rules/` is broken; the tests read them all.
#[must_use]
pub fn files() -> Vec<RuleFile> {
    let mut tape = PREPARED;
    let files = FILES.iter().map(|(name, text)| read_builtin(name, text, Prepared::take(&mut tape)));
    files.map(|file| file.unwrap_or_else(|e| panic!("a built-in rule file is broken: {e}"))).collect()
}

/// Lists the files' names and texts, for those who check more than a start can.
#[must_use]
pub fn texts() -> &'static [(&'static str, &'static str)] {
    FILES
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;

    #[test]
    fn what_was_prepared_at_build_is_what_the_files_say() {
        let prepared = files();
        assert_eq!(prepared.len(), texts().len());
        for (file, (name, text)) in prepared.iter().zip(texts()) {
            let mut written = read(name, text).unwrap();
            written.warnings.clear();
            // A repository may not bring recipes; the program's own files may.
            written.reserved.clear();
            assert_eq!(shown(file), shown(&written));
        }
    }

    /// Everything there is to see of a file, but for whether its expressions are built yet.
    fn shown(file: &RuleFile) -> Vec<String> {
        let text = format!("{file:#?}");
        let mut depth = None;
        let mut lines = Vec::new();
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            match depth {
                Some(start) if indent > start => continue,
                Some(_) => depth = None,
                None if line.trim_start().starts_with("built: ") => depth = Some(indent),
                None => lines.push(line.to_owned()),
            }
        }
        lines
    }
}
