//! Where rules match: the literal stage, expressions around its candidates, the hand-written lane, and
//! the allowlists.

use std::collections::HashMap;
use std::ops::Range;

use regex_automata::util::captures::Captures;

use super::assign::{self, Look};
use super::encoded::{self, Form};
use super::judge::{Judged, Match, judge, judge_assigned};
use super::literal_stage::LiteralStage;
use super::spot::{self, Memory, Spot};
use super::window::{Lane, Looked, Searcher, Try};
use crate::model::Kin;
use crate::rule::edge::Edge;
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

/// A rule that wants a literal, and what has to stand beside it.
struct Owner {
    rule: usize,
    prev: Edge,
    next: Edge,
}

/// The longest literal that is searched for: a longer one is known by its front, so that the seams
/// between copies stay narrow.
const LONGEST: usize = 16;

/// The rules, ready to be searched for.
pub(super) struct Search {
    /// The rules.
    pub(super) searchers: Vec<Searcher>,
    stage: LiteralStage,
    /// The stage's literals: plain ones, then forms.
    literals: Vec<Vec<u8>>,
    /// For each plain literal of the stage, the rules that want it.
    owners: Vec<Vec<Owner>>,
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
        let mut owners: Vec<Vec<Owner>> = Vec::new();
        let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
        let mut always = Vec::new();
        let mut assigned = [Vec::new(), Vec::new()];
        let mut names = Vec::new();
        for (index, searcher) in searchers.iter().enumerate() {
            let (wanted, prev, next) = match &searcher.lane {
                Lane::Around(anchors) => (&anchors.literals, anchors.prev, anchors.next),
                Lane::Gated(words) => (words, Edge::default(), Edge::default()),
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
                let next = if literal.len() > LONGEST { Edge::default() } else { next };
                let literal = &literal[..literal.len().min(LONGEST)];
                let at = *known.entry(literal.to_vec()).or_insert_with(|| {
                    literals.push(literal.to_vec());
                    owners.push(Vec::new());
                    literals.len() - 1
                });
                owners[at].push(Owner { rule: index, prev, next });
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
        let may_follow = |literal: usize, byte: u8| {
            let is_wanted = |owner: &Owner| owner.next.lets(Some(byte));
            names[literal] || owners.get(literal).is_none_or(|owners| owners.iter().any(is_wanted))
        };
        let stage = LiteralStage::new(&literals, may_follow);
        Self { searchers, stage, literals, owners, forms, names, assigned, always, lists, lists_of }
    }

    /// Runs the literal stage, then each rule around its candidates; returns the matches, and the
    /// runs of base64 in which a rule's literal stands, decoded.
    ///
    /// Of a text with kin only what is new is looked at, with the same outcome; see `spot`.
    pub(super) fn matches(&self, bytes: &[u8], kin: Option<&Kin<'_>>) -> (Vec<Candidate>, Vec<Run>) {
        let kin = kin.filter(|_| u32::try_from(bytes.len()).is_ok());
        let mut spots = self.spots(bytes, kin);
        let mut tries: Vec<Try> = Vec::new();
        tries.extend(self.always.iter().map(|rule| new_try(*rule, 0, NOWHERE)));
        let mut name_ends: Vec<(usize, usize)> = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        let live: Vec<usize> =
            spots.iter().enumerate().filter(|(_, s)| s.is_live).map(|(number, _)| number).collect();
        for &number in &live {
            let spot = &mut spots[number];
            let (literal, at) = (spot.literal as usize, spot.at as usize);
            spot.begin(self.literals[literal].len());
            let Some(owners) = self.owners.get(literal) else {
                spot.is_live = true;
                if !runs.iter().rev().take(4).any(|(run, _)| run.contains(&at)) {
                    runs.extend(encoded::decode(bytes, at, &self.forms[literal - self.owners.len()]));
                }
                continue;
            };
            let wants = owners.iter().filter(|owner| self.is_wanted(owner, literal, at, bytes));
            tries.extend(wants.map(|owner| new_try(owner.rule, at, number)));
            if self.names[literal] {
                let (end, seen) = assign::name_end(bytes, at);
                spot.looked_at(at as i64, seen as i64);
                name_ends.extend(end.map(|end| (end, number)));
            }
        }
        self.add_quiet_neighbours(bytes, (&spots, &live), &mut tries);
        tries.sort_unstable();
        let mut matches = Vec::new();
        let mut cleared: Vec<Range<usize>> = Vec::new();
        for group in tries.chunk_by(|a, b| a.rule == b.rule) {
            let rule = group[0].rule as usize;
            let searcher = &self.searchers[rule];
            let mut found = |captures: &Captures| match judge(&searcher.rule, captures, bytes) {
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
            };
            searcher.each(bytes, group, &mut found, &mut |tries, looked| note(&mut spots, tries, looked));
        }
        matches.extend(self.assigned_matches(bytes, name_ends, &mut spots, &mut cleared));
        if let Some(kin) = kin.filter(|kin| kin.has_children())
            && let Some(memory) = Memory::of(spots, bytes.len())
        {
            kin.learn(Box::new(memory));
        }
        (matches, runs)
    }

    /// Finds where literals stand that are worth a look.
    fn spots(&self, bytes: &[u8], kin: Option<&Kin<'_>>) -> Vec<Spot> {
        let keeps = |literal: usize, at: usize| match self.owners.get(literal) {
            Some(owners) => {
                self.names[literal] || owners.iter().any(|o| self.is_wanted(o, literal, at, bytes))
            }
            // Literals are compared without case, and base64 is all about case.
            None => bytes[at..].starts_with(&self.literals[literal]),
        };
        match kin.and_then(Kin::base::<Memory>) {
            Some(base) => {
                let length_of = |literal: u32| self.literals[literal as usize].len();
                spot::inherited(&self.stage, bytes, &keeps, base, &length_of)
            }
            None => spot::all(&self.stage, bytes, &keeps),
        }
    }

    /// Whether what stands beside a literal is what the rule wants there.
    fn is_wanted(&self, owner: &Owner, literal: usize, at: usize, bytes: &[u8]) -> bool {
        let end = at + self.literals[literal].len();
        owner.next.lets(bytes.get(end).copied())
            && owner.prev.lets(at.checked_sub(1).map(|before| bytes[before]))
    }

    /// Where a rule's windows may join those of quiet places, adds these.
    fn add_quiet_neighbours(&self, bytes: &[u8], (spots, live): (&[Spot], &[usize]), tries: &mut Vec<Try>) {
        let mut joining: Vec<u32> = tries.iter().map(|one| one.rule).collect();
        joining.sort_unstable();
        joining.dedup();
        joining.retain(|rule| self.searchers[*rule as usize].joins());
        if joining.is_empty() {
            return;
        }
        let mut live = live.iter().peekable();
        for (number, spot) in spots.iter().enumerate() {
            if live.next_if_eq(&&number).is_some() {
                continue;
            }
            let (literal, at) = (spot.literal as usize, spot.at as usize);
            for owner in self.owners.get(literal).into_iter().flatten() {
                let rule = u32::try_from(owner.rule).expect("rules are few");
                if joining.binary_search(&rule).is_ok() && self.is_wanted(owner, literal, at, bytes) {
                    tries.push(Try { is_known: true, ..new_try(owner.rule, at, number) });
                }
            }
        }
    }

    /// Looks at what stands behind names that are given secrets; what a rule that knows better let go
    /// is let be.
    fn assigned_matches(
        &self,
        bytes: &[u8],
        mut name_ends: Vec<(usize, usize)>,
        spots: &mut [Spot],
        cleared: &mut [Range<usize>],
    ) -> Vec<Candidate> {
        name_ends.sort_unstable();
        cleared.sort_unstable_by_key(|span| span.start);
        let is_cleared = |secret: &Range<usize>| {
            let before = cleared.partition_point(|span| span.start < secret.end);
            cleared[..before].iter().rev().take(8).any(|span| span.end > secret.start)
        };
        let mut matches = Vec::new();
        for names in name_ends.chunk_by(|a, b| a.0 == b.0) {
            let end = names[0].0;
            let found = match assign::look(bytes, end) {
                Look::Value(found) => found,
                Look::Nothing { before, after } => {
                    let (from, to) = (end as i64 - before as i64, (end + after) as i64);
                    names.iter().for_each(|(_, number)| spots[*number].looked_at(from, to));
                    continue;
                }
            };
            names.iter().for_each(|(_, number)| spots[*number].is_live = true);
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

/// The spot of a rule that looks at everything.
pub(super) const NOWHERE: usize = u32::MAX as usize;

/// Makes a try of a rule at a place.
pub(super) fn new_try(rule: usize, at: usize, spot: usize) -> Try {
    let narrow = |n: usize| u32::try_from(n).expect("rules, places and spots are fewer than four billion");
    Try { rule: narrow(rule), at: narrow(at), spot: narrow(spot), is_known: false }
}

/// Notes what came of tries at their spots.
fn note(spots: &mut [Spot], tries: &[Try], looked: Looked) {
    for one in tries {
        let Some(spot) = spots.get_mut(one.spot as usize) else { continue };
        match looked {
            Looked::Found => spot.is_live = true,
            Looked::At(from, to) => spot.looked_at(from, to),
        }
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
