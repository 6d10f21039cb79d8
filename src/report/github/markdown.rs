//! Text from outside in Markdown, as code: there no link, image, mention, reference or HTML begins.

use crate::model::text::{shown, tame};

/// The longest text, in characters, that a summary repeats.
const LONGEST: usize = 500;

/// Returns bytes as a piece of code, or nothing for nothing.
///
/// A backtick would end the code and a bar the cell of a table, behind a backslash too: both are
/// escaped as other harmful characters are. A build log may repeat it, and obeys `##[name]`: that is taken out too.
pub fn code(bytes: &[u8]) -> String {
    let mut out = String::from("`");
    for (at, c) in tame(shown(bytes)).chars().enumerate() {
        match c {
            _ if at == LONGEST => {
                out.push('…');
                break;
            }
            '`' => out.push_str(r"\x60"),
            '|' => out.push_str(r"\x7c"),
            _ => out.push(c),
        }
    }
    out.push('`');
    // Code of spaces alone would be none.
    if out.trim_matches('`').trim().is_empty() { String::new() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_code_but_its_end() {
        assert_eq!(code(b"a`b|c\\|d\n<b>@e"), r"`a\x60b\x7cc\\x7cd\x0a<b>@e`");
        assert_eq!(code(b"C# [1] ##[group]x"), r"`C# \x5b1] ##\x5bgroup]x`");
        assert_eq!((code(b""), code(b"  ")), (String::new(), String::new()));
        assert_eq!(code("é".repeat(600).as_bytes()), format!("`{}…`", "é".repeat(500)));
    }
}
