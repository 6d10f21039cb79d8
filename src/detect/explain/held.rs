//! One place held against one rule: expression, checks, keywords, allowlists.

use std::ops::Range;

use regex_automata::util::captures::Captures;

use super::{Attempt, End, Step, literal_step, measured, place, step};
use crate::detect::detector::Detector;
use crate::detect::judge::{Judged, Match, Turned, judge};
use crate::detect::near;
use crate::detect::search::{Candidate, let_go};
use crate::detect::window::Lane;
use crate::model::Verdict;

impl Detector {
    /// Says how far a rule came whose literal stands in the text.
    pub(super) fn miss(&self, rule: usize, bytes: &[u8], literal: &Range<usize>) -> Attempt {
        let searcher = &self.search.searchers[rule];
        let Lane::Around(anchors) = &searcher.lane else {
            let why = "no match stands in this text".into();
            let steps = vec![literal_step(bytes, Some(literal)), step("regex", Some(false), why)];
            return Attempt { rule, steps, end: End::Near, span: literal.clone(), found: None };
        };
        let window = searcher.rule.window;
        let before = anchors.before.unwrap_or(window).min(window);
        let end = bytes.len().min(literal.start + anchors.after.unwrap_or(window).min(window));
        let starts = literal.start.saturating_sub(before)..literal.start;
        let far = searcher.rule.regex.as_deref().and_then(|r| near::fits(r, bytes, starts, end));
        let why = match far.filter(|far| *far > literal.end) {
            Some(far) if far >= bytes.len() => "it fits up to the end of the text, and asks for more".into(),
            Some(far) => format!(
                "it fits for {} bytes from the literal on, and not the byte at {}",
                far - literal.start,
                place(bytes, far)
            ),
            None => "what stands around the literal does not fit".into(),
        };
        let steps = vec![literal_step(bytes, Some(literal)), step("regex", Some(false), why)];
        Attempt { rule, steps, end: End::Near, span: literal.clone(), found: None }
    }

    /// Holds a match against its rule's checks, and keeps what each said.
    pub(super) fn hold(
        &self,
        rule: usize,
        captures: &Captures,
        bytes: &[u8],
        literal: Option<&Range<usize>>,
    ) -> Attempt {
        let searcher = &self.search.searchers[rule];
        let whole = captures.get_match().map(|m| m.range()).unwrap_or_default();
        let mut steps = vec![literal_step(bytes, literal)];
        steps.push(step(
            "regex",
            Some(true),
            format!("it matches {} bytes at {}", whole.len(), place(bytes, whole.start)),
        ));
        let mut span = whole.clone();
        let mut end = End::Dropped;
        let mut candidate = None;
        match judge(&searcher.rule, captures, bytes) {
            Judged::No(why) => steps.push(self.turned(rule, why, captures, bytes)),
            Judged::Harmless(secret, why) => {
                span = secret;
                steps.push(step("structure", Some(false), format!("it opens nothing: {why}")));
            }
            Judged::Found(found) => {
                span = found.secret.clone();
                self.told(rule, &found, bytes, &mut steps);
                let pending = self.lists(rule, &found, bytes, &mut steps);
                if let Some(pending) = pending {
                    end = End::Found;
                    candidate = Some(Candidate { rule, found, pending });
                }
            }
        }
        Attempt { rule, steps, end, span, found: candidate }
    }

    fn turned(&self, rule: usize, why: Turned, captures: &Captures, bytes: &[u8]) -> Step {
        let rule = &self.search.searchers[rule].rule;
        let whole = captures.get_match().map(|m| m.range()).unwrap_or_default();
        match why {
            Turned::GluedBefore => {
                let why =
                    "it is a part of something longer: the byte before it is one that may not stand there";
                step("not_before", Some(false), why.into())
            }
            Turned::GluedAfter => {
                let at = place(bytes, whole.end);
                step(
                    "not_after",
                    Some(false),
                    format!("it is a part of something longer: the byte at {at} may not stand behind it"),
                )
            }
            Turned::Empty => step("secret", Some(false), "there is nothing in it".into()),
            Turned::Regular => {
                let group = rule
                    .secret_group
                    .or_else(|| (1..captures.group_len()).find(|g| captures.get_group(*g).is_some()));
                let secret = group.and_then(|g| captures.get_group(g)).map_or(whole, |s| s.range());
                step("entropy", Some(false), measured(rule.entropy, &bytes[secret]))
            }
        }
    }

    /// What the checks of a match said.
    pub(super) fn told(&self, rule: usize, found: &Match, bytes: &[u8], steps: &mut Vec<Step>) {
        let rule = &self.search.searchers[rule].rule;
        if rule.not_before.is_some() || rule.not_after.is_some() {
            steps.push(step(
                "free",
                Some(true),
                "nothing that may not stands right before or behind it".into(),
            ));
        }
        let secret = &bytes[found.secret.clone()];
        steps.push(step("entropy", rule.entropy.map(|_| true), measured(rule.entropy, secret)));
        let asked = [("checksum", rule.checksum.is_some()), ("structure", rule.structure.is_some())];
        for (name, _) in
            asked.into_iter().filter(|(name, is)| *is && found.checks.iter().all(|c| c.name != *name))
        {
            steps.push(step(name, None, "it cannot be told for this form".into()));
        }
        for check in &found.checks {
            steps.push(step(check.name, Some(check.verdict == Verdict::Passed), check.why.clone()));
        }
        let (base, now) = (rule.confidence, found.confidence);
        let why = if base == now {
            format!("{}, as the rule says", now.word())
        } else {
            format!("{}: the rule says {}, the checks decide", now.word(), base.word())
        };
        steps.push(step("confidence", None, why));
    }

    /// Asks keywords and allowlists; `None`: the match is let go. Otherwise the allowlists that ask for
    /// path or commit.
    pub(super) fn lists(
        &self,
        rule: usize,
        found: &Match,
        bytes: &[u8],
        steps: &mut Vec<Step>,
    ) -> Option<Vec<usize>> {
        let searcher = &self.search.searchers[rule];
        if !self.search.keyword_stands(searcher, found, bytes) {
            let why =
                format!("none of its keywords stands in the text: {}", searcher.rule.keywords.join(", "));
            steps.push(step("keyword", Some(false), why));
            return None;
        }
        let mut pending = Vec::new();
        for (number, list) in self.search.lists_of[rule].iter().enumerate() {
            match let_go(&self.search.lists[*list], found, bytes) {
                Some(true) => {
                    steps.push(step(
                        "allowlist",
                        Some(false),
                        format!("its allowlist {} lets it go", number + 1),
                    ));
                    return None;
                }
                Some(false) => pending.push(*list),
                None => {}
            }
        }
        Some(pending)
    }
}
