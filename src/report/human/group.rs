//! One secret with its places.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{self, Write};

use super::super::outcome::{Outcome, Standing, Style, message_id, order, standing};
use super::super::veil::veiled;
use super::super::words::{calm, count, cut, digits, ref_words};
use super::paint::Paint;
use crate::model::credential::Liveness;
use crate::model::text::shown;
use crate::model::{Finding, Place, Severity, Verdict};

/// How many places of one secret are listed.
const LONGEST_LIST: usize = 20;
/// How many refs of one place are listed.
const MOST_REFS: usize = 3;
/// The narrowest a line is cut to, however narrow the terminal.
const NARROWEST: usize = 20;

/// The findings of one secret, those that count first.
pub(super) struct Group<'a> {
    /// The worst of them.
    worst: &'a Finding,
    findings: Vec<&'a Finding>,
    /// Whether any of them counts.
    counts: bool,
    /// Whether any of them, counted or not, still asks for something to be done.
    is_open: bool,
}

/// Puts findings, worst first, together by secret. What does not count comes last.
pub(super) fn groups<'a>(findings: &[&'a Finding], outcome: &Outcome<'_>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut known = HashMap::new();
    let leaks = |finding: &Finding| standing(finding, outcome) == Standing::Leak;
    for &finding in findings {
        let at = *known.entry(&finding.fingerprint).or_insert_with(|| {
            groups.push(Group { worst: finding, findings: Vec::new(), counts: false, is_open: false });
            groups.len() - 1
        });
        groups[at].counts |= leaks(finding);
        groups[at].is_open |=
            !matches!(standing(finding, outcome), Standing::Identifier | Standing::Suppressed);
        groups[at].findings.push(finding);
    }
    for group in &mut groups {
        group.findings.sort_by(|a, b| {
            leaks(b).cmp(&leaks(a)).then_with(|| order(&a.location).cmp(&order(&b.location)))
        });
    }
    groups.sort_by_key(|group| !group.counts);
    groups
}

impl Group<'_> {
    /// Writes the secret, its places, and what to do.
    pub(super) fn write(&self, outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let paint = Paint { colour: style.colour };
        self.write_head(style, paint, out)?;
        let mut told = HashSet::new();
        for finding in self.findings.iter().take(LONGEST_LIST) {
            write_place(finding, standing(finding, outcome), style, paint, out)?;
            if told.insert(finding.hit.line_text.trim()) {
                write_line(finding, style, paint, out)?;
            }
        }
        if self.findings.len() > LONGEST_LIST {
            writeln!(out, "  +{}", count((self.findings.len() - LONGEST_LIST) as u64, "more location"))?;
        }
        if self.is_open && !self.worst.hit.rule.remedy.is_empty() {
            writeln!(out, "\n  {} {}", paint.bold("do:"), calm(self.worst.hit.rule.remedy.as_bytes()))?;
        }
        Ok(())
    }

    /// Tells whether any of the findings counts.
    pub(super) fn counts(&self) -> bool {
        self.counts
    }

    /// Writes the places that count, the line of the first, and why it is a secret: for a hook.
    pub(super) fn write_brief(
        &self,
        outcome: &Outcome<'_>,
        most: usize,
        style: &Style,
        paint: Paint,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let hit = &self.worst.hit;
        let leaks = self.findings.iter().filter(|f| standing(f, outcome) == Standing::Leak);
        let number = leaks.clone().count();
        for finding in leaks.take(most) {
            let location = &finding.location;
            let commit = location.commit.as_ref().filter(|_| location.place != Place::CommitMessage);
            let commit = commit.map_or(String::new(), |c| format!("  {}", calm(c.short().as_bytes())));
            writeln!(out, "  {}:{}{commit}", paint.bold(place(finding, style)), location.line)?;
        }
        if number > most {
            writeln!(out, "  +{}", count((number - most) as u64, "more place"))?;
        }
        write_line(self.worst, style, paint, out)?;
        let severity = paint.bad(hit.rule.severity.word());
        writeln!(out, "    {severity}: {}", calm(hit.rule.description.as_bytes()))?;
        let checks = self.checks(style);
        if !checks.is_empty() {
            writeln!(out, "    {}", paint.faint(format!("why: {checks}")))?;
        }
        Ok(())
    }

    /// Says what the checks found.
    fn checks(&self, style: &Style) -> String {
        let words = self.worst.hit.checks.iter().map(|check| {
            let why = calm(&veiled(check.why.as_bytes(), self.worst, style));
            match (why.is_empty(), check.verdict) {
                (false, _) => why,
                (true, Verdict::Passed) => format!("its {} is right", check.name),
                (true, Verdict::Failed) => format!("its {} is wrong", check.name),
            }
        });
        words.collect::<Vec<_>>().join(", ")
    }

    fn write_head(&self, style: &Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
        let hit = &self.worst.hit;
        let severity = hit.rule.severity.word();
        let severity = match hit.rule.severity {
            _ if !self.counts => paint.faint(severity),
            Severity::Critical | Severity::High => paint.bad(severity),
            Severity::Medium => paint.warn(severity),
            Severity::Low | Severity::Info => paint.bold(severity),
        };
        let (id, about) = (calm(hit.rule.id.as_bytes()), calm(hit.rule.description.as_bytes()));
        writeln!(out, "{severity}  {}  {about}", paint.bold(id))?;

        let secret = if style.show_secrets { shown(hit.secret.expose()) } else { hit.masked.clone() };
        let word = if hit.rule.severity == Severity::Info { "identifier" } else { "secret" };
        let mut facts = vec![format!("{word} {}", paint.bold(calm(secret.as_bytes())))];
        if let Some(id) = &hit.key_id {
            facts.push(format!("key id {}", calm(&veiled(id.as_bytes(), self.worst, style))));
        }
        if let Some(liveness) = self.worst.liveness {
            facts.push(match liveness {
                Liveness::Alive => paint.bad("alive"),
                other => other.to_string(),
            });
        }
        facts.push(format!("fingerprint {}", calm(self.worst.fingerprint.short().as_bytes())));
        let others: BTreeSet<_> = self.findings.iter().map(|f| &f.hit.rule.id).collect();
        for other in others.into_iter().filter(|other| **other != hit.rule.id) {
            facts.push(format!("also {}", calm(other.as_bytes())));
        }
        writeln!(out, "  {}", facts.join(" · "))?;

        let checks = self.checks(style);
        let why = if checks.is_empty() { String::new() } else { format!(": {checks}") };
        writeln!(out, "  {}", paint.faint(format!("confidence {}{why}", hit.confidence.word())))
    }
}

/// Writes where a finding stands, what is known of its history, and why it does not count.
fn write_place(
    finding: &Finding,
    standing: Standing,
    style: &Style,
    paint: Paint,
    out: &mut dyn Write,
) -> io::Result<()> {
    let location = &finding.location;
    let safe = |bytes: &[u8]| calm(&veiled(bytes, finding, style));
    let at = place(finding, style);
    let mut facts = Vec::new();
    if message_id(location).is_none() {
        facts.push(location.place.word().replace('-', " "));
    }
    if let Some(commit) = &location.commit {
        let id = if location.place == Place::CommitMessage { "" } else { commit.short() };
        let who = [calm(id.as_bytes()), safe(&commit.author), calm(commit.day().as_bytes())];
        facts.push(who.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "));
    }
    match location.in_head {
        Some(true) => facts.push(paint.warn("still in HEAD")),
        Some(false) => facts.push("no longer in HEAD".into()),
        None => {}
    }
    writeln!(out, "\n  {}:{}:{}  {}", paint.bold(at), location.line, location.column, facts.join(" · "))?;

    let mut spread: Vec<String> = location
        .refs
        .iter()
        .take(MOST_REFS)
        .map(|name| ref_words(&String::from_utf8_lossy(&veiled(name.as_bytes(), finding, style))))
        .collect();
    if location.refs.len() > MOST_REFS {
        spread.push(format!("+{} more", digits((location.refs.len() - MOST_REFS) as u64)));
    }
    let mut facts = Vec::new();
    if !spread.is_empty() {
        facts.push(format!("on {}", spread.join(", ")));
    }
    if location.versions > 1 {
        facts.push(count(location.versions.into(), "version"));
    }
    if !facts.is_empty() {
        writeln!(out, "    {}", facts.join(" · "))?;
    }
    match why_not_counted(finding, standing, style) {
        Some(why) => writeln!(out, "    {}", paint.faint(format!("not counted: {why}"))),
        None => Ok(()),
    }
}

/// Says where a finding stands, without its line.
pub(super) fn place(finding: &Finding, style: &Style) -> String {
    let location = &finding.location;
    match (message_id(location), location.place) {
        (Some(id), Place::TagMessage) => format!("message of tag {}", short(id)),
        // Not stored yet.
        (Some(_), _) if location.object.is_none() => "message".into(),
        (Some(id), _) => format!("message of commit {}", short(id)),
        // Nothing leads to the object, so no path is known.
        (None, _) if location.path.bytes().is_empty() => {
            format!("blob {}", short(location.object.as_deref().unwrap_or("unknown")))
        }
        (None, _) => calm(&veiled(location.path.bytes(), finding, style)),
    }
}

/// Writes the masked line.
fn write_line(finding: &Finding, style: &Style, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let line = calm(&veiled(finding.hit.line_text.trim().as_bytes(), finding, style));
    if line.is_empty() {
        return Ok(());
    }
    let width = style.width.saturating_sub(6).max(NARROWEST);
    writeln!(out, "    {} {}", paint.faint("|"), cut(&line, &calm(finding.hit.masked.as_bytes()), width))
}

/// Says why a finding does not count.
pub(super) fn why_not_counted(finding: &Finding, standing: Standing, style: &Style) -> Option<String> {
    let safe = |text: &str| calm(&veiled(text.as_bytes(), finding, style));
    match standing {
        Standing::Leak => None,
        Standing::Identifier => Some("an identifier opens nothing by itself".into()),
        Standing::AlreadyThere => Some("already there before this change".into()),
        Standing::Unreachable => Some("no ref reaches it (--all-objects counts it)".into()),
        Standing::Suppressed => finding.suppression.as_ref().map(|suppression| {
            let reason = match suppression.reason.as_deref() {
                Some(reason) => safe(reason),
                None => "no reason given".into(),
            };
            let owner =
                suppression.owner.as_deref().map_or(String::new(), |owner| format!(" by {}", safe(owner)));
            format!("suppressed, {} `{}`{owner}: {reason}", suppression.kind, safe(&suppression.by))
        }),
    }
}

/// Returns the first ten characters of an id.
fn short(id: &str) -> String {
    calm(id.get(..10).unwrap_or(id).as_bytes())
}
