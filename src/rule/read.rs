//! Rule files into rules. The format is a superset of gitleaks' and betterleaks' rule table, so
//! that their custom rules load unchanged; what is not understood is told, never dropped in silence.

use std::sync::Arc;

use toml::Spanned;

use super::RuleError;
use super::literal::{Study, study};
use super::model::{
    Allowlist, AssignmentLane, ByteClass, Checksum, Expression, Required, Rule, Structure, Target,
};
use super::prepared::{Prepared, Studied};
use super::raw::{FILE_FIELDS, RULE_FIELDS, RawAllowlist, RawFile, RawProvider, RawRule};
use super::reserved::reserved;
use super::sheet::Sheet;
use crate::model::{Confidence, RuleCard, Severity};

/// The widest match looked for, in bytes, unless a rule says less.
pub const WIDEST: usize = 32 * 1024;
/// How far an expression without a bound is followed.
const OPEN_WINDOW: usize = 4 * 1024;

/// A rule file, read.
#[derive(Debug)]
pub struct RuleFile {
    /// The file's name, for messages.
    pub name: String,
    /// The provider's id, if the file is one provider's.
    pub provider: Option<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Allowlists for every rule or for the rules they name.
    pub allowlists: Vec<Allowlist>,
    /// Rules it turns off.
    pub disabled: Vec<String>,
    /// Whether it asks for what only an operator's file may do: a file it extends.
    pub extends: Option<String>,
    /// What only an operator's file may say, each with its line.
    pub reserved: Vec<(usize, String)>,
    /// What was not understood, one line each.
    pub warnings: Vec<String>,
}

/// Reads a rule file; `name` is for messages only.
///
/// # Errors
/// [`RuleError`], naming the line and what to write instead.
pub fn read(name: &str, text: &str) -> Result<RuleFile, RuleError> {
    let lines = Lines { name, text, is_builtin: false };
    let raw = toml::from_str(text).map_err(|e| lines.syntax(&e))?;
    let mut file = read_with(&lines, raw, Vec::new())?;
    let sheet = Sheet::read(name, text)?;
    file.reserved = reserved(&sheet);
    file.warnings = unknown_fields(&sheet)
        .into_iter()
        .map(|(_, what)| format!("{name}: {what} and was passed over"))
        .collect();
    Ok(file)
}

/// Reads one of the program's own files: what its tests check is not checked again at every start.
pub(super) fn read_builtin(name: &str, text: &str, ready: Prepared) -> Result<RuleFile, RuleError> {
    read_with(&Lines { name, text, is_builtin: true }, ready.raw, ready.studied)
}

/// Reads the parsed file; what its rules' study told is given, or found out here.
fn read_with(lines: &Lines<'_>, raw: RawFile, studied: Vec<Studied>) -> Result<RuleFile, RuleError> {
    let mut file = RuleFile {
        name: lines.name.into(),
        provider: raw.provider.as_ref().map(|p| p.id.clone()),
        rules: Vec::with_capacity(raw.rules.len()),
        allowlists: Vec::new(),
        disabled: Vec::new(),
        extends: None,
        reserved: Vec::new(),
        warnings: Vec::new(),
    };
    if let Some(extend) = raw.extend {
        file.disabled = extend.disabled_rules;
        file.extends = extend.path.or(extend.url);
    }
    let mut studied = studied.into_iter();
    for rule in raw.rules {
        let line = lines.line(rule.span().start);
        let known = studied.next().unwrap_or_default();
        file.rules.push(one_rule(rule.into_inner(), line, raw.provider.as_ref(), known, lines)?);
    }
    for list in raw.allowlist.into_iter().chain(raw.allowlists) {
        file.allowlists.push(one_allowlist(list, "(all rules)", lines)?);
    }
    Ok(file)
}

fn one_rule(
    raw: RawRule,
    line: usize,
    provider: Option<&RawProvider>,
    known: Studied,
    lines: &Lines<'_>,
) -> Result<Rule, RuleError> {
    let id = raw.id.unwrap_or_default();
    let broken = |line, why: String, mend: &str| lines.broken(line, &id, why, mend);
    if id.trim().is_empty() {
        return Err(broken(line, "it has no id".into(), "give it one: id = \"…\""));
    }
    if let (Some(_), Some(lane)) = (&raw.regex, &raw.lane) {
        return Err(broken(
            lines.line(lane.span().start),
            "it has both `regex` and `lane`".into(),
            "leave one out: a lane finds its matches without an expression",
        ));
    }
    let Some(place) = raw.regex.as_ref().or(raw.lane.as_ref()).or(raw.path.as_ref()) else {
        return Err(broken(
            line,
            "it has neither `regex` nor `lane` nor `path`".into(),
            "write the expression it looks for: regex = '''…'''",
        ));
    };
    let regex_line = lines.line(place.span().start);
    let mut secret_group = raw.secret_group;
    let mut studied = Study::default();
    if let Some(text) = &raw.regex {
        let cannot = |why: String| {
            broken(
                regex_line,
                format!("its regex cannot be used: {why}"),
                "look-around and back-references are not supported; see not_before and not_after",
            )
        };
        studied = match known.expression {
            Some(studied) => studied,
            None => study(text.get_ref()).map_err(cannot)?,
        };
        // The program's own rules are built when first needed; the tests build them all.
        if !lines.is_builtin {
            Rule::compile(text.get_ref()).map_err(cannot)?;
        }
        let named = studied.groups.iter().position(|name| name.as_deref() == Some("secret"));
        secret_group = named.or(secret_group);
        if let Some(group) = secret_group.filter(|group| *group >= studied.groups.len()) {
            return Err(broken(
                regex_line,
                format!("its regex has no group {group}"),
                "set secretGroup to a group that is there, or name it: (?P<secret>…)",
            ));
        }
    }
    let severity = lines.word(
        &id,
        "severity",
        raw.severity,
        Severity::from_word,
        "info, low, medium, high, critical",
    )?;
    let mut allowlists = Vec::new();
    for list in raw.allowlist.into_iter().chain(raw.allowlists) {
        allowlists.push(one_allowlist(list, &id, lines)?);
    }
    Ok(Rule {
        regex: raw.regex.map(Spanned::into_inner),
        anchors: studied.anchors,
        as_written: studied.as_written,
        lane: lines.word(&id, "lane", raw.lane, AssignmentLane::from_word, &AssignmentLane::words())?,
        secret_group,
        keywords: raw.keywords.iter().filter(|k| !k.is_empty()).map(|k| k.to_ascii_lowercase()).collect(),
        entropy: raw.entropy,
        path: raw.path.map(|p| lines.regex(&id, &p)).transpose()?,
        confidence: lines
            .word(&id, "confidence", raw.confidence, Confidence::from_word, "low, medium, high")?
            .unwrap_or(Confidence::Medium),
        checksum: lines.word(&id, "checksum", raw.checksum, Checksum::from_word, &Checksum::words())?,
        structure: lines.word(&id, "structure", raw.structure, Structure::from_word, &Structure::words())?,
        not_before: match known.not_before {
            Some(class) => Some(class),
            None => lines.class(&id, raw.not_before)?,
        },
        not_after: match known.not_after {
            Some(class) => Some(class),
            None => lines.class(&id, raw.not_after)?,
        },
        generic: raw.generic,
        window: raw.window.or(studied.longest).unwrap_or(OPEN_WINDOW).clamp(1, WIDEST),
        allowlists,
        required: raw
            .required
            .into_iter()
            .map(|r| Required { id: r.id, within_lines: r.within_lines, within_columns: r.within_columns })
            .collect(),
        silent: raw.skip_report,
        finds: raw.finds,
        passes: raw.passes,
        card: Arc::new(RuleCard {
            description: if raw.description.is_empty() { id.clone() } else { raw.description },
            provider: provider.map(|p| p.id.clone()),
            docs: raw.docs.or_else(|| provider.and_then(|p| p.docs.clone())),
            remedy: raw.remedy.or_else(|| provider.and_then(|p| p.remedy.clone())).unwrap_or_else(|| {
                "revoke it where it was made, make a new one, then take it out of the code".into()
            }),
            severity: severity.unwrap_or(Severity::High),
            tags: raw.tags,
            id,
        }),
        line,
    })
}

fn one_allowlist(list: Spanned<RawAllowlist>, id: &str, lines: &Lines<'_>) -> Result<Allowlist, RuleError> {
    let line = lines.line(list.span().start);
    let raw = list.into_inner();
    let all = lines.word(
        id,
        "condition",
        raw.condition,
        |w| match w.to_ascii_uppercase().as_str() {
            "AND" | "&&" => Some(true),
            "OR" | "||" | "" => Some(false),
            _ => None,
        },
        "AND, OR",
    )?;
    let target = lines.word(
        id,
        "regexTarget",
        raw.regex_target,
        |w| match w {
            "secret" | "" => Some(Target::Secret),
            "match" => Some(Target::Match),
            "line" => Some(Target::Line),
            _ => None,
        },
        "secret, match, line",
    )?;
    let list = Allowlist {
        all: all.unwrap_or(false),
        target_rules: raw.target_rules,
        paths: raw.paths.iter().map(|p| lines.regex(id, p)).collect::<Result<_, _>>()?,
        regexes: raw.regexes.iter().map(|p| lines.regex(id, p)).collect::<Result<_, _>>()?,
        target: target.unwrap_or_default(),
        stopwords: raw.stopwords.iter().map(|w| w.to_ascii_lowercase()).collect(),
        commits: raw.commits,
    };
    if list.paths.is_empty()
        && list.regexes.is_empty()
        && list.stopwords.is_empty()
        && list.commits.is_empty()
    {
        return Err(lines.broken(
            line,
            id,
            "its allowlist names nothing".into(),
            "give it paths, regexes, stopwords or commits",
        ));
    }
    Ok(list)
}

/// Names fields that this program does not know, with their lines and the rule they stand in.
pub(super) fn unknown_fields(sheet: &Sheet) -> Vec<(usize, String)> {
    let mut told = Vec::new();
    for key in sheet.table.keys().filter(|k| !FILE_FIELDS.contains(&k.as_str())) {
        told.push((sheet.line_of(key), format!("`{key}` is not known")));
    }
    for rule in &sheet.rules {
        let id = if rule.id.is_empty() { "(no id)" } else { &rule.id };
        for key in rule.fields.keys().filter(|k| !RULE_FIELDS.contains(&k.as_str())) {
            told.push((rule.line_of(key), format!("rule `{id}`: `{key}` is not known")));
        }
    }
    told
}

/// A file's name and text, to turn offsets into lines.
struct Lines<'a> {
    name: &'a str,
    text: &'a str,
    /// Whether the file is one of the program's own.
    is_builtin: bool,
}

impl Lines<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count()
    }

    fn syntax(&self, error: &toml::de::Error) -> RuleError {
        RuleError::Syntax {
            file: self.name.into(),
            line: error.span().map_or(1, |s| self.line(s.start)),
            why: error.message().trim().replace('\n', "; "),
        }
    }

    fn broken(&self, line: usize, rule: &str, why: String, mend: &str) -> RuleError {
        RuleError::Broken { file: self.name.into(), line, rule: rule.into(), why, mend: mend.into() }
    }

    fn regex(&self, rule: &str, text: &Spanned<String>) -> Result<Expression, RuleError> {
        if self.is_builtin {
            return Ok(Expression::trusted(text.get_ref()));
        }
        Expression::new(text.get_ref()).map_err(|why| {
            self.broken(
                self.line(text.span().start),
                rule,
                format!("an expression cannot be used: {why}"),
                "look-around and back-references are not supported",
            )
        })
    }

    fn class(&self, rule: &str, text: Option<Spanned<String>>) -> Result<Option<ByteClass>, RuleError> {
        text.map(|text| {
            ByteClass::parse(text.get_ref()).map_err(|why| {
                self.broken(
                    self.line(text.span().start),
                    rule,
                    why,
                    "write one class of single bytes, like [A-Za-z0-9_-]",
                )
            })
        })
        .transpose()
    }

    fn word<T>(
        &self,
        rule: &str,
        field: &str,
        word: Option<Spanned<String>>,
        from: impl Fn(&str) -> Option<T>,
        known: &str,
    ) -> Result<Option<T>, RuleError> {
        word.map(|word| {
            from(word.get_ref()).ok_or_else(|| {
                let line = self.line(word.span().start);
                self.broken(
                    line,
                    rule,
                    format!("{field} `{}` is not known", word.get_ref()),
                    &format!("it is one of: {known}"),
                )
            })
        })
        .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read("my.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn a_gitleaks_rule_loads_unchanged() {
        let file = read(
            ".gitleaks.toml",
            r#"
title = "ours"
[extend]
useDefault = true
disabledRules = ["jwt"]
[[rules]]
id = "acme"
description = "Acme key"
regex = '''(?i)acme_([a-z0-9]{20})\b'''
secretGroup = 1
entropy = 3.1
keywords = ["ACME_"]
tags = ["key", "acme"]
path = '''\.env$'''
  [[rules.allowlists]]
  condition = "AND"
  regexTarget = "line"
  regexes = ['''test''']
  paths = ['''fixtures/''']
  [rules.allowlist]
  stopwords = ["Sample"]
[allowlist]
paths = ['''vendor/''']
"#,
        )
        .unwrap();
        let rule = &file.rules[0];
        assert_eq!(rule.keywords, ["acme_"]);
        assert_eq!(rule.secret_group, Some(1));
        assert!(rule.allowlists.iter().any(|a| a.all && a.target == Target::Line));
        assert!(rule.allowlists.iter().any(|a| a.stopwords == ["sample"]));
        assert_eq!(file.allowlists.len(), 1);
        assert_eq!(file.disabled, ["jwt"]);
        assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    }

    #[test]
    fn a_broken_expression_is_named_with_its_line() {
        let text = "[[rules]]\nid = \"a\"\nregex = '''(?<!x)y'''\n";
        assert!(
            error(text).starts_with("my.toml: line 3: rule `a`: its regex cannot be used"),
            "{}",
            error(text)
        );
    }

    #[test]
    fn a_missing_group_is_told() {
        let text = "[[rules]]\nid = \"a\"\nregex = '''xyz(1)'''\nsecretGroup = 2\n";
        assert_eq!(
            error(text),
            "my.toml: line 3: rule `a`: its regex has no group 2; set secretGroup to a group that is there, or name it: (?P<secret>…)"
        );
    }

    #[test]
    fn a_rule_has_an_expression_or_a_lane() {
        let both = "[[rules]]\nid = \"a\"\nregex = 'abcd'\nlane = \"assignment-token\"\n";
        assert!(error(both).starts_with("my.toml: line 4: rule `a`: it has both"), "{}", error(both));
        assert!(error("[[rules]]\nid = \"a\"\n").contains("neither `regex` nor `lane` nor `path`"));
        let unknown = "[[rules]]\nid = \"a\"\nlane = \"fast\"\n";
        assert!(error(unknown).contains("it is one of: assignment-token, assignment-password"));
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        assert!(error("a = 1\nb = \n").starts_with("my.toml: line 2: "), "{}", error("a = 1\nb = \n"));
    }

    #[test]
    fn an_unknown_field_is_told_not_dropped() {
        let file = read("x.toml", "[[rules]]\nid = \"a\"\nregex = 'abcd'\nentropie = 3\n").unwrap();
        assert_eq!(file.warnings, ["x.toml: rule `a`: `entropie` is not known and was passed over"]);
    }
}
