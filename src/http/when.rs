//! Moments in headers.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::model::rotation::Moment;

/// The longest wait that is believed, in seconds: a day.
const LONGEST: u64 = 24 * 60 * 60;

/// Reads the date of an answer (RFC 9110: `Sun, 06 Nov 1994 08:49:37 GMT`).
pub(super) fn moment(value: &str) -> Option<Moment> {
    let short = value.len() <= 64;
    let zoned =
        short.then(|| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_zoned(value).ok())?;
    zoned.map(|z| z.timestamp().as_millisecond())
}

/// Reads `Retry-After`, seconds or a date, as seconds from now; `now` is the other side's clock, where it
/// told one.
pub(super) fn seconds(value: &str, now: Option<Moment>) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too long to be a number is too long to wait.
        return Some(value.parse().unwrap_or(LONGEST).min(LONGEST));
    }
    let now = now.unwrap_or_else(|| Timestamp::now().as_millisecond());
    let wait = moment(value)?.saturating_sub(now).max(0);
    Some(wait.unsigned_abs().div_ceil(1000).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let now = moment("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(now, Some(784_111_777_000));
        for (value, wait) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(LONGEST)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("Sun, 06 Nov 2094 08:49:07 GMT", Some(LONGEST)),
            ("soon", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(seconds(value, now), wait, "{value}");
        }
    }
}
