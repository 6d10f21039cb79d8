//! `.gitguardian.yaml` of ggshield, versions 1 and 2.

use super::foreign::{By, Digest, Foreign, ImportError};
use super::yaml::{self, Node};

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let root = yaml::read(file, bytes)?;
    let version = field(&root, "version").next().and_then(Node::text).unwrap_or("1");
    if !matches!(version, "1" | "2") {
        let why = "it is of no version of ggshield's that is known here (1 or 2)";
        return Err(ImportError::new(file, 1, why, "nothing of it is used; use a newer keywright"));
    }
    let mut foreign = Foreign::new("ggshield", file);
    let secret: Vec<&Node> = field(&root, "secret").collect();
    let of = |name: &'static str| secret.iter().flat_map(move |node| field(node, name)).flat_map(Node::items);
    let matches = of("ignored_matches")
        .chain(field(&root, "matches_ignore").flat_map(Node::items))
        .chain(field(&root, "ignored_matches").flat_map(Node::items));
    for node in matches {
        one_match(&mut foreign, node);
    }
    let paths = of("ignored_paths")
        .chain(field(&root, "paths_ignore").flat_map(Node::items))
        .chain(field(&root, "ignored_paths").flat_map(Node::items));
    for node in paths {
        if let Some(glob) = node.text() {
            foreign.add_glob(node.line, glob);
        }
    }
    let detectors = of("ignored_detectors").chain(field(&root, "banlisted_detectors").flat_map(Node::items));
    for node in detectors {
        let what = format!("that detector {} is off", node.text().unwrap_or("without a name"));
        foreign.skip(
            node.line,
            what,
            "a repository's file can't turn rules off; `keywright ignore add` lets findings be",
        );
    }
    Ok(foreign)
}

/// One match: its SHA-256, or the secret itself, alone or under `match` beside a name.
fn one_match(foreign: &mut Foreign, node: &Node) {
    let Some(text) = node.text().or_else(|| node.text_of("match")) else {
        return foreign.skip(node.line, "an ignored match", "it has no `match`");
    };
    let digest = Digest::parse(text).filter(|digest| matches!(digest, Digest::Sha256(_)));
    foreign.in_clear += usize::from(digest.is_none());
    let says = if digest.is_some() { "a match by its SHA-256" } else { "a match in clear" };
    let digest = digest.unwrap_or_else(|| Digest::of(text.as_bytes()));
    foreign.add(node.line, says, By::Hash { digest, path: None, line: None, commit: None });
    if let Some(name) = node.text_of("name").filter(|name| !name.is_empty()) {
        let name = name.chars().take(60).collect();
        if let Some(entry) = foreign.entries.last_mut() {
            entry.rule = Some(name);
        }
    }
}

/// Values of a field, written with `_` or `-`.
fn field<'n>(node: &'n Node, name: &'n str) -> impl Iterator<Item = &'n Node> + 'n {
    node.pairs().iter().filter(move |(key, _)| key.replace('-', "_") == name).map(|(_, node)| node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let hash = "0b".repeat(32);
        let v2 = format!(
            "version: 2\nsecret:\n  ignored_paths:\n    - 'docs/**'\n  ignored_matches:\n    - name: sample\n      match: {hash}\n    - name:\n      match: MY_PLAIN_ONE\n  ignored-detectors:\n    - Generic Password\n"
        );
        let foreign = read("f", v2.as_bytes()).unwrap();
        let says: Vec<_> = foreign.entries.iter().map(|e| (e.line, e.says.as_str())).collect();
        assert_eq!(says, [(6, "a match by its SHA-256"), (8, "a match in clear"), (4, "paths docs/**")]);
        assert_eq!((foreign.in_clear, foreign.untranslated.len()), (1, 1));
        assert_eq!(foreign.entries[0].rule.as_deref(), Some("sample"));
        let v1 = format!("paths-ignore:\n  - 'docs/*'\nmatches-ignore:\n  - {hash}\n  - match: {hash}\n");
        assert_eq!(read("f", v1.as_bytes()).unwrap().entries.len(), 3);
    }

    #[test]
    fn another_version_is_refused() {
        assert!(read("f", b"version: 3\n").is_err());
    }
}
