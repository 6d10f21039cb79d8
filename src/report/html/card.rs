//! A secret with its places, as flat as HTML allows: one line for the secret, one for each place, and
//! in each line the same fields in the same order. The style names fields by number, the script splits
//! lines at `<p>`.
//!
//! - a secret: description; severity, rule, masked secret, key id, fingerprint, confidence, remedy
//! - a place: path, line and column, kind, commit, author, date, in `HEAD`, refs, why it does not count,
//!   rule and confidence where they are not the secret's, the line

use std::collections::HashMap;
use std::io::{self, Write};

use super::super::outcome::{Outcome, Standing, message_id, order, standing};
use super::super::veil::veiled;
use super::super::words::{count, digits, ref_words};
use super::text::escaped;
use super::{MASKED, rules, safe};
use crate::model::{Finding, Place, Verdict};

/// How many findings are elements of the page from the start.
const AT_ONCE: usize = 150;
/// How many findings stand in one `<noscript>`: the script reads one, then lets the reader do something.
const A_PORTION: usize = 2000;
/// How many refs of one place are named.
const MOST_REFS: usize = 3;

/// The findings of one secret, those that count first.
struct Card<'a> {
    worst: &'a Finding,
    findings: Vec<(Standing, &'a Finding)>,
}

/// Writes the list of findings, worst first.
pub(super) fn write(outcome: &Outcome<'_>, shown: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<main id=\"findings\">\n<h2 class=\"hidden\">Findings</h2>\n<div id=\"list\">")?;
    let mut page = Page { room: AT_ONCE, portions: 0, out };
    for card in cards(outcome, shown) {
        page.write(&card)?;
    }
    let portions = page.portions;
    if portions > 0 {
        writeln!(out, "</noscript>")?;
    }
    writeln!(out, "</div>")?;
    if portions > 0 {
        // A server may forbid the script and leave scripting on: then the rest is not to be seen.
        let all = digits(shown.len() as u64);
        writeln!(
            out,
            "<p class=\"rest\">The first {AT_ONCE} of {all} findings are listed. The rest is in this file, \
             but whoever serves it forbids its script: save it and open the copy.</p>"
        )?;
    }
    writeln!(out, "</main>")
}

/// Puts findings together by secret; what does not count comes last.
fn cards<'a>(outcome: &Outcome<'_>, shown: &[&'a Finding]) -> Vec<Card<'a>> {
    let mut cards: Vec<Card<'a>> = Vec::new();
    let mut known = HashMap::new();
    for &finding in shown {
        let at = *known.entry(&finding.fingerprint).or_insert_with(|| {
            cards.push(Card { worst: finding, findings: Vec::new() });
            cards.len() - 1
        });
        cards[at].findings.push((standing(finding, outcome), finding));
    }
    for card in &mut cards {
        card.findings.sort_by(|(a, x), (b, y)| {
            let leaks_first = (*a != Standing::Leak).cmp(&(*b != Standing::Leak));
            leaks_first.then_with(|| order(&x.location).cmp(&order(&y.location)))
        });
    }
    cards.sort_by_key(|card| card.findings[0].0 != Standing::Leak);
    cards
}

/// The list, portion by portion.
struct Page<'o> {
    /// How many findings the portion still takes.
    room: usize,
    /// How many `<noscript>` were opened.
    portions: usize,
    out: &'o mut dyn Write,
}

impl Page<'_> {
    /// Writes a card. One that does not fit its portion goes on in the next, with the same head.
    fn write(&mut self, card: &Card<'_>) -> io::Result<()> {
        let mut rest = card.findings.as_slice();
        while !rest.is_empty() {
            if self.room == 0 {
                let end = if self.portions > 0 { "</noscript>\n" } else { "" };
                writeln!(self.out, "{end}<noscript>")?;
                (self.room, self.portions) = (A_PORTION, self.portions + 1);
            }
            let (now, later) = rest.split_at(rest.len().min(self.room));
            writeln!(self.out, "{}", head(card, self.portions == 0))?;
            for (standing, finding) in now {
                writeln!(self.out, "{}", place(finding, *standing, card.worst))?;
            }
            writeln!(self.out, "</ol></article>")?;
            (self.room, rest) = (self.room - now.len(), later);
        }
        Ok(())
    }
}

/// The line of a secret. In a long page only the first say what to do; it stands once for each rule as
/// well.
fn head(card: &Card<'_>, is_first: bool) -> String {
    let worst = card.worst;
    let (hit, rule) = (&worst.hit, &worst.hit.rule);
    let is_open =
        card.findings.iter().any(|(s, _)| !matches!(s, Standing::Identifier | Standing::Suppressed));
    let quiet = if card.findings[0].0 == Standing::Leak { "" } else { " quiet" };
    let text = |text: &str| safe(text.as_bytes(), worst);
    let severity = rule.severity.word();
    let fields = [
        severity.to_owned(),
        rules::name(worst),
        text(&hit.masked),
        hit.key_id.as_deref().map_or_else(String::new, |id| format!("key id {}", text(id))),
        text(worst.fingerprint.as_str()),
        confidence(worst),
        if is_open && is_first { text(&rule.remedy) } else { String::new() },
    ];
    format!(
        "<article class=\"{severity}{quiet}\"><h3>{}</h3><p>{}<ol>",
        text(&rule.description),
        fields.join("<p>")
    )
}

/// The line of a place.
fn place(finding: &Finding, standing: Standing, worst: &Finding) -> String {
    let location = &finding.location;
    let text = |text: &str| safe(text.as_bytes(), finding);
    let commit = location.commit.as_ref();
    let author = |name: &[u8], email: &[u8]| match (name, email) {
        (name, []) => safe(name, finding),
        (name, email) => safe(&[name, b" <", email, b">"].concat(), finding),
    };
    let differs = |differs: bool, text: &dyn Fn() -> String| if differs { text() } else { String::new() };
    let kind = if message_id(location).is_some() { "" } else { location.place.word() };
    let fields = [
        at(finding),
        format!("{}:{}", location.line, location.column),
        kind.replace('-', " "),
        commit.map_or_else(String::new, |commit| text(&commit.id)),
        commit.map_or_else(String::new, |commit| author(&commit.author, &commit.email)),
        commit.map_or_else(String::new, |commit| text(&minute(&commit.date))),
        match location.in_head {
            Some(true) => "still in HEAD".into(),
            Some(false) => "no longer in HEAD".into(),
            None => String::new(),
        },
        spread(finding),
        why_not_counted(finding, standing),
        differs(finding.hit.rule.id != worst.hit.rule.id, &|| rules::name(finding)),
        differs(
            finding.hit.checks != worst.hit.checks || finding.hit.confidence != worst.hit.confidence,
            &|| confidence(finding),
        ),
        text(finding.hit.line_text.trim()),
    ];
    let head = if location.in_head == Some(true) { " head" } else { "" };
    let (standing, confidence) = (standing.word(), finding.hit.confidence.word());
    format!("<li class=\"{standing} {confidence}{head}\"><p>{}", fields.join("<p>"))
}

/// Returns where a finding stands, as HTML.
fn at(finding: &Finding) -> String {
    let location = &finding.location;
    let short = |id: &str| safe(id.get(..10).unwrap_or(id).as_bytes(), finding);
    match message_id(location) {
        Some(id) if location.place == Place::TagMessage => format!("message of tag {}", short(id)),
        Some(id) => format!("message of commit {}", short(id)),
        // Nothing leads to the object, so no path is known.
        None if location.path.bytes().is_empty() => {
            format!("blob {}", short(location.object.as_deref().unwrap_or("unknown")))
        }
        None => safe(location.path.bytes(), finding),
    }
}

/// Returns a moment without its seconds: `2024-05-06 07:08 +02:00`.
fn minute(date: &str) -> String {
    match (date.get(..10), date.get(11..16), date.get(19..)) {
        (Some(day), Some(time), Some(zone)) => format!("{day} {time} {zone}"),
        _ => date.to_owned(),
    }
}

/// Returns which refs hold a finding and how many versions of the file do, as HTML.
fn spread(finding: &Finding) -> String {
    let (refs, versions) = (&finding.location.refs, finding.location.versions);
    let name = |name: &String| {
        let name = veiled(name.as_bytes(), finding, &MASKED);
        escaped(&ref_words(&String::from_utf8_lossy(&name)))
    };
    let mut names: Vec<_> = refs.iter().take(MOST_REFS).map(name).collect();
    if refs.len() > MOST_REFS {
        names.push(format!("+{} more", digits((refs.len() - MOST_REFS) as u64)));
    }
    let mut facts = Vec::new();
    if !names.is_empty() {
        facts.push(format!("on {}", names.join(", ")));
    }
    if versions > 1 {
        facts.push(count(versions.into(), "version"));
    }
    facts.join(" · ")
}

/// Returns how sure a finding is and which checks decided, as HTML.
fn confidence(finding: &Finding) -> String {
    let why = finding.hit.checks.iter().map(|check| match (check.why.as_str(), check.verdict) {
        ("", Verdict::Passed) => format!("its {} is right", escaped(check.name)),
        ("", Verdict::Failed) => format!("its {} is wrong", escaped(check.name)),
        (why, _) => safe(why.as_bytes(), finding),
    });
    let why: Vec<_> = why.collect();
    let colon = if why.is_empty() { "" } else { ": " };
    format!("confidence {}{colon}{}", finding.hit.confidence.word(), why.join(", "))
}

/// Says why a finding does not count, as HTML.
fn why_not_counted(finding: &Finding, standing: Standing) -> String {
    let text = |text: &str| safe(text.as_bytes(), finding);
    match (standing, &finding.suppression) {
        (Standing::Leak, _) => String::new(),
        (Standing::Identifier, _) => "an identifier opens nothing by itself".into(),
        (Standing::AlreadyThere, _) => "already there before this change".into(),
        (Standing::Unreachable, _) => "unreachable: no ref leads to it".into(),
        (Standing::Suppressed, None) => "suppressed".into(),
        (Standing::Suppressed, Some(suppression)) => {
            let reason = suppression.reason.as_deref().map_or_else(|| "no reason given".into(), text);
            let owner = suppression.owner.as_deref();
            let owner = owner.map_or_else(String::new, |owner| format!(" by {}", text(owner)));
            format!("suppressed, {} {}{owner}: {reason}", suppression.kind, text(&suppression.by))
        }
    }
}
