//! The reports for programs, each read back by a reader that nobody here wrote.

use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::sample::{self, PLAIN, asked_for, finding, in_history, told, zoo};
use super::super::{Format, counts};
use crate::model::text::shown;
use crate::model::{Coverage, Finding, Path, Severity};

/// One finding of every kind, and one whose every text means harm.
fn all_kinds() -> (Vec<Finding>, Coverage) {
    let (mut findings, coverage) = zoo();
    let text = "]]></failure><x y='\"'>&amp;&#0;\u{0}\u{b}\u{fffe}\u{ffff}\u{85}\r\n\t\",=1+1;'é\u{1f600}";
    let mut harm = in_history(finding("r", Severity::Critical, text, 1));
    harm.location.commit.as_mut().unwrap().author = [text.as_bytes(), b"\xff"].concat();
    let rule = std::sync::Arc::get_mut(&mut harm.hit.rule).unwrap();
    (rule.id, rule.description, rule.remedy) = (text.into(), text.repeat(20), text.repeat(400));
    findings.push(harm);
    (findings, coverage)
}

/// What GitLab's schema for secret detection, 15.2.1, asks of the fields that are written here.
fn gitlab_asks() -> Value {
    let some = json!({ "type": "string", "minLength": 1 });
    let time = json!({ "type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$" });
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    let tool = object(
        &["id", "name", "version", "vendor"],
        json!({ "id": some, "name": some, "version": some, "vendor": object(&["name"], json!({ "name": some })) }),
    );
    let message =
        object(&["level", "value"], json!({ "level": { "enum": ["info", "warn", "fatal"] }, "value": some }));
    let scan = object(
        &["analyzer", "scanner", "start_time", "end_time", "status", "type"],
        json!({
            "analyzer": tool, "scanner": tool, "start_time": time, "end_time": time,
            "status": { "enum": ["success", "failure"] }, "type": { "const": "secret_detection" },
            "messages": { "type": "array", "items": message },
        }),
    );
    let commit = json!({ "sha": some, "author": { "type": "string" }, "date": { "type": "string" } });
    let location = json!({
        "file": { "type": "string" }, "start_line": { "type": "number" }, "end_line": { "type": "number" },
        "commit": object(&["sha"], commit),
    });
    let identifier = object(&["type", "name", "value"], json!({ "type": some, "name": some, "value": some }));
    let vulnerability = object(
        &["id", "identifiers", "location"],
        json!({
            "id": some, "name": { "type": "string", "maxLength": 255 },
            "description": { "type": "string", "maxLength": 1_048_576 },
            "severity": { "enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"] },
            "solution": { "type": "string", "maxLength": 7000 },
            "identifiers": { "type": "array", "minItems": 1, "items": identifier },
            "location": object(&["commit"], location), "raw_source_code_extract": { "type": "string" },
        }),
    );
    object(
        &["version", "scan", "vulnerabilities"],
        json!({
            "version": { "type": "string", "pattern": r"^[0-9]+\.[0-9]+\.[0-9]+$" },
            "scan": scan, "vulnerabilities": { "type": "array", "items": vulnerability },
        }),
    )
}

#[test]
fn gitlab_finds_nothing_wrong() {
    let official = std::env::var_os("KEYWRIGHT_GITLAB_SCHEMA").map(|file| {
        let schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert!(schema["self"]["version"].as_str().unwrap().starts_with("15.2."), "another generation");
        schema
    });
    let (findings, coverage) = all_kinds();
    let warnings = [String::new(), "a warning".to_owned()];
    let mut outcome = sample::outcome(&findings, &coverage);
    outcome.warnings = &warnings;
    let leaks = findings.iter().filter(|finding| counts(finding, &outcome)).count();
    let report: Value = serde_json::from_str(&told(Format::Gitlab, &outcome, &PLAIN)).unwrap();
    assert_eq!(report["vulnerabilities"].as_array().unwrap().len(), leaks);
    for schema in [Some(gitlab_asks()), official].into_iter().flatten() {
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(!validator.is_valid(&json!({ "version": "15.2.1" })), "the schema refuses nothing");
        let errors: Vec<_> =
            validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn junit_is_valid_against_the_schema_of_jenkins() {
    let Some(schema) = asked_for("KEYWRIGHT_JUNIT_SCHEMA", "junit") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    let is_valid = |report: &str| {
        std::fs::write(&file, report).unwrap();
        let mut xmllint = Command::new("xmllint");
        xmllint.args(["--nonet", "--noout", "--schema"]).arg(&schema).arg(&file).stdin(Stdio::null());
        let output = xmllint.output().expect("xmllint is there: Debian's libxml2-utils");
        output.status.success().then_some(()).ok_or(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert!(is_valid("<testsuites><testcase/></testsuites>").is_err(), "the schema refuses nothing");
    let (findings, coverage) = all_kinds();
    for findings in [&findings[..], &[]] {
        for coverage in [&coverage, &Coverage::default()] {
            let report = told(Format::Junit, &sample::outcome(findings, coverage), &PLAIN);
            assert_eq!(is_valid(&report), Ok(()));
        }
    }
}

proptest! {
    #[test]
    fn a_table_reads_back_field_for_field(
        names in prop::collection::vec((any::<String>(), "[=+@\t\r\n '\",;\u{3000}-]{0,4}[a=,\"]*"), 1..6),
    ) {
        let mut findings = Vec::new();
        for (n, (author, word)) in names.iter().enumerate() {
            let mut leak = in_history(finding("r", Severity::High, "a", n as u64));
            leak.location.path = Path::new(format!("{word}{author}x"));
            leak.location.commit.as_mut().unwrap().author = author.clone().into_bytes();
            std::sync::Arc::get_mut(&mut leak.hit.rule).unwrap().remedy.clone_from(word);
            findings.push(leak);
        }
        let text = told(Format::Csv, &sample::outcome(&findings, &Coverage::default()), &PLAIN);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), findings.len());
        for row in &rows {
            let finding = findings.iter().find(|f| f.location.line.to_string() == row[at("line")]).unwrap();
            let author = &finding.location.commit.as_ref().unwrap().author;
            let remedy = finding.hit.rule.remedy.as_bytes();
            for (column, bytes) in
                [("path", finding.location.path.bytes()), ("author", author), ("remedy", remedy)]
            {
                let told = shown(bytes).replace("##", r"#\x23");
                let read = &row[at(column)];
                prop_assert!(read == told || read.strip_prefix('\'') == Some(&told), "{} {}", read, told);
                prop_assert!(!read.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", read);
            }
        }
    }
}
