//! The audit: whatever is done to its lines behind the program's back is found, and where (I11, R83).

use keywright::store::{Anchor, AuditVerdict, Store};

use crate::support::ledger::{Ledger, each, line, rotation_record};

/// Writes lines, the first one with every column filled.
async fn written(ledger: &Ledger, lines: usize) -> Store {
    let store = ledger.open().await;
    let mut first = line("rotation.mint");
    (first.key, first.provider, first.rotation) = ("web".into(), "atlasvpn".into(), "r-1".into());
    (first.old_last4, first.new_last4) = ("beef".into(), "cafe".into());
    (first.reason, first.detail) = ("policy".into(), "a\0b".into());
    store.audit(first).await.unwrap();
    for n in 1..lines {
        store.audit(line(&format!("step {n}"))).await.unwrap();
    }
    store
}

/// Tampers with an audit of six lines and returns the line that is called wrong, and why.
async fn found(ledger: Ledger, sql: &str, anchor: Option<&Anchor>) -> (i64, String) {
    let store = written(&ledger, 6).await;
    assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 6 });
    store.close().await;
    ledger.tamper(sql).await;
    let store = ledger.open().await;
    match store.verify_audit(anchor).await.unwrap() {
        AuditVerdict::Broken { line, why } => (line, why),
        AuditVerdict::Whole { .. } => panic!("nothing was found after: {sql}"),
    }
}

#[test]
fn a_new_audit_is_whole() {
    each(|ledger| async move {
        let store = ledger.open().await;
        assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 0 });
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let lines = store.audit_lines().await.unwrap();
        assert_eq!((lines[0].number, lines[0].action.as_str()), (1, "rotation.begin"));
        assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 1 });
    });
}

#[test]
fn an_edit_of_any_column_is_found_with_its_line() {
    let texts = "actor action key_name provider rotation old_last4 new_last4 status reason detail";
    each(|ledger| {
        let sqls = texts
            .split(' ')
            .map(|column| (column, format!("UPDATE audit SET {column} = 'other' WHERE number = 1")));
        let sqls: Vec<_> = sqls.chain([("at", "UPDATE audit SET at = 6 WHERE number = 1".into())]).collect();
        async move {
            let store = written(&ledger, 3).await;
            let before = store.audit_lines().await.unwrap();
            for (column, sql) in sqls {
                ledger.tamper("CREATE TABLE aside AS SELECT * FROM audit").await;
                ledger.tamper(&sql).await;
                assert_ne!(store.audit_lines().await.unwrap(), before, "{sql}");
                let verdict = store.verify_audit(None).await.unwrap();
                assert!(matches!(verdict, AuditVerdict::Broken { line: 1, .. }), "{column}: {verdict:?}");
                let back = "DELETE FROM audit; INSERT INTO audit SELECT * FROM aside; DROP TABLE aside";
                ledger.tamper(back).await;
                assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 3 });
            }
        }
    });
}

#[test]
fn a_line_taken_away_moved_or_added_is_found() {
    for (sql, line) in [
        ("DELETE FROM audit WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 6", 6),
        ("DELETE FROM audit WHERE number > 2", 3),
        ("DELETE FROM audit", 1),
        // Taken away, and the numbers closed up.
        ("DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 1 WHERE number = 4;
          UPDATE audit SET number = number - 1 WHERE number = 5;
          UPDATE audit SET number = number - 1 WHERE number = 6", 3),
        ("UPDATE audit SET number = -1 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4;
          UPDATE audit SET number = 4 WHERE number = -1", 3),
        ("INSERT INTO audit SELECT 7, at, actor, action, key_name, provider, rotation, old_last4, new_last4,
          status, reason, detail, hash FROM audit WHERE number = 6", 7),
        // A head that fits what is left was not signed here.
        ("DELETE FROM audit WHERE number > 4;
          UPDATE audit_head SET lines = 4, hash = (SELECT hash FROM audit WHERE number = 4)", 4),
        ("DELETE FROM audit_head", 6),
        ("UPDATE audit_head SET mac = ''", 6),
    ] {
        each(|ledger| async move {
            let (at, why) = found(ledger, sql, None).await;
            assert_eq!(at, line, "{sql}: {why}");
        });
    }
}

#[test]
fn a_tampered_head_is_never_signed_again() {
    each(|ledger| async move {
        let store = written(&ledger, 6).await;
        ledger
            .tamper(
                "DELETE FROM audit WHERE number > 4;
                 UPDATE audit_head SET lines = 4, hash = (SELECT hash FROM audit WHERE number = 4)",
            )
            .await;
        // Work goes on, and what was done to the audit stays visible.
        for n in 0..3 {
            store.audit(line(&format!("later {n}"))).await.unwrap();
        }
        let verdict = store.verify_audit(None).await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Broken { line: 7, .. }), "{verdict:?}");
        ledger.tamper("DELETE FROM audit_head").await;
        store.audit(line("after that")).await.unwrap();
        let verdict = store.verify_audit(None).await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Broken { line: 8, .. }), "{verdict:?}");
    });
}

#[test]
fn another_installations_key_does_not_call_the_audit_whole() {
    each(|ledger| async move {
        written(&ledger, 2).await.close().await;
        let store = ledger.open_with([8; 32]).await;
        let verdict = store.verify_audit(None).await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Broken { line: 2, .. }), "{verdict:?}");
    });
}

#[test]
fn the_anchor_knows_of_an_end_that_was_cut_off_with_its_head() {
    each(|ledger| async move {
        let file = ledger.folder.path().join("anchor");
        assert_eq!(Anchor::read(&file).unwrap(), None);
        let store = written(&ledger, 3).await;
        ledger.tamper("CREATE TABLE aside AS SELECT * FROM audit_head").await;
        for n in 0..3 {
            store.audit(line(&format!("later {n}"))).await.unwrap();
        }
        assert!(store.raise_anchor(&file).await.unwrap());
        let anchor = Anchor::read(&file).unwrap().unwrap();
        assert_eq!(anchor.lines, 6);
        assert_eq!(store.verify_audit(Some(&anchor)).await.unwrap(), AuditVerdict::Whole { lines: 6 });
        // An old state of the whole audit comes back, with the head that was signed then.
        ledger
            .tamper(
                "DELETE FROM audit WHERE number > 3; DELETE FROM audit_head;
                 INSERT INTO audit_head SELECT * FROM aside",
            )
            .await;
        assert_eq!(store.verify_audit(None).await.unwrap(), AuditVerdict::Whole { lines: 3 });
        let verdict = store.verify_audit(Some(&anchor)).await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Broken { line: 4, .. }), "{verdict:?}");
        // Other lines in their place do not carry the anchor away.
        for n in 0..4 {
            store.audit(line(&format!("other {n}"))).await.unwrap();
        }
        assert!(!store.raise_anchor(&file).await.unwrap());
        let verdict = store.verify_audit(Anchor::read(&file).unwrap().as_ref()).await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Broken { line: 6, .. }), "{verdict:?}");
    });
}

#[test]
fn an_anchor_that_is_no_anchor_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("anchor");
    for text in ["", "6", "x y", "6 hash more"] {
        std::fs::write(&file, text).unwrap();
        let read = Anchor::read(&file);
        assert!(read.is_err(), "{text:?}: {read:?}");
    }
    std::fs::write(&file, vec![b'1'; 1 << 20]).unwrap();
    assert!(Anchor::read(&file).is_err());
}
