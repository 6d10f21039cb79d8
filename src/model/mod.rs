//! The nouns of the program: types with their invariants, and nothing that reads a file,
//! a clock or a socket. Every room above speaks in these words.
//!
//! - `secret`: bytes that open something and cannot be printed
//! - `text`: how bytes from a repository are shown without harm
//! - `blob`: bytes handed to a detector, and where they stand
//! - `kin`: what a blob has from the one it was made from
//! - `location`: path, line, column, commit
//! - `finding`: a rule matched at a location
//! - `coverage`: what a scan read, and what it could not
//! - `event`: what a running scan tells
//! - `credential`: a key that works, a provider's answer before and after it is sealed, why a call failed
//! - `incident`: one leaked secret, and what was done about it
//! - `rotation`: why a credential is replaced, how, and how far that is

pub mod blob;
pub mod coverage;
pub mod credential;
pub mod event;
pub mod finding;
pub mod incident;
pub mod kin;
pub mod location;
pub mod rotation;
pub mod secret;
pub mod text;
pub(crate) mod worded;

pub use blob::{Blob, Extent, Origin};
pub use coverage::{Coverage, Skip, SkipReason};
pub use event::Event;
pub use finding::{
    Check, Confidence, Finding, Fingerprint, Hit, RuleCard, Severity, Status, Suppression, Verdict,
};
pub use kin::{Copied, Kin, Learnt};
pub use location::{CommitCard, Location, Path, Place};
pub use secret::Secret;
