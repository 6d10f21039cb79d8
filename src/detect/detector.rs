//! From bytes to hits: what the search found, each secret once, described.

use std::collections::HashMap;
use std::ops::Range;

use super::judge::Match;
use super::mark::Marks;
use super::normal::{key_label, normal};
use super::overlap::{Claim, standing};
use super::place::Placing;
use super::search::{Candidate, Search};
use super::strength::is_strong;
use super::window::{Lane, Searcher};
use crate::model::text::shown;
use crate::model::{Confidence, Extent, Hit, Kin, Path, Secret, Severity};
use crate::rule::model::{Expression, Required};
use crate::rule::{RuleSet, Structure};

/// How many bytes of words a prefix has before its literal, at the most.
const LONGEST_WORDS: usize = 9;

/// Finds what a set of rules describes. Cheap to share between threads.
///
/// ```
/// use keywright::detect::Detector;
/// use keywright::model::Extent;
/// use keywright::rule::{RuleSet, template::fill};
/// let detector = Detector::new(RuleSet::builtin());
/// let text = format!("id = {}", fill("avp_live_{hex:12}", 1).unwrap());
/// let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
/// assert_eq!(hits[0].rule.id, "atlasvpn-proxy-key-id");
/// ```
pub struct Detector {
    pub(super) search: Search,
    by_id: HashMap<String, usize>,
    marks: Marks,
}

impl Detector {
    /// Prepares the rules. Their expressions are built when first needed.
    #[must_use]
    pub fn new(set: RuleSet) -> Self {
        let search = Search::new(set);
        let by_id = search.searchers.iter().enumerate().map(|(i, s)| (s.rule.card.id.clone(), i)).collect();
        Self { search, by_id, marks: Marks::ALL }
    }

    /// Heeds these marks only.
    #[must_use]
    pub fn heeding(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }

    /// Returns how many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.search.searchers.len()
    }

    /// Looks at bytes and returns a hit for each secret and place, in rising order of offsets.
    #[must_use]
    pub fn detect(&self, bytes: &[u8], extent: &Extent) -> Vec<Hit> {
        self.detect_kin(bytes, extent, None)
    }

    /// The same for a text that may be made from another: what is known from there is not looked at
    /// again, and what is learnt here is left for those made from this one.
    #[must_use]
    pub fn detect_kin(&self, bytes: &[u8], extent: &Extent, kin: Option<&Kin<'_>>) -> Vec<Hit> {
        let (matches, runs) = self.search.matches(bytes, kin);
        let decoded: Vec<(Range<usize>, Vec<Hit>)> = runs
            .into_iter()
            .map(|(run, text)| {
                (
                    run,
                    self.hits(
                        &text,
                        &Extent::whole(text.len()),
                        &self.search.matches(&text, None).0,
                        Vec::new(),
                    ),
                )
            })
            .filter(|(_, hits)| !hits.is_empty())
            .collect();
        if matches.is_empty() && decoded.is_empty() {
            return Vec::new();
        }
        self.hits(bytes, extent, &matches, decoded)
    }

    /// Decides which matches stand and describes them; what was found inside a decoded run stands
    /// where the run does.
    fn hits(
        &self,
        bytes: &[u8],
        extent: &Extent,
        matches: &[Candidate],
        decoded: Vec<(Range<usize>, Vec<Hit>)>,
    ) -> Vec<Hit> {
        let mut claims: Vec<Claim> = matches.iter().map(|c| self.claim(c.rule, &c.found)).collect();
        claims.extend(decoded.iter().map(|(run, hits)| self.claim_of_run(run, hits)));
        let stands = |i: &usize| *i >= matches.len() || self.has_company(matches, *i, bytes);
        let standing: Vec<usize> = standing(&claims).into_iter().filter(stands).collect();
        let spans: Vec<Range<usize>> = standing.iter().map(|i| claims[*i].secret.clone()).collect();
        let mut place = Placing::new(bytes, extent, spans, self.marks);
        let mut decoded: Vec<Vec<Hit>> = decoded.into_iter().map(|(_, hits)| hits).collect();
        let mut hits = Vec::new();
        for index in standing {
            if !extent.own.contains(&claims[index].secret.start) {
                continue;
            }
            match matches.get(index) {
                Some(candidate) if self.search.searchers[candidate.rule].rule.silent => {}
                Some(candidate) => hits.push(self.hit(candidate, &mut place)),
                None => {
                    let inner = std::mem::take(&mut decoded[index - matches.len()]);
                    hits.extend(inner.into_iter().map(|hit| place.outside(hit, &claims[index].secret)));
                }
            }
        }
        hits
    }

    /// Tells whether a hit stays one at this path and commit: the rule is for such paths, and no
    /// allowlist lets it go there.
    #[must_use]
    pub fn holds_at(&self, hit: &Hit, path: Option<&Path>, commit: Option<&str>) -> bool {
        let Some(searcher) = self.by_id.get(&hit.rule.id).map(|i| &self.search.searchers[*i]) else {
            return true;
        };
        let path_matches = |e: &Expression| path.is_some_and(|p| e.is_match(p.bytes()));
        if searcher.rule.path.as_ref().is_some_and(|r| !path_matches(r)) {
            return false;
        }
        !hit.pending.iter().map(|l| &self.search.lists[*l]).any(|list| {
            let path_ok = list.paths.iter().any(path_matches);
            let commit_ok = commit.is_some_and(|c| list.commits.iter().any(|l| l == c));
            if list.all {
                (list.paths.is_empty() || path_ok) && (list.commits.is_empty() || commit_ok)
            } else {
                path_ok || commit_ok
            }
        })
    }

    /// Returns a hit for each rule that looks at paths only and matches this one.
    #[must_use]
    pub fn detect_path(&self, path: &Path) -> Vec<Hit> {
        let is_match = |s: &&Searcher| {
            matches!(s.lane, Lane::PathOnly) && s.rule.path.as_ref().is_some_and(|r| r.is_match(path.bytes()))
        };
        let hit = |s: &Searcher| Hit {
            rule: s.rule.card.clone(),
            span: 0..0,
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            secret: Secret::new(path.bytes().to_vec()),
            masked: "(the file)".into(),
            line_text: String::new(),
            key_id: None,
            confidence: s.rule.confidence,
            checks: Vec::new(),
            mark: None,
            pending: Vec::new(),
        };
        self.search.searchers.iter().filter(is_match).map(hit).collect()
    }

    pub(super) fn claim(&self, rule: usize, found: &Match) -> Claim {
        let searcher = &self.search.searchers[rule];
        Claim {
            secret: found.secret.clone(),
            whole: found.whole.clone(),
            severity: searcher.rule.card.severity,
            confidence: found.confidence,
            trusted: searcher.trusted,
            generic: searcher.rule.generic,
            assigned: searcher.rule.lane.is_some(),
        }
    }

    /// A run's claim is that of the best hit inside it.
    fn claim_of_run(&self, run: &Range<usize>, hits: &[Hit]) -> Claim {
        let searcher = |hit: &Hit| self.by_id.get(&hit.rule.id).map(|i| &self.search.searchers[*i]);
        Claim {
            secret: run.clone(),
            whole: run.clone(),
            severity: hits.iter().map(|h| h.rule.severity).max().unwrap_or(Severity::Info),
            confidence: hits.iter().map(|h| h.confidence).max().unwrap_or(Confidence::Low),
            trusted: hits.iter().filter_map(searcher).any(|s| s.trusted),
            generic: hits.iter().filter_map(searcher).all(|s| s.rule.generic),
            assigned: false,
        }
    }

    /// gitleaks' `[[rules.required]]`: every named rule matches near enough.
    pub(super) fn has_company(&self, matches: &[Candidate], index: usize, bytes: &[u8]) -> bool {
        let Candidate { rule, found, .. } = &matches[index];
        let near = |wanted: &Required, other: &Match| {
            let (a, b) = if found.whole.start <= other.whole.start { (found, other) } else { (other, found) };
            let between = &bytes[a.whole.start..b.whole.start];
            let lines = memchr::memchr_iter(b'\n', between).count() as u64;
            wanted.within_lines.is_none_or(|most| lines <= most)
                && wanted.within_columns.is_none_or(|most| lines == 0 && between.len() as u64 <= most)
        };
        self.search.searchers[*rule].rule.required.iter().all(|wanted| {
            matches
                .iter()
                .any(|c| self.search.searchers[c.rule].rule.card.id == wanted.id && near(wanted, &c.found))
        })
    }

    fn hit(&self, candidate: &Candidate, place: &mut Placing<'_>) -> Hit {
        let Candidate { rule, found, pending } = candidate;
        let searcher = &self.search.searchers[*rule];
        let raw = &place.bytes[found.secret.clone()];
        let secret = Secret::new(normal(searcher.rule.structure, raw));
        let masked = match searcher.rule.structure {
            Some(Structure::PrivateKey) => key_label(raw),
            _ => match self.prefix(searcher, secret.expose()) {
                // Four letters of a password are a good part of it.
                0 if !is_strong(secret.expose()) => "****".into(),
                prefix => secret.masked(prefix),
            },
        };
        let hit = Hit {
            rule: searcher.rule.card.clone(),
            span: found.secret.clone(),
            line: 0,
            column: 0,
            end_line: 0,
            end_column: 0,
            line_text: String::new(),
            masked,
            secret,
            key_id: found.key_id.clone().map(|id| shown(&place.bytes[id])),
            confidence: found.confidence,
            checks: found.checks.clone(),
            mark: None,
            pending: pending.clone(),
        };
        place.at(hit, &found.secret, &found.whole)
    }

    /// The length of the provider's public prefix: the literal the secret begins with, and short words
    /// before it, as in `sk_live_` whose literal is `live_`.
    fn prefix(&self, searcher: &Searcher, secret: &[u8]) -> usize {
        let Lane::Around(anchors) = &searcher.lane else { return 0 };
        let words = secret.iter().take_while(|b| b.is_ascii_lowercase() || b"_-".contains(b)).count();
        let end_of = |literal: &Vec<u8>| {
            let stands = |at: &usize| {
                let part = secret.get(*at..*at + literal.len());
                part.is_some_and(|part| part.eq_ignore_ascii_case(literal))
            };
            (0..=words.min(LONGEST_WORDS)).find(stands).map(|at| at + literal.len())
        };
        anchors.literals.iter().filter_map(end_of).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod kin_tests;
#[cfg(test)]
mod tests;
