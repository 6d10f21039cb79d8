//! A pull request: what a job that nobody trusts points at is read again and told in one comment.
//!
//! - `hints`: the file that such a job wrote, read as a stranger's
//! - `comment`: the one comment, written, changed and taken away
//!
//! Nothing of the file is repeated: it says where to look, and what stands there is found anew.

pub mod comment;
pub mod hints;

use std::collections::BTreeMap;

use crate::git::Repository;
use crate::model::{Finding, Place};

/// Says of each finding whether the head still holds its object at its path.
pub fn mark_head(repo: &Repository, head: &str, findings: &mut [Finding]) {
    let mut known: BTreeMap<Vec<u8>, Option<String>> = BTreeMap::new();
    for finding in findings.iter_mut().filter(|f| f.location.place == Place::History) {
        let path = finding.location.path.bytes();
        let held = known.entry(path.to_vec()).or_insert_with(|| {
            let path = std::str::from_utf8(path).ok()?;
            repo.blob_at(head, path).map(|id| id.to_string())
        });
        finding.location.in_head = Some(finding.location.object == *held && held.is_some());
    }
}
