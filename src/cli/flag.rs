//! What the flags of several commands take.

use clap::ValueEnum;
use jiff::{Timestamp, civil};
use keywright::model::rotation::Moment;

/// How something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Human,
    /// For programs
    Json,
}

/// Reads a length of time in seconds: `90s`, `15m`, `24h`, `2d`.
pub(crate) fn span(text: &str) -> Result<u64, String> {
    let wrong = || "write a time such as 90s, 15m, 24h or 2d".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..at].parse().map_err(|_| wrong())?;
    let unit = match &text[at..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    count.checked_mul(unit).filter(|seconds| *seconds <= 366 * 86_400).ok_or_else(wrong)
}

/// Reads a moment: a time, a day, or so long ago.
pub(crate) fn moment(text: &str, now: Moment) -> Result<Moment, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    if let Ok(day) = text.parse::<civil::Date>() {
        let at = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| e.to_string())?;
        return Ok(at.timestamp().as_millisecond());
    }
    let ago = span(text).ok().and_then(|seconds| Moment::try_from(seconds * 1000).ok());
    ago.map(|ago| now - ago)
        .ok_or_else(|| "write 2026-11-20T10:00:00Z, 2026-11-20, or so long ago: 3d, 12h".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_bounded() {
        assert_eq!(
            ["90s", "15m", "24h", "2d", "7"].map(span),
            [Ok(90), Ok(900), Ok(86_400), Ok(172_800), Ok(7)]
        );
        for wrong in ["", "h", "1w", "-1s", "1.5h", "400d", "99999999999999999999s", "é"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_read() {
        assert_eq!(moment("2023-11-14T22:13:20Z", 0), Ok(1_700_000_000_000));
        assert_eq!(moment("1970-01-02", 0), Ok(86_400_000));
        assert_eq!(moment("2h", 7_200_000), Ok(0));
        assert!(moment("yesterday", 0).is_err());
    }
}
