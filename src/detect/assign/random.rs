//! Whether text looks drawn at random, or was made of words.

use crate::detect::entropy;

/// What random text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Hex digits of one case.
    Hex,
    /// Hex digits in the groups of a UUID.
    Uuid,
    /// Letters and digits, perhaps with signs.
    Mixed,
}

/// For each letter, how much likelier than by chance each other letter follows it in words of
/// programs and their docs: 5 is as likely, each step is a factor of two. Derived from the words of
/// the crates this program is built from, and of the sources of git and curl.
const FOLLOWS: [&[u8; 26]; 26] = [
    b"25662351503756050667433341",
    b"74546321742743640664720141",
    b"63436346506543741556532130",
    b"64458432721534642564532230",
    b"53674542312557343776243530",
    b"63456732701644742565502240",
    b"53438445602546542664532221",
    b"72348322702443730545523032",
    b"54654551102658641566140305",
    b"73438342605242740074700000",
    b"54458534700435441475433031",
    b"62357422704633730355432060",
    b"75348321703353671354521130",
    b"63666572514434631367442121",
    b"34653442413667560755645310",
    b"73437334602633661756522130",
    b"44454440402534344454913200",
    b"63458341603541664566442140",
    b"52537346704433552367623142",
    b"62537425701443641665422351",
    b"55545540501667360767110202",
    b"73439422701444542354221211",
    b"74556425712546641664302210",
    b"63657524601453473457333451",
    b"44546433500567570476334033",
    b"62249232601333621343302045",
];

/// Words that hardly any random text holds.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "abcdef", "access", "account", "admin", "android", "apple", "attribute", "button", "class", "client",
    "config", "content", "default", "description", "enabled", "error", "event", "field", "format", "google",
    "handler", "header", "https", "image", "index", "input", "invalid", "label", "message", "method",
    "module", "object", "option", "param", "passw", "path", "placeholder", "prefix", "private", "public",
    "request", "resource", "response", "result", "return", "secret", "server", "service", "session",
    "string", "system", "test", "title", "token", "update", "user", "value", "version", "window",
];

/// Says how random text is written; `None`: it does not look random.
pub(super) fn script(text: &[u8]) -> Option<Script> {
    if text.len() < 16 {
        return None;
    }
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = text.iter().filter(|b| b.is_ascii_alphabetic()).count();
    if is_uuid(text) {
        return (entropy::per_byte(text) >= 3.0).then_some(Script::Uuid);
    }
    let one_case = !text.iter().any(u8::is_ascii_uppercase) || !text.iter().any(u8::is_ascii_lowercase);
    if text.iter().all(u8::is_ascii_hexdigit) && one_case {
        return (digits >= 3 && letters >= 2 && entropy::per_byte(text) >= 3.0).then_some(Script::Hex);
    }
    // The part that counts stands between signs: `acme_prod_<random>`.
    let part = text.split(|b| b"_-.:".contains(b)).max_by_key(|p| p.len()).unwrap_or(text);
    let part = if part.len() >= 16 && part.len() * 2 >= text.len() { part } else { text };
    let is_mixed = digits >= 1
        && letters >= 4
        && digits + letters > text.len() * 3 / 4
        && (digits >= 2 || !one_case)
        && entropy::per_byte(part) >= 3.5;
    (is_mixed && !is_wordy(part)).then_some(Script::Mixed)
}

/// Whether letters follow each other as in words.
pub(super) fn is_wordy(text: &[u8]) -> bool {
    let (sum, pairs) = score(text);
    // Random letters score −1.3 a pair, words from +0.3 on; few pairs scatter more.
    let is_like_words = if pairs < 18 { sum * 10 > pairs * 4 } else { sum > 0 };
    let folded = text.to_ascii_lowercase();
    (pairs >= 3 && is_like_words)
        || WORDS.iter().any(|w| memchr::memmem::find(&folded, w.as_bytes()).is_some())
}

/// How well letters follow each other, a pair on average: random ones score −1.3, words from +0.3 on.
pub(in crate::detect) fn follows(text: &[u8]) -> f64 {
    let (sum, pairs) = score(text);
    f64::from(sum) / f64::from(pairs.max(1))
}

/// The sum over all pairs of letters, and how many there are.
fn score(text: &[u8]) -> (i32, i32) {
    let (mut sum, mut pairs) = (0, 0);
    for pair in text.windows(2) {
        if pair[0].is_ascii_alphabetic() && pair[1].is_ascii_alphabetic() {
            let row = FOLLOWS[usize::from(pair[0].to_ascii_lowercase() - b'a')];
            sum += i32::from(row[usize::from(pair[1].to_ascii_lowercase() - b'a')]) - i32::from(b'5');
            pairs += 1;
        }
    }
    (sum, pairs)
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    #[test]
    fn what_is_drawn_at_random_looks_so() {
        let missed = |shape: &str, wanted| {
            (0..1000).filter(|seed| script(fill(shape, *seed).unwrap().as_bytes()) != Some(wanted)).count()
        };
        assert!(missed("{hex:32}", Script::Hex) < 5);
        assert!(missed("{base62:20}", Script::Mixed) < 60, "{}", missed("{base62:20}", Script::Mixed));
        assert!(missed("{base62:32}", Script::Mixed) < 20, "{}", missed("{base62:32}", Script::Mixed));
        assert!(missed("{base62:40}", Script::Mixed) < 15);
        assert!(missed("acme_prod_{base36:32}", Script::Mixed) < 30);
        assert!(missed("{base64:44}", Script::Mixed) < 20);
    }

    #[test]
    fn what_is_made_of_words_does_not() {
        for text in [
            "kCGKeyboardEventAutorepeat1",
            "getAccessTokenForUser2",
            "my_secret_value_123",
            "com.google.android.gms2",
            "ed25519_dalek_test",
            "correcthorsebatterystaple",
            "prod-server-key-9f8a",
            "SHA256withRSAEncryption",
            "1234567890123456",
            "2024-01-01T00:00:00",
            "aaaaaaaaaaaaaaaa1",
            "0.12.3-beta.4+5678",
        ] {
            assert_eq!(script(text.as_bytes()), None, "{text}");
        }
    }
}
