//! A store on each database, and a way to tamper with it.

use std::future::Future;

use keywright::model::Secret;
use keywright::model::rotation::{Class, Mode, Reason, State};
use keywright::store::record::{KeyRecord, Line, RotationRecord};
use keywright::store::{ChainKey, Store, StoreError};
use sqlx::{AssertSqlSafe, Connection};

use super::postgres::Postgres;

/// Where a store is.
pub(crate) struct Ledger {
    /// Its address.
    pub(crate) url: String,
    password: Option<String>,
    /// The folder that the file is in.
    pub(crate) folder: tempfile::TempDir,
}

impl Ledger {
    /// A file.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("state/keywright.db").display());
        Self { url, password: None, folder }
    }

    /// One of each kind there is on this machine.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::sqlite()];
        if let Some(database) = Postgres::database() {
            let folder = tempfile::tempdir().unwrap();
            all.push(Self { url: database.url, password: Some(database.password), folder });
        }
        all
    }

    /// Opens the store.
    pub(crate) async fn open(&self) -> Store {
        self.open_with([7; 32]).await
    }

    /// Opens the store of an installation with this key.
    pub(crate) async fn open_with(&self, chain: [u8; 32]) -> Store {
        self.try_open(chain).await.unwrap()
    }

    /// Opens the store, if it can be opened.
    pub(crate) async fn try_open(&self, chain: [u8; 32]) -> Result<Store, StoreError> {
        let password = self.password.as_ref().map(|p| Secret::new(p.clone().into_bytes()));
        Store::open(&self.url, password.as_ref(), ChainKey::new(chain)).await
    }

    /// Does something to the tables that no program of ours would.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if let Some(password) = &self.password {
            let url = self.url.replace('@', &format!(":{password}@"));
            let mut server = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut server).await.unwrap();
        } else {
            let mut file = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut file).await.unwrap();
            file.close().await.unwrap();
        }
    }
}

/// Runs a story on a store of each kind.
pub(crate) fn each<F: Future>(story: impl Fn(Ledger) -> F) {
    for ledger in Ledger::all() {
        run(story(ledger));
    }
}

/// Runs a story.
pub(crate) fn run<F: Future>(story: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story)
}

/// A key of the inventory.
pub(crate) fn key_record(name: &str) -> KeyRecord {
    KeyRecord {
        name: name.into(),
        provider: "atlasvpn".into(),
        key_id: "k1".into(),
        label: "web".into(),
        owner: "ops".into(),
        holder: "1password:team".into(),
        class: Class::Critical,
        settings: serde_json::json!({ "account": "env:ACCOUNT" }),
        last4: "beef".into(),
        added: 1,
        made: None,
        expires: None,
        last_used: Some(2),
        due: Some(3),
        destinations: Vec::new(),
        environments: Vec::new(),
    }
}

/// A rotation that can go on.
pub(crate) fn rotation_record(id: &str, key: &str) -> RotationRecord {
    RotationRecord {
        id: id.into(),
        key: key.into(),
        mode: Mode::Planned,
        reason: Reason::Policy,
        state: State::Running,
        plan: "{}".into(),
        plan_hash: "h".into(),
        actor: "ann".into(),
        begun: 10,
        moved: 10,
        run_at: None,
        note: String::new(),
    }
}

/// A line of the audit to be.
pub(crate) fn line(action: &str) -> Line {
    Line { at: 5, actor: "ann".into(), action: action.into(), status: "success".into(), ..Line::default() }
}
