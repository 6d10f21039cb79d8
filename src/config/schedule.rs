//! What an operator's file says of when keys are replaced: the table `[schedule]`. Without it at any time, all at once.

use serde::Deserialize;
use toml::Spanned;

use crate::model::rotation::Moment;

const MINUTE: Moment = 60_000;
const DAY: Moment = 24 * 60 * MINUTE;
/// The days of a week, as windows name them; the first day of 1970 was the fourth.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The table `[schedule]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSettings {
    /// When production may be rotated; empty: always.
    pub windows: Vec<Window>,
    /// How long a rotation takes until every place is well, in milliseconds; `None`: by its plan.
    pub lasts: Option<Moment>,
    /// At most so many rotations at once in one account.
    pub at_once: Option<usize>,
    /// At least so long between the beginnings of two in one account, in milliseconds.
    pub gap: Moment,
    /// How long before a key is due people are told, in milliseconds.
    pub notice: Moment,
    /// How long a rotation is postponed by, in milliseconds.
    pub skip: Moment,
    /// How often it can be, before the key is replaced.
    pub skips: u32,
    /// The age that nothing is postponed beyond, in milliseconds; `None`: by the key's class.
    pub longest: Option<Moment>,
    /// Names of `[notify.NAME]` that are told; empty: those of `[respond]`.
    pub notify: Vec<String>,
}

impl Default for ScheduleSettings {
    fn default() -> Self {
        Self {
            windows: Vec::new(),
            lasts: None,
            at_once: None,
            gap: 0,
            notice: 7 * DAY,
            skip: 30 * DAY,
            skips: 1,
            longest: None,
            notify: Vec::new(),
        }
    }
}

/// A window, in UTC: `sat sun 02:00-06:00`, `daily 23:00-01:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days on which it opens, Monday first.
    days: [bool; 7],
    /// When it opens, in milliseconds from midnight.
    opens: Moment,
    /// How long it stays open.
    long: Moment,
}

impl Window {
    /// Reads one.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "it looks like \"sat sun 02:00-06:00\" or \"daily 23:00-01:30\", in UTC".to_owned();
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let (from, to) = words.pop().and_then(|w| w.split_once('-')).ok_or_else(wrong)?;
        let (opens, shuts) = (time(from).ok_or_else(wrong)?, time(to).ok_or_else(wrong)?);
        let mut days = [false; 7];
        match words.as_slice() {
            [] => return Err(wrong()),
            ["daily"] => days = [true; 7],
            words => {
                for word in words {
                    let at = DAYS.iter().position(|day| day == word).ok_or_else(wrong)?;
                    days[at] = true;
                }
            }
        }
        // One that shuts before it opens passes midnight.
        let long = if shuts > opens { shuts - opens } else { shuts + DAY - opens };
        if opens == DAY { Err(wrong()) } else { Ok(Self { days, opens, long }) }
    }

    /// Returns when something that lasts so long can begin in it, at `now` or later; `None`: never.
    #[must_use]
    pub fn begin(&self, now: Moment, lasts: Moment) -> Option<Moment> {
        let today = now.div_euclid(DAY);
        let starts = (today - 1..=today + 8).filter(|day| {
            let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
            self.days[weekday]
        });
        // Its end is hard: what would pass it does not begin.
        let begins = starts.filter_map(|day| {
            let opens = day * DAY + self.opens;
            let begins = now.max(opens);
            (begins + lasts.max(0) <= opens + self.long).then_some(begins)
        });
        begins.min()
    }
}

/// Reads `02:30`; `24:00` is the end of the day.
fn time(text: &str) -> Option<Moment> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (Moment::from(two(hours)?), Moment::from(two(minutes)?));
    let is_time = hours < 24 && minutes < 60 || hours == 24 && minutes == 0;
    is_time.then_some((hours * 60 + minutes) * MINUTE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchedule {
    #[serde(default)]
    windows: Vec<Spanned<String>>,
    lasts_minutes: Option<u32>,
    at_once: Option<Spanned<u32>>,
    #[serde(default)]
    gap_minutes: u32,
    notice_days: Option<u16>,
    skip_days: Option<u16>,
    skips: Option<u32>,
    longest_days: Option<u16>,
    #[serde(default)]
    notify: Vec<String>,
}

impl RawSchedule {
    /// Reads the words; an error is an offset in the file, what is wrong and what to write.
    pub(super) fn settings(self) -> Result<ScheduleSettings, (usize, String, String)> {
        let default = ScheduleSettings::default();
        let windows = self.windows.iter().map(|text| {
            Window::parse(text.get_ref())
                .map_err(|mend| (text.span().start, "has a window that cannot be read".to_owned(), mend))
        });
        let windows = windows.collect::<Result<_, _>>()?;
        let at_once = match self.at_once {
            Some(count) if *count.get_ref() == 0 => {
                let why = "says at_once = 0, so that nothing could ever begin".to_owned();
                return Err((count.span().start, why, "write 1 or more".into()));
            }
            count => count.map(|count| usize::try_from(count.into_inner()).unwrap_or(usize::MAX)),
        };
        let days = |count: u16| Moment::from(count) * DAY;
        Ok(ScheduleSettings {
            windows,
            lasts: self.lasts_minutes.map(|minutes| Moment::from(minutes) * MINUTE),
            at_once,
            gap: Moment::from(self.gap_minutes) * MINUTE,
            notice: self.notice_days.map_or(default.notice, days),
            skip: self.skip_days.map_or(default.skip, days),
            skips: self.skips.unwrap_or(default.skips),
            longest: self.longest_days.map(days),
            notify: self.notify,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    fn begin(window: &str, now: &str, minutes: Moment) -> Option<String> {
        let begins = Window::parse(window).unwrap().begin(at(now), minutes * MINUTE);
        begins.map(|at| jiff::Timestamp::from_millisecond(at).unwrap().to_string())
    }

    #[test]
    fn a_rotation_begins_in_a_window_and_never_passes_its_end() {
        // R66; 2026-11-21 is a Saturday.
        let night = "sat sun 02:00-06:00";
        for (now, minutes, wanted) in [
            ("2026-11-21T02:00:00Z", 240, "2026-11-21T02:00:00Z"),
            ("2026-11-21T03:30:00Z", 30, "2026-11-21T03:30:00Z"),
            ("2026-11-21T05:31:00Z", 30, "2026-11-22T02:00:00Z"),
            ("2026-11-21T01:59:59Z", 30, "2026-11-21T02:00:00Z"),
            ("2026-11-22T05:45:00Z", 30, "2026-11-28T02:00:00Z"),
        ] {
            assert_eq!(begin(night, now, minutes).as_deref(), Some(wanted), "{now}");
        }
        assert_eq!(begin(night, "2026-11-21T02:00:00Z", 241), None, "no window is long enough");
    }

    #[test]
    fn a_window_may_pass_midnight_and_the_week() {
        for (now, wanted) in [
            ("2026-11-22T23:30:00Z", "2026-11-22T23:30:00Z"),
            ("2026-11-23T01:00:00Z", "2026-11-23T01:00:00Z"),
            ("2026-11-23T01:01:00Z", "2026-11-29T23:00:00Z"),
        ] {
            assert_eq!(begin("sun 23:00-01:30", now, 30).as_deref(), Some(wanted), "{now}");
        }
        assert_eq!(
            begin("daily 00:00-24:00", "2026-11-23T12:00:00Z", 0).as_deref(),
            Some("2026-11-23T12:00:00Z")
        );
    }

    #[test]
    fn what_is_no_window_is_told() {
        for odd in [
            "",
            "sat",
            "02:00-06:00",
            "sat 2:00-6:00",
            "sat 02:00-25:00",
            "sun 24:00-02:00",
            "so 02:00-06:00",
            "sat 02:60-03:00",
            "sat 02:00",
        ] {
            assert!(Window::parse(odd).is_err(), "{odd}");
        }
    }

    proptest::proptest! {
        #[test]
        fn where_it_begins_it_also_ends(now in -4_000_000_000_000i64..4_000_000_000_000, lasts in 0..2 * DAY, days: [bool; 7], opens in 0..DAY, long in 1..DAY) {
            let window = Window { days, opens, long };
            if let Some(begins) = window.begin(now, lasts) {
                proptest::prop_assert!(begins >= now);
                proptest::prop_assert_eq!(window.begin(begins, lasts), Some(begins));
            }
        }
    }
}
