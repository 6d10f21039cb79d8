//! Secret bytes: never shown, never stored in clear, wiped when dropped.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes that open something.
///
/// There is no `Debug`, `Display`, `Serialize` or `Clone`: a secret leaves this type only through
/// [`Secret::expose`], whose callers can be listed with one search. Copies made by other libraries
/// are not wiped.
///
/// ```
/// use keywright::model::Secret;
/// let secret = Secret::new(b"correct horse".to_vec());
/// assert!(secret == Secret::new(b"correct horse".to_vec()));
/// assert_eq!(secret.masked(0), "…orse");
/// ```
pub struct Secret(Zeroizing<Vec<u8>>);

/// The shortest secret, in bytes, whose last four are shown (R89).
const SHORTEST_WITH_TAIL: usize = 12;
/// The longest public prefix, in bytes, a mask keeps.
const LONGEST_PREFIX: usize = 14;

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Returns a second copy: one secret that stands at two places. Not `Clone`, so that nobody
    /// copies by accident.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::new(self.expose().to_vec())
    }

    /// Returns the bytes in clear. Every call is a place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Returns the length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the masked form: the first `prefix` bytes (a provider's public prefix, at most 14),
    /// an ellipsis and the last four bytes; no tail for a secret under twelve bytes (R89).
    #[must_use]
    pub fn masked(&self, prefix: usize) -> String {
        let bytes = self.expose();
        let prefix = prefix.min(LONGEST_PREFIX);
        let head = if bytes.len() >= prefix + 2 * 4 { &bytes[..prefix] } else { &[] };
        let tail =
            if bytes.len() >= SHORTEST_WITH_TAIL.max(prefix + 8) { &bytes[bytes.len() - 4..] } else { &[] };
        if head.is_empty() && tail.is_empty() {
            return "****".into();
        }
        format!("{}…{}", super::text::shown(head), super::text::shown(tail))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_shows_nothing() {
        // R89
        assert_eq!(Secret::new(b"hunter2".to_vec()).masked(0), "****");
        assert_eq!(Secret::new(b"hunter2hunt".to_vec()).masked(4), "****");
    }

    #[test]
    fn a_mask_never_shows_more_than_prefix_and_four() {
        // R89
        let key = [b"live_".as_slice(), &[b'q'; 60], b"tail"].concat();
        assert_eq!(Secret::new(key).masked(5), "live_…tail");
    }

    #[test]
    fn bytes_that_are_not_text_are_escaped_in_the_mask() {
        assert_eq!(Secret::new(vec![0x1b; 16]).masked(0), r"…\x1b\x1b\x1b\x1b");
    }
}
