//! Pure detection: bytes in, hits out. No file, no clock, no network.
//!
//! literal stage → bounded expression → checks → one hit for each secret and place.
//!
//! - `detector`: from bytes to hits
//! - `search`: where rules match, the stages in their order
//! - `literal_stage`: one pass over the bytes that finds where rules are worth trying
//! - `rarity`: how rare a few bytes are in source text
//! - `spot`: places where a literal stands, and what is known of them from a base
//! - `window`: the rule's expression, run only around a candidate
//! - `assign`: secrets of no known shape, by the name they are given to
//! - `judge`: the checks that decide how sure a match is
//! - `checksum`, `structure`, `entropy`, `placeholder`, `host`: the checks
//! - `encoded`: keys inside base64
//! - `place`: line, column and the line's text
//! - `overlap`: one hit for each secret and place
//! - `mask`: the line a hit stands on, without any secret
//! - `normal`: a secret's own bytes, without what stood around them
//! - `percent`: percent-encoding
//! - `explain`: the same stages once more, each with what it decided and why
//! - `near`: how far an expression fits where it does not match
//! - `mark`: marks on a line that let a hit be
//! - `strength`: how hard a secret is to guess
//! - `fingerprint`: names for secrets

mod assign;
pub mod checksum;
mod detector;
mod encoded;
pub mod entropy;
pub mod explain;
pub mod fingerprint;
mod host;
mod judge;
pub mod literal_stage;
mod mark;
mod mask;
mod near;
mod normal;
mod overlap;
mod percent;
mod place;
pub mod placeholder;
mod rarity;
mod search;
mod spot;
pub mod strength;
pub mod structure;
mod window;

pub use detector::Detector;
pub use mark::{MarkCard, Marks, Placement, marks};
