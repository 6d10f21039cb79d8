//! Each thing that was shown, as one line of JSON with its SHA-256, and the SHA-256 of all of them: who
//! keeps that one number can tell later whether anything was changed.

use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Ledger;
use super::reviewed::Reviewed;
use crate::store::record::AuditRecord;

/// A thing that was shown.
#[derive(Serialize)]
pub(super) struct Shred {
    /// What it is.
    pub(super) what: String,
    /// It, as JSON: `[what, value]`.
    pub(super) text: String,
    /// The SHA-256 of `text`.
    pub(super) sha256: String,
}

/// All of it.
#[derive(Serialize)]
pub(super) struct Evidence {
    pub(super) lines: Vec<Shred>,
    /// The SHA-256 of the lines' own, in hex, each with a line break behind it.
    pub(super) sha256: String,
}

/// What is told of a line of the audit; its own hash says the rest.
#[derive(Serialize)]
struct Audited<'a> {
    number: i64,
    at: i64,
    actor: &'a str,
    action: &'a str,
    status: &'a str,
    reason: &'a str,
    detail: &'a str,
    hash: &'a str,
}

/// Gathers the evidence of an incident.
pub(super) fn gather(ledger: &Ledger<'_>, review: Option<&Reviewed>) -> Evidence {
    let incident = ledger.incident;
    let mut lines = vec![shred("fingerprint", &incident.fingerprint), shred("times", &incident.times)];
    lines.extend(incident.liveness.iter().map(|shown| shred("liveness", shown)));
    lines.extend(incident.ownership.iter().map(|shown| shred("ownership", shown)));
    lines.extend(incident.exposed.iter().map(|shown| shred("exposure", shown)));
    lines.extend(incident.decision.iter().map(|decision| shred("decision", decision)));
    lines.extend(Some(&incident.asked_by).filter(|by| !by.is_empty()).map(|by| shred("asked by", by)));
    lines.extend(incident.approvals.iter().map(|approval| shred("approval", approval)));
    lines.extend(incident.plan_hash.iter().map(|hash| shred("plan", hash)));
    lines.extend(ledger.sightings.iter().map(|sighting| shred("place", sighting)));
    lines.extend(review.map(|review| shred("review", review)));
    lines.extend(ledger.left.map(|left| shred("left", left)));
    lines.extend(ledger.audit.iter().map(|line| shred(&format!("audit {}", line.number), &audited(line))));
    let mut all = Sha256::new();
    for line in &lines {
        all.update(line.sha256.as_bytes());
        all.update(b"\n");
    }
    Evidence { lines, sha256: HEXLOWER.encode(&all.finalize()) }
}

fn audited(line: &AuditRecord) -> Audited<'_> {
    Audited {
        number: line.number,
        at: line.at,
        actor: &line.actor,
        action: &line.action,
        status: &line.status,
        reason: &line.reason,
        detail: &line.detail,
        hash: &line.hash,
    }
}

fn shred(what: &str, value: &impl Serialize) -> Shred {
    let text = serde_json::to_string(&(what, value)).expect("none of these has a key that is no text");
    let sha256 = HEXLOWER.encode(&Sha256::digest(text.as_bytes()));
    Shred { what: what.into(), text, sha256 }
}
