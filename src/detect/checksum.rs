//! Checksums that a key carries in itself. Where they are documented: `docs/checks.md`.
//!
//! A key that fails is seldom a key, but people do cut and mangle them: a failed check lowers the
//! confidence of a finding and never drops it.

use crate::rule::Checksum;

const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Tells whether the checksum inside `secret` is right; `None`: a form that has no room for one.
#[must_use]
pub fn check(kind: Checksum, secret: &[u8]) -> Option<bool> {
    match kind {
        Checksum::GithubCrc32 => github(secret),
        Checksum::GitlabCrc32 => gitlab(secret),
    }
}

/// `ghp_` or `npm_`, thirty random characters, six of checksum over those thirty.
fn github(secret: &[u8]) -> Option<bool> {
    let at = secret.iter().position(|b| *b == b'_')?;
    let body = &secret[at + 1..];
    if body.len() != 36 || !body.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (random, sum) = body.split_at(30);
    Some(written(crc32fast::hash(random), BASE62, 6) == sum)
}

/// `glpat-<payload>.<version>.<length><crc>`: seven characters over all that stands before them.
/// The older `glpat-` with twenty characters has no dot, and no checksum.
fn gitlab(secret: &[u8]) -> Option<bool> {
    let dot = secret.iter().rposition(|b| *b == b'.')?;
    if secret.len() - dot - 1 != 9 {
        return None;
    }
    let (before, sum) = secret.split_at(secret.len() - 7);
    Some(written(crc32fast::hash(before), BASE36, 7) == sum)
}

/// Writes a number in an alphabet, most significant digit first, padded with the first one.
fn written(mut number: u32, alphabet: &[u8], width: usize) -> Vec<u8> {
    let mut digits = vec![alphabet[0]; width];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet[number as usize % alphabet.len()];
        number /= alphabet.len() as u32;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    fn checked(kind: Checksum, template: &str) -> Option<bool> {
        check(kind, fill(template, 7).unwrap().as_bytes())
    }

    #[test]
    fn a_github_token_carries_the_checksum_of_its_thirty() {
        let kind = Checksum::GithubCrc32;
        assert_eq!(checked(kind, "ghp_{base62:30}{github-crc32}"), Some(true));
        assert_eq!(checked(kind, "npm_{base62:30}{github-crc32}"), Some(true));
        assert_eq!(checked(kind, "ghp_{base62:30}000000"), Some(false));
        assert_eq!(checked(kind, "ghs_{base62:60}"), None);
        assert_eq!(checked(kind, "{base62:40}"), None);
    }

    #[test]
    fn a_classic_gitlab_token_has_no_checksum() {
        let kind = Checksum::GitlabCrc32;
        assert_eq!(checked(kind, "glpat-{base62:20}"), None);
        assert_eq!(checked(kind, "glpat-{base62:28}.01.0w{gitlab-crc32}"), Some(true));
        assert_eq!(checked(kind, "glpat-{base62:28}.0w{gitlab-crc32}"), Some(true));
        assert_eq!(checked(kind, "glpat-{base62:28}.01.0w0000000"), Some(false));
    }

    #[test]
    fn the_largest_checksum_has_room() {
        assert_eq!(written(u32::MAX, BASE62, 6).len(), 6);
        assert_eq!(written(0, BASE36, 7), b"0000000");
        assert_eq!(written(61, BASE62, 6), b"00000z");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            for kind in [Checksum::GithubCrc32, Checksum::GitlabCrc32] {
                let _ = check(kind, &bytes);
            }
        }
    }
}
