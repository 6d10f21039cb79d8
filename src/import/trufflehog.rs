//! A file for TruffleHog's `--exclude-paths`: path expressions, one a line.

use super::foreign::{Foreign, ImportError, utf8};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign::new("trufflehog", file);
    for (at, line) in (1..).zip(utf8(file, bytes)?.lines().map(str::trim)) {
        if !line.is_empty() && !line.starts_with('#') {
            foreign.add_path_regex(at, line);
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_path_expression() {
        let foreign = read("f", b"^vendor/\n(unclosed\n").unwrap();
        assert_eq!((foreign.entries.len(), foreign.untranslated.len()), (1, 1));
    }
}
