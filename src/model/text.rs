//! How bytes from a repository are shown: nothing in a name, an author or a line may move the
//! cursor, change a colour, turn the reading direction or forge a command.

use std::fmt::Write as _;

/// Returns bytes as one line of harmless text.
///
/// Control characters, the bidirectional controls of Unicode (UAX #9), zero-width characters and
/// bytes that are no UTF-8 come out as `\xNN` or `\u{NNNN}`.
///
/// ```
/// use keywright::model::text::shown;
/// assert_eq!(shown("naïve.txt".as_bytes()), "naïve.txt");
/// assert_eq!(shown(b"a\x1b[31mb\n"), r"a\x1b[31mb\x0a");
/// ```
#[must_use]
pub fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_ascii_control() {
                let _ = write!(out, "\\x{:02x}", c as u32);
            } else if is_harmful(c) {
                let _ = write!(out, "\\u{{{:x}}}", c as u32);
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Takes the older form of a workflow command out of text: a build log obeys `##[name]` anywhere in a
/// line.
///
/// GitHub's runner looks for it by the rules of a language, for which an invisible character may stand
/// between the signs: where that could be, every `[` is escaped.
///
/// ```
/// use keywright::model::text::tame;
/// assert_eq!(tame("C# [1]".into()), "C# [1]");
/// assert_eq!(tame("##[add-mask]a".into()), r"##\x5badd-mask]a");
/// assert_eq!(tame("#\u{ad}#[add-mask]a".into()), "#\u{ad}#\\x5badd-mask]a");
/// ```
#[must_use]
pub fn tame(text: String) -> String {
    let may_command = text.contains("##") || (text.contains('#') && !text.is_ascii());
    if may_command { text.replace('[', r"\x5b") } else { text }
}

/// Tells characters that change how their neighbours are read, or cannot be seen.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_turn_the_reading_direction() {
        assert_eq!(shown("a\u{202e}gpj.exe".as_bytes()), r"a\u{202e}gpj.exe");
        assert_eq!(shown("a\u{85}b".as_bytes()), r"a\u{85}b");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_still_told_apart() {
        assert_eq!(shown(b"a\xff\xfe"), r"a\xff\xfe");
    }
}
