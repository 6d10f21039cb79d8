//! What to do about an incident, by the operator's policy. Pure: facts in, a decision out, with every line
//! that was looked at and why it fits or not.
//!
//! Below the policy stand floors that no line can lower: nothing acts by itself that is not proven live
//! and ours, from a repository on the operator's list, within the caps, while nothing is frozen.

use crate::config::{PolicyLine, RespondSettings};
use crate::model::Severity;
use crate::model::credential::Liveness;
use crate::model::incident::{Action, Exposed, Ownership};
use crate::rotate::plan::is_production;

/// What is known of an incident when it is decided.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Whether strangers can read it.
    pub exposed: Exposed,
    /// Whether it works.
    pub liveness: Liveness,
    /// Whose it is.
    pub ownership: Ownership,
    /// The provider's word, or empty.
    pub provider: String,
    /// The environments of the key, if it is ours.
    pub environments: Vec<String>,
    /// How bad.
    pub severity: Severity,
    /// Days since it was last used; `None` if nobody knows.
    pub unused_days: Option<u32>,
    /// Whether a place it was seen at belongs to a repository of the operator's list.
    pub is_listed: bool,
}

/// What holds for the whole store when it is decided.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Why nothing acts by itself at present: a freeze, a store too young, a cap that is reached.
    pub held: Option<String>,
}

/// A decision, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What is done.
    pub action: Action,
    /// What decided.
    pub because: String,
    /// Whether a person's approval needs a quorum.
    pub is_production: bool,
    /// Every line that was looked at: whether it fits, and what it says.
    pub looked_at: Vec<(bool, String)>,
}

/// Decides.
#[must_use]
pub fn decide(settings: &RespondSettings, evidence: &Evidence, standing: &Standing) -> Verdict {
    let mut looked_at = Vec::new();
    let mut wanted = None;
    for line in &settings.policy {
        let misfit = misfit(line, evidence);
        let says = match &misfit {
            None => format!("line {}: fits, then {}", line.line, line.then),
            Some(why) => format!("line {}: does not fit: {why}", line.line),
        };
        looked_at.push((misfit.is_none(), says));
        if misfit.is_none() {
            wanted = Some(line);
            break;
        }
    }
    let is_production = evidence.environments.iter().any(|e| is_production(e));
    let (action, because) = match wanted {
        Some(line) => (line.then, format!("line {} of the policy", line.line)),
        None => (Action::Ask, "no line of the policy fits".into()),
    };
    let (action, because) = match floor(settings, evidence, standing, wanted, is_production) {
        Some((lower, why)) if action == Action::Auto => {
            let why = format!("{because} says auto, and {why}");
            looked_at.push((true, why.clone()));
            (lower, why)
        }
        _ => (action, because),
    };
    // What nobody could act on is not asked about.
    let (action, because) = match action {
        Action::Ask if evidence.ownership == Ownership::Others => {
            (Action::Notify, format!("{because}; it is not ours, so it is only told"))
        }
        _ => (action, because),
    };
    Verdict { action, because, is_production, looked_at }
}

/// Returns what stands against acting by itself, and what is done instead.
fn floor(
    settings: &RespondSettings,
    evidence: &Evidence,
    standing: &Standing,
    line: Option<&PolicyLine>,
    serves_production: bool,
) -> Option<(Action, String)> {
    if !evidence.is_listed {
        return Some((
            Action::Notify,
            "none of its repositories is on the list of [respond] repositories".into(),
        ));
    }
    match evidence.ownership {
        Ownership::Ours => {}
        Ownership::Others => return Some((Action::Notify, "it is not ours".into())),
        Ownership::Unknown => return Some((Action::Ask, "nothing proves that it is ours".into())),
    }
    match evidence.liveness {
        Liveness::Alive => {}
        Liveness::Dead => return Some((Action::Notify, "it is dead already".into())),
        Liveness::Unknown => return Some((Action::Ask, "nothing proves that it works".into())),
    }
    if let Some(held) = &standing.held {
        return Some((Action::Ask, held.clone()));
    }
    let names_production = line.is_some_and(|l| l.environment.iter().any(|e| is_production(e)));
    if serves_production && !names_production {
        let why = "the key serves production, which the line does not name (environment = [\"production\"])";
        return Some((Action::Ask, why.into()));
    }
    if !settings.live {
        return Some((Action::Ask, "[respond] live is not set: it only says what it would do".into()));
    }
    None
}

/// Returns the first condition that does not hold.
fn misfit(line: &PolicyLine, evidence: &Evidence) -> Option<String> {
    fn one_of<T: Ord + std::fmt::Display>(
        name: &str,
        wanted: &std::collections::BTreeSet<T>,
        is: &T,
    ) -> Option<String> {
        (!wanted.is_empty() && !wanted.contains(is)).then(|| format!("{name} is {is}"))
    }
    one_of("exposed", &line.exposed, &evidence.exposed)
        .or_else(|| one_of("liveness", &line.liveness, &evidence.liveness))
        .or_else(|| one_of("ownership", &line.ownership, &evidence.ownership))
        .or_else(|| one_of("provider", &line.provider, &evidence.provider))
        .or_else(|| {
            let fits = line.environment.is_empty()
                || evidence.environments.iter().any(|e| line.environment.contains(e));
            (!fits).then(|| match evidence.environments.is_empty() {
                true => "its environment is not known".into(),
                false => format!("environment is {}", evidence.environments.join(", ")),
            })
        })
        .or_else(|| {
            let least = line.severity?;
            (evidence.severity < least).then(|| format!("severity is {}", evidence.severity.word()))
        })
        .or_else(|| {
            let least = line.unused_days?;
            match evidence.unused_days {
                None => Some("when it was last used is not known".into()),
                Some(days) => (days < least).then(|| format!("it was used {days} days ago")),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> RespondSettings {
        crate::config::read("mine.toml", text, crate::rule::Trust::Operator).unwrap().respond
    }

    const LIVE: &str = "[respond]\nlive = true\n[[respond.policy]]\nexposed = ['public']\nthen = 'auto'\n";

    fn public_and_ours() -> Evidence {
        Evidence {
            exposed: Exposed::Public,
            liveness: Liveness::Alive,
            ownership: Ownership::Ours,
            provider: "atlasvpn".into(),
            environments: vec!["staging".into()],
            severity: Severity::Critical,
            unused_days: None,
            is_listed: true,
        }
    }

    fn action(settings: &RespondSettings, evidence: &Evidence) -> Action {
        decide(settings, evidence, &Standing::default()).action
    }

    #[test]
    fn a_key_that_is_public_live_and_ours_is_answered() {
        assert_eq!(action(&settings(LIVE), &public_and_ours()), Action::Auto);
    }

    #[test]
    fn no_line_lowers_a_floor() {
        let (live, good) = (settings(LIVE), public_and_ours());
        for (evidence, instead) in [
            (Evidence { liveness: Liveness::Dead, ..good.clone() }, Action::Notify),
            (Evidence { liveness: Liveness::Unknown, ..good.clone() }, Action::Ask),
            (Evidence { ownership: Ownership::Others, ..good.clone() }, Action::Notify),
            (Evidence { ownership: Ownership::Unknown, ..good.clone() }, Action::Ask),
            (Evidence { is_listed: false, ..good.clone() }, Action::Notify),
            (Evidence { environments: vec!["production".into()], ..good.clone() }, Action::Ask),
        ] {
            assert_eq!(action(&live, &evidence), instead, "{evidence:?}");
        }
        let held = Standing { held: Some("frozen".into()) };
        assert_eq!(decide(&live, &good, &held).action, Action::Ask);
        let dry = settings(&LIVE.replace("true", "false"));
        assert_eq!(action(&dry, &good), Action::Ask);
    }

    #[test]
    fn production_is_answered_where_the_line_names_it() {
        let named = LIVE.replace("then", "environment = ['production']\nthen");
        let evidence = Evidence { environments: vec!["production".into()], ..public_and_ours() };
        assert_eq!(action(&settings(&named), &evidence), Action::Auto);
        assert_eq!(action(&settings(&named), &public_and_ours()), Action::Ask, "staging is not named");
    }

    #[test]
    fn the_first_line_that_fits_decides_and_the_others_say_why_not() {
        let text = "[respond]\nlive = true\n\
                    [[respond.policy]]\nprovider = ['openai']\nthen = 'never'\n\
                    [[respond.policy]]\nunused_days = 30\nthen = 'auto'\n\
                    [[respond.policy]]\nseverity = 'high'\nthen = 'notify'\n\
                    [[respond.policy]]\nthen = 'auto'\n";
        let verdict = decide(&settings(text), &public_and_ours(), &Standing::default());
        assert_eq!(verdict.action, Action::Notify);
        let said: Vec<_> = verdict.looked_at.iter().map(|(_, says)| says.as_str()).collect();
        assert_eq!(
            said,
            [
                "line 3: does not fit: provider is atlasvpn",
                "line 6: does not fit: when it was last used is not known",
                "line 9: fits, then notify",
            ]
        );
        assert_eq!(verdict.because, "line 9 of the policy");
    }

    #[test]
    fn without_a_policy_people_are_asked() {
        let none = RespondSettings::default();
        assert_eq!(action(&none, &public_and_ours()), Action::Ask);
        let stranger = Evidence { ownership: Ownership::Others, ..public_and_ours() };
        assert_eq!(action(&none, &stranger), Action::Notify);
    }
}
