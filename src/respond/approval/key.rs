//! Who may approve: a name and a public key, on a line as in OpenSSH's allowed signers.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, HashAlg, Mpint, PublicKey, Signature};

use super::ApprovalError;

/// The most approvers.
const MOST: usize = 1000;
/// The longest line, in bytes.
const LONGEST: usize = 8 << 10;
/// The longest name.
const LONGEST_NAME: usize = 100;
/// The lengths of RSA keys that are taken, in bytes.
const RSA: std::ops::RangeInclusive<usize> = 256..=1024;

/// Somebody who may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// The name, as the operator writes it.
    pub name: String,
    key: KeyData,
}

/// Reads the operator's lines: `alice ssh-ed25519 AAAA… comment`. Somebody may have several keys; a key has one
/// name, so that nobody counts twice.
///
/// # Errors
/// [`ApprovalError::Approver`]: which line, and why. No key is repeated in it.
pub fn approvers(lines: &[String]) -> Result<Vec<Approver>, ApprovalError> {
    let mut found: Vec<Approver> = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let wrong = |why: &str| ApprovalError::Approver { number, why: why.to_owned() };
        if number > MOST {
            return Err(wrong("is one too many: there may be 1,000"));
        }
        let approver = read(line).map_err(wrong)?;
        if let Some(other) = found.iter().find(|a| a.key == approver.key) {
            return Err(wrong(&format!("has the key of `{}`: each key has one name", other.name)));
        }
        let is_like = |a: &&Approver| a.name.eq_ignore_ascii_case(&approver.name) && a.name != approver.name;
        if let Some(other) = found.iter().find(is_like) {
            return Err(wrong(&format!("is `{}` in other letters: write one name in one way", other.name)));
        }
        found.push(approver);
    }
    Ok(found)
}

fn read(line: &str) -> Result<Approver, &'static str> {
    const FORM: &str = "is no name and public key; write `alice ssh-ed25519 AAAA…`, as in alice's .pub file";
    if line.len() > LONGEST || line.chars().any(char::is_control) {
        return Err("is too long, or holds a line end; write one key");
    }
    let (name, key) = line.trim().split_once(' ').ok_or(FORM)?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@+".contains(&b);
    if name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
        return Err("has no plain name; a name is made of letters, digits, - _ . @ +");
    }
    let key = PublicKey::from_openssh(key.trim_start()).map_err(|_| FORM)?;
    let key = KeyData::from(key);
    match &key {
        KeyData::Ed25519(_) => {}
        KeyData::Ecdsa(key) if key.curve() != EcdsaCurve::NistP521 => {}
        KeyData::Rsa(key) if key.n.as_positive_bytes().is_some_and(|n| RSA.contains(&n.len())) => {}
        KeyData::Rsa(_) => return Err("has an RSA key of under 2,048 or over 8,192 bits; make a longer one"),
        _ => {
            return Err(
                "has a key of a kind that is not taken; there are Ed25519, ECDSA (P-256, P-384), RSA",
            );
        }
    }
    Ok(Approver { name: name.to_owned(), key })
}

impl Approver {
    /// Tells whether a key is this approver's.
    pub(super) fn has(&self, key: &KeyData) -> bool {
        self.key == *key
    }

    /// Tells whether this approver's key signed `data`.
    pub(super) fn signed(&self, data: &[u8], signature: &Signature) -> bool {
        let bytes = signature.as_bytes();
        match (&self.key, signature.algorithm()) {
            (KeyData::Ed25519(key), Algorithm::Ed25519) => {
                UnparsedPublicKey::new(&ED25519, key.0).verify(data, bytes).is_ok()
            }
            (KeyData::Ecdsa(key), Algorithm::Ecdsa { curve }) if key.curve() == curve => {
                let (how, width): (&'static dyn VerificationAlgorithm, _) = match curve {
                    EcdsaCurve::NistP256 => (&ECDSA_P256_SHA256_FIXED, 32),
                    EcdsaCurve::NistP384 => (&ECDSA_P384_SHA384_FIXED, 48),
                    EcdsaCurve::NistP521 => return false,
                };
                let fixed = fixed(bytes, width);
                fixed.is_some_and(|fixed| {
                    UnparsedPublicKey::new(how, key.as_sec1_bytes()).verify(data, &fixed).is_ok()
                })
            }
            (KeyData::Rsa(key), Algorithm::Rsa { hash: Some(hash) }) => {
                let how = match hash {
                    HashAlg::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                    HashAlg::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                    _ => return false,
                };
                let (Some(n), Some(e)) = (key.n.as_positive_bytes(), key.e.as_positive_bytes()) else {
                    return false;
                };
                RsaPublicKeyComponents { n, e }.verify(how, data, bytes).is_ok()
            }
            _ => false,
        }
    }
}

/// Writes the two numbers of an ECDSA signature (RFC 5656) one behind the other, each `width` bytes long.
fn fixed(mut bytes: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (number, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let number = Mpint::from_bytes(number).ok()?;
        let number = number.as_positive_bytes().filter(|n| n.len() <= width)?;
        out.resize(out.len() + width - number.len(), 0);
        out.extend_from_slice(number);
        bytes = rest;
    }
    bytes.is_empty().then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A line with a key that nobody has.
    fn line(name: &str, fill: u8) -> String {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend([fill; 32]);
        format!("{name} ssh-ed25519 {} a comment", data_encoding::BASE64.encode(&blob))
    }

    fn refused(lines: &[String]) -> String {
        let told = approvers(lines).unwrap_err().to_string();
        assert!(!told.contains("AAAAC3"), "a key is repeated: {told}");
        told
    }

    #[test]
    fn an_approver_has_a_name_and_keys() {
        let found = approvers(&[line("alice", 1), line("bob@example.com", 2), line("alice", 3)]).unwrap();
        let names: Vec<_> = found.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["alice", "bob@example.com", "alice"]);
        assert_eq!(approvers(&[]).unwrap(), []);
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named() {
        let good = line("alice", 1);
        for (bad, why) in [
            (line("al\u{1b}[31mice", 2), "line end"),
            (line("alice\nbob", 2), "line end"),
            (line("älice", 2), "no plain name"),
            (line("\"alice\"", 2), "no plain name"),
            (line(&"a".repeat(101), 2), "no plain name"),
            (format!("{good}{}", "x".repeat(LONGEST)), "too long"),
            (line("", 2).trim().to_owned(), "is no name and public key"),
            (good.replace("ssh-ed25519", "ssh-rsa"), "is no name and public key"),
            (good.replace("AAAA", "AAAB"), "is no name and public key"),
            ("alice".into(), "is no name and public key"),
            (String::new(), "is no name and public key"),
            (line("bob", 1), "the key of `alice`"),
            (line("Alice", 2), "in other letters"),
        ] {
            let told = refused(&[good.clone(), bad]);
            assert!(told.starts_with("approver 2 in [respond] approvers") && told.contains(why), "{told}");
        }
        let many: Vec<_> = (0..=u16::try_from(MOST).unwrap())
            .map(|n| {
                let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
                blob.extend([n.to_be_bytes(); 16].concat());
                format!("a{n} ssh-ed25519 {}", data_encoding::BASE64.encode(&blob))
            })
            .collect();
        assert!(refused(&many).contains("one too many"));
    }

    #[test]
    fn two_numbers_are_written_at_their_width() {
        let fixed = |bytes: &[u8]| fixed(bytes, 4);
        assert_eq!(
            fixed(b"\0\0\0\x01\x07\0\0\0\x05\0\xff\x01\x02\x03").unwrap(),
            b"\0\0\0\x07\xff\x01\x02\x03"
        );
        for bad in [
            &b""[..],
            b"\0\0\0\x01\x07",
            b"\0\0\0\x01\x07\0\0\0\x01\x07\0",
            b"\0\0\0\x05\x07\x01\x01\x01\x01\0\0\0\x01\x07",
            b"\xff\xff\xff\xff\x07\0\0\0\x01\x07",
            b"\0\0\0\x01\xff\0\0\0\x01\x07",
        ] {
            assert_eq!(fixed(bad), None, "{bad:?}");
        }
    }

    proptest! {
        /// Any line: read or refused, and no panic.
        #[test]
        fn any_line_is_survived(line in "\\PC{0,200}", blob in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = approvers(&[line]);
            for kind in ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com"] {
                let mut whole = u32::try_from(kind.len()).unwrap().to_be_bytes().to_vec();
                whole.extend(kind.bytes());
                whole.extend(&blob);
                let _ = approvers(&[format!("a {kind} {}", data_encoding::BASE64.encode(&whole))]);
            }
        }
    }
}
