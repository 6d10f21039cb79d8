//! When a rotation may begin, and how long it may be put off: windows, distances within one account, and postponing.
//! Pure: values in, an answer out.

use serde_json::{Value, json};

use super::plan::{Act, Plan, is_production};
use crate::config::ScheduleSettings;
use crate::model::rotation::{Class, Mode, Moment, Reason};
use crate::provider::Card;
use crate::store::record::{KeyRecord, RotationRecord};

const SECOND: Moment = 1000;
const DAY: Moment = 86_400 * SECOND;

/// Why a rotation does not begin now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// For people.
    pub why: String,
    /// When it may; `None`: not as things are.
    pub until: Option<Moment>,
}

/// Tells whether a rotation waits for nothing: only what is replaced because of its age keeps to windows and distances.
#[must_use]
pub fn is_urgent(mode: Mode, reason: Reason) -> bool {
    mode == Mode::Emergency || reason != Reason::Policy
}

/// Returns why a rotation does not begin now, if so. `others` are all the store's rotations, with `keys`, whose they
/// are.
#[must_use]
pub fn held(
    settings: &ScheduleSettings,
    plan: &Plan,
    card: &Card,
    key: &KeyRecord,
    keys: &[KeyRecord],
    others: &[RotationRecord],
    now: Moment,
) -> Option<Held> {
    if is_urgent(plan.mode(), plan.reason()) {
        return None;
    }
    in_window(settings, plan, card, now).or_else(|| apart(settings, key, keys, others, now))
}

/// Production is rotated within windows, and is well again before one ends (R66).
fn in_window(settings: &ScheduleSettings, plan: &Plan, card: &Card, now: Moment) -> Option<Held> {
    if settings.windows.is_empty() || !plan.places.iter().any(|p| is_production(&p.environment)) {
        return None;
    }
    let lasts = settings.lasts.unwrap_or_else(|| lasts(plan, card));
    match settings.windows.iter().filter_map(|window| window.begin(now, lasts)).min() {
        Some(begins) if begins <= now => None,
        Some(begins) => Some(Held {
            why: format!("no window is open for the {} minutes it takes", minutes(lasts)),
            until: Some(begins),
        }),
        None => Some(Held {
            why: format!("no window is as long as the {} minutes it takes", minutes(lasts)),
            until: None,
        }),
    }
}

fn minutes(ms: Moment) -> Moment {
    (ms + 59 * SECOND) / (60 * SECOND)
}

/// One account's keys are not all replaced at once (R65).
fn apart(
    settings: &ScheduleSettings,
    key: &KeyRecord,
    keys: &[KeyRecord],
    others: &[RotationRecord],
    now: Moment,
) -> Option<Held> {
    let is_beside = |r: &&RotationRecord| {
        r.key != key.name && keys.iter().any(|k| k.name == r.key && account(k) == account(key))
    };
    let beside: Vec<&RotationRecord> = others.iter().filter(is_beside).collect();
    let open: Vec<&str> = beside.iter().filter(|r| !r.state.is_over()).map(|r| r.key.as_str()).collect();
    if settings.at_once.is_some_and(|most| open.len() >= most) {
        return Some(Held {
            why: format!("{} of its account is being rotated", open.join(", ")),
            until: None,
        });
    }
    let free = beside.iter().map(|r| r.begun + settings.gap).max()?;
    (free > now)
        .then(|| Held { why: "another key of its account was begun just now".into(), until: Some(free) })
}

/// Names the account that a key is of: its provider, and how Keywright signs in there.
fn account(key: &KeyRecord) -> (String, Value) {
    let mut settings = key.settings.clone();
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, _| !["base", "search", POSTPONED].contains(&name.as_str()));
    }
    (key.provider.clone(), settings)
}

/// Returns how long it takes until the new key is everywhere and everything is well. What comes behind, both keys
/// alive until nobody uses the old one, is no part of it.
#[must_use]
pub fn lasts(plan: &Plan, card: &Card) -> Moment {
    let before = plan.steps.iter().take_while(|s| !matches!(s.act, Act::Grace { .. } | Act::Quiet { .. }));
    let seconds: Moment = before
        .map(|step| match step.act {
            // A platform builds and starts anew.
            Act::Activate { .. } => 300,
            Act::Health { .. } => 60,
            // A person does it.
            Act::Take | Act::AskRevoke => 900,
            Act::Prove => 10 + Moment::try_from(card.works_within).unwrap_or(0),
            Act::Dead { seconds } => Moment::try_from(seconds).unwrap_or(0),
            _ => 10,
        })
        .sum();
    seconds * SECOND
}

/// The setting of a key in which it is noted how often it was postponed.
pub const POSTPONED: &str = "postponed";

/// What postponing comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    /// It was postponed from that day already.
    Done(Moment),
    /// It is due then, and this is noted in the key's settings.
    To(Moment, Value),
}

/// Postpones a key that is due at `asked`, or whenever it is due now (R85).
///
/// # Errors
/// Why it is not postponed, for people.
pub fn skip(
    settings: &ScheduleSettings,
    key: &KeyRecord,
    asked: Option<Moment>,
    now: Moment,
) -> Result<Skip, String> {
    let due = key.due.ok_or("it is replaced when its provider ends it, and not by its age")?;
    let noted = &key.settings[POSTPONED];
    let made = key.made.unwrap_or(key.added);
    // What was noted of the key before this one does not count.
    let is_of_this = noted["made"].as_i64() == Some(made);
    let same_day = |a: Moment, b: Moment| a.div_euclid(DAY) == b.div_euclid(DAY);
    if let Some(asked) = asked.filter(|asked| !same_day(*asked, due)) {
        let was = noted["from"].as_i64().filter(|_| is_of_this);
        return match was {
            Some(was) if same_day(was, asked) => Ok(Skip::Done(due)),
            _ => Err("it is not due on that day".into()),
        };
    }
    let count = noted["count"].as_u64().filter(|_| is_of_this).unwrap_or(0);
    if count >= u64::from(settings.skips) {
        return Err(format!("it was postponed {count} times since it was made, and that is the most"));
    }
    let to = due.max(now) + settings.skip;
    let longest = settings.longest.unwrap_or_else(|| of_class(key.class));
    if to > made + longest {
        return Err(format!("it would be older than {} days then", longest / DAY));
    }
    if key.expires.is_some_and(|end| to >= end) {
        return Err("it ends by itself before that".into());
    }
    Ok(Skip::To(to, json!({ "from": due, "made": made, "count": count + 1 })))
}

/// The age in milliseconds that nothing is postponed beyond, by the recommended one (R72).
fn of_class(class: Class) -> Moment {
    match class {
        Class::Critical => 90 * DAY,
        Class::Standard | Class::Database | Class::OAuth => 180 * DAY,
    }
}
