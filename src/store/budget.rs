//! How often a provider may be asked, shared by all who ask (R28).

use crate::model::rotation::Moment;

use super::Store;
use super::error::StoreError;

/// The most a budget allows in its time: its moments stand in one row.
const MOST: u32 = 10_000;

impl Store {
    /// Takes one of `count` in any `seconds`; `None`: taken. Otherwise nothing is taken, and the answer
    /// says in how many seconds to ask again.
    pub async fn take(
        &self,
        what: &str,
        count: u32,
        seconds: u64,
        now: Moment,
    ) -> Result<Option<u64>, StoreError> {
        let window = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        let count = usize::try_from(count.min(MOST)).expect("ten thousand fit");
        if count == 0 {
            return Ok(Some(seconds.max(1)));
        }
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO budget (what, taken) VALUES ($1, '') ON CONFLICT (what) DO NOTHING";
        tx.execute(sql, &[what.into()]).await?;
        let row = tx.locked("SELECT taken FROM budget WHERE what = $1", &[what.into()]).await?;
        let taken = row.map_or_else(|| Ok(String::new()), |row| row.text(0))?;
        let mut taken = moments(&taken, now)?;
        taken.retain(|at| now.saturating_sub(*at) < window);
        if taken.len() >= count {
            let free = taken[taken.len() - count].saturating_add(window);
            let wait = u64::try_from(free.saturating_sub(now)).unwrap_or(0);
            return Ok(Some(wait.div_ceil(1000).max(1)));
        }
        taken.push(now);
        let taken: Vec<String> = taken.iter().map(ToString::to_string).collect();
        let sql = "UPDATE budget SET taken = $2 WHERE what = $1";
        tx.execute(sql, &[what.into(), taken.join(" ").as_str().into()]).await?;
        tx.commit().await?;
        Ok(None)
    }
}

/// Reads the moments, the oldest first. One that is still to come was taken under another clock and
/// counts as now, so that nobody waits for a clock that was wrong.
fn moments(taken: &str, now: Moment) -> Result<Vec<Moment>, StoreError> {
    let read = |word: &str| word.parse::<Moment>().map(|at| at.min(now));
    let moments: Result<Vec<_>, _> = taken.split_whitespace().map(read).collect();
    let mut moments = moments.map_err(|_| StoreError::Corrupt("a budget's moments can't be read".into()))?;
    moments.sort_unstable();
    Ok(moments)
}
