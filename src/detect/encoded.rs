//! Keys inside base64 (RFC 4648): a Kubernetes `data:` value, a header, a packed settings file.
//!
//! Base64 text is not looked for; that would cost a pass over every byte. A literal inside it comes
//! out as one of three texts, by its offset modulo three, and these are searched for like any other
//! literal. Only where one stands is the run around it decoded and looked at again.

use std::ops::Range;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

/// The shortest text of an encoded literal that is searched for, in bytes.
const SHORTEST: usize = 5;
/// The longest: a few more would not make it rarer.
const WIDEST: usize = 16;
/// The longest run that is decoded, in bytes.
const LONGEST: usize = 64 << 10;

/// What a literal looks like inside base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// The digits that hold nothing but the literal.
    pub(super) text: Vec<u8>,
    /// The place of the first of them in its group of four.
    pub(super) phase: usize,
}

/// Returns the forms of a literal, for each offset in a group of three bytes and for both alphabets.
pub(super) fn forms(literal: &[u8]) -> Vec<Form> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let padded = [&[0u8; 2][..before.min(2)], literal, &[0; 3]].concat();
        let first = (before * 8).div_ceil(6);
        let last = ((before + literal.len()) * 8 / 6).min(first + WIDEST);
        for encoding in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
            let text = encoding.encode(&padded).as_bytes()[first..last].to_vec();
            let form = Form { text, phase: first };
            if form.text.len() >= SHORTEST && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Decodes the run of base64 around a form that stands at `at`; returns the run and its bytes.
pub(super) fn decode(bytes: &[u8], at: usize, form: &Form) -> Option<(Range<usize>, Vec<u8>)> {
    // Literals are compared without case, and base64 is all about case.
    bytes[at..].starts_with(&form.text).then_some(())?;
    let wide = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_".contains(b);
    let is_standard = (bytes[..at].iter().rev().take(LONGEST).take_while(|b| wide(b)))
        .chain(bytes[at..].iter().take(LONGEST).take_while(|b| wide(b)))
        .any(|b| b"+/".contains(b));
    let (encoding, others) = if is_standard { (&BASE64_NOPAD, b"+/") } else { (&BASE64URL_NOPAD, b"-_") };
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || others.contains(b);
    let back = bytes[..at].iter().rev().take(LONGEST).take_while(|b| is_digit(b)).count();
    let length = bytes[at..].iter().take(LONGEST).take_while(|b| is_digit(b)).count();
    // The run may begin with text that is no part of the encoding: the form tells where groups begin.
    let start = at - back + (back + 4 - form.phase) % 4;
    let end = at + length;
    let mut length = end.checked_sub(start)?;
    if length % 4 == 1 {
        length -= 1;
    }
    let mut lenient = encoding.specification();
    lenient.check_trailing_bits = false;
    let decoded = lenient.encoding().ok()?.decode(&bytes[start..start + length]).ok()?;
    let padding = bytes[end..].iter().take(2).take_while(|b| **b == b'=').count();
    Some((start..end + padding, decoded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_literal_is_found_at_every_offset(before in prop::collection::vec(any::<u8>(), 0..9), after in prop::collection::vec(any::<u8>(), 0..9)) {
            let literal = b"acme_live_";
            let plain = [&before[..], literal, &after[..]].concat();
            let text = format!("x: {}\n", BASE64_NOPAD.encode(&plain));
            let found = forms(literal).into_iter().find_map(|form| {
                let at = memchr::memmem::find(text.as_bytes(), &form.text)?;
                decode(text.as_bytes(), at, &form)
            });
            let (run, decoded) = found.expect("one of the forms stands in the text");
            prop_assert_eq!(run, 3..text.len() - 1);
            prop_assert_eq!(decoded, plain);
        }

        #[test]
        fn any_text_around_a_form_is_taken(bytes in prop::collection::vec(any::<u8>(), 0..60), at in 0usize..60) {
            for form in forms(b"acme_live_") {
                let at = at.min(bytes.len());
                let text = [&bytes[..at], &form.text, &bytes[at..]].concat();
                let _ = decode(&text, at, &form);
            }
        }
    }
}
