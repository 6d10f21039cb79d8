//! The line a hit stands on, without any secret.

use crate::model::text::shown;

/// How much of a long line is shown to each side of the secret, in bytes.
pub(super) const AROUND: usize = 120;
/// Tokens of this many bytes or more are masked, whatever they are.
const LONG_TOKEN: usize = 16;
/// Quoted values of this many bytes or more are masked.
const LONG_QUOTED: usize = 4;
const MASK: &[u8] = b"****";

/// Returns the line around `span`, escaped, with the secret written as `masked` and with every other
/// span in `others`, every other long token and every quoted value masked.
pub(super) fn line(
    bytes: &[u8],
    span: &std::ops::Range<usize>,
    masked: &str,
    others: &[std::ops::Range<usize>],
) -> String {
    // Only what is shown is looked at: a line can be the whole of a large file, with a hit at every step.
    let low = span.start.saturating_sub(AROUND);
    let from = memchr::memrchr(b'\n', &bytes[low..span.start]).map_or(low, |at| low + at + 1);
    let cut_before = from == low && low > 0 && bytes[low - 1] != b'\n';
    let high = bytes.len().min(span.end.saturating_add(AROUND));
    let to = memchr::memchr(b'\n', &bytes[span.start..high]).map_or(high, |at| span.start + at);
    let cut_after = to == high && high < bytes.len() && bytes[high] != b'\n';
    let secret_end = span.end.min(to);
    let before = hide(bytes, from..span.start, others, cut_before, false);
    let after = hide(bytes, secret_end..to, others, false, cut_after);
    let mut out = String::new();
    if cut_before {
        out.push('…');
    }
    out.push_str(shown(&before).trim_start());
    out.push_str(masked);
    out.push_str(shown(&after).trim_end_matches("\\x0d").trim_end());
    if cut_after {
        out.push('…');
    }
    out
}

/// Copies a range with everything masked that could be a secret; a token cut by an edge counts as long.
fn hide(
    bytes: &[u8],
    range: std::ops::Range<usize>,
    others: &[std::ops::Range<usize>],
    cut_before: bool,
    cut_after: bool,
) -> Vec<u8> {
    let text = &bytes[range.clone()];
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let here = range.start + at;
        if let Some(other) = others.iter().find(|o| o.contains(&here)) {
            out.extend_from_slice(MASK);
            at = (other.end - range.start).min(text.len());
            continue;
        }
        if let Some(end) = quoted(text, at) {
            out.push(text[at]);
            out.extend_from_slice(MASK);
            out.push(text[end]);
            at = end + 1;
            continue;
        }
        let length = text[at..].iter().take_while(|b| is_token(**b)).count();
        if length == 0 {
            out.push(text[at]);
            at += 1;
            continue;
        }
        // Another secret may begin inside the run: never copy past its start.
        let next = others.iter().filter(|o| o.start > here).map(|o| o.start - here).min();
        let token = &text[at..at + length.min(next.unwrap_or(length))];
        let cut = (cut_before && at == 0) || (cut_after && at + length == text.len());
        if cut || (token.len() >= LONG_TOKEN && is_random(token)) {
            out.extend_from_slice(MASK);
        } else {
            out.extend_from_slice(token);
        }
        at += token.len();
    }
    out
}

/// The end of a quoted value that begins at `at` and is no key before `:` or `=`.
fn quoted(text: &[u8], at: usize) -> Option<usize> {
    let quote = text[at];
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let end = at + 1 + memchr::memchr(quote, &text[at + 1..])?;
    let is_key = text[end + 1..].trim_ascii_start().starts_with(b":") && end - at < 40;
    (end - at > LONG_QUOTED && !is_key).then_some(end)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-+=%~".contains(&byte) || byte >= 0x80
}

/// A long token that is no plain word: it holds a digit, or both cases.
fn is_random(token: &[u8]) -> bool {
    token.iter().any(u8::is_ascii_digit)
        || (token.iter().any(u8::is_ascii_lowercase) && token.iter().any(u8::is_ascii_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str, secret: &str) -> String {
        let at = text.find(secret).unwrap();
        line(text.as_bytes(), &(at..at + secret.len()), "****", &[])
    }

    #[test]
    fn everything_else_that_may_be_a_secret_is_masked_too() {
        let other = "a1".repeat(10);
        assert_eq!(
            masked(&format!("one\n  key = s3cret; other = {other}; name = \"hunter2\"\nthree"), "s3cret"),
            "key = ****; other = ****; name = \"****\""
        );
    }

    #[test]
    fn a_key_in_quotes_stays_readable() {
        assert_eq!(masked(r#"{"api_key": "s3cret"}"#, "s3cret"), r#"{"api_key": "****"}"#);
    }

    #[test]
    fn a_long_line_is_cut_and_its_edges_are_masked() {
        let text = format!("{}{}{}", "b".repeat(500), "=s3cret=", "c".repeat(500));
        assert_eq!(masked(&text, "s3cret"), "…************…");
    }

    #[test]
    fn another_hit_on_the_line_is_masked() {
        let text = b"user:pw1@host s3cret";
        assert_eq!(line(text, &(14..20), "####", std::slice::from_ref(&(5..8))), "user:****@host ####");
    }
}
