//! Rules whose matches go on over a line's end behind their secret's first byte: while a text ends in
//! the first part of such a match, the lines from the secret on wait.
//!
//! For each rule an expression is derived that matches every first part of a match which has reached
//! the secret; it is looked for at the text's end only.

use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_syntax::hir::{Capture, Class, Hir, HirKind, Look, Repetition};

use crate::detect::entropy;
use crate::rule::{Rule, Structure, literal};

/// The rules whose matches may go on over a line's end.
pub(super) struct Late(Vec<LateRule>);

struct LateRule {
    id: String,
    /// The first part of a match, to the text's end; each group is the secret, or the first part of it.
    first_part: Regex,
    /// For each group, whether it is the first part only.
    is_cut: Vec<bool>,
    /// Words of which one stands before the secret, if there are such.
    words: Vec<Vec<u8>>,
    window: usize,
    entropy: Option<f64>,
}

/// The first part of a match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Open<'l> {
    /// The rule's id.
    pub(super) rule: &'l str,
    /// Where the secret begins.
    pub(super) start: usize,
    /// Whether the secret itself goes on.
    pub(super) is_cut: bool,
    /// Whether it is so long that the rule gives up.
    pub(super) is_overlong: bool,
}

impl Late {
    /// Picks the rules.
    pub(super) fn new(rules: &[Rule]) -> Self {
        Self(rules.iter().filter_map(late).collect())
    }

    /// Returns the first parts of matches that the text ends in.
    pub(super) fn open(&self, text: &[u8]) -> Vec<Open<'_>> {
        self.0.iter().filter_map(|rule| rule.open(text)).collect()
    }
}

impl LateRule {
    fn open(&self, text: &[u8]) -> Option<Open<'_>> {
        let mut from = text.len().saturating_sub(2 * self.window);
        let folded = (!self.words.is_empty()).then(|| text[from..].to_ascii_lowercase());
        if let Some(folded) = folded
            && !self.words.iter().any(|w| memchr::memmem::find(&folded, w).is_some())
        {
            return None;
        }
        let mut captures = self.first_part.create_captures();
        loop {
            self.first_part.search_captures(&Input::new(text).span(from..text.len()), &mut captures);
            let whole = captures.get_match()?;
            let group = (1..captures.group_len()).find(|g| captures.get_group(*g).is_some())?;
            let (secret, is_cut) = (captures.get_group(group)?, self.is_cut[group - 1]);
            let looks_random =
                is_cut || self.entropy.is_none_or(|least| entropy::per_byte(&text[secret.range()]) >= least);
            if secret.start < text.len() && looks_random {
                let is_overlong = text.len() - secret.start > self.window;
                return Some(Open { rule: &self.id, start: secret.start, is_cut, is_overlong });
            }
            from = whole.start() + 1;
        }
    }
}

/// Takes a rule if its matches may go on over a line's end; private keys in PEM have a file of their own.
fn late(rule: &Rule) -> Option<LateRule> {
    let text = rule.regex.as_deref()?;
    if rule.structure == Some(Structure::PrivateKey) && text.starts_with("-----BEGIN") {
        return None;
    }
    let parse = |unicode| regex_syntax::ParserBuilder::new().unicode(unicode).utf8(false).build().parse(text);
    let hir = parse(false).or_else(|_| parse(true)).ok()?;
    let wanted = rule.secret_group.filter(|group| *group > 0);
    let ways = match rule.secret_group {
        Some(0) => None,
        _ => split(&hir, wanted),
    };
    let ways = ways.unwrap_or_else(|| vec![(Vec::new(), hir, Vec::new())]);
    let late: Vec<_> = ways.into_iter().filter(|(_, secret, after)| is_late(secret, after)).collect();
    let words = match &late[..] {
        [] => return None,
        [(before, ..)] => literal::anchors(&Hir::concat(before.clone()).to_string()),
        _ => None,
    };
    let group = |sub| Hir::capture(Capture { index: 1, name: None, sub: Box::new(sub) });
    let (mut first_parts, mut is_cut) = (Vec::new(), Vec::new());
    for (before, secret, after) in late {
        // A secret that may go on does, as far as anyone can tell.
        let mut then = Vec::new();
        if breaks(&secret) {
            then.push(group(first_part(&secret)));
            is_cut.push(true);
        }
        then.push(Hir::concat(vec![group(plain(&secret)), first_part(&Hir::concat(after))]));
        is_cut.push(false);
        first_parts.push(Hir::concat(before.iter().map(plain).chain([Hir::alternation(then)]).collect()));
    }
    let expression = Hir::concat(vec![Hir::alternation(first_parts), Hir::look(Look::End)]);
    Some(LateRule {
        id: rule.card.id.clone(),
        // Read back from its text, where groups are numbered in their order.
        first_part: Rule::compile(&expression.to_string()).ok()?,
        is_cut,
        words: words.map(|anchors| anchors.literals).unwrap_or_default(),
        window: rule.window,
        entropy: rule.entropy,
    })
}

type Way = (Vec<Hir>, Hir, Vec<Hir>);

/// Splits an expression at its secret: what stands before it, the secret, what stands behind. `None`:
/// there is no such group, or it is repeated.
fn split(hir: &Hir, wanted: Option<usize>) -> Option<Vec<Way>> {
    match hir.kind() {
        HirKind::Capture(group) if wanted.is_none_or(|w| w == group.index as usize) => {
            Some(vec![(Vec::new(), (*group.sub).clone(), Vec::new())])
        }
        HirKind::Capture(group) => split(&group.sub, wanted),
        HirKind::Alternation(ways) => {
            let ways: Vec<Way> = ways.iter().filter_map(|way| split(way, wanted)).flatten().collect();
            (!ways.is_empty()).then_some(ways)
        }
        HirKind::Concat(parts) => {
            let (at, ways) = parts.iter().enumerate().find_map(|(at, p)| Some((at, split(p, wanted)?)))?;
            let around = |(before, secret, after): Way| {
                let before = parts[..at].iter().cloned().chain(before).collect();
                (before, secret, after.into_iter().chain(parts[at + 1..].iter().cloned()).collect())
            };
            Some(ways.into_iter().map(around).collect())
        }
        HirKind::Empty
        | HirKind::Literal(_)
        | HirKind::Class(_)
        | HirKind::Look(_)
        | HirKind::Repetition(_) => None,
    }
}

/// Whether a line may break inside the secret, or behind it with something needed after.
fn is_late(secret: &Hir, after: &[Hir]) -> bool {
    let least = |hir: &Hir| hir.properties().minimum_len().unwrap_or(0);
    let goes_on = |at: usize| after[at + 1..].iter().any(|p| least(p) > 0) || least(&after[at]) > 1;
    breaks(secret) || (0..after.len()).any(|at| breaks(&after[at]) && goes_on(at))
}

/// Whether a line break may stand in a match.
fn breaks(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(text) => text.0.contains(&b'\n'),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|r| (r.start()..=r.end()).contains(&b'\n')),
        HirKind::Class(Class::Unicode(class)) => class.iter().any(|r| (r.start()..=r.end()).contains(&'\n')),
        HirKind::Repetition(repeat) => breaks(&repeat.sub),
        HirKind::Capture(group) => breaks(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(breaks),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

/// Takes the groups out.
fn plain(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Capture(group) => plain(&group.sub),
        HirKind::Repetition(repeat) => Hir::repetition(repeat.with(plain(&repeat.sub))),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(plain).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(plain).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

/// Returns the expression that matches every first part of what this one matches, nothing and all of
/// it included.
fn first_part(hir: &Hir) -> Hir {
    let maybe = |sub| Hir::repetition(Repetition { min: 0, max: Some(1), greedy: true, sub: Box::new(sub) });
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(text) => text
            .0
            .iter()
            .rev()
            .fold(Hir::empty(), |rest, b| maybe(Hir::concat(vec![Hir::literal([*b]), rest]))),
        HirKind::Class(_) => maybe(hir.clone()),
        HirKind::Capture(group) => first_part(&group.sub),
        HirKind::Alternation(ways) => Hir::alternation(ways.iter().map(first_part).collect()),
        HirKind::Repetition(Repetition { max: Some(0), .. }) => Hir::empty(),
        HirKind::Repetition(repeat) => {
            let max = repeat.max.map(|max| max - 1);
            let whole = Repetition { min: 0, max, greedy: true, sub: Box::new(plain(&repeat.sub)) };
            Hir::concat(vec![Hir::repetition(whole), first_part(&repeat.sub)])
        }
        HirKind::Concat(parts) => parts.iter().rev().fold(Hir::empty(), |rest, part| {
            Hir::alternation(vec![Hir::concat(vec![plain(part), rest]), first_part(part)])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{RuleSet, read};

    fn open(regex: &str, text: &str) -> Option<(usize, bool)> {
        let file =
            read("a.toml", &format!("[[rules]]\nid = \"acme\"\nregex = \'\'\'{regex}\'\'\'\n")).unwrap();
        Late::new(&file.rules).open(text.as_bytes()).first().map(|o| (o.start, o.is_cut))
    }

    #[test]
    fn a_secret_waits_for_what_must_follow_it() {
        let pair = r"id=(?P<secret>[a-f]{4})\s+name=(?:[a-z]{2}|x)";
        assert_eq!(open(pair, "id=abcd"), Some((3, false)));
        assert_eq!(open(pair, "id=abcd\nna"), Some((3, false)));
        assert_eq!(open(pair, "id=abcd\nno"), None);
        assert_eq!(open(pair, "id=abc"), None);
        assert_eq!(open(pair, "id=\n"), None);
    }

    #[test]
    fn a_secret_over_several_lines_waits_for_its_end() {
        let lines = r"begin (?P<secret>[a-f\n]{4,20}) end";
        assert_eq!(open(lines, "begin ab\ncd\n"), Some((6, true)));
        assert_eq!(open(lines, "begin ab\ncd\nx"), None);
        assert_eq!(open(lines, "begin "), None);
    }

    #[test]
    fn a_rule_of_one_line_waits_for_nothing() {
        for regex in
            [r"acme_[a-z]{4}", r"(?i)acme\s{0,3}=\s{0,3}([a-z]{4})(?:[\s;]|$)", r"acme=([a-z]{4})\s*"]
        {
            assert_eq!(open(regex, "acme=abcd\n"), None, "{regex}");
        }
    }

    #[test]
    fn every_rule_that_waits_can_be_built() {
        let rules = RuleSet::builtin().rules;
        for rule in &rules {
            let Some(text) = rule.regex.as_deref() else { continue };
            let hir =
                regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(text).unwrap();
            let ways = split(&hir, rule.secret_group).unwrap_or_else(|| vec![(Vec::new(), hir, Vec::new())]);
            let is_pem = rule.structure == Some(Structure::PrivateKey) && text.starts_with("-----BEGIN");
            let waits = ways.iter().any(|(_, secret, after)| is_late(secret, after)) && !is_pem;
            assert_eq!(late(rule).is_some(), waits, "{}", rule.card.id);
        }
    }
}
