//! Asks whether what was found works: its provider, by the recipe's own check, and nobody else.
//!
//! A secret is sent to one host, which a recipe or the operator names. What the scanned bytes say counts for
//! nothing: a rule of a repository could send one provider's key to another.

use std::collections::BTreeMap;

use crate::model::credential::{Credential, Liveness};
use crate::model::{Finding, Fingerprint, RuleCard, Severity};
use crate::provider::{Checked, Provider};
use crate::rule::builtin;

/// Returns the provider that a rule's secrets may be shown to; else why there is none.
///
/// # Errors
/// Why nobody can be asked, for people.
pub fn provider_of(card: &RuleCard) -> Result<String, String> {
    if card.severity <= Severity::Info {
        return Err("it is no secret".into());
    }
    let is_own =
        |id: &str| builtin::files().iter().any(|file| file.rules.iter().any(|rule| rule.card.id == id));
    if !is_own(&card.id) {
        return Err("its rule is not the program's: whom to ask is not for a rule file to say".into());
    }
    match &card.provider {
        Some(id) if crate::provider::ids().any(|known| known == id) => Ok(id.clone()),
        Some(id) => Err(format!("nobody knows yet how to ask {id}")),
        None => Err("its rule names no provider".into()),
    }
}

/// Asks a provider whether a secret works, unless it can be none of its secrets.
pub async fn ask(credential: &Credential, provider: &dyn Provider) -> Checked {
    match provider.takes(credential) {
        Ok(()) => provider.check(credential).await,
        Err(expected) => {
            Checked::new(Liveness::Unknown, format!("it was not asked: the check is for {expected}"))
        }
    }
}

/// Asks about findings, each secret once.
#[derive(Default)]
pub struct Verifier {
    known: BTreeMap<Fingerprint, Checked>,
}

impl Verifier {
    /// Asks a provider whether a finding's secret works; a secret that was asked about is not asked again.
    pub async fn verify(&mut self, finding: &Finding, provider: &dyn Provider) -> Checked {
        if let Some(checked) = self.known.get(&finding.fingerprint) {
            return checked.clone();
        }
        let credential =
            Credential { key_id: finding.hit.key_id.clone(), secret: finding.hit.secret.again() };
        let checked = ask(&credential, provider).await;
        self.known.insert(finding.fingerprint.clone(), checked.clone());
        checked
    }
}
