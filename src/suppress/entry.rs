//! One entry: a fingerprint and why it is let be.

use std::fmt;

use jiff::civil::Date;

use crate::model::Fingerprint;

/// The longest value of a field that is kept, in bytes.
const LONGEST_VALUE: usize = 1024;

/// A reason to let a secret be, wherever it stands.
///
/// As a line: `FINGERPRINT rule=… seen=… owner=… expires=2027-01-31 reason="…"`. A value with a
/// blank, a quote or a `#` in it is written as a JSON string.
///
/// ```
/// use keywright::suppress::Entry;
/// let line = format!("{} rule=stripe-key owner=ada reason=\"the sandbox's key\"", "0f".repeat(32));
/// let entry = Entry::parse(&line).unwrap();
/// assert_eq!(entry.reason.as_deref(), Some("the sandbox's key"));
/// assert_eq!(entry.to_string(), line);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// Names the secret.
    pub fingerprint: Fingerprint,
    /// The rule that found it; for people.
    pub rule: Option<String>,
    /// Where it was seen first; for people.
    pub seen: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which the entry holds.
    pub expires: Option<Date>,
    /// Why it is let be.
    pub reason: Option<String>,
}

impl Entry {
    /// Returns an entry that says nothing but the fingerprint.
    #[must_use]
    pub fn new(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, rule: None, seen: None, owner: None, expires: None, reason: None }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong, and what to write instead. The line itself is not quoted: it could hold a secret.
    pub fn parse(line: &str) -> Result<Self, (String, &'static str)> {
        let (first, mut rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let fingerprint = Fingerprint::parse(first).ok_or((
            "it begins with no fingerprint".to_owned(),
            "begin it with the fingerprint a report shows; `keywright ignore add` writes such lines. If a secret was pasted here, take it out: it is leaked wherever this file goes",
        ))?;
        let mut entry = Self::new(fingerprint);
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok(entry);
            }
            let no_field =
                || ("a word is no `name=value`".to_owned(), "put values with blanks in double quotes");
            let (name, after) = rest.split_once('=').ok_or_else(no_field)?;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase()) {
                return Err(no_field());
            }
            let (value, after) = value(after)?;
            rest = after;
            let field = match name {
                "rule" => &mut entry.rule,
                "seen" => &mut entry.seen,
                "owner" => &mut entry.owner,
                "reason" => &mut entry.reason,
                "expires" => {
                    let date = value.parse().map_err(|_| {
                        ("`expires` is no date".to_owned(), "write it as year-month-day: expires=2027-01-31")
                    })?;
                    if entry.expires.replace(date).is_some() {
                        return Err(twice(name));
                    }
                    continue;
                }
                _ => {
                    let why = format!("`{}` is no field", name.get(..20).unwrap_or(name));
                    return Err((why, "the fields are rule, seen, owner, expires and reason"));
                }
            };
            if field.replace(value).is_some() {
                return Err(twice(name));
            }
        }
    }

    /// Tells whether the entry no longer holds on a day.
    #[must_use]
    pub fn is_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

fn twice(name: &str) -> (String, &'static str) {
    (format!("`{name}` is stated twice"), "keep one of them")
}

/// Takes a value off the front of a line: a word, or a JSON string.
fn value(text: &str) -> Result<(String, &str), (String, &'static str)> {
    let (value, rest) = if text.starts_with('"') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let broken =
            || ("a quoted value is broken".to_owned(), "close its quotes; write \\\" for a quote inside");
        let value = values.next().and_then(Result::ok).ok_or_else(broken)?;
        (value, &text[values.byte_offset()..])
    } else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        (text[..end].to_owned(), &text[end..])
    };
    if value.len() > LONGEST_VALUE {
        return Err(("a value is longer than 1,024 bytes".into(), "say it shorter"));
    }
    Ok((value, rest))
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fingerprint)?;
        let expires = self.expires.map(|date| date.to_string());
        let fields = [
            ("rule", &self.rule),
            ("seen", &self.seen),
            ("owner", &self.owner),
            ("expires", &expires),
            ("reason", &self.reason),
        ];
        for (name, value) in fields {
            let Some(value) = value else { continue };
            let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '#' | '\\');
            if !value.is_empty() && value.chars().all(is_plain) {
                write!(f, " {name}={value}")?;
            } else {
                write!(f, " {name}={}", quoted(value))?;
            }
        }
        Ok(())
    }
}

/// Writes a value as a JSON string on one line, whatever it holds.
fn quoted(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    for c in serde_json::Value::from(value).to_string().chars() {
        // JSON leaves these as they are; on a terminal they are not.
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        {
            out += &format!("\\u{:04x}", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print(digit: &str) -> Fingerprint {
        Fingerprint::new(digit.repeat(64))
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_without_quoting_it() {
        let strong = print("a");
        let secret = "hunter2-hunter2";
        for (line, why) in [
            (secret.to_owned(), "it begins with no fingerprint"),
            (format!("{strong}{secret}"), "it begins with no fingerprint"),
            (format!("{strong} {secret}"), "a word is no `name=value`"),
            (format!("{strong} reason=\"{secret}"), "a quoted value is broken"),
            (format!("{strong} expires={secret}"), "`expires` is no date"),
            (format!("{strong} rule=a rule=b"), "`rule` is stated twice"),
            (format!("{strong} until=b"), "`until` is no field"),
            (format!("{strong} reason={}", "x".repeat(1025)), "a value is longer than 1,024 bytes"),
        ] {
            let (told, mend) = Entry::parse(&line).unwrap_err();
            assert_eq!(told, why);
            assert!(!told.contains(secret) && !mend.contains(secret));
        }
    }

    #[test]
    fn an_entry_holds_through_its_last_day() {
        let entry = Entry::parse(&format!("{} expires=2027-01-31", print("b"))).unwrap();
        assert!(!entry.is_expired("2027-01-31".parse().unwrap()));
        assert!(entry.is_expired("2027-02-01".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn any_entry_is_one_line_and_reads_back(
            digits in "[0-9a-f]{64}|weak-[0-9a-f]{2}-[0-9a-f]{32}",
            rule in proptest::option::of(any::<String>()),
            owner in proptest::option::of(any::<String>()),
            reason in proptest::option::of(any::<String>()),
        ) {
            let entry = Entry { rule, owner, reason, ..Entry::new(Fingerprint::new(digits)) };
            let line = entry.to_string();
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert_eq!(Entry::parse(&line), Ok(entry));
        }

        #[test]
        fn any_line_is_read_without_panic(line in any::<String>()) {
            let _ = Entry::parse(&line);
        }
    }
}
