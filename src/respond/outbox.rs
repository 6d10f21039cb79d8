//! Sends what people are to be told: whatever the store says is due, by whichever run comes by.
//!
//! A way that takes nothing holds up nobody: the rest of its news waits for the next run, ever longer, and
//! people are told of it by the other ways.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::notify::{Notice, Notifier};
use crate::rotate::{Clock, kill};
use crate::store::notices::{News, NoticeRecord, Stalled};
use crate::store::{Store, StoreError};

/// How much of one way's news goes one by one in a run; what is more is told in one.
pub const SINGLY: usize = 5;
/// How many titles are told of them.
const LINES: usize = 200;
/// What stands before the address in the way of a letter to a provider.
const LETTER: &str = "letter:";
const MINUTE: Moment = 60_000;
const HOUR: Moment = 60 * MINUTE;
const DAY: Moment = 24 * HOUR;
/// Longer than any sending takes: who took a notice and did not say what came of it was killed.
const TAKEN: Moment = 10 * MINUTE;
/// A way on which something waits for so long is told as dead.
const DEAD: Moment = HOUR;
/// News that could not be sent for so long are given up.
const GIVEN_UP: Moment = 7 * DAY;

/// Opens a way, or says why not.
pub type Open<'a> = dyn Fn(&str) -> Result<Box<dyn Notifier>, String> + 'a;

/// What sends.
pub struct Outbox<'a> {
    /// Where it is written down.
    pub store: &'a Store,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// The ways that news go.
    pub channels: &'a [String],
    /// Opens one.
    pub open: &'a Open<'a>,
    /// Is told what goes wrong, for people.
    pub warn: &'a dyn Fn(&str),
}

/// Returns the way of a letter to a provider.
#[must_use]
pub fn letter_to(address: &str) -> String {
    format!("{LETTER}{address}")
}

/// Returns where a letter goes, if this is a letter's way.
#[must_use]
pub fn address_of(channel: &str) -> Option<&str> {
    channel.strip_prefix(LETTER)
}

impl Outbox<'_> {
    /// Sends what is due; returns how much was sent.
    ///
    /// # Errors
    /// [`StoreError`]: what was sent by then is written down.
    pub async fn send(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let given_up = self.store.give_up_notices(now - GIVEN_UP).await?;
        if given_up > 0 {
            (self.warn)(&format!("{given_up} notices could not be sent for a week, and are given up"));
        }
        for stalled in self.store.stalled_notices(now - DEAD).await? {
            self.is_dead(&stalled, now).await?;
        }
        let mut by_channel: BTreeMap<String, Vec<NoticeRecord>> = BTreeMap::new();
        for notice in self.store.due_notices(now).await? {
            by_channel.entry(notice.channel.clone()).or_default().push(notice);
        }
        let mut sent = 0;
        for (channel, waiting) in by_channel {
            sent += self.by(&channel, waiting).await?;
        }
        Ok(sent)
    }

    /// Tells people that a way takes nothing: once a day, by every other way.
    async fn is_dead(&self, stalled: &Stalled, now: Moment) -> Result<(), StoreError> {
        let name = shown(stalled.channel.as_bytes());
        let title = format!("{name} takes no news: {} wait", stalled.count);
        (self.warn)(&format!("{title}: {}", stalled.error));
        let what = format!("dead way:{}:{}", stalled.channel, now.div_euclid(DAY));
        let others = self.channels.iter().filter(|c| **c != stalled.channel).cloned().collect();
        let facts = vec![
            (
                "since".into(),
                jiff::Timestamp::from_millisecond(stalled.since)
                    .map_or_else(|_| "?".into(), |t| t.to_string()),
            ),
            ("why".into(), stalled.error.clone()),
            ("next".into(), "look at its table [notify.NAME]; what waits is sent by itself then".into()),
        ];
        let notice = Notice { id: what.clone(), title, facts, lines: Vec::new(), urgent: true };
        self.store.note(&news("", &what, &notice, others)?, now).await.map(drop)
    }

    /// Sends one way's news, until it does not take one.
    async fn by(&self, channel: &str, mut waiting: Vec<NoticeRecord>) -> Result<usize, StoreError> {
        // A letter is never told in one with others.
        let singly = if address_of(channel).is_some() { waiting.len() } else { waiting.len().min(SINGLY) };
        let rest = waiting.split_off(singly);
        let mut sent = 0;
        for one in waiting {
            match self.one(vec![one], |notices| notices[0].clone()).await? {
                Some(count) => sent += count,
                None => return Ok(sent),
            }
        }
        Ok(sent + self.one(rest, digest).await?.unwrap_or(0))
    }

    /// Sends some notices as one; returns how many, and `None` where the way did not take it.
    async fn one(
        &self,
        waiting: Vec<NoticeRecord>,
        as_one: impl FnOnce(&[Notice]) -> Notice,
    ) -> Result<Option<usize>, StoreError> {
        if waiting.is_empty() {
            return Ok(Some(0));
        }
        let taken = self.store.take_notices(waiting, self.clock.now() + TAKEN).await?;
        let Some(first) = taken.first() else { return Ok(Some(0)) };
        kill::point("notice taken");
        let made: Result<Vec<Notice>, String> = taken.iter().map(read).collect();
        let said = match made.and_then(|all| Ok((as_one(&all), (self.open)(&first.channel)?))) {
            Ok((notice, notifier)) => notifier.send(&notice).await.map_err(|e| e.to_string()),
            Err(why) => Err(why),
        };
        match said {
            Ok(()) => {
                kill::point("notice sent");
                self.store.notices_sent(&taken, self.clock.now()).await?;
                Ok(Some(taken.len()))
            }
            Err(why) => {
                let way = shown(first.channel.as_bytes());
                (self.warn)(&format!("{way} could not be told: {why}; it is tried again by the next run"));
                let next = self.clock.now() + patience(first.tries);
                self.store.notices_failed(&taken, &why, next).await?;
                Ok(None)
            }
        }
    }
}

/// Returns how long nothing is tried behind so many tries: a minute, two, four … an hour.
fn patience(tries: i64) -> Moment {
    let doubled = u32::try_from(tries.clamp(1, 7) - 1).unwrap_or(0);
    (MINUTE << doubled).min(HOUR)
}

fn read(notice: &NoticeRecord) -> Result<Notice, String> {
    serde_json::from_str(&notice.body).map_err(|e| format!("what was written down cannot be read: {e}"))
}

/// Tells many in one, under a name of its own for just these.
fn digest(notices: &[Notice]) -> Notice {
    let mut names = Sha256::new();
    for notice in notices {
        names.update((notice.id.len() as u64).to_be_bytes());
        names.update(notice.id.as_bytes());
    }
    let mut lines: Vec<String> = notices.iter().take(LINES).map(|n| shown(n.title.as_bytes())).collect();
    if notices.len() > LINES {
        lines.push(format!("and {} more", notices.len() - LINES));
    }
    Notice {
        id: format!("digest:{}", data_encoding::HEXLOWER.encode(&names.finalize()[..16])),
        title: format!("{} more: keywright incidents list", notices.len()),
        facts: Vec::new(),
        lines,
        urgent: notices.iter().any(|n| n.urgent),
    }
}

/// Makes what the store keeps of a notice.
///
/// # Errors
/// It cannot be written as JSON.
pub fn news(incident: &str, what: &str, notice: &Notice, channels: Vec<String>) -> Result<News, StoreError> {
    let body = serde_json::to_string(notice)
        .map_err(|e| StoreError::Other(format!("a notice can't be written down: {e}")))?;
    Ok(News { incident: incident.into(), what: what.into(), body, urgent: notice.urgent, channels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_ever_less_often() {
        assert_eq!([0, 1, 2, 3, 7, 8, i64::MAX].map(|n| patience(n) / MINUTE), [1, 1, 2, 4, 60, 60, 60]);
    }

    #[test]
    fn a_digest_has_the_same_name_for_the_same_news() {
        let notice = |id: &str, urgent| Notice {
            id: id.into(),
            title: "t\u{1b}".into(),
            facts: Vec::new(),
            lines: Vec::new(),
            urgent,
        };
        let one = digest(&[notice("a", false), notice("b", true)]);
        assert!(one.urgent && one.lines == ["t\\x1b", "t\\x1b"]);
        assert_eq!(one.id, digest(&[notice("a", false), notice("b", false)]).id);
        assert_ne!(one.id, digest(&[notice("ab", false)]).id);
    }
}
