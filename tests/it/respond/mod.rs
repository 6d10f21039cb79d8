//! Leaks that are answered: the real program, real git over http, the doubles of providers.
//!
//! - `town`: where it happens: a key, its places, a repository that strangers can read, a policy
//! - `stories`: what an operator sees
//! - `others`: other kinds of secrets, and other scanners' reports
//! - `adversary`: what somebody plants, so that we end the wrong thing
//! - `hosted`: GitHub's alerts, and its secrets of Actions as a place
//! - `told`: people are told, by mail and by webhook, now or later
//! - `killed`: killed at every point of the loop, resumed, nothing lost and nothing done twice

#[cfg(feature = "kill-points")]
mod adversary;
#[cfg(feature = "kill-points")]
mod hosted;
#[cfg(feature = "kill-points")]
mod killed;
#[cfg(feature = "kill-points")]
mod others;
#[cfg(feature = "kill-points")]
mod stories;
#[cfg(feature = "kill-points")]
mod told;
#[cfg(feature = "kill-points")]
mod town;
