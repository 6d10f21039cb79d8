//! Tokens of Discord bots: base64 of the bot's number, a dot, a time, a dot, and an HMAC.

use data_encoding::BASE64URL_NOPAD;

use super::Shape;

/// A number that Discord gives out: digits, seventeen to twenty of them.
pub(super) fn check(secret: &[u8]) -> Shape {
    let first = secret.split(|b| *b == b'.').next().unwrap_or_default();
    match BASE64URL_NOPAD.decode(first) {
        Ok(number) if number.iter().all(u8::is_ascii_digit) && (17..=20).contains(&number.len()) => {
            Shape::holds("its first part is a bot's number")
        }
        _ => Shape::broken("its first part is no bot's number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    #[test]
    fn the_first_part_is_a_number() {
        assert!(matches!(check(fill("{discord-token}", 3).unwrap().as_bytes()), Shape::Holds(_)));
        let made = fill("M{base62:23}.{base62:6}.{base62:27}", 3).unwrap();
        assert!(matches!(check(made.as_bytes()), Shape::Broken(_)));
    }
}
