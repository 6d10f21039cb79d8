//! `.gitleaksignore` and `.betterleaksignore`: `commit:file:rule:line`, or without the commit.

use super::foreign::{By, Entry, Foreign, ImportError, utf8};

/// Reads `.gitleaksignore`.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    read_as("gitleaks", file, bytes)
}

/// Reads `.betterleaksignore`.
pub(super) fn read_betterleaks(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    read_as("betterleaks", file, bytes)
}

fn read_as(tool: &'static str, file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign::new(tool, file);
    for (at, line) in utf8(file, bytes)?.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match entry(line) {
            Some((commit, path, rule, number)) => {
                let says = match commit {
                    Some(commit) => format!("{path}:{number} in {}", &commit[..commit.len().min(10)]),
                    None => format!("{path}:{number}"),
                };
                foreign.push(Entry {
                    line: at + 1,
                    says,
                    rule: Some(rule.into()),
                    is_real: false,
                    by: By::Place { commit: commit.map(Into::into), path: path.into(), line: number },
                });
            }
            // The line is not repeated: people paste secrets into such files.
            None => foreign.skip(at + 1, "a line", "it is not of the shape [commit:]file:rule:line"),
        }
    }
    Ok(foreign)
}

/// Takes a fingerprint apart. A path may hold colons; rule ids and numbers do not.
fn entry(line: &str) -> Option<(Option<&str>, &str, &str, u64)> {
    let (rest, number) = line.rsplit_once(':')?;
    let (rest, rule) = rest.rsplit_once(':')?;
    let number = number.parse().ok()?;
    let is_commit =
        |text: &str| (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let (commit, path) = match rest.split_once(':') {
        Some((commit, path)) if is_commit(commit) => (Some(commit), path),
        _ => (None, rest),
    };
    let is_rule = !rule.is_empty() && rule.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (is_rule && !path.is_empty()).then_some((commit, path, rule, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_read() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(entry(&format!("{commit}:a/b.py:jwt:12")), Some((Some(commit), "a/b.py", "jwt", 12)));
        assert_eq!(entry("0123abc:a.py:jwt:1"), Some((Some("0123abc"), "a.py", "jwt", 1)));
        assert_eq!(entry("a:b.py:jwt:3"), Some((None, "a:b.py", "jwt", 3)));
        assert_eq!(entry("a.zip!b.py:jwt:3"), Some((None, "a.zip!b.py", "jwt", 3)));
        for none in ["", "a.py", "a.py:jwt", "a.py:jwt:x", ":jwt:1", "a.py::1"] {
            assert_eq!(entry(none), None, "{none}");
        }
    }

    #[test]
    fn a_pasted_secret_is_not_repeated() {
        let foreign = read("f", b"# why\n\nhunter2-hunter2\n").unwrap();
        assert_eq!(foreign.untranslated[0].line, 3);
        assert!(!format!("{:?}", foreign.untranslated).contains("hunter2"));
    }
}
