//! Opening a store: what a crash left, what others did to it, what is no store at all.

use std::fs;

use keywright::model::Secret;
use keywright::store::{AuditVerdict, ChainKey, Store, StoreError};

use crate::support::ledger::{Ledger, each, line, rotation_record, run};

#[test]
fn a_torn_tail_costs_the_last_transaction_and_no_other() {
    run(async {
        let ledger = Ledger::sqlite();
        let file = ledger.folder.path().join("state/keywright.db");
        let log = file.with_extension("db-wal");
        let store = ledger.open().await;
        let mut ends = Vec::new();
        for id in ["r-1", "r-2", "r-3"] {
            store.begin(&rotation_record(id, id), line("rotation.begin")).await.unwrap();
            ends.push(fs::read(&log).unwrap().len());
        }
        // What a machine leaves that stops at once: the store is not closed.
        let (main, log) = (fs::read(&file).unwrap(), fs::read(&log).unwrap());
        let last = ends[2] - ends[1];
        let cuts = [(ends[1], 2), (ends[1] + 1, 2), (ends[1] + last / 2, 2), (ends[2] - 1, 2), (ends[2], 3)];
        for (n, (cut, rotations)) in cuts.into_iter().enumerate() {
            let padded = [&log[..cut], &vec![0xa5; ends[2] - cut]].concat();
            for (how, torn) in [("cut", &log[..cut]), ("padded", &padded)] {
                // A name of its own: what is dropped below may still be closing while the next is written.
                let other = ledger.folder.path().join(format!("{how}-{n}.db"));
                fs::write(&other, &main).unwrap();
                fs::write(other.with_extension("db-wal"), torn).unwrap();
                let url = format!("sqlite:{}", other.display());
                let store = Store::open(&url, None, ChainKey::new([7; 32])).await.unwrap();
                let there = store.rotations().await.unwrap().len();
                assert_eq!(there, rotations, "cut at {cut} of {}", ends[2]);
                let whole = AuditVerdict::Whole { lines: i64::try_from(rotations).unwrap() };
                assert_eq!(store.verify_audit(None).await.unwrap(), whole);
                store.begin(&rotation_record("r-4", "r-4"), line("rotation.begin")).await.unwrap();
                store.close().await;
            }
        }
    });
}

#[cfg(unix)]
#[test]
fn a_stores_files_are_their_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    run(async {
        let ledger = Ledger::sqlite();
        let store = ledger.open().await;
        store.audit(line("x")).await.unwrap();
        let folder = ledger.folder.path().join("state");
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in files {
            assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{file:?}");
        }
    });
}

#[test]
fn two_programs_that_open_a_new_store_at_once_both_find_it() {
    for ledger in Ledger::all() {
        let opened = std::thread::scope(|scope| {
            let open = || run(async { ledger.open().await.audit(line("opened")).await });
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(opened, [const { Ok(()) }; 4]);
        let verdict = run(async { ledger.open().await.verify_audit(None).await.unwrap() });
        assert_eq!(verdict, AuditVerdict::Whole { lines: 4 });
    }
}

#[test]
fn a_newer_programs_store_is_left_alone() {
    each(|ledger| async move {
        ledger.open().await.close().await;
        ledger.tamper("UPDATE schema_version SET version = 99").await;
        let said = ledger.try_open([7; 32]).await.err();
        assert!(matches!(said, Some(StoreError::Newer { there: 99, .. })), "{said:?}");
    });
}

#[test]
fn a_word_that_nothing_is_called_by_is_damage() {
    each(|ledger| async move {
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("x")).await.unwrap();
        ledger.tamper("UPDATE rotation SET state = 'perhaps'").await;
        let said = store.rotation("r-1").await.unwrap_err();
        assert_eq!(said.to_string(), "the store is damaged: nothing here is called `perhaps`");
    });
}

#[test]
fn what_is_no_store_is_told() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let open = async |url: String| {
            Store::open(&url, None, ChainKey::new([7; 32])).await.err().map(|said| said.to_string())
        };
        let junk = folder.path().join("junk.db");
        fs::write(&junk, "nothing of the kind ".repeat(500)).unwrap();
        let said = open(format!("sqlite:{}", junk.display())).await.unwrap();
        assert!(said.starts_with("the store is damaged: "), "{said}");
        let said = open(format!("sqlite:{}", folder.path().display())).await.unwrap();
        assert!(said.starts_with("the store can't be reached: "), "{said}");
        let said = open("mysql://db.example/x".into()).await.unwrap();
        assert!(said.contains("neither `sqlite:` nor `postgres://`"), "{said}");
        // R27
        let said = open("postgres://me:abc123@db.example/x".into()).await.unwrap();
        assert!(said.contains("holds a password") && !said.contains("abc123"), "{said}");
    });
}

#[test]
fn a_wrong_password_is_told_and_not_repeated() {
    for ledger in Ledger::all().into_iter().skip(1) {
        let password = Secret::new(b"not this one".to_vec());
        let said = run(Store::open(&ledger.url, Some(&password), ChainKey::new([7; 32]))).err().unwrap();
        assert!(matches!(said, StoreError::Unreachable(_)), "{said}");
        assert!(!said.to_string().contains("not this one"), "{said}");
    }
}
