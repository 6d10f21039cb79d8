//! Rules of other scanners' files that may be taken over.

use std::collections::BTreeSet;

use keywright::config;
use keywright::detect::Detector;
use keywright::import::{Foreign, OwnRule, Untranslated};
use keywright::model::{Confidence, Extent};
use keywright::rule::{RuleError, RuleSet, Trust};

/// A rule that is carried over.
pub(super) struct Rule {
    pub(super) id: String,
    /// The `[[rules]]` block.
    pub(super) toml: String,
    /// The file it comes from.
    pub(super) file: String,
}

/// Adds the rules that this program can hold to the set, as a repository's own; the others are told
/// in their file, each with its reason, and the rest goes on.
pub(super) fn accept(foreign: &mut [Foreign], set: &mut RuleSet) -> Vec<Rule> {
    let detector = Detector::new(RuleSet::builtin());
    let builtin: BTreeSet<String> = RuleSet::builtin().rules.iter().map(|r| r.card.id.clone()).collect();
    let mut accepted = Vec::new();
    for file in foreign {
        let mut waiting: Vec<OwnRule> = std::mem::take(&mut file.rules);
        // A rule may require one that stands below it.
        let names: BTreeSet<String> =
            waiting.iter().map(|r| r.id.clone()).chain(set.rules.iter().map(|r| r.card.id.clone())).collect();
        for OwnRule { line, id, toml } in waiting.drain(..) {
            let what = format!("rule `{id}`");
            let mut skip = |why: String| {
                file.untranslated.push(Untranslated { line, what: what.clone(), why });
            };
            if builtin.contains(&id) {
                skip("Keywright has a rule of that id; a repository's file can't redefine it".into());
                continue;
            }
            if set.rules.iter().any(|rule| rule.card.id == id) {
                continue;
            }
            let holds_secret = detector
                .detect(toml.as_bytes(), &Extent::whole(toml.len()))
                .iter()
                .any(|hit| hit.confidence >= Confidence::Medium);
            if holds_secret {
                skip("a secret stands in it; write an expression, and rotate the secret".into());
                continue;
            }
            match read(&toml) {
                Err(why) => skip(why),
                Ok(read) => {
                    let missing =
                        read.rules.rules.iter().flat_map(|r| &r.required).find(|r| !names.contains(&r.id));
                    if let Some(missing) = missing {
                        skip(format!("it requires rule `{}`, which is not here", missing.id));
                    } else if set.add(read.rules, Trust::Repository).is_ok() {
                        accepted.push(Rule { id, toml, file: file.file.clone() });
                    } else {
                        skip("a repository's file can't hold it".into());
                    }
                }
            }
        }
    }
    accepted
}

/// Reads one rule alone. The reason does not quote the rule.
fn read(toml: &str) -> Result<config::Config, String> {
    config::read("rule", toml, Trust::Repository).map_err(|e| match e {
        RuleError::Broken { why, .. } => format!("it can't be held here: {why}"),
        RuleError::Refused { why, .. } => why,
        RuleError::Syntax { .. } => "a field of it is not of the kind it should be".into(),
    })
}

/// Adds the rules that are carried over to a set, as a repository's own.
pub(super) fn add(rules: &[Rule], set: &mut RuleSet) -> Result<(), RuleError> {
    for rule in rules {
        set.add(config::read("rule", &rule.toml, Trust::Repository)?.rules, Trust::Repository)?;
    }
    Ok(())
}
