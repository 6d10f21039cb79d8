//! How a name is given a value, in any language: what stands between them.

use std::ops::Range;

use super::text::{APART, Link, Value, bare, begin, line_start, quoted, skip_blanks};

/// Finds the value that is given to the name at `name`; returns it, and the offset up to which, at the
/// most, was looked to say so.
pub(super) fn value(bytes: &[u8], name: &Range<usize>) -> (Option<Value>, usize) {
    let linked = link_reach(bytes, name);
    let Some((link, at)) = link(bytes, name) else { return (None, linked) };
    let linked = linked.max(skip_blanks(bytes, at) + BEGUN);
    let Some(at) = begin(bytes, at, link) else { return (None, linked) };
    let Some(open) = bytes.get(at).copied() else { return (None, linked) };
    let (value, seen) = if matches!(open, b'"' | b'\'' | b'`') {
        // `\"` is closed by `\"`.
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let (mut value, seen) = quoted(bytes, at + 1, open, escaped);
        if let Some(value) = &mut value {
            value.loose = match link {
                Link::Argument => true,
                Link::Quote => {
                    !takes_words(bytes, name) && !is_line_head(bytes, name) && !is_sql(bytes, name)
                }
                _ => false,
            };
        }
        (value, seen)
    } else if matches!(link, Link::Argument | Link::Quote) {
        (None, at + 1)
    } else {
        bare(bytes, at, name, link)
    };
    (value, seen.max(linked))
}

/// The offset up to which [`link`] looks, at the most.
fn link_reach(bytes: &[u8], name: &Range<usize>) -> usize {
    let near = skip_blanks(bytes, name.end);
    match (bytes.get(name.end), bytes.get(near)) {
        (Some(b'"' | b'\'' | b'`' | b'\\' | b']' | b')' | b'['), _)
        | (_, Some(b'\n' | b'\r' | b'<' | b',') | None) => near + LINKED,
        _ => near + APART + 4,
    }
}

/// The most bytes from behind a name that a link and what tells it take: signs, a list's length, blanks,
/// a line break and more blanks, `value`, blanks.
const LINKED: usize = 8 * APART + 64;
/// The most bytes that [`begin`] looks at behind blanks: a line break with what indents, and a call.
const BEGUN: usize = 3 * APART + 80;

/// The offset up to which [`may_follow`] looks, at the most.
pub(super) fn follow_reach(bytes: &[u8], name_end: usize) -> usize {
    match bytes.get(name_end) {
        Some(b' ' | b'\t' | b'\n' | b'\r') | None => name_end + APART,
        _ => name_end + 2,
    }
}

/// Tells, cheaply, whether anything behind a name could give it a value.
pub(super) fn may_follow(bytes: &[u8], name_end: usize) -> bool {
    let after = &bytes[name_end.min(bytes.len())..bytes.len().min(name_end + APART)];
    match after.first() {
        Some(b'=' | b':' | b'"' | b'\'' | b'`' | b'>' | b'(' | b'[' | b']' | b'\\' | b'?') => true,
        Some(b' ' | b'\t') => after
            .iter()
            .find(|b| !matches!(b, b' ' | b'\t'))
            .is_some_and(|b| b"=:\"'`?|$-/+".contains(b) || b.is_ascii_alphanumeric()),
        Some(b'<') => after.get(1) == Some(&b'/'),
        Some(b'\n' | b'\r') => after.trim_ascii_start().starts_with(b"value"),
        _ => false,
    }
}

/// What links the name to a value, and the offset behind it.
fn link(bytes: &[u8], name: &Range<usize>) -> Option<(Link, usize)> {
    let mut at = name.end;
    let mut closed = false;
    while let Some(b @ (b'"' | b'\'' | b'`' | b'\\' | b']' | b')')) = bytes.get(at) {
        closed |= !matches!(b, b']' | b')');
        at += 1;
        if at > name.end + 4 {
            return None;
        }
    }
    // `char token[64] =`, `token[] =`.
    if !closed && bytes.get(at) == Some(&b'[') {
        let digits =
            bytes[at + 1..].iter().take(8).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        if bytes.get(at + 1 + digits) != Some(&b']') {
            return None;
        }
        at += digits + 2;
    }
    let blank_from = at;
    at = skip_blanks(bytes, at);
    let rest = &bytes[at..];
    let step = |link, length: usize| Some((link, at + length));
    match *rest.first()? {
        b'=' => {
            let signs = rest.iter().take(3).take_while(|b| **b == b'=').count();
            match rest.get(signs) {
                Some(b'~') => None,
                Some(b'>') => step(Link::Sign, signs + 1),
                _ => step(Link::Sign, signs),
            }
        }
        // `${NAME:-value}`.
        b':' if rest.get(1) == Some(&b'-') && bytes[..name.start].ends_with(b"${") => step(Link::Sign, 2),
        b':' => match rest.get(1) {
            Some(b':') => None,
            Some(b'=') => step(Link::Sign, 2),
            _ => Some(typed(bytes, at + 1).map_or((Link::Colon, at + 1), |at| (Link::Sign, at))),
        },
        b'?' | b'+' if rest.get(1) == Some(&b'=') => step(Link::Sign, 2),
        b'?' if rest.get(1) == Some(&b':') => typed(bytes, at + 2).map(|at| (Link::Sign, at)),
        b'|' if rest.starts_with(b"||=") => step(Link::Sign, 3),
        b',' if closed => named_value(bytes, at + 1).or_else(|| step(Link::Argument, 1)),
        b'(' if !closed => step(Link::Argument, 1),
        b'>' if bytes[name.end - 1] != b'-' => {
            let before = bytes[..name.start].last();
            (closed || before == Some(&b'<')).then_some((Link::Element, at + 1))
        }
        b'<' => after_key_element(bytes, at),
        b'\n' | b'\r' => named_value(bytes, at),
        _ if at == blank_from => None,
        _ if closed => named_value(bytes, at),
        b'"' | b'\'' => step(Link::Quote, 0),
        _ => {
            if let Some(at) = typed_apart(bytes, at) {
                return Some((Link::Sign, at));
            }
            takes_words(bytes, name).then_some((Link::Blank, at))
        }
    }
}

/// ` Type =`, one word with blanks around it, as in Go. In `token served id=x` the value is the id's.
fn typed_apart(bytes: &[u8], at: usize) -> Option<usize> {
    let end = typed(bytes, at)?;
    let kind = &bytes[at..end - 1];
    (kind.ends_with(b" ") && !kind.trim_ascii().contains(&b' ')).then_some(end)
}

/// `: Type =` and ` Type =`: the offset behind the sign.
fn typed(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..bytes.len().min(at + APART)];
    let kind = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_<>&'?. []*:".contains(b)).count();
    let (kind, sign) = (rest.get(..kind)?, *rest.get(kind)?);
    let spaces = kind.trim_ascii().iter().filter(|b| **b == b' ').count();
    if spaces > 2 || memchr::memmem::find(kind, b": ").is_some() {
        return None;
    }
    let is_type =
        kind.iter().any(u8::is_ascii_alphabetic) && sign == b'=' && rest.get(kind.len() + 1) != Some(&b'=');
    is_type.then_some(at + kind.len() + 1)
}

/// `value="…"`, `"value": "…"`, and `value: …` on the next line, behind a quoted or listed name.
fn named_value(bytes: &[u8], at: usize) -> Option<(Link, usize)> {
    let (mut at, most) = (at, at + 4 * APART);
    let mut breaks = 0;
    while let Some(b) =
        bytes[..bytes.len().min(most)].get(at).filter(|b| b.is_ascii_whitespace() || b"\"'\\,".contains(b))
    {
        breaks += usize::from(*b == b'\n');
        at += 1;
        if breaks > 1 {
            return None;
        }
    }
    let rest = &bytes[at..bytes.len().min(at + 64)];
    let word = ["value", "content"]
        .iter()
        .find(|w| rest.get(..w.len()).is_some_and(|r| r.eq_ignore_ascii_case(w.as_bytes())))?;
    let mut at = at + word.len();
    let most = at + APART;
    while at < most && bytes.get(at).is_some_and(|b| b" \"'\\".contains(b)) {
        at += 1;
    }
    matches!(bytes.get(at), Some(b'=' | b':')).then_some((Link::Sign, at + 1))
}

/// `<key>Name</key><string>` of a property list: the offset behind the second element's `>`.
fn after_key_element(bytes: &[u8], at: usize) -> Option<(Link, usize)> {
    let rest = &bytes[at..bytes.len().min(at + 80)];
    let close = memchr::memchr(b'>', rest.strip_prefix(b"</")?)? + 3;
    let next = close + rest[close..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let open =
        [b"<string>".as_slice(), b"<value>", b"<Value>"].into_iter().find(|o| rest[next..].starts_with(o))?;
    Some((Link::Element, at + next + open.len()))
}

/// Whether a word behind a blank is this name's value: a flag, `ENV`, `setx`, `machine … password`.
fn takes_words(bytes: &[u8], name: &Range<usize>) -> bool {
    let start = line_start(bytes, name.start);
    let before = &bytes[start..name.start];
    // The name itself holds a flag's dashes.
    if bytes[name.start] == b'-' && before.last().is_none_or(u8::is_ascii_whitespace) {
        return true;
    }
    let head = before.trim_ascii();
    let is_name_of_netrc = bytes[name.clone()].eq_ignore_ascii_case(b"password")
        && (head.starts_with(b"machine")
            || head.starts_with(b"login")
            || (head.is_empty() && before_is_login(bytes, start)));
    is_name_of_netrc
        || [b"ENV".as_slice(), b"ARG", b"setx", b"setenv", b"#define", b"# define"]
            .iter()
            .any(|w| head.len() == w.len() && head == *w)
}

/// Whether the name is the first word of its line.
fn is_line_head(bytes: &[u8], name: &Range<usize>) -> bool {
    bytes[line_start(bytes, name.start)..name.start].trim_ascii().is_empty() && name.len() > 5
}

/// `IDENTIFIED BY PASSWORD '…'`, `WITH PASSWORD '…'`.
fn is_sql(bytes: &[u8], name: &Range<usize>) -> bool {
    let head = bytes[line_start(bytes, name.start)..name.start].trim_ascii_end().to_ascii_lowercase();
    [b" by".as_slice(), b" with", b" encrypted", b" role", b" user"].iter().any(|w| head.ends_with(w))
}

/// Whether the line before begins with `login` or `machine`.
fn before_is_login(bytes: &[u8], start: usize) -> bool {
    let Some(end) = start.checked_sub(1) else { return false };
    let line = bytes[line_start(bytes, end)..end].trim_ascii();
    line.starts_with(b"login ") || line.starts_with(b"machine ")
}
