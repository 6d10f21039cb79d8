//! What stands behind `Authorization: Basic`: base64 of `user:password` (RFC 7617).

use data_encoding::{BASE64, BASE64_NOPAD};

use super::{Shape, url_password};

/// User and password that textbooks use (RFC 7617, RFC 6749 §4.3.2).
const TEXTBOOK: [&str; 2] = ["open sesame", "gX1fBat3bV"];

/// Decodes the credentials and judges the password as one in a URL.
pub(super) fn check(secret: &[u8]) -> Shape {
    let text = secret.trim_ascii();
    let Some(decoded) = BASE64.decode(text).or_else(|_| BASE64_NOPAD.decode(text)).ok() else {
        return Shape::broken("it is no base64");
    };
    let Some(colon) = memchr::memchr(b':', &decoded) else {
        return Shape::broken("it decodes to no user and password");
    };
    if !decoded.iter().all(|b| (0x20..0x7f).contains(b)) {
        return Shape::broken("it decodes to no text");
    }
    let (user, password) = (&decoded[..colon], &decoded[colon + 1..]);
    if TEXTBOOK.iter().any(|t| t.as_bytes() == password) {
        return Shape::harmless("a textbook's example");
    }
    match url_password::check(Some(user), password) {
        // A token alone, with any user or none.
        Shape::Harmless(_) if password.is_empty() && user.len() >= 16 => url_password::check(None, user),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Shape {
        check(BASE64.encode(text.as_bytes()).as_bytes())
    }

    #[test]
    fn the_password_inside_decides() {
        assert_eq!(judged("deploy:q8Zr1vT0pLw3"), Shape::Unknown);
        assert_eq!(judged("q8Zr1vT0pLw3q8Zr1vT0:"), Shape::Unknown);
        assert!(matches!(judged("user:password"), Shape::Harmless(_)));
        assert!(matches!(judged("Aladdin:open sesame"), Shape::Harmless(_)));
        assert!(matches!(judged("me:zuul"), Shape::Weak(_)));
        assert!(matches!(judged("no colon in here"), Shape::Broken(_)));
        assert!(matches!(check(b"!!!"), Shape::Broken(_)));
    }
}
