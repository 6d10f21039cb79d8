//! What a report of an incident tells, worked out once for all its forms.

use serde::Serialize;

use super::super::clean::Left;
use super::Ledger;
use super::evidence::{Evidence, gather};
use super::reviewed::Reviewed;
use super::words::{minutes, precise};
use crate::model::incident::{Decision, Incident, Sighting, Stage};
use crate::model::rotation::Moment;

/// A report of an incident.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    /// What this is, and in which version.
    pub(super) schema: &'static str,
    pub(super) written: Option<String>,
    pub(super) incident: Card<'a>,
    /// The moments in the order in which they come; unknown ones are there too.
    pub(super) times: Vec<Time>,
    pub(super) exposure: Exposure,
    /// Milliseconds in which whoever used the key was refused (R21).
    pub(super) outage_ms: Option<Moment>,
    pub(super) shown: Vec<Answer>,
    pub(super) decision: Option<&'a Decision>,
    /// Who ran what asked for approval; empty: nobody was asked.
    pub(super) asked_by: &'a str,
    pub(super) approvals: Vec<Approval<'a>>,
    pub(super) places: &'a [Sighting],
    pub(super) unlisted: u64,
    pub(super) steps: Vec<Step<'a>>,
    pub(super) review: Option<Reviewed>,
    /// `null`: nobody looked.
    pub(super) left: Option<&'a Left>,
    pub(super) evidence: Evidence,
}

/// An incident, without what only its store may know.
#[derive(Serialize)]
pub(super) struct Card<'a> {
    pub(super) id: &'a str,
    pub(super) fingerprint: &'a str,
    pub(super) rule: &'a str,
    pub(super) provider: &'a str,
    pub(super) key_id: Option<&'a str>,
    pub(super) masked: &'a str,
    pub(super) severity: &'a str,
    pub(super) stage: Stage,
    pub(super) key: Option<&'a str>,
    pub(super) rotation: Option<&'a str>,
    pub(super) plan_hash: Option<&'a str>,
    pub(super) rechecks: u32,
    pub(super) note: &'a str,
}

/// A moment of the incident.
#[derive(Serialize)]
pub(super) struct Time {
    pub(super) name: &'static str,
    pub(super) means: &'static str,
    pub(super) at: Option<String>,
    pub(super) ms: Option<Moment>,
    /// Milliseconds since the moment before that is known.
    pub(super) after_ms: Option<Moment>,
}

/// How long strangers could use the key.
#[derive(Serialize)]
pub(super) struct Exposure {
    /// The moment it is counted from.
    pub(super) from: Option<&'static str>,
    pub(super) minutes: Option<f64>,
    pub(super) ms: Option<Moment>,
    /// Whether the key is proven dead; otherwise it is counted until the report was written.
    pub(super) is_over: bool,
}

/// An answer, and what showed it.
#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) question: &'static str,
    pub(super) answer: &'static str,
    pub(super) why: String,
    pub(super) at: Option<String>,
    pub(super) ms: Option<Moment>,
}

/// Who approved.
#[derive(Serialize)]
pub(super) struct Approval<'a> {
    pub(super) by: &'a str,
    pub(super) at: Option<String>,
    pub(super) ms: Moment,
}

/// A line of the audit.
#[derive(Serialize)]
pub(super) struct Step<'a> {
    pub(super) number: i64,
    pub(super) at: Option<String>,
    pub(super) ms: Moment,
    pub(super) actor: &'a str,
    pub(super) action: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) detail: &'a str,
    /// The hash by which the audit's lines hang together.
    pub(super) hash: &'a str,
}

impl<'a> Facts<'a> {
    /// Works a report out.
    pub(super) fn of(ledger: &Ledger<'a>) -> Self {
        let incident = ledger.incident;
        let review = Reviewed::read(&incident.review);
        let from = match (incident.times.public, incident.times.committed) {
            (Some(_), _) => Some("public"),
            (None, Some(_)) => Some("committed"),
            (None, None) => None,
        };
        let ms = incident.exposure(ledger.now);
        let approvals = incident.approvals.iter();
        let mut steps: Vec<_> = ledger
            .audit
            .iter()
            .map(|line| Step {
                number: line.number,
                at: precise(line.at),
                ms: line.at,
                actor: &line.actor,
                action: &line.action,
                status: &line.status,
                reason: &line.reason,
                detail: &line.detail,
                hash: &line.hash,
            })
            .collect();
        steps.sort_by_key(|step| step.number);
        Self {
            schema: "keywright.incident/1",
            written: precise(ledger.now),
            incident: card(incident),
            times: times(incident),
            exposure: Exposure { from, minutes: ms.map(minutes), ms, is_over: incident.times.dead.is_some() },
            outage_ms: incident.outage,
            shown: shown(incident),
            decision: incident.decision.as_ref(),
            asked_by: &incident.asked_by,
            approvals: approvals.map(|(by, at)| Approval { by, at: precise(*at), ms: *at }).collect(),
            places: ledger.sightings,
            unlisted: incident.unlisted,
            steps,
            evidence: gather(ledger, review.as_ref()),
            review,
            left: ledger.left,
        }
    }

    /// Returns a moment by its name.
    pub(super) fn time(&self, name: &str) -> Option<Moment> {
        self.times.iter().find(|time| time.name == name)?.ms
    }

    /// Says how long strangers could use the key.
    pub(super) fn exposure(&self) -> String {
        let (Some(minutes), Some(from)) = (self.exposure.minutes, self.exposure.from) else {
            return "cannot tell, for nobody knows since when".into();
        };
        let until = if self.exposure.is_over { "the proof of death" } else { "now" };
        let from = match from {
            "public" => "the first public moment",
            _ => "the first commit, for nobody knows when it became public",
        };
        format!("{minutes:.1} minutes, from {from} to {until}")
    }

    /// Says in a few words how it stands, and whether that is good, bad or neither.
    pub(super) fn verdict(&self) -> (String, &'static str) {
        let minutes = self.exposure.minutes.map(|m| format!("{m:.1} minutes"));
        match (self.incident.stage, self.exposure.is_over, minutes) {
            (Stage::Dismissed, ..) => ("A person let it be".into(), "unsure"),
            (Stage::Closed, true, Some(minutes)) => (format!("Dead after {minutes}, and closed"), "good"),
            (_, true, Some(minutes)) => (format!("Dead after {minutes}"), "good"),
            (_, true, None) => ("Dead".into(), "good"),
            (Stage::Closed, false, _) => ("Closed without proof of death".into(), "unsure"),
            (_, false, Some(minutes)) => (format!("Not proven dead, {minutes} so far"), "bad"),
            (_, false, None) => ("Not proven dead".into(), "bad"),
        }
    }
}

fn card(incident: &Incident) -> Card<'_> {
    Card {
        id: &incident.id,
        fingerprint: &incident.fingerprint,
        rule: &incident.rule,
        provider: &incident.provider,
        key_id: incident.key_id.as_deref(),
        masked: &incident.masked,
        severity: &incident.severity,
        stage: incident.stage,
        key: incident.key.as_deref(),
        rotation: incident.rotation.as_deref(),
        plan_hash: incident.plan_hash.as_deref(),
        rechecks: incident.rechecks,
        note: &incident.note,
    }
}

fn times(incident: &Incident) -> Vec<Time> {
    let times = &incident.times;
    let mut before = None;
    [
        ("committed", "the earliest commit that holds it, by its own date", times.committed),
        ("public", "strangers could read it from here on", times.public),
        ("detected", "it was recorded here", times.detected),
        ("decided", "it was decided what to do", times.decided),
        ("contained", "it was ended at its provider", times.contained),
        ("delivered", "the last place held the new one", times.delivered),
        ("dead", "it was proven dead", times.dead),
        ("reviewed", "its use meanwhile was reviewed", times.reviewed),
        ("closed", "nothing was left to do", times.closed),
    ]
    .into_iter()
    .map(|(name, means, ms)| {
        let after_ms = ms.zip(before).map(|(at, before): (Moment, Moment)| at.saturating_sub(before));
        before = ms.or(before);
        Time { name, means, at: ms.and_then(precise), ms, after_ms }
    })
    .collect()
}

fn shown(incident: &Incident) -> Vec<Answer> {
    let answer = |question, shown: Option<(&'static str, &str, Moment)>| {
        let (answer, why, ms) = match shown {
            Some((answer, why, at)) => (answer, why, Some(at)),
            None => ("not asked", "", None),
        };
        Answer { question, answer, why: why.into(), at: ms.and_then(precise), ms }
    };
    let (live, ours) = (incident.liveness.as_ref(), incident.ownership.as_ref());
    vec![
        answer("does it work?", live.map(|s| (s.is.word(), s.why.as_str(), s.at))),
        answer("whose is it?", ours.map(|s| (s.is.word(), s.why.as_str(), s.at))),
        answer(
            "can strangers read it?",
            incident.exposed.as_ref().map(|s| (s.is.word(), s.why.as_str(), s.at)),
        ),
    ]
}
