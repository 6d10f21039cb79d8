//! Secrets that entries of a file let be.

use crate::model::Finding;
use crate::suppress::Suppressions;

/// Gives each finding the suppression an entry states for it, in every mode of scanning alike. A mark
/// in the code stands before an entry; the entry counts as used all the same.
pub fn let_be(findings: &mut [Finding], suppressions: &Suppressions) {
    for finding in findings {
        let stated = suppressions.suppression(&finding.fingerprint);
        if finding.suppression.is_none() {
            finding.suppression = stated;
        }
    }
}
