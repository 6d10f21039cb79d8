//! The text of a PEM block (RFC 1421, RFC 7468) out of the many ways it is quoted in source: with
//! literal `\n`, in string concatenations, indented, commented, in a diff, on one line.

use zeroize::Zeroizing;

/// A block's text, taken apart.
pub(super) struct Block {
    /// What stands between `BEGIN` and the dashes, such as `RSA PRIVATE KEY`.
    pub(super) label: String,
    /// Whether a header says that it is encrypted.
    pub(super) encrypted: bool,
    /// The bytes of its body; `None`: the body is no base64.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    /// The text of an armor checksum (RFC 4880 §6.1), decoded.
    pub(super) armor_sum: Option<Vec<u8>>,
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// Takes the first block of `text` apart.
pub(super) fn block(text: &[u8]) -> Option<Block> {
    let text = Zeroizing::new(unescaped(text));
    let (_, rest) = text.split_once(BEGIN)?;
    let (label, rest) = rest.split_once(DASHES)?;
    let end = rest.find("-----END").unwrap_or(rest.len());
    let body = &rest[..end];
    // Whatever stands before the last line stands before every line: a comment's, a diff's mark.
    let prefix = body.rsplit_once('\n').map_or("", |(_, last)| last.trim().trim_matches(quoted));
    let mut block = Block { label: label.into(), encrypted: false, body: None, armor_sum: None };
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    let mut whole = true;
    for line in body.lines() {
        let line = bare(line, prefix);
        if line.contains(':') {
            // One line for all: headers, then the body in words of their own.
            block.encrypted |= line.contains("ENCRYPTED");
            continue;
        }
        if line.len() == 5 && line.starts_with('=') {
            block.armor_sum = decode(&line[1..]);
            continue;
        }
        let from = base64.len();
        base64.extend(line.chars().filter(|c| !c.is_ascii_whitespace()));
        whole &= base64[from..].bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    }
    if whole {
        block.body = decode(&base64).map(Zeroizing::new);
    }
    Some(block)
}

/// Turns `\n`, `\r`, `\t`, `\/`, `\"` and their doubly escaped forms into what they stand for.
fn unescaped(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = rest[at..].trim_start_matches('\\');
        let mut chars = after.chars();
        match chars.next() {
            Some('n' | 'r') => out.push('\n'),
            Some('t') => out.push(' '),
            Some('u') if after.starts_with("u003d") || after.starts_with("u003D") => {
                out.push('=');
                chars = after[5..].chars();
            }
            Some('u') if after.starts_with("u002b") || after.starts_with("u002B") => {
                out.push('+');
                chars = after[5..].chars();
            }
            // An escaped quote or slash is itself, and a line that goes on has nothing to keep.
            Some('\n') => out.push('\n'),
            Some('\r') => {}
            _ => chars = after.chars(),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// A line without what the surrounding language put around it.
fn bare<'a>(line: &'a str, prefix: &str) -> &'a str {
    let mut line = line.trim();
    if !prefix.is_empty() {
        line = line.strip_prefix(prefix).unwrap_or(line).trim_start();
    }
    loop {
        let before = line.len();
        // `"…" +`, `'…',`, `"…" .`, `+ "…"`: an operator counts only outside of quotes.
        let end = line.trim_end_matches(|c: char| c.is_whitespace() || "+,.;)&|".contains(c));
        if end.ends_with(quoted) {
            line = end;
        }
        let start = line.trim_start_matches(|c: char| c.is_whitespace() || "+.&|(".contains(c));
        if start.starts_with(quoted) {
            line = start;
        }
        line = line.trim_matches(|c: char| c.is_whitespace() || quoted(c) || c == ',');
        if line.len() == before {
            return if matches!(line, "+" | "." | "&" | "|") { "" } else { line };
        }
    }
}

fn quoted(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

/// Decodes base64 of any padding; a stray end of less than a byte is passed over.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::template::fill;

    fn key() -> String {
        let pem = fill("{ed25519-pem}", 5).unwrap();
        let (head, rest) = pem.split_once('\n').unwrap();
        let (body, tail) = rest.split_once('\n').unwrap();
        // Three lines of body, as a longer key would have.
        format!("{head}\n{}\n{}\n{}\n{tail}\n", &body[..20], &body[20..40], &body[40..])
    }

    fn body(text: &str) -> Option<Vec<u8>> {
        block(text.as_bytes()).and_then(|b| b.body).map(|b| b.to_vec())
    }

    #[test]
    fn a_block_is_read_in_every_dress() {
        let plain = key();
        let wanted = body(&plain);
        assert_eq!(wanted.as_ref().map(Vec::len), Some(48));
        let lines = |f: &dyn Fn(&str) -> String| plain.lines().map(f).collect::<String>();
        let dresses = [
            plain.replace('\n', "\r\n"),
            plain.replace('\n', "\\n"),
            plain.replace('\n', "\\\\n"),
            plain.replace('\n', "\\r\\n"),
            plain.replace('\n', " "),
            plain.trim_end().replace('\n', ""),
            plain.trim_end().replace('\n', "\\\n"),
            lines(&|l| format!("      {l}\n")),
            lines(&|l| format!("# {l}\n")),
            lines(&|l| format!("// {l}\n")),
            lines(&|l| format!("+{l}\n")),
            lines(&|l| format!("  \"{l}\\n\" +\n")),
            lines(&|l| format!("  + '{l}\\n'\n")),
            lines(&|l| format!("    \"{l}\",\n")),
            lines(&|l| format!("    '{l}' . \"\\n\" .\n")),
            plain.replace('/', "\\/").replace('\n', "\\n"),
        ];
        for (at, dress) in dresses.iter().enumerate() {
            assert_eq!(body(dress), wanted, "dress {at}: {dress}");
        }
    }

    #[test]
    fn headers_and_other_text_are_told() {
        let with = |text: &str| key().replacen('\n', &format!("\n{text}\n\n"), 1);
        assert!(block(with("Proc-Type: 4,ENCRYPTED").as_bytes()).unwrap().encrypted);
        assert_eq!(body(&with("...")), None);
        assert_eq!(body("nothing"), None);
    }
}
