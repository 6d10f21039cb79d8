//! A rule held against its own examples.

use super::model::Rule;
use super::template::fill;

/// How often each template is filled anew.
const ROUNDS: u64 = 8;

/// Fills the rule's templates and asks `finds` which rules match each text; returns what is not as
/// the rule file says, one line each. Empty: the rule keeps its word.
pub fn prove(rule: &Rule, finds: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let id = &rule.card.id;
    let mut broken = Vec::new();
    let mut check = |templates: &[String], wanted: bool| {
        for template in templates {
            for seed in 0..ROUNDS {
                let text = match fill(template, seed) {
                    Ok(text) => text,
                    Err(e) => {
                        broken.push(format!("{id}: {template}: {e}"));
                        break;
                    }
                };
                let found = finds(&text);
                if found.contains(id) != wanted {
                    let verb = if wanted { "is not found" } else { "is found" };
                    broken
                        .push(format!("{id}: {template} {verb} (seed {seed}; rules that match: {found:?})"));
                    break;
                }
            }
        }
    };
    check(&rule.finds, true);
    check(&rule.passes, false);
    if rule.finds.is_empty() {
        broken.push(format!("{id}: has no `finds` example"));
    }
    broken
}
