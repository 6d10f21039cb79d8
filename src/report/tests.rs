//! What holds for every format; `readers` reads those for programs back.

mod readers;

use super::sample::{self, PLAIN, finding, in_history, outcome, told};
use super::{Format, Style};
use crate::model::text::shown;
use crate::model::{
    Check, Coverage, Finding, Fingerprint, Path, Severity, Skip, SkipReason, Suppression, Verdict,
};

/// Bytes that an attacker may put into every name there is.
const HOSTILE: &[u8] =
    b"::error::x\x1b[31m\n::error::y\r\xff\xc2\x9b31m\xe2\x80\xae\xe2\x81\xa6\xef\xbb\xbf\x7f##[group]z##vso[a]\0";

/// A finding whose every text comes from somebody who means harm.
fn hostile() -> Finding {
    let text = String::from_utf8_lossy(HOSTILE).into_owned();
    let mut finding = in_history(finding("r", Severity::High, "a", 1));
    finding.location.path = Path::new(HOSTILE);
    let commit = finding.location.commit.as_mut().unwrap();
    (commit.author, commit.email) = (HOSTILE.to_vec(), HOSTILE.to_vec());
    finding.location.refs = vec![format!("refs/heads/{text}"), format!("refs/tags/{text}"), text.clone()];
    finding.hit.line_text = text.clone();
    finding.hit.key_id = Some(text.clone());
    finding.hit.checks = vec![Check { name: "checksum", verdict: Verdict::Failed, why: text.clone() }];
    let rule = std::sync::Arc::get_mut(&mut finding.hit.rule).unwrap();
    (rule.id, rule.description, rule.remedy) = (text.clone(), text.clone(), text.clone());
    (rule.docs, rule.tags) = (Some(text.clone()), vec![text.clone()]);
    finding
}

fn suppressed(mut finding: Finding) -> Finding {
    let text = String::from_utf8_lossy(HOSTILE).into_owned();
    finding.suppression =
        Some(Suppression { kind: "inline", owner: None, by: text.clone(), reason: Some(text) });
    finding
}

#[test]
fn nothing_from_a_repository_can_do_harm_in_any_format() {
    let text = String::from_utf8_lossy(HOSTILE).into_owned();
    let mut coverage = Coverage::default();
    coverage.skip(Skip { reason: SkipReason::Missing, what: text.clone(), mend: text.clone() });
    let findings = [hostile(), suppressed(hostile())];
    let warnings = [text.clone()];
    let mut outcome = outcome(&findings, &coverage);
    (outcome.warnings, outcome.target) = (&warnings, &text);
    for format in Format::ALL {
        for show_secrets in [false, true] {
            let report = told(format, &outcome, &Style { show_secrets, ..PLAIN });
            for line in report.lines() {
                assert_eq!(shown(line.as_bytes()), line, "{format:?}");
                // GitHub's format is made of commands: github/tests.rs holds that they are ours alone.
                let is_ours = format == Format::Github && !line.starts_with("::error::");
                assert!(is_ours || !line.trim_start().starts_with("::"), "{format:?}: {line}");
                assert!(!line.contains("##[") && !line.contains("##vso["), "{format:?}: {line}");
            }
            assert!(report.contains("error"), "{format:?} leaves the finding out");
        }
    }
}

#[test]
fn the_formats_for_programs_keep_a_hostile_ref_exactly() {
    let coverage = Coverage::default();
    let findings = [hostile()];
    let json = told(Format::Json, &outcome(&findings, &coverage), &PLAIN);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["findings"][0]["refs"][2], findings[0].location.refs[2].as_str());
    let path = json["findings"][0]["path_bytes"].as_str().unwrap();
    assert_eq!(data_encoding::BASE64.decode(path.as_bytes()).unwrap(), HOSTILE);
}

#[test]
fn a_secret_is_in_no_format_unless_it_was_asked_for() {
    let coverage = Coverage::default();
    let secret = sample::secret();
    let mut named = in_history(finding("r", Severity::High, &format!("{secret}/a-{secret}.env"), 1));
    named.location.refs = vec![format!("refs/heads/{secret}")];
    named.location.commit.as_mut().unwrap().author = format!("x{secret}x").into_bytes();
    named.hit.line_text = format!("a detector that forgot to mask {secret}");
    let findings = [named, finding("r", Severity::High, "a", 1), finding("i", Severity::Info, "a", 1)];
    let outcome = outcome(&findings, &coverage);
    for format in Format::ALL {
        assert!(!told(format, &outcome, &PLAIN).contains(&secret), "{format:?}");
        let clear = Style { show_secrets: true, ..PLAIN };
        // A page is made to be passed on, and so are hints: nothing is shown whatever was asked for.
        let may_show = !matches!(format, Format::Html | Format::Hints);
        assert_eq!(told(format, &outcome, &clear).contains(&secret), may_show, "{format:?}");
    }
}

#[test]
fn a_hundred_thousand_findings_are_told() {
    let coverage = Coverage::default();
    let findings: Vec<_> = (0..100_000u64)
        .map(|n| {
            // Half of them one secret in one file, half of them each its own.
            let mut finding = finding("r", Severity::High, "a.env", n + 1);
            if n % 2 == 0 {
                finding.fingerprint = Fingerprint::new(format!("{n:064x}"));
                finding.location.path = Path::new(format!("dir/{n}.env"));
            }
            finding
        })
        .collect();
    let outcome = &outcome(&findings, &coverage);
    std::thread::scope(|threads| {
        for format in Format::ALL {
            // Hints are about stored objects, and these stand in files.
            let least = if format == Format::Hints { 100 } else { 1_000_000 };
            threads.spawn(move || assert!(told(format, outcome, &PLAIN).len() > least));
        }
    });
}

#[test]
fn every_format_is_known_by_its_word() {
    assert_eq!(
        Format::words().collect::<Vec<_>>(),
        [
            "human",
            "json",
            "jsonl",
            "sarif",
            "gitleaks-json",
            "csv",
            "gitlab",
            "junit",
            "github",
            "html",
            "hints"
        ]
    );
    for format in Format::ALL {
        assert_eq!(Format::from_word(format.word()), Some(format));
    }
    assert_eq!(Format::from_word("xml"), None);
}
