//! What was known when scanning began.

use serde::Deserialize;

use super::entry::Entry;
use super::file::{IgnoreFile, SuppressError};
use crate::model::Fingerprint;

/// What is read of a report.
#[derive(Deserialize)]
struct Report {
    keywright: Option<serde::de::IgnoredAny>,
    findings: Option<Vec<Known>>,
}

#[derive(Deserialize)]
struct Known {
    fingerprint: Option<String>,
    rule: Option<String>,
    path: Option<String>,
}

/// Reads a baseline: a file of entries, or a report of `keywright scan --format json`.
///
/// # Errors
/// [`SuppressError`]: it is neither, or broken. Nothing of a broken one is used.
pub fn read_baseline(name: &str, text: &str) -> Result<IgnoreFile, SuppressError> {
    if !text.trim_start().starts_with(['{', '[']) {
        return IgnoreFile::parse(name, text);
    }
    let wrong =
        |line: usize, why: &str, mend| SuppressError { file: name.into(), line, why: why.into(), mend };
    const FOREIGN: &str = "`keywright migrate` reads what gitleaks, detect-secrets and others left";
    let report: Report = match serde_json::from_str(text) {
        Ok(report) => report,
        Err(e) if e.is_data() => return Err(wrong(e.line(), "it is no report of keywright's", FOREIGN)),
        Err(e) => {
            let mend = "it was cut short or changed: write it anew with `keywright ignore baseline`";
            return Err(wrong(e.line().max(1), "the JSON breaks off here", mend));
        }
    };
    let (Some(_), Some(findings)) = (report.keywright, report.findings) else {
        return Err(wrong(1, "it is no report of keywright's", FOREIGN));
    };
    let mut file = IgnoreFile::default();
    let mut met = std::collections::HashSet::new();
    for known in findings {
        let print = known.fingerprint.as_deref().and_then(Fingerprint::parse).ok_or_else(|| {
            let mend = "it is a report of another version: write it anew with `keywright ignore baseline`";
            wrong(1, "a finding in it has no fingerprint", mend)
        })?;
        if met.insert(print.clone()) {
            file.add_new(Entry { rule: known.rule, seen: known.path, ..Entry::new(print) });
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, String> {
        read_baseline("b", text).map(|file| file.entries().count()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_report_is_a_baseline() {
        let print = "0a".repeat(32);
        let finding = format!(r#"{{"rule":"r","fingerprint":"{print}","path":null,"line":3}}"#);
        assert_eq!(
            read(&format!(r#"{{"keywright":"0.1.0","findings":[{finding},{finding}],"more":1}}"#)),
            Ok(1)
        );
        assert_eq!(read(&format!("{print} rule=r\n")), Ok(1));
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(
            read(r#"{"keywright":"0.1.0","findings":[{"#).unwrap_err(),
            "b: line 1: the JSON breaks off here"
        );
        assert_eq!(read(r#"[{"RuleID":"x"}]"#).unwrap_err(), "b: line 1: it is no report of keywright's");
        assert_eq!(
            read(r#"{"version":"1.5.0","results":{}}"#).unwrap_err(),
            "b: line 1: it is no report of keywright's"
        );
        assert_eq!(
            read(r#"{"keywright":"9","findings":[{"rule":"r"}]}"#).unwrap_err(),
            "b: line 1: a finding in it has no fingerprint"
        );
    }
}
