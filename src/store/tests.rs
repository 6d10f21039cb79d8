use crate::model::credential::{Reply, Sealed};
use crate::model::rotation::{Mode, Reason, State};

use super::record::{End, Line, Outcome, RotationRecord};
use super::*;

async fn open(folder: &tempfile::TempDir) -> Store {
    let url = format!("sqlite:{}", folder.path().join("keywright.db").display());
    Store::open(&url, None, ChainKey::new([7; 32])).await.unwrap()
}

async fn number(store: &Store, sql: &str) -> i64 {
    store.db.row(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
}

#[tokio::test]
async fn a_full_disk_gives_the_unread_answer_back_and_spoils_nothing() {
    // I1
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let rotation = RotationRecord {
        id: "r-1".into(),
        key: "web".into(),
        mode: Mode::Planned,
        reason: Reason::Policy,
        state: State::Running,
        plan: String::new(),
        plan_hash: String::new(),
        actor: "ann".into(),
        begun: 1,
        moved: 1,
        run_at: None,
        note: String::new(),
    };
    store.begin(&rotation, Line::default()).await.unwrap();
    let lease = store.claim("r-1", "a", 1, 100).await.unwrap();
    let entry = store.intend(&lease, "mint", 2).await.unwrap();
    // SQLite is told that its file may not grow: the same error as from a disk without room.
    let pages = number(&store, "PRAGMA page_count").await;
    assert_eq!(number(&store, &format!("PRAGMA max_page_count = {pages}")).await, pages);
    let sealed = Sealed::new(vec![5; 100_000]);
    let reply = Reply::new(Secret::new(b"shown once".to_vec()));
    let Err((why, reply)) = store.keep(&lease, entry, "reply", &sealed, reply, 3).await else {
        panic!("there was room")
    };
    assert!(matches!(why, StoreError::Full(_)), "{why}");
    assert!(*reply.to_seal() == Secret::new(b"shown once".to_vec()));
    // The connection that failed was given up, and with it what it was told.
    number(&store, &format!("PRAGMA max_page_count = {pages}")).await;
    let long = Line { detail: "x".repeat(100_000), ..Line::default() };
    let end = End { outcome: Outcome::Done, detail: serde_json::Value::Null, at: 4 };
    let said = store.conclude(&lease, entry, &end, &[], Some(long)).await;
    assert!(matches!(said, Err(StoreError::Full(_))), "{said:?}");
    // Nothing of either was written, and with room again both are.
    assert_eq!(store.journal("r-1").await.unwrap()[0].end, None);
    assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 1 });
    number(&store, "PRAGMA max_page_count = 100000").await;
    assert!(store.keep(&lease, entry, "reply", &sealed, reply, 5).await.is_ok());
    store.conclude(&lease, entry, &end, &[], None).await.unwrap();
    assert_eq!(store.sealed("r-1", "reply").await.unwrap(), Some(sealed));
}

#[tokio::test]
async fn the_file_is_as_careful_as_it_is_told_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    assert_eq!(number(&store, "PRAGMA synchronous").await, 2, "FULL");
    assert_eq!(number(&store, "PRAGMA secure_delete").await, 1);
    assert_eq!(number(&store, "PRAGMA foreign_keys").await, 1);
    let mode = store.db.row("PRAGMA journal_mode", &[]).await.unwrap().unwrap();
    assert_eq!(mode.text(0).unwrap(), "wal");
}

#[tokio::test]
async fn every_column_is_told_in_the_schemas_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let sql = "SELECT m.name, p.name FROM sqlite_master AS m, pragma_table_info(m.name) AS p \
               WHERE m.type = 'table'";
    let rows = store.db.rows(sql, &[]).await.unwrap();
    assert!(rows.len() > 50, "{}", rows.len());
    let page = include_str!("../../docs/store.md");
    for row in rows {
        let (table, column) = (row.text(0).unwrap(), row.text(1).unwrap());
        let after =
            page.split_once(&format!("## `{table}`")).unwrap_or_else(|| panic!("`{table}` is not told")).1;
        let told = after.split("\n## ").next().unwrap();
        assert!(told.contains(&format!("`{column}`")), "`{table}.{column}` is not told");
    }
}
