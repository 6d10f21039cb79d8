//! What a value in a `.env` file reads as, and how another is written in its place.

use super::super::in_file::Unfit;
use super::lines::Value;
use crate::model::Secret;

/// How a value can be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Without quotes.
    Bare,
    /// Between single quotes: every byte is itself.
    Single,
    /// Between double quotes.
    Double,
    /// Between double quotes, with `\n` for the end of a line.
    Escaped,
}

impl Value {
    /// Returns what every loader reads here.
    pub(super) fn value(&self, text: &[u8]) -> Result<Secret, Unfit> {
        let unclear = |why: &str| Err(Unfit::Unclear(format!("line {}: {why}", self.line)));
        let inner = self.inner(text);
        if inner.iter().any(|b| is_control(*b)) {
            return unclear("the value holds control characters");
        }
        match self.quote {
            None if inner.iter().any(|b| matches!(b, b'#' | b'\'' | b'"' | b'`' | b'$' | b'\\')) => {
                unclear("loaders read this value without quotes differently; put it between single quotes")
            }
            Some(b'\'') if !is_plain_single(inner) => {
                unclear("loaders read backslashes at the end or in pairs differently between single quotes")
            }
            Some(b'"') => match unescaped(inner) {
                Some(value) => Ok(value),
                None => unclear(
                    "the value holds $, ` or a backslash, which loaders read differently between double \
                     quotes; put it between single quotes",
                ),
            },
            _ => Ok(Secret::new(inner.to_vec())),
        }
    }

    /// Appends another value as this one was written, or with quotes if it needs them.
    pub(super) fn write(&self, text: &[u8], value: &Secret, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let old = self.inner(text);
        let value = value.expose();
        let has_escapes = old.windows(2).any(|pair| pair == br"\n");
        let order = match self.quote {
            None => [Style::Bare, Style::Single, Style::Double],
            Some(b'\'') => [Style::Single, Style::Double, Style::Double],
            Some(_) if has_escapes => [Style::Escaped, Style::Single, Style::Single],
            Some(_) => [Style::Double, Style::Single, Style::Single],
        };
        let Some(style) = order.into_iter().find(|style| style.holds(value, old)) else {
            return Err(Unfit::Unclear(format!(
                "line {}: the new value cannot be written so that every loader reads it alike: it holds \
                 quotes, backslashes or control characters; have another made, or deliver it with exec:",
                self.line
            )));
        };
        let quote: &[u8] = match style {
            Style::Bare => b"",
            Style::Single => b"'",
            Style::Double | Style::Escaped => b"\"",
        };
        out.extend_from_slice(quote);
        for byte in value {
            match byte {
                b'\n' if style == Style::Escaped => out.extend_from_slice(br"\n"),
                byte => out.push(*byte),
            }
        }
        out.extend_from_slice(quote);
        Ok(())
    }

    /// The bytes between the quotes.
    fn inner<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let quote = usize::from(self.quote.is_some());
        &text[self.raw.start + quote..self.raw.end - quote]
    }
}

impl Style {
    /// Tells whether every loader reads the value back from this style. What the old value had without
    /// quotes, its loader takes without quotes.
    fn holds(self, value: &[u8], old: &[u8]) -> bool {
        if std::str::from_utf8(value).is_err() || value.iter().any(|b| is_control(*b)) {
            return false;
        }
        match self {
            Self::Bare => {
                let is_safe = |b: &u8| {
                    b.is_ascii_alphanumeric()
                        || b"_-./:@%+,=^".contains(b)
                        || (*b != b'\n' && old.contains(b))
                };
                value.iter().all(is_safe) && value.trim_ascii().len() == value.len()
            }
            Self::Single => is_plain_single(value) && !value.contains(&b'\''),
            Self::Double | Self::Escaped => !value.iter().any(|b| matches!(b, b'"' | b'$' | b'`' | b'\\')),
        }
    }
}

/// Tells whether single quotes keep the bytes as they are in every loader.
fn is_plain_single(value: &[u8]) -> bool {
    value.last() != Some(&b'\\') && !value.windows(2).any(|pair| pair == br"\\")
}

/// Reads what stands between double quotes; `None` where loaders differ.
fn unescaped(inner: &[u8]) -> Option<Secret> {
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'$' | b'`' => return None,
            b'\\' if bytes.next() == Some(&b'n') => out.push(b'\n'),
            b'\\' => return None,
            byte => out.push(*byte),
        }
    }
    Some(Secret::new(out))
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')
}
