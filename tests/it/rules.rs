//! Every built-in rule finds its own examples and lets pass what it says it lets pass.

use keywright::detect::Detector;
use keywright::model::{Extent, Hit, Severity};
use keywright::rule::{Rule, RuleSet, builtin, lint, proof, read, sheet::Sheet};

#[test]
fn every_rule_keeps_its_word() {
    let detector = Detector::new(RuleSet::builtin());
    let look = |text: &str| -> Vec<proof::Seen> {
        let hits = detector.detect(text.as_bytes(), &Extent::whole(text.len()));
        let why = |hit: &Hit| hit.checks.iter().map(|c| c.why.clone()).collect::<Vec<_>>().join(", ");
        let seen = |h: &Hit| proof::Seen { rule: h.rule.id.clone(), confidence: h.confidence, why: why(h) };
        hits.iter().map(seen).collect()
    };
    let rules: Vec<Rule> = builtin::files().into_iter().flat_map(|f| f.rules).collect();
    let broken: Vec<String> =
        rules.iter().flat_map(|r| proof::prove(r, look)).map(|f| f.to_string()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_rule_file_has_what_a_good_one_needs() {
    let mut told = Vec::new();
    for (name, text) in builtin::texts() {
        let complaints = lint::lint(&read(name, text).unwrap(), &Sheet::read(name, text).unwrap());
        told.extend(
            complaints
                .into_iter()
                .filter(|c| !c.is_advice)
                .map(|c| format!("{name}:{} {}: {}", c.line, c.rule, c.why)),
        );
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn every_rule_file_holds_what_a_start_takes_on_trust() {
    for (name, text) in builtin::texts() {
        let file = read(name, text).unwrap_or_else(|e| panic!("{e}"));
        assert!(file.warnings.is_empty(), "{:?}", file.warnings);
        for rule in file.rules.into_iter().filter(|r| r.lane.is_none()) {
            assert!(rule.anchors.is_some(), "{}: no literal to search for", rule.card.id);
        }
    }
}

#[test]
fn a_key_id_alone_is_information_only() {
    // R31: safe to log and to paste.
    let rules = RuleSet::builtin().rules;
    let severity = |id: &str| rules.iter().find(|r| r.card.id == id).map(|r| r.card.severity);
    assert_eq!(severity("atlasvpn-proxy-key-id"), Some(Severity::Info));
}
