//! Puts the old key back to the places.

use serde_json::{Value, json};

use super::super::stand::{detail_of, is_done};
use super::deliver::at;
use super::{Doing, Intent, Stop};
use crate::destination::{Destination, DestinationError, Held};
use crate::model::credential::Credential;

/// How an entry says that a person was asked, and what stood there then.
const ASKED: &str = "asked";

/// Puts the old key back, if the place may have been written to.
pub(super) async fn restore(doing: &Doing<'_>, place: usize) -> Result<String, Stop> {
    let intent = doing.intend().await?;
    if !was_touched(doing, place) {
        return doing.done(&intent, Value::Null, &[], "it was never written to").await;
    }
    let old = doing.opened(&format!("old:{place}"), Some(doing.walk.plan.key_id.clone())).await?;
    let Some(old) = old else { return ask(doing, &intent, place).await };
    let new = doing.new_key().await?;
    match put_back(at(doing, place), &old, &new).await {
        Ok(shown) => doing.done(&intent, Value::Null, &[], shown).await,
        Err(error) => failed(doing, &intent, error).await,
    }
}

/// Writes down how it failed, and says what that means: on the way back there is no other way.
async fn failed(doing: &Doing<'_>, intent: &Intent, error: DestinationError) -> Result<String, Stop> {
    let text = error.to_string();
    doing.failed(intent, &text).await?;
    Err(match error {
        DestinationError::NotDone(_) | DestinationError::Lost(_) => {
            Stop::again((1 << doing.failures().min(6)).min(60), text)
        }
        _ => Stop::Ask(text),
    })
}

/// Has a person put the old key back where it could not be read before. That something was written there
/// since the question is the answer: a place that nobody wrote to is asked for again.
async fn ask(doing: &Doing<'_>, intent: &Intent, place: usize) -> Result<String, Stop> {
    let there = at(doing, place);
    let stamp = match there.read_meta().await {
        Ok(meta) => meta.stamp.0,
        Err(error) => return failed(doing, intent, error).await,
    };
    let saved = detail_of(doing.walk.journal, &format!("save:{place}")).and_then(|d| d["stamp"].as_str());
    if !stamp.is_empty() && saved == Some(&stamp) && !is_done(doing.walk.journal, &format!("write:{place}")) {
        return doing
            .done(intent, Value::Null, &[], "the write never came there: it holds the old key")
            .await;
    }
    let tries = doing.walk.journal.iter().rev().filter(|e| e.step == doing.step.name);
    let asked = tries.filter_map(|e| e.end.as_ref()).find_map(|end| end.detail[ASKED].as_str());
    if asked.is_some_and(|asked| asked.is_empty() || asked != stamp) {
        return doing.done(intent, Value::Null, &[], "by the operator's word").await;
    }
    let name = there.place();
    let note = match asked {
        None => format!(
            "{name} could not be read before, so it cannot be put back: put the old key there yourself, then resume"
        ),
        Some(_) => format!(
            "{name} could not be read before, and nothing was written there since this was asked: put the old key \
             there yourself, then resume"
        ),
    };
    doing.refused(intent, json!({ ASKED: stamp }), &note).await?;
    Err(Stop::Ask(note))
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

/// Tells whether a write to the place was ever begun.
fn was_touched(doing: &Doing<'_>, place: usize) -> bool {
    doing.walk.journal.iter().any(|e| e.step == format!("write:{place}"))
}
