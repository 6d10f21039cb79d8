//! What only an operator's file may say: a scanned repository that says it is refused (design.md §3).

use super::sheet::Sheet;

/// Tables of a file, by what they would let a repository do.
const TABLES: [(&str, &[&str]); 8] = [
    ("sets an allowlist for all rules", &["allowlist", "allowlists"]),
    ("sets what counts and how it is told", &["scan", "report", "verify", "baseline", "suppress"]),
    ("names a recipe", &RECIPES),
    (
        "names a network endpoint",
        &[
            "http",
            "network",
            "proxy",
            "endpoint",
            "endpoints",
            "host",
            "hosts",
            "store",
            "seal",
            "providers",
            "serve",
            "destination",
            "destinations",
        ],
    ),
    ("names a program", &["exec", "program", "programs", "command", "commands", "hook", "hooks"]),
    (
        "sets a notification",
        &["notify", "notification", "notifications", "mail", "slack", "teams", "webhook", "webhooks"],
    ),
    ("sets a policy", &["policy", "policies", "respond", "approve", "auto", "freeze", "schedule"]),
    ("names keys of its own", &["keys", "inventory"]),
];
/// What a recipe is made of: steps, which are requests to a host, and how it signs in.
const RECIPES: [&str; 17] = [
    "rekey",
    "limits",
    "auth",
    "events",
    "check",
    "mint",
    "rotate",
    "revoke",
    "revoke_leaked",
    "list",
    "usage",
    "read_meta",
    "write",
    "read_back",
    "activate",
    "restore",
    "validate",
];
/// What a repository's file may say of a provider: words about it.
const PROVIDER: [&str; 5] = ["id", "name", "docs", "style", "remedy"];
const EXTEND: [&str; 5] = ["path", "url", "disabledRules", "disabled_rules", "disabled-rules"];

/// Lists what only an operator's file may say, each with its line, in the order of the lines.
pub(super) fn reserved(sheet: &Sheet) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (key, value) in &sheet.table {
        if let Some((why, _)) = TABLES.iter().find(|(_, tables)| tables.contains(&key.as_str())) {
            found.push((sheet.line_of(key), format!("{why} ([{key}])")));
        }
        let fields = value.as_table().into_iter().flat_map(toml::Table::keys);
        for field in fields {
            let why = match key.as_str() {
                "provider" if RECIPES.contains(&field.as_str()) => "names a recipe",
                "provider" if !PROVIDER.contains(&field.as_str()) => "says how a provider is reached",
                "extend" if field.starts_with("disabled") => "turns off rules",
                "extend" if EXTEND.contains(&field.as_str()) => "extends another file",
                _ => continue,
            };
            found.push((sheet.line_of(&format!("{key}.{field}")), format!("{why} ({key}.{field})")));
        }
    }
    for rule in &sheet.rules {
        let recipes = rule.fields.keys().filter(|field| RECIPES.contains(&field.as_str()));
        found.extend(
            recipes.map(|field| {
                (rule.line_of(field), format!("names a recipe ({field} of rule `{}`)", rule.id))
            }),
        );
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, String)> {
        reserved(&Sheet::read("keywright.toml", text).unwrap())
    }

    #[test]
    fn what_a_repository_may_say_is_free() {
        let text = "title = 'x'\n[extend]\nuseDefault = true\n[provider]\nid = 'a'\ndocs = 'https://a.io'\n[[rules]]\nid = 'b'\n[ignore]\npaths = ['x']\n";
        assert_eq!(of(text), []);
    }

    #[test]
    fn a_repository_brings_no_table_of_a_recipe() {
        for table in RECIPES {
            let text = format!("[{table}]\nx = 'y'\n");
            assert_eq!(of(&text), [(1, format!("names a recipe ([{table}])"))]);
        }
    }

    #[test]
    fn each_is_named_with_its_line() {
        let told = of(
            "[provider]\nid = 'a'\nauth = 'env:X'\n\n[[rules]]\nid = 'b'\ncheck = 'x'\n\n[notify]\nmail = 'x'\n",
        );
        let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 7, 9], "{told:?}");
    }
}
