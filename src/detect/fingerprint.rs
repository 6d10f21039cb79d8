//! Names for secrets: the same on a laptop and in CI, and of no use to someone who guesses.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::strength::is_strong;
use crate::model::{Fingerprint, Hit, Path};

/// The public label under which secrets are hashed. It keeps our fingerprints apart from plain
/// SHA-256 tables; it is no secret.
const LABEL: &[u8] = b"keywright/fingerprint/v1";

/// Returns the fingerprint of a hit at a path (design.md §1).
#[must_use]
pub fn fingerprint(hit: &Hit, path: &Path) -> Fingerprint {
    let secret = hit.secret.expose();
    let full = hex(&tag(&[secret]));
    if is_strong(secret) {
        return Fingerprint::new(full);
    }
    // Eight bits of the secret: a password changed at its place is seen but once in 256 times, and of
    // the ten thousand commonest some forty fit, so that none can be told to be it. The rest names
    // the place (docs/decisions.md).
    let place = hex(&tag(&[hit.rule.id.as_bytes(), path.bytes(), hit.line_text.as_bytes()]));
    Fingerprint::new(format!("weak-{}-{}", &full[..2], &place[..32]))
}

/// HMAC-SHA-256 (RFC 2104) over parts, each with its length before it.
fn tag(parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(LABEL).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
