//! What a key shows when it is decoded, without asking anybody.
//!
//! - `jwt`: header and payload of a JSON Web Token
//! - `private_key`: PEM and OpenSSH blocks, through `pem` (text), `der`, `openssh` and `pgp` (bytes)
//! - `aws_key_id`, `pypi`, `url_password`, `basic_auth`, `discord`: what their names say
//! - `json_token`: a prefix and a JSON object in base64
//! - `dummy`: words that stand where a password would
//!
//! Sources for all of them: `docs/checks.md`.

mod aws_key_id;
mod basic_auth;
mod der;
mod discord;
mod dummy;
mod json_token;
mod jwt;
mod openssh;
mod pem;
mod pgp;
mod private_key;
mod pypi;
mod url_password;

use crate::rule::Structure;

/// What decoding a secret says about it. The words never hold a part of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// It is what it looks like.
    Holds(String),
    /// It is not, or it is cut or mangled.
    Broken(String),
    /// It provably opens nothing: a public key, an encrypted one, a placeholder.
    Harmless(String),
    /// It may be one, and is one that anybody could have typed.
    Weak(String),
    /// It cannot be told.
    Unknown,
}

impl Shape {
    fn holds(why: &str) -> Self {
        Self::Holds(why.into())
    }

    fn broken(why: &str) -> Self {
        Self::Broken(why.into())
    }

    fn harmless(why: &str) -> Self {
        Self::Harmless(why.into())
    }
}

/// Decodes a secret as the structure its rule names.
#[must_use]
pub fn check(kind: Structure, secret: &[u8]) -> Shape {
    check_of(kind, None, secret)
}

/// The same, with the public half of the credential that was found beside the secret: a password
/// that is its user's name opens nothing worth a finding.
#[must_use]
pub fn check_of(kind: Structure, key_id: Option<&[u8]>, secret: &[u8]) -> Shape {
    match kind {
        Structure::Jwt => jwt::check(secret),
        Structure::PrivateKey => private_key::check(secret),
        Structure::AwsKeyId => aws_key_id::check(secret),
        Structure::PypiMacaroon => pypi::check(secret),
        Structure::UrlPassword => url_password::check(key_id, secret),
        Structure::BasicAuth => basic_auth::check(secret),
        Structure::JsonToken => json_token::check(secret),
        Structure::DiscordToken => discord::check(secret),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Structure; 8] = [
        Structure::Jwt,
        Structure::PrivateKey,
        Structure::AwsKeyId,
        Structure::PypiMacaroon,
        Structure::UrlPassword,
        Structure::BasicAuth,
        Structure::JsonToken,
        Structure::DiscordToken,
    ];

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            for kind in KINDS {
                let _ = check(kind, &bytes);
            }
        }

        #[test]
        fn any_text_in_the_right_dress_is_answered(body in "[A-Za-z0-9+/=\\\\n\" -]{0,200}", head in "[A-Z ]{0,12}") {
            for text in [
                format!("-----{} {head}PRIVATE {}-----{body}-----END {head}PRIVATE KEY-----", "BEGIN", "KEY"),
                format!("pypi-{body}"),
                format!("eyJ{body}.eyJ{body}.{body}"),
                format!("AKIA{body}"),
                format!("sntrys_eyJ{body}_{body}"),
            ] {
                for kind in KINDS {
                    let _ = check(kind, text.as_bytes());
                }
            }
        }
    }
}
