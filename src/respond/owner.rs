//! Whose secret it is, with proof. A public name alone proves nothing, nor does a provider's mask: what
//! moves a key of ours is this very secret, known as ours or accepted as the key that is ours.

use crate::destination::Destination;
use crate::model::Secret;
use crate::model::credential::{Credential, Liveness};
use crate::model::incident::{Incident, Ownership};
use crate::provider::{Checked, Provider};
use crate::store::Store;
use crate::store::StoreError;
use crate::store::record::KeyRecord;

/// Opens the destinations of a key, or says why not.
pub type Places<'a> = dyn Fn(&KeyRecord) -> Result<Vec<Box<dyn Destination>>, String> + 'a;

/// What was shown.
pub struct Owner {
    /// Whose.
    pub is: Ownership,
    /// What showed it.
    pub why: String,
    /// The key of the inventory.
    pub key: Option<KeyRecord>,
}

fn owner(is: Ownership, why: impl Into<String>, key: Option<KeyRecord>) -> Owner {
    Owner { is, why: why.into(), key }
}

/// Finds out whose secret it is. `checked` is what its provider just said of it; `places` opens the destinations of a key.
///
/// # Errors
/// The store cannot be read.
pub async fn find(
    store: &Store,
    incident: &Incident,
    credential: &Credential,
    checked: &Checked,
    provider: &dyn Provider,
    places: &Places<'_>,
) -> Result<Owner, StoreError> {
    let keys: Vec<KeyRecord> =
        store.keys().await?.into_iter().filter(|k| k.provider == provider.card().id).collect();
    if let Some((name, key_id)) = store.key_of(&incident.identity).await? {
        return Ok(match keys.into_iter().find(|k| k.name == name) {
            Some(key) if key.key_id == key_id => {
                owner(Ownership::Ours, format!("this very secret was made here for {name}"), Some(key))
            }
            _ => owner(
                Ownership::Ours,
                format!("it was the key {key_id} of {name}, which has another now"),
                None,
            ),
        });
    }
    for key in &keys {
        if holds(key, credential, places).await {
            let why = format!("a place of {} holds this very secret", key.name);
            return Ok(owner(Ownership::Ours, why, Some(key.clone())));
        }
    }
    if checked.liveness != Liveness::Alive {
        let known = credential.key_id.as_ref().and_then(|id| keys.iter().find(|k| k.key_id == *id));
        return Ok(match known {
            Some(key) => {
                let why =
                    format!("it names {} of {}, and is not shown to be its secret", key.key_id, key.name);
                owner(Ownership::Unknown, why, None)
            }
            None => owner(Ownership::Unknown, "the inventory does not know it", None),
        });
    }
    Ok(listed(credential, checked, provider, keys).await)
}

/// Asks the provider, as owner, for the account's keys: a secret that works under a name that is listed is
/// ours, where secret and name are used together.
async fn listed(
    credential: &Credential,
    checked: &Checked,
    provider: &dyn Provider,
    keys: Vec<KeyRecord>,
) -> Owner {
    let card = provider.card();
    let Some(key_id) = credential.key_id.as_ref().filter(|_| !card.bare) else {
        return whose(credential, checked, provider).await;
    };
    if !card.lists {
        return whose(credential, checked, provider).await;
    }
    match provider.list().await {
        Ok(listing) if listing.keys.iter().any(|k| k.key_id == *key_id) => {
            let key = keys.into_iter().find(|k| k.key_id == *key_id);
            let why = match &key {
                Some(key) => {
                    format!("{} accepts it as {key_id}, which our account lists: {}", card.name, key.name)
                }
                None => format!("our account at {} lists {key_id}; the inventory does not", card.name),
            };
            owner(Ownership::Ours, why, key)
        }
        Ok(_) => {
            owner(Ownership::Others, format!("our account at {} does not list {key_id}", card.name), None)
        }
        Err(e) => {
            owner(Ownership::Unknown, format!("{} could not be asked whose it is: {e}", card.name), None)
        }
    }
}

/// Asks with the secret itself, where a provider says whose a secret is; not once more where it has said it.
async fn whose(credential: &Credential, checked: &Checked, provider: &dyn Provider) -> Owner {
    let name = &provider.card().name;
    let told = match &checked.owner {
        Some(told) => Ok(told.clone()),
        None => provider.owner(credential).await,
    };
    match told {
        Ok(Some(who)) if provider.is_ours(&who) => {
            owner(Ownership::Ours, format!("{name} says it is {who}'s, which is ours"), None)
        }
        Ok(Some(who)) => owner(Ownership::Others, format!("{name} says it is {who}'s"), None),
        Ok(None) => {
            let why = format!("no place of ours holds it, and {name} does not say whose a secret is");
            owner(Ownership::Unknown, why, None)
        }
        Err(e) => owner(Ownership::Unknown, format!("{name} could not be asked whose it is: {e}"), None),
    }
}

/// Tells whether a place of a key holds this very secret.
async fn holds(key: &KeyRecord, credential: &Credential, places: &Places<'_>) -> bool {
    let Ok(places) = places(key) else { return false };
    for place in places {
        if let Ok(meta) = place.read_meta().await
            && let Some(held) = meta.value
            && held.secret == credential.secret
        {
            return true;
        }
    }
    false
}

/// Returns a secret of the same shape that opens nothing: a provider that accepts it accepts anything, and
/// its yes proves nothing.
///
/// # Errors
/// The system gives no random bytes, or there is nothing in the secret that can be changed.
pub fn decoy(credential: &Credential) -> Result<Credential, String> {
    let mut bytes = credential.secret.expose().to_vec();
    let mut random = vec![0; bytes.len()];
    getrandom::fill(&mut random).map_err(|e| format!("the system gives no random bytes: {e}"))?;
    let is_hex = bytes.iter().all(u8::is_ascii_hexdigit);
    // What stands in front says what kind of key it is.
    let from = if is_hex { 0 } else { bytes.len() / 2 };
    for (byte, random) in bytes[from..].iter_mut().zip(random) {
        *byte = match *byte {
            b'0'..=b'9' => b'0' + random % 10,
            b'a'..=b'f' if is_hex => b'a' + random % 6,
            b'A'..=b'F' if is_hex => b'A' + random % 6,
            b'a'..=b'z' => b'a' + random % 26,
            b'A'..=b'Z' => b'A' + random % 26,
            other => other,
        };
    }
    let secret = Secret::new(bytes);
    if secret == credential.secret {
        return Err("nothing in it can be changed".into());
    }
    Ok(Credential { key_id: credential.key_id.clone(), secret })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoy_has_the_shape_of_what_it_stands_for_and_is_another() {
        let made =
            Credential { key_id: Some("k".into()), secret: Secret::new(b"0123456789abcdef".repeat(4)) };
        let other = decoy(&made).unwrap();
        assert!(other.secret != made.secret && other.secret.len() == 64 && other.key_id == made.key_id);
        assert!(other.secret.expose().iter().all(u8::is_ascii_hexdigit));
        let key = Credential { key_id: None, secret: Secret::new(b"sk-proj-".repeat(4)) };
        assert!(decoy(&key).unwrap().secret.expose().starts_with(b"sk-proj-sk-proj-"));
        assert!(decoy(&Credential { key_id: None, secret: Secret::new(b"----".to_vec()) }).is_err());
    }
}
