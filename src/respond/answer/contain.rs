//! Ends the leaked secret: by an emergency rotation of the key it is, or, where nothing can be minted, by
//! ending the very secret.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::{Case, RespondError};
use crate::model::credential::Liveness;
use crate::model::incident::Stage;
use crate::model::rotation::{Mode, Moment, Reason, State};
use crate::rotate::engine::Told;
use crate::rotate::{Engine, Observed, Parts, Plan, Progress, RotateError, Wishes, begin, observe};
use crate::store::record::{End, Entry, KeyRecord, Outcome};
use crate::verify::ask;

/// An hour in milliseconds: the first look behind a proof of death.
pub(super) const HOUR: Moment = 3_600_000;

impl Case<'_> {
    /// Returns the hash of what would be done now.
    ///
    /// # Errors
    /// Why nothing can be planned, and what a person can do about it.
    pub(super) async fn planned(&self, key: Option<&KeyRecord>) -> Result<String, String> {
        if let Some(key) = key {
            let parts = self.desk.office.parts(key)?;
            return match self.plan(key, &parts).await {
                Ok((_, plan)) => Ok(plan.hash()),
                Err(e) => Err(format!("{e}")),
            };
        }
        if self.can_only_end()? {
            let text = format!("end {} {}", self.incident.is.provider, self.incident.is.identity);
            return Ok(data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..8]));
        }
        Err("put the key into the inventory with its places (keywright keys add), or end it by hand".into())
    }

    /// Tells whether the secret is ours and can be ended by itself.
    fn can_only_end(&self) -> Result<bool, String> {
        let is_ours = self
            .incident
            .is
            .ownership
            .as_ref()
            .is_some_and(|o| o.is == crate::model::incident::Ownership::Ours);
        let (_, provider) = self.secret()?;
        Ok(is_ours && provider.card().revoke_only)
    }

    /// Plans the emergency.
    async fn plan(&self, key: &KeyRecord, parts: &Parts) -> Result<(Observed, Plan), RotateError> {
        let card = parts.provider.card();
        let mode = if card.modes.contains(&Mode::Emergency) { Mode::Emergency } else { Mode::Manual };
        let places = self.desk.office.places(key).map_err(|why| RotateError::Refused {
            what: format!("the places of {} can't be opened", key.name),
            why,
            fix: "look at `keywright keys show`".into(),
        })?;
        let seen = observe(parts, &places, key, mode).await?;
        let plan = Plan::make(key, card, mode, Reason::Commit, &seen, &Wishes::default());
        Ok((seen, plan))
    }

    /// Decides for good: from here on it is contained, whoever resumes it. The rotation's name is written
    /// down before there is a rotation, so that a crash in between begins no second one.
    pub(super) async fn begin(&mut self, by: &str) -> Result<(), RespondError> {
        self.incident.is.rotation = Some(begin::name()?);
        self.incident.is.stage = Stage::Answering;
        self.incident.is.note = "it is being contained".into();
        let because = self.incident.is.decision.as_ref().map(|d| d.because.clone()).unwrap_or_default();
        let line = self.line("decided", "success", format!("contain, by {by}: {because}"));
        self.put(Some(line)).await?;
        crate::rotate::kill::point("incident decided");
        self.contain().await
    }

    /// Contains, or goes on with it.
    pub(super) async fn contain(&mut self) -> Result<(), RespondError> {
        let Some(name) = self.incident.is.key.clone() else { return self.end().await };
        let Some(key) = self.desk.store.key(&name).await? else {
            return self.hold(format!("the inventory has no key {name} any more")).await;
        };
        let parts = match self.desk.office.parts(&key) {
            Ok(parts) => parts,
            Err(why) => return self.hold(why).await,
        };
        let places = match self.desk.office.places(&key) {
            Ok(places) => places,
            Err(why) => return self.hold(why).await,
        };
        let id = self.incident.is.rotation.clone().unwrap_or_default();
        if self.desk.store.rotation(&id).await?.is_none() {
            let (seen, plan) = match self.plan(&key, &parts).await {
                Ok(ready) => ready,
                Err(error @ RotateError::Refused { .. }) => return self.hold(error.to_string()).await,
                Err(error) => return Err(error.into()),
            };
            // What was approved is done, and nothing else.
            if self.incident.is.plan_hash.as_ref().is_some_and(|hash| *hash != plan.hash()) {
                self.incident.is.stage = Stage::Open;
                (self.incident.is.plan_hash, self.incident.is.rotation) = (None, None);
                self.incident.is.approvals.clear();
                self.incident.is.note = "what was approved is not what would be done now".into();
                let line = self.line("reconsidered", "failed", self.incident.is.note.clone());
                return self.put(Some(line)).await;
            }
            match begin::begin(&parts, &id, &key, &seen, &plan).await {
                Ok(()) => {}
                Err(RotateError::Store(crate::store::StoreError::Busy { rotation })) => {
                    let why =
                        format!("{name} is being rotated by {rotation}: resume it, or put it back, first");
                    return self.hold(why).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let say = self.desk.say;
        let tell = |told: Told| {
            let text = match told {
                Told::Done(at, of, words, shown) if shown.is_empty() => format!("{at}/{of} {words}"),
                Told::Done(at, of, words, shown) => format!("{at}/{of} {words}: {shown}"),
                Told::Stopped(at, of, words, why) => format!("{at}/{of} {words}: not yet, {why}"),
                Told::GoingBack(why) => format!("putting the old key back: {why}"),
                Told::Begun(..) => return,
            };
            say(super::Said { topic: "step", text });
        };
        let engine = Engine {
            parts: &parts,
            destinations: &places,
            key: &key,
            given: Mutex::new(None),
            deliver_again: false,
            tell: &tell,
        };
        let progress = loop {
            let progress = engine.run(&id).await?;
            match &progress {
                Progress::Waiting { until, .. } if *until - self.now() <= self.desk.patience => {
                    let left = u64::try_from(*until - self.now()).unwrap_or(0);
                    tokio::time::sleep(std::time::Duration::from_millis(left)).await;
                }
                _ => break progress,
            }
        };
        match progress {
            Progress::Over(State::Done) => {
                let journal = self.desk.store.journal(&id).await?;
                self.contained(&journal).await
            }
            Progress::Over(state) => self.hold(format!("the rotation {id} is {state}")).await,
            Progress::Waiting { until, note } => {
                self.incident.run_at = Some(until);
                self.hold(note).await
            }
            Progress::Asking { note } => {
                let title = format!("{id} needs you: {name} leaked, and is not contained yet");
                self.hold(note).await?;
                self.tell(&format!("asking:{id}"), title, true).await
            }
        }
    }

    /// Writes down why it does not go on now.
    async fn hold(&mut self, why: String) -> Result<(), RespondError> {
        self.say("waits", why.clone());
        if self.incident.is.note == why {
            return Ok(());
        }
        self.incident.is.note = why;
        self.put(None).await
    }

    /// Takes the moments out of the rotation's journal.
    async fn contained(&mut self, journal: &[Entry]) -> Result<(), RespondError> {
        let ends = |names: &[&str]| ends(journal, names);
        let times = &mut self.incident.is.times;
        times.contained = ends(&["roll", "revoke", "ask-revoke"])
            .iter()
            .map(|e| e.at)
            .min()
            .or_else(|| ends(&["take"]).iter().map(|e| e.at).min());
        times.delivered = ends(&["write", "read", "activate"]).iter().map(|e| e.at).max();
        times.dead = ends(&["dead"]).iter().map(|e| e.at).max();
        let outage = ends(&["close"]).iter().filter_map(|e| e.detail["outage_ms"].as_i64()).max();
        self.incident.is.outage = outage;
        let shown = ends(&["dead"]).len();
        self.died(if shown > 0 { "the rotation proved the old secret dead" } else { "the rotation is done" })
            .await
    }

    /// Ends the very secret, where nothing can be minted.
    async fn end(&mut self) -> Result<(), RespondError> {
        let (credential, provider) = match self.secret() {
            Ok(ready) => ready,
            Err(why) => return self.hold(why).await,
        };
        if !self.can_only_end().unwrap_or(false) {
            return self.hold("it is not shown to be ours: nothing is ended".into()).await;
        }
        if self.incident.is.times.contained.is_none() {
            let intent = self.line("end", "begun", format!("end the secret at {}", provider.card().name));
            self.put(Some(intent)).await?;
            if let Err(error) = provider.revoke_leaked(&credential).await {
                let line = self.line("end", "unknown", error.to_string());
                self.put(Some(line)).await?;
                return self.hold(format!("{} did not end it: {error}", provider.card().name)).await;
            }
            self.incident.is.times.contained = Some(self.now());
            let line = self.line("end", "success", format!("{} took it", provider.card().name));
            self.put(Some(line)).await?;
            self.say("step", format!("ended at {}", provider.card().name));
        }
        let from = self.incident.is.times.contained.unwrap_or_else(|| self.now());
        loop {
            let checked = ask(&credential, &*provider).await;
            match checked.liveness {
                Liveness::Dead => {
                    self.incident.is.times.dead = Some(self.now());
                    return self.died(&checked.why).await;
                }
                _ if self.now() - from < self.desk.patience => {
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
                _ => {
                    let within = Moment::try_from(provider.card().dead_within * 1000).unwrap_or(Moment::MAX);
                    let late = self.now() - from > within;
                    self.incident.run_at = Some(self.now() + 60_000);
                    let why = format!("it was ended, and is not dead yet ({})", checked.why);
                    if late {
                        let title = "A leaked secret that was ended still works".to_owned();
                        self.tell("lives on", title, true).await?;
                    }
                    return self.hold(why).await;
                }
            }
        }
    }
}

/// Lists how steps ended that are done, by the first word of their names.
fn ends<'j>(journal: &'j [Entry], names: &[&str]) -> Vec<&'j End> {
    let is_meant = |e: &&Entry| names.contains(&e.step.split(':').next().unwrap_or_default());
    let ends = journal.iter().filter(is_meant).filter_map(|e| e.end.as_ref());
    ends.filter(|e| e.outcome == Outcome::Done).collect()
}
