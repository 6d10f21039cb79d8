//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::rotation::Moment;

/// Tells the time; tests bring their own.
pub trait Clock: Send + Sync {
    /// Returns now.
    fn now(&self) -> Moment;
}

/// The machine's clock.
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Moment::try_from(since.as_millis()).unwrap_or(Moment::MAX)
    }
}

/// The machine's clock, moved on by the milliseconds that a file holds, read anew each time.
#[cfg(feature = "kill-points")]
pub struct MovedClock(pub std::path::PathBuf);

#[cfg(feature = "kill-points")]
impl Clock for MovedClock {
    fn now(&self) -> Moment {
        let moved = std::fs::read_to_string(&self.0).ok().and_then(|text| text.trim().parse::<Moment>().ok());
        MachineClock.now() + moved.unwrap_or(0)
    }
}
