//! The checks that decide how sure a match is.

use std::ops::Range;

use regex_automata::util::captures::Captures;

use super::assign::Assigned;
use super::structure::Shape;
use super::{checksum, entropy, host, placeholder, structure};
use crate::model::{Check, Confidence, Verdict};
use crate::rule::{ByteClass, Rule, Structure};

/// A match that passed: where its secret is and how sure it is.
pub(super) struct Match {
    /// The secret's offsets.
    pub(super) secret: Range<usize>,
    /// The whole match.
    pub(super) whole: Range<usize>,
    /// The public identifier beside the secret.
    pub(super) key_id: Option<Range<usize>>,
    /// How sure.
    pub(super) confidence: Confidence,
    /// The checks that had a say.
    pub(super) checks: Vec<Check>,
}

/// What holding a match against its rule's checks comes to.
pub(super) enum Judged {
    /// It is a finding.
    Found(Match),
    /// It is what the rule looks for, and provably opens nothing: its secret's offsets, and why.
    Harmless(Range<usize>, String),
    /// It is none.
    No(Turned),
}

/// Why a match is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// It is a part of something longer: a byte that may not stand before it does.
    GluedBefore,
    /// The same behind it.
    GluedAfter,
    /// There is nothing in it.
    Empty,
    /// Its entropy is too low.
    Regular,
}

/// Holds a match against its rule's checks.
pub(super) fn judge(rule: &Rule, captures: &Captures, bytes: &[u8]) -> Judged {
    let Some(whole) = captures.get_match().map(|m| m.range()) else { return Judged::No(Turned::Empty) };
    let holds = |class: &Option<ByteClass>, byte: Option<&u8>| {
        byte.is_some_and(|b| class.as_ref().is_some_and(|c| c.has(*b)))
    };
    let before = bytes[..whole.start].last().filter(|_| !ends_in_escape(&bytes[..whole.start]));
    if holds(&rule.not_before, before) {
        return Judged::No(Turned::GluedBefore);
    }
    if holds(&rule.not_after, bytes.get(whole.end)) {
        return Judged::No(Turned::GluedAfter);
    }
    let secret = secret_of(rule, captures).unwrap_or_else(|| whole.clone());
    let text = &bytes[secret.clone()];
    if text.is_empty() {
        return Judged::No(Turned::Empty);
    }
    if rule.entropy.is_some_and(|least| entropy::per_byte(text) < least) {
        return Judged::No(Turned::Regular);
    }
    let mut found = Match {
        key_id: captures.get_group_by_name("key_id").map(|s| s.range()).filter(|id| *id != secret),
        secret,
        whole,
        confidence: rule.confidence,
        checks: Vec::new(),
    };
    if let Some(kind) = rule.checksum {
        match checksum::check(kind, text) {
            Some(true) => found.note("checksum", Verdict::Passed, "its checksum is right".into()),
            Some(false) => found.note("checksum", Verdict::Failed, "its checksum is wrong".into()),
            None => {}
        }
    }
    if let Some(kind) = rule.structure {
        let key_id = found.key_id.clone().map(|id| &bytes[id]);
        match structure::check_of(kind, key_id, text) {
            Shape::Holds(why) => found.note("structure", Verdict::Passed, why),
            Shape::Broken(why) | Shape::Weak(why) => found.note("structure", Verdict::Failed, why),
            Shape::Harmless(why) => return Judged::Harmless(found.secret, why),
            Shape::Unknown => {}
        }
    }
    if let Some(host) = captures.get_group_by_name("host")
        && let Some(why) = host::doubt(&bytes[host.range()], &bytes[found.secret.clone()], found.confidence)
    {
        found.note("host", Verdict::Failed, why.into());
    }
    // A private key's text is long and regular by nature; its structure decides alone.
    if rule.structure != Some(Structure::PrivateKey)
        && !found.checks.iter().any(|c| c.verdict == Verdict::Passed)
        && let Some(why) = placeholder::why(text)
    {
        found.note("placeholder", Verdict::Failed, why.into());
    }
    Judged::Found(found)
}

/// Whether text ends in a character written as an escape: `%3D` in a URL, `\n` or `\u003d` in a
/// string. Its last letter is no part of what follows.
fn ends_in_escape(text: &[u8]) -> bool {
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    if let [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] = text {
        return true;
    }
    [(3, b"%".as_slice()), (4, b"\\x"), (6, b"\\u")].iter().any(|(length, mark)| {
        let tail = text.len().checked_sub(*length).and_then(|at| text[at..].strip_prefix(*mark));
        tail.is_some_and(is_hex)
    })
}

/// Holds what the hand-written lane found against the rule's checks; `None`: it is no finding.
pub(super) fn judge_assigned(rule: &Rule, assigned: &Assigned, bytes: &[u8]) -> Option<Match> {
    let text = &bytes[assigned.secret.clone()];
    let is_regular = rule.entropy.is_some_and(|least| entropy::per_byte(text) < least);
    (!is_regular).then(|| Match {
        secret: assigned.secret.clone(),
        whole: assigned.whole.clone(),
        key_id: None,
        confidence: rule.confidence.min(assigned.confidence),
        checks: Vec::new(),
    })
}

impl Match {
    /// Takes a check's word: one that failed makes the match unsure, one that passed makes it sure.
    fn note(&mut self, name: &'static str, verdict: Verdict, why: String) {
        let failed = self.checks.iter().any(|c| c.verdict == Verdict::Failed);
        self.confidence = match verdict {
            Verdict::Failed => Confidence::Low,
            Verdict::Passed if failed => Confidence::Low,
            Verdict::Passed => Confidence::High,
        };
        self.checks.push(Check { name, verdict, why });
    }
}

/// The group that is the secret; see [`Rule::secret_group`].
fn secret_of(rule: &Rule, captures: &Captures) -> Option<Range<usize>> {
    match rule.secret_group {
        Some(group) => captures.get_group(group).map(|s| s.range()),
        None => (1..captures.group_len()).find_map(|group| captures.get_group(group)).map(|s| s.range()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_letter_of_an_escape_is_no_part_of_what_follows() {
        for text in ["a%3D", r"a\n", r"\u003d", r"\x3d"] {
            assert!(ends_in_escape(text.as_bytes()), "{text}");
        }
        for text in ["", "n", "3D", "%3", "u003d", "%zz"] {
            assert!(!ends_in_escape(text.as_bytes()), "{text}");
        }
    }
}
