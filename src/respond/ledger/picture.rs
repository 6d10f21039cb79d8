//! The page's timeline, as SVG: the moments that are known, the time between them, the exposure in
//! another colour, and below them the uses that were unusual. The moments stand equally far apart: a
//! leak may lie for months and die in a second.

use std::fmt::Write as _;

use super::facts::Facts;
use super::words::{day_and_time, span};
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::report::html_text;

const GAP: f64 = 136.0;
const MARGIN: f64 = 64.0;
/// Where the line is.
const AXIS: f64 = 64.0;
/// Where flags begin, and how far apart they are.
const FLAGS: f64 = 138.0;
const FLAG: f64 = 24.0;
/// The most flags that are drawn.
const MOST: usize = 6;
/// How wide a letter is at most, nearly.
const LETTER: f64 = 8.0;

/// A moment on the line.
struct Point {
    name: &'static str,
    at: Moment,
    x: f64,
}

/// Draws the timeline; `None`: fewer than two moments are known.
pub(super) fn draw(facts: &Facts<'_>) -> Option<String> {
    let known = facts.times.iter().filter_map(|time| Some((time.name, time.ms?)));
    let points: Vec<Point> =
        known.zip(0u32..).map(|((name, at), n)| Point { name, at, x: MARGIN + GAP * f64::from(n) }).collect();
    let last = points.last().filter(|_| points.len() > 1)?;
    let flags = facts.review.as_ref().map_or(&[][..], |review| &review.flags);
    let timed: Vec<_> = flags.iter().filter_map(|f| Some((f, f.first.zip(f.last)?))).collect();
    let width = last.x + MARGIN;
    let rows = timed.len().min(MOST) + usize::from(timed.len() > MOST);
    let height = if rows == 0 { 118.0 } else { FLAGS + FLAG * rows as f64 };
    let names: Vec<_> = points.iter().map(|p| p.name).collect();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Timeline: {}\">\n",
        names.join(", ")
    );
    lines(facts, &points, &mut svg);
    for point in &points {
        let (day, time) = day_and_time(point.at);
        let (name, x) = (point.name, point.x);
        let _ = writeln!(
            svg,
            "<g class=\"{name}\"><circle cx=\"{x}\" cy=\"{AXIS}\" r=\"6\"/>\
             <text x=\"{x}\" y=\"{}\" class=\"name\">{name}</text>\
             <text x=\"{x}\" y=\"{}\">{}</text><text x=\"{x}\" y=\"{}\" class=\"soft\">{}</text></g>",
            AXIS - 34.0,
            AXIS + 26.0,
            html_text(&time),
            AXIS + 44.0,
            html_text(&day),
        );
    }
    for (row, (flag, (first, until))) in timed.iter().take(MOST).enumerate() {
        let (from, to) = (x_of(&points, *first), x_of(&points, *until));
        let (y, long) = (FLAGS + FLAG * row as f64, (to - from).max(8.0));
        // Beside the bar, on the side that has more room, and no longer than that.
        let (left, right) = (from, width - from - long);
        let (x, class) = if left > right { (from - 8.0, "before") } else { (from + long + 8.0, "behind") };
        let many = format!(" ×{}", flag.uses);
        let room = ((left.max(right) - 16.0) / LETTER) as usize;
        let text = format!("{}: {}", shown(flag.sign.as_bytes()), shown(flag.what.as_bytes()));
        let text = html_text(&(short(&text, room.saturating_sub(many.chars().count())) + &many));
        let _ = writeln!(
            svg,
            "<g class=\"flag\"><rect x=\"{from:.1}\" y=\"{}\" width=\"{long:.1}\" height=\"10\" rx=\"3\"/>\
             <text x=\"{x:.1}\" y=\"{}\" class=\"{class}\">{text}</text></g>",
            y - 9.0,
            y,
        );
    }
    if timed.len() > MOST {
        let y = FLAGS + FLAG * MOST as f64;
        let more = timed.len() - MOST;
        let _ = writeln!(svg, "<text x=\"8\" y=\"{y}\" class=\"behind\">and {more} more</text>");
    }
    svg.push_str("</svg>");
    Some(svg)
}

/// The line between the moments, in another colour while strangers could use the key.
fn lines(facts: &Facts<'_>, points: &[Point], svg: &mut String) {
    let from = facts.exposure.from.and_then(|name| facts.time(name));
    let until = facts.time("dead").unwrap_or(Moment::MAX);
    let dead = points.iter().position(|p| p.name == "dead").unwrap_or(points.len());
    let open = points.iter().position(|p| Some(p.name) == facts.exposure.from);
    for (n, pair) in points.windows(2).enumerate() {
        let [a, b] = pair else { continue };
        let is_open =
            from.is_some_and(|from| from <= until) && open.is_some_and(|open| (open..dead).contains(&n));
        let class = if is_open { "open" } else { "shut" };
        let _ = writeln!(
            svg,
            "<line x1=\"{}\" y1=\"{AXIS}\" x2=\"{}\" y2=\"{AXIS}\" class=\"{class}\"/>\
             <text x=\"{}\" y=\"{}\" class=\"soft\">{}</text>",
            a.x,
            b.x,
            (a.x + b.x) / 2.0,
            AXIS - 10.0,
            html_text(&span(b.at.saturating_sub(a.at))),
        );
    }
}

/// Returns no more than so many letters of a text.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Where a moment stands on the line: between the two that it is between, in proportion.
fn x_of(points: &[Point], at: Moment) -> f64 {
    for pair in points.windows(2) {
        let [a, b] = pair else { continue };
        if (a.at..=b.at).contains(&at) {
            let into = at.saturating_sub(a.at) as f64;
            let whole = b.at.saturating_sub(a.at).max(1) as f64;
            return a.x + (b.x - a.x) * (into / whole).clamp(0.0, 1.0);
        }
    }
    match points {
        [first, ..] if at < first.at => first.x,
        [.., last] => last.x,
        [] => 0.0,
    }
}
