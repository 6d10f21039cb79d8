//! Moves a rotation as far as it goes now.

use std::collections::HashSet;
use std::sync::Mutex;

use super::act::{Stop, perform};
use super::lease::{claim, kept};
use super::plan::{Act, Plan, Step};
use super::stand::{Stand, place_of};
use super::sweep::sweep;
use super::{Destinations, Parts, RotateError};
use crate::model::credential::Credential;
use crate::model::rotation::{Moment, State};
use crate::store::StoreError;
use crate::store::record::{Entry, KeyRecord, Lease, RotationRecord};

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

    /// Does step after step, until nothing is left to do or something is in the way. What there is to go by
    /// is read anew before each.
    async fn walk(&self, lease: &Lease) -> Result<Progress, RotateError> {
        let store = &self.parts.store;
        let mut later = Later::default();
        loop {
            let record = store.rotation(&lease.rotation).await?.ok_or_else(|| absent(&lease.rotation))?;
            if record.state.is_over() {
                return Ok(Progress::Over(record.state));
            }
            let stand = Stand::read(store, record).await?;
            let Some(at) = stand.next(|step| later.holds_up(step)) else {
                return self.arrive(lease, &stand, later).await;
            };
            let Err(stop) = self.go(lease, &stand, at).await else { continue };
            let step = &stand.steps()[at];
            if stand.is_apart(step) && !matches!(stop, Stop::Broken(_)) {
                later.put(step, stop);
            } else if let Some(progress) = self.stop(lease, &stand, stop).await? {
                return Ok(progress);
            }
        }
    }

    /// Does one step, and tells so.
    async fn go(&self, lease: &Lease, stand: &Stand, at: usize) -> Result<(), Stop> {
        let (step, count) = (&stand.steps()[at], stand.steps().len());
        let words = || step.words.clone();
        (self.tell)(Told::Begun(at + 1, count, words()));
        let Stand { record, plan, journal } = stand;
        let walk = Walk { engine: self, lease, record, plan, journal };
        match kept(self.parts, lease, perform(&walk, step)).await {
            Ok(shown) => {
                (self.tell)(Told::Done(at + 1, count, words(), shown));
                Ok(())
            }
            Err(stop) => {
                (self.tell)(Told::Stopped(at + 1, count, words(), stop.note().to_owned()));
                Err(stop)
            }
        }
    }

    /// Ends it where nothing is left to do, but for what was left for later.
    async fn arrive(&self, lease: &Lease, stand: &Stand, later: Later) -> Result<Progress, RotateError> {
        if let Some(stop) = later.stop {
            return self.rest(lease, stand, stop).await;
        }
        let state = if stand.is_back() { State::RolledBack } else { State::Done };
        self.turn(lease, stand, state, "success", "").await?;
        super::kill::point("over");
        Ok(Progress::Over(state))
    }

    /// Does what a stop means: gives up, turns back, or rests; `None`: it goes on.
    async fn stop(&self, lease: &Lease, stand: &Stand, stop: Stop) -> Result<Option<Progress>, RotateError> {
        match stop {
            Stop::Abandon(note) => {
                self.turn(lease, stand, State::Aborted, "failed", &note).await?;
                super::kill::point("given up");
                // Nothing outside was changed, so nothing of it is needed any more.
                self.parts.wipe(lease).await?;
                Ok(Some(Progress::Over(State::Aborted)))
            }
            Stop::Back(note) if stand.can_go_back() => {
                (self.tell)(Told::GoingBack(note.clone()));
                self.turn(lease, stand, State::RollingBack, "failed", &note).await?;
                super::kill::point("turned back");
                Ok(None)
            }
            stop => self.rest(lease, stand, stop).await.map(Some),
        }
    }

    /// Moves the rotation to another state, with its line in the audit.
    async fn turn(
        &self,
        lease: &Lease,
        stand: &Stand,
        state: State,
        status: &str,
        note: &str,
    ) -> Result<(), RotateError> {
        let action = format!("rotation.{}", state.word().replace(' ', "-"));
        let line = self.parts.line(&stand.record, self.key, &action, status, note.into());
        let now = self.parts.clock.now();
        Ok(self.parts.store.advance(lease, state, None, note, now, Some(line)).await?)
    }

    /// Writes down why it stops here, and for how long.
    async fn rest(&self, lease: &Lease, stand: &Stand, stop: Stop) -> Result<Progress, RotateError> {
        let now = self.parts.clock.now();
        let store = &self.parts.store;
        // A rotation on its way back stays on it: the state says which way.
        let state = |other| if stand.is_back() { State::RollingBack } else { other };
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

/// Steps of an emergency that are left for later, so that one place does not hold up the others.
#[derive(Default)]
struct Later {
    steps: HashSet<String>,
    /// What it comes to in the end.
    stop: Option<Stop>,
}

impl Later {
    fn put(&mut self, step: &Step, stop: Stop) {
        self.steps.insert(step.name.clone());
        self.stop = Some(match (self.stop.take(), stop.rolled_forward()) {
            // A wait ends by itself; a question does not.
            (Some(Stop::Again { after, note }), _) => Stop::Again { after, note },
            (_, stop) => stop,
        });
    }

    fn holds_up(&self, step: &Step) -> bool {
        self.steps.iter().any(|later| hangs_on(step, later))
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

fn absent(id: &str) -> RotateError {
    RotateError::Refused {
        what: format!("there is no rotation {id}"),
        why: "the store does not know it".into(),
        fix: "see `keywright rotations list`".into(),
    }
}
