//! `.gitallowed` of git-secrets: expressions, one a line, held against `path:number:line`.

use super::foreign::{By, Foreign, ImportError, Looks, Target, utf8};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let mut foreign = Foreign::new("git-secrets", file);
    for (at, line) in (1..).zip(utf8(file, bytes)?.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(regex) = foreign.regex(at, "an allowed pattern", line) {
            let looks = Looks { regexes: vec![regex], target: Target::Shown, ..Looks::default() };
            foreign.add(at, "an allowed pattern", By::Looks(Box::new(looks)));
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_an_expression() {
        let foreign = read(".gitallowed", b"^a\\.env:3:\n\n(b\n").unwrap();
        assert_eq!((foreign.entries.len(), foreign.untranslated[0].line), (1, 3));
    }
}
