//! How a mark is read: where it begins and ends, the rules it names, the reason that follows.

use std::ops::Range;

use super::card::Placement;
use crate::model::RuleCard;

/// The longest reason kept, in bytes.
const LONGEST_REASON: usize = 200;
/// The most rules that one mark may name.
const MOST_RULES: usize = 32;
/// What ends a comment before its line does.
const CLOSERS: [&[u8]; 7] = [b"*/", b"-->", b"--!>", b"%>", b"?>", b"#}", b"*)"];
/// What a Semgrep rule that looks for secrets has in its name.
const SPEAKS_OF_SECRETS: [&str; 9] =
    ["secret", "credential", "password", "passwd", "token", "apikey", "privatekey", "accesskey", "authkey"];

/// Tells whether a spelling stands as a word of its own.
pub(super) fn stands(bytes: &[u8], at: &Range<usize>, placement: Placement) -> bool {
    let before = &bytes[at.start.saturating_sub(2)..at.start];
    let behind = &bytes[at.end..bytes.len().min(at.end + 2)];
    // Semgrep asks for a space.
    let has_space = before.last().is_none_or(u8::is_ascii_whitespace);
    begins(before) && ends(behind) && (has_space || placement != Placement::FirstOrBefore)
}

/// Tells whether a mark may begin behind these bytes of its line.
///
/// Behind nothing, a space, a bracket, a quote or what begins a comment; not inside a longer word, a
/// path, a domain or a URL's query.
fn begins(before: &[u8]) -> bool {
    match before {
        [] => true,
        // One slash or dash joins words, two begin a comment.
        [.., one, last @ (b'/' | b'-')] => one == last || one.is_ascii_whitespace(),
        [b'/' | b'-'] => true,
        [.., last] => last.is_ascii_whitespace() || b"#*;%!'\"`([{<>,|".contains(last),
    }
}

/// Tells whether a mark may end before these bytes of its line.
fn ends(behind: &[u8]) -> bool {
    match behind {
        [] => true,
        [b'-', next, ..] => *next == b'-',
        [b'%' | b'?', next, ..] => *next == b'>',
        [b'.' | b':', next, ..] => next.is_ascii_whitespace() || b"\"'`)*<".contains(next),
        [b'.' | b':'] => true,
        [next, ..] => next.is_ascii_whitespace() || b"*,;)]}\"'`<>#[(|\\".contains(next),
    }
}

/// Tells whether nothing but what begins a comment stands before a mark on its line.
pub(super) fn is_alone(before: &[u8]) -> bool {
    let word = before.trim_ascii();
    word.eq_ignore_ascii_case(b"rem") || !word.iter().any(|b| b.is_ascii_alphanumeric() || *b >= 0x80)
}

/// Tells whether a line opens or closes a string of several lines.
pub(super) fn holds_quotes(line: &[u8]) -> bool {
    let has = |quotes: &[u8]| memchr::memmem::find(line, quotes).is_some();
    line.len() <= 1 << 10 && (has(b"\"\"\"") || has(b"'''") || has(b"`") || line.trim_ascii().ends_with(b"|"))
}

/// Reads the rules behind a Semgrep mark: `: one, two`. Tells whether it lets secrets be, and returns
/// what follows the rules.
pub(super) fn semgrep(rest: &[u8]) -> (bool, &[u8]) {
    let Some(mut rest) = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { return (true, rest) };
    let mut speaks = Vec::new();
    while speaks.len() < MOST_RULES {
        let (id, behind) = id(rest);
        if id.is_empty() {
            break;
        }
        let name = squeezed(id);
        speaks.push(SPEAKS_OF_SECRETS.iter().any(|word| name.contains(word)) && !name.contains("csrf"));
        rest = behind;
        match rest.trim_ascii_start().strip_prefix(b",") {
            Some(more) => rest = more.trim_ascii_start(),
            None => break,
        }
    }
    (speaks.is_empty() || speaks.contains(&true), rest)
}

/// Reads the rules behind a secretlint mark. Tells whether it speaks of the secrets that `rule` finds,
/// and returns what follows the rules.
pub(super) fn secretlint<'t>(mut rest: &'t [u8], rule: &RuleCard) -> (bool, &'t [u8]) {
    let ours = [squeezed(rule.id.as_bytes()), squeezed(rule.provider.as_deref().unwrap_or("").as_bytes())];
    let (mut named, mut speaks) = (0, false);
    while named < MOST_RULES {
        let from = rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b',')).unwrap_or(rest.len());
        let (id, behind) = id(&rest[from..]);
        if id.is_empty() {
            break;
        }
        let name = id.rsplit(|b| *b == b'/').next().unwrap_or(id);
        let name = squeezed(name.strip_prefix(b"secretlint-rule-").unwrap_or(name));
        speaks |= name.starts_with("preset") || (name.len() > 1 && ours.iter().any(|o| o.contains(&name)));
        named += 1;
        rest = behind;
    }
    (named == 0 || speaks, rest)
}

/// Splits a rule's name off; empty: none begins here.
fn id(text: &[u8]) -> (&[u8], &[u8]) {
    let is_first = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'_');
    let is_more = |b: &u8| is_first(b) || matches!(b, b'.' | b'-' | b'/');
    if !text.first().is_some_and(is_first) {
        return (&[], text);
    }
    text.split_at(text.iter().position(|b| !is_more(b)).unwrap_or(text.len()))
}

fn squeezed(name: &[u8]) -> String {
    name.iter().filter(|b| b.is_ascii_alphanumeric()).map(|b| b.to_ascii_lowercase() as char).collect()
}

/// Returns the reason: ` -- why` or `: why`, up to the comment's or the line's end.
pub(super) fn reason(rest: &[u8]) -> &[u8] {
    let text = rest.strip_prefix(b" -- ").or_else(|| rest.strip_prefix(b": ")).unwrap_or_default();
    let text = &text[..text.len().min(LONGEST_REASON)];
    let end = CLOSERS.iter().filter_map(|closer| memchr::memmem::find(text, closer)).min();
    let text = &text[..end.unwrap_or(text.len())];
    // No half character at the cut.
    let half = text.utf8_chunks().last().map_or(0, |c| c.invalid().len());
    let is_cut = text.len() == LONGEST_REASON;
    text[..text.len() - if is_cut { half } else { 0 }].trim_ascii()
}
