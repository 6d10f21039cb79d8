//! How a name is given a value, in any language: what stands between them, and where the value ends.

use std::ops::Range;

/// The longest value.
const LONGEST: usize = 512;
/// How far a name and its value may be apart.
const APART: usize = 60;

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

/// What stands between a name and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
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

/// Finds the value that is given to the name at `name`.
pub(super) fn value(bytes: &[u8], name: &Range<usize>) -> Option<Value> {
    let (link, at) = link(bytes, name)?;
    let at = begin(bytes, at, link)?;
    let open = *bytes.get(at)?;
    if matches!(open, b'"' | b'\'' | b'`') {
        // `\"` is closed by `\"`.
        let escaped = at > 0 && bytes[at - 1] == b'\\';
        let mut value = quoted(bytes, at + 1, open, escaped)?;
        value.loose = match link {
            Link::Argument => true,
            Link::Quote => !takes_words(bytes, name) && !is_line_head(bytes, name) && !is_sql(bytes, name),
            _ => false,
        };
        return Some(value);
    }
    match link {
        Link::Argument | Link::Quote => None,
        _ => bare(bytes, at, name, link),
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
            if let Some(at) = typed(bytes, at) {
                return Some((Link::Sign, at));
            }
            takes_words(bytes, name).then_some((Link::Blank, at))
        }
    }
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
    let mut at = at;
    let mut breaks = 0;
    while let Some(b) = bytes.get(at).filter(|b| b.is_ascii_whitespace() || b"\"'\\,".contains(b)) {
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
    while bytes.get(at).is_some_and(|b| b" \"'\\".contains(b)) {
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

/// Steps over what may stand before a value: blanks, a line break, `new X(`, a string's prefix.
fn begin(bytes: &[u8], at: usize, link: Link) -> Option<usize> {
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

/// A value in quotes that is the whole right-hand side.
fn quoted(bytes: &[u8], start: usize, quote: u8, escaped: bool) -> Option<Value> {
    let mut start = start;
    // `"""…"""`.
    if bytes[start..].starts_with(&[quote, quote]) {
        start += 2;
    }
    let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
    let mut length = rest.iter().position(|b| *b == quote || *b == b'\n' || *b == b'\\')?;
    if escaped != (rest[length] == b'\\') || rest[length] == b'\n' {
        // A backslash is no part of a token; in a password one escapes a sign.
        length =
            rest.iter().position(|b| *b == quote || *b == b'\n').filter(|l| rest[*l] == quote && !escaped)?;
    }
    let end = start + length;
    let behind = end + 1 + usize::from(escaped);
    goes_on(bytes, behind, quote).then_some(())?;
    Some(Value { span: start..end, quoted: true, loose: false, plain: false })
}

/// Whether what stands behind a closing quote leaves the value whole.
fn goes_on(bytes: &[u8], at: usize, quote: u8) -> bool {
    let after = &bytes[at.min(bytes.len())..bytes.len().min(at + 40)];
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

/// A value without quotes.
fn bare(bytes: &[u8], start: usize, name: &Range<usize>, link: Link) -> Option<Value> {
    let rest = &bytes[start..bytes.len().min(start + LONGEST + 1)];
    let end = rest
        .iter()
        .position(|b| b.is_ascii_whitespace() || b"\"'`,;<>(){}[]|\\&".contains(b))
        .unwrap_or(rest.len());
    if end > LONGEST {
        return None;
    }
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

fn skip_blanks(bytes: &[u8], at: usize) -> usize {
    let from = at.min(bytes.len());
    from + bytes[from..].iter().take(APART).take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// Where the line of `at` begins, as far as a name's head needs it.
fn line_start(bytes: &[u8], at: usize) -> usize {
    let from = at.saturating_sub(160);
    memchr::memrchr(b'\n', &bytes[from..at]).map_or(from, |newline| from + newline + 1)
}
