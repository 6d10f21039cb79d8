//! `.secretlintignore` of secretlint: paths as in `.gitignore`.

use super::foreign::{Foreign, ImportError, utf8};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign::new("secretlint", file);
    foreign.sees_history = false;
    let lines = (1..).zip(utf8(file, bytes)?.lines().map(str::trim));
    let patterns: Vec<_> = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
    foreign.add_gitignore(&patterns);
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_pattern() {
        assert_eq!(read("f", b"# x\ndist/\n\n*.lock\n").unwrap().entries.len(), 2);
    }
}
