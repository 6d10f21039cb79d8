//! For a person: the worst leak first, what to do about it, and how much of the repository was
//! read. Nothing that comes from a repository is written as it is.
//!
//! - `group`: one secret with its places
//! - `brief`: the same in few lines, for hooks
//! - `summary`: the numbers, and what was not read
//! - `paint`: colours for both

mod brief;
mod group;
mod paint;
mod summary;

use std::io::{self, Write};

pub use brief::{brief, place};

use super::outcome::{Outcome, Style};
use super::tally::Tally;

/// Tells an outcome to a person.
pub(super) fn write(outcome: &Outcome<'_>, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    for group in group::groups(&shown, outcome) {
        group.write(outcome, style, out)?;
        writeln!(out)?;
    }
    summary::write(outcome, &Tally::of(outcome, &shown), style, out)
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::sample::{self, PLAIN, finding, in_history, told};
    use crate::model::{
        Confidence, Coverage, Fingerprint, Path, Place, Severity, Skip, SkipReason, Status, Suppression,
    };

    #[test]
    fn a_clean_run_is_told_in_three_lines() {
        let coverage = Coverage { files: 1204, bytes: 3_456_789, ..Coverage::default() };
        let text = told(Format::Human, &sample::outcome(&[], &coverage), &PLAIN);
        insta::assert_snapshot!(text, @"
        no leaks · repository demo
        read 1,204 files: 3.5 MB in 0.25 s, 212 rules
        ");
    }

    #[test]
    fn one_secret_at_several_places_is_one_group() {
        let coverage = Coverage { files: 2, objects_expected: 9, objects_read: 9, ..Coverage::default() };
        let mut old = in_history(finding("example-token", Severity::High, "old.env", 3));
        old.hit.line_text = "export TOKEN=…qqqq # for the demo".into();
        old.location.refs.extend(["refs/stash".into(), "refs/notes/x".into(), "refs/remotes/o/m".into()]);
        let mut message = in_history(finding("example-token", Severity::High, "", 5));
        message.location.place = Place::CommitMessage;
        message.location.in_head = None;
        message.location.versions = 0;
        let findings = [old, message, finding("example-token", Severity::High, "a.env", 1)];
        let text = told(Format::Human, &sample::outcome(&findings, &coverage), &PLAIN);
        insta::assert_snapshot!(text, @"
        high  example-token  Example token
          secret …qqqq · fingerprint 0123456789ab
          confidence high: it fits

          message of commit 1a2b3c4d5e:5:7  Ann Author, 2024-05-06
            on branch main, tag v1
            | TOKEN=…qqqq

          a.env:1:7  working tree

          old.env:3:7  history · 1a2b3c4d5e, Ann Author, 2024-05-06 · no longer in HEAD
            on branch main, tag v1, stash, +2 more · 3 versions
            | export TOKEN=…qqqq # for the demo

          do: Revoke it in the console.

        1 leak at 3 places in 2 files and 1 message (1 high) · repository demo
        read 2 files, 9 objects: 0 bytes in 0.25 s, 212 rules
        ");
    }

    #[test]
    fn what_does_not_count_is_marked_and_comes_last() {
        let coverage = Coverage::default();
        let mut let_be = finding("a-token", Severity::Critical, "test.env", 1);
        let_be.suppression = Some(Suppression {
            kind: "inline",
            owner: None,
            by: "keywright:allow".into(),
            reason: Some("made up".into()),
        });
        let mut there = finding("a-token", Severity::Critical, "there.env", 1);
        there.status = Status::AlreadyThere;
        let mut lost = in_history(finding("a-token", Severity::Critical, "lost.env", 1));
        lost.status = Status::Unreachable;
        lost.location.refs.clear();
        let mut id = finding("a-key-id", Severity::Info, "id.env", 1);
        id.fingerprint = Fingerprint::new("b".repeat(64));
        id.hit.key_id = Some("id_1".into());
        let mut leak = finding("b-token", Severity::Low, "leak.env", 1);
        leak.fingerprint = Fingerprint::new("c".repeat(64));
        let mut unsure = finding("c-token", Severity::High, "unsure.env", 1);
        unsure.hit.confidence = Confidence::Low;
        let findings = [let_be, there, lost, id, leak, unsure];
        let text = told(Format::Human, &sample::outcome(&findings, &coverage), &PLAIN);
        insta::assert_snapshot!(text, @"
        low  b-token  Example token
          secret …qqqq · fingerprint cccccccccccc
          confidence high: it fits

          leak.env:1:7  working tree
            | TOKEN=…qqqq

          do: Revoke it in the console.

        critical  a-token  Example token
          secret …qqqq · fingerprint 0123456789ab
          confidence high: it fits

          lost.env:1:7  history · 1a2b3c4d5e, Ann Author, 2024-05-06 · no longer in HEAD
            3 versions
            not counted: no ref reaches it (--all-objects counts it)
            | TOKEN=…qqqq

          test.env:1:7  working tree
            not counted: suppressed, inline `keywright:allow`: made up

          there.env:1:7  working tree
            not counted: already there before this change

          do: Revoke it in the console.

        info  a-key-id  Example token
          identifier …qqqq · key id id_1 · fingerprint bbbbbbbbbbbb
          confidence high: it fits

          id.env:1:7  working tree
            not counted: an identifier opens nothing by itself
            | TOKEN=…qqqq

        1 leak in 1 file (1 low) · repository demo
        not counted: 1 suppressed, 1 already there, 1 unreachable, 1 mere identifier
        1 more at lower confidence: --min-confidence low
        read nothing: 0 bytes in 0.25 s, 212 rules
        ");
    }

    #[test]
    fn what_was_not_read_is_told_with_the_way_out() {
        let mut coverage = Coverage { objects_expected: 12, objects_read: 10, ..Coverage::default() };
        for n in 0..7 {
            let what = format!("link-{n}");
            coverage.skip(Skip { reason: SkipReason::Symlink, what, mend: String::new() });
        }
        for n in 0..2 {
            let (what, mend) = (format!("blob {n}"), "git fetch --refetch".into());
            coverage.skip(Skip { reason: SkipReason::Missing, what, mend });
        }
        let warnings = ["the index is from a newer git".to_string()];
        let mut outcome = sample::outcome(&[], &coverage);
        outcome.warnings = &warnings;
        insta::assert_snapshot!(told(Format::Human, &outcome, &PLAIN), @"
        no leaks in what could be read · repository demo
        read 10 of 12 objects: 0 bytes in 0.25 s, 212 rules
        left out: 7 × symbolic link: link-0, link-1, link-2, link-3, link-4, +2 more
        not everything could be read:
          2 × missing: blob 0, blob 1
            do: git fetch --refetch
        note: the index is from a newer git
        ");
    }

    #[test]
    fn a_secret_at_very_many_places_lists_twenty() {
        let coverage = Coverage::default();
        let findings: Vec<_> = (1..=30).map(|line| finding("r", Severity::High, "a.env", line)).collect();
        let text = told(Format::Human, &sample::outcome(&findings, &coverage), &PLAIN);
        assert_eq!(text.matches("a.env:").count(), 20);
        assert_eq!(text.matches("TOKEN=").count(), 1);
        assert!(text.contains("+10 more locations"));
        assert!(text.contains("1 leak at 30 places in 1 file"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_secret() {
        let coverage = Coverage::default();
        let mut long = finding("r", Severity::High, "a.env", 1);
        long.hit.line_text = format!("{}TOKEN=…qqqq{}", "x".repeat(500), "y".repeat(500));
        let text = told(Format::Human, &sample::outcome(&[long], &coverage), &PLAIN);
        assert!(text.lines().all(|line| line.chars().count() <= PLAIN.width), "{text}");
        assert!(text.contains("xTOKEN=…qqqqy"));
    }

    #[test]
    fn a_path_cannot_give_orders_to_a_build_log() {
        let coverage = Coverage::default();
        let mut findings = Vec::new();
        for path in ["::error::x", "  ::add-mask::x", "a/##[group]x", "###vso[task.complete]"] {
            findings.push(finding("r", Severity::High, path, 1));
        }
        findings[0].location.path = Path::new("::error::x");
        let text = told(Format::Human, &sample::outcome(&findings, &coverage), &PLAIN);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{text}");
        assert!(!text.contains("##[") && !text.contains("##vso["), "{text}");
    }

    #[test]
    fn colours_are_used_only_when_asked_for() {
        let coverage = Coverage::default();
        let findings = [finding("r", Severity::Critical, "a", 1)];
        let outcome = sample::outcome(&findings, &coverage);
        assert!(!told(Format::Human, &outcome, &PLAIN).contains('\x1b'));
        let coloured = super::super::Style { colour: true, ..PLAIN };
        assert!(told(Format::Human, &outcome, &coloured).contains("\x1b["));
    }
}
