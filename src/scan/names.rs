//! Names that repeat a secret: somebody called a file or a branch after the key.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::{Finding, Secret};

/// The shortest secret, in bytes, that is looked for in names.
const SHORTEST: usize = 12;

/// Gives each finding the secrets of the others that its own names repeat, so that no report shows
/// them. Weak secrets are left alone: they may well be words that a name has by chance.
pub(super) fn find_repeats(findings: &mut [Finding]) {
    let strong =
        |f: &&Finding| !f.fingerprint.as_str().starts_with("weak-") && f.hit.secret.len() >= SHORTEST;
    let mut secrets: Vec<Secret> = findings.iter().filter(strong).map(|f| f.hit.secret.again()).collect();
    secrets.sort_by(|a, b| a.expose().cmp(b.expose()));
    secrets.dedup();
    let patterns = secrets.iter().map(Secret::expose);
    // Too many or too long to be held at once: then each report veils a finding's own secret only.
    // An automaton in full takes a kilobyte for each byte of a secret, and longer to build than to use.
    let lean = AhoCorasick::builder().kind(Some(AhoCorasickKind::NoncontiguousNFA)).build(patterns);
    let Ok(search) = lean else { return };
    for finding in findings {
        let location = &finding.location;
        let people = location.commit.iter().flat_map(|c| [c.author.as_slice(), c.email.as_slice()]);
        let refs = location.refs.iter().map(String::as_bytes);
        let mut found: Vec<usize> = people
            .chain(refs)
            .chain([location.path.bytes()])
            .flat_map(|name| search.find_overlapping_iter(name).map(|m| m.pattern().as_usize()))
            .collect();
        found.sort_unstable();
        found.dedup();
        finding.repeats = found.into_iter().map(|index| secrets[index].again()).collect();
    }
}
