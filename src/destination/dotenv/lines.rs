//! Finds the one line of a `.env` file that sets a variable.

use std::ops::Range;

use super::super::in_file::Unfit;
use super::super::login::line as line_at;

/// Where a variable's value stands, and how it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The value's bytes, quotes included.
    pub(super) raw: Range<usize>,
    /// The quote around it.
    pub(super) quote: Option<u8>,
    /// Its line, counted from one.
    pub(super) line: usize,
}

/// Tells the bytes of a variable's name: what the loaders between them allow.
pub(super) fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Finds the value of the variable.
///
/// A variable that is set twice is refused: in some loaders the first line counts, in others the last, and
/// whoever wrote two may have meant two values.
pub(super) fn find(text: &[u8], name: &str) -> Result<Value, Unfit> {
    if text.contains(&0) {
        return Err(Unfit::Unclear("it is no text in UTF-8: it holds zero bytes".into()));
    }
    let lone = |at: usize| text.get(at + 1) != Some(&b'\n');
    if let Some(at) = memchr::memchr_iter(b'\r', text).find(|at| lone(*at)) {
        let line = line_at(text, at);
        return Err(Unfit::Unclear(format!("line {line} holds a carriage return that ends no line")));
    }
    let set =
        lines(text).filter(|line| assigned(&text[line.clone()]).is_some_and(|a| a.0 == name.as_bytes()));
    let mut set = set.map(|line| line_at(text, line.start));
    match (set.next(), set.next()) {
        (None, _) => Err(Unfit::Absent(format!("no line sets {name}; add `{name}=`"))),
        (Some(one), Some(other)) => Err(Unfit::Unclear(format!(
            "lines {one} and {other} both set {name}, and loaders differ on which counts; take one away"
        ))),
        (Some(line), None) => walk(text, name.as_bytes(), line),
    }
}

/// Goes through the file as a loader does, values of several lines at once, to the variable.
fn walk(text: &[u8], name: &[u8], line: usize) -> Result<Value, Unfit> {
    let mut at = mark_length(text);
    while at < text.len() {
        let end = line_end(text, at);
        let next = end + 1;
        let Some((found, sign, after)) = assigned(&text[at..end]) else {
            at = next;
            continue;
        };
        let is_it = found == name;
        let start = at + after;
        let quote = text.get(start).copied().filter(|b| start < end && matches!(b, b'"' | b'\''));
        let close = quote.map(|quote| (quote, closing(text, start, quote)));
        match (is_it, close) {
            (true, _) if sign == b':' => {
                return Err(Unfit::Unclear(format!("line {line}: write `=` behind the name, not `:`")));
            }
            (true, Some((quote, Some(close)))) => {
                let rest = &text[close + 1..line_end(text, close)];
                return if is_comment(rest) {
                    Ok(Value { raw: start..close + 1, quote: Some(quote), line })
                } else {
                    Err(Unfit::Unclear(format!("line {line}: something follows the closing quote")))
                };
            }
            (_, Some((_, None))) => {
                let line = line_at(text, start);
                return Err(Unfit::Unclear(format!("line {line} opens a quote that nothing closes")));
            }
            (true, None) => return bare(text, at, start..end, line),
            (false, Some((b'\'', Some(close)))) if text[close - 1] == b'\\' => {
                let line = line_at(text, close);
                let why =
                    format!("line {line}: loaders differ on whether the quote behind a backslash closes");
                return Err(Unfit::Unclear(why));
            }
            (false, Some((_, Some(close)))) => at = line_end(text, close) + 1,
            (false, None) => at = next,
        }
    }
    Err(Unfit::Unclear(format!("line {line} stands inside another variable's quotes")))
}

/// Returns a value without quotes: up to a comment, without the blanks around it.
fn bare(text: &[u8], line_start: usize, within: Range<usize>, line: usize) -> Result<Value, Unfit> {
    let rest = &text[within.clone()];
    let is_blank = |at: usize| text.get(at).is_none_or(|b| matches!(b, b' ' | b'\t'));
    let comment = (within.clone()).find(|at| text[*at] == b'#' && is_blank(at - 1));
    let value = &rest[..comment.map_or(rest.len(), |at| at - within.start)];
    let length = value.trim_ascii_end().len();
    if length > 0 {
        return Ok(Value { raw: within.start..within.start + length, quote: None, line });
    }
    if matches!(text[within.end..].trim_ascii_start().first(), Some(b'\'' | b'"' | b'`')) {
        // One of the libraries looks for a quoted value beyond the end of the line.
        return Err(Unfit::Unclear(format!("line {line} has no value, and the next begins with a quote")));
    }
    // No value yet: it will stand right behind the sign, with the blanks and the comment behind it.
    let sign = line_start + memchr::memchr(b'=', &text[line_start..]).expect("the line sets the variable");
    Ok(Value { raw: sign + 1..sign + 1, quote: None, line })
}

/// Reads a line's beginning: the name it sets, the sign behind it, and where the value begins.
fn assigned(line: &[u8]) -> Option<(&[u8], u8, usize)> {
    let blanks = |at: usize| line[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut at = blanks(0);
    if line[at..].starts_with(b"export") && blanks(at + 6) > 0 {
        at += 6 + blanks(at + 6);
    }
    let length = line[at..].iter().take_while(|b| is_of_name(**b)).count();
    let name = &line[at..at + length];
    at += length;
    at += blanks(at);
    let sign = *line.get(at)?;
    if name.is_empty() || !matches!(sign, b'=' | b':') {
        return None;
    }
    at += 1;
    Some((name, sign, at + blanks(at)))
}

/// Finds the quote that closes the one at `open`. Behind a backslash a double quote does not close.
fn closing(text: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut at = open + 1;
    while at < text.len() {
        match text[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Tells what may follow a closing quote: nothing, or a comment behind a blank.
fn is_comment(rest: &[u8]) -> bool {
    let trimmed = rest.trim_ascii();
    trimmed.is_empty() || (trimmed[0] == b'#' && matches!(rest[0], b' ' | b'\t'))
}

/// Returns the length of the byte order mark.
fn mark_length(text: &[u8]) -> usize {
    if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Returns where the line ends, without what ends it.
fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n)
}

/// Lists the lines as they stand, whatever quotes say.
fn lines(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = mark_length(text);
    std::iter::from_fn(move || {
        let start = (at < text.len()).then_some(at)?;
        let end = line_end(text, start);
        at = end + 1;
        Some(start..end)
    })
}
