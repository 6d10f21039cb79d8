//! The store, on SQLite and on Postgres: what is written stays, once, and by one runner.

use keywright::model::Secret;
use keywright::model::credential::{Reply, Sealed};
use keywright::model::rotation::State;
use keywright::store::StoreError;
use keywright::store::record::{DestinationRecord, End, EnvironmentRecord, Outcome};
use serde_json::json;

use crate::support::ledger::{Ledger, each, key_record, line, rotation_record, run};

fn end(outcome: Outcome, at: i64) -> End {
    End { outcome, detail: json!({ "id": "k2" }), at }
}

#[test]
fn the_inventory_gives_back_what_was_put_down() {
    each(|ledger| async move {
        let store = ledger.open().await;
        let mut key = key_record("web/ü'; --");
        key.environments = vec![EnvironmentRecord { name: "staging".into(), health: vec!["tcp:x:1".into()] }];
        key.destinations =
            vec![DestinationRecord { environment: "staging".into(), place: "dotenv:.env#A".into() }];
        store.add_key(&key).await.unwrap();
        let other = key_record("Web");
        store.add_key(&other).await.unwrap();
        let again = store.add_key(&key).await.unwrap_err();
        assert!(matches!(again, StoreError::Taken(_)), "{again}");
        key.last_used = None;
        key.label = "a\0b".into();
        store.put_key(&key).await.unwrap();
        store.close().await;
        let store = ledger.open().await;
        key.label = "a\u{fffd}b".into();
        assert_eq!(store.keys().await.unwrap(), [other, key.clone()]);
        store.drop_key("Web").await.unwrap();
        assert_eq!(store.key("Web").await.unwrap(), None);
        assert_eq!(store.key(&key.name).await.unwrap(), Some(key));
        let absent = [store.drop_key("Web").await, store.put_key(&key_record("Web")).await];
        assert!(absent.iter().all(|said| matches!(said, Err(StoreError::Absent(_)))), "{absent:?}");
    });
}

#[test]
fn a_key_is_rotated_by_one_rotation_at_a_time() {
    each(|ledger| async move {
        let store = ledger.open().await;
        store.add_key(&key_record("web")).await.unwrap();
        let first = rotation_record("r-1", "web");
        store.begin(&first, line("rotation.begin")).await.unwrap();
        let busy = StoreError::Busy { rotation: "r-1".into() };
        let second = rotation_record("r-2", "web");
        assert_eq!(store.begin(&second, line("rotation.begin")).await, Err(busy.clone()));
        assert_eq!(store.drop_key("web").await, Err(busy));
        let lease = store.claim("r-1", "a", 20, 30).await.unwrap();
        let done = store.advance(&lease, State::Done, None, "", 21, Some(line("rotation.done")));
        done.await.unwrap();
        store.begin(&second, line("rotation.begin")).await.unwrap();
        let back = store.advance(&lease, State::RollingBack, None, "", 22, None).await;
        assert_eq!(back, Err(StoreError::Busy { rotation: "r-2".into() }));
        let taken = store.begin(&first, line("rotation.begin")).await;
        assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
        let actions: Vec<_> = store.audit_lines().await.unwrap().into_iter().map(|l| l.action).collect();
        assert_eq!(actions, ["rotation.begin", "rotation.done", "rotation.begin"]);
        let states: Vec<_> = store.rotations().await.unwrap().into_iter().map(|r| (r.id, r.state)).collect();
        assert_eq!(states, [("r-1".into(), State::Done), ("r-2".into(), State::Running)]);
    });
}

#[test]
fn what_waits_is_due_at_its_time() {
    each(|ledger| async move {
        let store = ledger.open().await;
        for (n, state) in State::ALL.iter().enumerate() {
            let mut rotation = rotation_record(&format!("r-{n}"), &format!("key {n}"));
            (rotation.state, rotation.run_at) = (*state, Some(100));
            store.begin(&rotation, line("rotation.begin")).await.unwrap();
        }
        let due = async |now| -> Vec<State> {
            store.due(now).await.unwrap().into_iter().map(|rotation| rotation.state).collect()
        };
        assert_eq!(due(99).await, [State::Running, State::RollingBack]);
        assert_eq!(due(100).await, [State::Running, State::Waiting, State::RollingBack]);
    });
}

#[test]
fn an_older_runner_writes_nothing_any_more() {
    // I9
    each(|ledger| async move {
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let old = store.claim("r-1", "a", 100, 200).await.unwrap();
        let entry = store.intend(&old, "mint", 110).await.unwrap();
        let held = store.claim("r-1", "b", 199, 300).await;
        assert_eq!(held, Err(StoreError::Held { runner: "a".into(), until: 200 }));
        let new = store.claim("r-1", "b", 200, 300).await.unwrap();
        assert_eq!((old.fence, new.fence), (1, 2));
        let sealed = Sealed::new(vec![1, 2, 3]);
        let kept = store.keep(&old, entry, "reply", &sealed, Reply::new(Secret::new(vec![9])), 210).await;
        let Err((why, reply)) = kept else { panic!("it was kept") };
        assert_eq!(why, StoreError::LostLease);
        assert!(reply.to_seal() == &Secret::new(vec![9]), "the answer is not lost with the lease");
        let done = end(Outcome::Done, 210);
        let refused = [
            store.renew(&old, 150, 400).await,
            store.intend(&old, "mint", 150).await.map(drop),
            store.conclude(&old, entry, &done, &[("b", &sealed)], Some(line("rotation.mint"))).await,
            store.put_sealed(&old, "reply", &sealed).await,
            store.wipe(&old, &["reply"]).await,
            store.advance(&old, State::Done, None, "", 150, Some(line("rotation.done"))).await,
            store.release(&old).await,
        ];
        assert!(refused.iter().all(|said| *said == Err(StoreError::LostLease)), "{refused:?}");
        assert_eq!(store.sealed_names("r-1").await.unwrap(), [""; 0]);
        assert_eq!(store.audit_lines().await.unwrap().len(), 1);
        let journal = store.journal("r-1").await.unwrap();
        assert!(journal.len() == 1 && journal[0].end.is_none(), "{journal:?}");
        // Who took over finds what nobody knows the end of, and may tell it.
        store.conclude(&new, entry, &done, &[], None).await.unwrap();
    });
}

#[test]
fn a_lease_ends_by_itself() {
    each(|ledger| async move {
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let lease = store.claim("r-1", "a", 100, 200).await.unwrap();
        store.renew(&lease, 199, 300).await.unwrap();
        let entry = store.intend(&lease, "mint", 299).await.unwrap();
        // After a sleep nothing new is begun; what came back meanwhile is still written down.
        assert_eq!(store.intend(&lease, "write:0", 300).await, Err(StoreError::LostLease));
        assert_eq!(store.renew(&lease, 300, 400).await, Err(StoreError::LostLease));
        store.conclude(&lease, entry, &end(Outcome::Done, 301), &[], None).await.unwrap();
        store.release(&lease).await.unwrap();
        assert_eq!(store.release(&lease).await, Err(StoreError::LostLease));
        // The same name is another lease.
        assert_eq!(store.claim("r-1", "a", 100, 200).await.unwrap().fence, 2);
        let absent = store.claim("r-9", "a", 1, 2).await;
        assert!(matches!(absent, Err(StoreError::Absent(_))), "{absent:?}");
    });
}

#[test]
fn two_runners_claim_each_of_a_hundred_rotations_once() {
    // I9
    for ledger in Ledger::all() {
        let ids: Vec<String> = (0..100).map(|n| format!("r-{n:03}")).collect();
        run(async {
            let store = ledger.open().await;
            for id in &ids {
                store.begin(&rotation_record(id, id), line("rotation.begin")).await.unwrap();
            }
            store.close().await;
        });
        let runner = |name: &'static str| {
            let (ledger, ids) = (&ledger, &ids);
            move || {
                run(async {
                    let store = ledger.open().await;
                    let mut claimed = Vec::new();
                    for id in ids {
                        match store.claim(id, name, 1, 1000).await {
                            Ok(lease) => {
                                let entry = store.intend(&lease, "mint", 2).await.unwrap();
                                let line = Some(line("rotation.mint"));
                                let done = end(Outcome::Done, 3);
                                store.conclude(&lease, entry, &done, &[], line).await.unwrap();
                                claimed.push(id.clone());
                            }
                            Err(StoreError::Held { runner, .. }) => assert_ne!(runner, name),
                            Err(e) => panic!("{e}"),
                        }
                    }
                    claimed
                })
            }
        };
        let mut claimed = std::thread::scope(|scope| {
            let runners = ["a", "b"].map(|name| scope.spawn(runner(name)));
            runners.map(|runner| runner.join().unwrap()).concat()
        });
        claimed.sort();
        assert_eq!(claimed, ids);
        run(async {
            let store = ledger.open().await;
            for id in &ids {
                assert_eq!(store.journal(id).await.unwrap().len(), 1, "{id}");
            }
            assert_eq!(store.audit_lines().await.unwrap().len(), 200);
            let whole = keywright::store::AuditVerdict::Whole { lines: 200 };
            assert_eq!(store.verify_audit(None).await.unwrap(), whole);
        });
    }
}

#[test]
fn a_step_without_an_end_is_one_that_nobody_knows() {
    // I2
    each(|ledger| async move {
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let lease = store.claim("r-1", "a", 100, 900).await.unwrap();
        let first = store.intend(&lease, "mint", 110).await.unwrap();
        store.close().await;
        let store = ledger.open().await;
        assert_eq!(store.journal("r-1").await.unwrap()[0].end, None);
        store.conclude(&lease, first, &end(Outcome::Unknown, 120), &[], None).await.unwrap();
        store.conclude(&lease, first, &end(Outcome::Failed, 130), &[], None).await.unwrap();
        let twice = store.conclude(&lease, first, &end(Outcome::Done, 140), &[], None).await;
        assert!(matches!(twice, Err(StoreError::Taken(_))), "{twice:?}");
        let never = store.conclude(&lease, 7, &end(Outcome::Done, 140), &[], None).await;
        assert!(matches!(never, Err(StoreError::Absent(_))), "{never:?}");
        store.intend(&lease, "write:0", 150).await.unwrap();
        store.intend(&lease, "mint", 160).await.unwrap();
        let journal = store.journal("r-1").await.unwrap();
        let tries: Vec<_> = journal.iter().map(|e| (e.number, e.step.as_str(), e.attempt, e.fence)).collect();
        assert_eq!(tries, [(1, "mint", 1, 1), (2, "write:0", 1, 1), (3, "mint", 2, 1)]);
        assert_eq!(journal[0].end, Some(end(Outcome::Failed, 130)));
    });
}

#[test]
fn an_answer_is_on_disk_before_it_is_read() {
    // I1
    each(|ledger| async move {
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let lease = store.claim("r-1", "a", 100, 900).await.unwrap();
        for n in 1..=3u8 {
            let entry = store.intend(&lease, "mint", 110).await.unwrap();
            let reply = Reply::new(Secret::new(vec![n; 40]));
            let kept = store.keep(&lease, entry, "reply", &Sealed::new(vec![n; 5]), reply, 111).await;
            let Ok(kept) = kept else { panic!("it was not kept") };
            assert!(*kept.body() == Secret::new(vec![n; 40]));
        }
        // None of them is lost to a later one.
        assert_eq!(store.sealed_names("r-1").await.unwrap(), ["reply", "reply@2", "reply@3"]);
        assert_eq!(store.sealed("r-1", "reply").await.unwrap(), Some(Sealed::new(vec![3; 5])));
        assert_eq!(store.sealed("r-1", "reply@2").await.unwrap(), Some(Sealed::new(vec![1; 5])));
        store.put_sealed(&lease, "replying", &Sealed::new(vec![4])).await.unwrap();
        store.wipe(&lease, &["reply", "never there"]).await.unwrap();
        assert_eq!(store.sealed_names("r-1").await.unwrap(), ["replying"]);
    });
}

#[test]
fn wiped_bytes_are_in_no_file_any_more() {
    run(async {
        let ledger = Ledger::sqlite();
        let store = ledger.open().await;
        store.begin(&rotation_record("r-1", "web"), line("rotation.begin")).await.unwrap();
        let lease = store.claim("r-1", "a", 100, 900).await.unwrap();
        let bytes: Vec<u8> = b"sealed-bytes-of-one-key".repeat(500);
        let stands = || {
            let files = std::fs::read_dir(ledger.folder.path().join("state")).unwrap();
            let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
            files.filter(|file| file.windows(12).any(|w| w == b"bytes-of-one")).count()
        };
        store.put_sealed(&lease, "new", &Sealed::new(bytes)).await.unwrap();
        assert!(stands() > 0, "the test looks where nothing stands");
        store.wipe(&lease, &["new"]).await.unwrap();
        assert_eq!(stands(), 0);
    });
}

#[test]
fn what_is_over_and_still_sealed_is_told() {
    each(|ledger| async move {
        let store = ledger.open().await;
        for (id, key, state) in [
            ("r-1", "a", State::Waiting),
            ("r-2", "b", State::Done),
            ("r-3", "c", State::RolledBack),
            ("r-4", "d", State::Aborted),
            ("r-5", "e", State::Asking),
        ] {
            store.begin(&rotation_record(id, key), line("rotation.begin")).await.unwrap();
            let lease = store.claim(id, "a", 100, 900).await.unwrap();
            for name in ["new", "old:0"] {
                store.put_sealed(&lease, name, &Sealed::new(vec![5])).await.unwrap();
            }
            store.advance(&lease, state, None, "", 101, None).await.unwrap();
            if id == "r-3" {
                store.wipe(&lease, &["new", "old:0"]).await.unwrap();
            }
        }
        assert_eq!(store.unwiped().await.unwrap(), ["r-2", "r-4"]);
    });
}

#[test]
fn a_budget_is_shared_and_frees_itself() {
    // R28
    each(|ledger| async move {
        let (one, other) = (ledger.open().await, ledger.open().await);
        for n in 0..5 {
            let store = if n % 2 == 0 { &one } else { &other };
            assert_eq!(store.take("atlasvpn rotate", 5, 60, 1_000 + n).await.unwrap(), None);
        }
        assert_eq!(other.take("atlasvpn rotate", 5, 60, 11_000).await.unwrap(), Some(50));
        assert_eq!(one.take("atlasvpn mint", 5, 60, 11_000).await.unwrap(), None);
        assert_eq!(one.take("atlasvpn rotate", 5, 60, 61_000).await.unwrap(), None);
        assert_eq!(one.take("atlasvpn rotate", 5, 60, 61_000).await.unwrap(), Some(1));
        // A clock that was an hour ahead keeps nobody waiting for an hour.
        assert_eq!(one.take("ahead", 1, 60, 3_600_000).await.unwrap(), None);
        assert_eq!(one.take("ahead", 1, 60, 0).await.unwrap(), Some(60));
        assert_eq!(one.take("never", 0, 60, 0).await.unwrap(), Some(60));
    });
}
