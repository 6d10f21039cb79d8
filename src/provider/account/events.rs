//! What was done with a key, page by page, and what can be told where there are no events.

use super::super::recipe::{EventsAnswer, Step};
use super::super::{Activity, Events, Listed, Provider as _};
use super::{Account, PAGES, of};
use crate::model::credential::CallError;
use crate::model::rotation::Moment;

/// How many events a page is asked for (R96).
const PAGE: u32 = 50;

impl Account {
    /// Reads events from one path, page by page, until one is short, older or the same again.
    pub(super) async fn events_at(
        &self,
        step: &Step<EventsAnswer>,
        path: &str,
        key: &Listed,
        from: Moment,
    ) -> Result<Events, CallError> {
        let mut found = Events { seen: Vec::new(), is_whole: true };
        let mut last = None;
        for page in 1..=PAGES {
            let slots = of(key).with("page", page).with("limit", PAGE);
            let answer = self.ask("read the events", step, path, &slots).await?;
            if last.as_ref() == Some(&answer.body) {
                break;
            }
            let start = found.seen.len();
            let count = step.answer.read(&answer.body, &mut found)?;
            let is_old = |at: Option<Moment>| at.is_some_and(|at| at < from);
            let is_past = !found.seen[start..].is_empty() && found.seen[start..].iter().all(|e| is_old(e.at));
            if count < PAGE as usize || is_past || !found.is_whole {
                break;
            }
            found.is_whole = page < PAGES;
            last = Some(answer.body);
        }
        found.seen.retain(|event| event.at.is_none_or(|at| at >= from));
        Ok(found)
    }

    /// What can be told where there are no events (R96).
    pub(super) async fn summary(&self, key: &Listed, without: &str) -> Result<Activity, CallError> {
        let listed = self.list().await?.keys.into_iter().find(|k| k.id == key.id);
        let last_used = listed.map_or(key.last_used, |k| k.last_used);
        let why = format!(
            "{} keeps no events that can be read: this is the key's last use and the account's sums of the month. {without}",
            self.card.name
        );
        Ok(Activity::Summary { last_used, usage: self.usage().await?, why: why.trim_end().into() })
    }
}
