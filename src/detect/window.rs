//! The rule's expression, run only around a candidate.

use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::{Anchored, Input};

use crate::rule::literal::{Anchors, SHORTEST};
use crate::rule::{AssignmentLane, Rule};

/// How a rule's places are found.
pub(super) enum Lane {
    /// Around one of these literals.
    Around(Anchors),
    /// In the whole piece, if one of these words stands anywhere in it.
    Gated(Vec<Vec<u8>>),
    /// In the whole piece, always: a rule without anything to search for.
    Always,
    /// By hand, at names that are given a value.
    Assigned(AssignmentLane),
    /// Never in bytes: a rule about paths.
    PathOnly,
}

impl Lane {
    /// Returns the lane of a rule.
    pub(super) fn of(rule: &Rule) -> Self {
        if let Some(lane) = rule.lane {
            return Self::Assigned(lane);
        }
        if rule.regex.is_none() {
            return Self::PathOnly;
        }
        if let Some(anchors) = &rule.anchors {
            return Self::Around(anchors.clone());
        }
        let words: Vec<Vec<u8>> = rule.keywords.iter().map(|k| k.clone().into_bytes()).collect();
        if words.is_empty() || words.iter().any(|w| w.len() < SHORTEST) {
            Self::Always
        } else {
            Self::Gated(words)
        }
    }
}

/// A rule, its lane, and its expression, built when first needed.
pub(super) struct Searcher {
    /// The rule.
    pub(super) rule: Rule,
    /// Its lane.
    pub(super) lane: Lane,
    /// Whether it is built in or the operator's own.
    pub(super) trusted: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Searcher {
    /// Takes a rule.
    pub(super) fn new(rule: Rule, trusted: bool) -> Self {
        let lane = Lane::of(&rule);
        Self { rule, lane, trusted, regex: OnceLock::new() }
    }

    /// The expression. The rule reader, or for built-in rules a test, built it once already.
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| self.rule.regex.as_deref().and_then(|r| Rule::compile(r).ok())).as_ref()
    }

    /// Calls `found` for every match at or around the offsets in `places`, which rise.
    pub(super) fn each(&self, bytes: &[u8], places: &[usize], found: &mut dyn FnMut(&Captures)) {
        let Some(regex) = self.regex() else { return };
        let mut captures = regex.create_captures();
        match &self.lane {
            Lane::PathOnly | Lane::Assigned(_) => {}
            Lane::Gated(_) if places.is_empty() => {}
            Lane::Gated(_) | Lane::Always => {
                search(regex, bytes, 0..bytes.len(), &mut captures, found);
            }
            Lane::Around(anchors) if anchors.before == Some(0) => {
                let reach = self.reach(anchors.after);
                let mut end = 0;
                for &place in places.iter().filter(|p| **p < bytes.len()) {
                    if place < end {
                        continue;
                    }
                    let input =
                        Input::new(bytes).span(place..bytes.len().min(place + reach)).anchored(Anchored::Yes);
                    regex.search_captures(&input, &mut captures);
                    if let Some(whole) = captures.get_match() {
                        end = whole.end();
                        found(&captures);
                    }
                }
            }
            Lane::Around(anchors) => {
                let (before, after) = (self.reach(anchors.before), self.reach(anchors.after));
                let mut open: Option<std::ops::Range<usize>> = None;
                for &place in places {
                    let next = place.saturating_sub(before)..bytes.len().min(place + after);
                    open = Some(match open.take() {
                        Some(range) if next.start <= range.end => range.start..next.end.max(range.end),
                        Some(range) => {
                            search(regex, bytes, range, &mut captures, found);
                            next
                        }
                        None => next,
                    });
                }
                if let Some(range) = open {
                    search(regex, bytes, range, &mut captures, found);
                }
            }
        }
    }

    /// How far from the literal a match is followed.
    fn reach(&self, bound: Option<usize>) -> usize {
        bound.unwrap_or(usize::MAX).min(self.rule.window.max(SHORTEST))
    }
}

/// Runs the expression over one range; what stands around it is seen by `\b` and `^`.
fn search(
    regex: &Regex,
    bytes: &[u8],
    range: std::ops::Range<usize>,
    captures: &mut Captures,
    found: &mut dyn FnMut(&Captures),
) {
    let mut at = range.start;
    while at <= range.end {
        regex.search_captures(&Input::new(bytes).span(at..range.end), captures);
        let Some(whole) = captures.get_match() else { return };
        if whole.is_empty() {
            at = whole.end() + 1;
            continue;
        }
        at = whole.end();
        found(captures);
    }
}
