//! `.secretsignore` of ripsecrets: paths as in `.gitignore`, then secrets below `[secrets]`.

use super::foreign::{By, Digest, Foreign, ImportError, utf8};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign::new("ripsecrets", file);
    foreign.sees_history = false;
    let mut patterns = Vec::new();
    let mut below = false;
    for (at, line) in (1..).zip(utf8(file, bytes)?.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line == "[secrets]" {
            below = true;
        } else if below {
            foreign.in_clear += 1;
            let digest = Digest::of(line.as_bytes());
            foreign.add(at, "a secret in clear", By::Hash { digest, path: None, line: None, commit: None });
        } else {
            patterns.push((at, line));
        }
    }
    foreign.add_gitignore(&patterns);
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_secrets_are_told_apart() {
        let foreign = read(".secretsignore", b"test/*\ndummy\n\n[secrets]\npA1\n").unwrap();
        let says: Vec<_> = foreign.entries.iter().map(|e| (e.line, e.says.as_str())).collect();
        assert_eq!(says, [(5, "a secret in clear"), (1, "paths test/*"), (2, "paths dummy")]);
        assert_eq!(foreign.in_clear, 1);
    }
}
