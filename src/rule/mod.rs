//! Rules: how a provider's credential looks in bytes, as data.
//!
//! - `model`: a rule, ready to be searched for
//! - `raw`: rule files as they are written
//! - `read`: rule files (TOML; a superset of gitleaks' table) into rules, with errors that name the line
//! - `builtin`: the rules in `rules/`, embedded at build
//! - `merge`: built-in rules under a user's; what a scanned repository's file may not do
//! - `edge`: which bytes can stand beside a part of an expression
//! - `literal`: the literals every match of an expression must hold
//! - `template`: examples without a literal key, and how they are filled
//! - `proof`: a rule held against its own examples

pub mod builtin;
pub mod edge;
pub mod literal;
pub mod merge;
pub mod model;
pub mod proof;
mod raw;
pub mod read;
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
    #[error("{file}: {why}; {mend}")]
    Refused {
        /// The file's name.
        file: String,
        /// What it may not say.
        why: String,
        /// Where it may be said.
        mend: String,
    },
}
