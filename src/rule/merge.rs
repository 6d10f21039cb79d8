//! Built-in rules under a user's, and what a scanned repository's file may not do.

use super::model::{Allowlist, Rule};
use super::{RuleError, RuleFile, builtin};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The operator's: named on the command line or in the user's own configuration.
    Operator,
    /// The scanned repository's: it may add, and never weaken.
    Repository,
}

/// Every rule of a run.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules; built-in ones first.
    pub rules: Vec<Rule>,
    /// How many of `rules` are built in or the operator's: these outrank the others.
    pub trusted: usize,
    /// Allowlists over all rules; only an operator can give them.
    pub allowlists: Vec<Allowlist>,
    /// What was not understood on the way.
    pub warnings: Vec<String>,
    /// How many of `rules`, the first ones, are built in.
    builtin: usize,
}

impl RuleSet {
    /// Returns the built-in rules.
    #[must_use]
    pub fn builtin() -> Self {
        let rules: Vec<Rule> = builtin::files().into_iter().flat_map(|f| f.rules).collect();
        Self { trusted: rules.len(), builtin: rules.len(), rules, ..Self::default() }
    }

    /// Adds a file. An operator's rule replaces a built-in one of the same id.
    ///
    /// # Errors
    /// [`RuleError::Refused`] if a repository's file would weaken the scan.
    pub fn add(&mut self, file: RuleFile, trust: Trust) -> Result<(), RuleError> {
        if trust == Trust::Repository {
            refuse_weakening(self, &file)?;
        }
        self.warnings.extend(file.warnings);
        if let Some(path) = &file.extends {
            self.warnings.push(format!(
                "{}: extends `{path}`, which is not followed; name that file with --rules too",
                file.name
            ));
        }
        for id in &file.disabled {
            let before = self.rules.len();
            self.take_out(id);
            if self.rules.len() == before {
                self.warnings.push(format!("{}: turns off rule `{id}`, which is not there", file.name));
            }
        }
        for rule in &file.rules {
            self.take_out(&rule.card.id);
        }
        self.rules.extend(file.rules);
        self.allowlists.extend(file.allowlists);
        if trust == Trust::Operator {
            self.trusted = self.rules.len();
        }
        Ok(())
    }

    /// Leaves the rules that files state, and no other.
    pub fn drop_builtin(&mut self) {
        self.rules.drain(..self.builtin);
        self.trusted -= self.builtin;
        self.builtin = 0;
    }

    fn take_out(&mut self, id: &str) {
        self.builtin -= self.rules[..self.builtin].iter().filter(|r| r.card.id == id).count();
        self.rules.retain(|r| r.card.id != id);
    }
}

fn refuse_weakening(set: &RuleSet, file: &RuleFile) -> Result<(), RuleError> {
    let again = file.rules.iter().find(|r| set.rules.iter().any(|s| s.card.id == r.card.id));
    let again = again.map(|r| (r.line, format!("redefines rule `{}`", r.card.id)));
    match file.reserved.iter().cloned().chain(again).min() {
        Some((line, why)) => Err(RuleError::Refused {
            file: file.name.clone(),
            line,
            why,
            mend: "a scanned repository may add rules and [ignore] paths only; put it into your own file and name that with --config or --rules".into(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;

    const RULE: &str = "[[rules]]\nid = \"acme\"\nregex = 'acme_[a-z]{20}'\n";

    fn set() -> RuleSet {
        let mut set = RuleSet::default();
        set.add(read("ours.toml", RULE).unwrap(), Trust::Operator).unwrap();
        set
    }

    #[test]
    fn an_operator_replaces_a_rule() {
        let mut set = set();
        set.add(read("mine.toml", &RULE.replace("20", "24")).unwrap(), Trust::Operator).unwrap();
        assert_eq!(set.rules.len(), 1);
        assert_eq!(set.rules[0].regex.as_deref(), Some("acme_[a-z]{24}"));
    }

    #[test]
    fn what_is_stated_again_is_no_built_in_rule_any_more() {
        let mut set = RuleSet::builtin();
        let (id, many) = (set.rules[0].card.id.clone(), set.rules.len());
        set.add(read("mine.toml", &RULE.replace("acme", &id)).unwrap(), Trust::Operator).unwrap();
        assert_eq!((set.rules.len(), set.trusted), (many, many));
        set.drop_builtin();
        assert_eq!((set.rules.len(), set.trusted, set.rules[0].card.id.as_str()), (1, 1, id.as_str()));
    }

    #[test]
    fn a_repository_cannot_weaken_the_scan() {
        for text in [
            RULE.to_owned(),
            "[extend]\ndisabledRules = [\"acme\"]\n".into(),
            "[extend]\npath = \"/etc/passwd\"\n".into(),
            "[allowlist]\npaths = ['''.*''']\n".into(),
        ] {
            let file = read("keywright.toml", &text).unwrap();
            assert!(matches!(set().add(file, Trust::Repository), Err(RuleError::Refused { .. })), "{text}");
        }
    }

    #[test]
    fn a_repository_may_add_a_rule_below_the_trusted_ones() {
        let mut set = set();
        set.add(read("keywright.toml", &RULE.replace("acme", "other")).unwrap(), Trust::Repository).unwrap();
        assert_eq!((set.rules.len(), set.trusted), (2, 1));
    }
}
