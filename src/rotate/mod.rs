//! Replaces one credential.
//!
//! - `health`: whether an environment works with the new key (R16, R90)

pub mod health;
