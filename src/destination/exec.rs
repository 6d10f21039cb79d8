//! `exec:PROGRAM [ARG...]`: a program of the operator's. The secret goes to its standard input and nowhere
//! else. docs/destinations.md describes what is said.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use memchr::memmem;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::program::{self, RunError, Said};
use super::{Destination, DestinationError, Held, Meta, Stamp, Wrong};
use crate::model::Secret;
use crate::model::credential::Credential;
use crate::model::text::shown;

/// How long one verb may take.
const LONGEST: Duration = Duration::from_secs(60);
/// How long an activation may take.
const LONGEST_ACTIVATION: Duration = Duration::from_secs(300);
/// How much a program may say, on each of its streams.
const MOST: usize = 64 << 10;
/// How much of what it says is repeated.
const MOST_REPEATED: usize = 200;

/// A program that knows a place.
pub(super) struct Exec {
    place: String,
    words: Vec<String>,
    base: PathBuf,
}

/// What is asked.
#[derive(Serialize)]
struct Question<'a> {
    verb: &'static str,
    key_id: Option<&'a str>,
    secret: Option<&'a str>,
    stamp: Option<&'a str>,
}

/// What is answered.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    unsupported: bool,
    stamp: Option<String>,
    key_id: Option<String>,
    secret: Option<String>,
    held: Option<String>,
    error: Option<String>,
    why: Option<String>,
}

impl Exec {
    /// Reads `PROGRAM [ARG...]`.
    pub(super) fn parse(rest: &str, base: &Path) -> Result<Self, Wrong> {
        let words = program::words(rest);
        if words.is_empty() || rest.contains('\0') {
            return Err(("it names no program".into(), "write exec:PROGRAM or exec:PROGRAM ARG...".into()));
        }
        let place = shown(format!("exec:{}", words.join(" ")).as_bytes());
        Ok(Self { place, words, base: base.to_owned() })
    }

    /// Asks one verb; `None`: the program does not know it.
    async fn ask(
        &self,
        verb: &'static str,
        credential: Option<&Credential>,
        stamp: Option<&Stamp>,
    ) -> Result<Option<Answer>, DestinationError> {
        let secret = credential.map(|c| std::str::from_utf8(c.secret.expose())).transpose();
        let secret = secret.map_err(|_| {
            DestinationError::Denied(format!(
                "{}: the new secret is no text, which JSON cannot hold",
                self.place
            ))
        })?;
        let key_id = credential.and_then(|c| c.key_id.as_deref());
        let question = Question { verb, key_id, secret, stamp: stamp.map(|s| s.0.as_str()) };
        // Room at once: a vector that grows leaves copies behind. JSON spells a byte with six at most.
        let parts = [key_id, secret, question.stamp].into_iter().flatten().map(str::len).sum::<usize>();
        let mut input = Zeroizing::new(Vec::with_capacity(6 * parts + 128));
        serde_json::to_writer(&mut *input, &question).expect("text is written as JSON");
        input.push(b'\n');
        let changes = matches!(verb, "write" | "restore" | "activate");
        let longest = if verb == "activate" { LONGEST_ACTIVATION } else { LONGEST };
        let said = program::ask(&self.words, &self.base, &input, MOST, longest).await;
        let lost = |why: String| {
            let why = format!("{}: at `{verb}` it {why}", self.place);
            if changes { DestinationError::Lost(why) } else { DestinationError::NotDone(why) }
        };
        let said = said.map_err(|e| match e {
            RunError::NotStarted(_) => DestinationError::Denied(format!("{}: it {e}", self.place)),
            e => lost(e.to_string()),
        })?;
        let told = told(&said, secret.map(str::as_bytes));
        if !said.ending.is_well() && said.output.trim_ascii().is_empty() {
            return Err(lost(format!("{}{told}", said.ending)));
        }
        // What JSON's reader complains about may quote the answer.
        let answer: Answer = serde_json::from_slice(&said.output)
            .map_err(|_| lost(format!("answered with something else than one JSON object{told}")))?;
        if let Some(error) = &answer.error {
            let why =
                repeated(answer.why.as_deref().unwrap_or_default().as_bytes(), secret.map(str::as_bytes));
            let made: fn(String) -> DestinationError = match error.as_str() {
                "absent" => DestinationError::Absent,
                "denied" => DestinationError::Denied,
                "changed" => DestinationError::Changed,
                "not_done" => DestinationError::NotDone,
                _ => DestinationError::Lost,
            };
            return Err(made(format!("{}: at `{verb}` it answered with an error{why}", self.place)));
        }
        if answer.unsupported {
            return Ok(None);
        }
        if !said.ending.is_well() {
            return Err(lost(format!("{}{told}", said.ending)));
        }
        Ok(Some(answer))
    }

    async fn put(
        &self,
        verb: &'static str,
        new: &Credential,
        at: &Stamp,
    ) -> Result<Option<Stamp>, DestinationError> {
        let Some(answer) = self.ask(verb, Some(new), Some(at)).await? else { return Ok(None) };
        // A program without stamps is asked to write whatever is there.
        Ok(Some(Stamp(answer.stamp.unwrap_or_default())))
    }
}

#[async_trait]
impl Destination for Exec {
    fn kind(&self) -> &'static str {
        "exec"
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    async fn read_meta(&self) -> Result<Meta, DestinationError> {
        let answer = self.ask("read_meta", None, None).await?.unwrap_or_default();
        let secret = answer.secret.map(|secret| Secret::new(secret.into_bytes()));
        let value = secret.map(|secret| Credential { key_id: answer.key_id, secret });
        Ok(Meta { stamp: Stamp(answer.stamp.unwrap_or_default()), value })
    }

    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        let stamp = self.put("write", new, at).await?;
        stamp.ok_or_else(|| DestinationError::Denied(format!("{}: it cannot write", self.place)))
    }

    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        let Some(answer) = self.ask("read_back", Some(wanted), None).await? else { return Ok(Held::Hidden) };
        match answer.held.as_deref() {
            Some("wanted") => Ok(Held::Wanted),
            Some("other") => Ok(Held::Other),
            Some("hidden") => Ok(Held::Hidden),
            _ => Err(DestinationError::NotDone(format!(
                "{}: at `read_back` its `held` is not wanted, other or hidden",
                self.place
            ))),
        }
    }

    async fn activate(&self) -> Result<(), DestinationError> {
        self.ask("activate", None, None).await.map(drop)
    }

    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        match self.put("restore", old, at).await? {
            Some(stamp) => Ok(stamp),
            // To put the old one back is to write it.
            None => self.write(old, at).await,
        }
    }
}

/// Repeats the last line a program said on standard error.
fn told(said: &Said, secret: Option<&[u8]>) -> String {
    let errors = said.errors.trim_ascii_end();
    let last = errors.rsplit(|b| *b == b'\n').next().unwrap_or_default();
    repeated(if holds(errors, secret) { errors } else { last }, secret)
}

/// Repeats what a program said, bounded and harmless, unless a secret is in it.
fn repeated(text: &[u8], secret: Option<&[u8]>) -> String {
    if holds(text, secret) {
        return " (what it said holds the secret, and is not repeated)".into();
    }
    if text.is_empty() {
        String::new()
    } else {
        format!(": {}", shown(&text[..text.len().min(MOST_REPEATED)]))
    }
}

/// Tells whether a secret, or a good part of it, stands in a text.
fn holds(text: &[u8], secret: Option<&[u8]>) -> bool {
    let secret = secret.unwrap_or_default();
    !secret.is_empty() && secret.windows(secret.len().min(12)).any(|part| memmem::find(text, part).is_some())
}

#[cfg(test)]
mod tests;
