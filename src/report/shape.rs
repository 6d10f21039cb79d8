//! Findings and coverage as JSON objects. The names of these fields are a promise to scripts:
//! fields are added, never renamed.

use data_encoding::BASE64;
use serde::Serialize;

use super::outcome::{Outcome, Standing, Style, message_id, standing};
use super::tally::Tally;
use super::veil::{veiled, veiled_text};
use crate::model::text::shown;
use crate::model::{Coverage, Finding, SkipReason, Verdict};

/// A finding.
#[derive(Serialize)]
pub(super) struct FindingShape<'a> {
    rule: &'a str,
    description: &'a str,
    provider: Option<&'a str>,
    severity: &'static str,
    confidence: &'static str,
    checks: Vec<CheckShape<'a>>,
    fingerprint: &'a str,
    /// Masked; in clear only with `--show-secrets`.
    secret: String,
    key_id: Option<String>,
    /// What its provider said, where it was asked: `alive`, `dead`, `cannot tell`.
    #[serde(skip_serializing_if = "Option::is_none")]
    liveness: Option<&'static str>,
    /// `null` for a message.
    path: Option<String>,
    /// The exact bytes in base64, where the path is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    place: &'static str,
    line: u64,
    /// In bytes, counted from one.
    column: u64,
    end_line: u64,
    end_column: u64,
    line_text: String,
    object: Option<&'a str>,
    commit: Option<CommitShape<'a>>,
    in_head: Option<bool>,
    refs: Vec<String>,
    versions: u32,
    status: &'static str,
    counts: bool,
    suppression: Option<SuppressionShape<'a>>,
    remedy: &'a str,
    docs: Option<&'a str>,
}

#[derive(Serialize)]
struct CheckShape<'a> {
    name: &'a str,
    verdict: &'static str,
    why: String,
}

#[derive(Serialize)]
struct CommitShape<'a> {
    id: &'a str,
    author: String,
    email: String,
    date: &'a str,
}

#[derive(Serialize)]
struct SuppressionShape<'a> {
    kind: &'a str,
    by: String,
    owner: Option<String>,
    reason: Option<String>,
}

impl<'a> FindingShape<'a> {
    /// Returns a finding, ready to be serialised.
    pub(super) fn of(finding: &'a Finding, outcome: &Outcome<'_>, style: &Style) -> Self {
        let (hit, location) = (&finding.hit, &finding.location);
        let text = |text: &str| veiled_text(text, finding, style);
        let name = |bytes: &[u8]| shown(&veiled(bytes, finding, style));
        let is_file = message_id(location).is_none();
        let path = veiled(location.path.bytes(), finding, style);
        Self {
            rule: &hit.rule.id,
            description: &hit.rule.description,
            provider: hit.rule.provider.as_deref(),
            severity: hit.rule.severity.word(),
            confidence: hit.confidence.word(),
            checks: hit
                .checks
                .iter()
                .map(|check| CheckShape {
                    name: check.name,
                    verdict: verdict(check.verdict),
                    why: text(&check.why),
                })
                .collect(),
            fingerprint: finding.fingerprint.as_str(),
            secret: if style.show_secrets {
                String::from_utf8_lossy(hit.secret.expose()).into_owned()
            } else {
                hit.masked.clone()
            },
            key_id: hit.key_id.as_deref().map(text),
            liveness: finding.liveness.map(crate::model::credential::Liveness::word),
            path: is_file.then(|| String::from_utf8_lossy(&path).into_owned()),
            path_bytes: (is_file && str::from_utf8(&path).is_err()).then(|| BASE64.encode(&path)),
            place: location.place.word(),
            line: location.line,
            column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
            line_text: text(&hit.line_text),
            object: location.object.as_deref(),
            commit: location.commit.as_ref().map(|commit| CommitShape {
                id: &commit.id,
                author: name(&commit.author),
                email: name(&commit.email),
                date: &commit.date,
            }),
            in_head: location.in_head,
            refs: location.refs.iter().map(|name| text(name)).collect(),
            versions: location.versions,
            status: finding.status.word(),
            counts: standing(finding, outcome) == Standing::Leak,
            suppression: finding.suppression.as_ref().map(|suppression| SuppressionShape {
                kind: suppression.kind,
                by: text(&suppression.by),
                owner: suppression.owner.as_deref().map(text),
                reason: suppression.reason.as_deref().map(text),
            }),
            remedy: &hit.rule.remedy,
            docs: hit.rule.docs.as_deref(),
        }
    }
}

/// The word for a check's verdict.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
    }
}

/// The numbers of a run.
#[derive(Serialize)]
pub(super) struct SummaryShape<'a> {
    #[serde(flatten)]
    tally: Tally,
    min_confidence: &'a str,
    all_objects: bool,
    /// Whether everything asked for was read.
    complete: bool,
    rules: usize,
    seconds: f64,
}

impl SummaryShape<'_> {
    /// Returns the numbers of a run whose shown findings are `shown`.
    pub(super) fn of(outcome: &Outcome<'_>, shown: &[&Finding]) -> Self {
        Self {
            tally: Tally::of(outcome, shown),
            min_confidence: outcome.least.word(),
            all_objects: outcome.all_objects,
            complete: outcome.coverage.is_complete(),
            rules: outcome.rules,
            seconds: (outcome.seconds * 1000.0).round() / 1000.0,
        }
    }
}

/// What was read, and what was not.
#[derive(Serialize)]
pub(super) struct CoverageShape<'a> {
    files: u64,
    index_entries: u64,
    objects_expected: u64,
    objects_read: u64,
    commits: u64,
    bytes: u64,
    /// When the history was read, where that was not now.
    #[serde(skip_serializing_if = "Option::is_none")]
    history_known_since: Option<&'a str>,
    skipped: Vec<SkipShape<'a>>,
}

/// Everything that was skipped for one reason.
#[derive(Serialize)]
struct SkipShape<'a> {
    reason: &'static str,
    /// Whether it leaves the scan incomplete.
    gap: bool,
    count: u64,
    /// The first of them.
    listed: Vec<SkippedShape<'a>>,
}

#[derive(Serialize)]
struct SkippedShape<'a> {
    what: &'a str,
    mend: Option<&'a str>,
}

impl<'a> CoverageShape<'a> {
    /// Returns a coverage, ready to be serialised.
    pub(super) fn of(coverage: &'a Coverage) -> Self {
        let listed = |reason: SkipReason| {
            let skips = coverage.skipped.iter().filter(move |skip| skip.reason == reason);
            skips.map(|skip| SkippedShape {
                what: &skip.what,
                mend: Some(skip.mend.as_str()).filter(|mend| !mend.is_empty()),
            })
        };
        let skip = |(&reason, &count)| SkipShape {
            reason: SkipReason::words(reason),
            gap: SkipReason::is_gap(reason),
            count,
            listed: listed(reason).collect(),
        };
        Self {
            files: coverage.files,
            index_entries: coverage.index_entries,
            objects_expected: coverage.objects_expected,
            objects_read: coverage.objects_read,
            commits: coverage.commits,
            bytes: coverage.bytes,
            history_known_since: coverage.known_since.as_deref(),
            skipped: coverage.skipped_count.iter().map(skip).collect(),
        }
    }
}
