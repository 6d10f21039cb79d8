//! What a person may do to a rotation besides letting it go on: turn it back, bring back a sealed answer,
//! ask what is wrong.

use super::health::Health;
use super::lease::claim;
use super::plan::Plan;
use super::stand::{detail_of, old_may_have_ended};
use super::{Destinations, Parts, RotateError};
use crate::destination::Held;
use crate::model::credential::{Credential, Liveness, Sealed};
use crate::model::rotation::State;
use crate::store::record::{KeyRecord, RotationRecord};

/// How long a health check may take when somebody waits for the answer.
const HEALTH: std::time::Duration = std::time::Duration::from_secs(10);

/// Turns a rotation back: from here on it puts the old key back. One that has changed nothing outside
/// is over at once.
///
/// # Errors
/// [`RotateError::Refused`]: it is over, or the old key may have ended, and the way is forward only.
pub async fn turn_back(
    parts: &Parts,
    key: &KeyRecord,
    record: &RotationRecord,
    plan: &Plan,
    note: &str,
) -> Result<(), RotateError> {
    let refused = |why: String, fix: &str| RotateError::Refused {
        what: format!("{} cannot be put back", record.id),
        why,
        fix: fix.into(),
    };
    if record.state.is_over() {
        return Err(refused(format!("it is {}", record.state), "see `keywright rotations list --all`"));
    }
    if record.state == State::RollingBack {
        return Ok(());
    }
    let now = parts.clock.now();
    let lease = claim(parts, &record.id).await?;
    // Read under the lease: nobody moves it meanwhile.
    let journal = parts.store.journal(&record.id).await?;
    let result = if old_may_have_ended(plan, &journal) {
        let fix = "resume it: what is left is tried again until it is done";
        Err(refused("the old key may be dead already, so the way is forward".into(), fix))
    } else {
        let touched =
            journal.iter().any(|e| matches!(e.step.split(':').next(), Some("mint" | "take" | "write")));
        let state = if touched { State::RollingBack } else { State::Aborted };
        let action = format!("rotation.{}", state.word().replace(' ', "-"));
        let line = parts.line(record, key, &action, "success", note.into());
        let advanced = parts.store.advance(&lease, state, None, note, now, Some(line)).await;
        super::kill::point("given up");
        let wiped = if state == State::Aborted { parts.wipe(&lease).await } else { Ok(()) };
        advanced.and(wiped).map_err(RotateError::from)
    };
    let released = parts.store.release(&lease).await;
    result.and(released.map_err(RotateError::from))
}

/// Puts a sealed answer back that the store could not take when it came (exit code 6).
///
/// # Errors
/// [`RotateError::Refused`]: the rotation waits for no answer.
pub async fn bring_back(parts: &Parts, id: &str, sealed: &Sealed) -> Result<(), RotateError> {
    let lease = claim(parts, id).await?;
    let journal = parts.store.journal(id).await?;
    let open = journal.iter().rev().find(|e| matches!(e.step.as_str(), "mint" | "roll") && e.end.is_none());
    let result = match open {
        Some(entry) => Ok(parts.store.put_sealed(&lease, &format!("reply:{}", entry.number), sealed).await?),
        None => Err(RotateError::Refused {
            what: format!("{id} waits for no sealed answer"),
            why: "its last call was answered and stored".into(),
            fix: format!("go on without it: keywright rotations resume {id}"),
        }),
    };
    let released = parts.store.release(&lease).await;
    result.and(released.map_err(RotateError::from))
}

/// What a diagnosis says of one thing: well, not well, or cannot tell; and the words for it.
pub type Symptom = (Option<bool>, String);

/// Looks at the new key, the old key, every place and every environment, and says which of them is
/// wrong (R56). Nothing is changed.
///
/// # Errors
/// [`RotateError`]: the store or the seal could not be read.
pub async fn diagnose(
    parts: &Parts,
    destinations: &Destinations,
    record: &RotationRecord,
    plan: &Plan,
) -> Result<(Vec<Symptom>, bool), RotateError> {
    let journal = parts.store.journal(&record.id).await?;
    let open = async |name: &str, key_id: &str| -> Result<Option<Credential>, RotateError> {
        let Some(sealed) = parts.store.sealed(&record.id, name).await? else { return Ok(None) };
        let context = format!("rotation:{}:{name}:{}", record.id, plan.provider);
        let secret = parts.sealer.open(&sealed, &context).await?;
        Ok(Some(Credential { key_id: Some(key_id.into()), secret }))
    };
    let made = ["mint", "roll", "take"].iter().find_map(|s| detail_of(&journal, s));
    let new_id = made.and_then(|m| m["key_id"].as_str()).unwrap_or(&plan.key_id);
    let new = open("new", new_id).await?;
    let mut old = None;
    for place in 0..plan.places.len() {
        if old.is_none() {
            old = open(&format!("old:{place}"), &plan.key_id).await?;
        }
    }
    let mut found = Vec::new();
    match parts.provider.sign_in().await {
        Ok(()) if !parts.provider.card().lists => {}
        Ok(()) => found.push((Some(true), "the admin credential works".into())),
        Err(error) => found.push((Some(false), format!("the admin credential does not work: {error}"))),
    }
    for (name, credential) in [("new", &new), ("old", &old)] {
        let Some(credential) = credential else {
            found.push((None, format!("the {name} key's secret is not kept here")));
            continue;
        };
        let checked = parts.provider.check(credential).await;
        let is_well = match checked.liveness {
            Liveness::Alive => Some(true),
            Liveness::Dead => Some(false),
            Liveness::Unknown => None,
        };
        found.push((is_well, format!("the {name} key is {} ({})", checked.liveness, checked.why)));
    }
    for destination in destinations {
        found.push(place(&**destination, new.as_ref(), old.as_ref()).await);
    }
    for environment in &plan.environments {
        for text in &environment.health {
            let deadline = tokio::time::Instant::now() + HEALTH;
            let well = match Health::parse(text, &parts.base) {
                Ok(check) => check.well(&*parts.net, deadline).await.map_err(|e| e.to_string()),
                Err(error) => Err(error.to_string()),
            };
            found.push(match well {
                Ok(()) => (Some(true), format!("{}: {text} is well", environment.name)),
                Err(why) => (Some(false), format!("{}: {why}", environment.name)),
            });
        }
    }
    let is_well = found.iter().all(|(ok, _)| *ok != Some(false));
    Ok((found, is_well))
}

/// Says which key a place holds: an old one there is what was cached or put back by somebody.
async fn place(
    destination: &dyn crate::destination::Destination,
    new: Option<&Credential>,
    old: Option<&Credential>,
) -> Symptom {
    let name = destination.place();
    for (word, credential, ok) in [("new", new, true), ("old", old, false)] {
        let Some(credential) = credential else { continue };
        match destination.read_back(credential).await {
            Ok(Held::Wanted) => return (Some(ok), format!("{name} holds the {word} key")),
            Ok(Held::Hidden) => return (None, format!("{name} cannot be read back")),
            Ok(Held::Other) => {}
            Err(error) => return (Some(false), format!("{name}: {error}")),
        }
    }
    match (new, old) {
        (None, None) => (None, format!("{name} was not compared: no secret is kept here any more")),
        _ => (Some(false), format!("{name} holds neither the new nor the old key")),
    }
}
