//! Private keys in PEM, whole or not yet: a key is masked though its end never comes.

use std::ops::Range;

/// How many bytes of a key are waited for; what is longer is masked as it comes.
pub(super) const LONGEST: usize = 32 << 10;
/// How many lines in a row may look like anything else before a key counts as broken off.
const STRANGERS: usize = 2;
/// A run of base64 of this many bytes makes a line one of a key's.
const LONG_RUN: usize = 40;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const NAME: &[u8] = b"PRIVATE KEY";
/// How long the words before `PRIVATE KEY` may be.
const KIND: usize = 41;

/// How far a key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its last line is there: the rules say what it is.
    Closed,
    /// It may go on.
    Open,
    /// Other lines follow, and its last line never came.
    BrokenOff,
}

/// A private key, or what of one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// From its first line to the last that looks like a key's.
    pub(super) span: Range<usize>,
    /// How far it has come.
    pub(super) state: State,
    /// Whether anything of the key itself is there.
    pub(super) has_body: bool,
}

/// Finds every private key in a text; `inside`: the offset up to which a key went that has not ended.
pub(super) fn blocks(text: &[u8], inside: Option<usize>) -> Vec<Block> {
    let mut found: Vec<Block> = inside.map(|at| walk(text, at, at)).into_iter().collect();
    let mut at = inside.map_or(0, |_| found[0].span.end);
    while let Some(begin) = memchr::memmem::find(&text[at..], BEGIN).map(|b| at + b) {
        at = begin + BEGIN.len();
        let Some(after) = header_end(text, at) else { continue };
        if !begins_body(text, after) {
            continue;
        }
        let block = walk(text, begin, after);
        at = block.span.end.max(at);
        found.push(block);
    }
    found
}

/// The offset behind `… PRIVATE KEY-----`, for what follows `-----BEGIN `.
fn header_end(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..text.len().min(at + KIND + NAME.len() + 12)];
    let name = memchr::memmem::find(rest, NAME)?;
    let is_kind = rest[..name].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b' ');
    let rest = &rest[name + NAME.len()..];
    let tail = if rest.starts_with(b" BLOCK") { 6 } else { 0 };
    (is_kind && name < KIND && rest[tail..].starts_with(b"-----"))
        .then_some(at + name + NAME.len() + tail + 5)
}

/// Whether what stands behind a first line can be a key: nothing yet, base64, a field, the last line.
fn begins_body(text: &[u8], after: usize) -> bool {
    let mut at = after;
    while let Some(b) = text.get(at) {
        match b {
            b if b.is_ascii_whitespace() => at += 1,
            b'\\' if matches!(text.get(at + 1), Some(b'n' | b'r' | b't' | b'\\')) => at += 2,
            b'"' | b'\'' | b'+' | b',' | b'>' | b'|' | b'.' if at > after => at += 1,
            b'"' | b'\'' => at += 1,
            _ => break,
        }
    }
    let rest = &text[at..text.len().min(at + 200)];
    let run = rest.iter().take_while(|b| is_base64(**b)).count();
    let line = rest.split(|b| *b == b'\n').next().unwrap_or(rest);
    // Lines of a log begin with the time and more.
    rest.is_empty()
        || at + run == text.len()
        || rest.starts_with(END)
        || run >= 16
        || is_body(line)
        || text[after..at].contains(&b'\n')
}

/// Follows a key line by line.
fn walk(text: &[u8], start: usize, after: usize) -> Block {
    let (mut at, mut end, mut strangers, mut has_body) = (after, after, 0, false);
    while at < text.len() {
        let line_end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n + 1);
        let line = &text[at..line_end];
        let key_end = memchr::memmem::find_iter(line, END).find_map(|e| header_end(text, at + e + END.len()));
        if let Some(end) = key_end {
            return Block { span: start..end, state: State::Closed, has_body: true };
        }
        // The rest of the first line is empty most often.
        let is_rest = at == after && line.trim_ascii().is_empty();
        if is_body(line) {
            (end, strangers, has_body) = (line_end - usize::from(line.ends_with(b"\n")), 0, true);
        } else if !is_rest && line.ends_with(b"\n") {
            strangers += 1;
            if strangers > STRANGERS {
                return Block { span: start..end, state: State::BrokenOff, has_body };
            }
        }
        at = line_end;
    }
    Block { span: start..end, state: State::Open, has_body }
}

/// Whether a line looks like one of a key's: nothing but base64, a long run of it, a field.
fn is_body(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_field = [b"Proc-Type:".as_slice(), b"DEK-Info:", b"Version:", b"Comment:", b"Hash:"]
        .iter()
        .any(|f| line.starts_with(f));
    let longest = line.split(|b| !is_base64(*b)).map(<[u8]>::len).max().unwrap_or(0);
    is_field || longest >= LONG_RUN || (longest > 0 && longest == line.len())
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(text: &str) -> Vec<State> {
        let text = text.replace("{b}", "-----BEGIN RSA ").replace("{e}", "-----END RSA ");
        let text = text.replace("{k}", "PRIVATE KEY-----").replace("{m}", &"Qa7/".repeat(16));
        blocks(text.as_bytes(), None).into_iter().map(|b| b.state).collect()
    }

    #[test]
    fn a_key_is_open_until_its_last_line() {
        assert_eq!(states("x {b}{k}"), [State::Open]);
        assert_eq!(states("{b}{k}\n{m}\nQa"), [State::Open]);
        assert_eq!(states("{b}{k}\n{m}\n{e}{k}\nafter"), [State::Closed]);
        assert_eq!(states(r#""{b}{k}\n{m}\n{e}{k}\n""#), [State::Closed]);
    }

    #[test]
    fn a_key_is_broken_off_by_three_other_lines() {
        assert_eq!(states("{b}{k}\n{m}\none, two\nthree four\n"), [State::Open]);
        assert_eq!(states("{b}{k}\n{m}\none, two\nthree four\nfive six\n"), [State::BrokenOff]);
    }

    #[test]
    fn a_word_about_keys_is_none() {
        assert_eq!(states("expected '{b}{k}', got nothing\n"), []);
        assert_eq!(states("-----BEGIN CERTIFICATE-----\n{m}\n"), []);
    }

    #[test]
    fn lines_of_a_log_have_something_before_the_key() {
        assert_eq!(states("12:01 {b}{k}\n12:01 {m}\n12:01 {e}{k}\n"), [State::Closed]);
    }
}
