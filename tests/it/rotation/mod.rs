//! Rotations, whole: the real program, real files and programs, the double of AtlasVPN.
//!
//! - `desk`: where a rotation is told about: inventory, places, clock, double
//! - `places`: of what kinds a desk's places are
//! - `others`: providers of other kinds: OpenAI and APIVerve
//! - `recipe`: OpenAI to Vercel, Render and a password store, a day of grace
//! - `schedule`: windows, distances, notices ahead, and what is put off
//! - `stories`: what an operator sees
//! - `trouble`: bad input: each as docs/rotation.md says
//! - `hidden`: places that nobody can read
//! - `kill`: killed at every point, resumed, nothing lost
//! - `fight`: two runners over one store
//! - `lost`: each answer lost in turn
//! - `network`: places over the network: Vault and AWS Secrets Manager
//! - `wiped`: nothing sealed is left
//! - `platforms`: places over the network, deployments and all

#[cfg(feature = "kill-points")]
mod desk;
#[cfg(feature = "kill-points")]
mod fight;
#[cfg(feature = "kill-points")]
mod hidden;
#[cfg(feature = "kill-points")]
mod kill;
#[cfg(feature = "kill-points")]
mod lost;
#[cfg(all(feature = "kill-points", unix))]
mod network;
#[cfg(feature = "kill-points")]
mod others;
#[cfg(feature = "kill-points")]
mod places;
#[cfg(feature = "kill-points")]
mod platforms;
#[cfg(all(feature = "kill-points", unix))]
mod recipe;
#[cfg(feature = "kill-points")]
mod schedule;
#[cfg(feature = "kill-points")]
mod stories;
#[cfg(feature = "kill-points")]
mod trouble;
#[cfg(feature = "kill-points")]
mod wiped;
