//! Stories about detection with rules made for them.

use super::*;
use crate::rule::template::fill;
use crate::rule::{Trust, read};

fn detector(rules: &str) -> Detector {
    let mut set = RuleSet::default();
    set.add(read("test.toml", rules).unwrap(), Trust::Operator).unwrap();
    Detector::new(set)
}

fn found(rules: &str, text: &str) -> Vec<(String, String)> {
    let hits = detector(rules).detect(text.as_bytes(), &Extent::whole(text.len()));
    let clear = |h: &Hit| String::from_utf8_lossy(h.secret.expose()).into_owned();
    hits.iter().map(|h| (h.rule.id.clone(), clear(h))).collect()
}

#[test]
fn a_name_without_case_is_found_inside_base64_as_people_write_it() {
    let rules = "[[rules]]\nid = \"acme\"\nregex = '(?i:acmecorp)_([a-z0-9]{8})'\n";
    for name in ["acmecorp", "ACMECORP", "Acmecorp"] {
        let text = data_encoding::BASE64.encode(format!("{name}_q8zr1vt0").as_bytes());
        assert_eq!(found(rules, &text), [("acme".into(), "q8zr1vt0".into())], "{name}");
    }
}

const ACME: &str = "[[rules]]\nid = \"acme\"\nregex = 'acme_([a-z0-9]{8})'\n";

#[test]
fn a_match_has_line_and_column() {
    let hits = detector(ACME).detect(b"one\n  k=acme_q8zr1vt0", &Extent::whole(20));
    assert_eq!((hits[0].line, hits[0].column, hits[0].end_column), (2, 10, 18));
    assert_eq!(hits[0].span, 13..21);
}

#[test]
fn a_piece_of_a_stream_counts_lines_from_where_it_stands() {
    let extent = Extent { lines_before: 100, column_before: 7, own: 0..40 };
    let hits = detector(ACME).detect(b"acme_q8zr1vt0 \nacme_q8zr1vt1", &extent);
    assert_eq!((hits[0].line, hits[0].column), (101, 13));
    assert_eq!((hits[1].line, hits[1].column), (102, 6));
}

#[test]
fn a_secret_belongs_to_the_piece_it_begins_in() {
    let extent = Extent { lines_before: 0, column_before: 0, own: 0..10 };
    let hits = detector(ACME).detect(b"acme_q8zr1vt0 acme_q8zr1vt1", &extent);
    assert_eq!(hits.len(), 1);
}

#[test]
fn boundaries_are_asked_on_both_sides() {
    let rules = format!("{ACME}not_before = '[a-z]'\nnot_after = '[a-z0-9]'\n");
    assert_eq!(found(&rules, "xacme_q8zr1vt0 acme_q8zr1vt01").len(), 0);
    assert_eq!(found(&rules, "(acme_q8zr1vt0)").len(), 1);
}

#[test]
fn a_keyword_rule_without_a_literal_looks_at_the_whole_text() {
    let rules = "[[rules]]\nid = \"k\"\nregex = '\\b[0-9a-f]{12}\\b'\nkeywords = [\"Acme\"]\n";
    assert_eq!(found(rules, "q8zr 0f1e2d3c4b5a"), []);
    assert_eq!(found(rules, "0f1e2d3c4b5a\nsee ACME").len(), 1);
}

#[test]
fn a_value_that_stands_for_a_secret_is_hardly_sure() {
    let hits = detector(ACME).detect(b"acme_changeme", &Extent::whole(13));
    assert_eq!(hits[0].confidence, Confidence::Low);
    assert_eq!(hits[0].checks[0].name, "placeholder");
}

#[test]
fn gitleaks_allowlists_let_go_by_secret_line_path_and_commit() {
    let by = |list: &str| format!("{ACME}[[rules.allowlists]]\n{list}\n");
    assert_eq!(found(&by("stopwords = ['ZR1']"), "acme_q8zr1vt0"), []);
    assert_eq!(found(&by("regexTarget = 'line'\nregexes = ['sample']"), "acme_q8zr1vt0 # sample"), []);
    let detector = detector(&by("condition = 'AND'\nregexes = ['^q8']\npaths = ['^docs/']"));
    let hits = detector.detect(b"acme_q8zr1vt0", &Extent::whole(13));
    assert!(!detector.holds_at(&hits[0], Some(&Path::new("docs/a")), None));
    assert!(detector.holds_at(&hits[0], Some(&Path::new("src/a")), None));
}

#[test]
fn a_required_rule_must_match_nearby() {
    let rules = format!(
        "{ACME}[[rules.required]]\nid = \"host\"\nwithinLines = 1\n[[rules]]\nid = \"host\"\nregex = 'host=acme[a-z]*'\nskipReport = true\n"
    );
    assert_eq!(found(&rules, "acme_q8zr1vt0\nhost=acmeprod").len(), 1);
    assert_eq!(found(&rules, "acme_q8zr1vt0\n\n\nhost=acmeprod").len(), 0);
}

#[test]
fn a_key_inside_base64_is_found_where_the_text_stands() {
    let text = format!("a:\n  data: {}\n", data_encoding::BASE64.encode(b"k=acme_q8zr1vt0"));
    let hits = detector(ACME).detect(text.as_bytes(), &Extent::whole(text.len()));
    assert_eq!((hits[0].line, hits[0].column), (2, 9));
    assert_eq!(hits[0].secret.expose(), b"q8zr1vt0");
    assert_eq!(hits[0].line_text, "data: ****");
    assert_eq!(hits[0].checks[0].name, "encoding");
}

#[test]
fn a_rule_about_paths_finds_the_file() {
    let detector = detector("[[rules]]\nid = \"p12\"\npath = '\\.p12$'\n");
    assert_eq!(detector.detect_path(&Path::new("a/cert.p12")).len(), 1);
    assert_eq!(detector.detect_path(&Path::new("a/cert.pem")).len(), 0);
}

#[test]
fn an_expression_after_a_bounded_lead_in_is_found_at_its_literal() {
    let rules = "[[rules]]\nid = \"url\"\nregex = '[a-z]{2,10}://[a-z]+:([^@/ ]{3,40})@'\n";
    assert_eq!(found(rules, "see db://me:hunter2@host"), [("url".into(), "hunter2".into())]);
}

#[test]
fn a_providers_prefix_is_shown_with_the_words_before_its_literal() {
    let detector = Detector::new(RuleSet::builtin());
    for (template, prefix) in [
        ("sk_live_{base62:24}", "sk_live_…"),
        ("rk_live_{base62:24}", "rk_live_…"),
        ("ghp_{base62:30}{github-crc32}", "ghp_…"),
    ] {
        let text = format!("KEY={}\n", fill(template, 3).unwrap());
        let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
        assert!(hits[0].masked.starts_with(prefix), "{}", hits[0].masked);
        assert_eq!(hits[0].masked.chars().count(), prefix.chars().count() + 4);
    }
}
