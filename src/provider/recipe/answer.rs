//! What an answer says. Its bytes are anybody's: bounded before they came here, and nothing in them is
//! believed that cannot be what was asked for.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use super::{Saying, Takes};
use crate::model::credential::{CallError, Credential, Refusal};
use crate::model::rotation::Moment;
use crate::model::{Secret, text::shown};
use crate::provider::{Events, Listed, Usage, UsageEvent};

/// The most keys or events that are taken from one answer.
const MOST: usize = 10_000;
/// The longest name of a key.
const LONGEST_NAME: usize = 128;
/// The longest word of a reason.
const LONGEST_WORD: usize = 32;

/// Where a list of keys holds what; each but `keys` within one key.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct ListAnswer {
    /// The list itself; empty: the whole answer.
    pub(super) keys: String,
    pub(super) id: Places,
    pub(super) key_id: String,
    #[serde(default)]
    pub(super) label: Places,
    /// What is shown of the secret: `sk-abc...wxyz`.
    #[serde(default)]
    pub(super) masked: Option<String>,
    /// Whether times are seconds since 1970 instead of texts.
    #[serde(default)]
    pub(super) seconds: bool,
    /// Whether several keys may have one id, and end together.
    #[serde(default)]
    pub(in crate::provider) shared: bool,
    /// How the list goes on.
    #[serde(default)]
    pub(in crate::provider) pages: Option<Pages>,
    /// Whether it works; without it every listed key does.
    #[serde(default)]
    pub(super) active: Option<String>,
    #[serde(default)]
    pub(super) last_used: Option<String>,
    #[serde(default)]
    pub(super) created: Option<String>,
    #[serde(default)]
    pub(super) expires: Option<String>,
    /// Fields that a like key is made with.
    #[serde(default)]
    pub(super) like: Vec<String>,
}

/// Places of which the first that is there counts: one text, or a list.
#[derive(Default, Deserialize)]
#[serde(from = "OneOrMore")]
pub(in crate::provider) struct Places(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl From<OneOrMore> for Places {
    fn from(places: OneOrMore) -> Self {
        match places {
            OneOrMore::One(place) => Self(vec![place]),
            OneOrMore::More(places) => Self(places),
        }
    }
}

impl Places {
    /// Returns the first plain name; `None` where there is none.
    pub(in crate::provider) fn name(&self, body: &Secret) -> Option<String> {
        let answer = json(body).ok()?;
        self.0.iter().find_map(|place| name_at(&answer.0, place)).map(str::to_owned)
    }
}

/// What says that it was done, where the status alone does not.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct Done {
    /// A place that holds `true`.
    done: Option<String>,
    /// Where the reason stands otherwise.
    pub(super) why: Option<String>,
}

impl Done {
    /// Lets a yes through.
    pub(in crate::provider) fn read(&self, body: &Secret) -> Result<(), CallError> {
        let Some(place) = &self.done else { return Ok(()) };
        let answer = json(body)?;
        if answer.0.pointer(place).and_then(Value::as_bool) == Some(true) {
            return Ok(());
        }
        // A word such as `invalid_auth`: a key has other characters, or is longer.
        let is_word = |why: &&str| {
            why.len() <= LONGEST_WORD && why.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        let why = self.why.as_ref().and_then(|place| text_at(&answer.0, place)).filter(is_word);
        let why = format!("it was not done: {}", why.unwrap_or("no reason"));
        Err(CallError::Refused { status: 200, kind: Refusal::Other, why, retry_after: None })
    }
}

/// How a list that comes in pages goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Pages {
    /// Whether there is more.
    more: String,
    /// What the next page comes after: the slot `{after}`.
    last: String,
}

impl Pages {
    /// Returns what the next page comes after; `None` at the end.
    pub(in crate::provider) fn next(&self, body: &Secret) -> Result<Option<String>, CallError> {
        let answer = json(body)?;
        match answer.0.pointer(&self.more).and_then(Value::as_bool) {
            Some(false) => Ok(None),
            Some(true) => name_at(&answer.0, &self.last)
                .map(|last| Some(last.to_owned()))
                .ok_or_else(|| unreadable("the list goes on, and does not say where")),
            None => Err(unreadable("the list does not say whether it goes on")),
        }
    }
}

/// Where the answer to a mint or a rotation holds what.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct KeyAnswer {
    pub(super) key_id: String,
    /// What a key id begins with: anything else is none, and is not told.
    pub(super) key_id_begins: Vec<String>,
    pub(super) secret: String,
    /// What a secret is: `hex:64`, `base64url:20-256`.
    pub(super) secret_is: String,
    /// What it begins with, where that is known.
    #[serde(default)]
    pub(super) secret_begins: Option<String>,
    /// `key_id:secret` in one, where the answer has it.
    #[serde(default)]
    pub(super) pair: Option<String>,
}

/// Where the sums of a month stand.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct UsageAnswer {
    pub(super) bytes: Option<String>,
    pub(super) requests: Option<String>,
    pub(super) active_keys: Option<String>,
    pub(super) tiers: Option<String>,
}

/// Where events stand; each is a list of places, of which the first that is there counts.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::provider) struct EventsAnswer {
    pub(super) events: Vec<String>,
    pub(super) id: Vec<String>,
    pub(super) at: Vec<String>,
    pub(super) host: Vec<String>,
    pub(super) method: Vec<String>,
    pub(super) status: Vec<String>,
    pub(super) sent: Vec<String>,
    pub(super) received: Vec<String>,
    pub(super) millis: Vec<String>,
    pub(super) node: Vec<String>,
}

/// A parsed answer that is wiped when it goes.
pub(in crate::provider) struct Json(pub(in crate::provider) Value);

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites every text in a value.
pub(in crate::provider) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

fn unreadable(why: impl Into<String>) -> CallError {
    CallError::Unreadable(why.into())
}

/// Parses a body. What the parser complains of is not repeated: it may quote.
pub(in crate::provider) fn json(body: &Secret) -> Result<Json, CallError> {
    serde_json::from_slice(body.expose()).map(Json).map_err(|_| unreadable("the answer is no JSON"))
}

/// Returns the text at a place.
pub(in crate::provider) fn text_at<'v>(value: &'v Value, place: &str) -> Option<&'v str> {
    value.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Returns a public name: short, plain, fit for a line, a path and a log.
fn name_at<'v>(value: &'v Value, place: &str) -> Option<&'v str> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    text_at(value, place).filter(|name| name.len() <= LONGEST_NAME && name.bytes().all(is_plain))
}

/// Reads a moment that is there or is `null`. One that cannot be read is no "never": that would open the
/// quiet gate.
fn moment_at(value: &Value, place: &Option<String>, seconds: bool) -> Result<Option<Moment>, CallError> {
    let Some(place) = place else { return Ok(None) };
    match value.pointer(place) {
        Some(Value::Null) => Ok(None),
        // Moments of other centuries are other units.
        Some(Value::Number(count)) if seconds => match count.as_i64().filter(|n| (0..1 << 33).contains(n)) {
            Some(count) => Ok(Some(count * 1000)),
            None => Err(unreadable(format!("a key's {place} is no time"))),
        },
        Some(Value::String(text)) if !seconds => match text.parse::<jiff::Timestamp>() {
            Ok(at) => Ok(Some(at.as_millisecond())),
            Err(_) => Err(unreadable(format!("a key's {place} is no time"))),
        },
        Some(_) => Err(unreadable(format!("a key's {place} is no time"))),
        None => Err(unreadable(format!("a key has no {place}"))),
    }
}

impl ListAnswer {
    /// Reads the keys.
    pub(in crate::provider) fn read(&self, body: &Secret) -> Result<Vec<Listed>, CallError> {
        let answer = json(body)?;
        let keys = answer.0.pointer(&self.keys).and_then(Value::as_array);
        let keys = keys.ok_or_else(|| unreadable("the answer holds no list of keys"))?;
        if keys.len() > MOST {
            return Err(unreadable(format!("the answer lists more than {MOST} keys")));
        }
        keys.iter().map(|key| self.one(key)).collect()
    }

    fn one(&self, key: &Value) -> Result<Listed, CallError> {
        let name = |place: &str| {
            name_at(key, place)
                .map(str::to_owned)
                .ok_or_else(|| unreadable(format!("a key has no plain {place}")))
        };
        let active = match &self.active {
            None => true,
            Some(place) => key
                .pointer(place)
                .and_then(Value::as_bool)
                .ok_or_else(|| unreadable(format!("a key does not say whether it is {place}")))?,
        };
        let id = self.id.0.iter().find(|place| key.pointer(place).is_some_and(|v| !v.is_null()));
        let id = id.ok_or_else(|| unreadable("a key has no id to call it by"))?;
        let label = self.label.0.iter().find_map(|place| text_at(key, place));
        let masked = self.masked.as_ref().and_then(|place| text_at(key, place));
        let moment = |place| moment_at(key, place, self.seconds);
        let like = self.like.iter().filter_map(|field| Some((field.clone(), key.get(field)?.clone())));
        Ok(Listed {
            id: name(id)?,
            key_id: name(&self.key_id)?,
            label: label.unwrap_or_default().to_owned(),
            // One that shows too much is not kept.
            masked: masked.filter(|mask| ends_of(mask).is_some()).map(str::to_owned),
            active,
            last_used: moment(&self.last_used)?,
            created: moment(&self.created)?,
            expires: moment(&self.expires)?,
            like: Value::Object(like.collect::<Map<_, _>>()),
        })
    }
}

impl KeyAnswer {
    /// Reads a new key; `asked` is the key id that must come back (R12).
    pub(in crate::provider) fn read(
        &self,
        body: &Secret,
        asked: Option<&str>,
    ) -> Result<Credential, CallError> {
        let answer = json(body)?;
        let secret =
            text_at(&answer.0, &self.secret).ok_or_else(|| unreadable("the answer holds no secret"))?;
        let begins = self.secret_begins.as_deref().unwrap_or_default();
        if !is_of(&self.secret_is, secret) || !secret.starts_with(begins) {
            return Err(unreadable(format!("the answer's secret is not {}", self.secret_is)));
        }
        let key_id = name_at(&answer.0, &self.key_id)
            .filter(|id| self.key_id_begins.iter().any(|start| id.starts_with(start.as_str())))
            .filter(|id| !id.contains(secret))
            .ok_or_else(|| unreadable("the answer holds no key id"))?;
        if let Some(asked) = asked.filter(|asked| *asked != key_id) {
            let why = format!(
                "the answer is about {}, and {} was asked for",
                shown(key_id.as_bytes()),
                shown(asked.as_bytes())
            );
            return Err(unreadable(why));
        }
        if let Some(pair) =
            self.pair.as_ref().and_then(|place| answer.0.pointer(place)).filter(|p| !p.is_null())
        {
            let parts = pair.as_str().and_then(|pair| pair.split_once(':'));
            if !parts.is_some_and(|(id, rest)| id == key_id && rest == secret) {
                return Err(unreadable(
                    "the answer holds a key id and a secret, and a pair that is not the two",
                ));
            }
        }
        Ok(Credential { key_id: Some(key_id.to_owned()), secret: Secret::new(secret.as_bytes().to_vec()) })
    }
}

/// Tells whether a text is of a class and a length: `hex:64`.
fn is_of(shape: &str, text: &str) -> bool {
    let Some((lengths, class)) = shape_of(shape) else { return false };
    lengths.contains(&text.len()) && text.bytes().all(class)
}

/// Tells which bytes are of a class.
type Class = fn(u8) -> bool;

/// Reads `hex:64`, or `hex:32-64`.
pub(super) fn shape_of(shape: &str) -> Option<(RangeInclusive<usize>, Class)> {
    let (class, lengths) = shape.split_once(':')?;
    let class: Class = match class {
        "hex" => |b| b.is_ascii_hexdigit(),
        "base62" => |b| b.is_ascii_alphanumeric(),
        "base64url" => |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'),
        _ => return None,
    };
    let (least, most) = lengths.split_once('-').unwrap_or((lengths, lengths));
    let (least, most) = (least.parse().ok()?, most.parse().ok()?);
    (1 <= least && least <= most && most <= 4096).then_some((least..=most, class))
}

/// The most of a secret that a mask may show.
const MOST_SHOWN: usize = 24;

/// Takes a mask apart: what stands before the dots or stars, and behind them.
fn ends_of(mask: &str) -> Option<(&str, &str)> {
    let is_gap = |c: char| matches!(c, '.' | '*' | '…' | '•');
    let (front, back) = (mask.find(is_gap)?, mask.rfind(is_gap)?);
    let back = back + mask[back..].chars().next().map_or(0, char::len_utf8);
    let (front, gap, back) = (&mask[..front], &mask[front..back], &mask[back..]);
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let fits = is_plain(front) && is_plain(back) && gap.chars().all(is_gap);
    (fits && front.len() + back.len() <= MOST_SHOWN).then_some((front, back))
}

/// Tells whether a secret can be the one of a mask; one that cannot be read says nothing.
pub(in crate::provider) fn fits_mask(mask: &str, secret: &Secret) -> bool {
    let Some((front, back)) = ends_of(mask) else { return true };
    let bytes = secret.expose();
    bytes.len() >= front.len() + back.len()
        && bytes.starts_with(front.as_bytes())
        && bytes.ends_with(back.as_bytes())
}

impl Takes {
    /// Tells whether a secret looks like what is taken.
    pub(in crate::provider) fn fits(&self, secret: &Secret) -> bool {
        let begins = |starts: &[String]| starts.iter().any(|s| secret.expose().starts_with(s.as_bytes()));
        begins(&self.begins) && !begins(&self.never)
    }
}

/// Tells whether an answer has a saying's words at its place.
pub(super) fn says(saying: &Saying, body: &Secret) -> bool {
    let Ok(answer) = json(body) else { return false };
    let holds = saying.holds.to_ascii_lowercase();
    match answer.0.pointer(&saying.at) {
        Some(Value::String(text)) => text.to_ascii_lowercase().contains(&holds),
        Some(Value::Bool(is)) => is.to_string() == holds,
        _ => false,
    }
}

impl UsageAnswer {
    /// Reads the sums.
    pub(in crate::provider) fn read(&self, body: &Secret) -> Result<Usage, CallError> {
        let answer = json(body)?;
        let number = |place: &Option<String>| match place.as_ref().map(|p| (p, answer.0.pointer(p))) {
            None => Ok(None),
            Some((_, Some(value))) if value.is_u64() => Ok(value.as_u64()),
            Some((place, _)) => Err(unreadable(format!("the usage has no number {place}"))),
        };
        let tiers = self.tiers.as_ref().and_then(|place| answer.0.pointer(place)).and_then(Value::as_object);
        Ok(Usage {
            bytes: number(&self.bytes)?,
            requests: number(&self.requests)?,
            active_keys: number(&self.active_keys)?,
            tiers: tiers.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_u64()?))).collect(),
        })
    }
}

impl EventsAnswer {
    /// Reads one page of events.
    pub(in crate::provider) fn read(&self, body: &Secret, into: &mut Events) -> Result<usize, CallError> {
        let answer = json(body)?;
        let list = self.events.iter().find_map(|place| answer.0.pointer(place).and_then(Value::as_array));
        let list = list.ok_or_else(|| unreadable("the answer holds no list of events"))?;
        let room = MOST.saturating_sub(into.seen.len());
        into.is_whole &= list.len() <= room;
        into.seen.extend(list.iter().take(room).map(|event| self.one(event)));
        Ok(list.len())
    }

    fn one(&self, event: &Value) -> UsageEvent {
        let first = |places: &[String]| {
            places.iter().find_map(|p| event.pointer(p).filter(|v| !v.is_null()).cloned())
        };
        let text = |places: &[String]| {
            let value = first(places)?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(text.chars().take(LONGEST_NAME * 2).collect::<String>())
        };
        let number = |places: &[String]| first(places)?.as_u64();
        UsageEvent {
            id: text(&self.id),
            at: text(&self.at)
                .and_then(|t| t.parse::<jiff::Timestamp>().ok())
                .map(jiff::Timestamp::as_millisecond),
            host: text(&self.host),
            method: text(&self.method),
            status: number(&self.status).and_then(|n| u16::try_from(n).ok()),
            sent: number(&self.sent),
            received: number(&self.received),
            millis: number(&self.millis),
            node: text(&self.node),
        }
    }
}
