//! Credentials: the named parts that make one key usable, and how they pass through the program.

use std::fmt;

use super::secret::Secret;
use super::worded::worded;

/// A key that works: its public name, where it has one, and its secret.
pub struct Credential {
    /// The provider's public name of the key (`avp_live_…`): safe to log and to paste (R31).
    pub key_id: Option<String>,
    /// What opens.
    pub secret: Secret,
}

impl Credential {
    /// Returns a second copy, for a second place.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { key_id: self.key_id.clone(), secret: self.secret.again() }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("key_id", &self.key_id)
            .field("secret", &self.secret.masked(0))
            .finish()
    }
}

worded! {
    /// What is known of a key's life, with proof. Cannot-tell is neither dead nor alive (I12).
    Liveness {
        /// The provider accepted it.
        Alive = "alive",
        /// The provider refused it, in the way it refuses keys.
        Dead = "dead",
        /// Neither was shown.
        Unknown = "cannot tell",
    }
}

/// A provider's answer that may hold a secret shown only once.
///
/// Nobody can read it: the store seals and commits it, and hands back a [`Kept`] that can be read.
/// So an answer that does not parse cannot cost a key (I1).
pub struct Reply(Secret);

impl Reply {
    /// Takes an answer's body over, unread.
    #[must_use]
    pub fn new(body: Secret) -> Self {
        Self(body)
    }

    /// Lends the bytes to the seal, and to nobody else (`tests/it/floors.rs`).
    #[must_use]
    pub fn to_seal(&self) -> &Secret {
        &self.0
    }

    /// Says that the sealed bytes are on disk. Called by the store behind its commit, and by who opens
    /// a sealed answer again; by nobody else (`tests/it/floors.rs`).
    #[must_use]
    pub fn after_commit(self) -> Kept {
        Kept(self.0)
    }
}

/// An answer whose bytes are sealed on disk.
pub struct Kept(Secret);

impl Kept {
    /// Returns the answer's body.
    #[must_use]
    pub fn body(&self) -> &Secret {
        &self.0
    }
}

/// Bytes that only the holder of a key-encryption key can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes over what `seal/` made or the store kept.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Returns the sealed bytes, which tell nothing.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why a call to a provider or a destination gave no answer that can be used.
///
/// The difference that matters is whether something may have happened there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nothing left this machine: no address, no connection, no credential to call with.
    #[error("{0}")]
    NotSent(String),
    /// The other side said no: nothing was changed.
    #[error("{why} (status {status})")]
    Refused {
        /// The answer's status.
        status: u16,
        /// What kind of no.
        kind: Refusal,
        /// What it says, bounded and shown without harm.
        why: String,
        /// When it may be asked again, in seconds from now.
        retry_after: Option<u64>,
    },
    /// It may have happened or not: no answer came, half an answer, or the other side broke.
    #[error("{0}")]
    Lost(String),
    /// It was not asked for: more would have happened than was meant.
    #[error("{0}")]
    Withheld(String),
    /// It was answered with a yes that cannot be understood.
    #[error("{0}")]
    Unreadable(String),
}

worded! {
    /// What kind of no.
    Refusal {
        /// The credential that asks is wrong, expired or revoked (401, 407).
        Credential = "credential",
        /// It may not do this (403).
        Permission = "permission",
        /// There is no such thing (404, 410).
        Absent = "absent",
        /// Too many requests (429).
        TooMany = "too many",
        /// There is no room for another key.
        Full = "full",
        /// It was changed by somebody else meanwhile (409, 412).
        Conflict = "conflict",
        /// Any other no.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_in_a_panic_message_shows_no_secret() {
        let made =
            Credential { key_id: Some("k1".into()), secret: Secret::new(b"abcdefghijklmnop".to_vec()) };
        assert_eq!(format!("{made:?}"), "Credential { key_id: Some(\"k1\"), secret: \"…mnop\" }");
    }

    #[test]
    fn words_read_back() {
        for kind in Liveness::ALL {
            assert_eq!(Liveness::from_word(kind.word()), Some(*kind));
        }
        assert_eq!(Refusal::from_word("maybe"), None);
    }
}
