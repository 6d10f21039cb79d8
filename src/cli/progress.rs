//! A rotation as it goes: its plan in words, its steps as they are done, and how it ends.

use std::sync::Mutex;

use keywright::destination::Destination;
use keywright::model::credential::Credential;
use keywright::model::rotation::State;
use keywright::provider::Card;
use keywright::rotate::engine::Told;
use keywright::rotate::{Engine, Parts, Plan, Progress, RotateError};
use keywright::store::record::KeyRecord;

use super::error::CliError;
use super::exit::Exit;
use super::rekey::Rekey;
use super::table::{date, when};
use super::ui::{self, Ui};

/// How long a command stays, and what it brings.
pub(crate) struct Patience {
    /// The longest wait in seconds that is sat out here.
    pub(crate) seconds: u64,
    /// A key that a person made.
    pub(crate) given: Option<Credential>,
    /// Whether a place that holds another key is written once more.
    pub(crate) deliver_again: bool,
}

/// Says a plan in words.
pub(crate) fn plan(plan: &Plan, card: &Card, warnings: &[String]) -> Vec<String> {
    let mut lines =
        vec![format!("{} · {} at {} · {} · {}", plan.key, plan.key_id, card.name, plan.mode, plan.reason)];
    lines.extend(warnings.iter().map(|w| format!("  ! {w}")));
    for (step, number) in plan.steps.iter().zip(1..) {
        let mark = if step.reversible { "" } else { "  (cannot be undone)" };
        lines.push(format!("  {number:>2}. {}{mark}", step.words));
        if !step.outage.is_empty() {
            lines.push(format!("      {}", step.outage));
        }
    }
    let outage = if plan.steps.iter().any(|s| !s.outage.is_empty()) { "" } else { "; nobody stops working" };
    lines.push(match plan.back.is_empty() {
        true => format!("  there is no way back: what fails is tried again until it is done{outage}"),
        false => format!("  if a step before the last that cannot be undone fails, the old key is put back everywhere{outage}"),
    });
    lines.push(format!("  plan {}", plan.hash()));
    lines
}

/// Moves a rotation until it is over, or until it waits for longer than is sat out here.
pub(crate) fn drive(
    rekey: &Rekey,
    parts: &Parts,
    destinations: &[Box<dyn Destination>],
    key: &KeyRecord,
    id: &str,
    patience: Patience,
    ui: &Ui,
) -> Result<Exit, CliError> {
    let now = ui.progress();
    let tell = |told: Told| {
        now.done();
        tell(&told, &now, ui);
    };
    let engine = Engine {
        parts,
        destinations,
        key,
        given: Mutex::new(patience.given),
        deliver_again: patience.deliver_again,
        tell: &tell,
    };
    loop {
        let progress = match rekey.runtime.block_on(engine.run(id)) {
            Ok(progress) => progress,
            Err(RotateError::Rescue { rotation, armour, why }) => {
                return Err(rescue(&rotation, &armour, &why, ui));
            }
            Err(error) => return Err(error.into()),
        };
        rekey.anchor(ui);
        match progress {
            Progress::Over(State::Done) => {
                ui.lines(&[format!(
                    "{id} done: {} has its new key everywhere, and the old one is dead",
                    key.name
                )]);
                return Ok(Exit::Clean);
            }
            Progress::Over(state) => {
                ui.lines(&[format!("{id} {state}: {} has its old key", key.name)]);
                return Ok(Exit::NotRotated);
            }
            Progress::Asking { note } => {
                ui.warn(&format!("{id} needs you"));
                ui.lines(&note.lines().map(|line| format!("  {line}")).collect::<Vec<_>>());
                return Ok(Exit::Person);
            }
            Progress::Waiting { until, note } => {
                let now = rekey.now();
                if until - now > i64::try_from(patience.seconds).unwrap_or(i64::MAX).saturating_mul(1000) {
                    ui.lines(&[
                        format!("{id} waits until {} ({}): {note}", date(until), when(until, now)),
                        format!("  then: keywright rotations resume {id}"),
                    ]);
                    return Ok(Exit::NotRotated);
                }
                ui.note(&format!("{note}; going on {}", when(until, now)));
                rekey.sleep_until(until);
            }
        }
    }
}

fn tell(told: &Told, now: &ui::Progress, ui: &Ui) {
    match told {
        Told::Begun(at, of, words) => now.begin(&format!("{at}/{of} {words}")),
        Told::Done(at, of, words, shown) if shown.is_empty() => ui.lines(&[format!("  ✓ {at}/{of} {words}")]),
        Told::Done(at, of, words, shown) => ui.lines(&[format!("  ✓ {at}/{of} {words}: {shown}")]),
        Told::Stopped(at, of, words, why) => ui.lines(&[format!("  … {at}/{of} {words}: {why}")]),
        Told::GoingBack(why) => ui.warn(&format!("putting the old key back: {why}")),
    }
}

/// The last resort: the new secret, sealed, on the screen.
pub(crate) fn rescue(rotation: &str, armour: &str, why: &str, ui: &Ui) -> CliError {
    ui.last_resort(armour);
    CliError {
        what: format!("the new secret of {rotation} could not be stored; it stands above, sealed"),
        why: why.into(),
        fix: format!(
            "save those lines to a file now, make room, then: keywright rotations resume {rotation} --sealed FILE"
        ),
        exit: Exit::Rescue,
    }
}
