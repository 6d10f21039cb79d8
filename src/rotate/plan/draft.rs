//! The order of the steps (docs/rotation.md), and their words.

use std::path::Path;

use super::{Act, Environment, Place, Step, search, span};
use crate::model::rotation::Mode;
use crate::provider::Card;
use crate::store::record::KeyRecord;

/// What a plan is drafted from.
pub(super) struct Draft<'a> {
    pub(super) key: &'a KeyRecord,
    pub(super) card: &'a Card,
    pub(super) mode: Mode,
    pub(super) places: &'a [Place],
    pub(super) environments: &'a [Environment],
    pub(super) grace: Option<u64>,
}

impl Draft<'_> {
    /// Lists the steps of the way there.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<_> = (0..self.places.len())
            .map(|place| {
                let words = format!("seal what {} holds now", self.name(place));
                step(format!("save:{place}"), Act::Save { place }, words)
            })
            .collect();
        steps.push(self.begin());
        if self.ends_at_once() {
            steps.push(self.end());
        }
        steps.push(step("prove", Act::Prove, "prove that the new key works"));
        self.deliver(&mut steps);
        let is_by_two = matches!(self.mode, Mode::Planned | Mode::Manual) && !self.is_replaced_by_hand();
        // Who tells nothing of the last use cannot be asked whether it is quiet: time passes instead.
        let is_blind = is_by_two && !self.card.lists;
        let least = if self.mode == Mode::Grace || is_blind { self.card.quiet } else { 0 };
        let seconds = self.grace.unwrap_or(0).max(least);
        let is_waited = self.mode == Mode::Grace || is_blind || (is_by_two && seconds > self.card.quiet);
        if seconds > 0 && is_waited {
            let words = format!("wait {} with both keys alive", span(seconds));
            steps.push(step("grace", Act::Grace { seconds }, words));
        }
        if is_by_two && self.card.lists {
            let seconds = self.card.quiet;
            let words = format!("wait until nobody has used {} for {}", self.key.key_id, span(seconds));
            steps.push(step("quiet", Act::Quiet { seconds }, words));
        }
        steps.push(step("recheck", Act::Recheck, "look at every destination and health check once more"));
        steps.extend(is_by_two.then(|| self.end()));
        let seconds = self.card.dead_within;
        let words = format!("prove that the old key is dead, which may take {}", span(seconds));
        steps.push(step("dead", Act::Dead { seconds }, words));
        let folders = search(self.key).join(", ");
        if !folders.is_empty() {
            let words = format!("search {folders} and its history for the old secret");
            steps.push(step("search", Act::Search, words));
        }
        steps.push(step("close", Act::Close, "wipe what was sealed, write the inventory and the next date"));
        steps
    }

    /// Tells whether a person ends the old key by making the new one (R60).
    fn is_replaced_by_hand(&self) -> bool {
        self.mode == Mode::Manual && self.card.replaced_by_hand
    }

    /// Tells whether the old key is ended before the new one is anywhere: in an emergency, where the
    /// provider cannot replace a secret in one call.
    fn ends_at_once(&self) -> bool {
        self.mode == Mode::Emergency && !self.card.rolls
    }

    /// How the new key comes about.
    fn begin(&self) -> Step {
        let (key_id, provider) = (&self.key.key_id, &self.card.name);
        match self.mode {
            Mode::Emergency if self.ends_at_once() => {
                step("mint", Act::Mint, format!("mint a second key like {key_id} at {provider}"))
            }
            Mode::Planned => {
                let words = format!("mint a second key like {key_id} at {provider}; both work from then on");
                step("mint", Act::Mint, words)
            }
            Mode::Manual if self.is_replaced_by_hand() => {
                let outage = format!(
                    "\u{201c}{}\u{201d}: from the moment you make the new key until its destination is written, whoever holds the old one is refused",
                    self.card.stop_warning
                );
                let words = format!(
                    "you make the new key in the pages of {provider}, which ends {key_id}, and hand it over"
                );
                Step { reversible: false, outage, ..step("take", Act::Take, words) }
            }
            Mode::Manual => {
                let words = format!("you make the new key in the pages of {provider} and hand it over");
                step("take", Act::Take, words)
            }
            Mode::Grace => {
                let words =
                    format!("replace the secret of {key_id} at {provider}; the old one works on for a while");
                Step { reversible: false, ..step("roll", Act::Roll, words) }
            }
            Mode::Atomic | Mode::Emergency => {
                let outage = format!(
                    "\u{201c}{}\u{201d}: from this call until its destination is written, whoever holds the old secret is refused",
                    self.card.stop_warning
                );
                let words = format!("replace the secret of {key_id} at {provider}");
                Step { reversible: false, outage, ..step("roll", Act::Roll, words) }
            }
        }
    }

    /// Environment by environment: write, read back, activate, health.
    fn deliver(&self, steps: &mut Vec<Step>) {
        for (environment, at) in self.environments.iter().zip(0..) {
            let of = &environment.name;
            let here = self.places.iter().enumerate().filter(|(_, p)| p.environment == *of);
            for (place, _) in here {
                let name = self.name(place);
                let words = format!("{of}: write the new key to {name}");
                steps.push(step(format!("write:{place}"), Act::Write { place }, words));
                let words = format!("{of}: read {name} back");
                steps.push(step(format!("read:{place}"), Act::ReadBack { place }, words));
                if self.places[place].activates {
                    let words = format!("{of}: make it count at {name}");
                    steps.push(step(format!("activate:{place}"), Act::Activate { place }, words));
                }
            }
            if !environment.health.is_empty() {
                let else_back = match self.mode {
                    Mode::Planned | Mode::Manual if !self.is_replaced_by_hand() => {
                        "; if not, everything is put back"
                    }
                    _ => "",
                };
                let words = format!("{of}: wait until {} is well{else_back}", environment.health.join(", "));
                steps.push(step(format!("health:{at}"), Act::Health { environment: at }, words));
            }
        }
    }

    /// How the old key ends.
    fn end(&self) -> Step {
        let (name, act, words) = if self.mode == Mode::Manual {
            let words = format!("you end the old key in the pages of {}", self.card.name);
            ("ask-revoke", Act::AskRevoke, words)
        } else {
            ("revoke", Act::Revoke, format!("end {} for good", self.key.key_id))
        };
        let outage = match self.ends_at_once() {
            true => format!(
                "\u{201c}{}\u{201d}: from this call until its destination is written, whoever holds the old key is refused",
                self.card.stop_warning
            ),
            false => String::new(),
        };
        Step { reversible: false, outage, ..step(name, act, words) }
    }

    /// Lists the steps of the way back; none where the old key may be dead from the first.
    pub(super) fn back(&self) -> Vec<Step> {
        if matches!(self.mode, Mode::Atomic | Mode::Emergency | Mode::Grace) || self.is_replaced_by_hand() {
            return Vec::new();
        }
        let mut steps = Vec::new();
        for place in (0..self.places.len()).rev() {
            let name = self.name(place);
            let words = format!("put the old key back to {name}");
            steps.push(step(format!("restore:{place}"), Act::Restore { place }, words));
            if self.places[place].activates {
                let words = format!("make that count at {name}");
                steps.push(step(format!("reactivate:{place}"), Act::Reactivate { place }, words));
            }
        }
        steps.push(step("prove-old", Act::ProveOld, "prove that the old key works"));
        if self.mode == Mode::Planned {
            let words = "end the new key, which nobody uses";
            steps.push(Step { reversible: false, ..step("revoke-new", Act::RevokeNew, words) });
        }
        steps.push(step("close-back", Act::CloseBack, "wipe what was sealed"));
        steps
    }

    /// Names a place as briefly as can be: its kind goes, and the folder in which the key was put down.
    fn name(&self, at: usize) -> &str {
        let place = self.places[at].place.as_str();
        let base = self.key.settings.get("base").and_then(|b| b.as_str()).unwrap_or_default();
        let file = ["dotenv:", "url:"].iter().find_map(|kind| place.strip_prefix(kind));
        let Some(file) = file else { return place };
        let below = file.strip_prefix(base).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|_| Path::new(base).is_absolute()).unwrap_or(file)
    }
}

fn step(name: impl Into<String>, act: Act, words: impl Into<String>) -> Step {
    Step { name: name.into(), act, words: words.into(), reversible: true, outage: String::new() }
}
