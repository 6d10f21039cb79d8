//! Makes the new key.

use serde_json::json;

use super::super::RotateError;
use super::super::kill::point;
use super::super::observe::last4;
use super::{Doing, Intent, Stop};
use crate::model::credential::{CallError, Credential, Kept, Liveness, Refusal, Reply};
use crate::provider::{Checked, Listed};
use crate::seal::{Prepared, armoured};

/// Names a provider's answer, sealed as it came: each try has its own, so that none is taken for another's.
fn reply_name(entry: i64) -> String {
    format!("reply:{entry}")
}

/// Mints a second key, labelled with the rotation's name, so that it can be found again (I6).
pub(super) async fn mint(doing: &Doing<'_>) -> Result<String, Stop> {
    let parts = doing.walk.engine.parts;
    if let Some(shown) = take_up(doing, None).await? {
        return Ok(shown);
    }
    let listing = parts.provider.list().await;
    let listing = listing.map_err(|e| doing.later("can't list the keys", &e, doing.failures()))?;
    // A key of this rotation whose answer never came: nobody has its secret, so it is ended first.
    for orphan in listing.keys.iter().filter(|k| k.active && is_ours(doing, k)) {
        let intent = doing.intend().await?;
        if let Err(error) = parts.provider.revoke(orphan).await {
            doing.unknown(&intent, &error.to_string()).await?;
            return Err(doing.later(
                "can't end a key whose secret was never received",
                &error,
                doing.failures(),
            ));
        }
        doing.failed(&intent, &format!("ended {}, whose secret was never received", orphan.key_id)).await?;
    }
    let old = find(doing, &listing.keys)?;
    afford(doing).await?;
    let seal = parts.sealer.prepare().await?;
    let intent = doing.intend().await?;
    let answer = parts.provider.mint(&label(doing, old), old).await;
    receive(doing, &intent, &seal, answer, None, "can't mint a second key").await
}

/// Replaces the secret. If an earlier answer was lost, the old secret may be dead and nobody has the
/// new one: it is replaced again, which the admin credential can always do.
pub(super) async fn roll(doing: &Doing<'_>) -> Result<String, Stop> {
    let parts = doing.walk.engine.parts;
    let asked = Some(doing.walk.plan.key_id.as_str());
    if let Some(shown) = take_up(doing, asked).await? {
        return Ok(shown);
    }
    let listing = parts.provider.list().await;
    let listing = listing.map_err(|e| doing.later("can't list the keys", &e, doing.failures()))?;
    let old = find(doing, &listing.keys)?;
    afford(doing).await?;
    let seal = parts.sealer.prepare().await?;
    let intent = doing.intend().await?;
    let answer = parts.provider.rotate(old).await;
    receive(doing, &intent, &seal, answer, asked, "can't replace the secret").await
}

/// Takes the key that a person made.
pub(super) async fn take(doing: &Doing<'_>) -> Result<String, Stop> {
    let engine = doing.walk.engine;
    let given = engine.given.lock().expect("no holder panics").take();
    let Some(given) = given else {
        let steps =
            engine.parts.provider.card().runbook.iter().zip(1..).map(|(s, n)| format!("  {n}. {s}\n"));
        let outage =
            if doing.step.outage.is_empty() { "" } else { "the old key dies when you do, so be ready; " };
        return Err(Stop::Ask(format!(
            "{outage}make the new key by hand:\n{}then hand it over: keywright rotations resume {} --new-key",
            steps.collect::<String>(),
            doing.walk.record.id
        )));
    };
    fits(doing, &given).await?;
    let intent = doing.intend().await?;
    keep_new(doing, &intent, &given).await
}

/// Refuses what cannot be the new key, before it is anywhere: what was pasted is easily cut, old or
/// another's. Its bytes are not told.
async fn fits(doing: &Doing<'_>, given: &Credential) -> Result<(), Stop> {
    let provider = &doing.walk.engine.parts.provider;
    let resume = format!("hand it over: keywright rotations resume {} --new-key", doing.walk.record.id);
    if let Err(expected) = provider.takes(given) {
        return Err(Stop::Ask(format!(
            "what was handed over is not {expected}; nothing was written; {resume}"
        )));
    }
    if doing.old_key().await?.is_some_and(|old| old.secret == given.secret) {
        return Err(Stop::Ask(format!("what was handed over is the old key; make a new one, then {resume}")));
    }
    let Checked { liveness, why, .. } = provider.check(given).await;
    if liveness == Liveness::Dead {
        return Err(Stop::Ask(format!(
            "what was handed over does not work ({why}): is it whole, and the newest? Nothing was written; {resume}"
        )));
    }
    Ok(())
}

/// Takes up an answer that was sealed before the program died.
async fn take_up(doing: &Doing<'_>, asked: Option<&str>) -> Result<Option<String>, Stop> {
    let parts = doing.walk.engine.parts;
    let Some(entry) = doing.last().filter(|_| doing.is_unknown()) else { return Ok(None) };
    let name = reply_name(entry.number);
    let Some(sealed) = parts.store.sealed(&doing.walk.record.id, &name).await? else { return Ok(None) };
    // An answer that could not be read once cannot be read now: the next try makes another.
    if entry.end.is_some() {
        return Ok(None);
    }
    let kept = Reply::new(parts.sealer.open(&sealed, &doing.context(&name)).await?).after_commit();
    let intent = Intent { number: entry.number, begun: entry.begun };
    read(doing, &intent, &kept, asked).await.map(Some)
}

/// Seals what was answered before anybody reads it (I1). The data key was wrapped before the call: a
/// sealing key that is far away may be out of reach by now.
async fn receive(
    doing: &Doing<'_>,
    intent: &Intent,
    seal: &Prepared,
    answer: Result<Reply, CallError>,
    asked: Option<&str>,
    what: &str,
) -> Result<String, Stop> {
    let parts = doing.walk.engine.parts;
    let reply = match answer {
        Ok(reply) => reply,
        Err(CallError::Refused { kind: Refusal::Full, why, .. }) => {
            doing.failed(intent, &why).await?;
            let note = format!(
                "{what}: there is no room for another key ({why}); none is deleted unasked: delete one you know, then resume"
            );
            return Err(Stop::Ask(note));
        }
        Err(error @ (CallError::Lost(_) | CallError::Unreadable(_))) => {
            // Nothing is tried again before it was looked at: the next run lists first (I7).
            doing.unknown(intent, &error.to_string()).await?;
            return Err(Stop::again((1 << doing.failures().min(6)).min(60), format!("{what}: {error}")));
        }
        Err(error) => {
            doing.failed(intent, &error.to_string()).await?;
            return Err(doing.later(what, &error, doing.failures()));
        }
    };
    point(&format!("answered {}", doing.step.name));
    let name = reply_name(intent.number);
    let sealed = seal.seal(reply.to_seal(), &doing.context(&name))?;
    let kept =
        match parts.store.keep(doing.walk.lease, intent.number, &name, &sealed, reply, doing.now()).await {
            Ok(kept) => kept,
            Err((error, _)) => {
                return Err(Stop::Broken(RotateError::Rescue {
                    rotation: doing.walk.record.id.clone(),
                    armour: armoured(&sealed),
                    why: error.to_string(),
                }));
            }
        };
    point(&format!("kept {}", doing.step.name));
    read(doing, intent, &kept, asked).await
}

async fn read(doing: &Doing<'_>, intent: &Intent, kept: &Kept, asked: Option<&str>) -> Result<String, Stop> {
    match doing.walk.engine.parts.provider.read(kept, asked) {
        Ok(made) => keep_new(doing, intent, &made).await,
        Err(error) => {
            doing.unknown(intent, &error.to_string()).await?;
            Err(Stop::Ask(format!(
                "the provider's answer cannot be understood ({error}); it is sealed, nothing is lost: \
                 `keywright rotations show {} --reply` opens it; `resume` makes another key",
                doing.walk.record.id
            )))
        }
    }
}

async fn keep_new(doing: &Doing<'_>, intent: &Intent, made: &Credential) -> Result<String, Stop> {
    let sealed = doing.walk.engine.parts.sealer.seal(&made.secret, &doing.context("new")).await?;
    let key_id = made.key_id.clone().unwrap_or_else(|| doing.walk.plan.key_id.clone());
    let detail = json!({ "key_id": key_id, "last4": last4(made) });
    doing.done(intent, detail, &[("new", &sealed)], key_id.clone()).await
}

/// Waits for the provider's budget, which all processes share (R28).
async fn afford(doing: &Doing<'_>) -> Result<(), Stop> {
    let parts = doing.walk.engine.parts;
    let Some((count, seconds)) = parts.provider.card().budget else { return Ok(()) };
    let name = &parts.provider.card().name;
    match parts
        .store
        .take(&format!("rotate:{}", doing.walk.plan.provider), count, seconds, doing.now())
        .await?
    {
        None => Ok(()),
        Some(wait) => Err(Stop::again(wait.max(1), format!("{name} allows {count} in {seconds} seconds"))),
    }
}

fn find<'k>(doing: &Doing<'_>, keys: &'k [Listed]) -> Result<&'k Listed, Stop> {
    let plan = doing.walk.plan;
    keys.iter().find(|k| k.id == plan.id && k.key_id == plan.key_id).ok_or_else(|| {
        Stop::Ask(format!(
            "the provider no longer lists {}: was it deleted, or is this another account?",
            plan.key_id
        ))
    })
}

/// Tells whether a listed key was minted by this rotation (I5).
pub(super) fn is_ours(doing: &Doing<'_>, key: &Listed) -> bool {
    key.key_id != doing.walk.plan.key_id && key.label.ends_with(&doing.walk.record.id)
}

/// The old label without an earlier rotation's name, and this one's.
fn label(doing: &Doing<'_>, old: &Listed) -> String {
    let base = match old.label.rsplit_once(' ') {
        Some((base, tag)) if tag.starts_with("r-") && tag.len() == 18 => base,
        _ => &old.label,
    };
    let base: String = base.chars().take(60).collect();
    format!("{} {}", base.trim(), doing.walk.record.id).trim().to_owned()
}
