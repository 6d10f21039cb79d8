//! Bytes in, the same bytes out with their secrets masked; nothing is held longer than needed.
//!
//! - `stream`: one stream: what is held, what goes out
//! - `late`: rules whose matches go on over a line's end, and what of them is open
//! - `key_block`: private keys in PEM, whole or not yet
//! - `coding`: UTF-16 on its way through

mod coding;
mod key_block;
mod late;
mod stream;

pub use stream::Stream;

use crate::detect::Detector;
use crate::model::{Confidence, Path};
use crate::rule::RuleSet;
use late::Late;

/// What stands where a secret stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Mask {
    /// `[REDACTED:rule-id]`.
    #[default]
    Label,
    /// What reports show: the provider's prefix and the last four bytes of a long secret.
    Partial,
    /// A text of the caller's.
    Text(String),
}

/// Rules and a mask, ready for any number of streams.
///
/// ```
/// use keywright::model::Confidence;
/// use keywright::rule::{RuleSet, template::fill};
/// use keywright::scan::redact::{Mask, Redaction};
/// let redaction = Redaction::new(RuleSet::builtin(), Confidence::Low, Mask::Label);
/// let key = fill("ghp_{base62:30}{github-crc32}", 1).unwrap();
/// let mut out = Vec::new();
/// let mut stream = redaction.stream(None);
/// stream.feed(format!("token {key}, user ann\n").as_bytes(), &mut out);
/// stream.finish(&mut out);
/// assert_eq!(out, b"token [REDACTED:github-personal-token], user ann\n");
/// ```
pub struct Redaction {
    detector: Detector,
    late: Late,
    least: Confidence,
    mask: Mask,
}

impl Redaction {
    /// Prepares the rules. What is found with at least this confidence, and is more than a mere
    /// identifier, is masked.
    #[must_use]
    pub fn new(mut rules: RuleSet, least: Confidence, mask: Mask) -> Self {
        // Whether the other half of a pair stands near cannot be waited for.
        rules.rules.iter_mut().for_each(|rule| rule.required.clear());
        let late = Late::new(&rules.rules);
        Self { detector: Detector::new(rules), late, least, mask }
    }

    /// Begins a stream; rules and allowlists that are about paths go by `path`.
    #[must_use]
    pub fn stream(&self, path: Option<Path>) -> Stream<'_> {
        Stream::new(self, path)
    }
}

#[cfg(test)]
mod tests;
