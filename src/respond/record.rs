//! From findings to incidents: one a secret, with every place it was seen at, and without the secret.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::incident::{Incident, Sighting, Stage, Times};
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::model::{Confidence, Finding, Status};
use crate::report::veiled_name;
use crate::seal::Sealer;

/// How many refs of a place are kept.
const REFS: usize = 20;
/// The longest path that is kept, in characters.
const LONGEST_PATH: usize = 4096;

/// Makes incidents of the findings that count, found below `root`, an absolute path. What is let be is left
/// out; what no ref reaches is not: it was public if it was ever pushed.
///
/// # Errors
/// The system gives no random bytes.
pub fn incidents(
    findings: &[Finding],
    root: &str,
    least: Confidence,
    sealer: &Sealer,
    now: Moment,
) -> Result<Vec<(Incident, Vec<Sighting>)>, String> {
    let mut by_identity: BTreeMap<String, (Incident, Vec<Sighting>)> = BTreeMap::new();
    for finding in findings {
        let is_meant = finding.is_leak(least)
            || (finding.status != Status::Counts && finding.suppression.is_none() && is_sure(finding, least));
        if !is_meant {
            continue;
        }
        let identity = sealer.identity(&finding.hit.secret);
        let sighting = sighting(finding, root, now);
        let committed = sighting.date.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
        match by_identity.get_mut(&identity) {
            Some((incident, sightings)) => {
                incident.times.committed = match (incident.times.committed, committed) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                sightings.push(sighting);
            }
            None => {
                let incident = incident(finding, identity.clone(), committed, now)?;
                by_identity.insert(identity, (incident, vec![sighting]));
            }
        }
    }
    Ok(by_identity.into_values().collect())
}

fn is_sure(finding: &Finding, least: Confidence) -> bool {
    finding.hit.confidence >= least && finding.hit.rule.severity > crate::model::Severity::Info
}

fn incident(
    finding: &Finding,
    identity: String,
    committed: Option<Moment>,
    now: Moment,
) -> Result<Incident, String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|e| format!("the system gives no random bytes: {e}"))?;
    let card = &finding.hit.rule;
    Ok(Incident {
        id: format!("i-{}", data_encoding::HEXLOWER.encode(&random)),
        identity,
        fingerprint: finding.fingerprint.as_str().into(),
        rule: card.id.clone(),
        provider: card.provider.clone().unwrap_or_default(),
        key_id: finding.hit.key_id.clone(),
        masked: finding.hit.masked.clone(),
        severity: card.severity.word().into(),
        stage: Stage::Open,
        liveness: None,
        ownership: None,
        exposed: None,
        key: None,
        decision: None,
        rotation: None,
        plan_hash: None,
        asked_by: String::new(),
        approvals: Vec::new(),
        times: Times { committed, detected: Some(now), ..Times::default() },
        outage: None,
        rechecks: 0,
        review: serde_json::Value::Null,
        note: String::new(),
        unlisted: 0,
        host_untold: false,
    })
}

fn sighting(finding: &Finding, root: &str, now: Moment) -> Sighting {
    let location = &finding.location;
    let commit = location.commit.as_ref();
    // Somebody named a file or a branch after the key: the store keeps no secret.
    let named = |name: &[u8]| shown(&veiled_name(name, finding));
    Sighting {
        repository: root.to_owned(),
        place: location.place.word().into(),
        object: location.object.clone().unwrap_or_default(),
        path: named(location.path.bytes()).chars().take(LONGEST_PATH).collect(),
        line: location.line,
        commit: commit.map(|c| c.id.clone()).unwrap_or_default(),
        date: commit.map(|c| c.date.clone()).unwrap_or_default(),
        refs: location.refs.iter().take(REFS).map(|r| named(r.as_bytes())).collect(),
        seen: now,
    }
}
