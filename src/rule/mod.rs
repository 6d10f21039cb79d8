//! Rules: how a provider's credential looks in bytes, as data.
//!
//! - `model`: a rule, ready to be searched for
//! - `raw`: rule files as they are written
//! - `read`: rule files (TOML; a superset of gitleaks' table) into rules, with errors that name the line
//! - `sheet`: a rule file as it is written, with its lines
//! - `reserved`: what only an operator's file may say
//! - `class`: sets of bytes
//! - `prepared`: rule files parsed and studied at build
//! - `builtin`: the rules in `rules/`, embedded at build
//! - `merge`: built-in rules under a user's; what a scanned repository's file may not do
//! - `edge`: which bytes can stand beside a part of an expression
//! - `literal`: the literals every match of an expression must hold
//! - `template`: examples without a literal key, and how they are filled
//! - `proof`: a rule held against its own examples
//! - `lint`: what a good rule file needs

pub mod builtin;
mod class;
pub mod edge;
pub mod lint;
pub mod literal;
pub mod merge;
pub mod model;
mod prepared;
pub mod proof;
mod raw;
pub mod read;
mod reserved;
pub mod sheet;
pub mod template;

pub use merge::{RuleSet, Trust};
pub use model::{Allowlist, AssignmentLane, ByteClass, Checksum, Rule, Structure};
pub use read::{RuleFile, read};

/// Why a rule file was not taken. Every variant says which file, and where it can be, which line.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The text is no TOML, or a field has the wrong type.
    #[error("{file}: line {line}: {why}")]
    Syntax {
        /// The file's name.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// What the reader says.
        why: String,
    },
    /// A rule cannot work as written.
    #[error("{file}: line {line}: rule `{rule}`: {why}; {mend}")]
    Broken {
        /// The file's name.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// The rule's id.
        rule: String,
        /// What is wrong.
        why: String,
        /// What to write instead.
        mend: String,
    },
    /// The file may not say this.
    #[error("{file}: line {line}: {why}; {mend}")]
    Refused {
        /// The file's name.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// What it may not say.
        why: String,
        /// Where it may be said.
        mend: String,
    },
}
