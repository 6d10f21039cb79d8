//! Moves a rotation as far as it goes now.

use std::collections::HashSet;
use std::sync::Mutex;

use serde_json::Value;

use super::act::{Stop, perform};
use super::lease::{claim, kept};
use super::plan::{Act, Plan, Step};
use super::sweep::sweep;
use super::{Destinations, Parts, RotateError};
use crate::model::credential::Credential;
use crate::model::rotation::{Mode, Moment, State};
use crate::store::StoreError;
use crate::store::record::{Entry, KeyRecord, Lease, Outcome, RotationRecord};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left to do.
    Over(State),
    /// It goes on at this moment.
    Waiting {
        /// When.
        until: Moment,
        /// What for.
        note: String,
    },
    /// A person is needed.
    Asking {
        /// What for, and what to do.
        note: String,
    },
}

/// What a run tells while it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A step is about to be done: its number, counted from one, how many there are, its words.
    Begun(usize, usize, String),
    /// It is done; with what it showed, or empty.
    Done(usize, usize, String, String),
    /// It is not done: why.
    Stopped(usize, usize, String, String),
    /// What was written is put back: why.
    GoingBack(String),
}

/// Moves one rotation.
pub struct Engine<'a> {
    /// What it works with.
    pub parts: &'a Parts,
    /// The plan's places.
    pub destinations: &'a Destinations,
    /// The key as the inventory has it.
    pub key: &'a KeyRecord,
    /// A key that a person made, if one is handed over now.
    pub given: Mutex<Option<Credential>>,
    /// Whether a place that holds another key at the last look is written once more.
    pub deliver_again: bool,
    /// Is told what happens.
    pub tell: &'a (dyn Fn(Told) + Sync),
}

/// What an act knows of the rotation it belongs to.
pub(super) struct Walk<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) lease: &'a Lease,
    pub(super) record: &'a RotationRecord,
    pub(super) plan: &'a Plan,
    pub(super) journal: &'a [Entry],
}

impl Engine<'_> {
    /// Takes the lease, does what can be done now, and gives the lease back. Done twice, it does
    /// nothing twice (I8).
    ///
    /// # Errors
    /// [`RotateError`]: what stopped it; what was done stands in the journal, and the next run goes on.
    pub async fn run(&self, id: &str) -> Result<Progress, RotateError> {
        let store = &self.parts.store;
        sweep(self.parts).await;
        let lease = claim(self.parts, id).await?;
        super::kill::point("claimed");
        let result = self.walk(&lease).await;
        if let Err(RotateError::Rescue { .. }) = result {
            // What is on nobody's disk is told before anything else is tried. The lease ends by itself.
            return result;
        }
        match store.release(&lease).await {
            Ok(()) | Err(StoreError::LostLease) => result,
            Err(error) => result.and(Err(error.into())),
        }
    }

    async fn walk(&self, lease: &Lease) -> Result<Progress, RotateError> {
        let store = &self.parts.store;
        // Steps of an emergency that are left for later, so that one place does not hold up the others.
        let mut later: HashSet<String> = HashSet::new();
        let mut held_up: Option<Stop> = None;
        loop {
            let record = store.rotation(&lease.rotation).await?.ok_or_else(|| absent(&lease.rotation))?;
            if record.state.is_over() {
                return Ok(Progress::Over(record.state));
            }
            let plan = read_plan(&record)?;
            let journal = store.journal(&record.id).await?;
            let is_back = record.state == State::RollingBack;
            let steps = if is_back { &plan.back } else { &plan.steps };
            let next = steps
                .iter()
                .enumerate()
                .find(|(_, step)| !is_done(&journal, &step.name) && !later.iter().any(|l| hangs_on(step, l)));
            let Some((at, step)) = next else {
                if let Some(stop) = held_up {
                    return self.rest(lease, is_back, stop).await;
                }
                let state = if is_back { State::RolledBack } else { State::Done };
                self.turn(lease, &record, state, "success", "").await?;
                super::kill::point("over");
                return Ok(Progress::Over(state));
            };
            (self.tell)(Told::Begun(at + 1, steps.len(), step.words.clone()));
            let walk = Walk { engine: self, lease, record: &record, plan: &plan, journal: &journal };
            match kept(self.parts, lease, perform(&walk, step)).await {
                Ok(shown) => (self.tell)(Told::Done(at + 1, steps.len(), step.words.clone(), shown)),
                Err(stop) => {
                    let is_apart =
                        plan.mode() == Mode::Emergency && !is_back && place_of(&step.act).is_some();
                    (self.tell)(Told::Stopped(
                        at + 1,
                        steps.len(),
                        step.words.clone(),
                        stop.note().to_owned(),
                    ));
                    if is_apart && !matches!(stop, Stop::Broken(_)) {
                        later.insert(step.name.clone());
                        held_up = Some(match (held_up, stop.rolled_forward()) {
                            // A wait ends by itself; a question does not.
                            (Some(Stop::Again { after, note }), _) => Stop::Again { after, note },
                            (_, stop) => stop,
                        });
                        continue;
                    }
                    let can_go_back =
                        !is_back && !plan.back.is_empty() && !old_may_have_ended(&plan, &journal);
                    match stop {
                        Stop::Broken(error) => return Err(error),
                        Stop::Abandon(note) => {
                            self.turn(lease, &record, State::Aborted, "failed", &note).await?;
                            super::kill::point("given up");
                            // Nothing outside was changed, so nothing of it is needed any more.
                            self.parts.wipe(lease).await?;
                            return Ok(Progress::Over(State::Aborted));
                        }
                        Stop::Back(note) if can_go_back => {
                            (self.tell)(Told::GoingBack(note.clone()));
                            self.turn(lease, &record, State::RollingBack, "failed", &note).await?;
                            super::kill::point("turned back");
                        }
                        stop => return self.rest(lease, is_back, stop).await,
                    }
                }
            }
        }
    }

    /// Moves the rotation to another state, with its line in the audit.
    async fn turn(
        &self,
        lease: &Lease,
        record: &RotationRecord,
        state: State,
        status: &str,
        note: &str,
    ) -> Result<(), RotateError> {
        let action = format!("rotation.{}", state.word().replace(' ', "-"));
        let line = self.parts.line(record, self.key, &action, status, note.into());
        let now = self.parts.clock.now();
        Ok(self.parts.store.advance(lease, state, None, note, now, Some(line)).await?)
    }

    /// Writes down why it stops here, and for how long.
    async fn rest(&self, lease: &Lease, is_back: bool, stop: Stop) -> Result<Progress, RotateError> {
        let now = self.parts.clock.now();
        let store = &self.parts.store;
        // A rotation on its way back stays on it: the state says which way.
        let state = |other| if is_back { State::RollingBack } else { other };
        match stop {
            Stop::Again { after, note } => {
                let until = now + after;
                store.advance(lease, state(State::Waiting), Some(until), &note, now, None).await?;
                Ok(Progress::Waiting { until, note })
            }
            Stop::Broken(error) => Err(error),
            Stop::Ask(note) | Stop::Back(note) | Stop::Abandon(note) => {
                store.advance(lease, state(State::Asking), None, &note, now, None).await?;
                Ok(Progress::Asking { note })
            }
        }
    }
}

/// Tells whether the old key may be dead already: then the way is forward only (I4).
pub(super) fn old_may_have_ended(plan: &Plan, journal: &[Entry]) -> bool {
    let may = |e: &&Entry| e.end.as_ref().is_none_or(|end| end.outcome != Outcome::Failed);
    let ends = plan.steps.iter().filter(|s| plan.ends_the_old(&s.act));
    ends.into_iter().any(|s| journal.iter().filter(may).any(|e| e.step == s.name))
}

/// Returns the place a step is about.
pub(super) fn place_of(act: &Act) -> Option<usize> {
    match act {
        Act::Write { place } | Act::ReadBack { place } | Act::Activate { place } => Some(*place),
        _ => None,
    }
}

/// Tells whether a step must wait for one that is left for later: those of the same place behind it,
/// and those that speak of all places.
fn hangs_on(step: &Step, later: &str) -> bool {
    let place = later.split_once(':').map(|(_, at)| at);
    step.name == later
        || place_of(&step.act).is_some_and(|p| place == Some(p.to_string().as_str()))
        || matches!(step.act, Act::Recheck | Act::Close | Act::Health { .. })
}

pub(super) fn is_done(journal: &[Entry], step: &str) -> bool {
    detail_of(journal, step).is_some()
}

/// Returns what a step that is done left for later ones.
pub(super) fn detail_of<'j>(journal: &'j [Entry], step: &str) -> Option<&'j Value> {
    let ends = journal.iter().rev().filter(|e| e.step == step).filter_map(|e| e.end.as_ref());
    ends.filter(|end| end.outcome == Outcome::Done).map(|end| &end.detail).next()
}

fn absent(id: &str) -> RotateError {
    RotateError::Refused {
        what: format!("there is no rotation {id}"),
        why: "the store does not know it".into(),
        fix: "see `keywright rotations list`".into(),
    }
}

/// Reads a rotation's plan; one that is not what was approved is not followed.
///
/// # Errors
/// [`RotateError::Refused`]: it was changed, or another version of the program wrote it.
pub fn read_plan(record: &RotationRecord) -> Result<Plan, RotateError> {
    let refused = |why: String| RotateError::Refused {
        what: format!("the plan of {} cannot be followed", record.id),
        why,
        fix: "run it with the version that made it, or `keywright rotations rollback`".into(),
    };
    let plan: Plan = serde_json::from_str(&record.plan).map_err(|e| refused(e.to_string()))?;
    if plan.hash() != record.plan_hash {
        return Err(refused(format!("its hash is {}, and {} was agreed on", plan.hash(), record.plan_hash)));
    }
    Ok(plan)
}
