//! User and password in URLs, found in any text and replaced there byte for byte (RFC 3986 §3.2.1).

use std::ops::Range;

use memchr::memmem;
use zeroize::Zeroizing;

use super::in_file::Unfit;
use crate::model::Secret;
use crate::model::credential::Credential;

/// Where a URL's user and password stand in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// The user, as written; may be empty, as in `redis://:…@host`.
    user: Range<usize>,
    /// The password, as written.
    password: Range<usize>,
}

/// Lists the URLs that have a password and whose host, with what follows it, is `wanted`.
///
/// What is filled in later (`${PASSWORD}`, `{{secret}}`, `{password}`, `%(password)s`) is no password.
pub(super) fn logins(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Vec<Login> {
    let mut found = Vec::new();
    for at in memmem::find_iter(text, b"://") {
        if !text[..at].last().is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let start = at + 3;
        let end = text[start..].iter().position(|b| ends_authority(*b)).map_or(text.len(), |n| start + n);
        // The last `@` before the host: a password that nobody encoded may hold one.
        let sign = (start..end).rev().find(|i| text[*i] == b'@' && wanted(&text[i + 1..end]));
        let Some(sign) = sign else { continue };
        let Some(colon) = text[start..sign].iter().position(|b| *b == b':').map(|n| start + n) else {
            continue;
        };
        let login = Login { user: start..colon, password: colon + 1..sign };
        let password = &text[login.password.clone()];
        if !password.is_empty() && !is_filled_in(password) && !is_filled_in(&text[login.user.clone()]) {
            found.push(login);
        }
    }
    found
}

/// Tells the bytes that end user-info, host and port in the texts URLs stand in.
fn ends_authority(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | 0x7f)
}

fn is_filled_in(part: &[u8]) -> bool {
    part.starts_with(b"$") || part.starts_with(b"{") || part.starts_with(b"%(") || {
        let inside = |mark: &[u8]| memmem::find(part, mark).is_some();
        inside(b"${") || inside(b"$(") || inside(b"{{")
    }
}

/// Reads the one credential that all these URLs hold.
pub(super) fn read(text: &[u8], logins: &[Login]) -> Result<Credential, Unfit> {
    let Some(first) = logins.first() else {
        return Err(Unfit::Absent("there is no URL with a user and a password for it".into()));
    };
    let part = |range: &Range<usize>| Secret::new(decoded(&text[range.clone()]));
    let (user, password) = (part(&first.user), part(&first.password));
    if let Some(other) = logins.iter().find(|l| part(&l.user) != user || part(&l.password) != password) {
        return Err(Unfit::Unclear(format!(
            "the URLs in lines {} and {} have different users or passwords, and nothing says which is meant; \
             keep them in files of their own",
            line(text, first.user.start),
            line(text, other.user.start)
        )));
    }
    let user = String::from_utf8(user.expose().to_vec())
        .map_err(|_| Unfit::Unclear(format!("line {}: the user is no text", line(text, first.user.start))))?;
    Ok(Credential { key_id: (!user.is_empty()).then_some(user), secret: password })
}

/// Returns the text with another user and password in these URLs; what stays the same keeps its bytes,
/// and a URL without a user stays without.
pub(super) fn with(text: &[u8], logins: &[Login], new: &Credential) -> Zeroizing<Vec<u8>> {
    let secret = new.secret.expose();
    let grown = logins.len() * 3 * (secret.len() + new.key_id.as_ref().map_or(0, String::len));
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() + grown));
    let mut at = 0;
    for login in logins {
        let user = new.key_id.as_deref().map(str::as_bytes).filter(|_| !login.user.is_empty());
        for (range, value) in [(&login.user, user), (&login.password, Some(secret))] {
            let old = &text[range.clone()];
            if let Some(value) = value.filter(|value| *Zeroizing::new(decoded(old)) != **value) {
                out.extend_from_slice(&text[at..range.start]);
                encode(value, &mut out);
                at = range.end;
            }
        }
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Undoes percent-encoding; what is no encoding stays.
fn decoded(part: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(part.len());
    let mut at = 0;
    while at < part.len() {
        let digit = |n: usize| part.get(at + n).and_then(|b| char::from(*b).to_digit(16));
        match (part[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte"));
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Encodes all but the unreserved characters (RFC 3986 §2.3): no reader anywhere mistakes those.
fn encode(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(*byte);
        } else {
            let hex = |n: u8| b"0123456789ABCDEF"[usize::from(n)];
            out.extend_from_slice(&[b'%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
}

/// Counts lines from one.
pub(super) fn line(text: &[u8], at: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', &text[..at]).count()
}
