//! What was done with a key while strangers could have it, held against what its owners did before (R22,
//! R73, R74). Pure: uses in, flags out, each with its reason.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::rotation::Moment;
use crate::model::worded::worded;
use crate::provider::UsageEvent;

const HOUR: Moment = 3_600_000;
/// The fewest uses before the exposure from which habits can be told.
const FEWEST: usize = 20;
/// How many times the busiest hour of before is a spike.
const SPIKE: u64 = 3;

/// One use of a key. Its texts come from outside: escape them before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// The provider's name of it.
    pub id: Option<String>,
    /// When; a use without a time counts as within the exposure.
    pub at: Option<Moment>,
    /// Where it went.
    pub host: Option<String>,
    /// What was answered.
    pub status: Option<u16>,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Who asked: an address, a network or a country.
    pub origin: Option<String>,
}

impl From<UsageEvent> for Use {
    /// Takes what a provider tells; what it leaves out of bytes is none.
    fn from(event: UsageEvent) -> Self {
        Self {
            id: event.id,
            at: event.at,
            host: event.host,
            status: event.status,
            sent: event.sent.unwrap_or(0),
            received: event.received.unwrap_or(0),
            origin: None,
        }
    }
}

/// The time in which strangers could use the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The first public moment.
    pub from: Moment,
    /// The proof of death, or now.
    pub until: Moment,
}

worded! {
    /// Why uses are unusual.
    Sign {
        /// It went where the key never went before (R22).
        Host = "new target host",
        /// It came from where the key was never used before (R74).
        Origin = "new origin",
        /// It was at an hour of the day at which the key was never used before.
        Hour = "new hour of day",
        /// Far more uses in an hour than ever before (R74).
        Spike = "spike of uses",
        /// Far more bytes sent in an hour than ever before.
        Bytes = "spike of bytes sent",
        /// Quota used up or too many requests, which did not happen before (R5).
        Refused = "unexpected 402 or 429",
    }
}

/// Something unusual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Why.
    pub sign: Sign,
    /// What: a host, an origin, an hour; from outside.
    pub what: String,
    /// How many uses.
    pub uses: u64,
    /// Bytes sent in them.
    pub sent: u64,
    /// The first of them.
    pub first: Option<Moment>,
    /// The last of them.
    pub last: Option<Moment>,
    /// Names of some of them, for the provider.
    pub ids: Vec<String>,
}

/// What a review came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The time it is about.
    pub exposure: Exposure,
    /// Uses within it.
    pub uses: u64,
    /// Bytes sent within it.
    pub sent: u64,
    /// Bytes received within it.
    pub received: u64,
    /// Uses before it, against which these were held.
    pub before: u64,
    /// Whether there were enough of them to tell habits.
    pub has_habits: bool,
    /// What was unusual, the gravest first.
    pub flags: Vec<Flag>,
}

/// The most bytes that a check of ours sends through.
const CHECK: u64 = 1024;

/// Tells whether a use is a check of our own, which goes to `target` (`host:port`) and sends next to nothing:
/// it is no stranger's, and would be named in a letter about abuse.
#[must_use]
pub fn is_our_check(seen: &Use, target: &str) -> bool {
    let host = target.rsplit_once(':').map_or(target, |(host, _)| host);
    let is_there = |at: &String| [target, host].iter().any(|own| own.eq_ignore_ascii_case(at));
    seen.host.as_ref().is_some_and(is_there) && seen.sent <= CHECK
}

/// Reviews the uses of a key.
#[must_use]
pub fn review(uses: &[Use], exposure: Exposure) -> Review {
    let is_before = |u: &&Use| u.at.is_some_and(|at| at < exposure.from);
    let is_within = |u: &&Use| u.at.is_none_or(|at| (exposure.from..=exposure.until).contains(&at));
    let before: Vec<&Use> = uses.iter().filter(is_before).collect();
    let within: Vec<&Use> = uses.iter().filter(is_within).collect();
    let has_habits = before.len() >= FEWEST;
    let mut flags = Vec::new();
    let mut by = |sign: Sign, of: &dyn Fn(&Use) -> Option<String>| {
        let known: BTreeSet<String> = before.iter().filter_map(|u| of(u)).collect();
        let mut new: BTreeMap<String, Vec<&Use>> = BTreeMap::new();
        for seen in &within {
            if let Some(what) = of(seen).filter(|what| !known.contains(what)) {
                new.entry(what).or_default().push(seen);
            }
        }
        flags.extend(new.into_iter().map(|(what, uses)| flag(sign, what, &uses)));
    };
    by(Sign::Host, &|u| u.host.as_ref().map(|h| h.to_ascii_lowercase()));
    by(Sign::Origin, &|u| u.origin.clone());
    by(Sign::Refused, &|u| u.status.filter(|s| matches!(s, 402 | 429)).map(|s| s.to_string()));
    if has_habits {
        by(Sign::Hour, &|u| u.at.map(|at| format!("{:02}:00 UTC", at.rem_euclid(24 * HOUR) / HOUR)));
        flags.extend(spikes(&before, &within));
    }
    flags.sort_by_key(|f| (f.sign, std::cmp::Reverse(f.uses)));
    let sum = |of: fn(&Use) -> u64| within.iter().map(|u| of(u)).fold(0, u64::saturating_add);
    Review {
        exposure,
        uses: within.len() as u64,
        sent: sum(|u| u.sent),
        received: sum(|u| u.received),
        before: before.len() as u64,
        has_habits,
        flags,
    }
}

/// Hours in which far more was done than in the busiest hour before.
fn spikes(before: &[&Use], within: &[&Use]) -> Vec<Flag> {
    fn hours<'u>(uses: &[&'u Use]) -> BTreeMap<Moment, Vec<&'u Use>> {
        let mut hours: BTreeMap<Moment, Vec<&Use>> = BTreeMap::new();
        for seen in uses {
            if let Some(at) = seen.at {
                hours.entry(at.div_euclid(HOUR)).or_default().push(seen);
            }
        }
        hours
    }
    let most = |of: fn(&[&Use]) -> u64| hours(before).values().map(|h| of(h)).max().unwrap_or(0);
    let count: fn(&[&Use]) -> u64 = |uses| uses.len() as u64;
    let sent: fn(&[&Use]) -> u64 = |uses| uses.iter().map(|u| u.sent).fold(0, u64::saturating_add);
    let mut flags = Vec::new();
    for (sign, of) in [(Sign::Spike, count), (Sign::Bytes, sent)] {
        let limit = most(of).saturating_mul(SPIKE);
        for uses in hours(within).into_values() {
            if limit > 0 && of(&uses) > limit {
                let what = format!("{} in an hour, never more than {} before", of(&uses), most(of));
                flags.push(flag(sign, what, &uses));
            }
        }
    }
    flags
}

fn flag(sign: Sign, what: String, uses: &[&Use]) -> Flag {
    let times = || uses.iter().filter_map(|u| u.at);
    Flag {
        sign,
        what,
        uses: uses.len() as u64,
        sent: uses.iter().map(|u| u.sent).fold(0, u64::saturating_add),
        first: times().min(),
        last: times().max(),
        ids: uses.iter().filter_map(|u| u.id.clone()).take(20).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Moment = 24 * HOUR;
    const EXPOSURE: Exposure = Exposure { from: 10 * DAY, until: 11 * DAY };

    fn habit(at: Moment) -> Use {
        Use {
            at: Some(at),
            host: Some("api.example.com".into()),
            status: Some(200),
            sent: 100,
            ..Use::default()
        }
    }

    /// Three uses a day, at noon.
    fn habits() -> Vec<Use> {
        (0..10).flat_map(|day| (0..3).map(move |n| habit(day * DAY + 12 * HOUR + n * 60_000))).collect()
    }

    fn signs(uses: &[Use]) -> Vec<(Sign, String)> {
        review(uses, EXPOSURE).flags.into_iter().map(|f| (f.sign, f.what)).collect()
    }

    #[test]
    fn what_was_always_done_is_not_unusual() {
        let mut uses = habits();
        uses.push(habit(10 * DAY + 12 * HOUR));
        assert_eq!(signs(&uses), []);
    }

    #[test]
    fn a_host_never_seen_before_is_told_with_its_events() {
        // R22
        let mut uses = habits();
        let stranger =
            Use { host: Some("Evil.example".into()), id: Some("e1".into()), ..habit(10 * DAY + 12 * HOUR) };
        uses.push(stranger);
        let flags = review(&uses, EXPOSURE).flags;
        assert_eq!(flags.len(), 1);
        assert_eq!((flags[0].sign, flags[0].what.as_str(), flags[0].uses), (Sign::Host, "evil.example", 1));
        assert_eq!(flags[0].ids, ["e1"]);
    }

    #[test]
    fn a_new_hour_a_spike_and_a_refusal_are_told() {
        // R5, R74
        let mut uses = habits();
        uses.extend((0..20).map(|n| habit(10 * DAY + 3 * HOUR + n)));
        uses.push(Use { status: Some(429), ..habit(10 * DAY + 12 * HOUR) });
        let told: Vec<_> = signs(&uses).into_iter().map(|(sign, _)| sign).collect();
        assert_eq!(told, [Sign::Hour, Sign::Spike, Sign::Bytes, Sign::Refused]);
    }

    #[test]
    fn a_check_of_our_own_is_no_strangers_use() {
        let at = |host: &str, sent| {
            is_our_check(&Use { host: Some(host.into()), sent, ..Use::default() }, "example.com:443")
        };
        assert!(at("Example.com", 0) && at("example.com:443", 200));
        assert!(!at("example.com", 50_000) && !at("example.org", 0) && !at("", 0));
    }

    #[test]
    fn without_habits_only_what_needs_none_is_told() {
        let uses = [habit(10 * DAY + 3 * HOUR), Use { status: Some(402), ..habit(10 * DAY) }];
        let review = review(&uses, EXPOSURE);
        assert!(!review.has_habits);
        let told: Vec<_> = review.flags.iter().map(|f| f.sign).collect();
        assert_eq!(told, [Sign::Host, Sign::Refused]);
    }

    #[test]
    fn a_use_without_a_time_counts_as_within() {
        let uses = [Use { at: None, host: Some("x.example".into()), ..Use::default() }];
        assert_eq!(review(&uses, EXPOSURE).uses, 1);
    }

    #[test]
    fn times_at_the_ends_of_numbers_do_no_harm() {
        let at = [Moment::MIN, Moment::MAX, 0, -1].map(|at| Use {
            at: Some(at),
            sent: u64::MAX,
            ..Use::default()
        });
        let _ = review(&at, Exposure { from: Moment::MIN, until: Moment::MAX });
    }
}
