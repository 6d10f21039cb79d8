//! API tokens of PyPI: `pypi-` and a macaroon in the second binary format of libmacaroons.

use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use super::Shape;

const END: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const VERIFIER: u8 = 4;
const SIGNATURE: u8 = 6;

pub(super) fn check(secret: &[u8]) -> Shape {
    let body = secret.strip_prefix(b"pypi-").unwrap_or(secret);
    let end = body.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    let Ok(bytes) = BASE64URL_NOPAD.decode(&body[..end]).map(Zeroizing::new) else {
        return Shape::broken("no base64url");
    };
    match location(&bytes) {
        Some(b"pypi.org") => Shape::holds("a macaroon of pypi.org"),
        Some(b"test.pypi.org") => Shape::holds("a macaroon of test.pypi.org"),
        Some(_) => Shape::holds("a macaroon of another index"),
        None => Shape::broken("no whole macaroon"),
    }
}

/// Returns where the macaroon is for, if it is whole: version 2, a location, an identifier, any
/// number of caveats, a signature of thirty-two bytes and nothing behind it.
fn location(bytes: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(bytes.strip_prefix(&[2])?);
    let location = fields.want(LOCATION)?;
    fields.want(IDENTIFIER)?;
    fields.want(END)?;
    loop {
        match fields.next()? {
            (END, _) => break,
            (LOCATION, _) => {
                fields.want(IDENTIFIER)?;
            }
            (IDENTIFIER, _) => {}
            _ => return None,
        }
        match fields.next()? {
            (END, _) => {}
            (VERIFIER, _) => {
                fields.want(END)?;
            }
            _ => return None,
        }
    }
    (fields.want(SIGNATURE)?.len() == 32 && fields.0.is_empty()).then_some(location)
}

/// Fields: a kind, then, unless it is the end, a length and that many bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let kind = self.varint()?;
        if kind == 0 {
            return Some((END, &[]));
        }
        let length = usize::try_from(self.varint()?).ok()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((u8::try_from(kind).ok()?, value))
    }

    fn want(&mut self, kind: u8) -> Option<&'a [u8]> {
        self.next().filter(|(k, _)| *k == kind).map(|(_, value)| value)
    }

    /// Seven bits a byte, the least significant first.
    fn varint(&mut self) -> Option<u32> {
        let mut number = 0u32;
        for shift in (0..28).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    #[test]
    fn a_token_of_the_index_is_a_whole_macaroon() {
        let token = fill("pypi-{pypi-macaroon}", 4).unwrap();
        assert_eq!(check(token.as_bytes()), Shape::holds("a macaroon of pypi.org"));
        assert!(matches!(check(&token.as_bytes()[..token.len() - 4]), Shape::Broken(_)));
        assert!(matches!(check(fill("pypi-{base62:120}", 4).unwrap().as_bytes()), Shape::Broken(_)));
    }
}
