//! Marks on a line that let a hit be.

use crate::model::Suppression;
use crate::model::text::shown;

/// The marks, ours first. A reason may follow: `keywright:allow -- sample for the docs`.
const MARKS: [&str; 2] = ["keywright:allow", "gitleaks:allow"];
/// The longest reason kept, in bytes.
const LONGEST_REASON: usize = 200;

/// Returns the suppression that a mark on one of `lines` states.
pub(super) fn mark(lines: &[u8]) -> Option<Suppression> {
    MARKS.iter().find_map(|mark| {
        let at = memchr::memmem::find(lines, mark.as_bytes())?;
        let rest = &lines[at + mark.len()..];
        let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
        let reason = line.strip_prefix(b" -- ").or_else(|| line.strip_prefix(b": ")).unwrap_or_default();
        let reason = reason[..reason.len().min(LONGEST_REASON)].trim_ascii();
        let reason =
            reason.strip_suffix(b"*/").or(reason.strip_suffix(b"-->")).unwrap_or(reason).trim_ascii();
        Some(Suppression {
            kind: "inline",
            owner: None,
            by: (*mark).into(),
            reason: (!reason.is_empty()).then(|| shown(reason)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_follow_the_mark() {
        let found = mark(b"token = x # keywright:allow -- sample\nnext").unwrap();
        assert_eq!((found.by.as_str(), found.reason.as_deref()), ("keywright:allow", Some("sample")));
        assert_eq!(mark(b"x // gitleaks:allow").unwrap().reason, None);
        assert_eq!(mark(b"keywright is allowed here"), None);
    }
}
