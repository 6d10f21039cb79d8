//! What the stories are told with.
//!
//! - `repo`: real repositories, built by the git program
//! - `program`: the real program, run in an environment of its own
//! - `browser`: a real browser, driven over WebDriver
//! - `ledger`, `postgres`: a store on each database, and a real server
//! - `atlasvpn`: a double of AtlasVPN, with its faults
//! - `double`: a double of any service, with its faults; `vercel`, `render`, `github`, `github_tokens`, `slack` are such
//! - `github_host`: a double of GitHub's repositories, alerts, pull requests, comments and pushes
//! - `git_http`: real git, served over http
//! - `mail`: a real mail server, and what verifies webhooks
//! - `prism`: GitHub's own description of its interface, and libsodium
//! - `openai`, `apiverve`: doubles of OpenAI and APIVerve, on `loopback`
//! - `squid`: a real proxy as AtlasVPN's gateway
//! - `vault`: a double of Vault's key-value engine, with its faults
//! - `moto`: a real server that plays AWS, and a wire to it that loses answers
//! - `keys`: keys that are made when the test runs, so that none stands in a file

#[cfg(feature = "rekey")]
pub(crate) mod apiverve;
#[cfg(feature = "rekey")]
pub(crate) mod atlasvpn;
pub(crate) mod browser;
#[cfg(feature = "rekey")]
pub(crate) mod double;
#[cfg(feature = "rekey")]
pub(crate) mod git_http;
#[cfg(feature = "rekey")]
pub(crate) mod github;
#[cfg(feature = "rekey")]
pub(crate) mod github_host;
#[cfg(feature = "rekey")]
pub(crate) mod github_tokens;
pub(crate) mod keys;
#[cfg(feature = "rekey")]
pub(crate) mod ledger;
#[cfg(feature = "rekey")]
pub(crate) mod loopback;
#[cfg(feature = "rekey")]
pub(crate) mod mail;
#[cfg(all(feature = "rekey", unix))]
pub(crate) mod moto;
#[cfg(feature = "rekey")]
pub(crate) mod openai;
#[cfg(feature = "rekey")]
pub(crate) mod postgres;
#[cfg(feature = "rekey")]
pub(crate) mod prism;
pub(crate) mod program;
#[cfg(feature = "rekey")]
pub(crate) mod render;
pub(crate) mod repo;
#[cfg(feature = "rekey")]
pub(crate) mod slack;
#[cfg(all(feature = "rekey", unix))]
pub(crate) mod squid;
#[cfg(feature = "rekey")]
pub(crate) mod vault;
#[cfg(feature = "rekey")]
pub(crate) mod vercel;

pub(crate) use browser::Browser;
pub(crate) use keys::{filled, key, nth_key};
pub(crate) use program::{Folder, Program, Run};
pub(crate) use repo::Repo;
