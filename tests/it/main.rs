//! Stories about the whole program: real repositories, the real program, the real screen.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod again;
mod again_kept;
mod again_parts;
mod damage;
mod files;
mod floors;
mod gitleaks;
mod history;
mod hostile;
mod html;
mod index;
mod migrate;
mod pages;
mod properties;
mod providers;
mod range;
mod redact;
mod rules;
mod rules_command;
mod settings;
mod staged;
mod stores;
mod support;
mod suppress;
mod usage;
