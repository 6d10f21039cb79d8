//! Kingfisher's baselines of both versions, and the filters of `kingfisher.yaml`.

use super::foreign::{By, Entry, Foreign, ImportError, Looks, Target};
use super::yaml::{self, Node};

/// Reads either kind of file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let root = yaml::read(file, bytes)?;
    let mut foreign = Foreign::new("kingfisher", file);
    if root.get("ExactFindings").is_some() {
        foreign.begins_above = true;
        for node in root.all("ExactFindings").flat_map(|n| n.all("matches")).flat_map(Node::items) {
            place(&mut foreign, node, "filepath", "linenum");
        }
    } else if root.get("repositories").is_some() || root.get("fingerprint_algorithm").is_some() {
        if root.text_of("version") != Some("2") {
            let why = "it is of no version of Kingfisher's baseline that is known here (1 or 2)";
            return Err(ImportError::new(file, 1, why, "nothing of it is used; use a newer keywright"));
        }
        let repositories: Vec<&Node> = root.all("repositories").flat_map(Node::items).collect();
        if repositories.len() > 1 {
            let why = "all are read; an entry of another repository hides nothing unless path and line fit";
            foreign.skip(repositories[1].line, "which repository its entries are for", why);
        }
        for node in repositories.iter().flat_map(|n| n.all("findings")).flat_map(Node::items) {
            place(&mut foreign, node, "path", "line");
        }
    } else {
        settings(&mut foreign, &root);
    }
    Ok(foreign)
}

/// One finding. Its fingerprint is made from offsets and a hash of Kingfisher's own: only the place
/// can be held against ours.
fn place(foreign: &mut Foreign, node: &Node, path: &str, line: &str) {
    let place = node.text_of(path).zip(node.text_of(line).and_then(|line| line.parse().ok()));
    let Some((path, line)) = place else {
        return foreign.skip(node.line, "a finding", "it names no place; its fingerprint can't be made here");
    };
    // Version 1 writes a slash behind a file's name.
    let path = path.trim_end_matches('/');
    foreign.push(Entry {
        line: node.line,
        says: format!("{path}:{line}"),
        rule: node.text_of("rule_id").map(|id| id.chars().take(80).collect()),
        is_real: false,
        by: By::Place { commit: None, path: path.into(), line },
    });
}

fn settings(foreign: &mut Foreign, root: &Node) {
    let filters: Vec<&Node> = root.all("filters").collect();
    let of = |name: &'static str| filters.iter().flat_map(move |n| n.all(name)).flat_map(Node::items);
    let excluded: Vec<(usize, &str)> = of("exclude").filter_map(|n| Some((n.line, n.text()?))).collect();
    foreign.add_gitignore(&excluded);
    for node in of("skip_regex") {
        let regex = foreign.regex(node.line, "a skipped expression", node.text().unwrap_or_default());
        if let Some(regex) = regex {
            let looks = Looks { regexes: vec![regex], target: Target::Secret, ..Looks::default() };
            foreign.add(node.line, "a skipped expression", By::Looks(Box::new(looks)));
        }
    }
    for node in of("skip_words") {
        let word = node.text().unwrap_or_default().to_lowercase();
        if word.is_empty() {
            continue;
        }
        let looks = Looks { stopwords: vec![word], ..Looks::default() };
        foreign.add(node.line, "a skipped word", By::Looks(Box::new(looks)));
    }
    for node in of("skip_aws_accounts") {
        foreign.skip(node.line, "an AWS account", "a key's account is not asked for when scanning");
    }
    let rules: Vec<&Node> = root.all("rules").collect();
    for (name, why) in [
        ("disabled", "a repository's file can't turn rules off; `keywright ignore add` lets findings be"),
        ("paths", "Kingfisher's rule files are of another format; gitleaks' and betterleaks' are read"),
    ] {
        for node in rules.iter().flat_map(|n| n.all(name)).flat_map(Node::items) {
            foreign.skip(node.line, format!("rules.{name}"), why);
        }
    }
    if let Some(node) = root.get("baseline").and_then(|n| n.get("file")) {
        foreign.skip(node.line, "baseline.file", "name that file: keywright migrate --baseline FILE");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_the_baseline_are_read() {
        let v1 = "ExactFindings:\n  matches:\n  - filepath: src/a.rb/\n    fingerprint: '389162583612032034'\n    linenum: 52\n    lastupdated: Mon, 14 Jul 2025 10:17:56 -0700\n";
        let v2 = "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: git://example.com/a\n  findings:\n  - path: src/a.rb\n    fingerprint: '389162583612032034'\n    rule_id: kingfisher.github.1\n    line: 52\n";
        for text in [v1, v2] {
            let foreign = read("f", text.as_bytes()).unwrap();
            assert_eq!(foreign.entries[0].says, "src/a.rb:52");
        }
        assert!(read("f", v2.replace("version: 2", "version: 3").as_bytes()).is_err());
    }

    #[test]
    fn settings_are_read() {
        let text = "filters:\n  skip_words: [EXAMPLE]\n  skip_regex:\n    - '^DUMMY_[A-Z]+$'\n  exclude:\n    - vendor/\n    - \"**/node_modules/**\"\n  skip_aws_accounts: ['111122223333']\nrules:\n  disabled: [kingfisher.github.1]\n";
        let foreign = read("kingfisher.yaml", text.as_bytes()).unwrap();
        let says: Vec<&str> = foreign.entries.iter().map(|e| e.says.as_str()).collect();
        assert_eq!(
            says,
            ["paths vendor/", "paths **/node_modules/**", "a skipped expression", "a skipped word"]
        );
        assert_eq!(foreign.untranslated.len(), 2);
    }
}
