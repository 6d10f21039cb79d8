//! The stages in their order.

use std::collections::HashMap;
use std::ops::Range;

use super::encoded::{self, Form};
use super::judge::{Match, judge};
use super::literal_stage::LiteralStage;
use super::normal::{key_label, normal};
use super::overlap::{Claim, standing};
use super::place::Placing;
use super::window::{Lane, Searcher};
use crate::model::text::shown;
use crate::model::{Confidence, Extent, Hit, Path, Secret, Severity};
use crate::rule::literal::anchors_as_written;
use crate::rule::model::{Required, Target};
use crate::rule::{Allowlist, RuleSet, Structure};

/// A run of base64 and what it decodes to.
type Run = (Range<usize>, Vec<u8>);

/// A match that its rule's checks let through.
struct Candidate {
    rule: usize,
    found: Match,
    /// Allowlists that would let it go if path or commit fits.
    pending: Vec<usize>,
}

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
    searchers: Vec<Searcher>,
    stage: LiteralStage,
    /// For each plain literal of the stage, the rules that want it.
    owners: Vec<Vec<usize>>,
    /// The literals behind the plain ones: what these look like inside base64.
    forms: Vec<Form>,
    /// Rules that look at everything.
    always: Vec<usize>,
    lists: Vec<Allowlist>,
    /// For each rule, the allowlists that are for it.
    lists_of: Vec<Vec<usize>>,
    by_id: HashMap<String, usize>,
}

impl Detector {
    /// Prepares the rules. Their expressions are built when first needed.
    #[must_use]
    pub fn new(set: RuleSet) -> Self {
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
        for (index, searcher) in searchers.iter().enumerate() {
            let wanted = match &searcher.lane {
                Lane::Around(anchors) => &anchors.literals,
                Lane::Gated(words) => words,
                Lane::Always => {
                    always.push(index);
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
        let forms = forms_of(&searchers);
        literals.extend(forms.iter().map(|form| form.text.clone()));
        let by_id = searchers.iter().enumerate().map(|(i, s)| (s.rule.card.id.clone(), i)).collect();
        Self { stage: LiteralStage::new(&literals), searchers, owners, forms, always, lists, lists_of, by_id }
    }

    /// Returns how many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.searchers.len()
    }

    /// Looks at bytes and returns a hit for each secret and place, in rising order of offsets.
    #[must_use]
    pub fn detect(&self, bytes: &[u8], extent: &Extent) -> Vec<Hit> {
        let (matches, runs) = self.matches(bytes);
        let decoded: Vec<(Range<usize>, Vec<Hit>)> = runs
            .into_iter()
            .map(|(run, text)| {
                (run, self.hits(&text, &Extent::whole(text.len()), &self.matches(&text).0, Vec::new()))
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
        let mut place = Placing::new(bytes, extent, spans);
        let mut decoded: Vec<Vec<Hit>> = decoded.into_iter().map(|(_, hits)| hits).collect();
        let mut hits = Vec::new();
        for index in standing {
            if !extent.own.contains(&claims[index].secret.start) {
                continue;
            }
            match matches.get(index) {
                Some(candidate) if self.searchers[candidate.rule].rule.silent => {}
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
        let Some(searcher) = self.by_id.get(&hit.rule.id).map(|i| &self.searchers[*i]) else { return true };
        let path_matches =
            |regex: &regex_automata::meta::Regex| path.is_some_and(|p| regex.is_match(p.bytes()));
        if searcher.rule.path.as_ref().is_some_and(|r| !path_matches(r)) {
            return false;
        }
        !hit.pending.iter().map(|l| &self.lists[*l]).any(|list| {
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
        self.searchers.iter().filter(is_match).map(hit).collect()
    }

    /// Runs the literal stage, then each rule around its candidates; returns the matches, and the
    /// runs of base64 in which a rule's literal stands, decoded.
    fn matches(&self, bytes: &[u8]) -> (Vec<Candidate>, Vec<Run>) {
        let mut places: Vec<(usize, usize)> = self.always.iter().map(|rule| (*rule, 0)).collect();
        let mut runs: Vec<Run> = Vec::new();
        self.stage.each(bytes, |literal, at| match self.owners.get(literal) {
            Some(owners) => places.extend(owners.iter().map(|rule| (*rule, at))),
            None if runs.iter().rev().take(4).any(|(run, _)| run.contains(&at)) => {}
            None => runs.extend(encoded::decode(bytes, at, &self.forms[literal - self.owners.len()])),
        });
        places.sort_unstable();
        places.dedup();
        let mut matches = Vec::new();
        for group in places.chunk_by(|a, b| a.0 == b.0) {
            let rule = group[0].0;
            let searcher = &self.searchers[rule];
            let at: Vec<usize> = group.iter().map(|(_, at)| *at).collect();
            searcher.each(bytes, &at, &mut |captures| {
                let Some(found) = judge(&searcher.rule, captures, bytes) else { return };
                if !self.keyword_stands(searcher, &found, bytes) {
                    return;
                }
                let mut pending = Vec::new();
                for list in &self.lists_of[rule] {
                    match let_go(&self.lists[*list], &found, bytes) {
                        Some(true) => return,
                        Some(false) => pending.push(*list),
                        None => {}
                    }
                }
                matches.push(Candidate { rule, found, pending });
            });
        }
        (matches, runs)
    }

    /// gitleaks' keywords: one of them must stand in the text, most often in the match itself.
    fn keyword_stands(&self, searcher: &Searcher, found: &Match, bytes: &[u8]) -> bool {
        let words = &searcher.rule.keywords;
        let holds = |text: &[u8]| {
            let folded = text.to_ascii_lowercase();
            words.iter().any(|w| memchr::memmem::find(&folded, w.as_bytes()).is_some())
        };
        words.is_empty() || holds(&bytes[found.whole.clone()]) || holds(bytes)
    }

    fn claim(&self, rule: usize, found: &Match) -> Claim {
        let searcher = &self.searchers[rule];
        Claim {
            secret: found.secret.clone(),
            whole: found.whole.clone(),
            severity: searcher.rule.card.severity,
            confidence: found.confidence,
            trusted: searcher.trusted,
            generic: searcher.rule.generic,
        }
    }

    /// A run's claim is that of the best hit inside it.
    fn claim_of_run(&self, run: &Range<usize>, hits: &[Hit]) -> Claim {
        let searcher = |hit: &Hit| self.by_id.get(&hit.rule.id).map(|i| &self.searchers[*i]);
        Claim {
            secret: run.clone(),
            whole: run.clone(),
            severity: hits.iter().map(|h| h.rule.severity).max().unwrap_or(Severity::Info),
            confidence: hits.iter().map(|h| h.confidence).max().unwrap_or(Confidence::Low),
            trusted: hits.iter().filter_map(searcher).any(|s| s.trusted),
            generic: hits.iter().filter_map(searcher).all(|s| s.rule.generic),
        }
    }

    /// gitleaks' `[[rules.required]]`: every named rule matches near enough.
    fn has_company(&self, matches: &[Candidate], index: usize, bytes: &[u8]) -> bool {
        let Candidate { rule, found, .. } = &matches[index];
        let near = |wanted: &Required, other: &Match| {
            let (a, b) = if found.whole.start <= other.whole.start { (found, other) } else { (other, found) };
            let between = &bytes[a.whole.start..b.whole.start];
            let lines = memchr::memchr_iter(b'\n', between).count() as u64;
            wanted.within_lines.is_none_or(|most| lines <= most)
                && wanted.within_columns.is_none_or(|most| lines == 0 && between.len() as u64 <= most)
        };
        self.searchers[*rule].rule.required.iter().all(|wanted| {
            matches.iter().any(|c| self.searchers[c.rule].rule.card.id == wanted.id && near(wanted, &c.found))
        })
    }

    fn hit(&self, candidate: &Candidate, place: &mut Placing<'_>) -> Hit {
        let Candidate { rule, found, pending } = candidate;
        let searcher = &self.searchers[*rule];
        let raw = &place.bytes[found.secret.clone()];
        let secret = Secret::new(normal(searcher.rule.structure, raw));
        let masked = match searcher.rule.structure {
            Some(Structure::PrivateKey) => key_label(raw),
            _ => secret.masked(self.prefix(searcher, secret.expose())),
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

    /// The length of the provider's public prefix: the literal the secret begins with.
    fn prefix(&self, searcher: &Searcher, secret: &[u8]) -> usize {
        let Lane::Around(anchors) = &searcher.lane else { return 0 };
        let begins = |l: &&Vec<u8>| secret.get(..l.len()).is_some_and(|s| s.eq_ignore_ascii_case(l));
        anchors.literals.iter().filter(begins).map(Vec::len).max().unwrap_or(0)
    }
}

/// What an allowlist says of a match: `Some(true)` let it go, `Some(false)` let it go if the path or
/// the commit fits, `None` nothing.
fn let_go(list: &Allowlist, found: &Match, bytes: &[u8]) -> Option<bool> {
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
    for regex in
        searchers.iter().filter(|s| matches!(s.lane, Lane::Around(_))).filter_map(|s| s.rule.regex.as_ref())
    {
        let literals = anchors_as_written(regex).map(|a| a.literals).unwrap_or_default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Trust, read};

    fn detector(rules: &str) -> Detector {
        let mut set = RuleSet::default();
        set.add(read("test.toml", rules).unwrap(), Trust::Operator).unwrap();
        Detector::new(set)
    }

    fn found(rules: &str, text: &str) -> Vec<(String, String)> {
        let hits = detector(rules).detect(text.as_bytes(), &Extent::whole(text.len()));
        let clear = |h: &Hit| String::from_utf8_lossy(h.secret.expose()).into_owned();
        hits.iter().map(|h| (h.rule.id.clone(), clear(h))).collect()
    }

    #[test]
    fn a_name_without_case_is_found_inside_base64_as_people_write_it() {
        let rules = "[[rules]]\nid = \"acme\"\nregex = '(?i:acmecorp)_([a-z0-9]{8})'\n";
        for name in ["acmecorp", "ACMECORP", "Acmecorp"] {
            let text = data_encoding::BASE64.encode(format!("{name}_q8zr1vt0").as_bytes());
            assert_eq!(found(rules, &text), [("acme".into(), "q8zr1vt0".into())], "{name}");
        }
    }

    const ACME: &str = "[[rules]]\nid = \"acme\"\nregex = 'acme_([a-z0-9]{8})'\n";

    #[test]
    fn a_match_has_line_and_column() {
        let hits = detector(ACME).detect(b"one\n  k=acme_q8zr1vt0", &Extent::whole(20));
        assert_eq!((hits[0].line, hits[0].column, hits[0].end_column), (2, 10, 18));
        assert_eq!(hits[0].span, 13..21);
    }

    #[test]
    fn a_piece_of_a_stream_counts_lines_from_where_it_stands() {
        let extent = Extent { lines_before: 100, column_before: 7, own: 0..40 };
        let hits = detector(ACME).detect(b"acme_q8zr1vt0 \nacme_q8zr1vt1", &extent);
        assert_eq!((hits[0].line, hits[0].column), (101, 13));
        assert_eq!((hits[1].line, hits[1].column), (102, 6));
    }

    #[test]
    fn a_secret_belongs_to_the_piece_it_begins_in() {
        let extent = Extent { lines_before: 0, column_before: 0, own: 0..10 };
        let hits = detector(ACME).detect(b"acme_q8zr1vt0 acme_q8zr1vt1", &extent);
        assert_eq!(hits.len(), 1);
    }

    #[test]
    fn boundaries_are_asked_on_both_sides() {
        let rules = format!("{ACME}not_before = '[a-z]'\nnot_after = '[a-z0-9]'\n");
        assert_eq!(found(&rules, "xacme_q8zr1vt0 acme_q8zr1vt01").len(), 0);
        assert_eq!(found(&rules, "(acme_q8zr1vt0)").len(), 1);
    }

    #[test]
    fn a_keyword_rule_without_a_literal_looks_at_the_whole_text() {
        let rules = "[[rules]]\nid = \"k\"\nregex = '\\b[0-9a-f]{12}\\b'\nkeywords = [\"Acme\"]\n";
        assert_eq!(found(rules, "q8zr 0f1e2d3c4b5a"), []);
        assert_eq!(found(rules, "0f1e2d3c4b5a\nsee ACME").len(), 1);
    }

    #[test]
    fn a_value_that_stands_for_a_secret_is_hardly_sure() {
        let hits = detector(ACME).detect(b"acme_changeme", &Extent::whole(13));
        assert_eq!(hits[0].confidence, Confidence::Low);
        assert_eq!(hits[0].checks[0].name, "placeholder");
    }

    #[test]
    fn gitleaks_allowlists_let_go_by_secret_line_path_and_commit() {
        let by = |list: &str| format!("{ACME}[[rules.allowlists]]\n{list}\n");
        assert_eq!(found(&by("stopwords = ['ZR1']"), "acme_q8zr1vt0"), []);
        assert_eq!(found(&by("regexTarget = 'line'\nregexes = ['sample']"), "acme_q8zr1vt0 # sample"), []);
        let detector = detector(&by("condition = 'AND'\nregexes = ['^q8']\npaths = ['^docs/']"));
        let hits = detector.detect(b"acme_q8zr1vt0", &Extent::whole(13));
        assert!(!detector.holds_at(&hits[0], Some(&Path::new("docs/a")), None));
        assert!(detector.holds_at(&hits[0], Some(&Path::new("src/a")), None));
    }

    #[test]
    fn a_required_rule_must_match_nearby() {
        let rules = format!(
            "{ACME}[[rules.required]]\nid = \"host\"\nwithinLines = 1\n[[rules]]\nid = \"host\"\nregex = 'host=acme[a-z]*'\nskipReport = true\n"
        );
        assert_eq!(found(&rules, "acme_q8zr1vt0\nhost=acmeprod").len(), 1);
        assert_eq!(found(&rules, "acme_q8zr1vt0\n\n\nhost=acmeprod").len(), 0);
    }

    #[test]
    fn a_key_inside_base64_is_found_where_the_text_stands() {
        let text = format!("a:\n  data: {}\n", data_encoding::BASE64.encode(b"k=acme_q8zr1vt0"));
        let hits = detector(ACME).detect(text.as_bytes(), &Extent::whole(text.len()));
        assert_eq!((hits[0].line, hits[0].column), (2, 9));
        assert_eq!(hits[0].secret.expose(), b"q8zr1vt0");
        assert_eq!(hits[0].line_text, "data: ****");
        assert_eq!(hits[0].checks[0].name, "encoding");
    }

    #[test]
    fn a_rule_about_paths_finds_the_file() {
        let detector = detector("[[rules]]\nid = \"p12\"\npath = '\\.p12$'\n");
        assert_eq!(detector.detect_path(&Path::new("a/cert.p12")).len(), 1);
        assert_eq!(detector.detect_path(&Path::new("a/cert.pem")).len(), 0);
    }

    #[test]
    fn an_expression_after_a_bounded_lead_in_is_found_at_its_literal() {
        let rules = "[[rules]]\nid = \"url\"\nregex = '[a-z]{2,10}://[a-z]+:([^@/ ]{3,40})@'\n";
        assert_eq!(found(rules, "see db://me:hunter2@host"), [("url".into(), "hunter2".into())]);
    }
}
