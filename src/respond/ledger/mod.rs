//! The report of an incident: every moment of it, who or what decided and why, what was shown and by
//! what, and what is left to clean; as Markdown, as JSON, and as a page for a browser.
//!
//! - `facts`: what is told, worked out once for all three
//! - `evidence`: each thing that was shown, with its hash
//! - `reviewed`: what an incident keeps of the review of its use
//! - `markdown`, `html`: the two that people read; `picture`: the page's timeline
//! - `words`: moments and lengths of time
//!
//! Texts in it come from repositories, providers and people: each form escapes them in its own way. No
//! part of a secret is in it beyond its mask, and neither is the name under which the store joins
//! incidents.

mod evidence;
mod facts;
mod html;
mod markdown;
mod picture;
mod reviewed;
#[cfg(test)]
mod tests;
mod words;

pub use reviewed::{Flagged, Reviewed};

use super::clean::Left;
use crate::model::incident::{Incident, Sighting};
use crate::model::rotation::Moment;
use crate::report::write_json;
use crate::store::record::AuditRecord;

/// What a report is made of.
#[derive(Clone, Copy)]
pub struct Ledger<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Where its secret was seen.
    pub sightings: &'a [Sighting],
    /// The audit's lines about it and about its rotation.
    pub audit: &'a [AuditRecord],
    /// What still holds the secret, if that was looked for.
    pub left: Option<&'a Left>,
    /// When the report is written.
    pub now: Moment,
}

impl Ledger<'_> {
    /// Writes the report as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = Vec::new();
        write_json(&facts::Facts::of(self), &mut out).expect("a vector takes every byte");
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    /// Writes the report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        markdown::write(&facts::Facts::of(self))
    }

    /// Writes the report as one page that asks the network for nothing and runs nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(&facts::Facts::of(self))
    }
}
