//! Begins a rotation: from here on it can be resumed.

use super::{Observed, Parts, Plan, RotateError};
use crate::model::rotation::State;
use crate::store::record::{KeyRecord, RotationRecord};

/// Makes a name for a rotation that is still to be begun.
///
/// # Errors
/// [`RotateError::Refused`]: the system gives no random bytes.
pub fn name() -> Result<String, RotateError> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|e| RotateError::Refused {
        what: "a rotation could not be named".into(),
        why: format!("the system gives no random bytes: {e}"),
        fix: "try again".into(),
    })?;
    Ok(format!("r-{}", data_encoding::HEXLOWER.encode(&random)))
}

/// Writes a rotation down under a name; nothing outside is touched yet.
///
/// # Errors
/// [`RotateError::Store`]: among others, the key has a rotation that is not over.
pub async fn begin(
    parts: &Parts,
    id: &str,
    key: &KeyRecord,
    seen: &Observed,
    plan: &Plan,
) -> Result<(), RotateError> {
    // What the destinations hold is the old secret: its last four are known from here on.
    let mut key = key.clone();
    if !seen.old_last4.is_empty() && key.last4 != seen.old_last4 {
        key.last4.clone_from(&seen.old_last4);
        parts.store.put_key(&key).await?;
    }
    let now = parts.clock.now();
    let record = RotationRecord {
        id: id.to_owned(),
        key: key.name.clone(),
        mode: plan.mode(),
        reason: plan.reason(),
        state: State::Running,
        plan: serde_json::to_string(plan).expect("a plan is plain data"),
        plan_hash: plan.hash(),
        actor: parts.actor.clone(),
        begun: now,
        moved: now,
        run_at: None,
        note: String::new(),
    };
    let detail = format!("plan {}", record.plan_hash);
    let line = parts.line(&record, &key, "rotation.begin", "success", detail);
    Ok(parts.store.begin(&record, line).await?)
}
