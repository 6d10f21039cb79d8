//! Brings the new key to the places.

use serde_json::{Value, json};

use super::super::stand::detail_of;
use super::{Doing, Stop};
use crate::destination::{Destination, DestinationError, Held, Stamp};
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
    // Writing the same twice is harmless; the place tells whether it is the same.
    let begun = doing.open_since();
    let intent = doing.intend().await?;
    match at(doing, place).write_again(&new, &stamp, &begun).await {
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

pub(super) fn at<'d>(doing: &'d Doing<'_>, place: usize) -> &'d dyn Destination {
    &*doing.walk.engine.destinations[place]
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
