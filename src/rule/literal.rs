//! The literals every match of an expression must hold, and how far from them a match can reach.
//!
//! A detector searches for these in one pass and runs the expression only around them.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::edge::{Edge, Side};

/// Literals of which every match holds at least one, all folded to lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchors {
    /// The literals, at least [`SHORTEST`] bytes each.
    pub literals: Vec<Vec<u8>>,
    /// The most bytes a match can have before the literal; `None`: no bound.
    pub before: Option<usize>,
    /// The most bytes a match can have from the literal's start on; `None`: no bound.
    pub after: Option<usize>,
    /// What can stand before the literal in a match.
    pub prev: Edge,
    /// What can stand behind it.
    pub next: Edge,
}

/// The shortest literal that is worth searching for.
pub const SHORTEST: usize = 3;
/// The most literals an expression is turned into; fewer where each case is a literal of its own, for
/// they double with every letter.
fn most_literals(fold: bool) -> usize {
    if fold { 128 } else { 32 }
}

/// Returns the best anchors of an expression, or `None` if it has none long enough.
///
/// ```
/// use keywright::rule::literal::anchors;
/// let found = anchors(r"\bgh[pousr]_[0-9A-Za-z]{36}\b").unwrap();
/// assert_eq!(found.literals[0], b"gho_");
/// assert_eq!(found.literals.len(), 5);
/// assert_eq!((found.before, found.after), (Some(0), Some(40)));
/// ```
#[must_use]
pub fn anchors(expression: &str) -> Option<Anchors> {
    study(expression).ok()?.anchors
}

/// What one reading of an expression tells.
#[derive(Debug, Default)]
pub struct Study {
    /// Its best anchors.
    pub anchors: Option<Anchors>,
    /// The same literals with their case as written: what a match looks like inside an encoding that
    /// knows case. Where the expression leaves the case open, each is listed.
    pub as_written: Vec<Vec<u8>>,
    /// The most bytes it can match, if that is bounded.
    pub longest: Option<usize>,
    /// The names of its groups; the whole match is the first and has none.
    pub groups: Vec<Option<String>>,
}

/// Reads an expression once for everything that is asked of it before it is searched for.
///
/// # Errors
/// What the expression's reader says.
pub fn study(expression: &str) -> Result<Study, String> {
    let parse =
        |unicode| regex_syntax::ParserBuilder::new().unicode(unicode).utf8(false).build().parse(expression);
    // Only an expression that names a Unicode class fails without Unicode; it may have it.
    let hir = parse(false).or_else(|_| parse(true)).map_err(|e| {
        // The parser draws the expression over several lines; its last one says what is wrong.
        e.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })?;
    let tidy = |mut anchors: Anchors| {
        anchors.literals.sort();
        anchors.literals.dedup();
        anchors
    };
    let mut groups = vec![None];
    name_groups(&hir, &mut groups);
    Ok(Study {
        anchors: best(&hir, true).map(tidy),
        as_written: best(&hir, false).map(tidy).map(|a| a.literals).unwrap_or_default(),
        longest: hir.properties().maximum_len(),
        groups,
    })
}

fn name_groups(hir: &Hir, groups: &mut Vec<Option<String>>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            let index = capture.index as usize;
            groups.resize(groups.len().max(index + 1), None);
            groups[index] = capture.name.as_deref().map(str::to_owned);
            name_groups(&capture.sub, groups);
        }
        HirKind::Repetition(repetition) => name_groups(&repetition.sub, groups),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| name_groups(part, groups));
        }
        _ => {}
    }
}

/// Returns the best anchors anywhere in `hir`.
fn best(hir: &Hir, fold: bool) -> Option<Anchors> {
    if let Some(literals) = exact(hir, fold) {
        return usable(literals, Some(0), hir.properties().maximum_len());
    }
    match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, fold),
        HirKind::Repetition(rep) if rep.min >= 1 => {
            let inner = best(&rep.sub, fold)?;
            // The literal is looked for in any of the repeats, so either side may be all of it.
            let whole = hir.properties().maximum_len();
            let (prev, next) =
                (inner.prev.then(&rep.sub, Side::Last), inner.next.then(&rep.sub, Side::First));
            Some(Anchors {
                before: whole,
                after: whole,
                // The literal may stand in the first or the last of the repeats.
                prev: prev.opened(inner.prev.open),
                next: next.opened(inner.next.open),
                ..inner
            })
        }
        HirKind::Concat(parts) => best_of_concat(parts, fold),
        HirKind::Alternation(parts) => {
            let mut all: Option<Anchors> = None;
            for part in parts {
                let one = best(part, fold)?;
                all = Some(match all {
                    None => one,
                    Some(mut all) => {
                        all.literals.extend(one.literals);
                        all.before = most(all.before, one.before);
                        all.after = most(all.after, one.after);
                        all.prev = all.prev.or(&one.prev);
                        all.next = all.next.or(&one.next);
                        all
                    }
                });
            }
            all.filter(|a| a.literals.len() <= most_literals(fold))
        }
        _ => None,
    }
}

/// Joins neighbouring exact parts into runs and takes the best run, or the best inside one part.
fn best_of_concat(parts: &[Hir], fold: bool) -> Option<Anchors> {
    let len_of = |range: &[Hir]| {
        range.iter().try_fold(0usize, |sum, p| Some(sum.saturating_add(p.properties().maximum_len()?)))
    };
    let mut candidates = Vec::new();
    let mut start = 0;
    while start < parts.len() {
        let mut run: Option<Vec<Vec<u8>>> = None;
        let mut end = start;
        while end < parts.len() {
            let joined = match (&run, exact(&parts[end], fold)) {
                (_, None) => break,
                (None, Some(next)) => next,
                (Some(run), Some(next)) if run.len() * next.len() <= most_literals(fold) => {
                    product(run, &next)
                }
                _ => break,
            };
            run = Some(joined);
            end += 1;
        }
        if let Some(run) = run {
            let before = len_of(&parts[..start]);
            candidates.extend(usable(run, before, len_of(&parts[start..])).map(|a| Anchors {
                prev: Edge::of(&parts[..start], Side::Last),
                next: Edge::of(&parts[end..], Side::First),
                ..a
            }));
            start = end;
        } else {
            if let Some(inner) = best(&parts[start], fold) {
                let before = sum(len_of(&parts[..start]), inner.before);
                let after = sum(inner.after, len_of(&parts[start + 1..]));
                let prev = inner.prev.then_all(&parts[..start], Side::Last);
                let next = inner.next.then_all(&parts[start + 1..], Side::First);
                candidates.push(Anchors { before, after, prev, next, ..inner });
            }
            start += 1;
        }
    }
    candidates.into_iter().max_by_key(worth)
}

/// How good anchors are: long and rare first, then few, then close to the match's start.
fn worth(anchors: &Anchors) -> (u32, std::cmp::Reverse<usize>, bool) {
    let rarity = anchors.literals.iter().map(|l| rarest(l).1).min().unwrap_or(0);
    (rarity, std::cmp::Reverse(anchors.literals.len()), anchors.before == Some(0))
}

/// Returns the offset of the rarest four bytes of a literal, and how rare they are.
///
/// Rarity is judged byte by byte, from how often a byte stands in source text; a shorter literal
/// counts as far commoner than any four bytes.
#[must_use]
pub fn rarest(literal: &[u8]) -> (usize, u32) {
    if literal.len() < 4 {
        return (0, literal.iter().map(|b| u32::from(weight(*b))).sum::<u32>() / 2);
    }
    literal
        .windows(4)
        .enumerate()
        .map(|(at, four)| (at, four.iter().map(|b| u32::from(weight(*b))).sum()))
        .max_by_key(|(at, weight): &(usize, u32)| (*weight, std::cmp::Reverse(*at)))
        .unwrap_or((0, 0))
}

/// A byte's rarity in source text: about minus ten times the logarithm of its share.
fn weight(byte: u8) -> u8 {
    match byte.to_ascii_lowercase() {
        b' ' | b'e' | b't' => 10,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 13,
        b'c' | b'd' | b'l' | b'p' | b'u' | b'_' | b'\n' | b'\t' => 16,
        b'f' | b'g' | b'h' | b'm' | b'b' | b'.' | b',' | b'-' | b'0' | b'*' => 19,
        b'v' | b'w' | b'y' | b'x' | b'k' | b'=' | b'(' | b')' | b'"' | b'/' | b'1' | b';' | b':' | b'2' => 22,
        b'3'..=b'9' | b'\'' | b'<' | b'>' | b'{' | b'}' | b'#' | b'[' | b']' => 26,
        b'j' | b'q' | b'z' => 30,
        _ => 28,
    }
}

fn usable(literals: Vec<Vec<u8>>, before: Option<usize>, after: Option<usize>) -> Option<Anchors> {
    let (prev, next) = (Edge::default(), Edge::default());
    literals.iter().all(|l| l.len() >= SHORTEST).then_some(Anchors { literals, before, after, prev, next })
}

/// Returns the few strings, folded if asked for, that are all `hir` can match, if they are few.
fn exact(hir: &Hir, fold: bool) -> Option<Vec<Vec<u8>>> {
    let mut found = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) => {
            vec![if fold { literal.0.to_ascii_lowercase() } else { literal.0.to_vec() }]
        }
        HirKind::Class(class) => class_bytes(class, fold)?.into_iter().map(|b| vec![b]).collect(),
        HirKind::Capture(capture) => exact(&capture.sub, fold)?,
        HirKind::Repetition(rep) if rep.max == Some(rep.min) && rep.min <= 8 => {
            let one = exact(&rep.sub, fold)?;
            let mut all = vec![Vec::new()];
            for _ in 0..rep.min {
                if all.len() * one.len() > most_literals(fold) {
                    return None;
                }
                all = product(&all, &one);
            }
            all
        }
        HirKind::Repetition(_) => return None,
        HirKind::Concat(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                let next = exact(part, fold)?;
                if all.len() * next.len() > most_literals(fold) {
                    return None;
                }
                all = product(&all, &next);
            }
            all
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(exact(part, fold)?);
                if all.len() > most_literals(fold) {
                    return None;
                }
            }
            all
        }
    };
    found.sort();
    found.dedup();
    (found.len() <= most_literals(fold)).then_some(found)
}

/// The bytes of a small class, folded if asked for; a class of more than eight is no literal.
fn class_bytes(class: &Class, fold: bool) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    match class {
        Class::Bytes(class) => {
            for range in class.ranges() {
                if range.len() > 16 {
                    return None;
                }
                bytes.extend(range.start()..=range.end());
            }
        }
        Class::Unicode(class) => {
            for range in class.ranges() {
                if range.len() > 16 || !range.end().is_ascii() {
                    return None;
                }
                bytes.extend(range.start() as u8..=range.end() as u8);
            }
        }
    }
    if fold {
        bytes.make_ascii_lowercase();
    }
    bytes.sort_unstable();
    bytes.dedup();
    (!bytes.is_empty() && bytes.len() <= 8).then_some(bytes)
}

fn product(left: &[Vec<u8>], right: &[Vec<u8>]) -> Vec<Vec<u8>> {
    left.iter().flat_map(|l| right.iter().map(move |r| [l.as_slice(), r].concat())).collect()
}

fn most(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a?.max(b?))
}

fn sum(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a?.saturating_add(b?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(expression: &str) -> Vec<String> {
        anchors(expression)
            .map(|a| a.literals.iter().map(|l| String::from_utf8_lossy(l).into_owned()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn case_folding_in_the_expression_still_gives_a_literal() {
        assert_eq!(literals(r"(?i)atlas[ _-]?key\s*=\s*([0-9a-f]{32})"), ["atlas"]);
    }

    #[test]
    fn case_is_kept_where_it_is_asked_for() {
        assert_eq!(study("AIza[0-9A-Za-z_-]{35}").unwrap().as_written, [b"AIza"]);
        assert_eq!(study("(?i)zqxj[0-9]+").unwrap().as_written.len(), 16);
    }

    #[test]
    fn groups_are_known_by_name() {
        let groups = study("(a)(?:(?P<secret>b)|(?P<key_id>c))").unwrap().groups;
        assert_eq!(groups, [None, None, Some("secret".into()), Some("key_id".into())]);
    }

    #[test]
    fn alternatives_all_count() {
        assert_eq!(literals(r"(?:postgres|mysql)://[^@]+@"), ["mysql://", "postgres://"]);
    }

    #[test]
    fn an_alternative_without_a_literal_takes_the_anchor_away() {
        assert_eq!(literals(r"(?:token_[a-z]+|[0-9a-f]{32})"), Vec::<String>::new());
    }

    #[test]
    fn the_rarer_of_two_literals_is_taken() {
        assert_eq!(literals(r"secret[0-9]{1,5}zqxj[0-9]+"), ["zqxj"]);
    }

    #[test]
    fn distances_follow_the_parts_around_the_literal() {
        let found = anchors(r"[a-z]{2,5}T3BlbkFJ[A-Z]{20}").unwrap();
        assert_eq!((found.before, found.after), (Some(5), Some(28)));
        let open = anchors(r"zqxj[a-z]+").unwrap();
        assert_eq!((open.before, open.after), (Some(0), None));
    }
}
