//! Live, ours, exposed: each with what showed it. Asking costs one call for each secret.

use super::{Case, RespondError, shown};
use crate::model::credential::{Credential, Liveness};
use crate::model::incident::Ownership;
use crate::provider::{Checked, Provider};
use crate::respond::owner::{Owner, decoy, find};
use crate::respond::reread::reread;
use crate::store::record::KeyRecord;
use crate::verify::{ask, provider_of};

impl Case<'_> {
    /// Reads the secret again and opens its provider.
    ///
    /// # Errors
    /// Why nobody can be asked, for people.
    pub(super) fn secret(&self) -> Result<(Credential, std::sync::Arc<dyn Provider>), String> {
        let desk = self.desk;
        let (credential, card) = reread(desk.detector, &desk.sealer, &self.incident.is, self.places)?;
        let word = provider_of(&card)?;
        Ok((credential, desk.office.provider(&word, &serde_json::Value::Null)?))
    }

    /// Finds out what can be found out, and returns the key of the inventory it is.
    pub(super) async fn look(&mut self) -> Result<Option<KeyRecord>, RespondError> {
        let asked = self.secret();
        let (checked, owner) = match &asked {
            Ok((credential, provider)) => self.ask_about(credential, &**provider).await?,
            Err(why) => (Checked::new(Liveness::Unknown, why.clone()), self.known().await?),
        };
        let now = self.now();
        self.say("live", format!("{}: {}", checked.liveness, checked.why));
        self.say("owner", format!("{}: {}", owner.is, owner.why));
        let (exposed, why, since) = self.desk.office.exposed(&self.incident.is, self.places).await;
        self.say("exposed", format!("{exposed}: {why}"));
        let incident = &mut self.incident.is;
        incident.liveness = shown(checked.liveness, checked.why, now);
        incident.ownership = shown(owner.is, owner.why, now);
        incident.exposed = shown(exposed, why, now);
        incident.key = owner.key.as_ref().map(|k| k.name.clone());
        if exposed == crate::model::incident::Exposed::Public {
            // The first commit's date is the earliest it can have been public, if its author's clock was right.
            incident.times.public = incident.times.public.or(since).or(incident.times.committed);
        }
        Ok(owner.key)
    }

    /// Asks the provider, and whoever else can tell whose it is. A yes that a made-up secret gets as well
    /// is none.
    async fn ask_about(
        &self,
        credential: &Credential,
        provider: &dyn Provider,
    ) -> Result<(Checked, Owner), RespondError> {
        let mut checked = ask(credential, provider).await;
        // Who says whose a secret is has shown more than a yes; and a made-up one would count as a failed
        // sign-in there.
        if checked.liveness == Liveness::Alive && !provider.card().revoke_only {
            let other = decoy(credential);
            let says = match &other {
                Ok(other) => ask(other, provider).await.liveness,
                Err(_) => Liveness::Unknown,
            };
            if says == Liveness::Alive {
                let why = format!("{} says so of a secret made up just now, too", provider.card().name);
                checked = Checked::new(Liveness::Unknown, why);
            }
        }
        let desk = self.desk;
        let places = |key: &KeyRecord| desk.office.places(key);
        let owner = find(&desk.store, &self.incident.is, credential, &checked, provider, &places).await?;
        Ok((checked, owner))
    }

    /// Returns whose it is by the store alone.
    async fn known(&self) -> Result<Owner, RespondError> {
        let store = &self.desk.store;
        let named = store.key_of(&self.incident.is.identity).await?;
        let key = match &named {
            Some((name, key_id)) => store.key(name).await?.filter(|k| k.key_id == *key_id),
            None => None,
        };
        Ok(match named {
            Some((name, _)) => {
                Owner { is: Ownership::Ours, why: format!("this very secret was made here for {name}"), key }
            }
            None => Owner { is: Ownership::Unknown, why: "nobody can be asked".into(), key: None },
        })
    }
}
