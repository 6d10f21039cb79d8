//! Where a rotation stands: its record, its plan and its journal, and what they say together.

use serde_json::Value;

use super::RotateError;
use super::plan::{Act, Plan, Step};
use crate::model::rotation::{Mode, State};
use crate::store::Store;
use crate::store::record::{Entry, Outcome, RotationRecord};

/// Where a rotation stands.
pub(super) struct Stand {
    pub(super) record: RotationRecord,
    pub(super) plan: Plan,
    pub(super) journal: Vec<Entry>,
}

impl Stand {
    /// Reads what belongs to a rotation's record.
    pub(super) async fn read(store: &Store, record: RotationRecord) -> Result<Self, RotateError> {
        let plan = read_plan(&record)?;
        let journal = store.journal(&record.id).await?;
        Ok(Self { record, plan, journal })
    }

    /// Tells whether it is on its way back.
    pub(super) fn is_back(&self) -> bool {
        self.record.state == State::RollingBack
    }

    /// Returns the steps of the way it is on.
    pub(super) fn steps(&self) -> &[Step] {
        if self.is_back() { &self.plan.back } else { &self.plan.steps }
    }

    /// Returns the number of the first step that is not done and need not wait.
    pub(super) fn next(&self, waits: impl Fn(&Step) -> bool) -> Option<usize> {
        self.steps().iter().position(|step| !is_done(&self.journal, &step.name) && !waits(step))
    }

    /// Tells whether a step may be left for later, so that one place does not hold up the others.
    pub(super) fn is_apart(&self, step: &Step) -> bool {
        self.plan.mode() == Mode::Emergency && !self.is_back() && place_of(&step.act).is_some()
    }

    /// Tells whether it can turn back.
    pub(super) fn can_go_back(&self) -> bool {
        !self.is_back() && !self.plan.back.is_empty() && !old_may_have_ended(&self.plan, &self.journal)
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

pub(super) fn is_done(journal: &[Entry], step: &str) -> bool {
    detail_of(journal, step).is_some()
}

/// Returns what a step that is done left for later ones.
pub(super) fn detail_of<'j>(journal: &'j [Entry], step: &str) -> Option<&'j Value> {
    let ends = journal.iter().rev().filter(|e| e.step == step).filter_map(|e| e.end.as_ref());
    ends.filter(|end| end.outcome == Outcome::Done).map(|end| &end.detail).next()
}
