//! `vault:MOUNT/PATH#FIELD`: a field of a secret in Vault's key-value engine, version 2.
//!
//! A write there replaces all fields: what was read goes back whole, with one field changed, on the
//! condition that the version is still the one that was read (check-and-set).

use std::sync::Arc;

use async_trait::async_trait;
use memchr::memmem;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::in_file::{Form as _, Unfit, is};
use super::json::{Fields, field, members};
use super::network::{address, credential, refused, settings, unanswered};
use super::{Destination, DestinationError, Held, Meta, Reach, Stamp, Wrong};
use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::Credential;
use crate::model::text::shown;
use crate::reference::Reference;

const WRITE: &str = "vault:MOUNT/PATH#FIELD, or vault:MOUNT/PATH#FIELD,key_id=OTHER";

/// The table `[destinations.vault]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    url: String,
    token: String,
    namespace: Option<String>,
    /// Where the engine is mounted, if the place is not to say it: a mount may have slashes.
    mount: Option<String>,
}

/// A field of a secret.
pub(super) struct Vault {
    place: String,
    url: String,
    token: Reference,
    namespace: Option<Secret>,
    /// `MOUNT/data/PATH`, as policies name it.
    path: String,
    fields: Fields,
    door: Arc<Door>,
}

/// What a version is known by. A secret that was made anew begins with version 1 again.
#[derive(Deserialize)]
struct Version {
    version: u64,
    created_time: String,
    #[serde(default)]
    deletion_time: String,
    #[serde(default)]
    destroyed: bool,
}

/// What stands there.
struct Seen {
    version: Version,
    /// The object of all fields.
    object: Secret,
}

impl Vault {
    /// Reads `[NAME/]MOUNT/PATH#FIELD[,key_id=OTHER]`.
    pub(super) fn parse(rest: &str, reach: &Reach) -> Result<Self, Wrong> {
        let wrong = |why: &str| -> Wrong { (why.into(), format!("write {WRITE}")) };
        let (table, place) = settings::<Settings>("vault", rest, reach)?;
        let (path, what) = place.rsplit_once('#').unwrap_or((place, ""));
        let is_part = |part: &str| {
            !matches!(part, "" | "." | "..")
                && !part.contains(['#', '?', '\\', '+', '*'])
                && !part.contains(char::is_control)
        };
        let parts = |text: &str| text.split('/').all(is_part);
        let (mount, path) = match &table.mount {
            Some(mount) => (mount.as_str(), path),
            None => path.split_once('/').ok_or_else(|| wrong("it names no secret of a mount"))?,
        };
        if !parts(mount) || !parts(path) || mount.len() + path.len() > 1000 {
            return Err(wrong("mount or path is none"));
        }
        let namespace = table.namespace.map(|name| name.trim_matches('/').to_owned());
        if namespace.as_deref().is_some_and(|name| !parts(name)) {
            return Err(("its `namespace` is none".into(), "write namespace = \"team/app\"".into()));
        }
        Ok(Self {
            place: shown(format!("vault:{rest}").as_bytes()),
            url: address(&table.url)?,
            token: credential("token", &table.token)?,
            namespace: namespace.map(|name| Secret::new(name.into_bytes())),
            path: format!("{mount}/data/{path}"),
            fields: Fields::parse(what, WRITE)?,
            door: reach.door.clone(),
        })
    }

    /// Makes a call; `body`: it changes or asks something.
    async fn call(
        &self,
        path: &str,
        body: Option<Secret>,
        changes: bool,
    ) -> Result<Answer, DestinationError> {
        let token = self.token.resolve().await.map_err(|e| DestinationError::Denied(e.to_string()))?;
        let made = || {
            let method = if body.is_some() { "POST" } else { "GET" };
            let request = Request::new(method, &format!("{}/v1/{}", self.url, encoded(path)))?;
            let request = request.header("x-vault-token", &token)?;
            // An agent in between may want it: no page that a browser was led to can send it.
            let request = request.header("x-vault-request", &Secret::new(b"true".to_vec()))?;
            match &self.namespace {
                Some(namespace) => request.header("x-vault-namespace", namespace),
                None => Ok(request),
            }
        };
        let request = made().map_err(|e| unanswered(e, changes))?;
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        self.door.call(request).await.map_err(|e| unanswered(e, changes))
    }

    /// Reads the latest version.
    async fn look(&self) -> Result<Seen, DestinationError> {
        let answer = self.call(&self.path, None, false).await?;
        match answer.status {
            200 => seen(&answer.body).ok_or_else(|| {
                DestinationError::Denied("what answers is no key-value engine, version 2".into())
            }),
            // What was deleted is told with its metadata.
            404 => Err(DestinationError::Absent(match version(&answer.body) {
                Some(v) if v.destroyed => format!("version {} of it was destroyed", v.version),
                Some(v) if !v.deletion_time.is_empty() => {
                    format!("version {} of it was deleted; `vault kv undelete` brings it back", v.version)
                }
                _ => "there is no such secret, or the mount is no key-value engine, version 2".into(),
            })),
            _ => Err(refused(&answer, "read", false)),
        }
    }

    fn read(&self, seen: &Seen) -> Result<Credential, DestinationError> {
        self.fields.read(seen.object.expose()).map_err(unfit)
    }

    /// Asks whether the token may write there: Vault tells without anything being written.
    async fn may_write(&self) -> Result<(), DestinationError> {
        let body = serde_json::json!({ "paths": [self.path] }).to_string();
        let answer = self.call("sys/capabilities-self", Some(Secret::new(body.into_bytes())), false).await?;
        if answer.status != 200 {
            return Err(refused(&answer, "ask what the token may do", false));
        }
        let body = answer.body.expose();
        let at = field(body, &self.path).or_else(|_| field(body, "capabilities"));
        let can: Vec<String> =
            at.ok().and_then(|at| serde_json::from_slice(&body[at]).ok()).unwrap_or_default();
        if can.iter().any(|word| word == "update" || word == "root") {
            return Ok(());
        }
        let path = shown(self.path.as_bytes());
        let why =
            format!("the token may not write there; its policy wants `path \"{path}\"` with \"update\"");
        Err(DestinationError::Denied(why))
    }

    async fn put(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        let seen = self.look().await?;
        if self.read(&seen).is_ok_and(|held| is(&held, new)) {
            // Written already, by a run that could not say so any more.
            return Ok(seen.version.stamp());
        }
        let changed = |why: &str| DestinationError::Changed(format!("{why}; plan again"));
        if seen.version.stamp() != *at {
            return Err(changed("another version was written since it was looked at"));
        }
        let object = self.fields.with(seen.object.expose(), new).map_err(unfit)?;
        let head = format!("{{\"options\":{{\"cas\":{}}},\"data\":", seen.version.version);
        let mut body = Zeroizing::new(Vec::with_capacity(head.len() + object.len() + 1));
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&object);
        body.push(b'}');
        let answer = self.call(&self.path, Some(Secret::new(std::mem::take(&mut *body))), true).await?;
        match answer.status {
            200 => {
                let body = answer.body.expose();
                let at = field(body, "data").ok();
                let version = at.and_then(|at| serde_json::from_slice::<Version>(&body[at]).ok());
                let lost =
                    || DestinationError::Lost("write: answered 200 and not which version it is".into());
                Ok(version.ok_or_else(lost)?.stamp())
            }
            400 if memmem::find(answer.body.expose(), b"check-and-set").is_some() => {
                Err(changed("another version was written at the same time"))
            }
            _ => Err(refused(&answer, "write", true)),
        }
    }
}

impl Version {
    fn stamp(&self) -> Stamp {
        Stamp(format!("{} {}", self.version, shown(self.created_time.as_bytes())))
    }
}

fn unfit(unfit: Unfit) -> DestinationError {
    match unfit {
        Unfit::Absent(why) => DestinationError::Absent(why),
        Unfit::Unclear(why) => DestinationError::Denied(why),
    }
}

fn seen(body: &Secret) -> Option<Seen> {
    let version = version(body)?;
    let text = body.expose();
    let data = &text[field(text, "data").ok()?];
    let object = &data[field(data, "data").ok()?];
    members(object)?;
    Some(Seen { version, object: Secret::new(object.to_vec()) })
}

fn version(body: &Secret) -> Option<Version> {
    let text = body.expose();
    let data = &text[field(text, "data").ok()?];
    serde_json::from_slice(&data[field(data, "metadata").ok()?]).ok()
}

/// Writes a path for an address: its slashes stay.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[async_trait]
impl Destination for Vault {
    fn kind(&self) -> &'static str {
        "vault"
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    async fn read_meta(&self) -> Result<Meta, DestinationError> {
        let seen = self.look().await.map_err(|e| e.at(&self.place))?;
        let value = self.read(&seen).map_err(|e| e.at(&self.place))?;
        self.may_write().await.map_err(|e| e.at(&self.place))?;
        Ok(Meta { stamp: seen.version.stamp(), value: Some(value) })
    }

    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.put(new, at).await.map_err(|e| e.at(&self.place))
    }

    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        let held = self.look().await.and_then(|seen| self.read(&seen)).map_err(|e| e.at(&self.place))?;
        Ok(if is(&held, wanted) { Held::Wanted } else { Held::Other })
    }

    /// Whoever uses it reads it again.
    async fn activate(&self) -> Result<(), DestinationError> {
        Ok(())
    }

    /// The old value becomes a new version: the versions before may be gone.
    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.put(old, at).await.map_err(|e| e.at(&self.place))
    }
}
