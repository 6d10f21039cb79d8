//! `.talismanrc` of Talisman.

use super::foreign::{By, Foreign, ImportError, Looks, OwnRule, Target};
use super::yaml::{self, Node};

/// What Talisman's documentation says that a scope leaves out.
const SCOPES: &[(&str, &[&str])] =
    &[("node", &["**/package-lock.json", "**/yarn.lock"]), ("go", &["**/go.mod", "**/go.sum"])];

/// Reads the file.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let root = yaml::read(file, bytes)?;
    let mut foreign = Foreign::new("talisman", file);
    foreign.sees_history = false;
    // Talisman's own advice is pasted below older advice: a key may stand several times.
    for node in root.all("fileignoreconfig").flat_map(Node::items) {
        one_file(&mut foreign, node);
    }
    for node in root.all("allowed_patterns").flat_map(Node::items) {
        allowed(&mut foreign, node, None);
    }
    for node in root.all("scopeconfig").flat_map(Node::items) {
        let scope = node.text_of("scope").unwrap_or_default();
        match SCOPES.iter().find(|(name, _)| *name == scope) {
            Some((_, globs)) => globs.iter().for_each(|glob| foreign.add_glob(node.line, glob)),
            None => {
                let why = "its files are not written down in Talisman's documentation; name them under [ignore] paths";
                foreign.skip(node.line, "a scope", why);
            }
        }
    }
    for (at, node) in (1..).zip(root.all("custom_patterns").flat_map(Node::items)) {
        let mut rule = toml::Table::new();
        let id = format!("talisman-custom-{at}");
        rule.insert("id".into(), id.clone().into());
        rule.insert("description".into(), format!("Pattern {at} of {file}").into());
        rule.insert("regex".into(), node.text().unwrap_or_default().into());
        let mut table = toml::Table::new();
        table.insert("rules".into(), toml::Value::Array(vec![toml::Value::Table(rule)]));
        if let Ok(toml) = toml::to_string(&table) {
            foreign.rules.push(OwnRule { line: node.line, id, toml });
        }
    }
    for (key, node) in root.pairs() {
        let why = match key.as_str() {
            "threshold" => "use `keywright scan --min-confidence`; severities are the rules' own",
            "custom_severities" => "severities are the rules' own here",
            "experimental" => "it has no counterpart",
            _ => continue,
        };
        foreign.skip(node.line, format!("`{key}`"), why);
    }
    Ok(foreign)
}

fn one_file(foreign: &mut Foreign, node: &Node) {
    let Some(name) = node.text_of("filename") else {
        return foreign.skip(node.line, "a file", "it has no `filename`");
    };
    let is_pattern = name.contains(['*', '?', '[']);
    if let Some(checksum) = node.text_of("checksum").filter(|text| !text.is_empty()) {
        if is_pattern {
            let why = "one checksum stands for several files; what they hold and is found here will be told";
            foreign.skip(node.line, format!("files {name}"), why);
        } else {
            let by = By::File { path: name.into(), checksum: checksum.trim().to_ascii_lowercase() };
            foreign.add(node.line, format!("{name} by its checksum"), by);
        }
    }
    let off: Vec<&str> = node.all("ignore_detectors").flat_map(Node::items).filter_map(Node::text).collect();
    if off.contains(&"filecontent") {
        foreign.add_glob(node.line, name);
    }
    for pattern in node.all("allowed_patterns").flat_map(Node::items) {
        allowed(foreign, pattern, Some(name));
    }
}

/// An expression whose matches Talisman takes out of the text before it looks: a secret goes with
/// them if the match covers it.
fn allowed(foreign: &mut Foreign, node: &Node, only: Option<&str>) {
    let Some(expression) = node.text() else { return };
    let Some(regex) = foreign.regex(node.line, "an allowed pattern", expression) else { return };
    let mut looks = Looks { regexes: vec![regex], target: Target::Cover, ..Looks::default() };
    let mut says = "an allowed pattern".to_owned();
    if let Some(name) = only {
        let exact = format!("^{}$", regex_syntax::escape(name));
        let Some(path) = foreign.regex(node.line, "a file name", &exact) else { return };
        (looks.all, looks.paths) = (true, vec![path]);
        says = format!("an allowed pattern in {name}");
    }
    foreign.add(node.line, says, By::Looks(Box::new(looks)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_even_with_pasted_advice() {
        let text = "threshold: medium\nfileignoreconfig:\n- filename: a.env\n  checksum: ABCD\n- filename: b.env\n  ignore_detectors: [filecontent]\nfileignoreconfig:\n- filename: c/*.env\n  checksum: ff\n- filename: d.env\n  allowed_patterns: [sample]\nscopeconfig:\n- scope: node\n- scope: images\nallowed_patterns:\n- fine\ncustom_patterns:\n- 'acme_[a-z]{20}'\nversion: \"1.0\"\n";
        let foreign = read(".talismanrc", text.as_bytes()).unwrap();
        let says: Vec<&str> = foreign.entries.iter().map(|e| e.says.as_str()).collect();
        assert_eq!(
            says,
            [
                "a.env by its checksum",
                "paths b.env",
                "an allowed pattern in d.env",
                "an allowed pattern",
                "paths **/package-lock.json",
                "paths **/yarn.lock",
            ]
        );
        let what: Vec<&str> = foreign.untranslated.iter().map(|u| u.what.as_str()).collect();
        assert_eq!(what, ["files c/*.env", "a scope", "`threshold`"]);
        assert_eq!(foreign.rules[0].id, "talisman-custom-1");
    }
}
