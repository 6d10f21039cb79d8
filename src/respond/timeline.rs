//! A small picture of uses over time: one sign a column, higher for more.

use super::review::{Exposure, Use};
use crate::model::rotation::Moment;

const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws uses from `from` to `until` in so many columns; below, where the exposure begins and ends. `None`
/// where there is nothing to draw.
#[must_use]
pub fn draw(
    uses: &[Use],
    from: Moment,
    until: Moment,
    exposure: Exposure,
    columns: usize,
) -> Option<[String; 2]> {
    let length = until.checked_sub(from).filter(|length| *length > 0)?;
    let columns = columns.clamp(10, 200);
    let column = |at: Moment| -> Option<usize> {
        let into = i128::from(at) - i128::from(from);
        let at = into * columns as i128 / i128::from(length);
        usize::try_from(at)
            .ok()
            .map(|at| at.min(columns - 1))
            .filter(|_| (from..=until).contains(&at_of(from, into)))
    };
    let mut counts = vec![0_usize; columns];
    for at in uses.iter().filter_map(|u| u.at).filter(|at| (from..=until).contains(at)) {
        if let Some(column) = column(at) {
            counts[column] += 1;
        }
    }
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    // One use is seen beside a thousand.
    let bars = counts.iter().map(|count| BARS[(count * 8).div_ceil(most)]).collect();
    let is_exposed = |at: usize| {
        let begin = column(exposure.from.clamp(from, until)).unwrap_or(0);
        let end = column(exposure.until.clamp(from, until)).unwrap_or(columns - 1);
        (begin..=end).contains(&at)
    };
    let below = (0..columns).map(|at| if is_exposed(at) { '^' } else { ' ' }).collect::<String>();
    Some([bars, below.trim_end().to_owned()])
}

fn at_of(from: Moment, into: i128) -> Moment {
    Moment::try_from(i128::from(from) + into).unwrap_or(Moment::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_are_drawn_with_the_exposure_below() {
        let uses: Vec<_> = [0, 50, 50, 50, 50, 95].map(|at| Use { at: Some(at), ..Use::default() }).into();
        let drawn = draw(&uses, 0, 100, Exposure { from: 50, until: 80 }, 10).unwrap();
        assert_eq!(drawn, ["▂    █   ▂", "     ^^^^"]);
    }

    #[test]
    fn nothing_to_draw_is_no_picture() {
        assert_eq!(draw(&[], 0, 100, Exposure { from: 0, until: 1 }, 10), None);
        let one = [Use { at: Some(1), ..Use::default() }];
        assert_eq!(draw(&one, 5, 5, Exposure { from: 0, until: 1 }, 10), None);
    }
}
