//! Columns and dates, as people read them.

use jiff::Timestamp;

/// Lays rows out in columns.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<String> {
    let rows: Vec<[String; N]> = std::iter::once(head.map(Into::into))
        .chain(rows.map(|row| row.map(|cell| keywright::model::text::shown(cell.as_bytes()))))
        .collect();
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Says a moment as a date: `2026-11-21 15:07 UTC`.
pub(crate) fn date(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| "?".into(), |t| t.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Says a moment to come by how far it is: `in 12 days`.
pub(crate) fn when(at: i64, now: i64) -> String {
    let minutes = (at - now).max(0) / 60_000;
    match minutes {
        m if m >= 2 * 1440 => format!("in {} days", m / 1440),
        m if m >= 120 => format!("in {} hours", m / 60),
        m if m >= 2 => format!("in {m} minutes"),
        _ => format!("in {} s", (at - now).max(0) / 1000),
    }
}
