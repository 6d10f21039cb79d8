//! A secret as it is everywhere, whatever stood around it in one text: the same key in a `.env`, a
//! JSON string and a URL has one fingerprint.

use super::percent;
use crate::rule::Structure;

/// Returns the secret's own bytes.
pub(super) fn normal(structure: Option<Structure>, raw: &[u8]) -> Vec<u8> {
    match structure {
        Some(Structure::PrivateKey) => key_body(raw),
        Some(Structure::UrlPassword) => percent::decoded(raw),
        _ => raw.to_vec(),
    }
}

/// Returns a private key's first line, which is no secret, and nothing of what follows.
pub(super) fn key_label(raw: &[u8]) -> String {
    const DASHES: &[u8] = b"-----";
    let label = raw
        .strip_prefix(DASHES)
        .and_then(|rest| memchr::memmem::find(rest, DASHES).map(|end| &rest[..end]))
        .filter(|label| {
            label.len() < 60
                && label.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ')
        });
    match label {
        Some(label) => format!("-----{}-----…", String::from_utf8_lossy(label)),
        None => "****".into(),
    }
}

/// The base64 of a private key without line breaks, written-out `\n`, quotes and indentation.
fn key_body(raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        match raw[at] {
            b'\\' => at += 2,
            b if b.is_ascii_whitespace() || b"\"'`+,".contains(&b) && !is_base64_plus(raw, at) => at += 1,
            b => {
                body.push(b);
                at += 1;
            }
        }
    }
    body
}

/// Whether the `+` at `at` is a base64 digit and not a joined string.
fn is_base64_plus(raw: &[u8], at: usize) -> bool {
    let is_digit = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
    raw[at] == b'+' && (is_digit(at.checked_sub(1).and_then(|i| raw.get(i))) || is_digit(raw.get(at + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_same_in_a_url_and_outside() {
        assert_eq!(normal(Some(Structure::UrlPassword), b"a%40b%zz%"), b"a@b%zz%");
    }

    #[test]
    fn a_private_key_is_the_same_on_one_line_and_on_many() {
        let kind = Some(Structure::PrivateKey);
        assert_eq!(normal(kind, b"ab+c\r\n  de\n"), normal(kind, b"ab+c\\nde\\n"));
    }

    #[test]
    fn a_label_shows_no_body() {
        let label = format!("-----BEGIN {}-----", "RSA PRIVATE KEY");
        assert_eq!(key_label(format!("{label}\nMIIE").as_bytes()), format!("{label}…"));
        assert_eq!(key_label(b"-----BEGIN \x1b-----"), "****");
    }
}
