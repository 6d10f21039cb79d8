//! The journal: what is about to be done, on disk before it is done, and what came of it (I2).

use crate::model::credential::{Kept, Reply, Sealed};
use crate::model::rotation::Moment;

use super::Store;
use super::audit::append;
use super::db::{Row, Tx};
use super::error::StoreError;
use super::lease::{fence, fence_in_time};
use super::record::{End, Entry, Lease, Line, Outcome};
use super::sealed::{put, put_beside};

impl Store {
    /// Writes down that a step is about to be tried, and returns the entry's number. A lease whose time
    /// is over begins nothing.
    pub async fn intend(&self, lease: &Lease, step: &str, now: Moment) -> Result<i64, StoreError> {
        let mut tx = self.db.write().await?;
        fence_in_time(&mut tx, lease, now).await?;
        let sql = "SELECT COUNT(*), COUNT(CASE WHEN step = $2 THEN 1 END) FROM journal WHERE rotation = $1";
        let row = tx.row(sql, &[(&lease.rotation).into(), step.into()]).await?;
        let row = row.ok_or_else(|| StoreError::Corrupt("the journal can't be counted".into()))?;
        let (number, attempt) = (row.int(0)? + 1, row.int(1)? + 1);
        let sql = "INSERT INTO journal (rotation, number, step, attempt, begun, fence) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let values = [
            (&lease.rotation).into(),
            number.into(),
            step.into(),
            attempt.into(),
            now.into(),
            lease.fence.into(),
        ];
        tx.execute(sql, &values).await?;
        tx.commit().await?;
        Ok(number)
    }

    /// Writes down how a step ended, with what it left sealed and the audit's line, in one transaction.
    /// An end that nobody knew may be told later; one that is known stays.
    pub async fn conclude(
        &self,
        lease: &Lease,
        entry: i64,
        end: &End,
        sealed: &[(&str, &Sealed)],
        line: Option<Line>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        is_open(&mut tx, lease, entry).await?;
        let detail = end.detail.to_string();
        let sql = "UPDATE journal SET outcome = $3, detail = $4, ended = $5 \
                   WHERE rotation = $1 AND number = $2";
        let values = [
            (&lease.rotation).into(),
            entry.into(),
            end.outcome.word().into(),
            detail.as_str().into(),
            end.at.into(),
        ];
        tx.execute(sql, &values).await?;
        for (name, sealed) in sealed {
            put(&mut tx, &lease.rotation, name, sealed, Some(end.at)).await?;
        }
        if let Some(line) = line {
            append(&mut tx, &self.chain, line).await?;
        }
        tx.commit().await
    }

    /// Commits an answer's sealed bytes, and only then lends the answer to be read (I1). An older
    /// answer of that name stays beside it, as `NAME@ENTRY`.
    ///
    /// Where it could not be written the answer comes back, still unread: what is sealed in `sealed` is
    /// all there is of it.
    pub async fn keep(
        &self,
        lease: &Lease,
        entry: i64,
        name: &str,
        sealed: &Sealed,
        reply: Reply,
        now: Moment,
    ) -> Result<Kept, (StoreError, Reply)> {
        match self.commit_reply(lease, entry, name, sealed, now).await {
            Ok(()) => Ok(reply.after_commit()),
            Err(e) => Err((e, reply)),
        }
    }

    async fn commit_reply(
        &self,
        lease: &Lease,
        entry: i64,
        name: &str,
        sealed: &Sealed,
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        is_open(&mut tx, lease, entry).await?;
        put_beside(&mut tx, &lease.rotation, name, sealed, now, entry).await?;
        tx.commit().await
    }

    /// Lists a rotation's entries in order.
    pub async fn journal(&self, id: &str) -> Result<Vec<Entry>, StoreError> {
        let sql = "SELECT number, step, attempt, begun, fence, outcome, detail, ended FROM journal \
                   WHERE rotation = $1 ORDER BY number";
        self.db.rows(sql, &[id.into()]).await?.iter().map(record).collect()
    }
}

/// Refuses an entry that is not there or whose end is known.
async fn is_open(tx: &mut Tx, lease: &Lease, entry: i64) -> Result<(), StoreError> {
    let sql = "SELECT outcome FROM journal WHERE rotation = $1 AND number = $2";
    let row = tx.row(sql, &[(&lease.rotation).into(), entry.into()]).await?;
    let name = || format!("entry {entry} of {}", lease.rotation);
    let outcome = row.ok_or_else(|| StoreError::Absent(name()))?.maybe_text(0)?;
    match outcome.as_deref().map(Outcome::from_word) {
        None | Some(Some(Outcome::Unknown)) => Ok(()),
        _ => Err(StoreError::Taken(format!("the end of {}", name()))),
    }
}

fn record(row: &Row) -> Result<Entry, StoreError> {
    let end = if row.maybe_text(5)?.is_some() {
        let detail = row.text(6)?;
        let detail = serde_json::from_str(&detail)
            .map_err(|e| StoreError::Corrupt(format!("a journal's entry can't be read: {e}")))?;
        Some(End { outcome: row.word(5, Outcome::from_word)?, detail, at: row.int(7)? })
    } else {
        None
    };
    Ok(Entry {
        number: row.int(0)?,
        step: row.text(1)?,
        attempt: row.int(2)?,
        begun: row.int(3)?,
        fence: row.int(4)?,
        end,
    })
}
