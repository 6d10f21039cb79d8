//! What a good rule file needs, beyond what a scan takes.

use std::collections::HashMap;

use super::literal::{SHORTEST, study};
use super::model::Rule;
use super::read::{RuleFile, WIDEST, unknown_fields};
use super::sheet::{RuleSheet, Sheet};
use super::template::fill;

/// Something a rule file lacks or says wrongly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The line, counted from one.
    pub line: usize,
    /// The rule's id; empty: it is about the file.
    pub rule: String,
    /// What is wrong, and what it costs.
    pub why: String,
    /// What to write.
    pub fix: String,
    /// Whether it is only worth knowing: it may be as good as it can be.
    pub is_advice: bool,
}

/// Looks over a file: `sheet` is the same file as `file`, as it is written.
///
/// ```
/// use keywright::rule::{lint::lint, read, sheet::Sheet};
/// let text = "[[rules]]\nid = 'Acme Key'\nregex = 'acme_[a-z0-9]{32}'\n";
/// let told = lint(&read("my.toml", text).unwrap(), &Sheet::read("my.toml", text).unwrap());
/// assert!(told.iter().any(|c| c.line == 2 && c.why.contains("kebab-case")));
/// ```
#[must_use]
pub fn lint(file: &RuleFile, sheet: &Sheet) -> Vec<Complaint> {
    let mut told: Vec<Complaint> = unknown_fields(sheet)
        .into_iter()
        .map(|(line, why)| complaint(line, "", why, "take it out, or mend its name"))
        .collect();
    provider(sheet, &mut told);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (rule, stated) in file.rules.iter().zip(&sheet.rules) {
        if let Some(first) = seen.insert(&stated.id, stated.line) {
            let why =
                format!("its id stands on line {first} already; the later rule would replace the earlier");
            told.push(complaint(stated.line_of("id"), &stated.id, why, "give each rule an id of its own"));
        }
        words(stated, sheet, &mut told);
        examples(stated, &mut told);
        cost(rule, stated, &mut told);
    }
    told.sort();
    told
}

fn complaint(line: usize, rule: &str, why: impl Into<String>, fix: impl Into<String>) -> Complaint {
    Complaint { line, rule: rule.into(), why: why.into(), fix: fix.into(), is_advice: false }
}

fn is_kebab(id: &str) -> bool {
    id.split('-')
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn provider(sheet: &Sheet, told: &mut Vec<Complaint>) {
    if sheet.rules.is_empty() {
        return;
    }
    if !sheet.table.contains_key("provider") {
        let fix = "begin with [provider], and give it id, name, docs and remedy";
        return told.push(complaint(
            1,
            "",
            "there is no [provider]: nobody can tell whose keys these are",
            fix,
        ));
    }
    let mut need = |field: &str, fix: &str| {
        if sheet.provider(field).is_none_or(|text| text.trim().is_empty()) {
            told.push(complaint(sheet.line_of("provider"), "", format!("[provider] has no {field}"), fix));
        }
    };
    need("id", "write one: id = \"acme\"");
    need("name", "write what people call it: name = \"Acme keys\"");
    if let Some(id) = sheet.provider("id").filter(|id| !is_kebab(id)) {
        let why = format!("the provider's id `{id}` is not kebab-case");
        told.push(complaint(
            sheet.line_of("provider.id"),
            "",
            why,
            "write it in small letters, digits and dashes",
        ));
    }
    if let Some(docs) = sheet.provider("docs").filter(|docs| !is_link(docs)) {
        let why = format!("the link `{docs}` is not https");
        told.push(complaint(sheet.line_of("provider.docs"), "", why, "name the provider's page: https://…"));
    }
}

fn is_link(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(|rest| rest.contains('.'))
        && !text.contains(char::is_whitespace)
}

/// What people read about it.
fn words(stated: &RuleSheet, sheet: &Sheet, told: &mut Vec<Complaint>) {
    let mut tell = |field: &str, why: String, fix: &str| {
        told.push(complaint(stated.line_of(field), &stated.id, why, fix));
    };
    if !is_kebab(&stated.id) {
        tell("id", "its id is not kebab-case".into(), "write it in small letters, digits and dashes");
    }
    if stated.word("description").is_none_or(|text| text.trim().is_empty()) {
        tell("id", "it has no description".into(), "say in one line what it finds");
    }
    if stated.word("remedy").or_else(|| sheet.provider("remedy")).is_none() {
        tell(
            "id",
            "it has no remedy: whoever leaked a key is not told what to do".into(),
            "say it in one line: remedy = \"delete it in …\", here or in [provider]",
        );
    }
    if let Some(docs) = stated.word("docs").filter(|docs| !is_link(docs)) {
        tell("docs", format!("the link `{docs}` is not https"), "name the provider's page: https://…");
    }
    if stated.fields.contains_key("severity") != stated.fields.contains_key("confidence") {
        tell(
            "severity",
            "it says only one of severity and confidence".into(),
            "say both: how bad a leak is, and how sure a match is before its checks",
        );
    }
}

/// What proves it.
fn examples(stated: &RuleSheet, told: &mut Vec<Complaint>) {
    let is_path_only = !stated.fields.contains_key("regex") && !stated.fields.contains_key("lane");
    for (field, what) in [("finds", "what it must find"), ("passes", "what it must let pass")] {
        let templates = stated.words(field);
        if templates.is_empty() && !is_path_only {
            let fix = format!("write templates of {what}: {field} = [\"acme_{{base62:32}}\"]");
            told.push(complaint(
                stated.line_of(field),
                &stated.id,
                format!("it has no {field}: nothing proves it"),
                fix,
            ));
        }
        for e in templates.iter().filter_map(|t| fill(t, 0).err()) {
            told.push(complaint(
                stated.line_of(field),
                &stated.id,
                e.to_string(),
                "docs/rules.md lists the words",
            ));
        }
    }
}

/// What it costs every scan.
fn cost(rule: &Rule, stated: &RuleSheet, told: &mut Vec<Complaint>) {
    let Some(expression) = &rule.regex else { return };
    let mut tell = |why: String, fix: &str, is_advice: bool| {
        let complaint = complaint(stated.line_of("regex"), &stated.id, why, fix);
        told.push(Complaint { is_advice, ..complaint });
    };
    let shortest = rule.anchors.iter().flat_map(|a| &a.literals).map(Vec::len).min();
    match shortest {
        None => {
            let gated = rule.keywords.iter().all(|k| k.len() >= SHORTEST) && !rule.keywords.is_empty();
            let read = if gated { "each file with a keyword in it" } else { "each file" };
            let why =
                format!("no match must hold a literal: it is slow, for the expression reads all of {read}");
            tell(why, "write a part that stands in every key as plain text, of four bytes or more", false);
        }
        Some(length) if length < 4 => {
            let why = format!(
                "the literal that is searched for has {length} bytes: it is slow, for that stands nearly everywhere"
            );
            tell(why, "lengthen it, unless the keys themselves begin with so few", true);
        }
        Some(_) => {}
    }
    let Ok(study) = study(expression) else { return };
    let has_window = stated.fields.contains_key("window");
    if study.longest.is_none() && !has_window {
        let why = "a match has no longest length: it is followed for 4096 bytes and cut there";
        tell(why.into(), "bound its repeats ({20,200} for +), or say how far to look: window = 2048", false);
    }
    if study.longest.is_some_and(|longest| longest > WIDEST) && !has_window {
        let why = format!("a match can be longer than the {WIDEST} bytes that are looked at");
        tell(why, "bound its repeats more narrowly", false);
    }
    if Rule::compile(expression).is_ok_and(|regex| regex.is_match("")) {
        tell("it matches nothing at all, everywhere".into(), "let one part of it be required", false);
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let all = lint(&read("x.toml", text).unwrap(), &Sheet::read("x.toml", text).unwrap());
        all.into_iter().map(|c| format!("{} {}: {}", c.line, c.rule, c.why)).collect()
    }

    const GOOD: &str = "[provider]\nid = 'acme'\nname = 'Acme'\ndocs = 'https://acme.io/keys'\nremedy = 'delete it'\n\n[[rules]]\nid = 'acme-key'\ndescription = 'Acme key'\nregex = 'acme_[a-z0-9]{32}'\nfinds = ['acme_{base36:32}']\npasses = ['acme_{base36:31}']\n";

    #[test]
    fn a_good_file_is_left_alone() {
        assert_eq!(told(GOOD), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_told_with_its_line() {
        for (from, to, line, why) in [
            ("'acme-key'", "'Acme_Key'", 8, "kebab-case"),
            ("https://", "http://", 4, "not https"),
            ("name = 'Acme'\n", "", 1, "has no name"),
            ("remedy = 'delete it'\n", "", 7, "no remedy"),
            ("description", "descriptoin", 9, "`descriptoin` is not known"),
            ("{32}'", "+'", 10, "no longest length"),
            ("acme_[", "ac[", 10, "slow"),
            ("acme_[a-z0-9]{32}", "xy_[a-z0-9]{32}", 10, "has 3 bytes"),
            ("finds", "nothing", 7, "no finds"),
            ("{base36:31}", "{base37:31}", 12, "`{base37:31}` is not known"),
        ] {
            let told = told(&GOOD.replacen(from, to, 1));
            let is_told = |t: &String| t.starts_with(&format!("{line} ")) && t.contains(why);
            assert!(told.iter().any(is_told), "{from} {to}: {told:?}");
        }
        let twice = GOOD.to_owned() + GOOD.split("\n\n").nth(1).unwrap();
        assert!(told(&twice).iter().any(|t| t.contains("stands on line 7 already")), "{:?}", told(&twice));
    }
}
