//! A finding's secret as other tools may have taken it: they hash what they took, which is not
//! always what was taken here.

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::foreign::{Digest, Looks, Target};
use crate::model::Finding;

/// How much of a line to each side of a secret is looked at, in bytes.
const AROUND: usize = 2 * 1024;
/// How many values of a file are hashed to see whether one is still in it.
const MOST_VALUES: usize = 200_000;

/// A finding and the line it begins on.
#[derive(Clone, Copy)]
pub(super) struct Seen<'f> {
    pub(super) finding: &'f Finding,
    /// The line as it stands, without its end.
    pub(super) line: Option<&'f [u8]>,
}

impl Seen<'_> {
    /// Returns hashes of everything another tool may have called this secret.
    pub(super) fn digests(&self) -> Vec<Digest> {
        let secret = self.finding.hit.secret.expose();
        let mut values = vec![secret];
        // `user:password`, `id:secret`: some tools take the parts.
        values.extend(secret.split(|b| *b == b':').filter(|part| part.len() >= 8));
        values.extend(self.finding.hit.key_id.as_deref().map(str::as_bytes));
        values.extend(self.around());
        values.sort_unstable();
        values.dedup();
        values.into_iter().flat_map(both).collect()
    }

    /// Returns hashes of what says the kind of a secret and not which one: a private key's first line
    /// and a token's prefix are all that detect-secrets takes of some.
    pub(super) fn label_digests(&self) -> Vec<Digest> {
        let label = self.finding.hit.masked.strip_prefix("-----").and_then(|rest| rest.split("-----").next());
        if let Some(label) = label.filter(|label| label.starts_with("BEGIN ")) {
            return both(label.as_bytes()).to_vec();
        }
        let secret = self.finding.hit.secret.expose();
        let prefix = secret.iter().position(|b| b"_-.".contains(b)).filter(|at| (2..=8).contains(at));
        prefix.map(|at| both(&secret[..at]).to_vec()).unwrap_or_default()
    }

    /// The secret's offsets on its line, as it is written there.
    fn span(&self) -> Option<(&[u8], std::ops::Range<usize>)> {
        let (line, location) = (self.line?, &self.finding.location);
        let start = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let end = if location.end_line == location.line {
            usize::try_from(location.end_column).ok()?.checked_sub(1)?
        } else {
            line.len()
        };
        (start < end && end <= line.len()).then_some((line, start..end))
    }

    /// The secret as written, and what stands around it in quotes, between blanks or behind a sign.
    fn around(&self) -> Vec<&[u8]> {
        let Some((line, span)) = self.span() else { return Vec::new() };
        let mut found = vec![&line[span.clone()]];
        let from = span.start.saturating_sub(AROUND);
        let (before, after) = (&line[from..span.start], &line[span.end..line.len().min(span.end + AROUND)]);
        let mut between = |is_edge: &dyn Fn(u8) -> bool| {
            let start = before.iter().rposition(|b| is_edge(*b)).map_or(from, |at| from + at + 1);
            let end = after.iter().position(|b| is_edge(*b)).map_or(line.len(), |at| span.end + at);
            found.push(&line[start..end]);
            found.push(line[start..end].trim_ascii());
        };
        for quote in [b'"', b'\'', b'`'] {
            between(&|b| b == quote);
        }
        between(&|b| b.is_ascii_whitespace());
        between(&|b| b.is_ascii_whitespace() || b"\"'`,;".contains(&b));
        between(&|b| b.is_ascii_whitespace() || b"\"'`,;=:".contains(&b));
        between(&|b| b == b'=');
        found
    }

    /// Tells whether the finding looks as an allowlist says.
    pub(super) fn fits(&self, looks: &Looks) -> bool {
        let rule = &self.finding.hit.rule.id;
        if !looks.rules.is_empty() && !looks.rules.iter().any(|id| id == rule) {
            return false;
        }
        let path = self.finding.location.path.bytes();
        let commit = self.finding.location.commit.as_ref().map(|c| c.id.as_str());
        let secret = self.finding.hit.secret.expose();
        let lower = || String::from_utf8_lossy(secret).to_lowercase();
        let criteria = [
            (looks.paths.is_empty(), looks.paths.iter().any(|regex| regex.is_match(path))),
            (looks.regexes.is_empty(), looks.regexes.iter().any(|regex| self.is_match(regex, looks.target))),
            (
                looks.stopwords.is_empty(),
                !looks.stopwords.is_empty() && {
                    let lower = lower();
                    looks.stopwords.iter().any(|word| lower.contains(word))
                },
            ),
            (looks.commits.is_empty(), commit.is_some_and(|c| looks.commits.iter().any(|l| c == l))),
        ];
        let mut given =
            criteria.into_iter().filter(|(is_empty, _)| !is_empty).map(|(_, holds)| holds).peekable();
        if looks.all { given.peek().is_some() && given.all(|holds| holds) } else { given.any(|holds| holds) }
    }

    fn is_match(&self, regex: &regex_automata::meta::Regex, target: Target) -> bool {
        match target {
            Target::Secret => regex.is_match(self.finding.hit.secret.expose()),
            Target::Line => self.line.is_some_and(|line| regex.is_match(line)),
            Target::Cover => self.span().is_some_and(|(line, span)| {
                regex.find_iter(line).any(|found| found.start() <= span.start && span.end <= found.end())
            }),
            Target::Shown => self.line.is_some_and(|line| {
                let location = &self.finding.location;
                let number = location.line.to_string();
                regex.is_match(&[location.path.bytes(), b":", number.as_bytes(), b":", line].concat())
            }),
        }
    }
}

fn both(value: &[u8]) -> [Digest; 2] {
    [Digest::Sha1(Sha1::digest(value).into()), Digest::Sha256(Sha256::digest(value).into())]
}

/// Returns hashes of the values in a file, to see whether one that a tool took is still there though
/// nothing is found here.
pub(super) fn digests_of_file(bytes: &[u8]) -> Vec<Digest> {
    let mut values: Vec<&[u8]> = Vec::new();
    for line in bytes.split(|b| *b == b'\n') {
        let is_edge = |b: &u8| b.is_ascii_whitespace() || b"\"'`,;=:<>()[]{}@".contains(b);
        values.extend(line.split(is_edge));
        values.extend(line.split(|b| b.is_ascii_whitespace() || b"\"'`,;".contains(b)));
        for quote in [b'"', b'\'', b'`'] {
            values.extend(line.split(|b| *b == quote));
        }
        for sign in [b'=', b':'] {
            values.extend(line.iter().position(|b| *b == sign).map(|at| line[at + 1..].trim_ascii()));
        }
        values.push(line.trim_ascii());
        values.push(
            line.trim_ascii()
                .strip_prefix(b"-----")
                .and_then(|l| l.strip_suffix(b"-----"))
                .unwrap_or_default(),
        );
        if values.len() > MOST_VALUES {
            break;
        }
    }
    values.retain(|value| value.len() >= 4);
    values.sort_unstable();
    values.dedup();
    values.into_iter().flat_map(both).collect()
}
