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

/// Bytes round a window that `\b` and `^` look at: a character.
const CONTEXT: i64 = 4;

/// A place at which a rule is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Try {
    /// The rule's number.
    pub(super) rule: u32,
    /// The place.
    pub(super) at: u32,
    /// The spot's number.
    pub(super) spot: u32,
    /// Whether it is known from the text this one was made from that nothing comes of it.
    pub(super) is_known: bool,
}

/// What came of tries.
#[derive(Clone, Copy, Debug)]
pub(super) enum Looked {
    /// A match, or one in the way.
    Found,
    /// Nothing; these bytes were looked at, some perhaps past the text's edges.
    At(i64, i64),
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

    /// Calls `found` for every match at or around the places of `tries`, which rise, and `looked` for
    /// tries of which nothing came, with what was looked at to say so.
    pub(super) fn each(
        &self,
        bytes: &[u8],
        tries: &[Try],
        found: &mut dyn FnMut(&Captures),
        looked: &mut dyn FnMut(&[Try], Looked),
    ) {
        let Some(regex) = self.regex() else { return };
        match &self.lane {
            Lane::PathOnly | Lane::Assigned(_) => {}
            Lane::Gated(_) if tries.is_empty() => {}
            Lane::Gated(_) | Lane::Always => {
                search(regex, bytes, 0..bytes.len(), found);
                looked(tries, Looked::Found);
            }
            Lane::Around(anchors) if anchors.before == Some(0) => {
                self.each_at(regex, bytes, (tries, self.reach(anchors.after)), found, looked);
            }
            Lane::Around(anchors) => {
                let reach = (self.reach(anchors.before), self.reach(anchors.after));
                each_around(regex, bytes, (tries, reach), found, looked);
            }
        }
    }

    /// Matches that begin with the literal.
    fn each_at(
        &self,
        regex: &Regex,
        bytes: &[u8],
        (tries, reach): (&[Try], usize),
        found: &mut dyn FnMut(&Captures),
        looked: &mut dyn FnMut(&[Try], Looked),
    ) {
        let mut captures = None;
        let mut end = 0;
        for one in tries {
            let place = one.at as usize;
            if place < end {
                looked(std::slice::from_ref(one), Looked::Found);
                continue;
            }
            let input = Input::new(bytes).span(place..bytes.len().min(place + reach)).anchored(Anchored::Yes);
            let captures = captures.get_or_insert_with(|| regex.create_captures());
            regex.search_captures(&input, captures);
            let verdict = match captures.get_match() {
                Some(whole) => {
                    end = whole.end();
                    found(captures);
                    Looked::Found
                }
                None => Looked::At(place as i64 - CONTEXT, (place + reach) as i64 + CONTEXT),
            };
            looked(std::slice::from_ref(one), verdict);
        }
    }

    /// Whether its windows round neighbouring places may join.
    pub(super) fn joins(&self) -> bool {
        matches!(&self.lane, Lane::Around(anchors) if anchors.before != Some(0))
    }

    /// How far from the literal a match is followed.
    fn reach(&self, bound: Option<usize>) -> usize {
        bound.unwrap_or(usize::MAX).min(self.rule.window.max(SHORTEST))
    }
}

/// Matches with the literal inside: windows that overlap are searched as one, so that no order of
/// places matters. One whose places are all known to be quiet is the same window as then.
fn each_around(
    regex: &Regex,
    bytes: &[u8],
    (tries, (before, after)): (&[Try], (usize, usize)),
    found: &mut dyn FnMut(&Captures),
    looked: &mut dyn FnMut(&[Try], Looked),
) {
    let mut first = 0;
    while first < tries.len() {
        let start = i64::from(tries[first].at) - before as i64;
        let end_of = |one: &Try| i64::from(one.at) + after as i64;
        let mut last = first;
        while tries.get(last + 1).is_some_and(|n| i64::from(n.at) - (before as i64) < end_of(&tries[last])) {
            last += 1;
        }
        let group = &tries[first..=last];
        let end = end_of(&tries[last]);
        first = last + 1;
        if group.iter().all(|one| one.is_known) {
            continue;
        }
        let range = usize::try_from(start).unwrap_or(0)..bytes.len().min(usize::try_from(end).unwrap_or(0));
        let any = search(regex, bytes, range, found);
        looked(group, if any { Looked::Found } else { Looked::At(start - CONTEXT, end + CONTEXT) });
    }
}

/// Runs the expression over one range; what stands around it is seen by `\b` and `^`. Tells whether it
/// matched.
fn search(
    regex: &Regex,
    bytes: &[u8],
    range: std::ops::Range<usize>,
    found: &mut dyn FnMut(&Captures),
) -> bool {
    // Most windows hold nothing, and asking for no more than that costs least.
    if regex.search_half(&Input::new(bytes).span(range.clone()).earliest(true)).is_none() {
        return false;
    }
    let captures = &mut regex.create_captures();
    let mut at = range.start;
    let mut any = false;
    while at <= range.end {
        regex.search_captures(&Input::new(bytes).span(at..range.end), captures);
        let Some(whole) = captures.get_match() else { return any };
        any = true;
        if whole.is_empty() {
            at = whole.end() + 1;
            continue;
        }
        at = whole.end();
        found(captures);
    }
    any
}
