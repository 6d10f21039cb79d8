//! What is done about a leaked secret.
//!
//! - `review`: what was done with a key while it was public, and what of that was unusual
//! - `import`: uses of a key out of a file, for providers that tell none
//! - `letter`: what is written to the provider when it was abused
//! - `policy`: what the operator wants done about it
//! - `timeline`: a small picture of it

pub mod import;
pub mod letter;
pub mod policy;
pub mod review;
pub mod timeline;
