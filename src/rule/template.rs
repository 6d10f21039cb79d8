//! Examples without a literal key: `ghp_{base62:30}{github-crc32}` is filled anew for every proof.
//!
//! In braces: an alphabet and a length (`{hex:64}`), a checksum over the token that stands right
//! before it (`{github-crc32}`), a made key of a structured kind (`{jwt}`, `{ed25519-pem}`), a PEM
//! block's first or last line (`{begin:PUBLIC KEY}`), base64 of a user and a made password
//! (`{basic:deploy}`), of plain words (`{base64-of:user:password}`), or of a JSON object with made
//! values (`{json-of:user,key}`).
//! `{{` and `}}` are braces.

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, BASE64URL_NOPAD};

/// Why a template could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: {0}")]
pub struct TemplateError(String);

const ALPHABETS: [(&str, &[u8]); 10] = [
    ("hex", b"0123456789abcdef"),
    ("HEX", b"0123456789ABCDEF"),
    ("digit", b"0123456789"),
    ("lower", b"abcdefghijklmnopqrstuvwxyz"),
    ("upper", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("alpha", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("base32", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    ("base36", b"0123456789abcdefghijklmnopqrstuvwxyz"),
    ("base62", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("base64url", b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"),
];
const BASE64_ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";

/// Fills a template; the same seed gives the same text.
///
/// # Errors
/// If a word in braces is not known or a brace is not closed.
///
/// ```
/// use keywright::rule::template::fill;
/// let key = fill("avp_live_{hex:12}", 1).unwrap();
/// assert_eq!(key.len(), "avp_live_".len() + 12);
/// assert_ne!(key, fill("avp_live_{hex:12}", 2).unwrap());
/// ```
pub fn fill(template: &str, seed: u64) -> Result<String, TemplateError> {
    let mut random = Random::new(seed);
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            out.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let body = rest[at..].strip_prefix('{').and_then(|r| r.split_once('}'));
        let Some((word, after)) = body else {
            return Err(TemplateError(format!("a brace at byte {at} has no partner")));
        };
        let piece = one(word, &out, &mut random)?;
        out.push_str(&piece);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Fills one word in braces; `before` is the text so far.
fn one(word: &str, before: &str, random: &mut Random) -> Result<String, TemplateError> {
    let unknown = || TemplateError(format!("`{{{word}}}` is not known"));
    if let Some((mark @ ("begin" | "end"), label)) = word.split_once(':') {
        return Ok(format!("-----{} {label}-----", mark.to_ascii_uppercase()));
    }
    if let Some(user) = word.strip_prefix("basic:") {
        let password = random.text(ALPHABETS[8].1, 16);
        return Ok(BASE64.encode(format!("{user}:{password}").as_bytes()));
    }
    if let Some(text) = word.strip_prefix("base64-of:") {
        return Ok(BASE64.encode(text.as_bytes()));
    }
    if let Some(fields) = word.strip_prefix("json-of:") {
        let field = |name: &str| format!(r#""{name}":"{}""#, random.text(ALPHABETS[8].1, 24));
        let fields: Vec<String> = fields.split(',').map(field).collect();
        return Ok(BASE64.encode(format!("{{{}}}", fields.join(",")).as_bytes()));
    }
    if let Some((alphabet, length)) = word.split_once(':') {
        let length: usize = length.parse().map_err(|_| unknown())?;
        let set = if alphabet == "base64" {
            BASE64_ALPHABET
        } else {
            ALPHABETS.iter().find(|(name, _)| *name == alphabet).ok_or_else(unknown)?.1
        };
        return Ok(random.text(set, length));
    }
    let token = token_before(before);
    match word {
        "github-crc32" => Ok(base(&ALPHABETS[8], crc32(&token[token.len().saturating_sub(30)..]), 6)),
        "gitlab-crc32" => Ok(base(&ALPHABETS[7], crc32(token.trim_end_matches('.')), 7)),
        "hex-crc32" => {
            let body = token.split_once('_').map_or(token, |(_, body)| body);
            Ok(format!("{:08x}", crc32(body.trim_end_matches('_'))))
        }
        "grafana-crc32" => Ok(format!("{:08x}", crc32(token.trim_end_matches('_')).swap_bytes())),
        "atlassian-crc32" => {
            let token = token_before(before.trim_end_matches('='));
            Ok(format!("{:08X}", crc32(&before[before.trim_end_matches('=').len() - token.len()..])))
        }
        "confluent-crc32" => {
            let sum = crc32(&before[before.len().saturating_sub(54)..]);
            Ok(BASE64_NOPAD.encode(&sum.to_le_bytes()))
        }
        "nkey-seed" => Ok(nkey_seed(random)),
        "age-secret-key" => Ok(age_secret_key(random)),
        "discord-token" => Ok(discord_token(random)),
        "jwt" => Ok(jwt(random, r#""iss":"auth""#)),
        "jwt-anon" => Ok(jwt(random, r#""iss":"supabase","role":"anon""#)),
        "ed25519-pem" => Ok(ed25519_pem(random)),
        "ed25519-pem-escaped" => Ok(ed25519_pem(random).replace('\n', "\\n")),
        "pypi-macaroon" => Ok(pypi_macaroon(random)),
        "base64-of-token" => Ok(BASE64.encode(token.as_bytes())),
        _ => Err(unknown()),
    }
}

/// The run of token characters at the end of `text`.
fn token_before(text: &str) -> &str {
    let start =
        text.rfind(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c))).map_or(0, |at| at + 1);
    &text[start..]
}

fn crc32(text: &str) -> u32 {
    crc32fast::hash(text.as_bytes())
}

/// Writes a number in the alphabet, most significant first, padded to `width`.
fn base(alphabet: &(&str, &[u8]), mut number: u32, width: usize) -> String {
    let radix = alphabet.1.len() as u32;
    let mut digits = vec![alphabet.1[0]; width];
    for digit in digits.iter_mut().rev() {
        *digit = alphabet.1[(number % radix) as usize];
        number /= radix;
    }
    digits.into_iter().map(char::from).collect()
}

/// A JSON Web Token with a random subject and signature (RFC 7519).
fn jwt(random: &mut Random, claims: &str) -> String {
    let subject = random.text(ALPHABETS[0].1, 16);
    let payload = format!(r#"{{{claims},"sub":"{subject}","iat":1760000000}}"#);
    let header = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
    let signature = BASE64URL_NOPAD.encode(&random.bytes(32));
    format!("{header}.{}.{signature}", BASE64URL_NOPAD.encode(payload.as_bytes()))
}

/// An Ed25519 private key in PKCS #8 (RFC 8410): sixteen fixed bytes and thirty-two random ones.
fn ed25519_pem(random: &mut Random) -> String {
    let mut der = vec![0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    der.extend(random.bytes(32));
    // Put together here, so that no line of this file looks like a key's first line.
    let mark = |word: &str| format!("-----{word} {} KEY-----", "PRIVATE");
    format!("{}\n{}\n{}", mark("BEGIN"), BASE64.encode(&der), mark("END"))
}

/// A macaroon in the second binary format of libmacaroons, as PyPI mints it.
fn pypi_macaroon(random: &mut Random) -> String {
    let mut bytes = vec![2];
    let mut field = |kind: u8, value: &[u8]| {
        bytes.push(kind);
        bytes.push(value.len() as u8);
        bytes.extend_from_slice(value);
    };
    field(1, b"pypi.org");
    let uuid = random.text(ALPHABETS[0].1, 32);
    field(
        2,
        format!("{}-{}-{}-{}-{}", &uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..])
            .as_bytes(),
    );
    bytes.push(0);
    let mut caveat = vec![2];
    let text = br#"{"permissions": "user", "version": 1}"#;
    caveat.push(text.len() as u8);
    caveat.extend_from_slice(text);
    caveat.push(0);
    bytes.extend(caveat);
    bytes.push(0);
    bytes.extend([6, 32]);
    bytes.extend(random.bytes(32));
    BASE64URL_NOPAD.encode(&bytes)
}

/// A NATS user's seed: two bytes of kind, thirty-two of seed, CRC-16/XMODEM.
fn nkey_seed(random: &mut Random) -> String {
    let mut bytes = vec![0x95, 0];
    bytes.extend(random.bytes(32));
    let sum = bytes.iter().fold(0u16, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << 8, |sum, _| sum << 1 ^ if sum >> 15 == 1 { 0x1021 } else { 0 })
    });
    bytes.extend(sum.to_le_bytes());
    BASE32_NOPAD.encode(&bytes)
}

/// An age identity: bech32 (BIP 173) of thirty-two bytes, in capitals.
fn age_secret_key(random: &mut Random) -> String {
    const DIGITS: &[u8] = b"QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    const NAME: &str = "age-secret-key-";
    // Fifty-one digits of five bits, and a last one of which one bit counts.
    let mut digits: Vec<u8> = random.bytes(52).into_iter().map(|b| b & 31).collect();
    digits[51] &= 16;
    let name = NAME.bytes().map(|b| b >> 5).chain([0]).chain(NAME.bytes().map(|b| b & 31));
    let sum = name.chain(digits.iter().copied()).chain([0; 6]).fold(1u32, |sum, digit| {
        let shifted = (sum & 0x01ff_ffff) << 5 ^ u32::from(digit);
        (0..5).filter(|bit| sum >> 25 >> bit & 1 == 1).fold(shifted, |s, bit| s ^ GENERATOR[bit])
    }) ^ 1;
    digits.extend((0..6).map(|at| (sum >> (25 - 5 * at) & 31) as u8));
    let text: String = digits.into_iter().map(|d| char::from(DIGITS[usize::from(d)])).collect();
    format!("{}1{text}", NAME.to_ascii_uppercase())
}

/// A Discord bot's token: base64 of its number, of a time, and of an HMAC.
fn discord_token(random: &mut Random) -> String {
    let number = format!("1{}", random.text(ALPHABETS[2].1, 17));
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let (time, sum) = (random.bytes(4), random.bytes(27));
    format!("{}.{}.{}", encode(number.as_bytes()), encode(&time), encode(&sum))
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same examples on every machine. Nothing secret.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6b65_7977_7269_6768)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[(self.next() % alphabet.len() as u64) as usize])).collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.next() >> 32) as u8).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_braces_are_braces() {
        assert_eq!(fill("{{name}}", 1).unwrap(), "{name}");
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(fill("a{nope}", 1).unwrap_err().to_string(), "template: `{nope}` is not known");
    }

    #[test]
    fn a_checksum_covers_the_thirty_before_it() {
        let key = fill("ghp_{base62:30}{github-crc32}", 3).unwrap();
        let (body, sum) = key["ghp_".len()..].split_at(30);
        assert_eq!(base(&ALPHABETS[8], crc32(body), 6), sum);
    }
}
