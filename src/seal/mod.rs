//! Seals secrets for the disk: a fresh data key for each, wrapped for one or two recipients, so that a
//! minted key outlives a crash and tells nobody anything.
//!
//! - `sealer`: seals and opens, and proves beforehand that it can
//! - `kek`: what a recipient is
//! - `key_file`, `transit`: recipients: a file of the operator's, Vault's transit engine
//! - `envelope`: the sealed bytes; `armour`: the same as text, for when a disk is full
//! - `aead`: the cipher; `error`: why not

mod aead;
mod armour;
mod envelope;
mod error;
mod kek;
mod key_file;
mod sealer;
mod transit;

pub use armour::{armoured, from_armour};
pub use error::SealError;
pub use kek::Kek;
pub use key_file::KeyFile;
pub use sealer::{Prepared, Sealer};
pub use transit::{Post, Transit};
