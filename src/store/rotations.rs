//! Rotations: begun once a key, moved only under a lease, due by their `run_at`.

use crate::model::rotation::{Mode, Moment, Reason, State};

use super::Store;
use super::audit::append;
use super::db::Row;
use super::error::StoreError;
use super::lease::{fence, holder};
use super::record::{Lease, Line, RotationRecord};

const COLUMNS: &str = "id, key_name, mode, reason, state, plan, plan_hash, actor, begun, moved, run_at, note";

impl Store {
    /// Begins a rotation. [`StoreError::Busy`] if the key has one that is not over.
    pub async fn begin(&self, rotation: &RotationRecord, line: Line) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO rotation ({COLUMNS}, fence, runner, leased_until) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', NULL) ON CONFLICT DO NOTHING"
        );
        let values = [
            (&rotation.id).into(),
            (&rotation.key).into(),
            rotation.mode.word().into(),
            rotation.reason.word().into(),
            rotation.state.word().into(),
            (&rotation.plan).into(),
            (&rotation.plan_hash).into(),
            (&rotation.actor).into(),
            rotation.begun.into(),
            rotation.moved.into(),
            rotation.run_at.into(),
            (&rotation.note).into(),
        ];
        let mut tx = self.db.write().await?;
        if tx.execute(&sql, &values).await? == 0 {
            let by_id = tx.row("SELECT id FROM rotation WHERE id = $1", &[(&rotation.id).into()]).await?;
            let Some(open) = open_rotation(&mut tx, &rotation.key).await?.filter(|_| by_id.is_none()) else {
                return Err(StoreError::Taken(format!("the rotation {}", rotation.id)));
            };
            return Err(StoreError::Busy { rotation: open });
        }
        append(&mut tx, &self.chain, line).await?;
        tx.commit().await
    }

    /// Returns a rotation.
    pub async fn rotation(&self, id: &str) -> Result<Option<RotationRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM rotation WHERE id = $1");
        self.db.row(&sql, &[id.into()]).await?.as_ref().map(record).transpose()
    }

    /// Lists the rotations, the oldest first.
    pub async fn rotations(&self) -> Result<Vec<RotationRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM rotation ORDER BY begun, id");
        self.db.rows(&sql, &[]).await?.iter().map(record).collect()
    }

    /// Lists the rotations that can go on: running or rolling back, and waiting ones whose time has
    /// come. Whether a runner holds them is told by [`Store::claim`].
    pub async fn due(&self, now: Moment) -> Result<Vec<RotationRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM rotation WHERE state = 'running' OR state = 'rolling back' \
             OR (state = 'waiting' AND run_at <= $1) ORDER BY begun, id"
        );
        self.db.rows(&sql, &[now.into()]).await?.iter().map(record).collect()
    }

    /// Moves a rotation, and writes the audit's line in the same transaction.
    pub async fn advance(
        &self,
        lease: &Lease,
        state: State,
        run_at: Option<Moment>,
        note: &str,
        now: Moment,
        line: Option<Line>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        if !state.is_over() {
            // One that was over may not stand up beside another of its key.
            let sql = "SELECT key_name FROM rotation WHERE id = $1";
            let row = tx.row(sql, &[(&lease.rotation).into()]).await?.ok_or(StoreError::LostLease)?;
            let open = open_rotation(&mut tx, &row.text(0)?).await?;
            if let Some(rotation) = open.filter(|open| *open != lease.rotation) {
                return Err(StoreError::Busy { rotation });
            }
        }
        let sql = "UPDATE rotation SET state = $4, run_at = $5, note = $6, moved = $7 \
                   WHERE id = $1 AND fence = $2 AND runner = $3 AND leased_until IS NOT NULL";
        let [id, number, runner] = holder(lease);
        let values = [id, number, runner, state.word().into(), run_at.into(), note.into(), now.into()];
        if tx.execute(sql, &values).await? == 0 {
            return Err(StoreError::LostLease);
        }
        if let Some(line) = line {
            append(&mut tx, &self.chain, line).await?;
        }
        tx.commit().await
    }
}

/// Returns the rotation of a key that is not over.
async fn open_rotation(tx: &mut super::db::Tx, key: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT id FROM rotation WHERE key_name = $1 \
               AND state <> 'done' AND state <> 'rolled back' AND state <> 'aborted'";
    tx.row(sql, &[key.into()]).await?.map(|row| row.text(0)).transpose()
}

fn record(row: &Row) -> Result<RotationRecord, StoreError> {
    Ok(RotationRecord {
        id: row.text(0)?,
        key: row.text(1)?,
        mode: row.word(2, Mode::from_word)?,
        reason: row.word(3, Reason::from_word)?,
        state: row.word(4, State::from_word)?,
        plan: row.text(5)?,
        plan_hash: row.text(6)?,
        actor: row.text(7)?,
        begun: row.int(8)?,
        moved: row.int(9)?,
        run_at: row.maybe_int(10)?,
        note: row.text(11)?,
    })
}
