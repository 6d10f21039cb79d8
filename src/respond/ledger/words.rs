//! Moments and lengths of time, for people and for programs.

use jiff::Timestamp;

use crate::model::rotation::Moment;

const SECOND: Moment = 1000;
const MINUTE: Moment = 60 * SECOND;
const HOUR: Moment = 60 * MINUTE;
const DAY: Moment = 24 * HOUR;

/// Returns a moment for people; what no calendar holds is a question mark.
pub(super) fn time(at: Moment) -> String {
    written(at, "%Y-%m-%d %H:%M:%S UTC").unwrap_or_else(|| "?".into())
}

/// Returns a moment's day, and its time of day.
pub(super) fn day_and_time(at: Moment) -> (String, String) {
    let part = |form| written(at, form).unwrap_or_else(|| "?".into());
    (part("%Y-%m-%d"), part("%H:%M:%S"))
}

/// Returns a moment for programs: RFC 3339 with milliseconds.
pub(super) fn precise(at: Moment) -> Option<String> {
    written(at, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

fn written(at: Moment, form: &str) -> Option<String> {
    Timestamp::from_millisecond(at).ok().map(|t| t.strftime(form).to_string())
}

/// Returns a length of time in its two largest units.
pub(super) fn span(ms: Moment) -> String {
    let two = |large: Moment, word: &str, small: Moment, other: &str| match ms % large / small {
        0 => format!("{} {word}", ms / large),
        rest => format!("{} {word} {rest} {other}", ms / large),
    };
    match ms {
        ..0 => format!("−{}", span(ms.checked_neg().unwrap_or(Moment::MAX))),
        0..SECOND => format!("{ms} ms"),
        SECOND..MINUTE => format!("{}.{} s", ms / SECOND, ms % SECOND / 100),
        MINUTE..HOUR => two(MINUTE, "min", SECOND, "s"),
        HOUR..DAY => two(HOUR, "h", MINUTE, "min"),
        _ => two(DAY, "d", HOUR, "h"),
    }
}

/// Returns minutes with one digit behind the point.
pub(super) fn minutes(ms: Moment) -> f64 {
    // A tenth of a minute is six seconds; what is under way counts.
    let tenths = ms.max(0).saturating_add(MINUTE / 10 - 1) / (MINUTE / 10);
    tenths as f64 / 10.0
}

/// Returns a number with its noun.
pub(super) fn count(n: u64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_in_two_units() {
        let spans = [0, 999, 1500, 61_000, 60_000, HOUR + 5 * MINUTE, 3 * DAY + HOUR, -1500];
        let told = ["0 ms", "999 ms", "1.5 s", "1 min 1 s", "1 min", "1 h 5 min", "3 d 1 h", "−1.5 s"];
        assert_eq!(spans.map(span), told);
        assert!(!span(Moment::MIN).is_empty());
    }

    #[test]
    fn minutes_are_never_told_too_few() {
        assert_eq!([0, 1, 6000, 6001, 90_000].map(minutes), [0.0, 0.1, 0.1, 0.2, 1.5]);
        assert_eq!(minutes(Moment::MIN), 0.0);
    }

    #[test]
    fn a_moment_no_calendar_holds_does_no_harm() {
        assert_eq!(time(Moment::MAX), "?");
        assert_eq!(precise(Moment::MIN), None);
        assert_eq!(precise(1_700_000_000_123).as_deref(), Some("2023-11-14T22:13:20.123Z"));
    }
}
