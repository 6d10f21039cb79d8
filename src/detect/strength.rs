//! How hard a secret is to guess, told from below: what a person could have made up counts little.

use super::assign::random::follows;
use super::entropy;

/// Below this strength, in bits, a hash could be undone by trying.
const STRONG: f64 = 64.0;
/// How much of a secret is looked at, in bytes: more makes no weak one strong.
const LOOKED_AT: usize = 256;
/// Bits of one step to a neighbouring key, to the next letter or digit, or to the same again.
const STEP: f64 = 1.0;
/// Bits of a letter in a run that reads like words: English has about this much (Shannon, *Prediction
/// and Entropy of Printed English*, 1951, gives 0.6 to 1.3).
const WORD_LETTER: f64 = 1.5;
/// Bits of where a word begins.
const WORD_START: f64 = 2.0;
/// Bits of a part that stood there before.
const REPEAT: f64 = 4.0;
/// The shortest part that counts as a repeat, and the shortest run of letters that can be a word.
const SHORTEST: usize = 4;
/// A run whose letters follow each other at least this well reads like words: random letters score
/// −1.3 a pair.
const WORDY: f64 = -0.2;
/// The rows of a keyboard, each key under the ones it touches; shifted signs stand for their key.
const ROWS: [&[u8]; 4] = [b"1234567890-=", b"qwertyuiop[]", b"asdfghjkl;'", b"zxcvbnm,./"];
const SHIFTED: &[u8; 10] = b"!@#$%^&*()";

/// Returns the estimated strength in bits. A random key of twenty letters and digits comes out well
/// above 64; words, dates, walks over the keyboard and repeats do not, however long.
///
/// ```
/// use keywright::detect::strength::strength;
/// assert!(strength(b"correct horse battery staple") < 64.0);
/// assert!(strength(b"1q2w3e4r5t6y7u8i9o0p") < 64.0);
/// ```
#[must_use]
pub fn strength(secret: &[u8]) -> f64 {
    let text = &secret[..secret.len().min(LOOKED_AT)];
    let random = bits_of_random(text);
    let (mut bits, mut at) = (0.0, 0);
    while at < text.len() {
        if let Some(length) = repeated(text, at) {
            bits += REPEAT;
            at += length;
            continue;
        }
        let run = text[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        if run >= SHORTEST && follows(&text[at..at + run]) >= WORDY {
            bits += WORD_START + WORD_LETTER * run as f64;
            at += run;
            continue;
        }
        for here in at..at + run.max(1) {
            let is_step = here > 0 && is_step(text[here - 1], text[here]);
            bits += if is_step { STEP } else { random };
        }
        at += run.max(1);
    }
    bits.min(entropy::per_byte(text) * text.len() as f64)
}

/// Tells whether a hash of the secret, made public, would still keep it.
#[must_use]
pub fn is_strong(secret: &[u8]) -> bool {
    strength(secret) >= STRONG
}

/// Bits of one character, were it drawn at random from the kinds the text is written in.
fn bits_of_random(text: &[u8]) -> f64 {
    let has = |kind: fn(&u8) -> bool| text.iter().any(kind);
    if text.iter().all(u8::is_ascii_hexdigit) && !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
    {
        return 4.0;
    }
    let kinds = [
        (has(u8::is_ascii_lowercase), 26.0),
        (has(u8::is_ascii_uppercase), 26.0),
        (has(u8::is_ascii_digit), 10.0),
        (has(|b| !b.is_ascii_alphanumeric()), 33.0),
    ];
    kinds.iter().filter(|(is_there, _)| *is_there).map(|(_, size)| size).sum::<f64>().max(2.0).log2()
}

/// How much of the text from `at` on stood there before, if that is enough to count.
fn repeated(text: &[u8], at: usize) -> Option<usize> {
    let same = |from: usize| text[from..].iter().zip(&text[at..]).take_while(|(a, b)| a == b).count();
    (0..at).map(same).max().filter(|length| *length >= SHORTEST)
}

/// Whether a finger that pressed one key finds the other without looking.
fn is_step(from: u8, to: u8) -> bool {
    let place = |key: u8| {
        let key = match SHIFTED.iter().position(|sign| *sign == key) {
            Some(column) => ROWS[0][column],
            None => key.to_ascii_lowercase(),
        };
        ROWS.iter()
            .enumerate()
            .find_map(|(row, keys)| keys.iter().position(|k| *k == key).map(|at| (row, at)))
    };
    let is_next = from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() && from.abs_diff(to) <= 1;
    let touches =
        place(from).zip(place(to)).is_some_and(|(a, b)| a.0.abs_diff(b.0) <= 1 && a.1.abs_diff(b.1) <= 1);
    from == to || is_next || touches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    #[test]
    fn what_a_person_makes_up_is_weak() {
        for text in [
            "",
            "a",
            "123456",
            "Tr0ub4dor&3",
            "Summer2024!Summer2024!",
            "ThisIsMySecretPassword123",
            "mysecretpassword-please-change",
            "qwertyuiopasdfghjklzxcvbnm",
            "abcdefghijklmnopqrstuvwxyz",
            "1qaz2wsx3edc4rfv",
            "q1w2e3r4t5y6u7i8o9p0",
            "!@#$%^&*()qwertyuiop",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababababababababab",
        ] {
            assert!(strength(text.as_bytes()) < 64.0, "{text}: {}", strength(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_drawn_at_random_is_strong() {
        for (shape, at_most) in [
            ("{hex:32}", 0),
            ("{base62:20}", 45),
            ("{base62:24}", 10),
            ("{base32:24}", 10),
            ("{base62:32}", 0),
            ("ghp_{base62:36}", 0),
        ] {
            let weak = (0..1000).filter(|n| strength(fill(shape, *n).unwrap().as_bytes()) < 64.0).count();
            assert!(weak <= at_most, "{shape}: {weak} of 1000");
        }
    }
}
