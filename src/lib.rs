//! Keywright finds leaked keys in git and re-keys what they open.

pub mod model;
pub mod report;
pub mod rule;
