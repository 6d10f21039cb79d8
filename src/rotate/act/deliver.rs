//! Brings the new key to the places, and the old one back.

use serde_json::{Value, json};

use super::super::engine::detail_of;
use super::{Doing, Stop};
use crate::destination::{Destination, DestinationError, Held, Stamp};
use crate::model::credential::Credential;
use crate::model::rotation::Mode;

/// How often a write that did not happen is tried again by itself.
const TRIES: u64 = 5;

/// Seals what a place holds. Nothing outside is changed: so what has changed there since planning ends
/// the rotation here, before there is a new key.
pub(super) async fn save(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let planned = &doing.walk.plan.places[place].stamp;
    let is_emergency = doing.walk.plan.mode() == Mode::Emergency;
    let intent = doing.look().await?;
    let meta = match at(doing, place).read_meta().await {
        Ok(meta) => meta,
        Err(error) if is_emergency => {
            let detail = json!({ "stamp": null, "held": false });
            return doing.done(&intent, detail, &[], format!("nothing to seal: {error}")).await;
        }
        Err(DestinationError::NotDone(why)) => return Err(Stop::again(5, why)),
        Err(error) => return Err(Stop::Abandon(error.to_string())),
    };
    if meta.stamp.0 != *planned && !is_emergency {
        return Err(Stop::Abandon(format!(
            "{} was changed since this was planned; nothing was done: plan again",
            at(doing, place).place()
        )));
    }
    let held = meta.value.is_some();
    let name = format!("old:{place}");
    let sealed = match &meta.value {
        Some(value) => Some(doing.walk.engine.parts.sealer.seal(&value.secret, &doing.context(&name)).await?),
        None => None,
    };
    let named: Vec<_> = sealed.iter().map(|s| (name.as_str(), s)).collect();
    let shown = if held { "" } else { "it cannot be read: it can be written, but not put back" };
    doing.done(&intent, json!({ "stamp": meta.stamp.0, "held": held }), &named, shown).await
}

/// Writes the new key to a place.
pub(super) async fn write(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let new = doing.new_key().await?;
    let stamp = saved(doing, place).await?;
    let intent = doing.intend().await?;
    match at(doing, place).write(&new, &stamp).await {
        Ok(stamp) => doing.done(&intent, json!({ "stamp": stamp.0 }), &[], "").await,
        Err(error) => failed(doing, &intent, error).await,
    }
}

/// Writes down how a write failed, and says what that means.
async fn failed(doing: &Doing<'_>, intent: &super::Intent, error: DestinationError) -> Result<String, Stop> {
    let text = error.to_string();
    match error {
        DestinationError::Lost(_) => {
            doing.unknown(intent, &text).await?;
            Err(Stop::again(1 << doing.failures().min(6), text))
        }
        DestinationError::NotDone(_) if doing.failures() < TRIES => {
            doing.failed(intent, &text).await?;
            Err(Stop::again(1 << doing.failures().min(6), text))
        }
        _ => {
            doing.failed(intent, &text).await?;
            Err(Stop::Back(text))
        }
    }
}

/// Reads back what was written.
pub(super) async fn read_back(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let new = doing.new_key().await?;
    let intent = doing.look().await?;
    match at(doing, place).read_back(&new).await {
        Ok(Held::Wanted) => doing.done(&intent, Value::Null, &[], "it holds the new key").await,
        Ok(Held::Hidden) => doing.done(&intent, Value::Null, &[], "it cannot be read back").await,
        Ok(Held::Other) => {
            Err(Stop::Back(format!("{} does not hold what was written to it", at(doing, place).place())))
        }
        Err(DestinationError::NotDone(why) | DestinationError::Lost(why)) => Err(Stop::again(2, why)),
        Err(error) => Err(Stop::Back(error.to_string())),
    }
}

/// Makes what was written count.
pub(super) async fn activate(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let intent = doing.intend().await?;
    match at(doing, place).activate().await {
        Ok(()) => doing.done(&intent, json!({ "at": doing.now() }), &[], "").await,
        Err(error) => failed(doing, &intent, error).await,
    }
}

/// Puts the old key back, if the place may have been written to.
pub(super) async fn restore(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let intent = doing.intend().await?;
    if !was_touched(doing, place) {
        return doing.done(&intent, Value::Null, &[], "it was never written to").await;
    }
    let old = doing.opened(&format!("old:{place}"), Some(doing.walk.plan.key_id.clone())).await?;
    let Some(old) = old else {
        let note = format!(
            "{} could not be read before, so it cannot be put back: put the old key there yourself, then resume",
            at(doing, place).place()
        );
        doing.failed(&intent, &note).await?;
        return Err(Stop::Ask(note));
    };
    let new = doing.new_key().await?;
    match put_back(at(doing, place), &old, &new).await {
        Ok(shown) => doing.done(&intent, Value::Null, &[], shown).await,
        Err(error) => {
            let text = error.to_string();
            doing.failed(&intent, &text).await?;
            Err(match error {
                DestinationError::NotDone(_) | DestinationError::Lost(_) => {
                    Stop::again((1 << doing.failures().min(6)).min(60), text)
                }
                _ => Stop::Ask(text),
            })
        }
    }
}

/// Writes the old key over the new one, and over nothing else.
async fn put_back(
    place: &dyn Destination,
    old: &Credential,
    new: &Credential,
) -> Result<&'static str, DestinationError> {
    let meta = place.read_meta().await?;
    match place.read_back(old).await? {
        Held::Wanted => return Ok("it holds the old key"),
        Held::Hidden => {}
        Held::Other => {
            if place.read_back(new).await? == Held::Other {
                let why = "holds neither the old nor the new key: somebody else wrote there; put the right one there yourself, then resume";
                return Err(DestinationError::Changed(format!("{} {why}", place.place())));
            }
        }
    }
    place.restore(old, &meta.stamp).await.map(|_| "it holds the old key")
}

/// Makes the old key count again.
pub(super) async fn reactivate(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let intent = doing.intend().await?;
    if !was_touched(doing, place) {
        return doing.done(&intent, Value::Null, &[], "nothing was changed there").await;
    }
    match at(doing, place).activate().await {
        Ok(()) => doing.done(&intent, Value::Null, &[], "").await,
        Err(error) => {
            let text = error.to_string();
            doing.failed(&intent, &text).await?;
            Err(Stop::again((1 << doing.failures().min(6)).min(60), text))
        }
    }
}

pub(super) fn at<'d>(doing: &'d Doing<'_>, place: usize) -> &'d dyn Destination {
    &*doing.walk.engine.destinations[place]
}

/// Tells whether a write to the place was ever begun.
pub(super) fn was_touched(doing: &Doing<'_>, place: usize) -> bool {
    doing.walk.journal.iter().any(|e| e.step == format!("write:{place}"))
}

/// Returns what must still stand at the place.
async fn saved(doing: &Doing<'_>, place: usize) -> Result<Stamp, Stop> {
    let stamp = detail_of(doing.walk.journal, &format!("save:{place}")).and_then(|d| d["stamp"].as_str());
    match stamp {
        Some(stamp) => Ok(Stamp(stamp.to_owned())),
        // Only an emergency gets here: the place could not be read before, perhaps it can be now.
        None => match at(doing, place).read_meta().await {
            Ok(meta) => Ok(meta.stamp),
            Err(error) => Err(Stop::again(5, error.to_string())),
        },
    }
}
