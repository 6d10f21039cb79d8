//! Stories about the whole program: real repositories, the real program, the real screen.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

#[cfg(unix)]
mod action;
mod again;
mod again_kept;
mod again_parts;
#[cfg(unix)]
mod agents;
#[cfg(feature = "rekey")]
mod apiverve;
#[cfg(feature = "rekey")]
mod approval;
#[cfg(feature = "rekey")]
mod atlasvpn;
#[cfg(feature = "rekey")]
mod audit_chain;
#[cfg(all(feature = "rekey", unix))]
mod awssm;
#[cfg(feature = "rekey")]
mod cleaning;
mod damage;
#[cfg(all(feature = "rekey", unix))]
mod drill;
#[cfg(feature = "rekey")]
mod embeds;
mod files;
mod floors;
#[cfg(unix)]
mod frameworks;
mod fuzz;
#[cfg(all(feature = "rekey", unix))]
mod gateway;
#[cfg(feature = "rekey")]
mod github_tokens;
mod gitleaks;
#[cfg(feature = "rekey")]
mod hints;
mod hints_told;
mod history;
#[cfg(unix)]
mod hooks;
mod hostile;
#[cfg(feature = "rekey")]
mod hosts;
mod html;
#[cfg(feature = "rekey")]
mod incident_page;
#[cfg(feature = "rekey")]
mod incidents_kept;
mod index;
#[cfg(feature = "rekey")]
mod ledger;
#[cfg(feature = "rekey")]
mod ledger_opened;
mod migrate;
#[cfg(feature = "rekey")]
mod notices_kept;
#[cfg(feature = "rekey")]
mod notify;
#[cfg(feature = "rekey")]
mod openai;
mod pages;
#[cfg(unix)]
mod pipelines;
#[cfg(feature = "rekey")]
mod platforms;
mod properties;
mod providers;
#[cfg(feature = "rekey")]
mod pull_request;
mod range;
mod redact;
#[cfg(feature = "rekey")]
mod respond;
#[cfg(feature = "rekey")]
mod rotation;
mod rules;
mod rules_command;
mod settings;
mod settings_at;
#[cfg(feature = "rekey")]
mod slack;
mod staged;
mod stores;
mod support;
mod suppress;
mod usage;
#[cfg(all(feature = "rekey", unix))]
mod vault;
#[cfg(feature = "rekey")]
mod verify;
