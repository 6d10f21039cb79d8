//! Seals and opens for the recipients of an installation.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::model::Secret;
use crate::model::credential::Sealed;
use crate::model::text::shown;

use super::aead::{self, KEY};
use super::envelope::{self, LONGEST, MOST, Recipient, about};
use super::error::SealError;
use super::kek::Kek;
use super::key_file::KeyFile;

/// Seals secrets so that any one of its recipients can open them again.
pub struct Sealer {
    file: KeyFile,
    file_wraps: bool,
    others: Vec<Box<dyn Kek>>,
}

/// A data key that is wrapped already: sealing under it needs nobody's answer.
///
/// Made before a key is minted, so that a Vault that goes away in between cannot cost the new key (I1).
pub struct Prepared {
    data_key: Secret,
    recipients: Vec<Recipient>,
}

impl Sealer {
    /// Seals for a key file.
    #[must_use]
    pub fn new(file: KeyFile) -> Self {
        Self { file, file_wraps: true, others: Vec::new() }
    }

    /// Seals for one more; at most four in all.
    #[must_use]
    pub fn beside(mut self, kek: Box<dyn Kek>) -> Self {
        self.others.push(kek);
        self
    }

    /// Seals for others only: the key file opens what was sealed for it, and gives derived keys.
    #[must_use]
    pub fn without_file(mut self) -> Self {
        self.file_wraps = false;
        self
    }

    /// Returns a key of its own for a purpose, from the key file.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        self.file.derive(label)
    }

    /// Names a secret within this installation: HMAC-SHA-256 under a key of the key file, in hex. The name
    /// is of no use to whoever has the store without that file.
    #[must_use]
    pub fn identity(&self, secret: &Secret) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.file.derive("identity"))
            .expect("HMAC takes a key of any length");
        mac.update(secret.expose());
        data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    /// Wraps a fresh data key for every recipient. What can fail fails here.
    pub async fn prepare(&self) -> Result<Prepared, SealError> {
        prepare(&self.recipients()).await
    }

    /// Seals a secret for a purpose: `rotation:r-1:reply`.
    pub async fn seal(&self, secret: &Secret, context: &str) -> Result<Sealed, SealError> {
        self.prepare().await?.seal(secret, context)
    }

    /// Opens what was sealed for this purpose.
    pub async fn open(&self, sealed: &Sealed, context: &str) -> Result<Secret, SealError> {
        let mut keks = self.recipients();
        if !self.file_wraps {
            keks.push(&self.file);
        }
        open(&keks, sealed, context).await
    }

    /// Proves that each recipient can seal and open by itself: called before anything is minted.
    pub async fn prove(&self) -> Result<(), SealError> {
        let recipients = self.recipients();
        if recipients.is_empty() || recipients.len() > MOST {
            return Err(SealError::Malformed("they have no or too many recipients"));
        }
        for kek in recipients {
            let secret = aead::random(KEY)?;
            let sealed = prepare(&[kek]).await?.seal(&secret, "proof")?;
            if open(&[kek], &sealed, "proof").await? != secret {
                let why = "it opens its own seal to other bytes".into();
                return Err(SealError::Kek { id: kek.id().into(), why });
            }
        }
        Ok(())
    }

    fn recipients(&self) -> Vec<&dyn Kek> {
        let file: Option<&dyn Kek> = self.file_wraps.then_some(&self.file);
        file.into_iter().chain(self.others.iter().map(|kek| &**kek)).collect()
    }
}

impl Prepared {
    /// Seals a secret for a purpose. Each sealing of one preparation has a nonce of its own.
    pub fn seal(&self, secret: &Secret, context: &str) -> Result<Sealed, SealError> {
        if secret.len() > LONGEST {
            return Err(SealError::TooLong(secret.len()));
        }
        let body = aead::seal(&self.data_key, secret, &about(context))?;
        envelope::written(&self.recipients, &body)
    }
}

async fn prepare(keks: &[&dyn Kek]) -> Result<Prepared, SealError> {
    let data_key = aead::random(KEY)?;
    let mut recipients = Vec::new();
    for kek in keks {
        recipients.push(Recipient { id: kek.id().into(), wrapped: kek.wrap(&data_key).await? });
    }
    // Told now rather than when there is something to lose.
    envelope::written(&recipients, &[])?;
    Ok(Prepared { data_key, recipients })
}

/// Opens with whichever recipient can; what the first of them said is told if none can.
async fn open(keks: &[&dyn Kek], sealed: &Sealed, context: &str) -> Result<Secret, SealError> {
    let envelope = envelope::read(sealed)?;
    let mut said = None;
    for kek in keks {
        for recipient in envelope.recipients.iter().filter(|recipient| recipient.id == kek.id()) {
            let opened = match kek.unwrap(&recipient.wrapped).await {
                Ok(key) if key.len() == KEY => aead::open(&key, envelope.body, &about(context)),
                Ok(_) => Err(SealError::Spoiled),
                Err(e) => Err(e),
            };
            match opened {
                Ok(secret) => return Ok(secret),
                Err(e) => said = said.or(Some(e)),
            }
        }
    }
    let ids: Vec<_> = envelope.recipients.iter().map(|r| shown(r.id.as_bytes()).to_string()).collect();
    Err(said.unwrap_or_else(|| SealError::NotForUs(ids.join(", "))))
}

#[cfg(test)]
mod tests;
