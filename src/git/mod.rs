//! The only room that knows gix.
//!
//! - `hook`: puts keywright into a repository's hooks, takes it out, says how it stands

pub mod hook;
