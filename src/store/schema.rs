//! The tables, and how an older store becomes a newer one. `docs/store.md` tells what stands in each.

use super::db::Tx;
use super::error::StoreError;

/// What each version adds; never changed once released. `{bytes}` is each database's word for bytes.
const VERSIONS: &[&[&str]] = &[&[
    "CREATE TABLE inventory (
        name TEXT PRIMARY KEY, provider TEXT NOT NULL, key_id TEXT NOT NULL, label TEXT NOT NULL,
        owner TEXT NOT NULL, holder TEXT NOT NULL, class TEXT NOT NULL, settings TEXT NOT NULL,
        last4 TEXT NOT NULL, added BIGINT NOT NULL, made BIGINT, expires BIGINT, last_used BIGINT, due BIGINT,
        destinations TEXT NOT NULL, environments TEXT NOT NULL)",
    "CREATE TABLE rotation (
        id TEXT PRIMARY KEY, key_name TEXT NOT NULL, mode TEXT NOT NULL, reason TEXT NOT NULL,
        state TEXT NOT NULL, plan TEXT NOT NULL, plan_hash TEXT NOT NULL, actor TEXT NOT NULL,
        begun BIGINT NOT NULL, moved BIGINT NOT NULL, run_at BIGINT, note TEXT NOT NULL,
        fence BIGINT NOT NULL, runner TEXT NOT NULL, leased_until BIGINT)",
    "CREATE UNIQUE INDEX one_rotation_a_key ON rotation (key_name)
        WHERE state <> 'done' AND state <> 'rolled back' AND state <> 'aborted'",
    "CREATE TABLE journal (
        rotation TEXT NOT NULL REFERENCES rotation (id), number BIGINT NOT NULL, step TEXT NOT NULL,
        attempt BIGINT NOT NULL, begun BIGINT NOT NULL, fence BIGINT NOT NULL,
        outcome TEXT, detail TEXT, ended BIGINT, PRIMARY KEY (rotation, number))",
    "CREATE TABLE sealed (
        rotation TEXT NOT NULL REFERENCES rotation (id), name TEXT NOT NULL, kept BIGINT,
        bytes {bytes} NOT NULL, PRIMARY KEY (rotation, name))",
    "CREATE TABLE audit (
        number BIGINT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
        key_name TEXT NOT NULL, provider TEXT NOT NULL, rotation TEXT NOT NULL, old_last4 TEXT NOT NULL,
        new_last4 TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
        hash TEXT NOT NULL)",
    "CREATE TABLE audit_head (
        id BIGINT PRIMARY KEY, lines BIGINT NOT NULL, hash TEXT NOT NULL, mac TEXT NOT NULL)",
    "CREATE TABLE budget (what TEXT PRIMARY KEY, taken TEXT NOT NULL)",
], &[
    "CREATE TABLE incident (
        id TEXT PRIMARY KEY, identity TEXT NOT NULL UNIQUE, stage TEXT NOT NULL, run_at BIGINT,
        version BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE sighting (
        incident TEXT NOT NULL REFERENCES incident (id), name TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (incident, name))",
    "CREATE TABLE key_identity (
        identity TEXT PRIMARY KEY, key_name TEXT NOT NULL, key_id TEXT NOT NULL, noted BIGINT NOT NULL)",
    "CREATE TABLE told (incident TEXT NOT NULL, what TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (incident, what))",
    "CREATE TABLE switch (
        name TEXT PRIMARY KEY, is_on BIGINT NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL)",
], &[
    "CREATE TABLE notice (
        id TEXT NOT NULL, channel TEXT NOT NULL, incident TEXT NOT NULL, body TEXT NOT NULL,
        urgent BIGINT NOT NULL, noted BIGINT NOT NULL, tries BIGINT NOT NULL, next_try BIGINT, sent BIGINT,
        error TEXT NOT NULL, PRIMARY KEY (id, channel))",
    "CREATE TABLE remains (
        incident TEXT NOT NULL REFERENCES incident (id), repository TEXT NOT NULL, at BIGINT NOT NULL,
        body TEXT NOT NULL, PRIMARY KEY (incident, repository))",
]];

/// Any number will do, as long as every program takes the same.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7162541968103254)";

/// Brings the tables to this program's version. Returns whether the store is new.
pub(super) async fn migrate(tx: &mut Tx) -> Result<bool, StoreError> {
    migrate_to(tx, VERSIONS).await
}

async fn migrate_to(tx: &mut Tx, versions: &[&[&str]]) -> Result<bool, StoreError> {
    if tx.is_postgres() {
        tx.execute(LOCK, &[]).await?;
    }
    tx.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", &[]).await?;
    let row = tx.row("SELECT version FROM schema_version", &[]).await?;
    let there = row.map_or(Ok(0), |row| row.int(0))?;
    let known = i64::try_from(versions.len()).expect("a handful of versions");
    if there > known {
        return Err(StoreError::Newer { there, known });
    }
    if there == known {
        return Ok(false);
    }
    let done = usize::try_from(there).map_err(|_| StoreError::Corrupt("its version is below zero".into()))?;
    let bytes = if tx.is_postgres() { "BYTEA" } else { "BLOB" };
    for statement in versions[done..].iter().copied().flatten() {
        tx.execute(&statement.replace("{bytes}", bytes), &[]).await?;
    }
    tx.execute("DELETE FROM schema_version", &[]).await?;
    tx.execute("INSERT INTO schema_version (version) VALUES ($1)", &[known.into()]).await?;
    Ok(there == 0)
}

#[cfg(test)]
mod tests {
    use super::super::open::connect;
    use super::*;

    #[tokio::test]
    async fn an_older_store_gets_what_is_new_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let db = connect(&format!("sqlite:{}", folder.path().join("k.db").display()), None).await.unwrap();
        let first: &[&str] = &["CREATE TABLE a (x BIGINT, y {bytes})", "INSERT INTO a (x) VALUES (1)"];
        let second: &[&str] = &["ALTER TABLE a ADD COLUMN z BIGINT"];
        let mut tx = db.write().await.unwrap();
        assert_eq!(migrate_to(&mut tx, &[first]).await, Ok(true));
        assert_eq!(migrate_to(&mut tx, &[first, second]).await, Ok(false));
        assert_eq!(migrate_to(&mut tx, &[first, second]).await, Ok(false), "and not twice");
        let row = tx.row("SELECT x, z FROM a", &[]).await.unwrap().unwrap();
        assert_eq!((row.int(0), row.maybe_int(1)), (Ok(1), Ok(None)));
        assert_eq!(migrate_to(&mut tx, &[first]).await, Err(StoreError::Newer { there: 2, known: 1 }));
    }
}
