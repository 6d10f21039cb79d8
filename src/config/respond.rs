//! What an operator's file says of responding to leaks: the table `[respond]`. Without it nothing acts by
//! itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use crate::model::Severity;
use crate::model::credential::Liveness;
use crate::model::incident::{Action, Exposed, Ownership};
use crate::model::worded::worded;

worded! {
    /// What is done with a letter about abuse.
    Letter {
        /// It is written into the incident's report, for a person to send.
        Keep = "keep",
        /// It is mailed to the provider.
        Send = "send",
    }
}

/// The table `[respond]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RespondSettings {
    /// Whether the policy acts; else it only says what it would do.
    pub live: bool,
    /// Patterns of the repositories whose bytes may move anything: absolute paths, `*` and `**`.
    pub repositories: Vec<String>,
    /// At most so many automatic answers in an hour.
    pub per_hour: u32,
    /// At most so many of them for one provider.
    pub per_provider: u32,
    /// How many people must approve what touches production.
    pub quorum: usize,
    /// Who may approve: a name and an SSH public key each.
    pub approvers: Vec<String>,
    /// Names of `[notify.NAME]` that are told.
    pub notify: Vec<String>,
    /// What is done with a letter about abuse.
    pub letter: Letter,
    /// The policy, line by line: the first that fits decides.
    pub policy: Vec<PolicyLine>,
}

impl Default for RespondSettings {
    fn default() -> Self {
        Self {
            live: false,
            repositories: Vec::new(),
            per_hour: 5,
            per_provider: 3,
            quorum: 1,
            approvers: Vec::new(),
            notify: Vec::new(),
            letter: Letter::Keep,
            policy: Vec::new(),
        }
    }
}

/// A line of the policy. An empty condition holds of everything; one about what is not known holds of
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLine {
    /// Where it stands in the file, for people.
    pub line: usize,
    /// Whether strangers can read it.
    pub exposed: BTreeSet<Exposed>,
    /// Whether it works.
    pub liveness: BTreeSet<Liveness>,
    /// Whose it is.
    pub ownership: BTreeSet<Ownership>,
    /// The provider's word.
    pub provider: BTreeSet<String>,
    /// An environment of the key.
    pub environment: BTreeSet<String>,
    /// At least so bad.
    pub severity: Option<Severity>,
    /// Not used for so many days.
    pub unused_days: Option<u32>,
    /// What is done then.
    pub then: Action,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRespond {
    #[serde(default)]
    live: bool,
    #[serde(default)]
    repositories: Vec<String>,
    per_hour: Option<u32>,
    per_provider: Option<u32>,
    quorum: Option<Spanned<usize>>,
    #[serde(default)]
    approvers: Vec<String>,
    #[serde(default)]
    notify: Vec<String>,
    letter: Option<Letter>,
    #[serde(default)]
    policy: Vec<Spanned<RawLine>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    #[serde(default)]
    exposed: BTreeSet<Exposed>,
    #[serde(default)]
    liveness: BTreeSet<Liveness>,
    #[serde(default)]
    ownership: BTreeSet<Ownership>,
    #[serde(default)]
    provider: BTreeSet<String>,
    #[serde(default)]
    environment: BTreeSet<String>,
    severity: Option<Spanned<String>>,
    unused_days: Option<u32>,
    then: Action,
}

impl RawRespond {
    /// Reads the words; an error is an offset in the file, what is wrong and what to write.
    pub(super) fn settings(
        self,
        line: impl Fn(usize) -> usize,
    ) -> Result<RespondSettings, (usize, String, String)> {
        let default = RespondSettings::default();
        let quorum = match self.quorum {
            Some(quorum) if *quorum.get_ref() == 0 || *quorum.get_ref() > 10 => {
                return Err((
                    quorum.span().start,
                    format!("says quorum = {}", quorum.get_ref()),
                    "it is a number from 1 to 10".into(),
                ));
            }
            Some(quorum) => quorum.into_inner(),
            None => default.quorum,
        };
        let policy = self.policy.into_iter().map(|raw| {
            let at = line(raw.span().start);
            let raw = raw.into_inner();
            let severity = raw.severity.map(|word| {
                Severity::from_word(word.get_ref()).ok_or_else(|| {
                    let why = format!("says severity = `{}`, which is not known", word.get_ref());
                    (word.span().start, why, "it is one of: low, medium, high, critical".to_owned())
                })
            });
            Ok(PolicyLine {
                line: at,
                exposed: raw.exposed,
                liveness: raw.liveness,
                ownership: raw.ownership,
                provider: raw.provider,
                environment: raw.environment,
                severity: severity.transpose()?,
                unused_days: raw.unused_days,
                then: raw.then,
            })
        });
        Ok(RespondSettings {
            live: self.live,
            repositories: self.repositories,
            per_hour: self.per_hour.unwrap_or(default.per_hour),
            per_provider: self.per_provider.unwrap_or(default.per_provider),
            quorum,
            approvers: self.approvers,
            notify: self.notify,
            letter: self.letter.unwrap_or(default.letter),
            policy: policy.collect::<Result<_, _>>()?,
        })
    }
}
