//! gitleaks' and betterleaks' configuration: allowlists, own rules, what it extends.

use serde::Deserialize;
use toml::Spanned;

use super::foreign::{By, Foreign, ImportError, Looks, OwnRule, Target, unquoted, utf8};

const CONFIG: &str =
    "it is a setting of the whole scan; an operator's own file may hold it: keywright scan --rules FILE";

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    extend: RawExtend,
    #[serde(default)]
    rules: Vec<Spanned<toml::Table>>,
    allowlist: Option<Spanned<RawAllowlist>>,
    #[serde(default)]
    allowlists: Vec<Spanned<RawAllowlist>>,
    prefilter: Option<Spanned<toml::Value>>,
    filter: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize, Default)]
struct RawExtend {
    #[serde(default, rename = "useDefault")]
    use_default: bool,
    path: Option<Spanned<String>>,
    url: Option<Spanned<toml::Value>>,
    #[serde(default, rename = "disabledRules")]
    disabled_rules: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
struct RawAllowlist {
    condition: Option<String>,
    #[serde(default, rename = "targetRules")]
    target_rules: Vec<String>,
    #[serde(rename = "regexTarget")]
    regex_target: Option<String>,
    #[serde(default)]
    paths: Vec<Spanned<String>>,
    #[serde(default)]
    regexes: Vec<Spanned<String>>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    commits: Vec<String>,
}

/// Reads `.gitleaks.toml`.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    read_as("gitleaks", file, bytes)
}

/// Reads `.betterleaks.toml`.
pub(super) fn read_betterleaks(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    read_as("betterleaks", file, bytes)
}

fn read_as(tool: &'static str, file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let text = utf8(file, bytes)?;
    let line = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count();
    let raw: Raw = toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(1, |span| line(span.start));
        ImportError::new(file, at, unquoted(e.message()), "mend the TOML, or take the file away")
    })?;
    let mut foreign = Foreign::new(tool, file);
    for (name, value) in [("prefilter", raw.prefilter), ("filter", raw.filter)] {
        if let Some(value) = value {
            let why = "it is a program in betterleaks' filter language, which is not run here";
            foreign.skip(line(value.span().start), format!("`{name}` for all rules"), why);
        }
    }
    if let Some(url) = raw.extend.url {
        foreign.skip(line(url.span().start), "[extend] url", "nothing is fetched; save that file here");
    }
    if let Some(path) = raw.extend.path {
        foreign.extends = Some((line(path.span().start), path.into_inner()));
    } else if !raw.extend.use_default && !raw.rules.is_empty() {
        let what = format!("that {tool}'s own rules were off");
        foreign.skip(0, what, "[extend] useDefault is not set there; Keywright's built-in rules always look");
    }
    for id in &raw.extend.disabled_rules {
        let what = format!("that rule `{}` is off", id.get_ref());
        foreign.skip(line(id.span().start), what, CONFIG);
    }
    for list in raw.allowlist.into_iter().chain(raw.allowlists) {
        let at = line(list.span().start);
        looks(&mut foreign, list.into_inner(), &[], at, &line);
    }
    for rule in raw.rules {
        let at = line(rule.span().start);
        own_rule(&mut foreign, rule.into_inner(), at);
    }
    Ok(foreign)
}

fn own_rule(foreign: &mut Foreign, mut rule: toml::Table, at: usize) {
    let Some(id) = rule.get("id").and_then(toml::Value::as_str).map(str::to_owned) else {
        return foreign.skip(at, "a rule", "it has no id");
    };
    for name in ["filter", "validate", "prefilter"] {
        if rule.remove(name).is_some() {
            let why = "it is a program in betterleaks' filter language, which is not run here";
            foreign.skip(at, format!("`{name}` of rule `{id}`"), why);
        }
    }
    if rule.remove("tokenEfficiency").is_some() {
        let why = "Keywright has no such measure; `entropy` is the nearest";
        foreign.skip(at, format!("`tokenEfficiency` of rule `{id}`"), why);
    }
    let is_whole = ["regex", "path"].iter().any(|key| rule.contains_key(*key));
    if is_whole {
        let mut table = toml::Table::new();
        table.insert("rules".into(), toml::Value::Array(vec![toml::Value::Table(rule)]));
        match toml::to_string(&table) {
            Ok(toml) => foreign.rules.push(OwnRule { line: at, id, toml }),
            Err(_) => foreign.skip(at, format!("rule `{id}`"), "it can't be written as TOML"),
        }
        return;
    }
    // A rule without an expression adds to one of the tool's own.
    for key in ["allowlist", "allowlists"] {
        let lists = match rule.remove(key) {
            Some(toml::Value::Array(lists)) => lists,
            Some(list) => vec![list],
            None => continue,
        };
        for list in lists {
            match toml::to_string(&list).ok().and_then(|text| toml::from_str::<RawAllowlist>(&text).ok()) {
                // Offsets inside a table are not kept: its lists stand at the rule's line.
                Some(list) => looks(foreign, list, std::slice::from_ref(&id), at, &|_| at),
                None => foreign.skip(at, format!("an allowlist of rule `{id}`"), "it is broken"),
            }
        }
    }
    for key in rule.keys().filter(|key| !["id", "description", "tags"].contains(&key.as_str())) {
        let why = "it changes a rule of the tool's own; Keywright's rules stay as they are";
        foreign.skip(at, format!("`{key}` of rule `{id}`"), why);
    }
}

/// Takes an allowlist apart: patterns that stand alone become paths of their own, the rest is held
/// together.
fn looks(
    foreign: &mut Foreign,
    raw: RawAllowlist,
    rules: &[String],
    at: usize,
    line: &dyn Fn(usize) -> usize,
) {
    let all = matches!(raw.condition.as_deref().map(str::to_ascii_uppercase).as_deref(), Some("AND" | "&&"));
    let rules = [rules, &raw.target_rules].concat();
    let (target, only_secret) = match raw.regex_target.as_deref() {
        Some("line") => (Target::Line, false),
        Some("match") => (Target::Secret, true),
        _ => (Target::Secret, false),
    };
    if only_secret && !raw.regexes.is_empty() {
        let why = "what its rule matched around a secret is not known here; the expressions are held against the secret alone";
        foreign.skip(at, "regexTarget = \"match\"", why);
    }
    let mut paths = Vec::new();
    for path in &raw.paths {
        if !all && rules.is_empty() {
            foreign.add_path_regex(line(path.span().start), path.get_ref());
        } else if let Some(regex) = foreign.regex(at, "a path of an allowlist", path.get_ref()) {
            paths.push(regex);
        } else if all {
            // Without one of its criteria it would let more be.
            return;
        }
    }
    let mut regexes = Vec::new();
    for regex in &raw.regexes {
        match foreign.regex(line(regex.span().start), "an expression of an allowlist", regex.get_ref()) {
            Some(regex) => regexes.push(regex),
            None if all => return,
            None => {}
        }
    }
    let looks = Looks {
        all,
        rules,
        paths,
        regexes,
        target,
        stopwords: raw.stopwords.iter().filter(|w| !w.is_empty()).map(|w| w.to_lowercase()).collect(),
        commits: raw.commits,
    };
    let parts = [
        ("paths", looks.paths.len()),
        ("expressions", looks.regexes.len()),
        ("stopwords", looks.stopwords.len()),
        ("commits", looks.commits.len()),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
    if parts.is_empty() {
        return;
    }
    let only =
        if looks.rules.is_empty() { String::new() } else { format!(" for {}", looks.rules.join(", ")) };
    let says = format!("an allowlist of {}{only}", parts.join(if all { " and " } else { " or " }));
    foreign.add(at, says, By::Looks(Box::new(looks)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(foreign: &Foreign) -> Vec<String> {
        foreign.untranslated.iter().map(|u| format!("{}: {}", u.line, u.what)).collect()
    }

    #[test]
    fn a_configuration_is_taken_apart() {
        let text = r#"
title = "ours"
[extend]
useDefault = true
disabledRules = ["generic-api-key"]
[[rules]]
id = "acme"
regex = '''acme_[a-z]{20}'''
keywords = ["acme_"]
[[rules.required]]
id = "other"
withinLines = 3
[[rules]]
id = "gitlab-pat"
entropy = 3.0
[[rules.allowlists]]
regexes = ['''sample''']
[allowlist]
paths = ['''^vendor/''', '''\.lock$''']
stopwords = ["Sample"]
[[allowlists]]
condition = "AND"
regexTarget = "line"
regexes = ['''noqa''']
paths = ['''^tests/''']
commits = ["0123456789abcdef0123456789abcdef01234567"]
"#;
        let foreign = read(".gitleaks.toml", text.as_bytes()).unwrap();
        assert_eq!(foreign.rules.len(), 1);
        assert!(foreign.rules[0].toml.starts_with("[[rules]]\n"), "{}", foreign.rules[0].toml);
        assert!(foreign.rules[0].toml.contains("[[rules.required]]"));
        let says: Vec<&str> = foreign.entries.iter().map(|e| e.says.as_str()).collect();
        assert_eq!(
            says,
            [
                "paths like ^vendor/",
                r"paths like \.lock$",
                "an allowlist of 1 stopwords",
                "an allowlist of 1 paths and 1 expressions and 1 commits",
                "an allowlist of 1 expressions for gitlab-pat",
            ]
        );
        assert_eq!(
            told(&foreign),
            ["5: that rule `generic-api-key` is off", "13: `entropy` of rule `gitlab-pat`"]
        );
    }

    #[test]
    fn what_the_engine_cannot_hold_is_told_and_the_rest_goes_on() {
        let text = "[allowlist]\nregexes = ['''a(?=b)''', '''fine''']\n[[allowlists]]\ncondition = 'AND'\nregexes = ['''a(?!b)''']\npaths = ['''x''']\n";
        let foreign = read("f", text.as_bytes()).unwrap();
        assert_eq!(foreign.entries.len(), 1, "an AND list without one of its criteria would let more be");
        assert_eq!(told(&foreign).len(), 2);
    }

    #[test]
    fn betterleaks_programs_are_told_and_not_guessed() {
        let text = "filter = '''filter.entropy(finding[\"secret\"]) < 3'''\n[extend]\nuseDefault = true\n[[rules]]\nid = 'a'\nregex = 'a{20}'\nvalidate = 'x'\ntokenEfficiency = true\n";
        let foreign = read_betterleaks(".betterleaks.toml", text.as_bytes()).unwrap();
        assert_eq!(
            told(&foreign),
            ["1: `filter` for all rules", "4: `validate` of rule `a`", "4: `tokenEfficiency` of rule `a`"]
        );
        assert!(!foreign.rules[0].toml.contains("validate"));
    }

    #[test]
    fn a_broken_one_is_named_with_its_line_and_not_quoted() {
        for text in ["[allowlist]\npaths = ['''hunter2", "[allowlist]\npaths = \"hunter2\"\n"] {
            let error = read("f", text.as_bytes()).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with("f: line ") && !error.contains("hunter2"), "{error}");
        }
    }
}
