//! What must hold before the next step: proof, health, grace, quiet.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::health::Health;
use super::super::plan::span;
use super::super::stand::{detail_of, place_of};
use super::deliver::at;
use super::doing::AGAIN;
use super::{Doing, Stop};
use crate::destination::{Destination, DestinationError, Held};
use crate::model::credential::{CallError, Credential, Liveness};
use crate::model::rotation::Moment;
use crate::provider::Checked;
use crate::store::record::Outcome;

/// How long a key that cannot be told alive is asked about before a person is.
const PATIENCE: Moment = 600_000;
/// The longest a health check is waited for, whatever it says of itself.
const HEALTH: Duration = Duration::from_secs(3600);

/// Proves that the new key works. A new key may need time to be known everywhere.
pub(super) async fn prove(doing: &Doing<'_>) -> Result<String, Stop> {
    let new = doing.new_key().await?;
    let intent = doing.look().await?;
    let Checked { liveness, why, .. } = doing.walk.engine.parts.provider.check(&new).await;
    let waited = doing.now() - intent.begun;
    let works_within = doing.walk.engine.parts.provider.card().works_within;
    match liveness {
        Liveness::Alive => {
            doing.note_as_ours(&new).await?;
            doing.done(&intent, Value::Null, &[], why).await
        }
        Liveness::Dead if waited < seconds(works_within) => {
            Err(Stop::again(pause(waited), format!("the new key is not known everywhere yet ({why})")))
        }
        Liveness::Dead => Err(Stop::Back(format!("the new key does not work ({why})"))),
        Liveness::Unknown if waited < PATIENCE => {
            Err(Stop::again(pause(waited), format!("whether the new key works cannot be told ({why})")))
        }
        Liveness::Unknown => Err(Stop::Ask(format!(
            "whether the new key works cannot be told ({why}); look at the network, then resume, or abort"
        ))),
    }
}

/// Proves that the old key works, on the way back.
pub(super) async fn prove_old(doing: &Doing<'_>) -> Result<String, Stop> {
    let intent = doing.look().await?;
    let Some(old) = doing.old_key().await? else {
        return doing.done(&intent, Value::Null, &[], "no place could be read, so it cannot be asked").await;
    };
    let Checked { liveness, why, .. } = doing.walk.engine.parts.provider.check(&old).await;
    match liveness {
        Liveness::Alive => doing.done(&intent, Value::Null, &[], why).await,
        _ if doing.now() - intent.begun < PATIENCE => Err(Stop::again(
            pause(doing.now() - intent.begun),
            format!("whether the old key works cannot be told ({why})"),
        )),
        // It was not this rotation that ended it: the way back is done as far as it can be.
        Liveness::Dead => {
            doing
                .done(
                    &intent,
                    Value::Null,
                    &[],
                    format!("the old key is dead, and was not ended here ({why})"),
                )
                .await
        }
        Liveness::Unknown => Err(Stop::Ask(format!("whether the old key works cannot be told ({why})"))),
    }
}

/// Asks an environment whether it is well.
pub(super) async fn health(doing: &Doing<'_>, environment: usize) -> Result<String, Stop> {
    let intent = doing.look().await?;
    ask_health(doing, environment).await.map_err(Stop::Back)?;
    doing.done(&intent, Value::Null, &[], "well").await
}

async fn ask_health(doing: &Doing<'_>, environment: usize) -> Result<(), String> {
    let environment = &doing.walk.plan.environments[environment];
    for text in &environment.health {
        let parts = doing.walk.engine.parts;
        let check = Health::parse(text, &parts.base).map_err(|e| e.to_string())?;
        let deadline = tokio::time::Instant::now() + HEALTH;
        check
            .well(&*parts.net, deadline)
            .await
            .map_err(|e| format!("{} is not well: {e}", environment.name))?;
    }
    Ok(())
}

/// Lets time pass. The row says until when, not a sleeping task.
pub(super) async fn grace(doing: &Doing<'_>, length: u64) -> Result<String, Stop> {
    let intent = doing.look().await?;
    let left = intent.begun + seconds(length) - doing.now();
    if left > 0 {
        return Err(Stop::Again { after: left, note: format!("both keys stay alive for {}", span(length)) });
    }
    doing.done(&intent, Value::Null, &[], span(length)).await
}

/// Waits until nobody has used the old key for long enough, by what the provider has seen (R18, R97).
pub(super) async fn quiet(doing: &Doing<'_>, length: u64) -> Result<String, Stop> {
    let intent = doing.look().await?;
    let shown = is_quiet(doing, length).await?;
    doing.done(&intent, Value::Null, &[], shown).await
}

/// Tells since when nobody has used the old key, or waits.
pub(super) async fn is_quiet(doing: &Doing<'_>, length: u64) -> Result<String, Stop> {
    let parts = doing.walk.engine.parts;
    let lag = parts.provider.card().usage_lag;
    let listing = parts
        .provider
        .list()
        .await
        .map_err(|e| unanswered(doing, "can't see when the old key was last used", &e))?;
    let plan = doing.walk.plan;
    let Some(old) = listing.keys.iter().find(|k| k.id == plan.id) else {
        return Ok(format!("{} is not listed any more", plan.key_id));
    };
    let delivered = last_delivery(doing);
    let quiet_since = old.last_used.map_or(delivered, |used| used.max(delivered));
    let left = quiet_since + seconds(length + lag) - doing.now();
    if left > 0 {
        let used = match old.last_used {
            Some(used) if used > delivered => {
                "the old key was used after its destinations had the new one: somebody still holds it"
            }
            _ => "the destinations have the new key",
        };
        return Err(Stop::Again {
            after: left,
            note: format!("{used}; waiting until nobody has used it for {}", span(length)),
        });
    }
    Ok(match old.last_used {
        Some(_) => {
            format!("not used for {}", span(u64::try_from((doing.now() - quiet_since) / 1000).unwrap_or(0)))
        }
        None => "never used".into(),
    })
}

/// Looks at every place and environment once more (R90e).
pub(super) async fn recheck(doing: &Doing<'_>) -> Result<String, Stop> {
    let intent = doing.look().await?;
    if all_hold(doing).await? {
        return Err(doing.delivered_again(&intent).await?);
    }
    let count = doing.walk.plan.places.len();
    doing.done(&intent, Value::Null, &[], format!("{count}/{count} destinations hold the new key")).await
}

/// Tells that every place holds the new key and every environment is well, and whether one had to be
/// written again for that; else what is not so.
pub(super) async fn all_hold(doing: &Doing<'_>) -> Result<bool, Stop> {
    let new = doing.new_key().await?;
    let mut again = false;
    for place in 0..doing.walk.plan.places.len() {
        let destination = at(doing, place);
        match destination.read_back(&new).await {
            Ok(Held::Wanted | Held::Hidden) => {}
            Ok(Held::Other) if doing.walk.engine.deliver_again => {
                deliver_again(destination, &new).await?;
                again = true;
            }
            Ok(Held::Other) => {
                return Err(Stop::Ask(format!(
                    "{} does not hold the new key any more: somebody put another there, and nothing was ended; \
                     look who, then: keywright rotations resume {} --deliver-again",
                    destination.place(),
                    doing.walk.record.id
                )));
            }
            Err(error) => {
                return Err(Stop::again(30, format!("can't look at {}: {error}", destination.place())));
            }
        }
    }
    for environment in 0..doing.walk.plan.environments.len() {
        ask_health(doing, environment).await.map_err(|why| Stop::again(60, why))?;
    }
    Ok(again)
}

/// Writes the new key once more, over whatever is there now: the operator said so.
async fn deliver_again(destination: &dyn Destination, new: &Credential) -> Result<(), Stop> {
    let failed = |e: DestinationError| Stop::Ask(format!("{}: {e}", destination.place()));
    let meta = destination.read_meta().await.map_err(failed)?;
    destination.write(new, &meta.stamp).await.map_err(failed)?;
    destination.activate().await.map_err(failed)
}

/// Returns when the last destination began to use the new key.
pub(super) fn last_delivery(doing: &Doing<'_>) -> Moment {
    let journal = doing.walk.journal;
    let delivers =
        |name: &str| doing.walk.plan.steps.iter().any(|s| s.name == name && place_of(&s.act).is_some());
    let ends = journal.iter().filter_map(|e| e.end.as_ref().map(|end| (e, end)));
    let delivered = ends.filter(|(entry, end)| {
        (delivers(&entry.step) && end.outcome == Outcome::Done) || end.detail[AGAIN] == true
    });
    delivered.map(|(_, end)| end.at).max().unwrap_or(doing.walk.record.begun)
}

/// Returns when the old secret stopped working, for the modes in which the provider replaced it.
pub(super) fn rolled_at(doing: &Doing<'_>) -> Option<Moment> {
    // In an emergency without a call that replaces the secret, the old key is ended before the new one is
    // anywhere.
    let step = if doing.walk.plan.ends_first() { "revoke" } else { "roll" };
    detail_of(doing.walk.journal, step)?;
    doing.walk.journal.iter().find(|e| e.step == step).map(|e| e.begun)
}

/// What a call that only looks means when it comes to nothing.
pub(super) fn unanswered(doing: &Doing<'_>, what: &str, error: &CallError) -> Stop {
    let waited = doing.last().map_or(0, |e| doing.now() - e.begun);
    match error {
        CallError::Lost(_) | CallError::NotSent(_) => Stop::again(pause(waited), format!("{what}: {error}")),
        _ => doing.later(what, error, pause(waited).ilog2().into()),
    }
}

/// How long to wait after having waited so long: a second at first, five minutes at last.
fn pause(waited: Moment) -> u64 {
    u64::try_from(waited / 2000).unwrap_or(0).clamp(1, 300)
}

fn seconds(count: u64) -> Moment {
    Moment::try_from(count.saturating_mul(1000)).unwrap_or(Moment::MAX)
}

/// How a detail with the measured outage reads, in milliseconds.
pub(super) fn outage(doing: &Doing<'_>) -> Value {
    rolled_at(doing)
        .map_or(Value::Null, |rolled| json!({ "outage_ms": (last_delivery(doing) - rolled).max(0) }))
}
