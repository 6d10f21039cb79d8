//! What a name says about the value it is given: a secret's name, a password's, or neither.

use crate::rule::AssignmentLane;

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Little: `key`, or a test's.
    Light,
    /// Something: `mailer_key`.
    Fair,
    /// Much: `api_key`, `client_secret`, `password`.
    Heavy,
}

/// A name that promises a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) lane: AssignmentLane,
    pub(super) weight: Weight,
}

/// The longest name.
pub(super) const LONGEST: usize = 80;
/// The longest word that says anything.
const LONGEST_WORD: usize = 32;
/// The most words a name is cut into.
const MOST_WORDS: usize = 12;

/// Words that end in `key` or `pass` and mean neither.
#[rustfmt::skip]
static OTHER_WORDS: Words = Words::new(&[
    "bypass", "compass", "donkey", "encompass", "getpass", "hockey", "hotkey", "jockey", "keypass",
    "lowkey", "minipass", "monkey", "passkey", "pubkey", "publickey", "surpass", "trespass", "turkey",
    "underpass", "whiskey",
]);

/// What may follow the word that counts: `API_KEY_PROD`, `secret_base64`.
#[rustfmt::skip]
static TAILS: Words = Words::new(&[
    "b64", "backup", "base", "base64", "beta", "clear", "current", "default", "dev", "development", "env",
    "eu", "hex", "live", "local", "main", "master", "new", "old", "one", "plain", "plaintext", "prod",
    "production", "qa", "raw", "sandbox", "secondary", "stage", "staging", "str", "string", "test", "two",
    "uat", "us", "v", "val", "value", "x",
]);

/// Words before it that make it something else: `public_key`, `next_page_token`.
#[rustfmt::skip]
static OTHERS: Words = Words::new(&[
    "anon", "answer", "arrow", "begin", "bucket", "cache", "cancel", "cancellation", "checksum", "column",
    "commit", "composite", "contain", "containing", "contains", "continuation", "cursor", "delete",
    "delimiter", "dict", "end", "entity", "entry", "eof", "escape", "etag", "event", "exists", "field",
    "file", "find", "fingerprint", "foreign", "forgot", "function", "get", "group", "has", "hash", "hide",
    "hkey", "hot", "i18n", "idempotency", "index", "invalid", "is", "item", "json", "keyboard", "lang",
    "lex", "localization", "lock", "lookup", "map", "max", "menu", "meta", "metric", "min", "modifier",
    "natural", "next", "no", "num", "object", "only", "order", "page", "parse", "partition", "path",
    "press", "primary", "pub", "public", "publishable", "query", "record", "registry", "remove", "reset",
    "restore", "routing", "row", "search", "separator", "sha", "sha1", "sha256", "show", "site", "sort",
    "stop", "sync", "syntax", "tab", "table", "template", "total", "translation", "unique", "verification",
    "verify", "verifying", "socket", "websocket", "without", "wrong",
]);

/// Words that make a key an account's.
#[rustfmt::skip]
static HEAVY: Words = Words::new(&[
    "access", "account", "admin", "api", "app", "application", "auth", "aws", "azure", "bearer", "bot",
    "client", "cloudflare", "consumer", "credential", "credentials", "creds", "datadog", "db", "deploy",
    "discord", "encryption", "facebook", "firebase", "gcp", "github", "gitlab", "google", "jwt", "license",
    "mailchimp", "mailgun", "maps", "master", "oauth", "openai", "personal", "priv", "private", "prod",
    "production", "refresh", "root", "secret", "sendgrid", "sentry", "service", "session", "shared", "sign",
    "signature", "signing", "slack", "storage", "stripe", "subscription", "telegram", "token", "twilio",
    "twitter", "user", "webhook",
]);

/// Words that make it a test's, or a step of some arithmetic.
#[rustfmt::skip]
static LIGHT: Words = Words::new(&[
    "aes", "alice", "bad", "blob", "block", "bob", "bogus", "chacha", "chacha20", "chain", "cipher",
    "compressed", "curve", "dec", "dedup", "derived", "des", "dh", "dummy", "ec", "ecdh", "ecdsa",
    "ed25519", "enc", "encrypted", "ephemeral", "example", "expect", "expected", "fake", "first", "fixture",
    "fuzz", "hashed", "hkdf", "hmac", "iv", "kat", "kem", "kex", "left", "mac", "mock", "nonce", "okm",
    "other", "our", "output", "packed", "peer", "point", "poly1305", "prk", "result", "right", "round",
    "rsa", "salt", "sample", "scalar", "second", "secp256k1", "seed", "siphash", "sub", "test", "tests",
    "their", "third", "tls", "tweak", "vector", "wrapped", "x25519",
]);

/// Reads a name; `None`: it promises no secret.
pub(super) fn read(name: &[u8]) -> Option<Name> {
    let mut words = [b"".as_slice(); MOST_WORDS];
    let count = split(name, &mut words);
    let words = &words[..count];
    let (at, lane) = promise(words)?;
    let holds = |list: &Words| words.iter().any(|w| list.hold(w));
    let own = stem(words[at]).to_ascii_lowercase();
    let own = own.strip_suffix(b"s").unwrap_or(&own);
    let weight = if holds(&LIGHT) {
        Weight::Light
    } else if lane == AssignmentLane::Password || !own.ends_with(b"key") || own.len() > 4 {
        if own == b"auth" && at == 0 { Weight::Fair } else { Weight::Heavy }
    } else if holds(&HEAVY) {
        Weight::Heavy
    } else if at == 0 {
        Weight::Light
    } else {
        Weight::Fair
    };
    Some(Name { lane, weight })
}

/// Tells whether a name promises a secret, without weighing it: most names that do are given none.
pub(super) fn promises(name: &[u8]) -> bool {
    let mut words = [b"".as_slice(); MOST_WORDS];
    let count = split(name, &mut words);
    promise(&words[..count]).is_some()
}

/// The word of a name that promises a secret, and its lane.
fn promise(words: &[&[u8]]) -> Option<(usize, AssignmentLane)> {
    let found = words.iter().enumerate().rev().find_map(|(at, word)| Some((at, lane_of(word)?)));
    let is_tail = |word: &&[u8]| word.iter().all(u8::is_ascii_digit) || TAILS.hold(word);
    // The word before may be half of it: `pass_word`, `public.key`.
    found.filter(|(at, _)| {
        words[at + 1..].iter().all(is_tail) && !words[..*at].iter().rev().take(3).any(|w| OTHERS.hold(w))
    })
}

/// Cuts a name at signs and where a capital follows a small letter.
fn split<'a>(name: &'a [u8], words: &mut [&'a [u8]; MOST_WORDS]) -> usize {
    let mut count = 0;
    let mut start = 0;
    let mut push = |word: &'a [u8]| {
        if !word.is_empty() {
            if count == MOST_WORDS {
                words.rotate_left(1);
                count -= 1;
            }
            words[count] = word;
            count += 1;
        }
    };
    for at in 0..name.len() {
        if !name[at].is_ascii_alphanumeric() {
            push(&name[start..at]);
            start = at + 1;
            continue;
        }
        let upper = name[at].is_ascii_uppercase();
        let after_small = at > start && (name[at - 1].is_ascii_lowercase() || name[at - 1].is_ascii_digit());
        // `XMLKey`: the last of several capitals begins the next word.
        let begins = at > start
            && name[at - 1].is_ascii_uppercase()
            && name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        if upper && (after_small || begins) {
            push(&name[start..at]);
            start = at;
        }
    }
    push(&name[start..]);
    count
}

/// How a word ends that is a password's, and words that are.
const PASSWORD_ENDS: [&str; 8] =
    ["password", "passwd", "passw", "passwort", "passphrase", "pwd", "pass", "pword"];
static PASSWORDS: Words = Words::new(&["pw", "passwords", "psw", "pswd"]);
/// The same for tokens.
#[rustfmt::skip]
const TOKEN_ENDS: [&str; 11] = [
    "key", "keys", "token", "tokens", "secret", "secrets", "cred", "creds", "credential", "credentials",
    "passcode",
];
static TOKENS: Words = Words::new(&["auth", "basicauth", "httpauth"]);

/// The lane of one word of a name.
fn lane_of(word: &[u8]) -> Option<AssignmentLane> {
    let word = stem(word);
    let last = word.last()?.to_ascii_lowercase();
    let ends = |list: &[&str]| {
        list.iter().map(|end| end.as_bytes()).any(|end| {
            // Most are told apart by their last byte.
            end[end.len() - 1] == last
                && word.len().checked_sub(end.len()).is_some_and(|at| word[at..].eq_ignore_ascii_case(end))
        })
    };
    let lane = if ends(&PASSWORD_ENDS) || PASSWORDS.hold(word) {
        AssignmentLane::Password
    } else if ends(&TOKEN_ENDS) || TOKENS.hold(word) {
        AssignmentLane::Token
    } else {
        return None;
    };
    (word.len() <= LONGEST_WORD && !OTHER_WORDS.hold(word)).then_some(lane)
}

/// The word without the number behind it: `key2`.
fn stem(word: &[u8]) -> &[u8] {
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    &word[..word.len() - digits]
}

/// A list of words, most of whose strangers are told by their length and first letter.
struct Words {
    list: &'static [&'static str],
    /// For each length, a bit for each letter that a word of it begins with.
    firsts: [u32; 16],
}

impl Words {
    const fn new(list: &'static [&'static str]) -> Self {
        let mut firsts = [0; 16];
        let mut at = 0;
        while at < list.len() {
            let word = list[at].as_bytes();
            firsts[word.len()] |= 1 << (word[0] & 31);
            at += 1;
        }
        Self { list, firsts }
    }

    /// Tells whether a word is one of them, whatever its case.
    fn hold(&self, word: &[u8]) -> bool {
        let may = |first: &u8| self.firsts.get(word.len()).is_some_and(|f| f >> (first & 31) & 1 == 1);
        word.first().is_some_and(may) && self.list.iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        use AssignmentLane::{Password, Token};
        for (name, lane, weight) in [
            ("api_key", Token, Weight::Heavy),
            ("STRIPE_API_KEY_PROD", Token, Weight::Heavy),
            ("clientSecret", Token, Weight::Heavy),
            ("apikey", Token, Weight::Heavy),
            ("X-Auth-Token", Token, Weight::Heavy),
            ("key", Token, Weight::Light),
            ("mailer_key", Token, Weight::Fair),
            ("expected_token", Token, Weight::Light),
            ("DB_PASSWORD", Password, Weight::Heavy),
            ("spring.datasource.password", Password, Weight::Heavy),
            ("userPwd2", Password, Weight::Heavy),
        ] {
            assert_eq!(read(name.as_bytes()), Some(Name { lane, weight }), "{name}");
        }
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "public_key",
            "publicKey",
            "publicKeyToken",
            "monkey",
            "keyword",
            "keyboard",
            "primary_key",
            "foreignKey",
            "token_type",
            "tokenize",
            "author",
            "authority",
            "key_id",
            "secret_name",
            "tokenUrl",
            "passed",
            "bypass",
            "nextPageToken",
            "password_hash",
            "access_key_id",
            "keypath",
            "sort_key",
            "",
        ] {
            // `publicKeyToken` is .NET's: a hash of a public key.
            assert_eq!(read(name.as_bytes()), None, "{name}");
        }
    }
}
