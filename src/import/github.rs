//! `.github/secret_scanning.yml` of GitHub: paths whose alerts are closed by themselves.

use super::foreign::{Foreign, ImportError};
use super::yaml::{self, Node};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let root = yaml::read(file, bytes)?;
    let mut foreign = Foreign::new("GitHub secret scanning", file);
    for node in root.all("paths-ignore").flat_map(Node::items) {
        if let Some(glob) = node.text() {
            foreign.add_glob(node.line, glob);
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let foreign = read("f", b"paths-ignore:\n  - \"docs/**\"\n  - \"foo/bar/*.js\"\n").unwrap();
        assert_eq!(foreign.entries[1].says, "paths foo/bar/*.js");
    }
}
