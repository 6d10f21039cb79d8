//! Plain words for people: numbers, lengths of time, what a ref is called.

use crate::model::text::shown;

/// Returns bytes as one line that harms neither a terminal nor a build log.
///
/// A build log obeys lines that begin with `::` (GitHub, behind spaces too), and `##[`, `##vso[`
/// or `##teamcity[` anywhere in a line.
pub(super) fn calm(bytes: &[u8]) -> String {
    let mut text = shown(bytes);
    if text.trim_start().starts_with("::") {
        text = text.replacen(':', r"\x3a", 1);
    }
    if !text.contains("##") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.as_str();
    while let Some(at) = rest.find("##") {
        let behind = rest[at + 2..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        if behind.starts_with('[') {
            out.push_str(r"\x23");
            rest = &rest[1..];
        }
    }
    out + rest
}

/// Returns a count with its noun: `1 leak`, `2 leaks`.
pub(super) fn count(n: u64, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    };
    format!("{} {}", digits(n), if n == 1 { noun } else { &plural })
}

/// Returns a number with commas between its thousands.
pub(super) fn digits(n: u64) -> String {
    let plain = n.to_string();
    let mut out = String::new();
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a number of bytes in the unit a person would choose.
pub(super) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut unit = "bytes";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if unit == "bytes" { count(n, "byte") } else { format!("{value:.1} {unit}") }
}

/// Returns a length of time in seconds.
pub(super) fn seconds(n: f64) -> String {
    if n < 10.0 { format!("{n:.2} s") } else { format!("{n:.0} s") }
}

/// Returns what a person calls a ref.
pub(super) fn ref_words(name: &str) -> String {
    let kinds = [
        ("refs/heads/", "branch"),
        ("refs/tags/", "tag"),
        ("refs/remotes/", "remote branch"),
        ("refs/notes/", "notes"),
    ];
    for (prefix, kind) in kinds {
        if let Some(rest) = name.strip_prefix(prefix) {
            return format!("{kind} {}", calm(rest.as_bytes()));
        }
    }
    if name == "refs/stash" { "stash".into() } else { calm(name.as_bytes()) }
}

/// Returns at most `width` characters of a line, among them `target` where the line has it.
pub(super) fn cut(line: &str, target: &str, width: usize) -> String {
    let length = line.chars().count();
    if length <= width {
        return line.into();
    }
    let at = line.find(target).map_or(0, |at| line[..at].chars().count());
    // The secret stands in the middle, unless the line begins or ends before that.
    let room = width.saturating_sub(target.chars().count()) / 2;
    let from = at.saturating_sub(room).min(length - width);
    let (head, tail) = (from > 0, from + width < length);
    let kept: String = line
        .chars()
        .skip(from + usize::from(head))
        .take(width.saturating_sub(usize::from(head) + usize::from(tail)))
        .collect();
    format!("{}{kept}{}", if head { "…" } else { "" }, if tail { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [count(0, "leak"), count(1, "leak"), count(1234, "index entry")],
            ["0 leaks", "1 leak", "1,234 index entries"]
        );
        assert_eq!(
            [bytes(1), bytes(999), bytes(1_000), bytes(999_999), bytes(5_600_000_000)],
            ["1 byte", "999 bytes", "1.0 kB", "1.0 MB", "5.6 GB"]
        );
        assert_eq!([seconds(0.123), seconds(75.4)], ["0.12 s", "75 s"]);
    }

    #[test]
    fn a_heading_stays_a_heading_and_a_command_does_not_stay_a_command() {
        assert_eq!(calm(b"## Setup ###"), "## Setup ###");
        assert_eq!(calm(b"a ##[error]b ##teamcity[c ###[d"), r"a #\x23[error]b #\x23teamcity[c ##\x23[d");
        assert_eq!(calm("\u{3000}::error::".as_bytes()), "\u{3000}\\x3a:error::");
        assert_eq!(calm(b"std::env"), "std::env");
    }

    #[test]
    fn refs_are_called_by_their_names() {
        let names =
            ["refs/heads/a/b", "refs/tags/v1", "refs/stash", "refs/notes/c", "HEAD", "refs/pull/1/head"];
        assert_eq!(
            names.map(ref_words),
            ["branch a/b", "tag v1", "stash", "notes c", "HEAD", "refs/pull/1/head"]
        );
    }

    #[test]
    fn a_line_is_cut_where_it_matters_least() {
        assert_eq!(cut("short", "x", 10), "short");
        assert_eq!(cut("0123456789KEY0123456789", "KEY", 9), "…89KEY01…");
        assert_eq!(cut("KEY0123456789", "KEY", 9), "KEY01234…");
        assert_eq!(cut("0123456789KEY", "KEY", 9), "…56789KEY");
        assert_eq!(cut("ééééééééééé", "x", 3), "éé…");
    }
}
