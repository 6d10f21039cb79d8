//! A program that is told by POST, signed as the Standard Webhooks specification says: whoever has the secret
//! can see that the news is ours, whole and of now.

use std::sync::Arc;

use async_trait::async_trait;
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Notice, Notifier, Wrong};
use crate::http::{self, Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::{CallError, Refusal};
use crate::model::text::shown;
use crate::reference::{self, Reference};

/// What stands before the bytes of a secret.
const PREFIX: &[u8] = b"whsec_";
/// How many bytes a secret has.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The table `[notify.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: String,
    secret: String,
}

/// Where it is.
enum Place {
    Open(String),
    /// An address that is itself a secret.
    Hidden(Reference),
}

pub(super) struct Webhook {
    name: String,
    place: Place,
    secret: Reference,
    door: Arc<Door>,
}

impl Webhook {
    pub(super) fn new(name: &str, table: toml::Table, door: Arc<Door>) -> Result<Self, Wrong> {
        let table: Table =
            reference::fields(table).map_err(|why| (why, "it may hold kind, url and secret".into()))?;
        let place = match Reference::parse(&table.url) {
            Ok(reference) => Place::Hidden(reference),
            Err(_) => Place::Open(http::service(&table.url).ok_or_else(|| {
                let fix = "write https://HOST/PATH, or env:NAME where the address holds a secret";
                ("its `url` is no address without user, query and secret".into(), fix.to_owned())
            })?),
        };
        let secret = Reference::parse(&table.secret)
            .map_err(|e| (format!("its `secret`: {e}"), "write secret = \"env:NAME\", for one".into()))?;
        Ok(Self { name: name.into(), place, secret, door })
    }

    async fn url(&self) -> Result<Zeroizing<String>, CallError> {
        let reference = match &self.place {
            Place::Open(url) => return Ok(Zeroizing::new(url.clone())),
            Place::Hidden(reference) => reference,
        };
        let told = reference.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))?;
        let text = std::str::from_utf8(told.expose()).map(|text| Zeroizing::new(text.to_owned()));
        text.map_err(|_| CallError::NotSent(format!("{reference} is no address")))
    }

    /// Returns the bytes that the other side has too.
    async fn key(&self) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let told = self.secret.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))?;
        let text = told.expose();
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let key = BASE64.decode(text).map(Zeroizing::new).ok().filter(|key| BYTES.contains(&key.len()));
        key.ok_or_else(|| {
            let why = format!(
                "{} is no secret of a webhook: make one with `printf whsec_; openssl rand -base64 32`",
                self.secret
            );
            CallError::NotSent(why)
        })
    }
}

#[async_trait]
impl Notifier for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, notice: &Notice) -> Result<(), CallError> {
        let now = Timestamp::now();
        let body = body(notice, now).to_string();
        let (id, at) = (id(&notice.id), now.as_second().to_string());
        let signature = signature(&self.key().await?, &id, &at, body.as_bytes());
        let mut request = Request::new("POST", &self.url().await?)?;
        for (name, value) in
            [("webhook-id", &id), ("webhook-timestamp", &at), ("webhook-signature", &signature)]
        {
            request = request.header(name, &Secret::new(value.clone().into_bytes()))?;
        }
        let answer = self.door.call(request.json(Secret::new(body.into_bytes()))).await?;
        judge(&self.name, &answer)
    }
}

/// What is told. Texts are made harmless for whoever shows them, and JSON for whoever reads them.
fn body(notice: &Notice, now: Timestamp) -> Value {
    let text = |text: &str| shown(text.as_bytes());
    let facts = notice.facts.iter().map(|(name, value)| json!({ "name": text(name), "value": text(value) }));
    json!({
        "type": "keywright.notice",
        "timestamp": now.to_string(),
        "data": {
            "id": text(&notice.id),
            "title": text(&notice.title),
            "urgent": notice.urgent,
            "facts": facts.collect::<Vec<_>>(),
            "lines": notice.lines.iter().map(|line| text(line)).collect::<Vec<_>>(),
        },
    })
}

/// Returns a name that can stand in a header and, having no dot, in what is signed.
fn id(notice: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if (1..=64).contains(&notice.len()) && notice.bytes().all(is_plain) {
        return notice.into();
    }
    format!("msg_{}", &HEXLOWER.encode(&Sha256::digest(notice.as_bytes()))[..32])
}

fn signature(key: &[u8], id: &str, at: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in [id.as_bytes(), b".", at.as_bytes(), b".", body] {
        mac.update(part);
    }
    format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
}

/// No word of an answer is repeated.
fn judge(name: &str, answer: &Answer) -> Result<(), CallError> {
    let status = answer.status;
    let (kind, why) = match status {
        200..=299 => return Ok(()),
        401 | 407 => (Refusal::Credential, "it does not take the signature"),
        403 => (Refusal::Permission, "it refuses"),
        404 => (Refusal::Absent, "there is nothing at this address"),
        410 => (Refusal::Absent, "it wants to be told no more"),
        429 => (Refusal::TooMany, "too many calls"),
        300..=399 => (Refusal::Other, "it was moved elsewhere, and that is not followed"),
        408 | 500.. | 0..=199 => {
            let why = format!("{name}: answered {status}, which does not say whether it was taken");
            return Err(CallError::Lost(why));
        }
        _ => (Refusal::Other, "it refuses"),
    };
    let why = format!("{}: {why}", shown(name.as_bytes()));
    Err(CallError::Refused { status, kind, why, retry_after: answer.retry_after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_covers_id_time_and_body() {
        // That others take it for right is shown in tests/it/notify/webhook.rs.
        let key: Vec<u8> = (0..24).collect();
        let signed = signature(&key, "msg_1", "1700000000", b"{}");
        assert!(signed.starts_with("v1,") && signed.len() == 3 + 44);
        assert_ne!(signature(&[7; 24], "msg_1", "1700000000", b"{}"), signed);
        for (id, at, body) in
            [("msg_2", "1700000000", "{}"), ("msg_1", "1700000001", "{}"), ("msg_1", "1700000000", "{ }")]
        {
            assert_ne!(signature(&key, id, at, body.as_bytes()), signed);
        }
    }

    #[test]
    fn an_id_has_no_dot_and_stays_the_same() {
        assert_eq!(id("incident-7_dead"), "incident-7_dead");
        for odd in ["", "a.b", "a\r\nb", "é", &"x".repeat(65)] {
            let made = id(odd);
            assert!(made.len() == 36 && made.starts_with("msg_") && made == id(odd), "{made}");
        }
        assert_ne!(id("a.b"), id("a.c"));
    }
}
