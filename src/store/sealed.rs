//! Sealed bytes, in a table of their own, and how they are wiped.

use crate::model::credential::Sealed;
use crate::model::rotation::Moment;

use super::Store;
use super::db::Tx;
use super::error::StoreError;
use super::lease::fence;
use super::record::Lease;

impl Store {
    /// Returns what is sealed under a name.
    pub async fn sealed(&self, id: &str, name: &str) -> Result<Option<Sealed>, StoreError> {
        let sql = "SELECT bytes FROM sealed WHERE rotation = $1 AND name = $2";
        let row = self.db.row(sql, &[id.into(), name.into()]).await?;
        row.map(|row| row.bytes(0).map(Sealed::new)).transpose()
    }

    /// Lists the names under which something is sealed.
    pub async fn sealed_names(&self, id: &str) -> Result<Vec<String>, StoreError> {
        let rows = self.db.rows("SELECT name FROM sealed WHERE rotation = $1", &[id.into()]).await?;
        let mut names: Vec<_> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
        names.sort();
        Ok(names)
    }

    /// Lists the rotations that are over and of which something sealed is left.
    pub async fn unwiped(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT s.rotation FROM sealed s JOIN rotation r ON r.id = s.rotation \
                   WHERE r.state = 'done' OR r.state = 'rolled back' OR r.state = 'aborted' ORDER BY 1";
        self.db.rows(sql, &[]).await?.iter().map(|row| row.text(0)).collect()
    }

    /// Keeps sealed bytes under a name; older ones of that name are replaced.
    pub async fn put_sealed(&self, lease: &Lease, name: &str, sealed: &Sealed) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        put(&mut tx, &lease.rotation, name, sealed, None).await?;
        tx.commit().await
    }

    /// Overwrites what is sealed under these names, older answers of them as well, and then deletes it.
    pub async fn wipe(&self, lease: &Lease, names: &[&str]) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        fence(&mut tx, lease).await?;
        for name in names {
            let of_name = "WHERE rotation = $1 AND (name = $2 OR substr(name, 1, length($3)) = $3)";
            let values = [(&lease.rotation).into(), (*name).into(), format!("{name}@").as_str().into()];
            let rows = tx.rows(&format!("SELECT name, bytes FROM sealed {of_name}"), &values).await?;
            for row in rows {
                let zeros = vec![0; row.bytes(1)?.len()];
                let sql = "UPDATE sealed SET bytes = $3 WHERE rotation = $1 AND name = $2";
                let values =
                    [(&lease.rotation).into(), row.text(0)?.as_str().into(), zeros.as_slice().into()];
                tx.execute(sql, &values).await?;
            }
            tx.execute(&format!("DELETE FROM sealed {of_name}"), &values).await?;
        }
        tx.commit().await?;
        self.db.settle().await;
        Ok(())
    }
}

/// Keeps sealed bytes under a name.
pub(super) async fn put(
    tx: &mut Tx,
    rotation: &str,
    name: &str,
    sealed: &Sealed,
    at: Option<Moment>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO sealed (rotation, name, kept, bytes) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (rotation, name) DO UPDATE SET kept = excluded.kept, bytes = excluded.bytes";
    let values = [rotation.into(), name.into(), at.into(), sealed.bytes().into()];
    tx.execute(sql, &values).await.map(drop)
}

/// Like [`put`], but what had the name before stays under another: it may be all there is of a key.
pub(super) async fn put_beside(
    tx: &mut Tx,
    rotation: &str,
    name: &str,
    sealed: &Sealed,
    at: Moment,
    entry: i64,
) -> Result<(), StoreError> {
    let sql = "SELECT COUNT(*) FROM sealed WHERE rotation = $1 AND substr(name, 1, length($2)) = $2";
    let before = format!("{name}@{entry}");
    let row = tx.row(sql, &[rotation.into(), before.as_str().into()]).await?;
    let again = row.map_or(Ok(0), |row| row.int(0))?;
    let other = if again == 0 { before } else { format!("{before}.{again}") };
    let sql = "UPDATE sealed SET name = $3 WHERE rotation = $1 AND name = $2";
    tx.execute(sql, &[rotation.into(), name.into(), other.as_str().into()]).await?;
    put(tx, rotation, name, sealed, Some(at)).await
}
