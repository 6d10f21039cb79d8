//! What must survive a crash, in SQLite or Postgres: the inventory, rotations with their journal and
//! leases, sealed bytes, the audit chain. Both databases behave the same; one suite of tests holds both.
//!
//! - `record`: the rows
//! - `incidents`: leaked secrets, and where they were seen
//! - `notices`: what people are told, kept until it was sent
//! - `keys`, `rotations`, `lease`, `journal`, `sealed`, `budget`: what can be asked for
//! - `audit`, `chain`: lines that are only added, and whether they are whole
//! - `schema`: the tables, told in `docs/store.md`
//! - `open`, `db`: where it is, and two databases behind one set of statements
//! - `error`: why not

mod audit;
mod budget;
mod chain;
mod db;
mod error;
pub mod incidents;
mod journal;
mod keys;
mod lease;
pub mod notices;
mod open;
pub mod record;
mod rotations;
mod schema;
mod sealed;

pub use audit::ChainKey;
pub use chain::{Anchor, AuditVerdict};
pub use error::StoreError;

use crate::model::Secret;

/// A store, open.
pub struct Store {
    db: db::Db,
    chain: ChainKey,
}

impl Store {
    /// Opens the store at `sqlite:PATH` or `postgres://…`, makes it if there is none, and brings its
    /// tables up to date. `chain` signs the audit.
    pub async fn open(url: &str, password: Option<&Secret>, chain: ChainKey) -> Result<Self, StoreError> {
        let db = open::connect(url, password).await?;
        let mut tx = db.write().await?;
        if schema::migrate(&mut tx).await? {
            audit::found(&mut tx, &chain).await?;
        }
        tx.commit().await?;
        Ok(Self { db, chain })
    }

    /// Closes the store; what was written is written either way.
    pub async fn close(self) {
        self.db.close().await;
    }
}

#[cfg(test)]
mod tests;
