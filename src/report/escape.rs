//! JSON in which nothing is left that a terminal, an editor or a build log could obey.
//!
//! JSON itself asks only for U+0000 to U+001F to be escaped. Here every character that
//! [`shown`] would not show is written as `\uXXXX` too: a reader of the JSON gets the exact text,
//! a reader of the screen sees no reversed line. In `##`, with which commands to a build log
//! begin, the second sign is escaped.

use std::io::{self, Write};

use memchr::{memchr, memmem};
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::model::text::shown;

/// Writes a value as JSON over several lines, and a line break.
///
/// # Errors
/// The writer's.
pub fn write_pretty(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Careful(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// Writes a value as JSON on one line, and a line break.
pub(super) fn write_line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Careful(CompactFormatter)))?;
    out.write_all(b"\n")
}

/// Lays JSON out as another formatter does, and escapes more.
struct Careful<F>(F);

impl<F: Formatter> Formatter for Careful<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        // Nearly every string is plain, and this is many times faster than looking at each sign.
        if fragment.is_ascii() && memchr(b'\x7f', bytes).is_none() && memmem::find(bytes, b"##").is_none() {
            return out.write_all(bytes);
        }
        let mut from = 0;
        let mut before = '\0';
        for (at, c) in fragment.char_indices() {
            if is_escaped(before, c) {
                out.write_all(&bytes[from..at])?;
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
                from = at + c.len_utf8();
            }
            before = c;
        }
        out.write_all(&bytes[from..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_key(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// Tells whether a character, behind another, is written as an escape.
fn is_escaped(before: char, c: char) -> bool {
    if c.is_ascii() {
        return c == '\x7f' || (before == '#' && c == '#');
    }
    // Asked of the one function that knows, so that the two never differ.
    !shown(c.encode_utf8(&mut [0; 4]).as_bytes()).starts_with(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        let mut out = Vec::new();
        write_line(&text, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_that_harms_nobody_stays_as_it_is() {
        assert_eq!(line("naïve — 日本 # 1 😀"), "\"naïve — 日本 # 1 😀\"\n");
    }

    #[test]
    fn text_that_turns_hides_or_commands_is_escaped_and_reads_back_exactly() {
        let text = "a\u{202e}b\u{e0001}c\x1bd\u{7f}e\u{85}\n::error::##[group]###vso[x]\u{feff}";
        let line = line(text);
        assert_eq!(
            line,
            concat!(
                r#""a\u202eb\udb40\udc01c\u001bd\u007fe\u0085\n::error::#\u0023[group]"#,
                r##"#\u0023\u0023vso[x]\ufeff""##,
                "\n"
            )
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
