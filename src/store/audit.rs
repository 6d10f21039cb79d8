//! The audit: lines that are only added, each with the hash of the one before it (I11, R83).
//!
//! The head says how many there are and how the last one hashes, under a key that is not in the store.
//! A head that was tampered with is never signed again: what was done to it stays visible, and a
//! rotation in the middle of its way goes on.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::Store;
use super::db::{Row, Tx, plain};
use super::error::StoreError;
use super::record::{AuditRecord, Line};

/// The key under which the audit's head is signed; it comes from the key file, never from the store.
pub struct ChainKey(Zeroizing<[u8; 32]>);

impl ChainKey {
    /// Takes the key's bytes over.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn mac(&self, lines: i64, hash: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0[..]).expect("HMAC takes a key of any length");
        mac.update(b"keywright audit head 1\0");
        mac.update(&lines.to_be_bytes());
        mac.update(hash.as_bytes());
        mac
    }

    fn sign(&self, lines: i64, hash: &str) -> String {
        hex(&self.mac(lines, hash).finalize().into_bytes())
    }

    fn is_signed(&self, head: &Head) -> bool {
        let mac = data_encoding::HEXLOWER.decode(head.mac.as_bytes());
        mac.is_ok_and(|mac| self.mac(head.lines, &head.hash).verify_slice(&mac).is_ok())
    }
}

/// What the head says.
pub(super) struct Head {
    pub(super) lines: i64,
    pub(super) hash: String,
    mac: String,
}

pub(super) const COLUMNS: &str = "number, at, actor, action, key_name, provider, rotation, old_last4, \
                                  new_last4, status, reason, detail, hash";
const HEAD: &str = "SELECT lines, hash, mac FROM audit_head WHERE id = 1";

impl Store {
    /// Writes a line.
    pub async fn audit(&self, line: Line) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        append(&mut tx, &self.chain, line).await?;
        tx.commit().await
    }

    /// Lists the lines in order.
    pub async fn audit_lines(&self) -> Result<Vec<AuditRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audit ORDER BY number");
        self.db.rows(&sql, &[]).await?.iter().map(record).collect()
    }
}

/// What stands before the first line.
pub(super) fn nothing() -> String {
    hex(&[0; 32])
}

/// Makes the head of a new store.
pub(super) async fn found(tx: &mut Tx, chain: &ChainKey) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit_head (id, lines, hash, mac) VALUES (1, 0, $1, $2)";
    let hash = nothing();
    tx.execute(sql, &[(&hash).into(), (&chain.sign(0, &hash)).into()]).await.map(drop)
}

/// Adds a line to the chain, within the caller's transaction.
pub(super) async fn append(tx: &mut Tx, chain: &ChainKey, line: Line) -> Result<(), StoreError> {
    let head = tx.locked(HEAD, &[]).await?.map(|row| read_head(&row)).transpose()?;
    let sql = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
    let last = tx.row(sql, &[]).await?;
    let last =
        last.map_or_else(|| Ok((0, nothing())), |row| Ok::<_, StoreError>((row.int(0)?, row.text(1)?)))?;
    let is_whole = head
        .as_ref()
        .is_some_and(|head| (head.lines, &head.hash) == (last.0, &last.1) && chain.is_signed(head));
    let number = last.0 + 1;
    let mut record = of_line(line, number);
    record.hash = hash(&last.1, &record);
    let sql = format!(
        "INSERT INTO audit ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    let mut values = vec![record.number.into(), record.at.into()];
    values.extend(texts(&record).map(Into::into));
    values.push((&record.hash).into());
    tx.execute(&sql, &values).await?;
    let mac = if is_whole { chain.sign(number, &record.hash) } else { String::new() };
    let sql = "INSERT INTO audit_head (id, lines, hash, mac) VALUES (1, $1, $2, $3) \
               ON CONFLICT (id) DO UPDATE SET lines = excluded.lines, hash = excluded.hash, mac = excluded.mac";
    tx.execute(sql, &[number.into(), (&record.hash).into(), mac.as_str().into()]).await.map(drop)
}

/// Reads the head, and whether this key signed it.
pub(super) async fn head(tx: &mut Tx, chain: &ChainKey) -> Result<Option<(Head, bool)>, StoreError> {
    let head = tx.row(HEAD, &[]).await?.map(|row| read_head(&row)).transpose()?;
    Ok(head.map(|head| {
        let is_signed = chain.is_signed(&head);
        (head, is_signed)
    }))
}

fn read_head(row: &Row) -> Result<Head, StoreError> {
    Ok(Head { lines: row.int(0)?, hash: row.text(1)?, mac: row.text(2)? })
}

/// Hashes a line with the one before it: each part with its length before it.
pub(super) fn hash(before: &str, line: &AuditRecord) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"keywright audit line 1");
    part(before.as_bytes());
    part(&line.number.to_be_bytes());
    part(&line.at.to_be_bytes());
    for text in texts(line) {
        part(text.as_bytes());
    }
    hex(&hash.finalize())
}

fn texts(line: &AuditRecord) -> [&str; 10] {
    [
        &line.actor,
        &line.action,
        &line.key,
        &line.provider,
        &line.rotation,
        &line.old_last4,
        &line.new_last4,
        &line.status,
        &line.reason,
        &line.detail,
    ]
}

/// The texts are hashed as they are stored.
fn of_line(mut line: Line, number: i64) -> AuditRecord {
    for text in [
        &mut line.actor,
        &mut line.action,
        &mut line.key,
        &mut line.provider,
        &mut line.rotation,
        &mut line.old_last4,
        &mut line.new_last4,
        &mut line.status,
        &mut line.reason,
        &mut line.detail,
    ] {
        *text = plain(text);
    }
    AuditRecord {
        number,
        at: line.at,
        actor: line.actor,
        action: line.action,
        key: line.key,
        provider: line.provider,
        rotation: line.rotation,
        old_last4: line.old_last4,
        new_last4: line.new_last4,
        status: line.status,
        reason: line.reason,
        detail: line.detail,
        hash: String::new(),
    }
}

pub(super) fn record(row: &Row) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        number: row.int(0)?,
        at: row.int(1)?,
        actor: row.text(2)?,
        action: row.text(3)?,
        key: row.text(4)?,
        provider: row.text(5)?,
        rotation: row.text(6)?,
        old_last4: row.text(7)?,
        new_last4: row.text(8)?,
        status: row.text(9)?,
        reason: row.text(10)?,
        detail: row.text(11)?,
        hash: row.text(12)?,
    })
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}
