//! Keys in DER: PKCS #1 (RFC 8017), PKCS #8 (RFC 5958), SEC 1 (RFC 5915), DSA, and their public halves.
//!
//! The reader takes definite lengths only and goes as deep as the formats do, never deeper.

use super::Shape;

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_1: u8 = 0xa1;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
const DH: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 3, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// The four kinds of RFC 8410, and how long their private keys are.
const EDWARDS: [(&[u8], usize); 4] = [
    (&[0x2b, 0x65, 0x6e], 32),
    (&[0x2b, 0x65, 0x6f], 56),
    (&[0x2b, 0x65, 0x70], 32),
    (&[0x2b, 0x65, 0x71], 57),
];
/// Named curves, and how long their private keys are.
const CURVES: [(&[u8], usize); 9] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], 24),
    (&[0x2b, 0x81, 4, 0, 33], 28),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], 32),
    (&[0x2b, 0x81, 4, 0, 10], 32),
    (&[0x2b, 0x81, 4, 0, 34], 48),
    (&[0x2b, 0x81, 4, 0, 35], 66),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], 32),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11], 48),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13], 64),
];

/// Says what kind of key `bytes` are.
pub(super) fn check(bytes: &[u8]) -> Shape {
    let mut outer = Reader(bytes);
    let Some(inside) = outer.take(SEQUENCE) else {
        return Shape::broken("its body is no whole DER");
    };
    [pkcs8, pkcs1, sec1, dsa, locked, public]
        .iter()
        .find_map(|kind| kind(Reader(inside)))
        .unwrap_or_else(|| Shape::broken("its body is no key"))
}

/// version, { algorithm, parameters }, the key in octets, attributes.
fn pkcs8(mut key: Reader<'_>) -> Option<Shape> {
    let version = key.take(INTEGER)?;
    if !matches!(version, [0 | 1]) {
        return None;
    }
    let mut algorithm = Reader(key.take(SEQUENCE)?);
    let kind = algorithm.take(OID)?;
    let inner = Reader(key.take(OCTETS)?);
    let broken = |what: &str| Some(Shape::broken(what));
    match kind {
        RSA | RSA_PSS => inner
            .clone()
            .take(SEQUENCE)
            .and_then(|body| pkcs1(Reader(body)))
            .or_else(|| broken("the RSA key inside does not parse")),
        EC => {
            let curve = algorithm.clone().take(OID);
            let body = inner.clone().take(SEQUENCE);
            body.and_then(|body| ec(Reader(body), curve))
                .or_else(|| broken("the EC key inside does not parse"))
        }
        DSA | DH => match inner.clone().take(INTEGER) {
            Some(x) if x.len() >= 16 => Some(Shape::holds("a whole DSA or DH key in PKCS #8")),
            _ => broken("the number inside does not parse"),
        },
        _ => match EDWARDS.iter().find(|(oid, _)| *oid == kind) {
            None => Some(Shape::Unknown),
            Some((_, length)) => match inner.clone().take(OCTETS) {
                Some(private) if private.len() == *length => {
                    Some(random(private, "a whole Edwards-curve key"))
                }
                _ => broken("the key inside has the wrong length"),
            },
        },
    }
}

/// version, n, e, d, p, q, d mod p-1, d mod q-1, q⁻¹ mod p.
fn pkcs1(mut key: Reader<'_>) -> Option<Shape> {
    if !matches!(key.take(INTEGER)?, [0 | 1]) {
        return None;
    }
    let mut number = || key.take(INTEGER);
    let (n, _e, _d, p, q) = (number()?, number()?, number()?, number()?, number()?);
    for _ in 0..3 {
        number()?;
    }
    Some(rsa(n, p, q))
}

/// Says whether n is the product of p and q, all big-endian.
pub(super) fn rsa(n: &[u8], p: &[u8], q: &[u8]) -> Shape {
    // Equal modulo four primes near 2⁶¹: wrong by chance once in 2²⁴⁰.
    const PRIMES: [u64; 4] = [(1 << 59) - 55, (1 << 60) - 93, (1 << 61) - 1, (1 << 62) - 57];
    let holds = PRIMES.iter().all(|m| {
        let product = u128::from(remainder(p, *m)) * u128::from(remainder(q, *m)) % u128::from(*m);
        product == u128::from(remainder(n, *m))
    });
    let length = |number: &[u8]| number.iter().skip_while(|b| **b == 0).count();
    match holds && length(p) > 1 && length(q) > 1 && length(n) >= 32 {
        true => Shape::holds("a whole RSA key: n = p·q"),
        false => Shape::broken("an RSA key whose n is not p·q"),
    }
}

fn remainder(number: &[u8], modulus: u64) -> u64 {
    let step =
        |sum: u64, byte: &u8| ((u128::from(sum) << 8 | u128::from(*byte)) % u128::from(modulus)) as u64;
    number.iter().fold(0, step)
}

fn sec1(key: Reader<'_>) -> Option<Shape> {
    ec(key, None)
}

/// version 1, the private key in octets, the curve, the public key.
fn ec(mut key: Reader<'_>, outer: Option<&[u8]>) -> Option<Shape> {
    if key.take(INTEGER)? != [1] {
        return None;
    }
    let private = key.take(OCTETS)?;
    let named = key.take(CONTEXT_0).and_then(|p| Reader(p).take(OID)).or(outer);
    let public = key.take(CONTEXT_1).and_then(|p| Reader(p).take(BITS));
    let size = named.and_then(|oid| CURVES.iter().find(|(o, _)| *o == oid)).map(|(_, size)| *size);
    // Some writers leave out leading zeros.
    let fits = match size {
        Some(size) => private.len() <= size && private.len() + 2 >= size,
        None => (14..=72).contains(&private.len()),
    };
    let matches = match (size, public) {
        (Some(size), Some([0, 4, point @ ..])) => point.len() == 2 * size,
        (Some(size), Some([0, 2 | 3, x @ ..])) => x.len() == size,
        (Some(_), Some(_)) => false,
        _ => true,
    };
    Some(match fits && matches {
        true => random(private, "a whole EC key"),
        false => Shape::broken("an EC key whose length does not fit its curve"),
    })
}

/// version 0, p, q, g, y, x.
fn dsa(mut key: Reader<'_>) -> Option<Shape> {
    if key.take(INTEGER)? != [0] {
        return None;
    }
    let (p, q) = (key.take(INTEGER)?, key.take(INTEGER)?);
    let (_g, _y, x) = (key.take(INTEGER)?, key.take(INTEGER)?, key.take(INTEGER)?);
    (key.0.is_empty() && p.len() > q.len() && x.len() <= q.len()).then(|| Shape::holds("a whole DSA key"))
}

/// { algorithm, parameters }, octets: an encrypted PKCS #8.
fn locked(mut key: Reader<'_>) -> Option<Shape> {
    Reader(key.take(SEQUENCE)?).take(OID)?;
    key.take(OCTETS)?;
    Some(Shape::harmless("encrypted"))
}

/// { algorithm, parameters }, bits; or n, e.
fn public(key: Reader<'_>) -> Option<Shape> {
    let spki = |mut key: Reader<'_>| {
        Reader(key.take(SEQUENCE)?).take(OID)?;
        key.take(BITS).map(|_| ())
    };
    let pair = |mut key: Reader<'_>| {
        key.take(INTEGER)?;
        key.take(INTEGER)?;
        key.0.is_empty().then_some(())
    };
    spki(key.clone()).or_else(|| pair(key)).map(|()| Shape::harmless("a public key"))
}

/// A private key is random: one byte over and over is a stand-in.
pub(super) fn random(private: &[u8], why: &str) -> Shape {
    match private.split_first() {
        Some((first, rest)) if rest.iter().any(|b| b != first) => Shape::holds(why),
        _ => Shape::broken("its private part is one byte repeated"),
    }
}

/// Tags, lengths and values, one after the other.
#[derive(Clone)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Takes the next value if it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let [found, length, rest @ ..] = self.0 else { return None };
        if *found != tag {
            return None;
        }
        let (length, rest) = match length {
            0..=0x7f => (usize::from(*length), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
                (bytes.iter().fold(0, |sum, b| sum << 8 | usize::from(*b)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_known_by_its_remainders() {
        let n = [0u8; 30].iter().copied().chain([0x0f, 0x23]).collect::<Vec<_>>();
        assert!(matches!(rsa(&n, &[0x00], &[0x00]), Shape::Broken(_)));
        let (p, q) = ([0xffu8; 20], [0xfeu8; 20]);
        // (2¹⁶⁰ - 1) · q = q·2¹⁶⁰ - q
        let mut n = vec![0xfe; 40];
        let mut borrow = 0i32;
        for at in (0..40).rev() {
            let digit = if at < 20 { 0xfe } else { 0 };
            let value = digit - if at < 20 { 0 } else { 0xfe } - borrow;
            borrow = i32::from(value < 0);
            n[at] = (value + 256 * borrow) as u8;
        }
        assert!(matches!(rsa(&n, &p, &q), Shape::Holds(_)));
        n[3] ^= 1;
        assert!(matches!(rsa(&n, &p, &q), Shape::Broken(_)));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        assert_eq!(Reader(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff]).take(SEQUENCE), None);
        assert_eq!(Reader(&[SEQUENCE, 0x80, 0, 0]).take(SEQUENCE), None);
        assert_eq!(Reader(&[SEQUENCE, 3, 1, 2]).take(SEQUENCE), None);
        assert_eq!(Reader(&[SEQUENCE, 2, 1, 2]).take(SEQUENCE), Some(&[1, 2][..]));
    }
}
