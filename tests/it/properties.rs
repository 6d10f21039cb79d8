//! What holds for any bytes.

use std::sync::OnceLock;

use keywright::detect::Detector;
use keywright::detect::fingerprint::fingerprint;
use keywright::model::{
    CommitCard, Confidence, Coverage, Extent, Finding, Hit, Location, Path, Place, Severity, Status,
};
use keywright::report::{self, Format, Outcome, Style};
use keywright::rule::{RuleSet, builtin};
use keywright::unpack::pieces;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::filled;

fn detector() -> &'static Detector {
    static DETECTOR: OnceLock<Detector> = OnceLock::new();
    DETECTOR.get_or_init(|| Detector::new(RuleSet::builtin()))
}

fn detect(bytes: &[u8]) -> Vec<Hit> {
    detector().detect(bytes, &Extent::whole(bytes.len()))
}

/// Every example of every built-in rule, with the rule's id.
fn examples() -> Vec<(String, String)> {
    let rules = builtin::files().into_iter().flat_map(|f| f.rules);
    rules.flat_map(|r| r.finds.iter().map(|t| (r.card.id.clone(), t.clone())).collect::<Vec<_>>()).collect()
}

/// The rules whose secret is changed before it is named: a private key's line breaks, for one.
fn is_plain(rule: &str) -> bool {
    static STRUCTURED: OnceLock<Vec<String>> = OnceLock::new();
    let structured = STRUCTURED.get_or_init(|| {
        let rules = builtin::files().into_iter().flat_map(|f| f.rules);
        rules.filter(|r| r.structure.is_some()).map(|r| r.card.id.clone()).collect()
    });
    !structured.iter().any(|id| id == rule)
}

/// Asserts that each hit points at what was found.
fn points_at_what_was_found(bytes: &[u8]) -> Result<(), TestCaseError> {
    for hit in detect(bytes) {
        prop_assert!(hit.span.start < hit.span.end && hit.span.end <= bytes.len(), "{:?}", hit.span);
        let before = &bytes[..hit.span.start];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u64;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() as u64 + 1;
        prop_assert_eq!((hit.line, hit.column), (line, column));
        // A secret inside base64 stands where its run does.
        let is_inside = hit.checks.iter().any(|c| c.name == "encoding");
        if is_plain(&hit.rule.id) && !is_inside {
            let raw = &bytes[hit.span.clone()];
            let secret = hit.secret.expose();
            let comes_from = raw.windows(secret.len().max(1)).any(|w| w.eq_ignore_ascii_case(secret));
            prop_assert!(comes_from, "{}: the secret is not what the span holds", hit.rule.id);
        }
    }
    Ok(())
}

/// Lines as they stand around keys.
fn lines() -> impl Strategy<Value = String> {
    "([a-z]{1,9}[ =:\"'(,;.]{1,2}){0,6}(\r?\n([a-z]{1,9}[ =:\"'(,;.]{1,2}){0,6}){0,4}"
}

proptest! {
    // A file of failures would hold keys.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_hits_that_point_at_what_was_found(bytes: Vec<u8>) {
        points_at_what_was_found(&bytes)?;
    }

    #[test]
    fn broken_examples_give_hits_that_point_at_what_was_found(
        (_, template) in select(examples()),
        seed in 0u64..1000,
        cut in any::<prop::sample::Index>(),
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise: Vec<u8>,
    ) {
        let mut bytes = filled(&template, seed).into_bytes();
        for (at, byte) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        points_at_what_was_found(&[&noise, &bytes[..], &noise].concat())?;
    }

    #[test]
    fn a_planted_key_is_found_at_its_place(
        (rule, template) in select(examples()),
        seed in 0u64..1000,
        before in lines(),
        after in lines(),
    ) {
        let planted = filled(&template, seed);
        let text = format!("{before}\n{planted}\n{after}");
        let place = before.len() + 1..before.len() + 1 + planted.len();
        let hits = detect(text.as_bytes());
        // Whoever finds it: one random key in some hundreds looks too regular to its own rule, and which
        // one a run draws must not decide whether it passes. How many that may be is asked below.
        let found = hits.iter().any(|h| place.start <= h.span.start && h.span.end <= place.end);
        // One random token of three hundred has no digit in it; some rules take it for a name.
        let tokens = planted.split(|c: char| !c.is_ascii_alphanumeric());
        let is_name = tokens.max_by_key(|t| t.len()).is_some_and(|t| t.bytes().all(|b| b.is_ascii_alphabetic()));
        let others: Vec<_> = hits.iter().map(|h| (&h.rule.id, &h.span)).collect();
        prop_assert!(found || is_name, "{rule} is not found in\n{text}\nbut {others:?}");
        points_at_what_was_found(text.as_bytes())?;
    }

    #[test]
    fn no_report_holds_a_secret(
        picked in prop::collection::vec((select(examples()), 0u64..1000), 1..4),
        between in prop::collection::vec(lines(), 4),
        one_line: bool,
    ) {
        let mut text = String::new();
        for (((_, template), seed), line) in picked.iter().zip(&between) {
            text += line;
            text.push(if one_line { ' ' } else { '\n' });
            text += &filled(template, *seed);
            text.push(if one_line { ' ' } else { '\n' });
        }
        let findings: Vec<Finding> = detect(text.as_bytes()).into_iter().map(finding).collect();
        let coverage = Coverage::default();
        let outcome = Outcome {
            findings: &findings,
            coverage: &coverage,
            least: Confidence::Low,
            all_objects: true,
            warnings: &[],
            target: "any text",
            begun: "2024-05-06T07:08:09",
            seconds: 0.1,
            rules: detector().rules(),
        };
        for format in Format::ALL {
            let mut told = Vec::new();
            let style = Style { colour: false, width: 100, show_secrets: false };
            report::write(format, &outcome, &style, &mut told).unwrap();
            // A mere identifier may be shown (R31).
            for finding in findings.iter().filter(|f| f.hit.rule.severity > Severity::Info) {
                let raw = &text.as_bytes()[finding.hit.span.clone()];
                for secret in [finding.hit.secret.expose(), raw] {
                    let shown = secret.len() >= 8 && told.windows(secret.len()).any(|w| w == secret);
                    prop_assert!(
                        !shown,
                        "{} shows a secret of {}:\n{text}\n{}",
                        format.word(),
                        finding.hit.rule.id,
                        String::from_utf8_lossy(&told)
                    );
                }
            }
        }
    }
}

#[test]
fn hardly_a_random_key_is_missed_by_its_own_rule() {
    let mut missing = Vec::new();
    for (rule, template) in examples() {
        let missed = (0..120)
            .filter(|seed| !detect(filled(&template, *seed).as_bytes()).iter().any(|h| h.rule.id == rule))
            .count();
        if missed > 1 {
            missing.push(format!("{missed} of 120: {rule}: {template}"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// A hit as a finding in a commit.
fn finding(hit: Hit) -> Finding {
    let path = Path::new("src/any.txt");
    let mut location = Location::file(Place::History, path.clone());
    (location.line, location.column) = (hit.line, hit.column);
    (location.end_line, location.end_column) = (hit.end_line, hit.end_column);
    location.commit = Some(CommitCard {
        id: "1a2b3c4d5e".repeat(4),
        author: b"Ann Author".to_vec(),
        email: b"ann@example.com".to_vec(),
        date: "2024-05-06T07:08:09+02:00".into(),
    });
    Finding {
        fingerprint: fingerprint(&hit, &path),
        hit,
        location,
        status: Status::Counts,
        suppression: None,
        liveness: None,
        repeats: Vec::new(),
    }
}

#[test]
fn a_stream_in_pieces_gives_the_hits_of_the_whole() {
    // The seam between the first two pieces of sixteen MiB, with examples of every rule around it.
    let examples = examples();
    let filler = "some words of no meaning, line after line\n".repeat(24);
    let mut text = filler.repeat((16 << 20) / filler.len() - 260);
    let mut seed = 0;
    while text.len() < (16 << 20) + (200 << 10) {
        let (_, template) = &examples[seed as usize % examples.len()];
        text += &filled(template, seed);
        text.push('\n');
        text += &filler[..seed as usize * 31 % filler.len()];
        seed += 1;
    }
    let name = |h: &Hit| (h.line, h.column, h.rule.id.clone(), h.masked.clone(), h.end_line, h.end_column);
    let whole: Vec<_> = detect(text.as_bytes()).iter().map(name).collect();
    let mut in_pieces = Vec::new();
    let mut count = 0;
    pieces::each(&mut text.as_bytes(), &mut |bytes, extent| {
        in_pieces.extend(detector().detect(bytes, extent).iter().map(name));
        count += 1;
    })
    .unwrap();
    assert!(count > 1 && whole.len() > 300, "{count} pieces, {} hits", whole.len());
    assert_eq!(in_pieces, whole);
}
