//! A trace on the screen: each stage's word, and what came of it.

use keywright::detect::explain::{End, Trace};
use keywright::model::text::shown;
use keywright::model::{Finding, Severity, Status};

use super::words::{Screen, wrap};
use crate::cli::survey::Survey;

/// What a group of traces has in common.
pub(super) fn end_words(end: End) -> &'static str {
    match end {
        End::Found => "found",
        End::Lost => "matched too, and gave way:",
        End::Dropped => "matched, and was let go:",
        End::Near => "came near, and does not match:",
    }
}

/// A rule and what each stage saw.
pub(super) fn paint(place: &str, trace: &Trace, screen: Screen) -> String {
    let rule = &trace.rule;
    let head = [shown(rule.id.as_bytes()), shown(rule.description.as_bytes())];
    let mut out = format!("{}  {}  {}\n", screen.bold(&head[0]), head[1], screen.faint(place));
    for step in &trace.steps {
        let mark = match step.holds {
            Some(true) => screen.good("+"),
            Some(false) => screen.bad("-"),
            None => " ".into(),
        };
        for (at, line) in wrap(&step.why, screen.width.saturating_sub(18)).iter().enumerate() {
            out += &if at == 0 {
                format!("  {mark} {}  {line}\n", screen.faint(&format!("{:<11}", step.name)))
            } else {
                format!("{:17}{line}\n", "")
            };
        }
    }
    out
}

/// What came of a match in the end: whether it counts, and if not, who says so.
pub(super) fn close(trace: &Trace, bytes: &[u8], survey: Option<&Survey>, screen: Screen) -> String {
    let line = 1 + bytes[..trace.span.start.min(bytes.len())].iter().filter(|b| **b == b'\n').count() as u64;
    let own = |f: &&Finding| f.hit.rule.id == trace.rule.id && f.location.line == line;
    let Some((survey, finding)) = survey.and_then(|s| Some((s, s.findings.iter().find(own)?))) else {
        let word = trace.confidence.map_or("", |c| c.word());
        return format!("  = {}\n", screen.bold(&format!("found, confidence {word}")));
    };
    let verdict = if let Some(suppression) = &finding.suppression {
        let reason = suppression.reason.as_deref().unwrap_or("no reason given");
        format!(
            "does not count: {} `{}`: {}",
            suppression.kind,
            shown(suppression.by.as_bytes()),
            shown(reason.as_bytes())
        )
    } else if finding.status != Status::Counts {
        format!("does not count: {}", finding.status.word())
    } else if finding.hit.rule.severity == Severity::Info {
        "does not count: a mere identifier".into()
    } else if finding.hit.confidence < survey.least {
        format!("does not count: {} confidence is asked for", survey.least.word())
    } else {
        "counts".into()
    };
    let secret = format!("secret {} · fingerprint {}", finding.hit.masked, finding.fingerprint.short());
    format!("  = {} · {secret}\n", screen.bold(&verdict))
}
