//! Every built-in rule finds its own examples and lets pass what it says it lets pass.

use keywright::detect::Detector;
use keywright::model::{Confidence, Extent, Severity};
use keywright::rule::{RuleSet, builtin, proof, read};

#[test]
fn every_rule_keeps_its_word() {
    let detector = Detector::new(RuleSet::builtin());
    let unsure: Vec<String> = RuleSet::builtin()
        .rules
        .iter()
        .filter(|r| r.confidence == Confidence::Low)
        .map(|r| r.card.id.clone())
        .collect();
    let finds = |text: &str| -> Vec<String> {
        detector
            .detect(text.as_bytes(), &Extent::whole(text.len()))
            .iter()
            .filter(|h| h.confidence >= Confidence::Medium || unsure.contains(&h.rule.id))
            .map(|h| h.rule.id.clone())
            .collect()
    };
    let broken: Vec<String> =
        builtin::files().iter().flat_map(|f| &f.rules).flat_map(|r| proof::prove(r, finds)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
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
