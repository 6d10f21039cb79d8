//! The stages once more, each with what it decided and why: for people who ask, never for a scan.
//!
//! Everything that decides is what a scan uses (`window`, `judge`, `overlap`); only the literals are
//! looked for in another way, and what is turned away is kept.

mod held;
mod rivals;

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use regex_automata::util::captures::Captures;

use super::detector::Detector;
use super::entropy;
use super::search::{Candidate, NOWHERE, new_try};
use super::window::{Lane, Try};
use crate::model::text::shown;
use crate::model::{Confidence, Path, RuleCard};

/// How a place ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It is a hit.
    Found,
    /// It matched, and another rule's match stands there instead.
    Lost,
    /// It matched, and was let go.
    Dropped,
    /// Its literal stands there, and its expression does not match.
    Near,
}

/// What one stage decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The stage: `literal`, `regex`, `entropy`, a check's name, …
    pub name: &'static str,
    /// Whether it spoke for a hit; `None`: it decided nothing.
    pub holds: Option<bool>,
    /// What it saw, without any part of a secret.
    pub why: String,
}

/// A place where a rule was tried.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The rule.
    pub rule: Arc<RuleCard>,
    /// The secret's offsets, or the literal's where nothing matched.
    pub span: Range<usize>,
    /// What each stage decided, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub end: End,
    /// How sure, where it matched.
    pub confidence: Option<Confidence>,
    /// Whether it stands inside base64; the span is that of the encoded text then.
    pub encoded: bool,
}

/// The most places a rule is told to have come near to.
const NEAR: usize = 3;

struct Attempt {
    rule: usize,
    steps: Vec<Step>,
    end: End,
    span: Range<usize>,
    found: Option<Candidate>,
}

impl Detector {
    /// Tells what became of every place in `range` where a rule was tried, hits first.
    ///
    /// ```
    /// use keywright::detect::{Detector, explain::End};
    /// use keywright::rule::{RuleSet, template::fill};
    /// let detector = Detector::new(RuleSet::builtin());
    /// let text = fill("id = avp_live_{hex:11}", 1).unwrap();
    /// let traces = detector.explain(text.as_bytes(), &(0..text.len()), None);
    /// assert!(traces.iter().all(|t| t.end == End::Near));
    /// assert_eq!(traces[0].rule.id, "atlasvpn-proxy-credential");
    /// ```
    #[must_use]
    pub fn explain(&self, bytes: &[u8], range: &Range<usize>, path: Option<&Path>) -> Vec<Trace> {
        let mut attempts = self.attempts(bytes, range);
        self.assigned(bytes, range, &mut attempts);
        self.settle(bytes, &mut attempts, path);
        let touches = |span: &Range<usize>| {
            span.start < range.end.max(range.start + 1) && span.end.max(span.start + 1) > range.start
        };
        let mut traces: Vec<Trace> = attempts
            .into_iter()
            .filter(|a| touches(&a.span))
            .map(|a| Trace {
                rule: self.search.searchers[a.rule].rule.card.clone(),
                confidence: a.found.as_ref().map(|c| c.found.confidence),
                span: a.span,
                steps: a.steps,
                end: a.end,
                encoded: false,
            })
            .collect();
        for (run, text) in self.search.matches(bytes, None).1.into_iter().filter(|(run, _)| touches(run)) {
            let inner = self.explain(&text, &(0..text.len()), path);
            traces.extend(inner.into_iter().filter(|t| t.end != End::Near).map(|mut trace| {
                trace.steps.insert(0, step("encoding", None, "it stands inside base64".into()));
                Trace { span: run.clone(), encoded: true, ..trace }
            }));
        }
        traces.sort_by(|a, b| (a.end, a.span.start, &a.rule.id).cmp(&(b.end, b.span.start, &b.rule.id)));
        traces
    }

    /// Tries every rule that has an expression.
    fn attempts(&self, bytes: &[u8], range: &Range<usize>) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for (rule, places) in self.places(bytes).into_iter().enumerate() {
            let searcher = &self.search.searchers[rule];
            let tries: Vec<Try> = places.iter().map(|p| new_try(rule, p.start, NOWHERE)).collect();
            if tries.is_empty() {
                continue;
            }
            let mut matched: Vec<Range<usize>> = Vec::new();
            let mut found = |captures: &Captures| {
                let Some(whole) = captures.get_match().map(|m| m.range()) else { return };
                let literal = places.iter().find(|p| p.start >= whole.start && p.end <= whole.end);
                attempts.push(self.hold(rule, captures, bytes, literal));
                matched.push(whole);
            };
            searcher.each(bytes, &tries, &mut found, &mut |_, _| {});
            let is_near = |p: &&Range<usize>| {
                range.contains(&p.start) && !matched.iter().any(|m| m.start <= p.start && p.start < m.end)
            };
            let missed = places.iter().filter(is_near).filter(|p| !p.is_empty()).take(NEAR);
            attempts.extend(missed.map(|literal| self.miss(rule, bytes, literal)));
        }
        attempts
    }

    /// For each rule, where one of its literals or keywords stands.
    fn places(&self, bytes: &[u8]) -> Vec<Vec<Range<usize>>> {
        let searchers = &self.search.searchers;
        let mut places: Vec<Vec<Range<usize>>> = vec![Vec::new(); searchers.len()];
        let mut literals: Vec<(usize, &[u8])> = Vec::new();
        for (rule, searcher) in searchers.iter().enumerate() {
            match &searcher.lane {
                Lane::Around(anchors) => {
                    literals.extend(anchors.literals.iter().map(|l| (rule, l.as_slice())));
                }
                Lane::Gated(words) => literals.extend(words.iter().map(|w| (rule, w.as_slice()))),
                Lane::Always => places[rule].push(0..0),
                Lane::Assigned(_) | Lane::PathOnly => {}
            }
        }
        let built =
            AhoCorasick::builder().ascii_case_insensitive(true).build(literals.iter().map(|(_, l)| l));
        let Ok(automaton) = built else { return places };
        for found in automaton.find_overlapping_iter(bytes) {
            places[literals[found.pattern().as_usize()].0].push(found.range());
        }
        for list in &mut places {
            list.sort_unstable_by_key(|p| (p.start, p.end));
            list.dedup_by_key(|p| p.start);
        }
        places
    }
}

fn step(name: &'static str, holds: Option<bool>, why: String) -> Step {
    Step { name, holds, why }
}

fn literal_step(bytes: &[u8], literal: Option<&Range<usize>>) -> Step {
    let why = literal
        .filter(|l| !l.is_empty())
        .map(|l| format!("`{}` stands at {}", shown(&bytes[l.clone()]), place(bytes, l.start)));
    step("literal", Some(true), why.unwrap_or_else(|| "the rule asks for none".into()))
}

fn measured(least: Option<f64>, secret: &[u8]) -> String {
    let is = entropy::per_byte(secret);
    match least {
        Some(least) => format!("{is:.2} bits a byte; the rule asks for {least}"),
        None => format!("{is:.2} bits a byte; the rule does not ask"),
    }
}

/// An offset as line and column.
fn place(bytes: &[u8], at: usize) -> String {
    let before = &bytes[..at.min(bytes.len())];
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = 1 + before.len() - memchr::memrchr(b'\n', before).map_or(0, |n| n + 1);
    format!("{line}:{column}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::Extent;
    use crate::rule::{RuleSet, builtin, template::fill};

    #[test]
    fn what_is_explained_is_what_is_found() {
        let detector = Detector::new(RuleSet::builtin());
        for file in builtin::files() {
            let templates = file.rules.iter().flat_map(|r| r.finds.iter().chain(&r.passes));
            let text: String = templates.map(|t| fill(t, 3).unwrap() + "\n\n").collect();
            let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
            let found: BTreeSet<_> = hits.iter().map(|h| (h.span.start, h.rule.id.clone())).collect();
            let traces = detector.explain(text.as_bytes(), &(0..text.len()), None);
            let standing = traces.iter().filter(|t| t.end == End::Found);
            // Which hit inside base64 loses to one outside is not told.
            let standing = standing.map(|t| ((t.span.start, t.rule.id.clone()), t.encoded));
            let told: BTreeSet<_> =
                standing.filter(|(t, encoded)| !encoded || found.contains(t)).map(|(t, _)| t).collect();
            assert_eq!(told, found, "{}", file.name);
        }
    }
}
