//! OpenSSH's own private key format: `openssh-key-v1` (its source tree's PROTOCOL.key).

use super::Shape;
use super::der::{random, rsa};

const MAGIC: &[u8] = b"openssh-key-v1\0";

/// Says what the bytes of an `OPENSSH PRIVATE KEY` are.
pub(super) fn check(bytes: &[u8]) -> Shape {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        return Shape::broken("its body does not begin as OpenSSH writes it");
    };
    outer(Fields(rest)).unwrap_or_else(|| Shape::broken("its body is cut short"))
}

/// cipher, kdf, its options, the number of keys, the public key, the private part.
fn outer(mut fields: Fields<'_>) -> Option<Shape> {
    let cipher = fields.text()?;
    let (_kdf, _options, count, _public) = (fields.text()?, fields.text()?, fields.number()?, fields.text()?);
    let private = fields.text()?;
    if cipher != b"none" {
        return Some(Shape::harmless("encrypted"));
    }
    if count != 1 {
        return Some(Shape::Unknown);
    }
    let mut private = Fields(private);
    if private.number()? != private.number()? {
        return Some(Shape::broken("its two check numbers differ"));
    }
    inner(private)
}

/// The key's type, its numbers, a comment, and 1, 2, 3… to the end.
fn inner(mut key: Fields<'_>) -> Option<Shape> {
    let shape = match key.text()? {
        b"ssh-ed25519" => {
            let (public, private) = (key.text()?, key.text()?);
            let (seed, again) = private.split_at_checked(32)?;
            match again == public && public.len() == 32 {
                true => random(seed, "a whole Ed25519 key"),
                false => Shape::broken("its public half is not the one inside"),
            }
        }
        b"ssh-rsa" => {
            let (n, _e, _d, _inverse) = (key.text()?, key.text()?, key.text()?, key.text()?);
            rsa(n, key.text()?, key.text()?)
        }
        b"ssh-dss" => {
            for _ in 0..4 {
                key.text()?;
            }
            random(key.text()?, "a whole DSA key")
        }
        kind if kind.starts_with(b"ecdsa-sha2-") => {
            let (_curve, point, private) = (key.text()?, key.text()?, key.text()?);
            match point.len() % 2 == 1 && private.len() <= point.len() / 2 + 1 {
                true => random(private, "a whole ECDSA key"),
                false => Shape::broken("its length does not fit its curve"),
            }
        }
        // A handle for a key in hardware, or a type not known here.
        _ => return Some(Shape::Unknown),
    };
    key.text()?;
    let padded = key.0.iter().zip(1u8..).all(|(byte, at)| *byte == at);
    Some(if padded { shape } else { Shape::broken("its padding is not as OpenSSH writes it") })
}

/// Values with their length before them, in four bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Option<u32> {
        let (four, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*four))
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }
}
