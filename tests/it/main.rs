//! Stories about the whole program: real repositories, the real program, the real screen.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod history;
mod range;
mod rules;
mod staged;
mod stores;
mod support;
