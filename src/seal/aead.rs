//! The cipher: XChaCha20-Poly1305 with a random nonce of 24 bytes before what it made.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::model::Secret;

use super::error::SealError;

/// A key's bytes.
pub(super) const KEY: usize = 32;
/// A nonce's bytes.
pub(super) const NONCE: usize = 24;
/// What sealing adds.
pub(super) const EXTRA: usize = NONCE + 16;

/// Returns `length` random bytes.
pub(super) fn random(length: usize) -> Result<Secret, SealError> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandom)?;
    Ok(Secret::new(bytes))
}

/// Seals `plain` under a key of [`KEY`] bytes, bound to `about`.
pub(super) fn seal(key: &Secret, plain: &Secret, about: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut made = vec![0; NONCE];
    getrandom::fill(&mut made).map_err(|_| SealError::NoRandom)?;
    let payload = Payload { msg: plain.expose(), aad: about };
    let sealed = cipher(key).encrypt(XNonce::from_slice(&made), payload);
    made.extend(sealed.map_err(|_| SealError::TooLong(plain.len()))?);
    Ok(made)
}

/// Opens what [`seal`] made.
pub(super) fn open(key: &Secret, sealed: &[u8], about: &[u8]) -> Result<Secret, SealError> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(SealError::Malformed("they end too early"))?;
    let payload = Payload { msg: sealed, aad: about };
    let plain = cipher(key).decrypt(XNonce::from_slice(nonce), payload);
    plain.map(Secret::new).map_err(|_| SealError::Spoiled)
}

/// The cipher wipes its key when it goes.
fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new_from_slice(key.expose()).expect("every key made or taken in has 32 bytes")
}
