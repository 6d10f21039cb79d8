//! The bytes under which a secret is looked for: as it is, in UTF-16, and within Base64 of both
//! alphabets, wherever in it the secret begins.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64URL};
use memchr::memmem;
use zeroize::Zeroizing;

use crate::model::Secret;

/// The shortest secret, in bytes, that is looked for within Base64: of less, too little is certain.
const SHORTEST_ENCODED: usize = 12;

/// A secret's forms; wiped when dropped.
pub(super) struct Forms(Vec<Zeroizing<Vec<u8>>>);

impl Forms {
    /// Takes a secret's forms; none for an empty one.
    pub(super) fn of(secret: &Secret) -> Self {
        let bytes = secret.expose();
        if bytes.is_empty() {
            return Self(Vec::new());
        }
        let mut forms = vec![Zeroizing::new(bytes.to_vec())];
        if bytes.is_ascii() {
            forms.push(Zeroizing::new(bytes.iter().flat_map(|b| [*b, 0]).collect()));
            forms.push(Zeroizing::new(bytes.iter().flat_map(|b| [0, *b]).collect()));
        }
        if bytes.len() >= SHORTEST_ENCODED {
            for offset in 0..3 {
                let shifted = Zeroizing::new([&[0; 3][..offset], bytes].concat());
                // Six bits a letter: those that neighbours have a part in are left out.
                let (from, to) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
                for alphabet in [BASE64, BASE64URL] {
                    let text = Zeroizing::new(alphabet.encode(&shifted));
                    forms.push(Zeroizing::new(text.as_bytes()[from..to].to_vec()));
                }
            }
        }
        forms.dedup();
        Self(forms)
    }

    /// Tells whether one of them stands in some bytes.
    pub(super) fn stand_in(&self, bytes: &[u8]) -> bool {
        self.0.iter().any(|form| memmem::find(bytes, form).is_some())
    }
}

impl Forms {
    /// Takes the secret out of a name that repeats it. A short one is left alone: it may well be a word that the
    /// name has by chance.
    pub(super) fn out_of<'b>(&self, name: &'b [u8]) -> Cow<'b, [u8]> {
        match self.0.first().filter(|form| form.len() >= SHORTEST_ENCODED) {
            Some(form) if memmem::find(name, form).is_some() => {
                let mut rest = name;
                let mut out = Vec::new();
                while let Some(at) = memmem::find(rest, form) {
                    out.extend_from_slice(&rest[..at]);
                    out.extend_from_slice(MASK);
                    rest = &rest[at + form.len()..];
                }
                out.extend_from_slice(rest);
                Cow::Owned(out)
            }
            _ => Cow::Borrowed(name),
        }
    }
}

/// Stands for the secret.
pub(super) const MASK: &[u8] = b"****";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_seen_in_each_of_its_forms() {
        let secret = b"correct horse battery?>~\xc3";
        let forms = Forms::of(&Secret::new(secret.to_vec()));
        for before in ["", "a", "ab", "abc"] {
            let text = [before.as_bytes(), secret, b"tail"].concat();
            assert!(forms.stand_in(&text));
            assert!(forms.stand_in(BASE64.encode(&text).as_bytes()), "{before}");
            assert!(forms.stand_in(BASE64URL.encode(&text).as_bytes()), "{before}");
        }
        let plain = Forms::of(&Secret::new(b"hunter2".to_vec()));
        let wide: Vec<u8> = "a hunter2".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(plain.stand_in(&wide) && !plain.stand_in(b"hunter3"));
    }

    #[test]
    fn a_name_is_told_without_the_secret_in_it() {
        let forms = Forms::of(&Secret::new(b"correct horse".to_vec()));
        assert_eq!(forms.out_of(b"a/correct horse/correct horse.env")[..], *b"a/****/****.env");
        assert_eq!(forms.out_of(b"a/b")[..], *b"a/b");
        assert_eq!(Forms::of(&Secret::new(b"docs".to_vec())).out_of(b"docs/a")[..], *b"docs/a");
    }

    #[test]
    fn nothing_is_seen_of_nothing() {
        assert!(!Forms::of(&Secret::new(Vec::new())).stand_in(b"text"));
    }
}
