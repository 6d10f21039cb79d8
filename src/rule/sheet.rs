//! A rule file as it is written: which line says what, and one rule's own words.
//!
//! What searches for keys reads files with `read`; this is for those who talk about a file.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::RuleError;

/// A rule file, with its lines.
#[derive(Debug)]
pub struct Sheet {
    /// The file's name.
    pub name: String,
    /// Everything it says.
    pub table: Table,
    /// Its rules, in their order.
    pub rules: Vec<RuleSheet>,
    text: String,
    lines: BTreeMap<String, usize>,
}

/// One rule of a file.
#[derive(Debug)]
pub struct RuleSheet {
    /// Its id; empty if it has none.
    pub id: String,
    /// The line it begins on, counted from one.
    pub line: usize,
    /// Its fields.
    pub fields: Table,
    lines: BTreeMap<String, usize>,
    span: Range<usize>,
}

impl RuleSheet {
    /// Returns the line of a field, or of the rule where it has no such field.
    #[must_use]
    pub fn line_of(&self, field: &str) -> usize {
        self.lines.get(field).copied().unwrap_or(self.line)
    }

    /// Returns a field's text.
    #[must_use]
    pub fn word(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// Returns a field's list of texts.
    #[must_use]
    pub fn words(&self, field: &str) -> Vec<&str> {
        self.fields
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

impl Sheet {
    /// Reads a file; `name` is for messages.
    ///
    /// # Errors
    /// [`RuleError::Syntax`] if the text is no TOML.
    ///
    /// ```
    /// use keywright::rule::sheet::Sheet;
    /// let sheet = Sheet::read("my.toml", "[provider]\nid = 'acme'\n\n[[rules]]\nid = 'acme-key'\n").unwrap();
    /// assert_eq!((sheet.rules[0].line, sheet.rules[0].line_of("id")), (4, 5));
    /// assert_eq!(sheet.line_of("provider.id"), 2);
    /// ```
    pub fn read(name: &str, text: &str) -> Result<Self, RuleError> {
        let line = |offset: usize| {
            1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..offset.min(text.len())]).count()
        };
        let syntax = |e: toml::de::Error| RuleError::Syntax {
            file: name.into(),
            line: e.span().map_or(1, |s| line(s.start)),
            why: e.message().trim().replace('\n', "; "),
        };
        let root = DeTable::parse(text).map_err(syntax)?.into_inner();
        let table: Table = text.parse().map_err(syntax)?;
        let mut sheet =
            Self { name: name.into(), table, rules: Vec::new(), text: text.into(), lines: BTreeMap::new() };
        let mut starts = vec![text.len()];
        for (key, value) in &root {
            let place = line(key.span().start);
            sheet.lines.insert(key.get_ref().to_string(), place);
            starts.push(line_start(text, key.span().start));
            for (field, _) in value.get_ref().as_table().into_iter().flatten() {
                sheet
                    .lines
                    .insert(format!("{}.{}", key.get_ref(), field.get_ref()), line(field.span().start));
            }
        }
        let stated = root.get("rules").and_then(|r| r.get_ref().as_array());
        let values = sheet.table.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
        let spanned: Vec<_> = stated.into_iter().flat_map(|rules| rules.iter()).collect();
        starts.extend(spanned.iter().map(|rule| line_start(text, rule.span().start)));
        starts.sort_unstable();
        for (stated, fields) in spanned.into_iter().zip(values) {
            let (DeValue::Table(keys), Value::Table(fields)) = (stated.get_ref(), fields) else { continue };
            let start = line_start(text, stated.span().start);
            let end = starts.iter().copied().find(|s| *s > start).unwrap_or(text.len());
            sheet.rules.push(RuleSheet {
                id: fields.get("id").and_then(Value::as_str).unwrap_or_default().into(),
                line: line(stated.span().start),
                lines: keys.iter().map(|(k, _)| (k.get_ref().to_string(), line(k.span().start))).collect(),
                fields,
                span: start..end,
            });
        }
        Ok(sheet)
    }

    /// Returns the line of a table (`provider`) or of a field in one (`provider.docs`); one where it is
    /// not there.
    #[must_use]
    pub fn line_of(&self, place: &str) -> usize {
        self.lines.get(place).copied().unwrap_or(1)
    }

    /// Returns a field of the provider's table.
    #[must_use]
    pub fn provider(&self, field: &str) -> Option<&str> {
        self.table.get("provider")?.get(field)?.as_str()
    }

    /// Returns one rule as a file of its own: with its provider, in its file's own words, and the
    /// comment above it, where that can be cut out.
    #[must_use]
    pub fn toml(&self, rule: &RuleSheet) -> String {
        let mut table = Table::new();
        table.extend(self.table.get("provider").map(|p| ("provider".to_owned(), p.clone())));
        let head = toml::to_string(&table).unwrap_or_default();
        table.insert("rules".into(), Value::Array(vec![Value::Table(rule.fields.clone())]));
        let whole = |body: String| if head.is_empty() { body } else { format!("{head}\n{body}") };
        let cut = whole(format!("{}{}\n", comment_above(&self.text[..rule.span.start]), self.body(rule)));
        if cut.parse::<Table>().is_ok_and(|read| read == table) {
            return cut;
        }
        let mut alone = Table::new();
        alone.insert("rules".into(), Value::Array(vec![Value::Table(rule.fields.clone())]));
        whole(toml::to_string(&alone).unwrap_or_default())
    }

    /// The rule's lines, without the comment of what follows.
    fn body(&self, rule: &RuleSheet) -> &str {
        let mut body = self.text[rule.span.clone()].trim_end();
        while let Some((before, last)) = body.rsplit_once('\n')
            && last.trim_start().starts_with('#')
        {
            body = before.trim_end();
        }
        body
    }
}

fn line_start(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].rfind('\n').map_or(0, |at| at + 1)
}

/// The lines of comment that a text ends in.
fn comment_above(text: &str) -> &str {
    let mut start = text.len();
    for line in text.split_inclusive('\n').rev().take_while(|l| l.starts_with('#')) {
        start -= line.len();
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_told_in_its_own_words() {
        let text = "[provider]\nid = \"acme\"\n\n# The old form.\n[[rules]]\nid = 'a'\nregex = '''a\\b'''\n\n# The next.\n[[rules]]\nid = 'b'\n";
        let sheet = Sheet::read("x.toml", text).unwrap();
        assert_eq!(
            sheet.toml(&sheet.rules[0]),
            "[provider]\nid = \"acme\"\n\n# The old form.\n[[rules]]\nid = 'a'\nregex = '''a\\b'''\n"
        );
    }

    #[test]
    fn a_rule_that_cannot_be_cut_out_is_written_anew() {
        let sheet = Sheet::read("x.toml", "rules = [{ id = 'a' }, { id = 'b' }]\n").unwrap();
        assert_eq!(sheet.toml(&sheet.rules[1]), "[[rules]]\nid = \"b\"\n");
    }

    #[test]
    fn every_built_in_rule_can_be_told_as_a_file_of_its_own() {
        for (name, text) in super::super::builtin::texts() {
            let sheet = Sheet::read(name, text).unwrap();
            for rule in &sheet.rules {
                let alone = super::super::read("one.toml", &sheet.toml(rule)).unwrap();
                assert_eq!((alone.rules.len(), alone.rules[0].card.id.as_str()), (1, rule.id.as_str()));
                assert!(sheet.toml(rule).contains(&format!("id = \"{}\"", rule.id)), "{name}: {}", rule.id);
            }
        }
    }
}
