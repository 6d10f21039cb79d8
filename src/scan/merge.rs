//! One finding for a secret that the working tree, the index and history all hold at one path.

use std::collections::{BTreeMap, HashSet};

use super::names::find_repeats;
use crate::model::{Finding, Fingerprint, Path, Place, Status};

/// Joins the findings of several sources: at one path, the working tree's place stands before the
/// index's and that before history's, and takes over what history knows: commit, refs, versions.
#[must_use]
pub fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    drop_lost_copies(&mut findings);
    let mut by_place: BTreeMap<(Path, Fingerprint), Vec<Finding>> = BTreeMap::new();
    let mut merged = Vec::new();
    for finding in findings {
        match finding.location.place {
            Place::WorkingTree | Place::Index | Place::History => {
                let key = (finding.location.path.clone(), finding.fingerprint.clone());
                by_place.entry(key).or_default().push(finding);
            }
            Place::CommitMessage | Place::TagMessage | Place::Stdin => merged.push(finding),
        }
    }
    for mut group in by_place.into_values() {
        group.sort_by_key(|f| (f.location.place, f.location.line, f.location.column));
        let nearest = group[0].location.place;
        let history = group.iter().find(|f| f.location.place == Place::History).map(|f| f.location.clone());
        let refs = group.iter().map(|f| f.location.refs.clone()).find(|refs| !refs.is_empty());
        for mut finding in group.into_iter().filter(|f| f.location.place == nearest) {
            if nearest != Place::History {
                if let Some(known) = &history {
                    finding.location.commit.clone_from(&known.commit);
                    finding.location.in_head = known.in_head;
                    finding.location.versions = known.versions;
                    finding.location.object = finding.location.object.or_else(|| known.object.clone());
                }
                finding.location.refs = refs.clone().unwrap_or_default();
            }
            merged.push(finding);
        }
    }
    find_repeats(&mut merged);
    merged
}

/// Takes out objects that nothing leads to where the same secret stands somewhere that counts: they
/// are left over from writing it, and say nothing more.
fn drop_lost_copies(findings: &mut Vec<Finding>) {
    let counting: HashSet<Fingerprint> =
        findings.iter().filter(|f| f.status == Status::Counts).map(|f| f.fingerprint.clone()).collect();
    findings.retain(|f| {
        let is_lost = f.status == Status::Unreachable && f.location.path.bytes().is_empty();
        !(is_lost && counting.contains(&f.fingerprint))
    });
}
