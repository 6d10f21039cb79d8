//! Stories about the whole program: real repositories, the real program, the real screen.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod damage;
mod files;
mod floors;
mod history;
mod hostile;
mod index;
mod properties;
mod providers;
mod range;
mod rules;
mod settings;
mod staged;
mod stores;
mod support;
mod suppress;
mod usage;
