//! Checksums that a key carries in itself. Where they are documented: `docs/checks.md`.
//!
//! A key that fails is seldom a key, but people do cut and mangle them: a failed check lowers the
//! confidence of a finding and never drops it.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD};
use zeroize::Zeroizing;

use crate::rule::Checksum;

const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Tells whether the checksum inside `secret` is right; `None`: a form that has no room for one.
#[must_use]
pub fn check(kind: Checksum, secret: &[u8]) -> Option<bool> {
    match kind {
        Checksum::GithubCrc32 => github(secret),
        Checksum::GitlabCrc32 => gitlab(secret),
        Checksum::HexCrc32 => hex(secret),
        Checksum::GrafanaCrc32 => grafana(secret),
        Checksum::AtlassianCrc32 => atlassian(secret),
        Checksum::ConfluentCrc32 => confluent(secret),
        Checksum::NkeyCrc16 => nkey(secret),
        Checksum::Bech32 => bech32(secret),
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

/// `cfut_<40><8>` and `zpka_<32>_<8>`: eight hex digits over what stands between prefix and them.
fn hex(secret: &[u8]) -> Option<bool> {
    let at = secret.iter().position(|b| *b == b'_')?;
    let (body, sum) = secret[at + 1..].split_last_chunk::<8>()?;
    let body = body.strip_suffix(b"_").unwrap_or(body);
    Some(format!("{:08x}", crc32fast::hash(body)).as_bytes() == sum)
}

/// `glsa_<32>_<8>`: eight hex digits over prefix and random part, least significant byte first.
fn grafana(secret: &[u8]) -> Option<bool> {
    let (before, sum) = secret.split_last_chunk::<8>()?;
    let number = crc32fast::hash(before.strip_suffix(b"_")?).swap_bytes();
    Some(format!("{number:08x}").as_bytes() == sum)
}

/// `ATATT…=<8>` and its like: eight upper-case hex digits over everything before, `=` included.
fn atlassian(secret: &[u8]) -> Option<bool> {
    let (before, sum) = secret.split_last_chunk::<8>()?;
    Some(format!("{:08X}", crc32fast::hash(before)).as_bytes() == sum)
}

/// `cflt<54><6>`: base64 of four bytes, least significant first, over the fifty-four.
fn confluent(secret: &[u8]) -> Option<bool> {
    let (random, sum) = secret.strip_prefix(b"cflt")?.split_last_chunk::<6>()?;
    Some(BASE64_NOPAD.encode(&crc32fast::hash(random).to_le_bytes()).as_bytes() == sum)
}

/// Base32 of a kind, thirty-two bytes of seed and two of CRC-16, least significant first.
fn nkey(secret: &[u8]) -> Option<bool> {
    let Ok(bytes) = BASE32_NOPAD.decode(secret).map(Zeroizing::new) else { return Some(false) };
    let (before, sum) = bytes.split_last_chunk::<2>()?;
    Some(crc16(before) == u16::from_le_bytes(*sum))
}

/// CRC-16/XMODEM: polynomial 1021, nothing turned round, begun at nought.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| sum << 1 ^ if sum >> 15 == 1 { 0x1021 } else { 0 })
    })
}

/// A name, `1`, and base32 of an alphabet of its own whose last six are a checksum (BIP 173).
fn bech32(secret: &[u8]) -> Option<bool> {
    let folded = Zeroizing::new(secret.to_ascii_lowercase());
    let one = folded.iter().rposition(|b| *b == b'1')?;
    let (name, data) = (&folded[..one], &folded[one + 1..]);
    let digits: Option<Vec<u8>> = data
        .iter()
        .map(|b| BECH32.iter().position(|d| d == b).and_then(|at| u8::try_from(at).ok()))
        .collect();
    Some(digits.is_some_and(|digits| bech32_sum(name, &digits) == 1))
}

/// The sum of BIP 173 over a name and digits; one for a whole key.
fn bech32_sum(name: &[u8], digits: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let high = name.iter().map(|b| b >> 5);
    let low = name.iter().map(|b| b & 31);
    high.chain([0]).chain(low).chain(digits.iter().copied()).fold(1u32, |sum, digit| {
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(digit);
        (0..5).filter(|bit| sum >> 25 >> bit & 1 == 1).fold(shifted, |s, bit| s ^ GENERATOR[bit])
    })
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
    fn eight_hex_digits_cover_what_the_provider_says() {
        let cases = [
            (Checksum::HexCrc32, "cfut_{base62:40}{hex-crc32}", "cfut_{base62:40}{hex:8}"),
            (Checksum::HexCrc32, "zpka_{hex:32}_{hex-crc32}", "zpka_{hex:32}_{hex:8}"),
            (Checksum::GrafanaCrc32, "glsa_{base62:32}_{grafana-crc32}", "glsa_{base62:32}_{hex:8}"),
            (Checksum::AtlassianCrc32, "ATATT3{base62:180}={atlassian-crc32}", "ATATT3{base62:180}={HEX:8}"),
            (Checksum::ConfluentCrc32, "cflt{base64:54}{confluent-crc32}", "cflt{base64:60}"),
        ];
        for (kind, right, wrong) in cases {
            assert_eq!(checked(kind, right), Some(true), "{right}");
            assert_eq!(checked(kind, wrong), Some(false), "{wrong}");
        }
    }

    #[test]
    fn the_checksums_are_those_of_their_papers() {
        // CRC-16/XMODEM's check value; BIP 173's shortest valid text.
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(bech32(b"A12UEL5L"), Some(true));
        assert_eq!(bech32(b"A12UEL5M"), Some(false));
        assert_eq!(bech32(b"?1ezyfcl"), Some(true));
    }

    #[test]
    fn a_seed_and_an_age_key_carry_their_checksums() {
        let seed = fill("{nkey-seed}", 7).unwrap();
        assert_eq!((seed.len(), &seed[..3]), (58, "SUA"));
        assert_eq!(check(Checksum::NkeyCrc16, seed.as_bytes()), Some(true));
        assert_eq!(checked(Checksum::NkeyCrc16, "SUA{base32:55}"), Some(false));
        let key = fill("{age-secret-key}", 7).unwrap();
        assert_eq!(key.len(), 74);
        assert_eq!(check(Checksum::Bech32, key.as_bytes()), Some(true));
        assert_eq!(check(Checksum::Bech32, &key.as_bytes()[..73]), Some(false));
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
            for kind in [
                Checksum::GithubCrc32,
                Checksum::GitlabCrc32,
                Checksum::HexCrc32,
                Checksum::GrafanaCrc32,
                Checksum::AtlassianCrc32,
                Checksum::ConfluentCrc32,
                Checksum::NkeyCrc16,
                Checksum::Bech32,
            ] {
                let _ = check(kind, &bytes);
            }
        }
    }
}
