//! Why something was not sealed or not opened.

use std::path::{Path, PathBuf};

use crate::model::text;

/// Why something was not sealed or not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no key file.
    #[error("the key file {} is not there: what is sealed under it opens with no other", shown(.0))]
    Lost(PathBuf),
    /// There is a key file already, and it is not replaced.
    #[error("the key file {} is there already, and what is sealed under it needs it", shown(.0))]
    Taken(PathBuf),
    /// Others may read it.
    #[error("the key file {} is open to others (mode {mode:o}); `chmod 600` closes it", shown(path))]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Who may do what.
        mode: u32,
    },
    /// It is another user's.
    #[error("the key file {} belongs to another user; `chown` it, or run as that user", shown(.0))]
    OtherOwner(PathBuf),
    /// It can't be read, made, or is no key file.
    #[error("the key file {}: {why}", shown(path))]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A key-encryption key refused, or its keeper did not answer.
    #[error("the key-encryption key {id}: {why}")]
    Kek {
        /// Which.
        id: String,
        /// What is wrong.
        why: String,
    },
    /// It was sealed for others.
    #[error("it is sealed for {0}, and none of them is configured here")]
    NotForUs(String),
    /// It was changed, or sealed for another purpose.
    #[error("it was changed since it was sealed, or was sealed for another purpose")]
    Spoiled,
    /// It is no sealed bytes.
    #[error("these are no sealed bytes: {0}")]
    Malformed(&'static str),
    /// It is longer than anything that is sealed here.
    #[error("it is too long to be sealed ({0} bytes)")]
    TooLong(usize),
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

fn shown(path: &Path) -> String {
    text::shown(path.as_os_str().as_encoded_bytes()).to_string()
}
