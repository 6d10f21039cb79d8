use proptest::prelude::*;

use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn places(text: &str) -> Vec<(String, Option<u64>, Option<String>)> {
    let report = read(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"));
    report.hints.into_iter().map(|h| (h.path, h.line, h.commit)).collect()
}

/// One finding, at `src/a.env` line 3, as each tool writes it, with the tool's name.
fn each_tool() -> Vec<(&'static str, String, bool)> {
    let sarif = r#"{"$schema":"https://example.com/sarif","version":"2.1.0","runs":[{"results":[{"message":{"text":"m"},"ruleId":"r",
"partialFingerprints":{"commitSha":"COMMIT","email":""},"locations":[{"physicalLocation":{"artifactLocation":
{"uri":"src/a.env"},"region":{"startLine":3,"endLine":3,"snippet":{"text":"hunter2"}}}}]}],
"tool":{"driver":{"name":"Some Tool","rules":[]}}}]}"#;
    let gitleaks = r#"[{"RuleID":"r","Description":"d","StartLine":3,"EndLine":3,"StartColumn":1,"EndColumn":9,
"Match":"hunter2","Secret":"hunter2","File":"src/a.env","SymlinkFile":"","Commit":"COMMIT","Entropy":3.1,
"Author":"A","Email":"a@example.com","Date":"2026-01-02T03:04:05Z","Message":"m","Tags":[],"Fingerprint":"COMMIT:src/a.env:r:3"}]"#;
    let betterleaks = r#"{"schema_version":"1","findings":[{"rule_id":"r","match":{"value":"hunter2"},
"location":{"path":"src/a.env","start_line":3,"end_line":3},"attributes":{"git.sha":"COMMIT"},
"analysis":{"status":"valid"}}],"scan":{"state":"complete"}}"#;
    let betterleaks_lines = r#"{"schema_version":"1","finding":{"rule_id":"r","location":{"path":"src/a.env","start_line":3,"end_line":3},"attributes":{"git.sha":"COMMIT"}}}
{"schema_version":"1","scan":{"state":"complete"}}"#;
    let trufflehog = r#"{"SourceMetadata":{"Data":{"Git":{"commit":"COMMIT","file":"src/a.env","email":"a","repository":"https://example.com/a.git","timestamp":"t","line":3}}},"SourceID":1,"DetectorName":"D","Verified":true,"Raw":"hunter2","Redacted":""}
{"SourceMetadata":{"Data":{"Filesystem":{"file":"src/b.env","line":7}}},"Raw":"hunter2"}"#;
    let kingfisher = r#"{"findings":[{"rule":{"name":"n","id":"r"},"finding":{"snippet":"hunter2","fingerprint":"1","line":3,
"column_start":0,"column_end":9,"path":"/clone/src/a.env","git_metadata":{"repository_url":"https://example.com/a","commit":
{"id":"COMMIT","date":"d"},"file":{"path":"src/a.env","url":"u"}}}}],"stats":{}}"#;
    let detect_secrets = r#"{"version":"1.5.0","plugins_used":[{"name":"X"}],"filters_used":[],"results":{"src/a.env":
[{"type":"T","filename":"src/a.env","hashed_secret":"HASH","is_verified":false,"line_number":3}]},"generated_at":"g"}"#;
    let gitlab = r#"{"version":"15.0.7","scan":{"type":"secret_detection","status":"success"},"vulnerabilities":[{"id":"i",
"location":{"file":"src/a.env","start_line":3,"end_line":3,"commit":{"sha":"COMMIT","author":"A"}}}]}"#;
    [
        ("Some Tool", sarif, true),
        ("gitleaks", gitleaks, true),
        ("betterleaks", betterleaks, true),
        ("betterleaks", betterleaks_lines, true),
        ("TruffleHog", trufflehog, true),
        ("Kingfisher", kingfisher, true),
        ("detect-secrets", detect_secrets, false),
        ("GitLab secret detection", gitlab, true),
    ]
    .map(|(tool, text, has_commit)| (tool, text.replace("COMMIT", COMMIT), has_commit))
    .into()
}

#[test]
fn every_tool_leads_to_the_same_place() {
    for (tool, text, has_commit) in each_tool() {
        let report = read(text.as_bytes()).unwrap_or_else(|e| panic!("{tool}: {e}"));
        assert_eq!((report.tool.as_str(), report.unread), (tool, 0));
        let hint = &report.hints[0];
        assert_eq!((hint.path.as_str(), hint.line), ("src/a.env", Some(3)), "{tool}");
        assert_eq!(hint.commit.as_deref(), has_commit.then_some(COMMIT), "{tool}");
    }
}

#[test]
fn no_secret_of_a_report_is_kept() {
    for (tool, text, _) in each_tool() {
        let report = read(text.as_bytes()).unwrap();
        assert!(!format!("{report:?}").contains("hunter2"), "{tool}");
    }
}

#[test]
fn what_keywright_writes_itself_is_read_with_its_object() {
    let object = "ab".repeat(20);
    let text = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"Keywright"}}}},"results":[
{{"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"a%20b/na%C3%AFve.env"}},"region":{{"startLine":2}}}}}}],
"properties":{{"commit":"{COMMIT}","object":"{object}"}}}},
{{"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"commit/{COMMIT}"}},"region":{{"startLine":1}}}}}}],
"properties":{{"commit":"{COMMIT}"}}}}]}}]}}"#
    );
    let report = read(text.as_bytes()).unwrap();
    let told: Vec<_> = report.hints.iter().map(|h| (h.path.as_str(), h.object.as_deref())).collect();
    assert_eq!(told, [("a b/naïve.env", Some(object.as_str())), ("", None)]);
}

#[test]
fn a_path_that_leads_out_is_refused_and_counted() {
    let deep = "d/".repeat(3000);
    for path in [
        "/etc/passwd",
        "../../etc/passwd",
        "a/../../b",
        r"a\..\b",
        "C:/x",
        r"c:\x",
        r"\\host\share",
        "~/.ssh/id",
        "file:///etc/passwd",
        "a/.git/config",
        ".GIT/hooks/x",
        "a\0b",
        "",
        deep.as_str(),
    ] {
        let path = serde_json::to_string(path).unwrap();
        let text = format!(r#"[{{"RuleID":"r","File":{path},"StartLine":1}},{{"RuleID":"r","File":"ok"}}]"#);
        let report = read(text.as_bytes()).unwrap();
        assert_eq!((report.hints.len(), report.unread), (1, 1), "{path}");
    }
    // Encoded, it is no better.
    for uri in ["..%2F..%2Fetc", "%2e%2e/x", "%2Fetc", "C%3A/x", "a%00b", "%FF", ""] {
        let text = format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{}},"results":[{{"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":"{uri}"}}}}}}]}}]}}]}}"#
        );
        let report = read(text.as_bytes()).unwrap();
        assert_eq!((report.hints.len(), report.unread), (0, 1), "{uri}");
    }
}

#[test]
fn a_commit_is_whole_or_the_entry_is_refused() {
    let one = |commit: &str| format!(r#"[{{"RuleID":"r","File":"a","Commit":"{commit}"}}]"#);
    for commit in ["main", "HEAD~1", "0123456", "--upload-pack=x", &"g".repeat(40), &"a".repeat(41)] {
        let report = read(one(commit).as_bytes()).unwrap();
        assert_eq!((report.hints.len(), report.unread), (0, 1), "{commit}");
    }
    for commit in ["", "0000000", &"0".repeat(40)] {
        assert_eq!(places(&one(commit)), [("a".into(), None, None)], "{commit}");
    }
    let long = "AB".repeat(32);
    assert_eq!(places(&one(&long))[0].2.as_deref(), Some(long.to_lowercase().as_str()));
}

#[test]
fn a_repository_is_a_name_without_a_password() {
    for (given, kept) in [
        ("https://user:hunter2@example.com/a.git?token=hunter2", Some("https://example.com/a.git")),
        ("https://hunter2@example.com", Some("https://example.com")),
        ("git@example.com:a/b.git", Some("git@example.com:a/b.git")),
        ("", None),
        ("a\nb", None),
    ] {
        assert_eq!(repository(given).as_deref(), kept, "{given}");
    }
}

#[test]
fn the_message_of_a_commit_has_no_path() {
    let text = format!(r#"{{"SourceMetadata":{{"Data":{{"Git":{{"commit":"{COMMIT}","line":4}}}}}}}}"#);
    assert_eq!(places(&text), [(String::new(), Some(4), Some(COMMIT.into()))]);
}

#[test]
fn a_line_that_cannot_be_read_is_counted_and_the_others_are_read() {
    let line = r#"{"SourceMetadata":{"Data":{"Git":{"file":"a","line":1}}}}"#;
    let text = format!("{line}\nnot json\n{{\"level\":\"info\"}}\n[1]\n{}\n", line.replace("\"a\"", "\"b\""));
    let report = read(text.as_bytes()).unwrap();
    assert_eq!((report.hints.len(), report.unread), (2, 3));
}

#[test]
fn values_of_another_kind_are_passed_over() {
    let text = r#"[{"RuleID":"r","File":"a","StartLine":"7","EndLine":{},"Commit":null},
{"RuleID":"r","File":["a"],"StartLine":-1},7,null,[],{"RuleID":7,"File":"b"}]"#;
    let report = read(text.as_bytes()).unwrap();
    assert_eq!((report.hints.len(), report.hints[0].line, report.unread), (1, Some(7), 5));
}

#[test]
fn an_artifact_can_be_named_by_its_number() {
    let with = |artifacts: &str| {
        let text = format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{}},"versionControlProvenance":[{{"repositoryUri":"https://example.com/a","revisionId":"{COMMIT}"}}],
"results":[{{"locations":[{{"physicalLocation":{{"artifactLocation":{{"index":1}}}}}}]}}],"artifacts":[{artifacts}]}}]}}"#
        );
        read(text.as_bytes()).unwrap()
    };
    let report = with(r#"{"location":{"uri":"a"}},{"location":{"uri":"b"}}"#);
    assert_eq!((report.hints[0].path.as_str(), report.hints[0].commit.as_deref()), ("b", Some(COMMIT)));
    assert_eq!(report.hints[0].repository.as_deref(), Some("https://example.com/a"));
    assert_eq!(with(r#"{},{"location":{"uri":"b"}}"#).unread, 1);
}

#[test]
fn ten_thousand_times_the_same_place_is_one() {
    let one = r#"{"RuleID":"r","File":"a","StartLine":1}"#;
    let report = read(format!("[{}]", vec![one; 10_000].join(",")).as_bytes()).unwrap();
    assert_eq!((report.hints.len(), report.unread), (1, 0));
}

#[test]
fn more_than_is_taken_is_counted() {
    let lines: Vec<String> =
        (0..MOST + 5).map(|n| format!(r#"{{"RuleID":"r","File":"a","StartLine":{}}}"#, n + 1)).collect();
    let report = read(format!("[{}]", lines.join(",")).as_bytes()).unwrap();
    assert_eq!((report.hints.len(), report.unread), (MOST, 5));
}

#[test]
fn a_file_of_something_else_is_refused_without_its_text() {
    for text in [
        "",
        "   ",
        "hunter2",
        "{}",
        "[hunter2",
        r#"{"hunter2":1}"#,
        r#"{"version":"3.0","runs":[]}"#,
        r#"{"name":"x","scan":1}"#,
        r#"[{"hunter2":1}]"#,
        "{\"a\":\nhunter2",
        "\u{0}",
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(read(&b"[".repeat(100_000)).is_err());
    assert!(read(&b"{\"runs\":".repeat(100_000)).is_err());
}

#[test]
fn a_tools_name_does_no_harm() {
    let text = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"\u001b[31m{}"}}}}}}]}}"#,
        "x".repeat(200)
    );
    let tool = read(text.as_bytes()).unwrap().tool;
    assert!(tool.len() < 100 && !tool.contains('\x1b'), "{tool}");
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes: Vec<u8>) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_broken_report_does_no_harm(tool in 0_usize..8, at: prop::sample::Index, with in ".{0,6}") {
        let text = &each_tool()[tool].1;
        let mut at = at.index(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        if let Ok(report) = read(format!("{}{with}{}", &text[..at], &text[at..]).as_bytes()) {
            prop_assert!(report.hints.iter().all(|h| h.path.is_empty() || is_inside(&h.path)));
        }
        let _ = read(&text.as_bytes()[..at]);
    }

    #[test]
    fn any_path_that_is_taken_stays_inside(path in ".{0,40}") {
        if is_inside(&path) {
            let inside = std::path::Path::new(&path).components();
            for part in inside {
                prop_assert!(matches!(part, std::path::Component::Normal(_)), "{path:?}");
            }
        }
    }
}
