//! What people are told, kept until it was sent: a row for each way it goes.
//!
//! Whoever sends takes the row first: its next try moves behind the time that sending takes, by the number of
//! tries that was read. Two runners do not send the same at once, and what a runner took that was killed is
//! due again. It is sent at least once; its name is the same each time.

use std::collections::BTreeMap;

use crate::model::rotation::Moment;

use super::Store;
use super::db::{Row, Tx};
use super::error::StoreError;

/// Something that people are told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The incident it is about; empty: about the whole store.
    pub incident: String,
    /// What of it: the same is told once.
    pub what: String,
    /// What is sent, as JSON; never a secret.
    pub body: String,
    /// Whether somebody should be woken.
    pub urgent: bool,
    /// The ways it goes: names of `[notify.NAME]`.
    pub channels: Vec<String>,
}

impl News {
    /// Returns its name: the same however often it is sent.
    #[must_use]
    pub fn id(&self) -> String {
        if self.incident.is_empty() { self.what.clone() } else { format!("{}:{}", self.incident, self.what) }
    }
}

/// A piece of news on one of its ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRecord {
    /// The name of the news.
    pub id: String,
    /// The way it goes.
    pub channel: String,
    /// The incident it is about, or empty.
    pub incident: String,
    /// What is sent, as JSON.
    pub body: String,
    /// Whether somebody should be woken.
    pub urgent: bool,
    /// When it was written down.
    pub noted: Moment,
    /// How often it was taken to be sent.
    pub tries: i64,
    /// When it is tried next; `None`: it was sent, or given up.
    pub next_try: Option<Moment>,
    /// When it was sent.
    pub sent: Option<Moment>,
    /// Why it could not be sent the last time, or empty.
    pub error: String,
}

/// News that wait for a way that takes none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stalled {
    /// The way.
    pub channel: String,
    /// How many wait.
    pub count: usize,
    /// Since when the oldest of them waits.
    pub since: Moment,
    /// Why it could not be sent the last time.
    pub error: String,
}

const COLUMNS: &str = "id, channel, incident, body, urgent, noted, tries, next_try, sent, error";

impl Store {
    /// Writes news down to be sent; false: they were told before.
    pub async fn note(&self, news: &News, now: Moment) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let is_new = note(&mut tx, news, now).await?;
        tx.commit().await?;
        Ok(is_new)
    }

    /// Lists what is to be sent now: what is urgent first, then the oldest.
    pub async fn due_notices(&self, now: Moment) -> Result<Vec<NoticeRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM notice WHERE sent IS NULL AND next_try <= $1");
        let rows = self.db.rows(&sql, &[now.into()]).await?;
        let mut due: Vec<_> = rows.iter().map(record).collect::<Result<_, _>>()?;
        due.sort_by(|a, b| (!a.urgent, a.noted, &a.id).cmp(&(!b.urgent, b.noted, &b.id)));
        Ok(due)
    }

    /// Lists what was or is to be told of an incident, the oldest first.
    pub async fn notices_of(&self, incident: &str) -> Result<Vec<NoticeRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM notice WHERE incident = $1");
        let rows = self.db.rows(&sql, &[incident.into()]).await?;
        let mut all: Vec<_> = rows.iter().map(record).collect::<Result<_, _>>()?;
        all.sort_by(|a, b| (a.noted, &a.id, &a.channel).cmp(&(b.noted, &b.id, &b.channel)));
        Ok(all)
    }

    /// Takes notices to be sent by `until`; returns those that nobody else took meanwhile.
    pub async fn take_notices(
        &self,
        notices: Vec<NoticeRecord>,
        until: Moment,
    ) -> Result<Vec<NoticeRecord>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut taken = Vec::with_capacity(notices.len());
        for mut notice in notices {
            let sql = "UPDATE notice SET tries = $4, next_try = $5 WHERE id = $1 AND channel = $2 \
                       AND tries = $3 AND sent IS NULL AND next_try IS NOT NULL";
            let [id, channel] = name(&notice);
            let values = [id, channel, notice.tries.into(), (notice.tries + 1).into(), until.into()];
            if tx.execute(sql, &values).await? == 1 {
                notice.tries += 1;
                notice.next_try = Some(until);
                taken.push(notice);
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Notes that notices were sent, whoever took them since.
    pub async fn notices_sent(&self, notices: &[NoticeRecord], now: Moment) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for notice in notices {
            let sql = "UPDATE notice SET sent = $3, next_try = NULL, error = '' \
                       WHERE id = $1 AND channel = $2 AND sent IS NULL";
            let [id, channel] = name(notice);
            tx.execute(sql, &[id, channel, now.into()]).await?;
        }
        tx.commit().await
    }

    /// Notes that notices that were taken could not be sent, and that nothing goes their way before `next`.
    pub async fn notices_failed(
        &self,
        notices: &[NoticeRecord],
        why: &str,
        next: Moment,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        for notice in notices {
            let sql = "UPDATE notice SET next_try = $4, error = $5 \
                       WHERE id = $1 AND channel = $2 AND tries = $3 AND sent IS NULL";
            let [id, channel] = name(notice);
            tx.execute(sql, &[id, channel, notice.tries.into(), next.into(), why.into()]).await?;
        }
        if let Some(first) = notices.first() {
            let sql = "UPDATE notice SET next_try = $2 WHERE channel = $1 AND sent IS NULL AND next_try < $3";
            tx.execute(sql, &[(&first.channel).into(), next.into(), next.into()]).await?;
        }
        tx.commit().await
    }

    /// Gives up what was noted before a moment and is not sent; returns how many.
    pub async fn give_up_notices(&self, before: Moment) -> Result<u64, StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "UPDATE notice SET next_try = NULL \
                   WHERE sent IS NULL AND next_try IS NOT NULL AND noted < $1";
        let given_up = tx.execute(sql, &[before.into()]).await?;
        tx.commit().await?;
        Ok(given_up)
    }

    /// Lists the ways on which something that was noted by a moment was tried and still waits.
    pub async fn stalled_notices(&self, by: Moment) -> Result<Vec<Stalled>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM notice \
             WHERE sent IS NULL AND next_try IS NOT NULL AND tries > 0 AND error <> '' AND noted <= $1"
        );
        let mut by_channel: BTreeMap<String, Stalled> = BTreeMap::new();
        for row in self.db.rows(&sql, &[by.into()]).await? {
            let NoticeRecord { channel, noted, error, .. } = record(&row)?;
            let one = Stalled { channel: channel.clone(), count: 0, since: noted, error };
            let stalled = by_channel.entry(channel).or_insert(one);
            stalled.count += 1;
            stalled.since = stalled.since.min(noted);
        }
        Ok(by_channel.into_values().collect())
    }
}

/// Writes news down within the caller's transaction; false: they were told before.
pub(super) async fn note(tx: &mut Tx, news: &News, now: Moment) -> Result<bool, StoreError> {
    let sql = "INSERT INTO told (incident, what, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    if tx.execute(sql, &[(&news.incident).into(), (&news.what).into(), now.into()]).await? == 0 {
        return Ok(false);
    }
    let id = news.id();
    for channel in &news.channels {
        let sql = format!(
            "INSERT INTO notice ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, NULL, '') \
             ON CONFLICT DO NOTHING"
        );
        let values = [
            (&id).into(),
            channel.into(),
            (&news.incident).into(),
            (&news.body).into(),
            i64::from(news.urgent).into(),
            now.into(),
            now.into(),
        ];
        tx.execute(&sql, &values).await?;
    }
    Ok(true)
}

fn name(notice: &NoticeRecord) -> [super::db::Value; 2] {
    [(&notice.id).into(), (&notice.channel).into()]
}

fn record(row: &Row) -> Result<NoticeRecord, StoreError> {
    Ok(NoticeRecord {
        id: row.text(0)?,
        channel: row.text(1)?,
        incident: row.text(2)?,
        body: row.text(3)?,
        urgent: row.int(4)? != 0,
        noted: row.int(5)?,
        tries: row.int(6)?,
        next_try: row.maybe_int(7)?,
        sent: row.maybe_int(8)?,
        error: row.text(9)?,
    })
}
