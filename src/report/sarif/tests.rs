//! SARIF, held against stories and against the standard's own schema.

use serde_json::Value;

use super::super::Format;
use super::super::sample::{self, PLAIN, asked_for, finding, in_history, told, zoo};
use super::partial_fingerprint;
use crate::model::{Confidence, Coverage, Finding, Place, Severity};

fn sarif(findings: &[Finding], coverage: &Coverage) -> Value {
    serde_json::from_str(&told(Format::Sarif, &sample::outcome(findings, coverage), &PLAIN)).unwrap()
}

#[test]
fn a_leak_is_told_with_rule_place_and_print() {
    let findings = [in_history(finding("example-token", Severity::High, "deploy/a b.env", 3))];
    let text = told(Format::Sarif, &sample::outcome(&findings, &Coverage::default()), &PLAIN)
        .replace(env!("CARGO_PKG_VERSION"), "[version]");
    insta::assert_snapshot!(text, @r#"
    {
      "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        {
          "tool": {
            "driver": {
              "name": "Keywright",
              "semanticVersion": "[version]",
              "rules": [
                {
                  "id": "example-token",
                  "shortDescription": {
                    "text": "Example token"
                  },
                  "help": {
                    "text": "Revoke it in the console."
                  },
                  "helpUri": "https://example.com/keys",
                  "defaultConfiguration": {
                    "level": "error"
                  },
                  "properties": {
                    "tags": [
                      "security",
                      "token"
                    ],
                    "security-severity": "8.0"
                  }
                }
              ]
            }
          },
          "invocations": [
            {
              "executionSuccessful": true,
              "toolExecutionNotifications": []
            }
          ],
          "columnKind": "unicodeCodePoints",
          "results": [
            {
              "ruleId": "example-token",
              "ruleIndex": 0,
              "kind": "fail",
              "level": "error",
              "message": {
                "text": "Example token: …qqqq since commit 1a2b3c4d5e of 2024-05-06, confidence high"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "deploy/a%20b.env",
                      "uriBaseId": "%SRCROOT%"
                    },
                    "region": {
                      "startLine": 3,
                      "startColumn": 7,
                      "endLine": 3,
                      "endColumn": 34
                    }
                  }
                }
              ],
              "partialFingerprints": {
                "keywright/v1": "ad48ce150745f48d59e33de62eb0ef0938df9a141de560d4d681399ffc319360"
              },
              "properties": {
                "severity": "high",
                "confidence": "high",
                "standing": "leak",
                "fingerprint": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "place": "history",
                "object": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                "commit": "1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e",
                "inHead": false
              }
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn what_does_not_count_does_not_fail() {
    let (findings, coverage) = zoo();
    let log = sarif(&findings, &coverage);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), findings.len());
    for result in results {
        let fails = result["kind"] == "fail";
        assert_eq!(fails, result["properties"]["standing"] == "leak");
        assert_eq!(fails, result["level"] != "none");
        assert_eq!(result["properties"]["standing"] == "suppressed", result["suppressions"].is_array());
    }
}

#[test]
fn each_rule_is_listed_once_and_each_result_points_at_its_own() {
    let (findings, coverage) = zoo();
    let log = sarif(&findings, &coverage);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 6);
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn a_message_of_a_commit_has_a_place_of_its_own() {
    let mut message = in_history(finding("r", Severity::High, "", 2));
    message.location.place = Place::CommitMessage;
    let log = sarif(&[message], &Coverage::default());
    let location = &log["runs"][0]["results"][0]["locations"][0];
    let id = "1a2b3c4d5e".repeat(4);
    assert_eq!(
        location["physicalLocation"]["artifactLocation"],
        serde_json::json!({ "uri": format!("commit/{id}") })
    );
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], format!("message of commit {id}"));
}

#[test]
fn a_run_that_could_not_read_everything_was_not_successful() {
    let (findings, coverage) = zoo();
    let log = sarif(&findings, &coverage);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let told = invocation["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(told.len(), 102);
    assert!(told.iter().any(|n| n["message"]["text"] == "not read, missing: 50 more"));
    assert_eq!(sarif(&[], &Coverage::default())["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn the_print_of_an_alert_outlives_a_moved_line_and_another_threshold() {
    let prints = |log: &Value| {
        let results = log["runs"][0]["results"].as_array().unwrap();
        let mut prints: Vec<_> =
            results.iter().map(|r| r["partialFingerprints"]["keywright/v1"].to_string()).collect();
        prints.sort();
        prints
    };
    let at = |lines: [u64; 2]| lines.map(|line| finding("r", Severity::High, "a", line));
    let before = prints(&sarif(&at([1, 5]), &Coverage::default()));
    assert_ne!(before[0], before[1]);
    assert_eq!(before, prints(&sarif(&at([9, 3]), &Coverage::default())));

    let mut unsure = at([1, 5]);
    unsure[0].hit.confidence = Confidence::Low;
    let shown = prints(&sarif(&unsure, &Coverage::default()));
    assert_eq!(shown, [format!("\"{}\"", partial_fingerprint(&unsure[1], 1))]);
}

#[test]
fn a_description_makes_neither_link_nor_placeholder() {
    assert_eq!(super::message("a [b](1) {0} \\").text, r"a \[b\](1) {{0}} \\");
}

#[test]
fn a_log_is_valid_against_the_official_schema() {
    let Some(file) = asked_for("KEYWRIGHT_SARIF_SCHEMA", "sarif") else { return };
    let mut schema: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    // The published schema has a stray `]` in these two expressions, which a strict reader refuses
    // to compile; neither field is written here.
    for object in ["run", "toolComponent"] {
        schema["definitions"][object]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0" })), "the schema refuses nothing");
    let (findings, coverage) = zoo();
    for log in [sarif(&findings, &coverage), sarif(&[], &Coverage::default())] {
        let errors: Vec<_> =
            validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}
