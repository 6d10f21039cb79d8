//! The sealed bytes: `KWS1`, how many recipients there are, each with its name and the data key wrapped
//! for it, and then the secret under the data key.
//!
//! A name has one byte of length before it, a wrapped key two, the high one first. Bytes from a store
//! or a screen may be anybody's: nothing is believed about a length before it is held against what is
//! there.

use crate::model::credential::Sealed;

use super::aead::EXTRA;
use super::error::SealError;

const MAGIC: &[u8] = b"KWS1";
/// The most recipients.
pub(super) const MOST: usize = 4;
/// The longest secret, in bytes.
pub(super) const LONGEST: usize = 4 << 20;

/// A data key, wrapped for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipient {
    /// The key-encryption key's name.
    pub(super) id: String,
    /// The wrapped data key.
    pub(super) wrapped: Vec<u8>,
}

/// Sealed bytes, taken apart.
pub(super) struct Envelope<'a> {
    /// For whom.
    pub(super) recipients: Vec<Recipient>,
    /// The secret under the data key.
    pub(super) body: &'a [u8],
}

/// What the body is bound to: this version of the format, and what the secret is for.
pub(super) fn about(context: &str) -> Vec<u8> {
    [MAGIC, b"\0", context.as_bytes()].concat()
}

/// Puts sealed bytes together.
pub(super) fn written(recipients: &[Recipient], body: &[u8]) -> Result<Sealed, SealError> {
    let mut bytes = MAGIC.to_vec();
    let count = u8::try_from(recipients.len()).ok().filter(|n| (1..=MOST).contains(&usize::from(*n)));
    bytes.push(count.ok_or(SealError::Malformed("they have no or too many recipients"))?);
    for recipient in recipients {
        let too_long = |_| SealError::Malformed("a recipient's name or key is too long");
        bytes.push(u8::try_from(recipient.id.len()).map_err(too_long)?);
        bytes.extend(recipient.id.as_bytes());
        bytes.extend(u16::try_from(recipient.wrapped.len()).map_err(too_long)?.to_be_bytes());
        bytes.extend(&recipient.wrapped);
    }
    bytes.extend(body);
    Ok(Sealed::new(bytes))
}

/// Takes sealed bytes apart.
pub(super) fn read(sealed: &Sealed) -> Result<Envelope<'_>, SealError> {
    const SHORT: SealError = SealError::Malformed("they end too early");
    let rest = sealed.bytes().strip_prefix(MAGIC).ok_or(SealError::Malformed("they begin otherwise"))?;
    let (&count, mut rest) = rest.split_first().ok_or(SHORT)?;
    if !(1..=MOST).contains(&usize::from(count)) {
        return Err(SealError::Malformed("they have no or too many recipients"));
    }
    let mut recipients = Vec::new();
    for _ in 0..count {
        let (&length, after) = rest.split_first().ok_or(SHORT)?;
        let (id, after) = after.split_at_checked(length.into()).ok_or(SHORT)?;
        let id =
            std::str::from_utf8(id).map_err(|_| SealError::Malformed("a recipient's name is no text"))?;
        let (length, after) = after.split_first_chunk::<2>().ok_or(SHORT)?;
        let length = u16::from_be_bytes(*length);
        let (wrapped, after) = after.split_at_checked(length.into()).ok_or(SHORT)?;
        recipients.push(Recipient { id: id.into(), wrapped: wrapped.into() });
        rest = after;
    }
    if rest.len() < EXTRA {
        return Err(SHORT);
    }
    if rest.len() > EXTRA + LONGEST {
        return Err(SealError::TooLong(rest.len()));
    }
    Ok(Envelope { recipients, body: rest })
}
