//! Values that stand for a secret without being one: `changeme`, `${TOKEN}`, `xxxxxxxx`.
//!
//! Only the value is asked, never the line: words like "example" on a line do not tell a real
//! secret from a made one.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// [`WORDS`], ready to be searched for: made ready once, not for each value.
static FINDERS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| finders(WORDS));
/// The beginnings of variables, [`OPENS`], and the counts of [`COUNTS`], likewise.
static OPEN_FINDERS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| finders(OPENS));
static COUNT_FINDERS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| finders(COUNTS));

fn finders(words: &[&'static str]) -> Vec<Finder<'static>> {
    words.iter().map(|word| Finder::new(*word)).collect()
}

/// How variables begin.
const OPENS: &[&str] = &["${", "$(", "{{", "#{", "%(", "<%", "$[["];
/// Rows as people type them.
const COUNTS: &[&str] = &["1234567890", "0123456789", "abcdefghij", "qwertyuiop", "0987654321", "a1b2c3d4e5"];

/// Words that no key holds by chance, folded.
const WORDS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "yourkey",
    "your_",
    "your-",
    "yourtoken",
    "yoursecret",
    "yourpassword",
    "dummy",
    "redacted",
    "replaceme",
    "replace_me",
    "replace-me",
    "replace_with",
    "insert_",
    "insert-",
    "notreal",
    "not_real",
    "not-a-real",
    "fakekey",
    "fake_",
    "fake-",
    "todo",
    "xxxx",
    "<key>",
    "secret_here",
    "key_here",
    "token_here",
    "foobar",
    "lorem",
    "deadbeef",
    "testkey",
    "test_key",
    "test-key",
];

/// Returns why the value is a placeholder, or `None`.
///
/// ```
/// use keywright::detect::placeholder::why;
/// assert_eq!(why(b"${API_TOKEN}"), Some("a variable"));
/// assert_eq!(why(b"xxxxxxxxxxxxxxxxxxxx"), Some("a placeholder word"));
/// assert_eq!(why(b"q8Zr1vT0pLw3Xy7K"), None);
/// ```
#[must_use]
pub fn why(value: &[u8]) -> Option<&'static str> {
    if value.is_empty() {
        return Some("empty");
    }
    if is_variable(value) {
        return Some("a variable");
    }
    let folded = value.to_ascii_lowercase();
    let is_there = |word: &Finder<'_>| {
        word.find_iter(&folded).any(|at| is_written(&value[at..at + word.needle().len()]))
    };
    if FINDERS.iter().any(is_there) {
        return Some("a placeholder word");
    }
    let mut seen = [false; 256];
    folded.iter().for_each(|b| seen[usize::from(*b)] = true);
    let distinct = seen.iter().filter(|s| **s).count();
    if value.len() >= 12 && distinct <= 4 {
        return Some("hardly any different characters");
    }
    // Six hex digits in a row are the same in one of three thousand keys of sixty-four.
    if longest_run(&folded, |a, b| a == b) >= 6.max(value.len() / 8) {
        return Some("one character repeated");
    }
    if longest_run(&folded, |a, b| b == a.wrapping_add(1)) >= 8
        || COUNT_FINDERS.iter().any(|count| count.find(&folded).is_some())
    {
        return Some("a counted sequence");
    }
    repeats(&folded).then_some("a repeated block")
}

/// Tells a word somebody wrote from a short one that chance made in a long key: `fake-`, `FAKE-` and
/// `Fake-`, but not `FaKe-`.
fn is_written(word: &[u8]) -> bool {
    let upper = word.iter().filter(|b| b.is_ascii_uppercase()).count();
    let letters = word.iter().filter(|b| b.is_ascii_alphabetic()).count();
    letters >= 7 || upper == 0 || upper == letters || (upper == 1 && word[0].is_ascii_uppercase())
}

/// `${X}`, `$X`, `$(x)`, `{{x}}`, `<x>`, `%s`, `%(x)s`, `#{x}`, `@x@`.
fn is_variable(value: &[u8]) -> bool {
    let text = value.trim_ascii();
    let wrapped = |open: &[u8], close: &[u8]| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    let named = |rest: &[u8]| {
        rest.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
            && rest.iter().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(b))
    };
    wrapped(b"<", b">")
        || wrapped(b"[", b"]")
        || wrapped(b"%", b"%")
        || wrapped(b"@", b"@")
        || OPEN_FINDERS.iter().any(|open| open.find(text).is_some())
        || text.strip_prefix(b"$").is_some_and(named)
        || text == b"%s"
}

/// The most neighbours in a row of which `same` holds, plus one.
fn longest_run(bytes: &[u8], same: impl Fn(u8, u8) -> bool) -> usize {
    let (mut longest, mut run) = (1, 1);
    for pair in bytes.windows(2) {
        run = if same(pair[0], pair[1]) { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether the value is one block of up to eight bytes, three times or more.
fn repeats(folded: &[u8]) -> bool {
    (1..=8.min(folded.len() / 3)).any(|block| folded.iter().zip(&folded[block..]).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_people_write_instead_of_a_secret() {
        for value in [
            "$TOKEN",
            "{{ .Values.key }}",
            "<your token>",
            "abcabcabcabc",
            "000000000000",
            "1234567890abcdef",
            "YOUR_API_KEY",
            "AKIAIOSFODNN7EXAMPLE",
            "aaaaaaaaqqqqqqqq",
        ] {
            assert!(why(value.as_bytes()).is_some(), "{value}");
        }
    }

    #[test]
    fn random_text_is_no_placeholder() {
        for seed in 0..500 {
            for shape in ["{hex:32}", "{base62:40}", "{base64:40}", "{lower:20}"] {
                let value = crate::rule::template::fill(shape, seed).unwrap();
                assert_eq!(why(value.as_bytes()), None, "{value}");
            }
        }
    }
}
