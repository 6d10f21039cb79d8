//! Vault's transit engine as a recipient: the key-encryption key never leaves it.

use async_trait::async_trait;
use data_encoding::BASE64;
use serde::Deserialize;
use zeroize::{Zeroize, Zeroizing};

use crate::model::Secret;
use crate::model::credential::CallError;
use crate::model::text::shown;

use super::error::SealError;
use super::kek::Kek;

/// The longest answer that is looked at, in bytes.
const LONGEST: usize = 64 << 10;
/// How much of a server's complaint is passed on, in bytes.
const LONGEST_WHY: usize = 200;

/// How a request leaves: the door to the network is two floors away from here.
#[async_trait]
pub trait Post: Send + Sync {
    /// Posts JSON with these headers, and returns the status and the bounded body.
    async fn post(
        &self,
        url: &str,
        headers: &[(String, &Secret)],
        body: &[u8],
    ) -> Result<(u16, Secret), CallError>;
}

/// A key of a Vault's transit engine.
pub struct Transit {
    id: String,
    address: String,
    mount: String,
    name: String,
    namespace: Option<Secret>,
    token: Secret,
    post: Box<dyn Post>,
}

impl Transit {
    /// Names a key: the server's address (`https://vault.example:8200`), where the engine is mounted
    /// (`transit`), and the key's name. The id has no address in it, so that a server may move.
    pub fn new(
        address: &str,
        mount: &str,
        name: &str,
        token: Secret,
        post: Box<dyn Post>,
    ) -> Result<Self, SealError> {
        let id = format!("transit:{mount}/{name}");
        let odd = |why: &str| SealError::Kek { id: shown(id.as_bytes()).to_string(), why: why.into() };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_word = |word: &str| word.contains(|c: char| c != '.') && word.chars().all(is_plain);
        if !is_word(name) || !mount.split('/').all(is_word) || id.len() > 200 {
            return Err(odd("mount and name are letters, digits, `-`, `_` and `.`"));
        }
        let scheme = address.starts_with("https://") || address.starts_with("http://");
        if !scheme || address.contains(['?', '#', '@']) || address.chars().any(char::is_control) {
            return Err(odd("the address is `https://HOST` and holds no user, query or fragment"));
        }
        let address = address.trim_end_matches('/').to_owned();
        let (mount, name) = (mount.into(), name.into());
        Ok(Self { id, address, mount, name, namespace: None, token, post })
    }

    /// Asks within a namespace.
    #[must_use]
    pub fn within(mut self, namespace: &str) -> Self {
        self.namespace = Some(Secret::new(namespace.into()));
        self
    }

    async fn ask(&self, verb: &str, body: &[u8]) -> Result<Data, SealError> {
        let url = format!("{}/v1/{}/{verb}/{}", self.address, self.mount, self.name);
        let mut headers = vec![("X-Vault-Token".to_owned(), &self.token)];
        headers.extend(self.namespace.as_ref().map(|namespace| ("X-Vault-Namespace".to_owned(), namespace)));
        let answer = self.post.post(&url, &headers, body).await;
        let (status, body) = answer.map_err(|e| self.odd(e.to_string()))?;
        if body.len() > LONGEST {
            return Err(self.odd("the server's answer is too long".into()));
        }
        if status != 200 {
            return Err(self.odd(refused(status, &body)));
        }
        let answer: Result<Answer, _> = serde_json::from_slice(body.expose());
        // serde's words may hold the answer's.
        Ok(answer.map_err(|_| self.odd("the server's answer can't be read".into()))?.data)
    }

    fn odd(&self, why: String) -> SealError {
        SealError::Kek { id: self.id.clone(), why }
    }
}

#[async_trait]
impl Kek for Transit {
    fn id(&self) -> &str {
        &self.id
    }

    async fn wrap(&self, data_key: &Secret) -> Result<Vec<u8>, SealError> {
        let plain = Zeroizing::new(BASE64.encode(data_key.expose()));
        let body = Zeroizing::new(format!(r#"{{"plaintext":"{}"}}"#, plain.as_str()));
        let mut data = self.ask("encrypt", body.as_bytes()).await?;
        let wrapped = data.ciphertext.take().filter(|text| is_wrapped(text));
        wrapped
            .map(String::into_bytes)
            .ok_or_else(|| self.odd("the server's answer holds no ciphertext".into()))
    }

    async fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, SealError> {
        let text = std::str::from_utf8(wrapped).ok().filter(|text| is_wrapped(text));
        let text = text.ok_or(SealError::Malformed("a wrapped key is none of Vault's"))?;
        let data = self.ask("decrypt", format!(r#"{{"ciphertext":"{text}"}}"#).as_bytes()).await?;
        let plain = data.plaintext.as_ref().and_then(|text| BASE64.decode(text.as_bytes()).ok());
        plain.map(Secret::new).ok_or_else(|| self.odd("the server's answer holds no plaintext".into()))
    }
}

/// Wrapped keys come from a store: what is no ciphertext of Vault's is not sent to it.
fn is_wrapped(text: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b':' | b'-' | b'_');
    text.starts_with("vault:v") && text.len() <= 4096 && text.bytes().all(is_plain)
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    ciphertext: Option<String>,
    plaintext: Option<String>,
}

impl Drop for Data {
    fn drop(&mut self) {
        self.plaintext.zeroize();
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

/// Says what a status and the server's own words mean.
fn refused(status: u16, body: &Secret) -> String {
    let said = serde_json::from_slice::<Errors>(body.expose()).map(|e| e.errors.join("; "));
    let said = said.unwrap_or_default();
    let said = shown(&said.as_bytes()[..said.len().min(LONGEST_WHY)]).to_string();
    let meaning = match status {
        400 => "the server can't do that with this key",
        403 => "the token may not use this key",
        404 => "there is no such engine or key",
        429 => "the server is asked too often, or stands by",
        503 => "the server is sealed or in maintenance",
        _ => "the server refused",
    };
    if said.is_empty() {
        format!("{meaning} (status {status})")
    } else {
        format!("{meaning} (status {status}: {said})")
    }
}

#[cfg(test)]
mod tests;
