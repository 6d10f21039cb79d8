//! A rule held against its own examples.

use super::model::Rule;
use super::template::fill;
use crate::model::Confidence;

/// How often each template is filled anew.
const ROUNDS: u64 = 8;

/// What was found in a filled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The rule's id.
    pub rule: String,
    /// How sure.
    pub confidence: Confidence,
    /// What the checks said, in words.
    pub why: String,
}

/// A template that does not do what its rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The rule's id.
    pub rule: String,
    /// The list it stands in: `finds` or `passes`.
    pub list: &'static str,
    /// The template, unfilled.
    pub template: String,
    /// What happened.
    pub what: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} `{}` {}", self.rule, self.list, self.template.escape_debug(), self.what)
    }
}

/// Fills the rule's templates, asks `look` what is found in each text, and returns what is not as the
/// rule says. A match of low confidence is none, unless the rule is never surer.
///
/// ```
/// use keywright::rule::{proof::prove, read};
/// let text = "[[rules]]\nid = 'a'\nregex = 'acme_[a-z]{9}'\nfinds = ['acme_{lower:8}']\n";
/// let file = read("my.toml", text).unwrap();
/// let failures = prove(&file.rules[0], |_| Vec::new());
/// assert_eq!(failures[0].to_string(), "a: finds `acme_{lower:8}` is not found");
/// ```
pub fn prove(rule: &Rule, look: impl Fn(&str) -> Vec<Seen>) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (list, templates) in [("finds", &rule.finds), ("passes", &rule.passes)] {
        for template in templates {
            let what = (0..ROUNDS).find_map(|seed| match fill(template, seed) {
                Ok(text) => wrong(rule, list == "finds", &look(&text)),
                Err(e) => Some(format!("cannot be filled: {e}")),
            });
            let (rule, template) = (rule.card.id.clone(), template.clone());
            failures.extend(what.map(|what| Failure { rule, list, template, what }));
        }
    }
    failures
}

/// Says what is wrong with what was found, if anything is.
fn wrong(rule: &Rule, wanted: bool, seen: &[Seen]) -> Option<String> {
    let own = |s: &&Seen| s.rule == rule.card.id;
    let sure = |s: &&Seen| s.confidence > Confidence::Low || rule.confidence == Confidence::Low;
    if seen.iter().filter(own).any(|s| sure(&s)) {
        return (!wanted).then(|| "is found".into());
    }
    if !wanted {
        return None;
    }
    if let Some(unsure) = seen.iter().find(own) {
        return Some(format!("is found with low confidence only: {}", unsure.why));
    }
    let others: Vec<String> = seen.iter().map(|s| format!("`{}`", s.rule)).collect();
    let instead = format!("is not found; {} stands there instead", others.join(", "));
    Some(if others.is_empty() { "is not found".into() } else { instead })
}
