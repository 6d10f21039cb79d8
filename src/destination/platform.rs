//! Calls to a platform's own interface: a bearer token, JSON, and patience with "too often".
//!
//! What may be done twice is asked again when an answer is lost: that is the caller's word.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;
use zeroize::{Zeroize as _, Zeroizing};

use super::{DestinationError, Reach, Wrong, network};
use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::CallError;
use crate::model::text::shown;
use crate::reference::Reference;

/// The longest that a platform's "later" is waited for within one call, in seconds.
const LATEST: u64 = 120;
/// How often "later" is taken for an answer.
const LATERS: u32 = 3;
/// How long an answer that was lost is waited for before it is asked again.
const BREATH: Duration = Duration::from_millis(250);
/// The longest name that may stand in a path.
const LONGEST_NAME: usize = 200;

/// What a call may do there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Look,
    /// The same done twice as done once.
    Put,
    /// Something new each time.
    Begin,
}

/// A platform's interface.
pub(super) struct Api {
    door: Arc<Door>,
    url: String,
    token: Reference,
    headers: &'static [(&'static str, &'static str)],
}

/// An answer that is no yes.
pub(super) enum No {
    /// It was answered.
    Answered(Answer),
    /// It was not.
    Call(CallError),
    /// There is no credential to ask with.
    Credential(String),
}

/// What was answered; wiped when it goes.
pub(super) struct Json(pub(super) Value);

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

impl Api {
    /// Takes over where it is and where its token stands, both from the operator's table.
    pub(super) fn new(
        reach: &Reach,
        url: &str,
        token: &str,
        headers: &'static [(&'static str, &'static str)],
    ) -> Result<Self, Wrong> {
        let url = network::address(url)?;
        Ok(Self { door: reach.door.clone(), url, token: network::credential("token", token)?, headers })
    }

    /// Asks; the answer is a yes.
    pub(super) async fn ask(
        &self,
        effect: Effect,
        method: &str,
        path: &str,
        body: Option<&Secret>,
    ) -> Result<Json, No> {
        let token = self.token.resolve().await.map_err(|e| No::Credential(e.to_string()))?;
        let bearer = Secret::new([b"Bearer ", token.expose()].concat());
        let mut again = if effect == Effect::Begin { 0 } else { 1 };
        let mut laters = LATERS;
        loop {
            let answer = match self.once(method, path, &bearer, body).await {
                Err(CallError::Lost(_)) if again > 0 => {
                    again -= 1;
                    sleep(BREATH).await;
                    continue;
                }
                answer => answer.map_err(No::Call)?,
            };
            match answer.status {
                200..=299 => return read(&answer.body).map_err(No::Call),
                // Some tell "too often" as 403, with when.
                429 | 403 if laters > 0 && (answer.status == 429 || answer.retry_after.is_some()) => {
                    let wait = answer.retry_after.unwrap_or(1 << (LATERS - laters));
                    if wait > LATEST {
                        return Err(No::Answered(Answer { status: 429, ..answer }));
                    }
                    laters -= 1;
                    sleep(Duration::from_secs(wait)).await;
                }
                403 if answer.retry_after.is_some() => {
                    return Err(No::Answered(Answer { status: 429, ..answer }));
                }
                500.. if again > 0 => {
                    again -= 1;
                    sleep(BREATH).await;
                }
                _ => return Err(No::Answered(answer)),
            }
        }
    }

    /// Looks at something; `what` says what, should it come to nothing.
    pub(super) async fn look(&self, path: &str, what: &str) -> Result<Json, DestinationError> {
        self.ask(Effect::Look, "GET", path, None).await.map_err(|no| no.means(what, Effect::Look))
    }

    async fn once(
        &self,
        method: &str,
        path: &str,
        bearer: &Secret,
        body: Option<&Secret>,
    ) -> Result<Answer, CallError> {
        let mut request = Request::new(method, &format!("{}{path}", self.url))?;
        request = request.header("authorization", bearer)?;
        for (name, value) in self.headers {
            request = request.header(name, &Secret::new(value.as_bytes().to_vec()))?;
        }
        if let Some(body) = body {
            request = request.json(body.again());
        }
        self.door.call(request).await
    }
}

impl No {
    /// Returns the status, if it was answered.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(answer) => Some(answer.status),
            _ => None,
        }
    }

    /// Says what it means for a destination.
    pub(super) fn means(self, what: &str, effect: Effect) -> DestinationError {
        let changes = effect != Effect::Look;
        match self {
            Self::Answered(answer) => network::refused(&answer, what, changes),
            Self::Call(error) => {
                let put = |why: String| format!("{what}: {why}");
                match network::unanswered(error, changes) {
                    DestinationError::Lost(why) => DestinationError::Lost(put(why)),
                    e => DestinationError::NotDone(put(e.to_string())),
                }
            }
            Self::Credential(why) => DestinationError::Denied(format!("{what}: {why}")),
        }
    }
}

/// Reads a yes; one without a body is `null`.
fn read(body: &Secret) -> Result<Json, CallError> {
    if body.is_empty() {
        return Ok(Json(Value::Null));
    }
    // What the parser complains of may quote.
    serde_json::from_slice(body.expose())
        .map(Json)
        .map_err(|_| CallError::Unreadable("a yes came with something that is no JSON".into()))
}

/// Writes a body with a secret in one field.
pub(super) fn body(field: &str, secret: &Secret) -> Result<Secret, DestinationError> {
    let no_text = |_| DestinationError::Denied("the new value is no text: it cannot be sent".into());
    let text = std::str::from_utf8(secret.expose()).map_err(no_text)?;
    if text.contains('\0') {
        return Err(DestinationError::Denied("the new value holds zero bytes: it cannot be sent".into()));
    }
    // Room at once: a vector that grows leaves copies behind. JSON spells a byte with six at most.
    let mut out = Zeroizing::new(Vec::with_capacity(6 * text.len() + field.len() + 64));
    serde_json::to_writer(&mut *out, &std::collections::BTreeMap::from([(field, text)]))
        .expect("text is written as JSON");
    Ok(Secret::new(std::mem::take(&mut *out)))
}

/// Writes a body in which nothing is secret.
pub(super) fn open_body(value: &Value) -> Secret {
    Secret::new(value.to_string().into_bytes())
}

/// Returns a value that was answered, as a secret.
pub(super) fn secret_at(json: &Json, place: &str) -> Option<Secret> {
    json.0.pointer(place).and_then(Value::as_str).map(|text| Secret::new(text.as_bytes().to_vec()))
}

/// Returns a platform's own name for something: short, plain, fit for a path and a line.
pub(super) fn name_at<'v>(value: &'v Value, place: &str) -> Option<&'v str> {
    value.pointer(place).and_then(Value::as_str).filter(|name| is_name(name))
}

/// Returns a word as it may be told.
pub(super) fn word_at(value: &Value, place: &str) -> String {
    let word = value.pointer(place).and_then(Value::as_str).filter(|w| is_name(w));
    word.map_or_else(|| "something unknown".into(), |w| shown(w.as_bytes()))
}

/// Tells whether a text can stand in a path as it is.
pub(super) fn is_name(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !matches!(text, "" | "." | "..") && text.len() <= LONGEST_NAME && text.bytes().all(is_plain)
}

/// Leaves what RFC 3986 calls unreserved, and encodes every other byte.
pub(super) fn percent(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_spelled_into_its_field_and_nowhere_else() {
        let sent = body("value", &Secret::new(b"a\"},{\"b\n".to_vec())).unwrap();
        let read: Value = serde_json::from_slice(sent.expose()).unwrap();
        assert_eq!(read, serde_json::json!({ "value": "a\"},{\"b\n" }));
        for bad in [&b"\xff"[..], b"a\0b"] {
            let refused = body("value", &Secret::new(bad.to_vec())).err().unwrap();
            assert!(matches!(refused, DestinationError::Denied(_)));
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for good in ["a", "my-app_2.x", "srv-abc", "..."] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a?b", "a b", "a%2f", "é", "a\n", &"a".repeat(201)] {
            assert!(!is_name(bad), "{bad}");
        }
        assert_eq!(word_at(&serde_json::json!({ "s": "\u{1b}[31m" }), "/s"), "something unknown");
    }

    #[test]
    fn a_yes_that_cannot_be_read_is_told_without_it() {
        let e = read(&Secret::new(b"hunter2".to_vec())).err().unwrap();
        assert!(!e.to_string().contains("hunter2"), "{e}");
        assert!(read(&Secret::new(Vec::new())).is_ok());
    }
}
