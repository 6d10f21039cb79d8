//! Where a value begins and ends: in quotes, bare, behind a call or a fallback.

use std::ops::Range;

/// How far a name and its value may be apart.
pub(super) const APART: usize = 60;
/// How much of a line before a name is looked at.
pub(super) const HEAD: usize = 160;
/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// `=`, `:=`, `=>`, `:` and their like.
    Sign,
    /// `:` alone, behind which a line may break.
    Colon,
    /// `,` or `(`: only a quoted value.
    Argument,
    /// `>` of an element.
    Element,
    /// A blank, as behind a flag or `ENV`: any value.
    Blank,
    /// A blank, where only a quoted value is one.
    Quote,
}

/// A value, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// Its offsets, without quotes.
    pub(super) span: Range<usize>,
    /// Whether quotes stand around it.
    pub(super) quoted: bool,
    /// Whether it is one of several words in a row, or of prose: only what looks odd is a value.
    pub(super) loose: bool,
    /// Whether no program would write it so: an element, a flag, `name=value` at a line's start.
    pub(super) plain: bool,
}

/// The longest value.
const LONGEST: usize = 512;

/// Steps over what may stand before a value: blanks, a line break, `new X(`, a string's prefix.
pub(super) fn begin(bytes: &[u8], at: usize, link: Link) -> Option<usize> {
    let mut at = skip_blanks(bytes, at);
    if matches!(link, Link::Element | Link::Colon | Link::Sign)
        && matches!(bytes.get(at), Some(b'|' | b'>'))
        && link == Link::Colon
    {
        at += 1 + usize::from(bytes.get(at + 1) == Some(&b'-'));
        at = skip_blanks(bytes, at);
        matches!(bytes.get(at), Some(b'\n' | b'\r')).then_some(())?;
    }
    if matches!(bytes.get(at), Some(b'\n' | b'\r' | b'\\')) {
        match (link, bytes.get(at)) {
            (_, Some(b'\\')) if matches!(bytes.get(at + 1), Some(b'"' | b'\'')) => return Some(at + 1),
            (Link::Element | Link::Colon | Link::Argument | Link::Sign, Some(b'\n' | b'\r')) => {
                let after = at + bytes[at..].iter().take(80).take_while(|b| b.is_ascii_whitespace()).count();
                let lines = memchr::memchr_iter(b'\n', &bytes[at..after]).count();
                let indented = matches!(bytes.get(after - 1), Some(b' ' | b'\t'));
                let is_quote = matches!(bytes.get(after), Some(b'"' | b'\''));
                if lines > 1 || (link != Link::Element && !indented) || (link == Link::Sign && !is_quote) {
                    return None;
                }
                at = after;
            }
            _ => return None,
        }
    }
    if bytes[at..].starts_with(b"<![CDATA[") {
        at += 9;
    }
    let rest = &bytes[at..bytes.len().min(at + APART)];
    let is_quote = |b: Option<&u8>| matches!(b, Some(b'"' | b'\'' | b'`'));
    // r"…", b"…", L"…", @"…", r#"…"#; `Some("…")`, `String::from("…")`, `std::string("…")`.
    let wrap = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_:.@#&".contains(b)).count();
    let prefix = &rest[..wrap];
    if wrap <= 3 && is_quote(rest.get(wrap)) && !prefix.iter().any(|b| b"fF:.".contains(b)) {
        return Some(at + wrap);
    }
    if rest.get(wrap) == Some(&b'(') && is_quote(rest.get(wrap + 1)) && !reads(prefix) {
        return Some(at + wrap + 1);
    }
    // `process.env.KEY || "…"`, `os.getenv("KEY") or "…"`, `${KEY:-…}`.
    let line = rest.split(|b| *b == b'\n').next().unwrap_or(rest);
    for word in [b" || ".as_slice(), b" ?? ", b" or ", b" ?: ", b"\", \"", b"', '"] {
        if let Some(found) = memchr::memmem::find(line, word) {
            let after = found + word.len() - usize::from(word[0] != b' ');
            if is_quote(line.get(after))
                && line[..found].iter().all(|b| b.is_ascii_alphanumeric() || b"_.()[]'\"?$:".contains(b))
            {
                return Some(at + after);
            }
        }
    }
    if let Some(rest) = rest.strip_prefix(b"${")
        && let Some(dash) = memchr::memmem::find(rest, b":-")
        && rest[..dash].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
    {
        return Some(at + 2 + dash + 2);
    }
    Some(at)
}

/// Whether a call by this name reads its value from elsewhere.
fn reads(call: &[u8]) -> bool {
    let folded = call.to_ascii_lowercase();
    [
        b"env".as_slice(),
        b"get",
        b"read",
        b"load",
        b"find",
        b"fetch",
        b"open",
        b"file",
        b"path",
        b"sha",
        b"md5",
        b"hash",
        b"hex",
        b"include",
        b"require",
        b"import",
        b"lookup",
        b"prompt",
        b"input",
        b"param",
        b"var",
        b"config",
        b"len",
        b"regex",
        b"query",
    ]
    .iter()
    .any(|word| memchr::memmem::find(&folded, word).is_some())
}

/// A value in quotes that is the whole right-hand side; and the offset up to which was looked.
pub(super) fn quoted(bytes: &[u8], start: usize, quote: u8, escaped: bool) -> (Option<Value>, usize) {
    let mut start = start;
    // `"""…"""`.
    if bytes[start..].starts_with(&[quote, quote]) {
        start += 2;
    }
    let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
    let most = start + LONGEST + 1;
    let Some(mut length) = rest.iter().position(|b| *b == quote || *b == b'\n' || *b == b'\\') else {
        return (None, most);
    };
    if escaped != (rest[length] == b'\\') || rest[length] == b'\n' {
        // A backslash is no part of a token; in a password one escapes a sign.
        match rest.iter().position(|b| *b == quote || *b == b'\n') {
            Some(at) if rest[at] == quote && !escaped => length = at,
            Some(at) => return (None, start + at + 2),
            None => return (None, most),
        }
    }
    let end = start + length;
    let behind = end + 1 + usize::from(escaped);
    let value = Value { span: start..end, quoted: true, loose: false, plain: false };
    (goes_on(bytes, behind, quote).then_some(value), behind + BEHIND)
}

/// How much behind a closing quote is looked at.
const BEHIND: usize = 40;

/// Whether what stands behind a closing quote leaves the value whole.
fn goes_on(bytes: &[u8], at: usize, quote: u8) -> bool {
    let after = &bytes[at.min(bytes.len())..bytes.len().min(at + BEHIND)];
    let after = after.trim_ascii_start();
    match after.first() {
        Some(b'+' | b'%' | b'~' | b'[' | b'&' | b'=' | b'?' | b'*') => false,
        Some(b':') => false,
        Some(b'.') => [
            b".to_".as_slice(),
            b".into(",
            b".encode(",
            b".getBytes",
            b".toCharArray",
            b".freeze",
            b".as_",
            b".parse",
            b".trim",
            b".strip",
        ]
        .iter()
        .any(|call| after.starts_with(call)),
        Some(b) if *b == quote && after.get(1) != Some(&quote) => false,
        _ => true,
    }
}

/// A value without quotes; and the offset up to which was looked.
pub(super) fn bare(bytes: &[u8], start: usize, name: &Range<usize>, link: Link) -> (Option<Value>, usize) {
    let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
    let stops = |b: &u8| b.is_ascii_whitespace() || b"\"'`,;<>(){}[]|\\&".contains(b);
    let Some(end) = rest.iter().position(stops) else {
        let value = (rest.len() <= LONGEST).then(|| bare_until(bytes, start, rest.len(), name, link));
        return (value.flatten(), start + LONGEST + 1);
    };
    // What stands behind the value and blanks is looked at too.
    let blanks = rest[end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    (bare_until(bytes, start, end, name, link), start + end + blanks + 1)
}

/// The same where its length is known, up to what ends it.
fn bare_until(bytes: &[u8], start: usize, end: usize, name: &Range<usize>, link: Link) -> Option<Value> {
    let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
    let stop = rest.get(end);
    // A call, an index, a block, a joined string: code.
    if matches!(stop, Some(b'(' | b'[' | b'{' | b'|'))
        || (link == Link::Element && stop != Some(&b'<') && !stop.is_some_and(u8::is_ascii_whitespace))
    {
        return None;
    }
    let after = rest[end..].trim_ascii_start();
    let same_line = !rest[end..rest.len() - after.len()].contains(&b'\n');
    if same_line && matches!(after.first(), Some(b'+' | b'?' | b'*' | b'=')) {
        return None;
    }
    let mut length = end;
    while length > 0 && b".:".contains(&rest[length - 1]) {
        length -= 1;
    }
    let head = &bytes[line_start(bytes, name.start)..name.start];
    let is_own_line = (head.trim_ascii().is_empty() || is_config_head(head))
        && (after.is_empty() || !same_line || after[0] == b'#');
    let close =
        bytes[name.end..start].len() <= 2 || (link == Link::Colon && bytes[name.end..start].len() <= 4);
    let is_flag = bytes[name.start] == b'-' && head.last().is_none_or(u8::is_ascii_whitespace);
    let plain = is_flag
        || matches!(link, Link::Element | Link::Blank)
        || (is_own_line && (close || !matches!(stop, Some(b';' | b','))));
    (length > 0).then_some(Value {
        span: start..start + length,
        quoted: false,
        loose: is_flag && link == Link::Blank,
        plain,
    })
}

/// What may stand before a name in a file of settings.
fn is_config_head(head: &[u8]) -> bool {
    let head = head.trim_ascii();
    [b"export".as_slice(), b"ENV", b"ARG", b"-", b"set", b"SET", b"-e", b"//", b"#"].contains(&head)
        || (head.starts_with(b"//") && head.ends_with(b"/:"))
}

/// Where the line of `at` begins, as far as a name's head needs it.
pub(super) fn line_start(bytes: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(HEAD);
    memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |newline| from + newline + 1)
}

pub(super) fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let from = at.min(bytes.len());
    from + bytes[from..].iter().take(APART).take_while(|b| matches!(b, b' ' | b'\t')).count()
}
