//! JSON Web Tokens (RFC 7519) in the compact form of RFC 7515.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use super::Shape;

/// The signature algorithms of RFC 7518 §3.1, RFC 8037 and RFC 8812.
const ALGORITHMS: [&str; 15] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384",
    "PS512", "EdDSA", "ES256K", "Ed25519",
];

pub(super) fn check(secret: &[u8]) -> Shape {
    let mut parts = secret.split(|b| *b == b'.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Shape::broken("no token of three parts");
    };
    let Some(header) = object(header) else {
        return Shape::broken("its header is no JSON object");
    };
    let Some(payload) = object(payload) else {
        return Shape::broken("its payload is no JSON object");
    };
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    if signature.is_empty() || algorithm.eq_ignore_ascii_case("none") {
        return Shape::harmless("unsigned");
    }
    let word = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default();
    if word("role") == "anon" && word("iss").starts_with("supabase") {
        return Shape::harmless("public by design: role anon");
    }
    if word("iss") == "supabase-demo" {
        return Shape::harmless("the same in every local Supabase: demo key");
    }
    let textbook = [("some", "payload"), ("foo", "bar"), ("hello", "world")];
    if word("sub") == "1234567890" && matches!(word("name"), "John Doe" | "Jane Doe")
        || payload.len() == 1 && textbook.iter().any(|(name, value)| word(name) == *value)
    {
        return Shape::harmless("an example everybody knows");
    }
    // The last digit's spare bits are passed over: copies of a token are often retyped there.
    let signature = unpadded(signature);
    if signature.len() % 4 == 1 || !signature.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)) {
        return Shape::broken("its signature is no base64url");
    }
    if !ALGORITHMS.contains(&algorithm) {
        return Shape::Unknown;
    }
    match word("role") {
        "service_role" => Shape::holds("a signed token with role service_role"),
        _ => Shape::holds("a signed token that decodes"),
    }
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    let bytes = BASE64URL_NOPAD.decode(unpadded(part)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn unpadded(part: &[u8]) -> &[u8] {
    let end = part.iter().rposition(|b| *b != b'=').map_or(0, |at| at + 1);
    &part[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str, signature: &str) -> Shape {
        let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        check(format!("{}.{}.{signature}", encode(header), encode(payload)).as_bytes())
    }

    const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    #[test]
    fn a_signed_token_holds() {
        assert!(matches!(token(HS256, r#"{"sub":"a"}"#, "c2lnbmF0dXJl"), Shape::Holds(_)));
    }

    #[test]
    fn a_token_without_signature_opens_nothing() {
        assert!(matches!(token(HS256, "{}", ""), Shape::Harmless(_)));
        assert!(matches!(token(HS256, r#"{"foo":"bar"}"#, "c2ln"), Shape::Harmless(_)));
        assert!(matches!(token(r#"{"alg":"none"}"#, "{}", "c2ln"), Shape::Harmless(_)));
    }

    #[test]
    fn the_anon_key_of_supabase_is_public_and_the_service_key_is_not() {
        let role = |role: &str| format!(r#"{{"iss":"supabase","ref":"abcd","role":"{role}"}}"#);
        assert!(matches!(token(HS256, &role("anon"), "c2ln"), Shape::Harmless(_)));
        assert_eq!(
            token(HS256, &role("service_role"), "c2ln"),
            Shape::holds("a signed token with role service_role")
        );
    }

    #[test]
    fn what_does_not_decode_is_broken() {
        assert!(matches!(token("{", "{}", "c2ln"), Shape::Broken(_)));
        assert!(matches!(token(HS256, "[]", "c2ln"), Shape::Broken(_)));
        assert!(matches!(check(b"a.b"), Shape::Broken(_)));
        assert_eq!(token(r#"{"alg":"mine"}"#, "{}", "c2ln"), Shape::Unknown);
    }
}
