//! The password in a URL: whether it is one, or stands for one.

use super::Shape;

/// Words that stand where a password would.
const PLACEHOLDERS: [&str; 37] = [
    "changeit",
    "changeme",
    "change_me",
    "change-me",
    "dbpass",
    "dbpassword",
    "db_password",
    "dummy",
    "example",
    "foobar",
    "hunter2",
    "letmein",
    "mypass",
    "mypassword",
    "my_password",
    "none",
    "null",
    "p4ssw0rd",
    "pass",
    "passwd",
    "password",
    "password1",
    "passw0rd",
    "placeholder",
    "pwd",
    "qwerty",
    "redacted",
    "removed",
    "sample",
    "secret",
    "supersecret",
    "test",
    "testing",
    "token",
    "topsecret",
    "your_password",
    "yourpassword",
];

/// Default passwords of servers and their images, which everybody knows.
const DEFAULTS: [&str; 16] = [
    "admin", "default", "docker", "guest", "minio", "mongo", "mongodb", "mysql", "postgres", "rabbitmq",
    "redis", "root", "sa", "toor", "user", "username",
];

/// Says whether the password of `user`, if that is known, can open anything.
pub(super) fn check(user: Option<&[u8]>, password: &[u8]) -> Shape {
    let password = decoded(password);
    let text = String::from_utf8_lossy(&password).to_ascii_lowercase();
    if password.len() < 3 {
        return Shape::harmless("no password, or too short to be one");
    }
    if user.is_some_and(|user| decoded(user) == password) {
        return Shape::harmless("the user's name again");
    }
    if is_variable(&text) {
        return Shape::harmless("a variable");
    }
    if text.bytes().all(|b| b == text.as_bytes()[0]) {
        return Shape::harmless("one character repeated");
    }
    let bare = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let stem = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    if PLACEHOLDERS.contains(&bare) || PLACEHOLDERS.contains(&stem) || bare.starts_with("your") {
        return Shape::harmless("a placeholder");
    }
    if DEFAULTS.contains(&&*text) {
        return Shape::harmless("a default password");
    }
    if text.starts_with("xxx") || "12345678901234567890".starts_with(&*text) {
        return Shape::harmless("a placeholder");
    }
    Shape::Unknown
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

/// Undoes percent-encoding; what is not encoded stays as it is.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let digit = |i: usize| text.get(i).and_then(|b| (*b as char).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (text[at], digit(at + 1), digit(at + 2)) {
            out.push((high * 16 + low) as u8);
            at += 3;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
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
        ] {
            assert!(matches!(check(None, text.as_bytes()), Shape::Harmless(_)), "{text}");
        }
    }

    #[test]
    fn what_could_be_a_password_is_left_open() {
        assert!(matches!(check(Some(b"keep"), b"keep"), Shape::Harmless(_)));
        for text in ["Tr0ub4dor&3", "s3cr3t:H0rse", "$tr0ng!pw", "correct%20horse", "p%40ssw0rd!x9", "a%zz9"]
        {
            assert_eq!(check(Some(b"app"), text.as_bytes()), Shape::Unknown, "{text}");
        }
    }
}
