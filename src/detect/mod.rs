// The detector itself is written elsewhere; here are its offline checks.
//! Bytes in, findings out.

pub mod checksum;
pub mod structure;
