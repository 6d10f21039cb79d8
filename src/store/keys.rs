//! The inventory: our own credentials, without their secrets.

use crate::model::rotation::{Class, Moment};

use super::Store;
use super::audit::append;
use super::db::{Row, Value};
use super::error::StoreError;
use super::record::{KeyRecord, Line};

const COLUMNS: &str = "name, provider, key_id, label, owner, holder, class, settings, last4, added, made, \
                       expires, last_used, due, destinations, environments";

impl Store {
    /// Puts a key down. [`StoreError::Taken`] if there is one of that name.
    pub async fn add_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO inventory ({COLUMNS}) VALUES \
             ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
             ON CONFLICT (name) DO NOTHING"
        );
        let mut tx = self.db.write().await?;
        if tx.execute(&sql, &values(key)?).await? == 0 {
            return Err(StoreError::Taken(format!("the key `{}`", key.name)));
        }
        tx.commit().await
    }

    /// Returns a key.
    pub async fn key(&self, name: &str) -> Result<Option<KeyRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM inventory WHERE name = $1");
        self.db.row(&sql, &[name.into()]).await?.as_ref().map(record).transpose()
    }

    /// Lists the keys by name.
    pub async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let rows = self.db.rows(&format!("SELECT {COLUMNS} FROM inventory"), &[]).await?;
        let mut keys: Vec<_> = rows.iter().map(record).collect::<Result<_, _>>()?;
        // Here and not by the database: each server sorts by its own alphabet.
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(keys)
    }

    /// Writes a key again. [`StoreError::Absent`] if there is none of that name.
    pub async fn put_key(&self, key: &KeyRecord) -> Result<(), StoreError> {
        let sql = "UPDATE inventory SET provider = $2, key_id = $3, label = $4, owner = $5, holder = $6, \
                   class = $7, settings = $8, last4 = $9, added = $10, made = $11, expires = $12, \
                   last_used = $13, due = $14, destinations = $15, environments = $16 WHERE name = $1";
        let mut tx = self.db.write().await?;
        if tx.execute(sql, &values(key)?).await? == 0 {
            return Err(absent(&key.name));
        }
        tx.commit().await
    }

    /// Writes a key that is due later, with its line in the audit. [`StoreError::Changed`] if it is not due at `from`
    /// any more.
    pub async fn postpone_key(&self, key: &KeyRecord, from: Moment, line: Line) -> Result<(), StoreError> {
        let settings = serde_json::to_string(&key.settings)
            .map_err(|e| StoreError::Other(format!("the key `{}` can't be written down: {e}", key.name)))?;
        let mut tx = self.db.write().await?;
        let sql = "UPDATE inventory SET due = $3, settings = $4 WHERE name = $1 AND due = $2";
        let values = [(&key.name).into(), from.into(), key.due.into(), (&settings).into()];
        if tx.execute(sql, &values).await? == 0 {
            return Err(StoreError::Changed(format!("the key `{}`", key.name)));
        }
        append(&mut tx, &self.chain, line).await?;
        tx.commit().await
    }

    /// Forgets a key. [`StoreError::Busy`] while it is being rotated.
    pub async fn drop_key(&self, name: &str) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let open = "SELECT id FROM rotation WHERE key_name = $1 \
                    AND state <> 'done' AND state <> 'rolled back' AND state <> 'aborted'";
        if let Some(row) = tx.row(open, &[name.into()]).await? {
            return Err(StoreError::Busy { rotation: row.text(0)? });
        }
        if tx.execute("DELETE FROM inventory WHERE name = $1", &[name.into()]).await? == 0 {
            return Err(absent(name));
        }
        tx.commit().await
    }
}

fn absent(name: &str) -> StoreError {
    StoreError::Absent(format!("the key `{name}`"))
}

fn values(key: &KeyRecord) -> Result<Vec<Value>, StoreError> {
    let json = |made: Result<String, serde_json::Error>| {
        made.map_err(|e| StoreError::Other(format!("the key `{}` can't be written down: {e}", key.name)))
    };
    Ok(vec![
        (&key.name).into(),
        (&key.provider).into(),
        (&key.key_id).into(),
        (&key.label).into(),
        (&key.owner).into(),
        (&key.holder).into(),
        key.class.word().into(),
        (&json(serde_json::to_string(&key.settings))?).into(),
        (&key.last4).into(),
        key.added.into(),
        key.made.into(),
        key.expires.into(),
        key.last_used.into(),
        key.due.into(),
        (&json(serde_json::to_string(&key.destinations))?).into(),
        (&json(serde_json::to_string(&key.environments))?).into(),
    ])
}

fn record(row: &Row) -> Result<KeyRecord, StoreError> {
    let name = row.text(0)?;
    let odd = |e: serde_json::Error| StoreError::Corrupt(format!("the key `{name}` can't be read: {e}"));
    Ok(KeyRecord {
        provider: row.text(1)?,
        key_id: row.text(2)?,
        label: row.text(3)?,
        owner: row.text(4)?,
        holder: row.text(5)?,
        class: row.word(6, Class::from_word)?,
        settings: serde_json::from_str(&row.text(7)?).map_err(odd)?,
        last4: row.text(8)?,
        added: row.int(9)?,
        made: row.maybe_int(10)?,
        expires: row.maybe_int(11)?,
        last_used: row.maybe_int(12)?,
        due: row.maybe_int(13)?,
        destinations: serde_json::from_str(&row.text(14)?).map_err(odd)?,
        environments: serde_json::from_str(&row.text(15)?).map_err(odd)?,
        name,
    })
}
