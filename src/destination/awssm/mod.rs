//! `awssm:SECRET_ID`: a secret in AWS Secrets Manager, or a field of the JSON object it holds.
//!
//! A write makes a version that nobody reads yet (`AWSPENDING`); to activate moves the label everybody
//! reads (`AWSCURRENT`) to it, if that is still where it was. A version's id is made of the version before
//! it and the new value: written twice it is one version, and who wrote it can be told by its id.
//!
//! - `place`: reads a place and its table
//! - `api`: the calls
//! - `sign`: AWS's signature

mod api;
mod place;
mod sign;

use std::sync::Mutex;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::in_file::{Form, Unfit, is};
use super::{Destination, DestinationError, Held, Meta, Reach, Stamp, StampKey, Wrong};
use crate::model::Secret;
use crate::model::credential::Credential;
use crate::model::text::shown;

use api::{About, Api, CURRENT, PENDING, PREVIOUS, Version};

/// What the ids of our versions begin with.
const OURS: &str = "keywright-";
/// A label that no version holds: to take it away shows that labels may be moved, and moves none.
const REHEARSAL: &str = "keywright-rehearsal";

/// A secret.
pub(super) struct SecretsManager {
    place: String,
    api: Api,
    form: Box<dyn Form>,
    stamps: StampKey,
    /// The version this run wrote and has not activated.
    written: Mutex<Option<String>>,
}

/// What stands there.
struct Seen {
    about: About,
    current: Version,
    pending: Option<Pending>,
}

/// A version that is not read yet.
struct Pending {
    id: String,
    /// Its value, if it was made by us out of the current version.
    ours: Option<Secret>,
}

impl SecretsManager {
    /// Reads `[NAME/]SECRET_ID[#FIELD[,key_id=OTHER]]`.
    pub(super) fn parse(rest: &str, reach: &Reach) -> Result<Self, Wrong> {
        let (api, form) = place::read(rest, reach)?;
        Ok(Self {
            place: shown(format!("awssm:{rest}").as_bytes()),
            api,
            form,
            stamps: reach.stamps.clone(),
            written: Mutex::new(None),
        })
    }

    /// Names the version that is to hold a value, made out of another version.
    fn id_of(&self, before: &str, text: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.stamps.0[..]).expect("HMAC takes a key of any length");
        for part in [b"keywright awssm v1".as_slice(), self.api.id.as_bytes(), before.as_bytes(), text] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        format!("{OURS}{}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()[..16]))
    }

    async fn look(&self) -> Result<Seen, DestinationError> {
        let about = self.api.about().await?;
        if about.deleted_date.is_some() {
            return Err(DestinationError::Absent(
                "it is deleted; `aws secretsmanager restore-secret` brings it back".into(),
            ));
        }
        let current = self.api.version(CURRENT).await?;
        if about.at(CURRENT) != Some(current.id.as_str()) {
            return Err(DestinationError::NotDone("its labels are being moved; try again".into()));
        }
        // On the current version the label is a leftover and says nothing.
        let pending = match about.at(PENDING).filter(|id| *id != current.id) {
            None => None,
            Some(id) if !id.starts_with(OURS) => Some(Pending { id: id.into(), ours: None }),
            Some(id) => {
                let version = self.api.version(PENDING).await?;
                let is_ours = version.id == id && self.id_of(&current.id, version.text.expose()) == id;
                Some(Pending { id: id.into(), ours: is_ours.then_some(version.text) })
            }
        };
        Ok(Seen { about, current, pending })
    }

    fn holds(&self, text: &Secret, wanted: &Credential) -> bool {
        self.form.read(text.expose()).is_ok_and(|held| is(&held, wanted))
    }

    async fn meta(&self) -> Result<Meta, DestinationError> {
        let Seen { about, current, pending } = self.look().await?;
        let denied = |why: String| Err(DestinationError::Denied(why));
        if let Some(owner) = about.owning_service.filter(|owner| !owner.is_empty()) {
            return denied(format!("it is kept by {}, which would write over it", shown(owner.as_bytes())));
        }
        if about.rotation_enabled == Some(true) {
            return denied("AWS rotates it by itself and would write over it; turn that off first".into());
        }
        if let Some(primary) = about.primary_region.filter(|primary| *primary != self.api.region) {
            return denied(format!("it is a copy; it is written in {}", shown(primary.as_bytes())));
        }
        if let Some(foreign) = pending.filter(|pending| pending.ours.is_none()) {
            return denied(being_rotated(&foreign.id));
        }
        let value = self.form.read(current.text.expose()).map_err(unfit)?;
        // What is there already is put there once more, which Secrets Manager takes and ignores.
        self.api.put(&current.id, current.text.expose(), CURRENT).await.map_err(unproved)?;
        match self.api.relabel(REHEARSAL, Some(&current.id), None).await {
            // No version holds it: any no but one to the asker shows that it may be asked.
            Ok(()) | Err(DestinationError::Changed(_) | DestinationError::Absent(_)) => {}
            Err(error) => return Err(unproved(error)),
        }
        Ok(Meta { stamp: Stamp(current.id), value: Some(value) })
    }

    async fn put(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        let Seen { about, current, pending } = self.look().await?;
        if self.holds(&current.text, new) && pending.as_ref().is_none_or(|p| p.ours.is_none()) {
            // Written and activated already, by a run that could not say so any more.
            return Ok(Stamp(current.id));
        }
        if current.id != at.0 {
            return Err(DestinationError::Changed(
                "AWSCURRENT was moved since it was looked at; plan again".into(),
            ));
        }
        let text = self.form.with(current.text.expose(), new).map_err(unfit)?;
        let id = self.id_of(&current.id, &text);
        match &pending {
            Some(pending) if pending.id == id => {}
            Some(pending) if pending.ours.is_none() => {
                return Err(DestinationError::Changed(being_rotated(&pending.id)));
            }
            _ => {
                if !self.api.put(&id, &text, PENDING).await? {
                    // It was there already, from an earlier time.
                    self.api.relabel(PENDING, about.at(PENDING), Some(&id)).await?;
                }
            }
        }
        *self.written.lock().expect("no holder panics") = Some(id);
        Ok(Stamp(current.id))
    }

    async fn switch(&self) -> Result<(), DestinationError> {
        let Seen { about, current, pending } = self.look().await?;
        let written = self.written.lock().expect("no holder panics").clone();
        let is_missing = written.as_ref().is_some_and(|id| *id != current.id);
        match pending {
            Some(Pending { id, ours: Some(_) }) => {
                self.api.relabel(CURRENT, Some(&current.id), Some(&id)).await?;
                self.api.relabel(PENDING, Some(&id), None).await
            }
            Some(Pending { id, ours: None }) if is_missing || id.starts_with(OURS) => {
                Err(DestinationError::Changed(format!(
                    "{}; or AWSCURRENT was moved since it was written",
                    being_rotated(&id)
                )))
            }
            None if is_missing => {
                Err(DestinationError::NotDone("what was written does not show there yet; try again".into()))
            }
            _ if about.holds(&current.id, PENDING) => {
                self.api.relabel(PENDING, Some(&current.id), None).await
            }
            _ => Ok(()),
        }
    }

    async fn held(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        let Seen { about, current, pending } = self.look().await?;
        // What is written counts until it is activated, and what is current from then on: a version that
        // was current before and is pending again is read by nobody.
        let waits = pending.filter(|pending| !about.holds(&pending.id, PREVIOUS)).and_then(|p| p.ours);
        let text = waits.as_ref().unwrap_or(&current.text);
        Ok(if self.holds(text, wanted) { Held::Wanted } else { Held::Other })
    }

    async fn put_back(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        let Seen { about, current, pending } = self.look().await?;
        if current.id != at.0 {
            return Err(DestinationError::Changed("AWSCURRENT was moved since it was looked at".into()));
        }
        *self.written.lock().expect("no holder panics") = None;
        if self.holds(&current.text, old) {
            if let Some(Pending { id, ours: Some(_) }) = pending {
                self.api.relabel(PENDING, Some(&id), None).await?;
            }
            return Ok(Stamp(current.id));
        }
        if about.at(PREVIOUS).is_some() {
            let previous = self.api.version(PREVIOUS).await?;
            if self.holds(&previous.text, old) {
                self.api.relabel(CURRENT, Some(&current.id), Some(&previous.id)).await?;
                return Ok(Stamp(previous.id));
            }
        }
        // It is activated as every write is.
        self.put(old, at).await
    }
}

fn being_rotated(id: &str) -> String {
    format!(
        "somebody else is rotating it: version {} is AWSPENDING; let that end, or take the label away",
        shown(id.as_bytes())
    )
}

/// What a rehearsal that came to nothing means: nothing was to be changed.
fn unproved(error: DestinationError) -> DestinationError {
    match error {
        DestinationError::Lost(why) => DestinationError::NotDone(why),
        error => error,
    }
}

fn unfit(unfit: Unfit) -> DestinationError {
    match unfit {
        Unfit::Absent(why) => DestinationError::Absent(why),
        Unfit::Unclear(why) => DestinationError::Denied(why),
    }
}

#[async_trait]
impl Destination for SecretsManager {
    fn kind(&self) -> &'static str {
        "awssm"
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    async fn read_meta(&self) -> Result<Meta, DestinationError> {
        self.meta().await.map_err(|e| e.at(&self.place))
    }

    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.put(new, at).await.map_err(|e| e.at(&self.place))
    }

    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        self.held(wanted).await.map_err(|e| e.at(&self.place))
    }

    async fn activate(&self) -> Result<(), DestinationError> {
        self.switch().await.map_err(|e| e.at(&self.place))?;
        *self.written.lock().expect("no holder panics") = None;
        Ok(())
    }

    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.put_back(old, at).await.map_err(|e| e.at(&self.place))
    }
}
