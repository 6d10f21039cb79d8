//! What an operator's file says of hooks: the table `[hook]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

/// The longest time a push may wait, in seconds.
const LONGEST: u64 = 3600;

/// The table `[hook]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSettings {
    /// How long `pre-receive` may look at a push; then the push is refused.
    pub time_limit: Duration,
    /// Where a bypass is written down; none: there is no bypass.
    pub bypass_record: Option<PathBuf>,
}

impl Default for HookSettings {
    fn default() -> Self {
        Self { time_limit: Duration::from_secs(60), bypass_record: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHook {
    time_limit: Option<Spanned<String>>,
    bypass_record: Option<Spanned<PathBuf>>,
}

impl RawHook {
    /// Reads the words; an error is an offset in the file, what is wrong and what to write.
    pub(super) fn settings(self) -> Result<HookSettings, (usize, String, String)> {
        let mut settings = HookSettings::default();
        if let Some(text) = self.time_limit {
            let at = text.span().start;
            settings.time_limit = time(text.get_ref()).ok_or_else(|| {
                let why = format!("says time_limit = `{}`, which is no such time", text.get_ref());
                (at, why, "write a time from 1s to 60m, such as 90s or 5m".into())
            })?;
        }
        if let Some(path) = self.bypass_record {
            if !path.get_ref().is_absolute() {
                let why = "says bypass_record = a path that depends on where a hook runs";
                return Err((path.span().start, why.into(), "write an absolute path".into()));
            }
            settings.bypass_record = Some(path.into_inner());
        }
        Ok(settings)
    }
}

fn time(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        _ => return None,
    };
    let seconds = count.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=LONGEST).contains(&seconds).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_bounded() {
        assert_eq!(["90s", "5m", "60m"].map(time), [90, 300, 3600].map(|s| Some(Duration::from_secs(s))));
        for wrong in ["", "s", "0s", "61m", "1h", "-1s", "é", "99999999999999999999s"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }
}
