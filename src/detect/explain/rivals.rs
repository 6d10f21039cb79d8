//! Places held against each other: names that are given values, and which match stands.

use aho_corasick::AhoCorasick;
use std::ops::Range;

use super::{Attempt, End, NEAR, measured, place, step};
use crate::detect::assign;
use crate::detect::detector::Detector;
use crate::detect::judge::judge_assigned;
use crate::detect::overlap::{Claim, standing};
use crate::detect::search::Candidate;
use crate::detect::window::Lane;
use crate::model::Path;

impl Detector {
    /// Looks at names that are given a value, as the hand-written lane does.
    pub(super) fn assigned(&self, bytes: &[u8], range: &Range<usize>, attempts: &mut Vec<Attempt>) {
        let searchers = &self.search.searchers;
        let lanes: Vec<usize> =
            (0..searchers.len()).filter(|r| matches!(searchers[*r].lane, Lane::Assigned(_))).collect();
        let built = AhoCorasick::builder().ascii_case_insensitive(true).build(assign::WORDS);
        let (Ok(words), false) = (built, lanes.is_empty()) else { return };
        let mut ends: Vec<usize> =
            words.find_overlapping_iter(bytes).filter_map(|m| assign::name_end(bytes, m.start()).0).collect();
        ends.sort_unstable();
        ends.dedup();
        // What a rule that knows better let go, or names as the public half of a pair, is no secret by its name.
        let mut cleared: Vec<(Range<usize>, usize)> = Vec::new();
        for attempt in attempts.iter().filter(|a| searchers[a.rule].trusted) {
            let is_turned = attempt
                .steps
                .iter()
                .any(|s| s.holds == Some(false) && matches!(s.name, "structure" | "allowlist"));
            if attempt.end == End::Dropped && is_turned {
                cleared.push((attempt.span.clone(), attempt.rule));
            }
            let key_id = attempt.found.as_ref().and_then(|c| c.found.key_id.clone());
            cleared.extend(key_id.map(|id| (id, attempt.rule)));
        }
        let missed =
            ends.iter().filter(|e| range.contains(&(**e - 1)) && assign::look(bytes, **e).value().is_none());
        attempts.extend(missed.take(NEAR).map(|end| {
            let why = format!(
                "the name that ends before {} is no secret's, or its value does not look like one",
                place(bytes, *end)
            );
            let steps = vec![step("name", Some(false), why)];
            Attempt { rule: lanes[0], steps, end: End::Near, span: *end - 1..*end, found: None }
        }));
        for found in ends.into_iter().filter_map(|end| assign::look(bytes, end).value()) {
            for rule in lanes
                .iter()
                .copied()
                .filter(|r| matches!(searchers[*r].lane, Lane::Assigned(lane) if lane == found.lane))
            {
                let name = found.whole.start;
                let mut steps = vec![step(
                    "name",
                    Some(true),
                    format!("a secret's name at {} is given a value", place(bytes, name)),
                )];
                let mut attempt = Attempt {
                    rule,
                    steps: Vec::new(),
                    end: End::Dropped,
                    span: found.secret.clone(),
                    found: None,
                };
                let known = cleared
                    .iter()
                    .find(|(span, _)| span.start < found.secret.end && span.end > found.secret.start);
                if let Some((_, by)) = known {
                    let why = format!("`{}` knows this value and lets it go", searchers[*by].rule.card.id);
                    steps.push(step("known", Some(false), why));
                } else if let Some(one) = judge_assigned(&searchers[rule].rule, &found, bytes) {
                    self.told(rule, &one, bytes, &mut steps);
                    if let Some(pending) = self.lists(rule, &one, bytes, &mut steps) {
                        attempt.end = End::Found;
                        attempt.found = Some(Candidate { rule, found: one, pending });
                    }
                } else {
                    let least = searchers[rule].rule.entropy;
                    steps.push(step("entropy", Some(false), measured(least, &bytes[found.secret.clone()])));
                }
                attempt.steps = steps;
                attempts.push(attempt);
            }
        }
    }

    /// Decides between matches at one place, and asks path and company.
    pub(super) fn settle(&self, bytes: &[u8], attempts: &mut [Attempt], path: Option<&Path>) {
        let at: Vec<usize> = (0..attempts.len()).filter(|i| attempts[*i].found.is_some()).collect();
        let candidates: Vec<Candidate> = at.iter().filter_map(|i| attempts[*i].found.take()).collect();
        let claims: Vec<Claim> = candidates.iter().map(|c| self.claim(c.rule, &c.found)).collect();
        let stands = standing(&claims);
        for (number, index) in at.iter().enumerate() {
            let rule = &self.search.searchers[candidates[number].rule].rule;
            let attempt = &mut attempts[*index];
            if !stands.contains(&number) {
                let touches = |a: &Range<usize>, b: &Range<usize>| a.start < b.end && b.start < a.end;
                let secret = &claims[number].secret;
                let winner = stands
                    .iter()
                    .find(|s| touches(&claims[**s].secret, secret))
                    .or_else(|| stands.iter().find(|s| touches(&claims[**s].whole, secret)));
                let name = winner
                    .map_or("another rule", |w| &self.search.searchers[candidates[*w].rule].rule.card.id);
                attempt.end = End::Lost;
                attempt.steps.push(step(
                    "overlap",
                    Some(false),
                    format!("`{name}` stands there and says more"),
                ));
                continue;
            }
            if !self.has_company(&candidates, number, bytes) {
                let ids: Vec<&str> = rule.required.iter().map(|r| r.id.as_str()).collect();
                attempt.steps.push(step(
                    "required",
                    Some(false),
                    format!("not near enough: {}", ids.join(", ")),
                ));
                attempt.end = End::Dropped;
            } else if rule.silent {
                attempt.steps.push(step("silent", Some(false), "the rule only serves others".into()));
                attempt.end = End::Dropped;
            } else if let Some(path) = path {
                let is_match = |r: &crate::rule::model::Expression| r.is_match(path.bytes());
                if rule.path.as_ref().is_some_and(|r| !is_match(r)) {
                    attempt.steps.push(step("path", Some(false), "the rule is for other paths".into()));
                    attempt.end = End::Dropped;
                }
                let lists = candidates[number].pending.iter().map(|l| &self.search.lists[*l]);
                if lists.filter(|l| !l.all || l.commits.is_empty()).any(|l| l.paths.iter().any(is_match)) {
                    attempt.steps.push(step(
                        "allowlist",
                        Some(false),
                        "an allowlist lets this path go".into(),
                    ));
                    attempt.end = End::Dropped;
                }
            }
        }
        for (index, candidate) in at.into_iter().zip(candidates) {
            attempts[index].found = Some(candidate);
        }
    }
}
