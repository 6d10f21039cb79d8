//! Signs in where Supabase keeps the users: a password buys a token, a refresh token buys the next (R25).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::recipe::{api_of, json as parsed, text_at, wipe};
use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::{CallError, Refusal};
use crate::reference::Reference;

/// A token that ends sooner than this is renewed before it is used.
const MARGIN: Duration = Duration::from_secs(30);
/// The longest life that is believed, in seconds.
const LONGEST: u64 = 24 * 60 * 60;

/// A sign-in: who signs in, and the token that is held.
pub(super) struct Session {
    url: Reference,
    apikey: Reference,
    email: Reference,
    password: Reference,
    held: Mutex<Option<Tokens>>,
}

struct Tokens {
    access: Secret,
    refresh: Option<Secret>,
    until: Instant,
}

/// How new a token must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// The held one, while it lives.
    Kept,
    /// One bought with the refresh token: the held one was refused.
    Renewed,
    /// One bought with the password.
    Anew,
}

impl Session {
    /// Takes the references by their names.
    pub(super) fn new(mut inputs: BTreeMap<String, Reference>) -> Option<Self> {
        let mut take = |name: &str| inputs.remove(name);
        let (url, apikey) = (take("url")?, take("apikey")?);
        Some(Self { url, apikey, email: take("email")?, password: take("password")?, held: Mutex::new(None) })
    }

    /// Returns a token. Where a refresh is refused, the password is asked for one.
    pub(super) async fn token(&self, door: &Door, effort: Effort) -> Result<Secret, CallError> {
        let (held, refresh) = match &*self.held() {
            Some(tokens) => {
                let lives = Instant::now() + MARGIN < tokens.until;
                (lives.then(|| tokens.access.again()), tokens.refresh.as_ref().map(Secret::again))
            }
            None => (None, None),
        };
        if let (Effort::Kept, Some(token)) = (effort, held) {
            return Ok(token);
        }
        if let (Effort::Kept | Effort::Renewed, Some(refresh)) = (effort, refresh) {
            match self.buy(door, "refresh_token", &[("refresh_token", &refresh)]).await {
                Err(CallError::Refused { kind: Refusal::Credential, .. }) => {}
                other => return other,
            }
        }
        let email = resolved(&self.email).await?;
        let password = resolved(&self.password).await?;
        self.buy(door, "password", &[("email", &email), ("password", &password)]).await
    }

    async fn buy(&self, door: &Door, grant: &str, with: &[(&str, &Secret)]) -> Result<Secret, CallError> {
        let url = resolved(&self.url).await?;
        let url = std::str::from_utf8(url.expose()).ok().and_then(api_of);
        let url = url.ok_or_else(|| {
            CallError::NotSent(format!("{} is no address; it is to be https://host", self.url))
        })?;
        let request = Request::new("POST", &format!("{url}/auth/v1/token?grant_type={grant}"))?
            .header("apikey", &resolved(&self.apikey).await?)?
            .json(body(with)?);
        let answer = door.call(request).await?;
        let tokens = tokens(&answer)?;
        let access = tokens.access.again();
        *self.held() = Some(tokens);
        Ok(access)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Tokens>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn resolved(reference: &Reference) -> Result<Secret, CallError> {
    reference.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))
}

fn body(fields: &[(&str, &Secret)]) -> Result<Secret, CallError> {
    let mut value = json!({});
    for (name, secret) in fields {
        let text = std::str::from_utf8(secret.expose());
        value[name] =
            text.map_err(|_| CallError::NotSent(format!("the {name} to sign in with is no text")))?.into();
    }
    let bytes = serde_json::to_vec(&value);
    wipe(&mut value);
    bytes.map(Secret::new).map_err(|_| CallError::NotSent("what to sign in with is no JSON".into()))
}

/// Reads an answer; of a refusal only its status, for the body may repeat what was sent.
fn tokens(answer: &Answer) -> Result<Tokens, CallError> {
    let status = answer.status;
    let (kind, why) = match status {
        200..=299 => return read(&answer.body),
        // A wrong password is a 400 there, and so is a refresh token that was used.
        400 | 401 | 403 | 422 => (Refusal::Credential, "what it signs in with was refused"),
        429 => (Refusal::TooMany, "it signed in too often"),
        300..=499 => (Refusal::Other, "it was refused"),
        // Signing in changes nothing: it can be asked again.
        _ => return Err(CallError::NotSent(format!("sign in: answered {status}, and no token came"))),
    };
    Err(CallError::Refused { status, kind, why: format!("sign in: {why}"), retry_after: answer.retry_after })
}

fn read(body: &Secret) -> Result<Tokens, CallError> {
    let unreadable = |why: &str| CallError::Unreadable(format!("sign in: {why}"));
    let answer = parsed(body).map_err(|_| unreadable("the answer is no JSON"))?;
    let is_plain = |text: &&str| text.len() <= 16 << 10 && text.bytes().all(|b| b.is_ascii_graphic());
    let text = |place: &str| text_at(&answer.0, place).filter(is_plain).map(|t| Secret::new(t.into()));
    let life = answer.0.get("expires_in").and_then(Value::as_u64).unwrap_or(60 * 60).min(LONGEST);
    let until = Instant::now() + Duration::from_secs(life);
    let access = text("/access_token").ok_or_else(|| unreadable("the answer holds no token"))?;
    Ok(Tokens { access, refresh: text("/refresh_token"), until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Result<Tokens, CallError> {
        tokens(&Answer {
            status,
            headers: crate::http::Headers::default(),
            retry_after: Some(3),
            date: None,
            body: Secret::new(body.into()),
            is_cut: false,
        })
    }

    #[test]
    fn a_refusal_says_no_more_than_its_kind() {
        for (status, kind) in [
            (400, Refusal::Credential),
            (403, Refusal::Credential),
            (429, Refusal::TooMany),
            (302, Refusal::Other),
        ] {
            let e = answered(status, r#"{"msg":"hunter2 is wrong"}"#).err().unwrap();
            assert!(matches!(&e, CallError::Refused { kind: k, .. } if *k == kind), "{e:?}");
            assert!(!format!("{e} {e:?}").contains("hunter2"), "{e:?}");
        }
        assert!(matches!(answered(500, "hunter2"), Err(CallError::NotSent(_))));
    }

    #[test]
    fn an_answer_without_a_token_cannot_be_read() {
        for body in
            ["", "[]", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#, r#"{"access_token":7}"#]
        {
            assert!(matches!(answered(200, body), Err(CallError::Unreadable(_))), "{body}");
        }
        let tokens =
            answered(200, r#"{"access_token":"a.b.c","refresh_token":"r","expires_in":60}"#).unwrap();
        assert!(tokens.access == Secret::new(b"a.b.c".to_vec()) && tokens.refresh.is_some());
    }
}
