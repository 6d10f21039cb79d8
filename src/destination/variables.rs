//! The five verbs for a credential that stands in variables of a platform: the secret in one, and the key id
//! in another where there is one.
//!
//! Each variable has its mark: what it holds where it can be read, else which write it holds. A stamp is
//! the marks of all of them, so that a write that was cut off between two variables is taken up. Where nobody can
//! read what was written, the time of the last write tells whether it was such a one.
//!
//! - `names`: which variables are meant

mod names;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Destination, DestinationError, Held, Meta, Reach, Stamp, StampKey};
use crate::model::Secret;
use crate::model::credential::Credential;
use crate::model::rotation::Moment;
use crate::model::text::shown;

pub(super) use names::Names;

/// How long behind its beginning a write may come to be: its calls, with an answer that was lost.
const LONGEST_WRITE: Moment = 120_000;
/// How much the platform's clock may differ from this machine's.
const SKEW: Moment = 60_000;

/// A variable as it was seen.
pub(super) struct Variable {
    /// The platform's own name for it.
    pub(super) id: String,
    /// What it holds, where that can be read.
    pub(super) value: Option<Secret>,
    /// Which write it holds: a time or a version.
    pub(super) version: String,
    /// When that was, where the platform tells it.
    pub(super) written: Option<Moment>,
}

impl Variable {
    /// Tells whether what it holds may be of a write that was begun at one of these moments: nobody can read
    /// it, and it was written about then.
    fn may_be_of(&self, begun: &[Moment]) -> bool {
        let is_of = |at: Moment| begun.iter().any(|b| (b - SKEW..=b + LONGEST_WRITE).contains(&at));
        self.value.is_none() && self.written.is_some_and(is_of)
    }
}

/// A platform on which variables stand.
#[async_trait]
pub(super) trait Platform: Send + Sync {
    /// Looks at the variables, in the order of their names.
    async fn look(&self, names: &[&str]) -> Result<Vec<Variable>, DestinationError>;

    /// Proves, as far as can be without a change, that they could be written.
    async fn rehearse(&self) -> Result<(), DestinationError> {
        Ok(())
    }

    /// Writes one; done twice, it is the same as once.
    async fn put(&self, seen: &Variable, value: &Secret) -> Result<(), DestinationError>;

    /// Makes what they hold count.
    async fn activate(&self, names: &[&str]) -> Result<(), DestinationError>;

    /// Tells that what runs has not been turned back to what they held before.
    async fn is_in_force(&self, _names: &[&str]) -> Result<bool, DestinationError> {
        Ok(true)
    }
}

/// A credential in variables.
pub(super) struct Variables {
    kind: &'static str,
    /// As the operator wrote it, made harmless.
    place: String,
    secret: String,
    key_id: Option<String>,
    platform: Box<dyn Platform>,
    key: StampKey,
}

impl Variables {
    /// Puts a place together.
    pub(super) fn new(
        kind: &'static str,
        rest: &str,
        names: Names,
        platform: Box<dyn Platform>,
        reach: &Reach,
    ) -> Self {
        let place = shown(format!("{kind}:{rest}").as_bytes());
        let Names { secret, key_id, .. } = names;
        Self { kind, place, secret, key_id, platform, key: reach.stamps.clone() }
    }

    fn names(&self) -> Vec<&str> {
        [Some(self.secret.as_str()), self.key_id.as_deref()].into_iter().flatten().collect()
    }

    /// Returns what each variable is to hold.
    fn wanted(&self, credential: &Credential) -> Result<Vec<Secret>, DestinationError> {
        let mut wanted = vec![credential.secret.again()];
        if self.key_id.is_some() {
            let Some(id) = &credential.key_id else {
                return Err(self.named(DestinationError::Denied(
                    "a variable is to hold the key id, and this key has none".into(),
                )));
            };
            wanted.push(Secret::new(id.clone().into_bytes()));
        }
        Ok(wanted)
    }

    async fn look(&self) -> Result<Vec<Variable>, DestinationError> {
        self.platform.look(&self.names()).await.map_err(|e| self.named(e))
    }

    fn mark(&self, variable: &Variable) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key.0[..]).expect("HMAC takes a key of any length");
        let (sort, held) = match &variable.value {
            Some(value) => (b"holds".as_slice(), value.expose()),
            None => (b"since".as_slice(), variable.version.as_bytes()),
        };
        for part in [b"keywright variable v1".as_slice(), variable.id.as_bytes(), sort, held] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    fn stamp(&self, seen: &[Variable]) -> Stamp {
        Stamp(seen.iter().map(|v| self.mark(v)).collect::<Vec<_>>().join("."))
    }

    /// Puts the place before what went wrong there.
    fn named(&self, error: DestinationError) -> DestinationError {
        use DestinationError::{Absent, Changed, Denied, Lost, NotDone};
        let put = |why: String| format!("{}: {why}", self.place);
        match error {
            Absent(why) => Absent(put(why)),
            Denied(why) => Denied(put(why)),
            Changed(why) => Changed(put(why)),
            NotDone(why) => NotDone(put(why)),
            Lost(why) => Lost(put(why)),
        }
    }
}

#[async_trait]
impl Destination for Variables {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn is_paired(&self) -> bool {
        self.key_id.is_some()
    }

    async fn read_meta(&self) -> Result<Meta, DestinationError> {
        let seen = self.look().await?;
        self.platform.rehearse().await.map_err(|e| self.named(e))?;
        let key_id = seen.get(1).and_then(|v| v.value.as_ref());
        let key_id = key_id.and_then(|id| String::from_utf8(id.expose().to_vec()).ok());
        let value = seen.first().and_then(|v| v.value.as_ref());
        let value = value.map(|secret| Credential { key_id, secret: secret.again() });
        Ok(Meta { stamp: self.stamp(&seen), value })
    }

    async fn write(&self, new: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.write_again(new, at, &[]).await
    }

    async fn write_again(
        &self,
        new: &Credential,
        at: &Stamp,
        begun: &[Moment],
    ) -> Result<Stamp, DestinationError> {
        let wanted = self.wanted(new)?;
        let seen = self.look().await?;
        let marks: Vec<&str> = at.0.split('.').collect();
        let mut left = Vec::new();
        for (at, (variable, value)) in seen.iter().zip(&wanted).enumerate() {
            if variable.value.as_ref() == Some(value) {
                // Written already, by a run that could not say so any more.
                continue;
            }
            let is_as_it_was = marks.get(at).is_some_and(|mark| *mark == self.mark(variable));
            if !is_as_it_was && !variable.may_be_of(begun) {
                let why = "it was changed since it was looked at; plan again".into();
                return Err(self.named(DestinationError::Changed(why)));
            }
            left.push((variable, value));
        }
        let mut is_partly_hidden = false;
        for (variable, value) in left {
            let put = self.platform.put(variable, value).await.map_err(|e| self.named(e));
            put.map_err(|e| match e {
                // The one before it holds the new value already, and only its time will tell that.
                DestinationError::NotDone(why) if is_partly_hidden => DestinationError::Lost(why),
                e => e,
            })?;
            is_partly_hidden |= variable.value.is_none();
        }
        let now = match self.look().await {
            Ok(now) => now,
            // It was written, and a value that cannot be read could not be told from another's later: an
            // empty stamp fits nothing.
            Err(_) if seen.iter().any(|v| v.value.is_none()) => return Ok(Stamp(String::new())),
            Err(e) => return Err(DestinationError::Lost(format!("{e} (behind the write)"))),
        };
        if is_other(&now, &wanted) {
            let why = "another value stood there right behind the write; look who wrote it".into();
            return Err(self.named(DestinationError::Changed(why)));
        }
        Ok(self.stamp(&now))
    }

    async fn read_back(&self, wanted: &Credential) -> Result<Held, DestinationError> {
        let wanted = self.wanted(wanted)?;
        let seen = self.look().await?;
        if is_other(&seen, &wanted) {
            return Ok(Held::Other);
        }
        let in_force = self.platform.is_in_force(&self.names()).await.map_err(|e| self.named(e))?;
        if !in_force {
            return Ok(Held::Other);
        }
        Ok(if seen.iter().any(|v| v.value.is_none()) { Held::Hidden } else { Held::Wanted })
    }

    async fn activate(&self) -> Result<(), DestinationError> {
        self.platform.activate(&self.names()).await.map_err(|e| self.named(e))
    }

    async fn restore(&self, old: &Credential, at: &Stamp) -> Result<Stamp, DestinationError> {
        self.write(old, at).await
    }
}

/// Tells whether one that can be read holds something else.
fn is_other(seen: &[Variable], wanted: &[Secret]) -> bool {
    let mut pairs = seen.iter().zip(wanted);
    pairs.any(|(variable, value)| variable.value.as_ref().is_some_and(|held| held != value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_write_of_its_time_that_nobody_can_read_is_taken_for_ones_own() {
        let seen = |written: Option<Moment>, value: Option<&[u8]>| Variable {
            id: "A".into(),
            value: value.map(|v| Secret::new(v.to_vec())),
            version: String::new(),
            written,
        };
        let begun = [1_000_000, 5_000_000];
        for at in [940_000, 1_000_000, 1_120_000, 5_000_001] {
            assert!(seen(Some(at), None).may_be_of(&begun), "{at}");
            assert!(!seen(Some(at), Some(b"x")).may_be_of(&begun), "what can be read is compared");
            assert!(!seen(Some(at), None).may_be_of(&[]));
        }
        for at in [0, 939_999, 1_120_001, 4_000_000, 9_000_000] {
            assert!(!seen(Some(at), None).may_be_of(&begun), "{at}");
        }
        assert!(!seen(None, None).may_be_of(&begun), "a platform that does not say when");
    }
}
