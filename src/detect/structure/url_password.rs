//! The password in a URL: whether it is one, or stands for one.

use super::super::percent;
use super::Shape;
use super::dummy::is_dummy;

/// Says whether the password of `user`, if that is known, can open anything.
pub(super) fn check(user: Option<&[u8]>, password: &[u8]) -> Shape {
    // IMAP and SMTP URLs say behind a `;` how to sign in (RFC 5092).
    let end = memchr::memmem::find(&password.to_ascii_lowercase(), b";auth=").unwrap_or(password.len());
    let password = percent::decoded(&password[..end]);
    let text = String::from_utf8_lossy(&password).to_ascii_lowercase();
    if password.len() < 3 {
        return Shape::harmless("no password, or too short to be one");
    }
    if user.is_some_and(|user| percent::decoded(user) == password) {
        return Shape::harmless("the user's name again");
    }
    if is_variable(&text) {
        return Shape::harmless("a variable");
    }
    if text.bytes().all(|b| b == text.as_bytes()[0]) {
        return Shape::harmless("one character repeated");
    }
    if is_dummy(&text) || text.starts_with("your") || text.starts_with("xxx") {
        return Shape::harmless("a placeholder");
    }
    if "12345678901234567890".starts_with(&*text) || is_port(text.as_bytes()) {
        return Shape::harmless("a counted sequence, or a port");
    }
    if is_weak(&password) {
        return Shape::Weak("too short or too plain to be sure".into());
    }
    Shape::Unknown
}

/// Whether people would think of it by themselves: short, or letters alone.
fn is_weak(password: &[u8]) -> bool {
    let mixed = password.iter().any(u8::is_ascii_digit) && password.iter().any(u8::is_ascii_alphabetic);
    password.len() < if mixed { 8 } else { 12 }
}

/// A port and what follows one: `host:8080?to=a@b` has no user.
fn is_port(text: &[u8]) -> bool {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    (1..=5).contains(&digits) && text.get(digits).is_some_and(|b| b"?#/".contains(b))
}

/// Tells whether a shell, a template or a format string fills this in later.
fn is_variable(text: &str) -> bool {
    let bytes = text.as_bytes();
    let wraps = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    let name = |rest: &[u8]| {
        !rest.is_empty()
            && rest[0].is_ascii_alphabetic()
            && rest.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    };
    text.contains("${")
        || text.contains("#{")
        || text.contains("{{")
        || text.contains("$(")
        || text.contains("<%")
        || text.contains("***")
        || text.contains("...")
        || text.contains('…')
        || wraps("<", ">")
        || holds_braced_name(text)
        || wraps("[", "]")
        || wraps("%", "%")
        || wraps("__", "__")
        || wraps("@", "@")
        || matches!(text, "%s" | "%d" | "%v" | "%q" | "%@")
        || (bytes[0] == b'$' && name(&bytes[1..]))
        || text.starts_with("process.env")
        || text.starts_with("os.environ")
}

/// Tells whether `{name}` stands anywhere, as format strings and templates write it.
fn holds_braced_name(text: &str) -> bool {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).any(|(name, _)| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:- ".contains(&b))
            && !name.starts_with(|c: char| c.is_ascii_digit() && name.len() > 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_placeholders_open_nothing() {
        for text in [
            "",
            "ab",
            "${DB_PASSWORD}",
            "$PASSWORD",
            "<password>",
            "{{ .Values.db.password }}",
            "%s",
            "*****",
            "password",
            "PASSWORD",
            "Password123",
            "pass",
            "pwd",
            "secret",
            "changeme",
            "%24%7BPW%7D",
            "prefix-{token}",
            "{0}",
            "[PASSWORD]",
            "YOUR_PASSWORD",
            "your-password-here",
            "xxxxxxxx",
            "12345678",
            "{password}",
            "%PASS%",
            "guest",
            "postgres",
            "root",
            "__DB_PASS__",
            "...",
            "p4ssw0rd",
            "glpat-{token:20}",
            "passwd-on-proxy",
        ] {
            assert!(matches!(check(None, text.as_bytes()), Shape::Harmless(_)), "{text}");
        }
    }

    #[test]
    fn what_could_be_a_password_is_left_open() {
        assert!(matches!(check(Some(b"keep"), b"keep"), Shape::Harmless(_)));
        for text in ["Tr0ub4dor&3", "s3cr3t:H0rse", "$tr0ng!pw", "correct%20horse", "p%40ssw0rd!x9"] {
            assert_eq!(check(Some(b"app"), text.as_bytes()), Shape::Unknown, "{text}");
        }
    }

    #[test]
    fn what_anybody_could_have_typed_is_weak() {
        for text in ["a%zz9", "swordfish", "zuul", "hahaha", "q8zr1v"] {
            assert!(matches!(check(Some(b"app"), text.as_bytes()), Shape::Weak(_)), "{text}");
        }
    }

    #[test]
    fn what_stands_behind_a_password_is_none_of_it() {
        assert!(matches!(check(None, b"secret;AUTH=NTLM"), Shape::Harmless(_)));
        assert!(matches!(check(None, b"8080?to=me"), Shape::Harmless(_)));
    }
}
