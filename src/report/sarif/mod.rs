//! SARIF 2.1.0, for code scanning services.
//!
//! - `shape`: the part of the standard that is used
//! - `uri`: paths as relative references
//!
//! What counts has kind `fail` and a level; what is only shown has another kind and, as the
//! standard then asks (§3.27.10), the level `none`. GitHub takes a result only with a physical
//! location whose artifact has a `uri`, so the message of a commit, which stands in no file, gets
//! the made-up `commit/<id>` beside its logical location; it has no `uriBaseId`, so that it is not
//! looked for below the repository's root.

mod shape;
mod uri;

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use data_encoding::HEXLOWER;

use self::shape::{
    ArtifactLocation, Configuration, Driver, Invocation, Log, LogicalLocation, Message, Notification,
    PhysicalLocation, Place as Located, Properties, Region, ResultShape, Rule, RuleProperties, Run, SCHEMA,
    SuppressionShape, Tool,
};
use super::escape::write_pretty;
use super::outcome::{Outcome, Standing, Style, message_id, occurrences, place_hash, standing};
use super::veil::{veiled, veiled_text};
use crate::model::text::shown;
use crate::model::{Finding, Place, RuleCard, Severity, Suppression};

/// Tells an outcome as a SARIF log.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    let nth = occurrences(outcome.findings);
    let mut rules = Vec::new();
    let mut known = HashMap::new();
    let mut results = Vec::with_capacity(shown.len());
    for finding in shown {
        let card = &*finding.hit.rule;
        let rule_index = *known.entry(card.id.as_str()).or_insert_with(|| {
            rules.push(rule(card));
            rules.len() - 1
        });
        let nth = nth.get(&std::ptr::from_ref(finding)).copied().unwrap_or(0);
        results.push(result(finding, rule_index, nth, outcome, style));
    }
    let driver = Driver { name: "Keywright", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run {
        tool: Tool { driver },
        invocations: [invocation(outcome)],
        // The model counts columns in bytes, which the standard has no word for. In a line of
        // ASCII both are the same; elsewhere the region begins a little late.
        column_kind: "unicodeCodePoints",
        results,
    };
    write_pretty(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, out)
}

fn rule(card: &RuleCard) -> Rule<'_> {
    let mut tags = vec!["security"];
    for tag in &card.tags {
        if !tags.contains(&tag.as_str()) {
            tags.push(tag);
        }
    }
    Rule {
        id: &card.id,
        short_description: message(&card.description),
        help: message(&card.remedy),
        help_uri: card.docs.as_deref().filter(|page| uri::is_web(page)),
        default_configuration: Configuration { level: level(card.severity) },
        properties: RuleProperties {
            tags,
            security_severity: match card.severity {
                Severity::Critical => Some("9.5"),
                Severity::High => Some("8.0"),
                Severity::Medium => Some("5.0"),
                Severity::Low => Some("2.0"),
                Severity::Info => None,
            },
        },
    }
}

fn result<'a>(
    finding: &'a Finding,
    rule_index: usize,
    nth: u64,
    outcome: &Outcome<'_>,
    style: &Style,
) -> ResultShape<'a> {
    let (hit, location) = (&finding.hit, &finding.location);
    let standing = standing(finding, outcome);
    let (kind, level) = match standing {
        Standing::Leak => ("fail", level(hit.rule.severity)),
        Standing::Identifier => ("informational", "none"),
        Standing::Suppressed | Standing::AlreadyThere | Standing::Unreachable => ("review", "none"),
    };
    let secret = if style.show_secrets { shown(hit.secret.expose()) } else { hit.masked.clone() };
    let commit = location.commit.as_ref();
    let since = commit.map_or(String::new(), |c| format!(" since commit {} of {}", c.short(), c.day()));
    let text = format!("{}: {secret}{since}, confidence {}", hit.rule.description, hit.confidence.word());
    let print = partial_fingerprint(finding, nth);
    let suppressions = finding.suppression.iter().map(|suppression| SuppressionShape {
        kind: if suppression.kind == "inline" { "inSource" } else { "external" },
        status: "accepted",
        justification: justification(suppression).map(|text| veiled_text(&text, finding, style)),
    });
    ResultShape {
        rule_id: &hit.rule.id,
        rule_index,
        kind,
        level,
        message: message(&text),
        locations: [located(finding, style)],
        partial_fingerprints: BTreeMap::from([("keywright/v1", print)]),
        suppressions: suppressions.collect(),
        properties: Properties {
            severity: hit.rule.severity.word(),
            confidence: hit.confidence.word(),
            standing: standing.word(),
            fingerprint: finding.fingerprint.as_str(),
            place: location.place.word(),
            object: location.object.as_deref(),
            commit: commit.map(|commit| commit.id.as_str()),
            in_head: location.in_head,
        },
    }
}

fn located(finding: &Finding, style: &Style) -> Located {
    let location = &finding.location;
    let one_line = location.end_line <= location.line;
    let region = Region {
        start_line: location.line.max(1),
        start_column: location.column.max(1),
        end_line: location.end_line.max(location.line).max(1),
        end_column: location.end_column.max(if one_line { location.column } else { 1 }).max(1),
    };
    let (uri, uri_base_id, logical_locations) = match message_id(location) {
        Some(id) => {
            let kind = if location.place == Place::TagMessage { "tag" } else { "commit" };
            let name = format!("message of {kind} {id}");
            let logical = LogicalLocation { fully_qualified_name: name, kind: "message" };
            (uri::relative(format!("{kind}/{id}").as_bytes()), None, vec![logical])
        }
        None if location.path.bytes().is_empty() => ("unnamed".into(), None, Vec::new()),
        None => {
            let path = veiled(location.path.bytes(), finding, style);
            (uri::relative(&path), Some("%SRCROOT%"), Vec::new())
        }
    };
    let artifact_location = ArtifactLocation { uri, uri_base_id };
    Located { physical_location: PhysicalLocation { artifact_location, region }, logical_locations }
}

/// Names an alert: the secret, the file, and which of its places in the file. Line numbers are
/// left out, so that an alert stays the same when a line is added above it.
fn partial_fingerprint(finding: &Finding, nth: u64) -> String {
    HEXLOWER.encode(&place_hash(finding, nth))
}

fn invocation(outcome: &Outcome<'_>) -> Invocation {
    let coverage = outcome.coverage;
    let skips = coverage.skipped.iter().map(|skip| {
        let mend = if skip.mend.is_empty() { String::new() } else { format!("; {}", skip.mend) };
        let text = format!("not read, {}: {}{mend}", skip.reason.words(), skip.what);
        Notification { level: if skip.reason.is_gap() { "error" } else { "note" }, message: message(&text) }
    });
    let mut notifications: Vec<_> = skips.collect();
    for (reason, count) in &coverage.skipped_count {
        let listed = coverage.skipped.iter().filter(|skip| skip.reason == *reason).count() as u64;
        if *count > listed {
            let text = format!("not read, {}: {} more", reason.words(), count - listed);
            let level = if reason.is_gap() { "error" } else { "note" };
            notifications.push(Notification { level, message: message(&text) });
        }
    }
    let warning = |text: &String| Notification { level: "warning", message: message(text) };
    notifications.extend(outcome.warnings.iter().map(warning));
    Invocation { execution_successful: coverage.is_complete(), tool_execution_notifications: notifications }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Returns text as a message of SARIF, in which brackets make links (§3.11.6) and braces
/// placeholders (§3.11.5): both are escaped, so that no text from outside becomes either.
fn message(text: &str) -> Message {
    let text = shown(text.as_bytes());
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => out.push('\\'),
            '{' | '}' => out.push(c),
            _ => {}
        }
        out.push(c);
    }
    Message { text: out }
}

/// Why a finding is let be and who says so; `None`: nobody said.
fn justification(suppression: &Suppression) -> Option<String> {
    let owner = suppression.owner.as_deref().map(|owner| format!("({owner})"));
    let words: Vec<String> = suppression.reason.clone().into_iter().chain(owner).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests;
