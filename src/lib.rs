//! Keywright finds leaked keys in git and re-keys what they open.

pub mod detect;
pub mod model;
pub mod rule;
