//! Keywright finds leaked keys in git and re-keys what they open.

pub mod git;
pub mod model;
pub mod rule;
