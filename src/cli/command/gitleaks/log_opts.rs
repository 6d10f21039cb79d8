//! What stands in `--log-opts`: flags and revisions of `git log`.
//!
//! Revisions narrow the scan. What picks among commits otherwise is noted, for more is looked at than
//! was asked for. What is not known is refused: it might ask for more.

use crate::cli::error::CliError;
use crate::cli::target::Narrow;

/// What it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LogOpts {
    /// Which commits; with `last`, the revision the newest are counted from.
    pub(super) narrow: Narrow,
    /// How many of the newest.
    pub(super) last: Option<u32>,
    /// What is looked at beyond that.
    pub(super) notes: Vec<String>,
}

/// Flags that say how patches are shown, or in which order: nothing changes.
#[rustfmt::skip]
const SHOWING: &[&str] = &[
    "-p", "-u", "--patch", "-U", "--unified", "--full-history", "--reverse", "--date-order", "--topo-order",
    "--author-date-order", "--no-color", "--color", "-m", "-c", "--cc", "--diff-merges", "--ignore-missing",
    "--no-ext-diff", "--text", "-a", "--format", "--pretty", "--date", "--no-renames", "-M", "--find-renames",
];
/// Flags that name many refs.
const REFS: &[&str] = &["--all", "--branches", "--remotes", "--tags", "--glob"];
/// Flags that leave commits out, and whether a value may stand behind them as a word of its own.
#[rustfmt::skip]
const LEAVING_OUT: &[(&str, bool)] = &[
    ("--since", true), ("--after", true), ("--until", true), ("--before", true), ("--author", true),
    ("--committer", true), ("--grep", true), ("--max-age", true), ("--min-age", true), ("--skip", true),
    ("-S", true), ("-G", true), ("--diff-filter", true), ("--no-merges", false), ("--merges", false),
    ("--first-parent", false), ("--cherry-pick", false), ("--right-only", false), ("--left-only", false),
    ("--exclude", true), ("--no-walk", false),
];

/// Reads the text.
pub(super) fn read(text: &str) -> Result<LogOpts, CliError> {
    let mut words = words(text).into_iter();
    let (mut ranges, mut notes, mut last, mut refs) = (Vec::new(), Vec::new(), None, None);
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
            _ => (word.clone(), None),
        };
        if word == "--" {
            let paths: Vec<String> = words.by_ref().collect();
            notes.push(format!("--log-opts: not only the paths {} are looked at", paths.join(" ")));
        } else if let Some(count) = count(&name, value.as_deref(), &mut words) {
            last = Some(count.map_err(|()| not_known(&word))?);
        } else if REFS.contains(&name.as_str()) {
            refs = Some(name);
        } else if SHOWING
            .iter()
            .any(|s| *s == name || s.len() == 2 && name.starts_with(s) && !name.starts_with("--"))
        {
        } else if let Some((flag, takes)) =
            LEAVING_OUT.iter().find(|(f, _)| *f == name || f.len() == 2 && name.starts_with(f))
        {
            if *takes && value.is_none() && *flag == name {
                words.next();
            }
            notes.push(format!("--log-opts: {flag} leaves nothing out here: more commits are looked at"));
        } else if word.starts_with('-') {
            return Err(not_known(&word));
        } else {
            ranges.push(word);
        }
    }
    let mut opts = LogOpts { narrow: Narrow::History, last: None, notes };
    match (range(&ranges)?, refs) {
        (Some(range), None) if range.contains("..") => {
            if last.is_some() {
                opts.notes.push(
                    "--log-opts: the number leaves nothing out of a range: all of it is looked at".into(),
                );
            }
            opts.narrow = Narrow::Range(range);
        }
        (Some(_), Some(refs)) => {
            opts.notes.push(format!("--log-opts: with {refs} all of the history is looked at"));
        }
        (Some(tip), None) if last.is_some() => (opts.narrow, opts.last) = (Narrow::Range(tip), last),
        (None, None) if last.is_some() => opts.last = last,
        (None, Some(_)) if last.is_none() => {}
        (tip, _) => {
            let tip = tip.unwrap_or_else(|| "HEAD".into());
            opts.notes.push(format!(
                "--log-opts: all of the history is looked at, not only what {tip} reaches; for less, write A..B"
            ));
        }
    }
    Ok(opts)
}

/// `-n 3`, `-n3`, `-3`, `--max-count=3`, `--max-count 3`.
fn count(
    name: &str,
    value: Option<&str>,
    words: &mut impl Iterator<Item = String>,
) -> Option<Result<u32, ()>> {
    let parse = |text: Option<String>| text.and_then(|t| t.parse().ok()).ok_or(());
    match (name, value) {
        ("--max-count", Some(value)) => Some(parse(Some(value.into()))),
        ("-n" | "--max-count", None) => Some(parse(words.next())),
        (name, None) => {
            let digits = name.strip_prefix("-n").or_else(|| name.strip_prefix('-'))?;
            digits.bytes().next()?.is_ascii_digit().then(|| parse(Some(digits.into())))
        }
        _ => None,
    }
}

/// The one range, or the one revision, that the words name.
fn range(words: &[String]) -> Result<Option<String>, CliError> {
    let refuse = |why: &str| {
        Err(CliError::usage(
            format!("--log-opts: {why}"),
            "write one range: --log-opts 'A..B', or run once for each",
        ))
    };
    let (without, with): (Vec<&String>, Vec<&String>) = words.iter().partition(|w| w.starts_with('^'));
    match (&without[..], &with[..]) {
        ([], []) => Ok(None),
        ([], [one]) if one.contains("...") => refuse("`...` asks for both sides of a fork"),
        ([], [one]) => Ok(Some((*one).clone())),
        ([not], [one]) if !one.contains("..") => Ok(Some(format!("{}..{one}", &not[1..]))),
        _ => refuse("there are several revisions"),
    }
}

fn not_known(word: &str) -> CliError {
    CliError::usage(
        format!("--log-opts: `{word}` is not known"),
        "write a range (A..B), --all, or how many (-n 3); scan --range, --since-commit and --history say the same",
    )
}

/// Splits at blanks; quotes hold words together.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_narrow_the_scan() {
        for (text, narrow, last) in [
            ("--all", Narrow::History, None),
            ("A..B", Narrow::Range("A..B".into()), None),
            ("'A..B' --full-history", Narrow::Range("A..B".into()), None),
            ("^A B", Narrow::Range("A..B".into()), None),
            ("-n 3", Narrow::History, Some(3)),
            ("-1", Narrow::History, Some(1)),
            ("--max-count=2 topic", Narrow::Range("topic".into()), Some(2)),
            ("-p -U0 --all", Narrow::History, None),
        ] {
            let opts = read(text).unwrap();
            assert_eq!((opts.narrow, opts.last, opts.notes.len()), (narrow, last, 0), "{text}");
        }
    }

    #[test]
    fn what_looks_at_more_is_noted() {
        for text in [
            "--all A..B",
            "--no-merges A..B",
            "--since 2.weeks --all",
            "-n 3 A..B",
            "main",
            "--all -n 2",
            "A..B -- src",
        ] {
            assert_eq!(read(text).unwrap().notes.len(), 1, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in ["--reflog", "A...B", "A..B C..D", "A B", "-n x", "--not A", "--stdin"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
