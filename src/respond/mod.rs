//! What is done about a leaked secret.
//!
//! - `record`: from findings to incidents
//! - `hinted`: what other scanners point at, looked at again
//! - `reread`: a secret read again from where it was seen
//! - `owner`: whose it is, with proof
//! - `policy`: what the operator wants done about it
//! - `approval`: who agreed to it, by signatures
//! - `answer`: moves an incident: contain, deliver, prove, review, look again
//! - `outbox`: sends what people are to be told, until it is sent
//! - `review`: what was done with a key while it was public, and what of that was unusual
//! - `import`: uses of a key out of a file, for providers that tell none
//! - `letter`: what is written to the provider when it was abused
//! - `ledger`: the report of an incident
//! - `hint`: reports of other scanners, of which only the places are taken
//! - `pull`: what a pull request brings in, told in one comment
//! - `clean`: what still holds a leaked key, and how to take it out of a history
//! - `embeds`: pages that embed a key which is public by design
//! - `timeline`: a small picture of it

pub mod answer;
pub mod approval;
pub mod clean;
pub mod embeds;
pub mod hint;
pub mod hinted;
pub mod import;
pub mod ledger;
pub mod letter;
pub mod outbox;
pub mod owner;
pub mod policy;
pub mod pull;
pub mod record;
pub mod reread;
pub mod review;
pub mod timeline;
