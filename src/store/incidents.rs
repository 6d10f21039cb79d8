//! Incidents: one a secret, however often it is found; written only by whoever read it last.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::model::incident::{Incident, Sighting, Stage};
use crate::model::rotation::Moment;

use super::Store;
use super::audit::append;
use super::db::{Row, Tx};
use super::error::StoreError;
use super::notices::{News, note};
use super::record::{Line, Versioned};

/// The most places that are listed of one incident; the others are counted.
pub const MOST_SIGHTINGS: usize = 1000;

const COLUMNS: &str = "id, version, body, run_at";

impl Store {
    /// Writes down where secrets were found, in one transaction: an incident for each that has none yet,
    /// and the places that are new. Returns the incidents, in the order of `found`, and which are new.
    pub async fn record_incidents(
        &self,
        found: Vec<(Incident, Vec<Sighting>)>,
        mut line: impl FnMut(&Incident) -> Line,
    ) -> Result<Vec<(String, bool)>, StoreError> {
        let mut tx = self.db.write().await?;
        let mut named = Vec::with_capacity(found.len());
        for (fresh, sightings) in found {
            let sql = format!("SELECT {COLUMNS} FROM incident WHERE identity = $1");
            let there = tx.locked(&sql, &[(&fresh.identity).into()]).await?;
            let is_new = there.is_none();
            let mut kept = match there {
                Some(row) => read(&row)?,
                None => {
                    let sql = "INSERT INTO incident (id, identity, stage, run_at, version, body) \
                               VALUES ($1, $2, $3, NULL, 1, $4)";
                    let values = [
                        (&fresh.id).into(),
                        (&fresh.identity).into(),
                        fresh.stage.word().into(),
                        (&text(&fresh)?).into(),
                    ];
                    tx.execute(sql, &values).await?;
                    append(&mut tx, &self.chain, line(&fresh)).await?;
                    Versioned { is: fresh.clone(), version: 1, run_at: None }
                }
            };
            if place(&mut tx, &mut kept.is, &fresh, sightings).await? {
                write(&mut tx, &mut kept).await?;
            }
            named.push((kept.is.id, is_new));
        }
        tx.commit().await?;
        Ok(named)
    }

    /// Returns an incident by its name, or by the beginning of its name if no other begins so.
    pub async fn incident(&self, id: &str) -> Result<Option<Versioned<Incident>>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incident WHERE id = $1");
        if let Some(row) = self.db.row(&sql, &[id.into()]).await? {
            return read(&row).map(Some);
        }
        let mut alike: Vec<_> =
            self.incidents().await?.into_iter().filter(|i| i.is.id.starts_with(id)).collect();
        Ok(if alike.len() == 1 { alike.pop() } else { None })
    }

    /// Lists the incidents, the oldest first.
    pub async fn incidents(&self) -> Result<Vec<Versioned<Incident>>, StoreError> {
        let rows = self.db.rows(&format!("SELECT {COLUMNS} FROM incident"), &[]).await?;
        let mut all: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        all.sort_by(|a, b| (a.is.times.detected, &a.is.id).cmp(&(b.is.times.detected, &b.is.id)));
        Ok(all)
    }

    /// Lists where an incident's secret was seen.
    pub async fn sightings(&self, id: &str) -> Result<Vec<Sighting>, StoreError> {
        let sql = "SELECT body FROM sighting WHERE incident = $1";
        let rows = self.db.rows(sql, &[id.into()]).await?;
        let mut all: Vec<Sighting> =
            rows.iter().map(|row| from_text(&row.text(0)?)).collect::<Result<_, _>>()?;
        all.sort();
        Ok(all)
    }

    /// Writes down what a look for a secret's remains in a repository came to, as JSON, over the look before.
    pub async fn put_remains(
        &self,
        incident: &str,
        repository: &str,
        now: Moment,
        body: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO remains (incident, repository, at, body) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (incident, repository) DO UPDATE SET at = excluded.at, body = excluded.body";
        tx.execute(sql, &[incident.into(), repository.into(), now.into(), body.into()]).await?;
        tx.commit().await
    }

    /// Returns what the last look in a repository came to, and when that was.
    pub async fn remains(
        &self,
        incident: &str,
        repository: &str,
    ) -> Result<Option<(Moment, String)>, StoreError> {
        let sql = "SELECT at, body FROM remains WHERE incident = $1 AND repository = $2";
        let row = self.db.row(sql, &[incident.into(), repository.into()]).await?;
        row.map(|row| Ok((row.int(0)?, row.text(1)?))).transpose()
    }

    /// Writes an incident back, with its line in the audit. [`StoreError::Changed`] if somebody else wrote
    /// it meanwhile: read it again.
    pub async fn put_incident(
        &self,
        incident: &mut Versioned<Incident>,
        line: Option<Line>,
    ) -> Result<(), StoreError> {
        self.put_incident_telling(incident, line, None).await.map(drop)
    }

    /// Does the same and, in the same transaction, writes down what people are told of it, and when; returns
    /// whether that is new.
    pub async fn put_incident_telling(
        &self,
        incident: &mut Versioned<Incident>,
        line: Option<Line>,
        news: Option<(&News, Moment)>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        write(&mut tx, incident).await?;
        if let Some(line) = line {
            append(&mut tx, &self.chain, line).await?;
        }
        let is_new = match news {
            Some((news, now)) => note(&mut tx, news, now).await?,
            None => false,
        };
        tx.commit().await?;
        Ok(is_new)
    }

    /// Notes that a secret is, or was, a key of ours.
    pub async fn note_identity(
        &self,
        identity: &str,
        key: &str,
        key_id: &str,
        now: Moment,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO key_identity (identity, key_name, key_id, noted) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (identity) DO NOTHING";
        tx.execute(sql, &[identity.into(), key.into(), key_id.into(), now.into()]).await?;
        tx.commit().await
    }

    /// Returns the key of the inventory, and its public name then, that a secret is known to be or to
    /// have been.
    pub async fn key_of(&self, identity: &str) -> Result<Option<(String, String)>, StoreError> {
        let sql = "SELECT key_name, key_id FROM key_identity WHERE identity = $1";
        let row = self.db.row(sql, &[identity.into()]).await?;
        row.map(|row| Ok((row.text(0)?, row.text(1)?))).transpose()
    }

    /// Tells whether people are to be told: true once for each `what` of an incident.
    pub async fn tell_once(&self, incident: &str, what: &str, now: Moment) -> Result<bool, StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO told (incident, what, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let is_new = tx.execute(sql, &[incident.into(), what.into(), now.into()]).await? == 1;
        tx.commit().await?;
        Ok(is_new)
    }

    /// Turns a switch, with its line in the audit.
    pub async fn turn_switch(&self, name: &str, is_on: bool, line: Line) -> Result<(), StoreError> {
        let mut tx = self.db.write().await?;
        let sql = "INSERT INTO switch (name, is_on, at, actor, reason) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (name) DO UPDATE SET is_on = excluded.is_on, at = excluded.at, \
                   actor = excluded.actor, reason = excluded.reason";
        let values = [
            name.into(),
            i64::from(is_on).into(),
            line.at.into(),
            (&line.actor).into(),
            (&line.reason).into(),
        ];
        tx.execute(sql, &values).await?;
        append(&mut tx, &self.chain, line).await?;
        tx.commit().await
    }

    /// Returns whether a switch is on: when it was last turned, by whom and why.
    pub async fn switch(&self, name: &str) -> Result<Option<(bool, Moment, String, String)>, StoreError> {
        let sql = "SELECT is_on, at, actor, reason FROM switch WHERE name = $1";
        let row = self.db.row(sql, &[name.into()]).await?;
        row.map(|row| Ok((row.int(0)? != 0, row.int(1)?, row.text(2)?, row.text(3)?))).transpose()
    }

    /// Returns since when the store can know what was done: the audit's first line, or the first key.
    pub async fn known_since(&self) -> Result<Option<Moment>, StoreError> {
        let row = self.db.row("SELECT at FROM audit WHERE number = 1", &[]).await?;
        let line = row.map(|row| row.int(0)).transpose()?;
        let row = self.db.row("SELECT MIN(added) FROM inventory", &[]).await?;
        let key = row.map_or(Ok(None), |row| row.maybe_int(0))?;
        Ok(earlier(line, key))
    }
}

/// Adds the places that are new; tells whether the incident itself changed by it.
async fn place(
    tx: &mut Tx,
    kept: &mut Incident,
    fresh: &Incident,
    sightings: Vec<Sighting>,
) -> Result<bool, StoreError> {
    let before = kept.clone();
    let rows = tx.rows("SELECT name FROM sighting WHERE incident = $1", &[(&kept.id).into()]).await?;
    let mut known: BTreeSet<String> = rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    for sighting in sightings {
        let name = name(&sighting);
        if known.contains(&name) {
            continue;
        }
        if known.len() >= MOST_SIGHTINGS {
            kept.unlisted = kept.unlisted.saturating_add(1);
            continue;
        }
        let sql = "INSERT INTO sighting (incident, name, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let body = serde_json::to_string(&sighting).map_err(|e| unwritten(&kept.id, &e))?;
        tx.execute(sql, &[(&kept.id).into(), (&name).into(), (&body).into()]).await?;
        known.insert(name);
    }
    kept.times.committed = earlier(kept.times.committed, fresh.times.committed);
    Ok(*kept != before)
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Names a place, so that it is listed once.
fn name(sighting: &Sighting) -> String {
    let parts = [&sighting.repository, &sighting.object, &sighting.path, &sighting.line.to_string()];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    data_encoding::HEXLOWER.encode(&hash.finalize()[..16])
}

async fn write(tx: &mut Tx, incident: &mut Versioned<Incident>) -> Result<(), StoreError> {
    let sql = "UPDATE incident SET stage = $2, run_at = $3, version = $4, body = $5 \
               WHERE id = $1 AND version = $6";
    let values = [
        (&incident.is.id).into(),
        incident.is.stage.word().into(),
        incident.run_at.into(),
        (incident.version + 1).into(),
        (&text(&incident.is)?).into(),
        incident.version.into(),
    ];
    if tx.execute(sql, &values).await? == 0 {
        return Err(StoreError::Changed(format!("the incident {}", incident.is.id)));
    }
    incident.version += 1;
    Ok(())
}

fn text(incident: &Incident) -> Result<String, StoreError> {
    serde_json::to_string(incident).map_err(|e| unwritten(&incident.id, &e))
}

fn unwritten(id: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Other(format!("the incident {id} can't be written down: {error}"))
}

fn from_text<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt(format!("an incident can't be read: {e}")))
}

fn read(row: &Row) -> Result<Versioned<Incident>, StoreError> {
    Ok(Versioned { version: row.int(1)?, is: from_text(&row.text(2)?)?, run_at: row.maybe_int(3)? })
}

/// The stages in which an incident goes on by itself.
pub const MOVING: [Stage; 3] = [Stage::Open, Stage::Answering, Stage::Watching];
