//! Words that stand where a password would, however they are dressed: `p4ssw0rd1`, `my-proxy-pass`.

/// Words that say "here stands a password", and passwords that everybody knows.
#[rustfmt::skip]
const DUMMIES: &[&str] = &[
    "abc", "admin", "anonymous", "bar", "barfoo", "baz", "changeit", "changeme", "credential",
    "credentials", "creds", "default", "demo", "docker", "dummy", "empty", "example", "foo", "foobar",
    "guest", "hello", "hunter", "invalid", "letmein", "minio", "mongo", "mongodb", "mypass", "mypassword",
    "mysecret", "mysql", "none", "nopass", "null", "pass", "passw", "passwd", "password", "passwort",
    "placeholder", "postgres", "pwd", "qwerty", "rabbitmq", "redacted", "redis", "removed", "root", "sa",
    "sample", "secret", "temp", "test", "tester", "testing", "testpass", "token", "toor", "user",
    "username", "userpass", "whatever", "wrong", "wrongpass", "xyz",
];

/// Words that say nothing beside one of [`DUMMIES`].
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "a", "account", "app", "bad", "base", "basic", "client", "db", "enter", "fake", "ftp", "good", "here",
    "home", "host", "http", "id", "in", "insert", "is", "it", "local", "login", "me", "my", "name", "netrc",
    "new", "no", "not", "of", "old", "on", "or", "other", "proxy", "real", "remote", "server", "site",
    "some", "store", "super", "the", "this", "to", "top", "url", "very", "with", "word", "xdg", "your",
];

/// The longest text that is taken apart.
const LONGEST: usize = 48;

/// Tells whether a text is made of such words alone; digits and signs at its ends do not count, and
/// digits that look like letters are read as those.
pub(super) fn is_dummy(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let stem = bare.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
    [&*lower, bare, stem].iter().any(|t| ['l', 'i'].iter().any(|one| is_made_of_words(&unleet(t, *one))))
}

/// Reads `0 1 3 4 5 7 @ $` as the letters they are drawn for.
fn unleet(text: &str, one: char) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether the text falls into words, of which one is a dummy; signs may stand between them.
fn is_made_of_words(text: &str) -> bool {
    let text = text.as_bytes();
    // For each offset, whether words reach it: without a dummy, with one.
    let mut reached = vec![[false; 2]; text.len() + 1];
    reached[0][0] = true;
    for at in 0..text.len() {
        if reached[at] == [false; 2] {
            continue;
        }
        let here = reached[at];
        let mut reach = |length: usize, dummy: bool| {
            let next = &mut reached[at + length];
            next[0] |= here[0] && !dummy;
            next[1] |= here[1] || (here[0] && dummy);
        };
        if !text[at].is_ascii_alphanumeric() {
            reach(1, false);
        }
        for (words, dummy) in [(DUMMIES, true), (FILLERS, false)] {
            for word in words.iter().filter(|w| text[at..].starts_with(w.as_bytes())) {
                reach(word.len(), dummy);
            }
        }
    }
    reached[text.len()][1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_dress() {
        for text in [
            "p4ssw0rd",
            "Passw0rd!",
            "hunter2",
            "home-pass",
            "proxypasswd",
            "passwd-on-proxy",
            "my_password",
            "YourPassword",
            "t0ps3cret",
            "testing123",
            "$ecret",
            "barfoo",
            "user-pass",
            "supersecret",
        ] {
            assert!(is_dummy(text), "{text}");
        }
    }

    #[test]
    fn what_holds_anything_else_is_none() {
        for text in ["Tr0ub4dor&3", "correcthorse", "the", "1234", "", "rootbeer", "testq8zr"] {
            assert!(!is_dummy(text), "{text}");
        }
    }
}
