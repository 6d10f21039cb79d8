//! The words of a finding as a flat report has them: one line of harmless text each, veiled.

use std::borrow::Cow;

use super::outcome::{Style, message_id};
use super::veil::veiled;
use crate::model::text::shown;
use crate::model::{Finding, Place};

/// Returns bytes that may repeat a secret as one harmless line: veiled, shown, and with the second
/// sign escaped in `##`, with which commands to a build log begin.
pub(super) fn told_text(bytes: &[u8], finding: &Finding, style: &Style) -> String {
    let text = shown(&veiled(bytes, finding, style));
    if text.contains("##") { text.replace("##", r"#\x23") } else { text }
}

/// Returns the secret, masked unless it is to be shown.
pub(super) fn told_secret(finding: &Finding, style: &Style) -> String {
    if style.show_secrets {
        told_text(finding.hit.secret.expose(), finding, style)
    } else {
        finding.hit.masked.clone()
    }
}

/// Returns the path; for a message, which stands in no file, the made-up `commit/<id>` or
/// `tag/<id>`, because the readers of flat reports want a path.
pub(super) fn told_path<'a>(finding: &'a Finding, style: &Style) -> Cow<'a, [u8]> {
    let location = &finding.location;
    match message_id(location) {
        Some(id) if location.place == Place::TagMessage => format!("tag/{id}").into_bytes().into(),
        Some(id) => format!("commit/{id}").into_bytes().into(),
        None if location.path.bytes().is_empty() => b"unnamed".into(),
        None => veiled(location.path.bytes(), finding, style),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, PLAIN};
    use super::*;
    use crate::model::{Path, Severity};

    #[test]
    fn no_text_commands_a_build_log() {
        let finding = sample::finding("r", Severity::High, "a", 1);
        assert_eq!(told_text(b"####[x]\n", &finding, &PLAIN), r"#\x23#\x23[x]\x0a");
    }

    #[test]
    fn a_message_gets_a_path_of_its_own() {
        let mut finding = sample::in_history(sample::finding("r", Severity::High, "a", 1));
        finding.location.path = Path::new("");
        finding.location.place = Place::CommitMessage;
        assert!(told_path(&finding, &PLAIN).starts_with(b"commit/1a2b3c4d5e"));
        finding.location.place = Place::TagMessage;
        assert!(told_path(&finding, &PLAIN).starts_with(b"tag/bbbb"));
        finding.location.place = Place::Stdin;
        assert_eq!(&*told_path(&finding, &PLAIN), b"unnamed");
    }
}
