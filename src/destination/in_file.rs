//! The five verbs for a credential that stands in a file, whatever the file's form.
//!
//! The work is short and local, and is done without giving the thread back: a future that is dropped
//! leaves nothing half-done.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::file::{self, Seen};
use super::{Destination, DestinationError, Held, Meta, Reach, Stamp, StampKey, Wrong, program};
use crate::model::credential::Credential;
use crate::model::text::shown;

/// How long a command that makes a write count may take.
const LONGEST_COMMAND: Duration = Duration::from_secs(300);

/// How a credential stands in a file's text.
pub(super) trait Form: Send + Sync {
    /// Reads it.
    fn read(&self, text: &[u8]) -> Result<Credential, Unfit>;

    /// Returns the text with another one in its place, and everything else as it was.
    fn with(&self, text: &[u8], new: &Credential) -> Result<Zeroizing<Vec<u8>>, Unfit>;
}

/// Why a text is not read or changed. Nothing of the text is quoted: it holds secrets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// What is looked for is not in it.
    Absent(String),
    /// It can be read in more than one way, or the new value cannot be written into it.
    Unclear(String),
}

/// A credential in a file.
pub(super) struct InFile {
    kind: &'static str,
    /// As the operator wrote it, made harmless.
    place: String,
    base: PathBuf,
    path: PathBuf,
    form: Box<dyn Form>,
    /// What makes a write count.
    then: Vec<String>,
    key: StampKey,
}

impl InFile {
    /// Reads `PATH#WHAT` and an optional ` then COMMAND`.
    pub(super) fn parse(
        kind: &str,
        rest: &str,
        reach: &Reach,
        form: fn(&str) -> Result<Box<dyn Form>, Wrong>,
    ) -> Result<Self, Wrong> {
        let (rest, then) = match rest.split_once(" then ") {
            Some((_, command)) if command.trim().is_empty() => {
                return Err(("nothing follows `then`".into(), "name a command or take `then` away".into()));
            }
            Some((rest, command)) => (rest.trim_end(), program::words(command)),
            None => (rest.trim_end(), Vec::new()),
        };
        let (path, what) = rest.rsplit_once('#').unwrap_or((rest, ""));
        if path.is_empty() || path.contains('\0') {
            return Err(("it names no file".into(), format!("write {kind}:PATH#…")));
        }
        let form = form(what)?;
        let kind = if kind == "url" { "url" } else { "dotenv" };
        Ok(Self {
            kind,
            place: shown(format!("{kind}:{rest}").as_bytes()),
            base: reach.base.clone(),
            path: reach.base.join(path),
            form,
            then,
            key: reach.stamps.clone(),
        })
    }

    fn stamp(&self, bytes: &[u8]) -> Stamp {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key.0[..]).expect("HMAC takes a key of any length");
        for part in [b"keywright stamp v1".as_slice(), bytes] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        Stamp(data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
    }

    fn look(&self) -> Result<Seen, DestinationError> {
        file::look(&self.path).map_err(|e| self.named(e))
    }

    fn named(&self, error: DestinationError) -> DestinationError {
        error.at(&self.place)
    }

    fn unfit(&self, unfit: Unfit) -> DestinationError {
        self.named(match unfit {
            Unfit::Absent(why) => DestinationError::Absent(why),
            Unfit::Unclear(why) => DestinationError::Denied(why),
        })
    }
}

#[async_trait]
impl Destination for InFile {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    async fn read_meta(&self) -> Result<Meta, DestinationError> {
        let seen = self.look()?;
        let value = self.form.read(&seen.bytes).map_err(|e| self.unfit(e))?;
        let _lock = file::lock(&seen).await.map_err(|e| self.named(e))?;
        file::rehearse(&seen).map_err(|e| self.named(e))?;
        Ok(Meta { stamp: self.stamp(&seen.bytes), value: Some(value) })
    }

    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        let before = self.look()?;
        let _lock = file::lock(&before).await.map_err(|e| self.named(e))?;
        let seen = self.look()?;
        let held = self.form.read(&seen.bytes);
        if held.is_ok_and(|held| is(&held, new)) {
            // Written already, by a run that could not say so any more.
            file::settle(&seen).map_err(|e| self.named(e))?;
            return Ok(self.stamp(&seen.bytes));
        }
        if self.stamp(&seen.bytes) != *at {
            let why = "the file was changed since it was looked at; plan again".into();
            return Err(self.named(DestinationError::Changed(why)));
        }
        let text = self.form.with(&seen.bytes, new).map_err(|e| self.unfit(e))?;
        // Nothing is written that would not be read back.
        if !self.form.read(&text).is_ok_and(|held| is(&held, new)) {
            let why = "the new value would not be read back from it; nothing was written".into();
            return Err(self.named(DestinationError::Denied(why)));
        }
        file::replace(&self.path, &seen, &text).map_err(|e| self.named(e))?;
        Ok(self.stamp(&text))
    }

    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        let seen = self.look()?;
        let held = self.form.read(&seen.bytes).map_err(|e| self.unfit(e))?;
        Ok(if is(&held, wanted) { Held::Wanted } else { Held::Other })
    }

    async fn activate(&self) -> Result<(), DestinationError> {
        if self.then.is_empty() {
            return Ok(());
        }
        let command = format!("`{}`", shown(self.then.join(" ").as_bytes()));
        // What it says is not taken: it may well say what it read from the file.
        match program::run_silently(&self.then, &self.base, LONGEST_COMMAND).await {
            Ok(ending) if ending.is_well() => Ok(()),
            Ok(ending) => Err(DestinationError::NotDone(format!(
                "{}: {command} {ending}; run it by hand in {} to see why",
                self.place,
                self.base.display()
            ))),
            Err(e @ program::RunError::NotStarted(_)) => {
                Err(DestinationError::Denied(format!("{}: {command} {e}", self.place)))
            }
            Err(e) => Err(DestinationError::Lost(format!("{}: {command} {e}", self.place))),
        }
    }

    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.write(old, at).await
    }
}

/// Tells whether what is held is what is wanted, as far as both name a key id.
fn is(held: &Credential, wanted: &Credential) -> bool {
    let same_id = match (&held.key_id, &wanted.key_id) {
        (Some(held), Some(wanted)) => held == wanted,
        _ => true,
    };
    same_id && held.secret == wanted.secret
}
