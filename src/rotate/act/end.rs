//! Ends a key, and proves it dead.

use serde_json::Value;

use super::super::observe::LARGEST_SKEW;
use super::super::plan::{Act, span};
use super::gate::{all_hold, is_quiet, outage, unanswered};
use super::mint::is_ours;
use super::{Doing, Stop};
use crate::model::credential::{CallError, Liveness};
use crate::model::rotation::{Mode, Moment, State};
use crate::provider::{Checked, Listing};

/// Ends the old key: last, and with proof (I4). Every gate is passed again here, however long ago it
/// was passed before: a laptop may have slept in between.
pub(super) async fn revoke(doing: &Doing<'_>) -> Result<String, Stop> {
    let provider = &doing.walk.engine.parts.provider;
    // An emergency contains first: what its places hold, and whose clock is wrong, is seen to later.
    let is_emergency = doing.walk.plan.mode() == Mode::Emergency;
    if !is_emergency && all_hold(doing).await? {
        let intent = doing.intend().await?;
        return Err(doing.delivered_again(&intent).await?);
    }
    for step in &doing.walk.plan.steps {
        if let Act::Quiet { seconds } = step.act {
            is_quiet(doing, seconds).await?;
        }
    }
    let listing = provider.list().await.map_err(|e| unanswered(doing, "can't list the keys", &e))?;
    if !is_emergency {
        agree_on_time(doing, &listing)?;
    }
    let plan = doing.walk.plan;
    // Exactly the key of the plan, by both its names (I5).
    let old = listing.keys.iter().find(|k| k.id == plan.id && k.key_id == plan.key_id);
    let intent = doing.intend().await?;
    let Some(old) = old.filter(|k| k.active) else {
        return doing.done(&intent, Value::Null, &[], "it was gone already").await;
    };
    match provider.revoke(old).await {
        Ok(()) => doing.done(&intent, Value::Null, &[], old.key_id.clone()).await,
        Err(error) => not_ended(doing, &intent, &error).await,
    }
}

/// Ends the new key on the way back, and whatever else this rotation minted.
pub(super) async fn revoke_new(doing: &Doing<'_>) -> Result<String, Stop> {
    let provider = &doing.walk.engine.parts.provider;
    let listing = provider.list().await.map_err(|e| unanswered(doing, "can't list the keys", &e))?;
    let mut ended = Vec::new();
    let intent = doing.intend().await?;
    for key in listing.keys.iter().filter(|k| k.active && is_ours(doing, k)) {
        if let Err(error) = provider.revoke(key).await {
            return not_ended(doing, &intent, &error).await;
        }
        ended.push(key.key_id.clone());
    }
    doing.done(&intent, Value::Null, &[], ended.join(", ")).await
}

async fn not_ended(doing: &Doing<'_>, intent: &super::Intent, error: &CallError) -> Result<String, Stop> {
    match error {
        CallError::Lost(_) | CallError::Unreadable(_) => {
            doing.unknown(intent, &error.to_string()).await?;
            Err(Stop::again((1 << doing.failures().min(8)).min(300), format!("can't end the key: {error}")))
        }
        _ => {
            doing.failed(intent, &error.to_string()).await?;
            Err(doing.later("can't end the key", error, doing.failures()))
        }
    }
}

/// Lets a person end the old key, and looks whether it is gone.
pub(super) async fn ask(doing: &Doing<'_>) -> Result<String, Stop> {
    let plan = doing.walk.plan;
    // Whether this very question stood on the screen, and nothing has moved since.
    let record = doing.walk.record;
    let was_asked = record.state == State::Asking
        && doing.last().is_some_and(|e| e.end.is_none() && e.begun <= record.moved);
    let intent = doing.look().await?;
    match asked(doing).await? {
        Some(Checked { liveness: Liveness::Dead, why, .. }) => {
            return doing.done(&intent, Value::Null, &[], why).await;
        }
        // Nothing can be asked here: who resumes behind the question says that it is done.
        None if was_asked => return doing.done(&intent, Value::Null, &[], "by the operator's word").await,
        _ => {}
    }
    Err(Stop::Ask(format!(
        "end {} in {}'s pages now, then: keywright rotations resume {}",
        plan.key_id,
        doing.walk.engine.parts.provider.card().name,
        doing.walk.record.id
    )))
}

/// Proves that the old key is dead: cannot-tell is not dead (I12).
pub(super) async fn dead(doing: &Doing<'_>, within: u64) -> Result<String, Stop> {
    let intent = doing.look().await?;
    let Some(Checked { liveness, why, .. }) = asked(doing).await? else {
        return doing
            .done(
                &intent,
                outage(doing),
                &[],
                "by the provider's word: no place held the old secret where it could be read",
            )
            .await;
    };
    let waited = doing.now() - intent.begun;
    match liveness {
        Liveness::Dead => doing.done(&intent, outage(doing), &[], why).await,
        _ if waited < Moment::try_from(within * 1000).unwrap_or(Moment::MAX) => {
            Err(Stop::again(2, format!("the old key is not dead yet ({why}); it may take {}", span(within))))
        }
        Liveness::Alive => Err(Stop::Ask(format!(
            "THE OLD KEY STILL WORKS ({why}): end it in the provider's pages, tell the provider, then resume"
        ))),
        Liveness::Unknown => {
            Err(Stop::again(60, format!("whether the old key is dead cannot be told ({why})")))
        }
    }
}

/// Asks with the old secret, where it is known; else looks at the provider's list. `None`: nothing
/// says that it lives, and it cannot be asked.
async fn asked(doing: &Doing<'_>) -> Result<Option<Checked>, Stop> {
    let provider = &doing.walk.engine.parts.provider;
    if let Some(old) = doing.old_key().await? {
        return Ok(Some(provider.check(&old).await));
    }
    let plan = doing.walk.plan;
    if !provider.card().lists || doing.made().is_some_and(|m| m["key_id"] == plan.key_id.as_str()) {
        // There is no list, or it has the same name with another secret and cannot tell the two apart: the
        // provider's promise is all there is.
        return Ok(None);
    }
    let listing = provider.list().await.map_err(|e| unanswered(doing, "can't list the keys", &e))?;
    let is_there = listing.keys.iter().any(|k| k.id == plan.id && k.active);
    Ok(is_there.then(|| Checked::new(Liveness::Alive, "the provider lists it as active")))
}

/// A clock that is wrong by more than a minute revokes nothing.
fn agree_on_time(doing: &Doing<'_>, listing: &Listing) -> Result<(), Stop> {
    let Some(date) = listing.date else { return Ok(()) };
    let skew = (date - doing.now()).abs();
    if skew > LARGEST_SKEW {
        return Err(Stop::again(
            60,
            format!(
                "this machine's clock and the provider's differ by {} s: nothing is ended until they agree",
                skew / 1000
            ),
        ));
    }
    Ok(())
}
