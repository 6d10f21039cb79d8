//! What is there before a rotation: the admin credential works, the key is known to its provider, its
//! destinations hold it and can be written, what must be sealed can be opened again. Nothing is changed.

use super::error::RotateError;
use super::{Destinations, Parts};
use crate::destination::DestinationError;
use crate::model::credential::{CallError, Credential, Liveness, Refusal};
use crate::model::rotation::Mode;
use crate::provider::Listed;
use crate::store::record::KeyRecord;

/// What was seen.
pub struct Observed {
    /// The key at its provider.
    pub key: Listed,
    /// The destinations, in the inventory's order.
    pub places: Vec<SeenPlace>,
    /// The last four of the old secret, or empty.
    pub old_last4: String,
    /// What the operator should know before saying yes.
    pub warnings: Vec<String>,
}

/// What was seen at a destination.
pub struct SeenPlace {
    /// What must still be there when it is written; empty if it could not be read, with which only an
    /// emergency goes on.
    pub stamp: String,
    /// Whether something makes a write count there.
    pub activates: bool,
}

/// The largest difference to a provider's clock, in milliseconds, under which a key may be ended.
pub const LARGEST_SKEW: i64 = 60_000;

/// Looks at everything a rotation of `key` needs.
///
/// # Errors
/// [`RotateError`]: the first thing that is missing, with the way out.
pub async fn observe(
    parts: &Parts,
    destinations: &Destinations,
    key: &KeyRecord,
    mode: Mode,
) -> Result<Observed, RotateError> {
    parts.sealer.prove().await?;
    let provider = &*parts.provider;
    let name = provider.card().name.clone();
    let mut warnings = Vec::new();
    let listed = if provider.card().lists {
        listed(parts, key, mode, &mut warnings).await?
    } else {
        warnings.push(format!(
            "{name} lists no keys: nobody but its pages can say whether {} is there, or who uses it",
            key.key_id
        ));
        from_inventory(key)
    };
    let (places, old) = look(destinations, key, &listed, provider.card().bare, mode, &mut warnings).await?;
    let checked = match &old {
        Some(old) => Some(provider.check(old).await),
        None => None,
    };
    match checked.as_ref().map(|c| (c.liveness, &c.why)) {
        Some((Liveness::Dead, why)) => {
            warnings.push(format!("what the destinations hold does not work any more ({why})"));
        }
        Some((Liveness::Unknown, why)) => {
            warnings.push(format!("whether the old key works cannot be told ({why})"));
        }
        Some((Liveness::Alive, _)) | None => {}
    }
    let old_last4 = old.map(|o| last4(&o)).unwrap_or_default();
    Ok(Observed { key: listed, places, old_last4, warnings })
}

/// Finds the key in its provider's list, and room for a second one.
async fn listed(
    parts: &Parts,
    key: &KeyRecord,
    mode: Mode,
    warnings: &mut Vec<String>,
) -> Result<Listed, RotateError> {
    let provider = &*parts.provider;
    let name = provider.card().name.clone();
    provider.sign_in().await.map_err(|e| RotateError::call(format!("can't sign in to {name}"), &e))?;
    let listing =
        provider.list().await.map_err(|e| RotateError::call(format!("can't list the keys at {name}"), &e))?;
    if let Some(skew) =
        listing.date.map(|date| (date - parts.clock.now()).abs()).filter(|s| *s > LARGEST_SKEW)
    {
        warnings.push(format!(
            "this machine's clock and {name}'s differ by {} s: nothing is revoked until they agree",
            skew / 1000
        ));
    }
    let listed = listing.keys.iter().find(|k| k.key_id == key.key_id).cloned().ok_or_else(|| RotateError::Refused {
        what: format!("{name} knows no key {}", key.key_id),
        why: format!("the account lists {} other keys", listing.keys.len()),
        fix: "is this the right account? See `keywright keys import` for what it lists; a key that is already gone needs no rotation".into(),
    })?;
    if !listed.active {
        warnings.push(format!("{} is not active at {name}: it is dead already", key.key_id));
    }
    let active = listing.keys.iter().filter(|k| k.active).count();
    if let Some(slots) = provider.card().slots.filter(|s| mode == Mode::Planned && active >= *s as usize) {
        return Err(RotateError::Refused {
            what: format!("{name} has no room for a second key"),
            why: format!("{active} of {slots} keys are there, and none of the others is ours to delete"),
            fix:
                "delete one you know in the provider's pages, or rotate with `--mode atomic` (with an outage)"
                    .into(),
        });
    }
    Ok(listed)
}

/// What the inventory knows of a key whose provider lists none.
fn from_inventory(key: &KeyRecord) -> Listed {
    Listed {
        id: key.key_id.clone(),
        key_id: key.key_id.clone(),
        label: key.label.clone(),
        masked: None,
        active: true,
        last_used: None,
        created: key.made,
        expires: key.expires,
        like: serde_json::Value::Null,
    }
}

/// Reads every destination; what they hold must be one credential, and this one.
async fn look(
    destinations: &Destinations,
    key: &KeyRecord,
    listed: &Listed,
    is_bare: bool,
    mode: Mode,
    warnings: &mut Vec<String>,
) -> Result<(Vec<SeenPlace>, Option<Credential>), RotateError> {
    let mut places = Vec::new();
    let mut old: Option<Credential> = None;
    for destination in destinations {
        let meta = match destination.read_meta().await {
            Ok(meta) => meta,
            Err(error) if mode == Mode::Emergency => {
                warnings.push(format!("{}: {error}; the emergency goes on without it", destination.place()));
                places.push(SeenPlace { stamp: String::new(), activates: destination.activates() });
                continue;
            }
            Err(error) => return Err(RotateError::at(&destination.place(), &error)),
        };
        let is_paired = meta.value.as_ref().map_or(destination.is_paired(), |v| v.key_id.is_some());
        if !is_paired && mode == Mode::Planned && !is_bare {
            return Err(RotateError::Refused {
                what: format!("{} holds a secret alone", destination.place()),
                why: "a second key has another id, and whoever reads the secret there would keep the old id".into(),
                fix: "name the id's variable too (…#NAME,key_id=OTHER), or replace the secret itself with --mode atomic".into(),
            });
        }
        if let Some(value) = meta.value {
            if let Some(other) = value.key_id.as_ref().filter(|id| **id != key.key_id) {
                return Err(RotateError::Refused {
                    what: format!("{} holds the key {other}", destination.place()),
                    why: format!("it should hold {}", key.key_id),
                    fix: "is it the right place? `keywright keys show` lists the key's places".into(),
                });
            }
            if !listed.may_be(&value.secret) {
                return Err(RotateError::Refused {
                    what: format!("{} holds another key than {}", destination.place(), key.key_id),
                    why: format!("its provider shows {} of that one", listed.masked.as_deref().unwrap_or_default()),
                    fix: "is it the right place, and the right key? `keywright keys import` shows what the account has".into(),
                });
            }
            match &old {
                Some(first) if first.secret != value.secret => {
                    return Err(RotateError::Refused {
                        what: format!("{} holds another secret than the places before it", destination.place()),
                        why: "one key has one secret".into(),
                        fix: "put the right one there first, or name the key's places anew: `keywright keys add NAME --replace`".into(),
                    });
                }
                Some(_) => {}
                None => old = Some(Credential { key_id: Some(key.key_id.clone()), secret: value.secret }),
            }
        }
        let activates = destination.activates();
        places.push(SeenPlace { stamp: meta.stamp.0, activates });
    }
    Ok((places, old))
}

/// Returns the last four characters of a secret of twelve bytes or more, else nothing (R83, R89).
#[must_use]
pub fn last4(credential: &Credential) -> String {
    let masked = credential.secret.masked(0);
    masked.strip_prefix('…').map(Into::into).unwrap_or_default()
}

impl RotateError {
    /// Wraps a call that gave nothing.
    pub(super) fn call(what: String, error: &CallError) -> Self {
        let fix = match error {
            CallError::Refused { kind: Refusal::Credential, .. } => {
                "check the references of the admin credential: `keywright keys show` names them"
            }
            CallError::Refused { kind: Refusal::Permission, .. } => "let the admin account manage keys",
            CallError::Refused { kind: Refusal::TooMany, .. } => "wait, then try again",
            CallError::NotSent(_) => "check the network and the settings, then try again",
            _ => "try again; `keywright rotations list` shows what is under way",
        };
        Self::Refused { what, why: error.to_string(), fix: fix.into() }
    }

    /// Wraps what went wrong at a destination.
    pub(super) fn at(place: &str, error: &DestinationError) -> Self {
        let fix = match error {
            DestinationError::Denied(_) => "make it writable for this user",
            DestinationError::Absent(_) => "name the right place, or make it",
            DestinationError::Changed(_) => "look at who changed it, then plan again",
            _ => "try again",
        };
        Self::Refused { what: format!("can't use {place}"), why: error.to_string(), fix: fix.into() }
    }
}
