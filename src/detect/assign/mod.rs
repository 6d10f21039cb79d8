//! The hand-written lane: a name that promises a secret, and a value that looks like one.
//!
//! The literal stage finds the words in [`WORDS`]; around each the name to the left and the value
//! to the right are read by hand, on one line or over one line break, whatever the language.
//!
//! - `name`: what a name says about its value
//! - `shape`: what stands between a name and its value
//! - `text`: where a value begins and ends
//! - `random`: whether text looks drawn at random

mod name;
pub(super) mod random;
mod shape;
#[cfg(test)]
mod tests;
mod text;

use std::ops::Range;

use super::placeholder;
use super::structure::{self, Shape};
use crate::model::Confidence;
use crate::rule::{AssignmentLane, Structure};
use name::{Name, Weight};
use random::Script;

/// What the literal stage looks for: parts of names, with what ends a short one.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "token", "secret", "passw", "passphrase", "credential", "key=", "key:", "key\"", "key'", "key ",
    "key>", "key]", "key(", "key\t", "key[", "pwd[", "pass[", "key\n", "key\r", "key<", "pass<", "pwd<",
    "pass\n", "pwd\n", "key?", "key`", "key\\", "key_prod", "key_live", "key_base", "key1", "key2", "keys",
    "pass=", "pass:", "pass\"", "pass'", "pass ", "pass>", "pass]", "pass_", "pwd=", "pwd:", "pwd\"",
    "pwd'", "pwd ", "pwd>", "pwd]", "auth=", "auth:", "auth\"", "auth'", "auth ", "creds", "cred=",
    "cred:",
];

/// A value given to a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// The lane it belongs to: by its value, not its name.
    pub(super) lane: AssignmentLane,
    /// The value's offsets.
    pub(super) secret: Range<usize>,
    /// From the name to the value's end.
    pub(super) whole: Range<usize>,
    /// How sure, at the most.
    pub(super) confidence: Confidence,
}

/// What stands at a name.
pub(super) enum Look {
    /// A value that may be a secret.
    Value(Assigned),
    /// None; how many bytes before and behind the name's end were looked at to say so.
    Nothing { before: usize, after: usize },
}

impl Look {
    /// Returns the value, if there is one.
    pub(super) fn value(self) -> Option<Assigned> {
        match self {
            Self::Value(assigned) => Some(assigned),
            Self::Nothing { .. } => None,
        }
    }
}

/// Returns where the name ends that one of [`WORDS`] begins in at `at`, if anything behind it could
/// give it a value, and the offset up to which was looked to say so. Cheap: nearly every word in a text
/// is turned away here.
pub(super) fn name_end(bytes: &[u8], at: usize) -> (Option<usize>, usize) {
    let rest = &bytes[at..bytes.len().min(at + name::LONGEST)];
    let end = at + rest.iter().position(|b| !is_name(*b)).unwrap_or(rest.len());
    (shape::may_follow(bytes, end).then_some(end), shape::follow_reach(bytes, end))
}

/// Reads the name that ends at `name_end` and its value.
pub(super) fn look(bytes: &[u8], name_end: usize) -> Look {
    let Some(start) = name_before(bytes, name_end) else {
        return Look::Nothing { before: name::LONGEST + 1, after: 1 };
    };
    match value_of(bytes, start..name_end) {
        (Some(assigned), _) => Look::Value(assigned),
        (None, seen) => {
            Look::Nothing { before: name::LONGEST + 2 * text::HEAD + 8, after: seen.saturating_sub(name_end) }
        }
    }
}

/// Where the name begins that ends at `name_end`, if it promises a secret.
fn name_before(bytes: &[u8], name_end: usize) -> Option<usize> {
    let from = name_end.saturating_sub(name::LONGEST);
    let start = name_end - bytes[from..name_end].iter().rev().take_while(|b| is_name(**b)).count();
    // A longer run is no name: minified or encoded.
    if start == from && from > 0 {
        return None;
    }
    name::promises(&bytes[start..name_end]).then_some(start)
}

/// The value of the name at `at`, and the offset up to which was looked.
fn value_of(bytes: &[u8], at: Range<usize>) -> (Option<Assigned>, usize) {
    let (value, seen) = shape::value(bytes, &at);
    let Some((value, name)) = value.and_then(|value| Some((value, name::read(&bytes[at.clone()])?))) else {
        return (None, seen);
    };
    let text = &bytes[value.span.clone()];
    let (lane, confidence) = match token(&name, text) {
        Verdict::Token(confidence) => (AssignmentLane::Token, confidence),
        Verdict::Open if is_password(&name, text, &value) => (AssignmentLane::Password, Confidence::Low),
        Verdict::Open | Verdict::Never => return (None, seen),
    };
    (Some(Assigned { lane, whole: at.start..value.span.end, secret: value.span, confidence }), seen)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// What a value is as a token.
enum Verdict {
    Token(Confidence),
    /// Neither a token nor a password.
    Never,
    /// No token; a password perhaps.
    Open,
}

/// How base64 of public or encrypted things begins: images, certificates, public keys, hashes, and
/// what Fernet, KMS and SOPS made.
#[rustfmt::skip]
const HARMLESS_HEADS: [&str; 16] = [
    "iVBORw0K", "R0lGOD", "/9j/", "PHN2Zy", "UklGR", "AAAAB3Nza", "AAAAC3Nza", "AAAAE2Vj", "MII", "MCow",
    "sha256", "sha384", "sha512", "sha1-", "gAAAAA", "AQICAH",
];

fn token(name: &Name, text: &[u8]) -> Verdict {
    if HARMLESS_HEADS.iter().any(|h| text.starts_with(h.as_bytes())) || placeholder::why(text).is_some() {
        return Verdict::Never;
    }
    let text = if text.len() == 66 { text.strip_prefix(b"0x").unwrap_or(text) } else { text };
    if text.len() < 16
        || !text.iter().all(|b| b.is_ascii_alphanumeric() || b"_-+/=.~!@#$%^&*:".contains(b))
        || is_place(text)
    {
        return Verdict::Open;
    }
    let Some(script) = random::script(text) else { return Verdict::Open };
    // Base64 of words: `user:secret`, a test's name.
    if script == Script::Mixed && is_text_within(text) {
        return Verdict::Token(Confidence::Low);
    }
    let medium = match script {
        // An OpenPGP fingerprint is written in capitals, and is called a key too.
        Script::Hex if text.len() == 40 && !text.iter().any(u8::is_ascii_lowercase) => {
            name.weight == Weight::Heavy
        }
        Script::Hex => name.weight >= Weight::Fair && matches!(text.len(), 32 | 40 | 48 | 64 | 128),
        Script::Uuid => name.weight == Weight::Heavy && name.lane == AssignmentLane::Token,
        Script::Mixed => {
            let mixed_case =
                text.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase);
            let long = text.len() >= 20 && (mixed_case || text.len() >= 24);
            match name.weight {
                Weight::Heavy => mixed_case || long,
                Weight::Fair => mixed_case && long,
                Weight::Light => false,
            }
        }
    };
    Verdict::Token(if medium { Confidence::Medium } else { Confidence::Low })
}

/// Whether base64 holds printable text that does not look random itself.
fn is_text_within(text: &[u8]) -> bool {
    let bare = text.iter().rposition(|b| *b != b'=').map_or(text, |last| &text[..=last]);
    let decoded =
        data_encoding::BASE64_NOPAD.decode(bare).or_else(|_| data_encoding::BASE64URL_NOPAD.decode(bare));
    decoded.is_ok_and(|d| {
        d.iter().all(|b| (0x20..0x7f).contains(b) || *b == 0)
            && d.split(|b| *b == b':').all(|part| random::script(part).is_none())
    })
}

/// How names of files end.
#[rustfmt::skip]
const FILES: [&str; 16] = [
    ".key", ".pem", ".crt", ".cer", ".der", ".p12", ".jks", ".txt", ".json", ".yml", ".yaml", ".properties",
    ".conf", ".html", ".png", ".gpg",
];

/// Whether the value names a place: a path, a URL, a file, a variable, an identifier with dots.
fn is_place(text: &[u8]) -> bool {
    let starts = |heads: &[&str]| heads.iter().any(|h| text.starts_with(h.as_bytes()));
    if starts(&[
        "/", "./", "../", "~", "$", "@", "#", "%", "--", "*", "=", "arn:", "urn:", "ENC[", "{cipher}",
        "vault:",
    ]) {
        return true;
    }
    let holds = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
    if holds("://") || holds("::") || holds("->") || holds("..") || holds("%s") || holds("%d") {
        return true;
    }
    if FILES.iter().any(|e| text.ends_with(e.as_bytes())) {
        return true;
    }
    // Every part is short or made of words: `a.b.c`, `us-east-1/prod/key2`.
    let mut parts = text.split(|b| b"./:@#$%&*!~^".contains(b));
    let is_plain = |p: &[u8]| p.len() < 6 || random::is_wordy(p) || p.iter().all(u8::is_ascii_digit);
    text.iter().filter(|b| b"./:".contains(b)).count() >= 2
        && parts.all(is_plain)
        && !holds("+")
        && !text.ends_with(b"=")
}

/// Words that stand behind `password:` in forms, schemas and messages.
#[rustfmt::skip]
const SAID: &[&str] = &[
    "base64", "md5", "oauth2", "sha1", "sha256", "sha512", "utf-8", "utf8", "array", "basic", "bearer",
    "bool", "boolean", "bytes", "char", "confirm", "current", "disabled", "enabled", "enter", "false",
    "file", "forgot", "hidden", "hide", "input", "integer", "keyring", "login", "never", "object",
    "optional", "prompt", "required", "reset", "self", "show", "string", "text", "this", "true", "type",
    "undefined", "unknown", "value", "varchar", "weak", "yes",
];

/// Whether a value is a password to a name: short, in quotes or in a file of settings.
fn is_password(name: &Name, text: &[u8], value: &text::Value) -> bool {
    let is_named = name.lane == AssignmentLane::Password;
    if !(4..=64).contains(&text.len())
        || !(value.quoted || value.plain)
        || !text.iter().all(u8::is_ascii_graphic)
    {
        return false;
    }
    if text.iter().any(|b| b"(){}<>|".contains(b))
        || is_place(text) && text.len() > 12
        || b"$-/:.".contains(&text[0])
    {
        return false;
    }
    // Without quotes: `settings.SOME_NAME`, `SOME_CONSTANT_2`.
    let is_constant = text.contains(&b'_') && !text.iter().any(u8::is_ascii_lowercase);
    if !value.quoted && is_identifier(text) && (text.contains(&b'.') || is_constant) {
        return false;
    }
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = text.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let is_mixed =
        digits > 0 && letters > 0 || digits + letters < text.len() && letters > 0 && !is_identifier(text);
    if !is_named && (!is_mixed || name.weight < Weight::Heavy || text.len() < 8) {
        return false;
    }
    if value.loose && (digits == 0 || letters == 0)
        || !is_mixed && !text.iter().any(u8::is_ascii_lowercase) && letters > 0
    {
        return false;
    }
    if [b":$".as_slice(), b"=$", b"=%", b"/%"].iter().any(|v| memchr::memmem::find(text, v).is_some()) {
        return false;
    }
    // A version: `^3.1.1`.
    if letters == 0 && text.contains(&b'.') {
        return false;
    }
    let is_said = SAID.iter().any(|w| text.eq_ignore_ascii_case(w.as_bytes()));
    let is_name = name::read(text).is_some()
        || is_identifier(text) && !is_mixed && text.iter().any(|b| b"_-.".contains(b));
    let is_plain_enough = value.quoted || is_mixed || value.plain;
    !is_said
        && !is_name
        && is_plain_enough
        && !matches!(structure::check(Structure::UrlPassword, text), Shape::Harmless(_))
}

/// Letters with `_`, `-` or `.` between them.
fn is_identifier(text: &[u8]) -> bool {
    text.iter().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b)) && text[0].is_ascii_alphabetic()
}
