//! AWS access key ids: four letters of kind, then sixteen characters of base32 that begin with the
//! account's number.

use super::Shape;

/// The alphabet of RFC 4648 base32.
fn value(byte: u8) -> Option<u64> {
    match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    }
}

/// No account has more than twelve digits.
const LARGEST_ACCOUNT: u64 = 999_999_999_999;

pub(super) fn check(id: &[u8]) -> Shape {
    if id.ends_with(b"EXAMPLE") {
        return Shape::harmless("an example of AWS's documentation");
    }
    if id.len() != 20 {
        return Shape::broken("a key id has twenty characters");
    }
    let body = &id[4..];
    if body.iter().all(|b| *b == body[0]) {
        return Shape::harmless("one character repeated");
    }
    let Some(bits) = body.iter().take(10).try_fold(0u64, |bits, b| Some(bits << 5 | value(*b)?)) else {
        return Shape::broken("a key id never holds 0, 1, 8 or 9");
    };
    if body.iter().any(|b| value(*b).is_none()) {
        return Shape::broken("a key id never holds 0, 1, 8 or 9");
    }
    // The first six of the bytes; the top bit tells ids that name an account from older ones.
    let first = bits >> 2;
    if first >> 47 == 1 && (first & 0x7fff_ffff_ff80) >> 7 > LARGEST_ACCOUNT {
        return Shape::broken("the account it names cannot be");
    }
    Shape::holds("base32 of the right length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(body: &str) -> Shape {
        check(format!("{}{body}", "AKIA").as_bytes())
    }

    #[test]
    fn base32_holds_and_other_digits_do_not() {
        assert!(matches!(id("I4QXYZ2345ABCDEF"), Shape::Holds(_)));
        assert!(matches!(id("I4QXYZ1890ABCDEF"), Shape::Broken(_)));
        assert!(matches!(id("I4QXYZ2345ABCDE0"), Shape::Broken(_)));
        assert!(matches!(id("I4QX"), Shape::Broken(_)));
    }

    #[test]
    fn an_account_of_thirteen_digits_cannot_be() {
        assert!(matches!(id("7777777777ABCDEF"), Shape::Broken(_)));
        assert!(matches!(id("QAAAAAAAAAABCDEF"), Shape::Holds(_)));
    }

    #[test]
    fn the_examples_of_the_documentation_are_harmless() {
        assert!(matches!(id("ABCDEFGHIEXAMPLE"), Shape::Harmless(_)));
        assert!(matches!(id("XXXXXXXXXXXXXXXX"), Shape::Harmless(_)));
    }
}
