//! Incidents in the store, on SQLite and on Postgres.

use keywright::model::incident::{Incident, Sighting, Stage, Times};
use keywright::store::StoreError;
use keywright::store::incidents::MOST_SIGHTINGS;

use crate::support::ledger::{each, key_record, line};

fn incident(id: &str, identity: &str) -> Incident {
    let text = serde_json::json!({
        "id": id, "identity": identity, "fingerprint": "f", "rule": "r", "provider": "p", "key_id": null,
        "masked": "…beef", "severity": "high", "stage": "open", "liveness": null, "ownership": null,
        "exposed": null, "key": null, "decision": null, "rotation": null, "plan_hash": null, "approvals": [],
        "times": Times { detected: Some(5), committed: Some(9), ..Times::default() }, "outage": null,
        "rechecks": 0, "review": null, "note": "", "unlisted": 0,
    });
    serde_json::from_value(text).unwrap()
}

fn sighting(path: &str, line: u64) -> Sighting {
    Sighting {
        repository: "/srv/app".into(),
        place: "history".into(),
        object: "0a".into(),
        path: path.into(),
        line,
        commit: String::new(),
        date: String::new(),
        refs: Vec::new(),
        seen: 5,
    }
}

#[test]
fn a_secret_has_one_incident_however_often_it_is_found() {
    each(|ledger| async move {
        let store = ledger.open().await;
        let record = |id: &'static str, identity: &'static str, places: Vec<Sighting>| {
            store.record_incidents(vec![(incident(id, identity), places)], |_| line("incident.recorded"))
        };
        let first = record("i-1", "a", vec![sighting("x", 1), sighting("x", 1)]).await.unwrap();
        assert_eq!(first, [("i-1".to_owned(), true)]);
        let mut earlier = incident("i-2", "a");
        earlier.times.committed = Some(3);
        let again =
            store.record_incidents(vec![(earlier, vec![sighting("x", 1), sighting("y", 2)])], |_| line("x"));
        assert_eq!(again.await.unwrap(), [("i-1".to_owned(), false)]);
        record("i-3", "b", Vec::new()).await.unwrap();
        assert_eq!(store.sightings("i-1").await.unwrap(), [sighting("x", 1), sighting("y", 2)]);
        let all = store.incidents().await.unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].is.times.committed, Some(3), "the earliest commit counts");
        let lines = store.audit_lines().await.unwrap();
        assert_eq!(lines.len(), 2, "one for each new incident");
    });
}

#[test]
fn places_beyond_the_most_are_counted() {
    each(|ledger| async move {
        let store = ledger.open().await;
        let places = (0..MOST_SIGHTINGS as u64 + 7).map(|n| sighting("x", n)).collect();
        store.record_incidents(vec![(incident("i-1", "a"), places)], |_| line("x")).await.unwrap();
        assert_eq!(store.sightings("i-1").await.unwrap().len(), MOST_SIGHTINGS);
        assert_eq!(store.incident("i-1").await.unwrap().unwrap().is.unlisted, 7);
    });
}

#[test]
fn who_read_it_before_somebody_elses_write_writes_nothing() {
    each(|ledger| async move {
        let store = ledger.open().await;
        store.record_incidents(vec![(incident("i-1", "a"), Vec::new())], |_| line("x")).await.unwrap();
        let mut mine = store.incident("i-").await.unwrap().unwrap();
        let mut others = store.incident("i-1").await.unwrap().unwrap();
        others.is.stage = Stage::Asking;
        store.put_incident(&mut others, Some(line("incident.asked"))).await.unwrap();
        mine.is.stage = Stage::Dismissed;
        let said = store.put_incident(&mut mine, Some(line("incident.dismissed"))).await;
        assert!(matches!(said, Err(StoreError::Changed(_))), "{said:?}");
        assert_eq!(store.incident("i-1").await.unwrap().unwrap().is.stage, Stage::Asking);
        assert_eq!(store.audit_lines().await.unwrap().len(), 2, "nor its line");
        store.put_incident(&mut others, None).await.unwrap();
    });
}

#[test]
fn people_are_told_once_switches_turn_and_keys_are_known_again() {
    each(|ledger| async move {
        let store = ledger.open().await;
        assert_eq!(store.known_since().await.unwrap(), None);
        assert!(store.tell_once("i-1", "ask", 5).await.unwrap());
        assert!(!store.tell_once("i-1", "ask", 6).await.unwrap());
        assert!(store.tell_once("i-2", "ask", 6).await.unwrap());
        assert_eq!(store.switch("freeze").await.unwrap(), None);
        store.turn_switch("freeze", true, line("freeze.on")).await.unwrap();
        store.turn_switch("freeze", false, line("freeze.off")).await.unwrap();
        assert_eq!(store.switch("freeze").await.unwrap(), Some((false, 5, "ann".into(), String::new())));
        store.note_identity("a", "web", "k1", 7).await.unwrap();
        store.note_identity("a", "other", "k2", 8).await.unwrap();
        assert_eq!(store.key_of("a").await.unwrap(), Some(("web".into(), "k1".into())));
        assert_eq!(store.key_of("b").await.unwrap(), None);
        store.add_key(&key_record("web")).await.unwrap();
        assert_eq!(store.known_since().await.unwrap(), Some(1));
    });
}
