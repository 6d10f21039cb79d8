//! Takes a secret out of text that repeats it: somebody named a file or a branch after the key.

use std::borrow::Cow;

use memchr::memmem;

use super::outcome::Style;
use crate::model::Finding;

/// The shortest secret, in bytes, that is looked for in names.
const SHORTEST: usize = 12;

/// Returns bytes with the finding's own secret masked, and every other that its names repeat.
///
/// A weak secret (its fingerprint says so) is left alone: it may well be a word that the name has
/// by chance, and masking it there would tell the reader that the word is the secret.
pub(super) fn veiled<'b>(bytes: &'b [u8], finding: &Finding, style: &Style) -> Cow<'b, [u8]> {
    if style.show_secrets {
        return Cow::Borrowed(bytes);
    }
    let secret = finding.hit.secret.expose();
    let is_weak = finding.fingerprint.as_str().starts_with("weak-") || secret.len() < SHORTEST;
    let own = (!is_weak).then_some((secret, finding.hit.masked.as_bytes()));
    let others = finding.repeats.iter().map(|other| (other.expose(), MASK));
    own.into_iter().chain(others).fold(Cow::Borrowed(bytes), |text, (secret, mask)| {
        if memmem::find(&text, secret).is_none() { text } else { Cow::Owned(replaced(&text, secret, mask)) }
    })
}

/// Returns a name that stands beside a finding, with every secret masked that it repeats; as everywhere in a report.
#[must_use]
pub fn veiled_name<'b>(name: &'b [u8], finding: &Finding) -> Cow<'b, [u8]> {
    veiled(name, finding, &Style { colour: false, width: 0, show_secrets: false })
}

/// Stands for another finding's secret.
const MASK: &[u8] = b"****";

fn replaced(bytes: &[u8], secret: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in memmem::find_iter(bytes, secret) {
        out.extend_from_slice(&bytes[from..at]);
        out.extend_from_slice(mask);
        from = at + secret.len();
    }
    out.extend_from_slice(&bytes[from..]);
    out
}

/// Returns text with the finding's own secret masked; see [`veiled`].
pub(super) fn veiled_text(text: &str, finding: &Finding, style: &Style) -> String {
    String::from_utf8_lossy(&veiled(text.as_bytes(), finding, style)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, PLAIN};
    use super::*;
    use crate::model::{Fingerprint, Severity};

    #[test]
    fn a_file_named_after_the_key_does_not_tell_the_key() {
        let finding = sample::finding("r", Severity::High, "a", 1);
        let path = format!("keys/{0}/{0}.env", sample::secret());
        assert_eq!(veiled_text(&path, &finding, &PLAIN), "keys/…qqqq/…qqqq.env");
    }

    #[test]
    fn a_weak_password_that_is_also_a_folder_is_not_pointed_at() {
        let mut finding = sample::finding("r", Severity::High, "a", 1);
        finding.fingerprint = Fingerprint::new("weak-ab-0123".into());
        let path = format!("keys/{}", sample::secret());
        assert_eq!(veiled_text(&path, &finding, &PLAIN), path);
    }
}
