//! What the stories are told with.
//!
//! - `repo`: real repositories, built by the git program
//! - `program`: the real program, run in an environment of its own
//! - `browser`: a real browser, driven over WebDriver
//! - `ledger`, `postgres`: a store on each database, and a real server
//! - `atlasvpn`: a double of AtlasVPN, with its faults
//! - `openai`, `apiverve`: doubles of OpenAI and APIVerve, on `loopback`
//! - `squid`: a real proxy as AtlasVPN's gateway
//! - `keys`: keys that are made when the test runs, so that none stands in a file

#[cfg(feature = "rekey")]
pub(crate) mod apiverve;
#[cfg(feature = "rekey")]
pub(crate) mod atlasvpn;
pub(crate) mod browser;
pub(crate) mod keys;
#[cfg(feature = "rekey")]
pub(crate) mod ledger;
#[cfg(feature = "rekey")]
pub(crate) mod loopback;
#[cfg(feature = "rekey")]
pub(crate) mod openai;
#[cfg(feature = "rekey")]
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod repo;
#[cfg(all(feature = "rekey", unix))]
pub(crate) mod squid;

pub(crate) use browser::Browser;
pub(crate) use keys::{filled, key, nth_key};
pub(crate) use program::{Folder, Program, Run};
pub(crate) use repo::Repo;
