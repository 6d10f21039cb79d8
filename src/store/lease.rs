//! One runner a rotation (I9): a lease that ends by itself, and a fence that only grows.
//!
//! A runner that slept past its lease may find the rotation in other hands: everything it writes names
//! its fence and touches nothing any more.

use crate::model::rotation::Moment;

use super::Store;
use super::db::{Tx, Value};
use super::error::StoreError;
use super::record::Lease;

impl Store {
    /// Takes a rotation that nobody holds, or whose lease has ended. `runner` is a name that no other
    /// process has or had. [`StoreError::Held`] if it is held, by whomever.
    pub async fn claim(
        &self,
        id: &str,
        runner: &str,
        now: Moment,
        until: Moment,
    ) -> Result<Lease, StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "SELECT fence, runner, leased_until FROM rotation WHERE id = $1";
        let absent = || StoreError::Absent(format!("the rotation {id}"));
        let row = tx.locked(sql, &[id.into()]).await?.ok_or_else(absent)?;
        if let Some(until) = row.maybe_int(2)?.filter(|until| *until > now) {
            return Err(StoreError::Held { runner: row.text(1)?, until });
        }
        let fence = row.int(0)? + 1;
        let sql = "UPDATE rotation SET fence = $2, runner = $3, leased_until = $4 WHERE id = $1";
        tx.execute(sql, &[id.into(), fence.into(), runner.into(), until.into()]).await?;
        tx.commit().await?;
        Ok(Lease { rotation: id.into(), fence, runner: runner.into() })
    }

    /// Prolongs a lease. One that has ended is lost even if nobody took it: after a sleep everything
    /// is looked at anew.
    pub async fn renew(&self, lease: &Lease, now: Moment, until: Moment) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence_in_time(&mut tx, lease, now).await?;
        let sql = "UPDATE rotation SET leased_until = $4 WHERE id = $1 AND fence = $2 AND runner = $3";
        let [id, number, runner] = holder(lease);
        tx.execute(sql, &[id, number, runner, until.into()]).await?;
        tx.commit().await
    }

    /// Gives a lease back. Its fence stays used up.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        let sql = "UPDATE rotation SET runner = '', leased_until = NULL \
                   WHERE id = $1 AND fence = $2 AND runner = $3";
        tx.execute(sql, &holder(lease)).await?;
        tx.commit().await
    }
}

/// The values that name a lease's holder.
pub(super) fn holder(lease: &Lease) -> [Value; 3] {
    [(&lease.rotation).into(), lease.fence.into(), (&lease.runner).into()]
}

/// Locks the rotation's row and refuses everything under an older fence or a lease given back. What a
/// runner learnt is taken from it even after its time, as long as nobody took over.
pub(super) async fn fence(tx: &mut Tx, lease: &Lease) -> Result<Moment, StoreError> {
    let sql = "SELECT leased_until FROM rotation \
               WHERE id = $1 AND fence = $2 AND runner = $3 AND leased_until IS NOT NULL";
    tx.locked(sql, &holder(lease)).await?.ok_or(StoreError::LostLease)?.int(0)
}

/// Like [`fence`], and refuses a lease whose time is over: what comes next is an outside effect.
pub(super) async fn fence_in_time(tx: &mut Tx, lease: &Lease, now: Moment) -> Result<(), StoreError> {
    if fence(tx, lease).await? > now { Ok(()) } else { Err(StoreError::LostLease) }
}
