//! Where rules match: the literal stage, expressions around its candidates, the hand-written lane, and
//! the allowlists.

use std::collections::HashMap;
use std::ops::Range;

use super::assign;
use super::encoded::{self, Form};
use super::judge::{Judged, Match, judge, judge_assigned};
use super::literal_stage::LiteralStage;
use super::window::{Lane, Searcher};
use crate::rule::model::Target;
use crate::rule::{Allowlist, RuleSet};

/// A run of base64 and what it decodes to.
pub(super) type Run = (Range<usize>, Vec<u8>);

/// A match that its rule's checks let through.
pub(super) struct Candidate {
    /// The rule's number.
    pub(super) rule: usize,
    /// The match.
    pub(super) found: Match,
    /// Allowlists that would let it go if path or commit fits.
    pub(super) pending: Vec<usize>,
}

/// Whether keywords and allowlists keep a match.
enum Allowed {
    /// They do.
    Yes(Candidate),
    /// An allowlist lets it go.
    LetGo,
    /// Its keyword is missing.
    No,
}

/// The rules, ready to be searched for.
pub(super) struct Search {
    /// The rules.
    pub(super) searchers: Vec<Searcher>,
    stage: LiteralStage,
    /// For each plain literal of the stage, the rules that want it.
    owners: Vec<Vec<usize>>,
    /// The literals behind the plain ones: what these look like inside base64.
    forms: Vec<Form>,
    /// For each literal of the stage, whether it is a part of names that are given secrets.
    names: Vec<bool>,
    /// The rules of the hand-written lane: tokens', passwords'.
    assigned: [Vec<usize>; 2],
    /// Rules that look at everything.
    always: Vec<usize>,
    /// Every allowlist.
    pub(super) lists: Vec<Allowlist>,
    /// For each rule, the allowlists that are for it.
    pub(super) lists_of: Vec<Vec<usize>>,
}

impl Search {
    /// Prepares the rules. Their expressions are built when first needed.
    pub(super) fn new(set: RuleSet) -> Self {
        let mut lists = set.allowlists;
        let mut lists_of = Vec::with_capacity(set.rules.len());
        let globals = lists.len();
        let mut searchers = Vec::with_capacity(set.rules.len());
        for (index, mut rule) in set.rules.into_iter().enumerate() {
            let mut own: Vec<usize> = (0..globals)
                .filter(|l| {
                    lists[*l].target_rules.is_empty() || lists[*l].target_rules.contains(&rule.card.id)
                })
                .collect();
            own.extend(lists.len()..lists.len() + rule.allowlists.len());
            lists.append(&mut rule.allowlists);
            lists_of.push(own);
            searchers.push(Searcher::new(rule, index < set.trusted));
        }
        let mut literals: Vec<Vec<u8>> = Vec::new();
        let mut owners: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut always = Vec::new();
        let mut assigned = [Vec::new(), Vec::new()];
        let mut names = Vec::new();
        for (index, searcher) in searchers.iter().enumerate() {
            let wanted = match &searcher.lane {
                Lane::Around(anchors) => &anchors.literals,
                Lane::Gated(words) => words,
                Lane::Always => {
                    always.push(index);
                    continue;
                }
                Lane::Assigned(lane) => {
                    assigned[*lane as usize].push(index);
                    continue;
                }
                Lane::PathOnly => continue,
            };
            for literal in wanted {
                let at = *known.entry(literal.clone()).or_insert_with(|| {
                    literals.push(literal.clone());
                    owners.push(Vec::new());
                    literals.len() - 1
                });
                owners[at].push(index);
            }
        }
        if assigned.iter().any(|rules| !rules.is_empty()) {
            for word in assign::WORDS.iter().map(|w| w.as_bytes().to_vec()) {
                let at = *known.entry(word.clone()).or_insert_with(|| {
                    literals.push(word);
                    owners.push(Vec::new());
                    literals.len() - 1
                });
                names.resize(literals.len(), false);
                names[at] = true;
            }
        }
        names.resize(literals.len(), false);
        let forms = forms_of(&searchers);
        literals.extend(forms.iter().map(|form| form.text.clone()));
        let stage = LiteralStage::new(&literals);
        Self { searchers, stage, owners, forms, names, assigned, always, lists, lists_of }
    }

    /// Runs the literal stage, then each rule around its candidates; returns the matches, and the
    /// runs of base64 in which a rule's literal stands, decoded.
    pub(super) fn matches(&self, bytes: &[u8]) -> (Vec<Candidate>, Vec<Run>) {
        let mut places: Vec<(usize, usize)> = self.always.iter().map(|rule| (*rule, 0)).collect();
        let mut runs: Vec<Run> = Vec::new();
        let mut name_ends: Vec<usize> = Vec::new();
        self.stage.each(bytes, |literal, at| match self.owners.get(literal) {
            Some(owners) => {
                places.extend(owners.iter().map(|rule| (*rule, at)));
                if self.names[literal] {
                    name_ends.extend(assign::name_end(bytes, at));
                }
            }
            None if runs.iter().rev().take(4).any(|(run, _)| run.contains(&at)) => {}
            None => runs.extend(encoded::decode(bytes, at, &self.forms[literal - self.owners.len()])),
        });
        places.sort_unstable();
        places.dedup();
        let mut matches = Vec::new();
        let mut cleared: Vec<Range<usize>> = Vec::new();
        for group in places.chunk_by(|a, b| a.0 == b.0) {
            let rule = group[0].0;
            let searcher = &self.searchers[rule];
            let at: Vec<usize> = group.iter().map(|(_, at)| *at).collect();
            searcher.each(bytes, &at, &mut |captures| match judge(&searcher.rule, captures, bytes) {
                Judged::Found(found) => {
                    let secret = found.secret.clone();
                    // The public half of a pair is no secret because of the name it is given to.
                    cleared.extend(found.key_id.clone().filter(|_| searcher.trusted));
                    match self.allowed(rule, found, bytes) {
                        Allowed::Yes(candidate) => matches.push(candidate),
                        Allowed::LetGo if searcher.trusted => cleared.push(secret),
                        Allowed::LetGo | Allowed::No => {}
                    }
                }
                Judged::Harmless(secret, _) if searcher.trusted => cleared.push(secret),
                Judged::Harmless(..) | Judged::No(_) => {}
            });
        }
        matches.extend(self.assigned_matches(bytes, name_ends, &mut cleared));
        (matches, runs)
    }

    /// Looks at what stands behind names that are given secrets; what a rule that knows better let go
    /// is let be.
    fn assigned_matches(
        &self,
        bytes: &[u8],
        mut name_ends: Vec<usize>,
        cleared: &mut [Range<usize>],
    ) -> Vec<Candidate> {
        name_ends.sort_unstable();
        name_ends.dedup();
        cleared.sort_unstable_by_key(|span| span.start);
        let is_cleared = |secret: &Range<usize>| {
            let before = cleared.partition_point(|span| span.start < secret.end);
            cleared[..before].iter().rev().take(8).any(|span| span.end > secret.start)
        };
        let mut matches = Vec::new();
        for found in name_ends.into_iter().filter_map(|end| assign::look(bytes, end)) {
            for rule in self.assigned[found.lane as usize].iter().filter(|_| !is_cleared(&found.secret)) {
                let Some(one) = judge_assigned(&self.searchers[*rule].rule, &found, bytes) else { continue };
                if let Allowed::Yes(candidate) = self.allowed(*rule, one, bytes) {
                    matches.push(candidate);
                }
            }
        }
        matches
    }

    /// Keeps a match that has its keyword and that no allowlist lets go at once.
    fn allowed(&self, rule: usize, found: Match, bytes: &[u8]) -> Allowed {
        if !self.keyword_stands(&self.searchers[rule], &found, bytes) {
            return Allowed::No;
        }
        let mut pending = Vec::new();
        for list in &self.lists_of[rule] {
            match let_go(&self.lists[*list], &found, bytes) {
                Some(true) => return Allowed::LetGo,
                Some(false) => pending.push(*list),
                None => {}
            }
        }
        Allowed::Yes(Candidate { rule, found, pending })
    }

    /// gitleaks' keywords: one of them must stand in the text, most often in the match itself.
    pub(super) fn keyword_stands(&self, searcher: &Searcher, found: &Match, bytes: &[u8]) -> bool {
        let words = &searcher.rule.keywords;
        let holds = |text: &[u8]| {
            let folded = text.to_ascii_lowercase();
            words.iter().any(|w| memchr::memmem::find(&folded, w.as_bytes()).is_some())
        };
        words.is_empty() || holds(&bytes[found.whole.clone()]) || holds(bytes)
    }
}

/// What an allowlist says of a match: `Some(true)` let it go, `Some(false)` let it go if the path or
/// the commit fits, `None` nothing.
pub(super) fn let_go(list: &Allowlist, found: &Match, bytes: &[u8]) -> Option<bool> {
    let target = match list.target {
        Target::Secret => &bytes[found.secret.clone()],
        Target::Match => &bytes[found.whole.clone()],
        Target::Line => {
            let start = memchr::memrchr(b'\n', &bytes[..found.whole.start]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &bytes[found.whole.end..])
                .map_or(bytes.len(), |at| found.whole.end + at);
            &bytes[start..end]
        }
    };
    let folded = bytes[found.secret.clone()].to_ascii_lowercase();
    let regex = list.regexes.iter().any(|r| r.is_match(target));
    let word = list.stopwords.iter().any(|w| memchr::memmem::find(&folded, w.as_bytes()).is_some());
    let about_place = !list.paths.is_empty() || !list.commits.is_empty();
    if list.all {
        let content = (list.regexes.is_empty() || regex) && (list.stopwords.is_empty() || word);
        content.then_some(!about_place)
    } else if regex || word {
        Some(true)
    } else {
        about_place.then_some(false)
    }
}

/// The forms of every rule's literals, for rules whose literals' case is known.
fn forms_of(searchers: &[Searcher]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for searcher in searchers.iter().filter(|s| matches!(s.lane, Lane::Around(_))) {
        let literals = &searcher.rule.as_written;
        let all = literals.len() <= FEW;
        forms.extend(literals.iter().filter(|l| all || has_usual_case(l)).flat_map(|l| encoded::forms(l)));
    }
    forms.sort_by(|a, b| (&a.text, a.phase).cmp(&(&b.text, b.phase)));
    forms.dedup();
    forms
}

/// The most ways to write a rule's literals of which each is looked for inside base64.
const FEW: usize = 16;

/// Whether a word is written as people write one: `word`, `WORD` or `Word`. An expression without
/// case stands for a hundred others, and each would be five more texts to search for.
fn has_usual_case(word: &[u8]) -> bool {
    let all = |letters: &[u8], upper: bool| {
        letters.iter().all(|b| if upper { !b.is_ascii_lowercase() } else { !b.is_ascii_uppercase() })
    };
    all(word, true) || word.split_first().is_some_and(|(_, rest)| all(rest, false))
}
