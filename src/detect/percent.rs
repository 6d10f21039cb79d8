//! Percent-encoding, as URLs carry passwords (RFC 3986 §2.1).

/// Undoes it; what is not encoded stays as it is.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
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
    fn what_is_no_pair_of_hex_digits_stays() {
        assert_eq!(decoded(b"a%40b%zz%+1%4"), b"a@b%zz%+1%4");
    }
}
