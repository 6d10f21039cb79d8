//! Waits for something that is being made elsewhere: often at first, seldom later, and not for ever.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long is waited where nothing is said.
const USUAL: Duration = Duration::from_secs(900);
/// The longest that can be said.
const LONGEST: u64 = 3600;
/// The first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// Returns how long a platform may take, from the operator's number of seconds.
pub(super) fn bound(seconds: Option<u64>) -> Duration {
    seconds.map_or(USUAL, |s| Duration::from_secs(s.min(LONGEST)))
}

/// A wait under way.
pub(super) struct Waiting {
    until: Instant,
    pause: Duration,
}

impl Waiting {
    /// Begins to wait.
    pub(super) fn new(longest: Duration) -> Self {
        Self { until: Instant::now() + longest, pause: PAUSES.0 }
    }

    /// Lets a pause pass; tells whether it is worth another look.
    pub(super) async fn on(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.pause.min(left)).await;
        self.pause = (self.pause * 2).min(PAUSES.1);
        true
    }
}
