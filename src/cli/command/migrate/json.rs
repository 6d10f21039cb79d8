//! The plan, told to a program.

use keywright::model::Finding;
use serde_json::{Value, json};

use super::files::Files;
use super::plan::Plan;
use super::tell::place;
use super::veil::Veil;
use crate::cli::ui::Ui;

/// Tells the plan as one JSON object.
pub(super) fn tell(files: &Files, plan: &Plan<'_>, veil: &Veil<'_>, is_written: bool, ui: &Ui) {
    let findings = plan.findings;
    let sections: Vec<Value> = files
        .foreign
        .iter()
        .zip(&plan.sections)
        .map(|(foreign, section)| {
            let entry = |at: &usize| {
                let entry = &foreign.entries[*at];
                json!({ "line": line(entry.line), "says": veil.over(&entry.says), "rule": entry.rule.as_deref().map(|rule| veil.over(rule)) })
            };
            let hides = section.hides.iter().map(|(at, entries)| {
                let mut shape = one(&findings[*at]);
                shape["entries"] = entries.iter().map(entry).collect();
                shape
            });
            json!({
                "file": foreign.file,
                "tool": foreign.tool,
                "entries": foreign.entries.len(),
                "hides": hides.collect::<Vec<_>>(),
                "no_finding": section.no_finding.iter().map(entry).collect::<Vec<_>>(),
                "idle": section.idle.iter().map(entry).collect::<Vec<_>>(),
                "unsure": section.unsure.iter().map(|(at, why)| {
                    let mut shape = entry(at);
                    shape["why"] = (*why).into();
                    shape
                }).collect::<Vec<_>>(),
                "not_carried_over": foreign.untranslated.iter().map(|skip| {
                    json!({ "line": line(skip.line), "what": veil.over(&skip.what), "why": veil.over(&skip.why) })
                }).collect::<Vec<_>>(),
                "values_in_clear": foreign.in_clear,
            })
        })
        .collect();
    let report = json!({
        "keywright": env!("CARGO_PKG_VERSION"),
        "files": sections,
        "broken": files.broken.iter().map(|e| json!({ "what": e.what, "why": e.why })).collect::<Vec<_>>(),
        "second_look": plan.second_look.iter().map(|(at, why)| {
            let mut shape = one(&findings[*at]);
            shape["why"] = why.as_str().into();
            shape
        }).collect::<Vec<_>>(),
        "kept": plan.kept.iter().map(|(at, other)| {
            let mut shape = one(&findings[*at]);
            shape["also_at"] = place(&findings[*other]).into();
            shape
        }).collect::<Vec<_>>(),
        "write": {
            "entries": plan.entries.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "paths": plan.globs.iter().map(|(glob, _)| veil.over(glob)).collect::<Vec<_>>(),
            "rules": plan.rules.iter().map(|rule| veil.over(&rule.id)).collect::<Vec<_>>(),
        },
        "written": is_written,
    });
    ui.lines(&[serde_json::to_string_pretty(&report).expect("text and numbers can be written as JSON")]);
}

fn one(finding: &Finding) -> Value {
    json!({
        "fingerprint": finding.fingerprint.as_str(),
        "at": place(finding),
        "rule": finding.hit.rule.id,
        "secret": finding.hit.masked,
        "confidence": finding.hit.confidence.word(),
        "already": finding.suppression.is_some(),
    })
}

fn line(line: usize) -> Option<usize> {
    (line > 0).then_some(line)
}
