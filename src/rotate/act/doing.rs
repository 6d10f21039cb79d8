//! A step that is being done: its intent on disk before, its result behind (I2), and what the journal and the
//! seal hold for it.

use serde_json::{Value, json};

use super::super::engine::Walk;
use super::super::kill::point;
use super::super::lease::renew;
use super::super::plan::Step;
use super::super::stand::detail_of;
use super::Stop;
use crate::model::credential::{CallError, Credential, Refusal, Sealed};
use crate::model::rotation::Moment;
use crate::store::record::{End, Entry, Outcome};

/// How an entry says that a place was written once more.
pub(super) const AGAIN: &str = "delivered_again";

/// A step that is being done.
pub(super) struct Doing<'a> {
    pub(super) walk: &'a Walk<'a>,
    pub(super) step: &'a Step,
}

/// An intent on disk (I2).
pub(super) struct Intent {
    /// The entry's number.
    pub(super) number: i64,
    /// When it was first meant to be done.
    pub(super) begun: Moment,
}

impl Doing<'_> {
    pub(super) fn now(&self) -> Moment {
        self.walk.engine.parts.clock.now()
    }

    /// Returns the last entry of this step.
    pub(super) fn last(&self) -> Option<&Entry> {
        self.walk.journal.iter().rev().find(|e| e.step == self.step.name)
    }

    /// Tells whether an earlier run may have done it and died before it could say so.
    pub(super) fn is_unknown(&self) -> bool {
        self.last().is_some_and(may_have_done)
    }

    /// Returns when the tries of this step began that may have done it, and could not say so.
    pub(super) fn open_since(&self) -> Vec<Moment> {
        let tries = self.walk.journal.iter().filter(|e| e.step == self.step.name);
        tries.filter(|e| may_have_done(e)).map(|e| e.begun).collect()
    }

    /// Returns how often this step has failed.
    pub(super) fn failures(&self) -> u64 {
        self.walk.journal.iter().filter(|e| e.step == self.step.name).filter(|e| e.end.is_some()).count()
            as u64
    }

    /// Writes down that it is about to be done. The lease is renewed with it: a runner that lost it
    /// stops here, before its call (I9).
    pub(super) async fn intend(&self) -> Result<Intent, Stop> {
        renew(self.walk.engine.parts, self.walk.lease).await?;
        let now = self.now();
        let number = self.walk.engine.parts.store.intend(self.walk.lease, &self.step.name, now).await?;
        point(&format!("intended {}", self.step.name));
        Ok(Intent { number, begun: now })
    }

    /// The same for a step that changes nothing outside: an intent that is open already is taken up, so
    /// that waiting does not fill the journal.
    pub(super) async fn look(&self) -> Result<Intent, Stop> {
        match self.last() {
            Some(entry) if entry.end.is_none() => {
                renew(self.walk.engine.parts, self.walk.lease).await?;
                Ok(Intent { number: entry.number, begun: entry.begun })
            }
            _ => self.intend().await,
        }
    }

    /// Writes down that it is done, with what later steps need and a line of the audit.
    pub(super) async fn done(
        &self,
        intent: &Intent,
        detail: Value,
        sealed: &[(&str, &Sealed)],
        shown: impl Into<String>,
    ) -> Result<String, Stop> {
        let shown = shown.into();
        self.conclude(intent, Outcome::Done, detail, sealed, &shown).await?;
        Ok(shown)
    }

    /// Writes down that it is not done and nothing happened.
    pub(super) async fn failed(&self, intent: &Intent, why: &str) -> Result<(), Stop> {
        self.conclude(intent, Outcome::Failed, json!({ "why": why }), &[], why).await
    }

    /// Writes down that it is not done, with what the next try needs.
    pub(super) async fn refused(&self, intent: &Intent, detail: Value, why: &str) -> Result<(), Stop> {
        self.conclude(intent, Outcome::Failed, detail, &[], why).await
    }

    /// Writes down that nobody knows whether it happened.
    pub(super) async fn unknown(&self, intent: &Intent, why: &str) -> Result<(), Stop> {
        self.conclude(intent, Outcome::Unknown, json!({ "why": why }), &[], why).await
    }

    /// Writes down that a place was written once more: who used it may have held the old key until now,
    /// so the quiet gate begins anew.
    pub(super) async fn delivered_again(&self, intent: &Intent) -> Result<Stop, Stop> {
        let shown = "written once more: the quiet gate begins anew";
        self.refused(intent, json!({ (AGAIN): true }), shown).await?;
        Ok(Stop::again(1, shown))
    }

    async fn conclude(
        &self,
        intent: &Intent,
        outcome: Outcome,
        detail: Value,
        sealed: &[(&str, &Sealed)],
        shown: &str,
    ) -> Result<(), Stop> {
        point(&format!("called {}", self.step.name));
        let walk = self.walk;
        let status = match outcome {
            Outcome::Done => "success",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        };
        let verb = self.step.name.split(':').next().unwrap_or_default();
        let parts = walk.engine.parts;
        let action = format!("rotation.{verb}");
        let mut line = parts.line(walk.record, walk.engine.key, &action, status, shown.to_owned());
        line.new_last4 = self.new_last4(&detail);
        let end = End { outcome, detail, at: self.now() };
        let store = &walk.engine.parts.store;
        store.conclude(walk.lease, intent.number, &end, sealed, Some(line)).await?;
        point(&format!("concluded {}", self.step.name));
        Ok(())
    }

    fn new_last4(&self, detail: &Value) -> String {
        let known = [Some(detail), self.made()];
        known.into_iter().flatten().find_map(|d| d["last4"].as_str()).unwrap_or_default().to_owned()
    }

    /// Returns what is known of the new key, once there is one.
    pub(super) fn made(&self) -> Option<&Value> {
        ["mint", "roll", "take"].iter().find_map(|step| detail_of(self.walk.journal, step))
    }

    pub(super) fn context(&self, name: &str) -> String {
        format!("rotation:{}:{name}:{}", self.walk.record.id, self.walk.plan.provider)
    }

    /// Opens what was sealed under a name, as a credential.
    pub(super) async fn opened(
        &self,
        name: &str,
        key_id: Option<String>,
    ) -> Result<Option<Credential>, Stop> {
        let parts = self.walk.engine.parts;
        let Some(sealed) = parts.store.sealed(&self.walk.record.id, name).await? else { return Ok(None) };
        let secret = parts.sealer.open(&sealed, &self.context(name)).await?;
        Ok(Some(Credential { key_id, secret }))
    }

    /// Returns the new credential.
    pub(super) async fn new_key(&self) -> Result<Credential, Stop> {
        let key_id = self.made().and_then(|m| m["key_id"].as_str()).map(Into::into);
        let missing =
            || Stop::Ask("the new key's sealed bytes are gone: mint another by a new rotation".into());
        self.opened("new", key_id).await?.ok_or_else(missing)
    }

    /// Notes a secret's name as one of ours, so that it is known again wherever it leaks.
    pub(super) async fn note_as_ours(&self, key: &Credential) -> Result<(), Stop> {
        let parts = self.walk.engine.parts;
        let plan = self.walk.plan;
        let key_id = key.key_id.as_deref().unwrap_or(&plan.key_id);
        let identity = parts.sealer.identity(&key.secret);
        Ok(parts.store.note_identity(&identity, &plan.key, key_id, self.now()).await?)
    }

    /// Returns the old credential, if a destination held it where it could be read.
    pub(super) async fn old_key(&self) -> Result<Option<Credential>, Stop> {
        for place in 0..self.walk.plan.places.len() {
            let key_id = Some(self.walk.plan.key_id.clone());
            if let Some(old) = self.opened(&format!("old:{place}"), key_id).await? {
                return Ok(Some(old));
            }
        }
        Ok(None)
    }

    /// Says what to do about a call that came to nothing and changed nothing: try again later, or ask.
    pub(super) fn later(&self, what: &str, error: &CallError, failures: u64) -> Stop {
        let back_off = 1 << failures.min(8);
        match error {
            CallError::Refused { kind: Refusal::TooMany, retry_after, .. } => {
                Stop::again(retry_after.unwrap_or(back_off).clamp(1, 3600), format!("{what}: {error}"))
            }
            CallError::Withheld(_) => Stop::Ask(format!("{what}: {error}")),
            CallError::Refused { status, .. } if *status < 500 => Stop::Ask(format!("{what}: {error}")),
            _ => Stop::again(back_off.min(300), format!("{what}: {error}")),
        }
    }
}

/// Tells whether a try may have done its step, and nobody knows.
fn may_have_done(entry: &Entry) -> bool {
    entry.end.as_ref().is_none_or(|end| end.outcome == Outcome::Unknown)
}
