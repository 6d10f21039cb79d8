//! Tokens that are a prefix and a JSON object in base64: Grafana, Sentry, 1Password, Mapbox.

use data_encoding::{BASE64_NOPAD, Encoding};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Shape;

/// A kind of token: what it begins with, what ends its object, and fields that the object has.
struct Kind {
    prefix: &'static str,
    end: Option<u8>,
    fields: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind { prefix: "glc_", end: None, fields: &["o", "n", "k"] },
    Kind { prefix: "sntrys_", end: Some(b'_'), fields: &["iat", "url", "org"] },
    Kind { prefix: "ops_", end: None, fields: &["email", "secretKey"] },
    Kind { prefix: "sk.", end: Some(b'.'), fields: &["u", "a"] },
    // Grafana's API keys before there were service accounts.
    Kind { prefix: "eyJ", end: None, fields: &["k", "n", "id"] },
];

pub(super) fn check(secret: &[u8]) -> Shape {
    let Some(kind) = KINDS.iter().find(|k| secret.starts_with(k.prefix.as_bytes())) else {
        return Shape::Unknown;
    };
    let body = secret.strip_prefix(kind.prefix.as_bytes()).filter(|_| kind.prefix != "eyJ").unwrap_or(secret);
    let end = kind.end.and_then(|end| body.iter().rposition(|b| *b == end)).unwrap_or(body.len());
    match object(&body[..end]) {
        None => Shape::broken("what it holds is no JSON object"),
        Some(object) if kind.fields.iter().all(|f| object.contains_key(*f)) => {
            Shape::holds("a token that decodes to its fields")
        }
        Some(_) => Shape::broken("the object it holds lacks a field"),
    }
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(
        part.iter()
            .filter(|b| **b != b'=')
            .map(|b| match b {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            })
            .collect(),
    );
    let bytes = Zeroizing::new(lenient().decode(&text).ok()?);
    serde_json::from_slice(&bytes).ok()
}

/// Base64 whose last digit's spare bits are passed over.
fn lenient() -> Encoding {
    let mut specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE64_NOPAD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    fn of(template: &str) -> Shape {
        check(fill(template, 5).unwrap().as_bytes())
    }

    #[test]
    fn an_object_with_its_fields_holds() {
        for template in [
            "glc_{json-of:o,n,k,m}",
            "sntrys_{json-of:iat,url,region_url,org}_{base64:43}",
            "ops_{json-of:signInAddress,email,secretKey}",
            "sk.{json-of:u,a}.{base64url:22}",
            "{json-of:k,n,id}",
        ] {
            assert!(matches!(of(template), Shape::Holds(_)), "{template}");
        }
    }

    #[test]
    fn anything_else_is_broken() {
        for template in ["glc_eyJ{base62:80}", "glc_{json-of:o,n}", "sntrys_{base64-of:[1]}_{base64:43}"] {
            assert!(matches!(of(template), Shape::Broken(_)), "{template}");
        }
        assert_eq!(check(b"other_"), Shape::Unknown);
    }
}
