//! APIVerve, as the engine uses it: nothing but a check, and a person for the rest.

use std::sync::Arc;

use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::{CallError, Credential, Liveness};
use keywright::model::rotation::Mode;
use keywright::provider::{Provider, by_id};
use serde_json::json;

use crate::support::apiverve::ApiVerve;
use crate::support::filled;

fn provider(id: &str, double: &ApiVerve) -> Box<dyn Provider> {
    let settings = json!({ "api": format!("http://{}", double.place()) });
    by_id(id, &settings, Arc::new(Door::new(&[double.place().to_owned()]).unwrap())).unwrap()
}

fn credential(secret: &str) -> Credential {
    Credential { key_id: None, secret: Secret::new(secret.into()) }
}

fn run<T>(doing: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doing)
}

#[test]
fn the_card_says_that_a_person_does_it_and_what_dies() {
    // R59, R60, R65, R76, R99
    let double = ApiVerve::start();
    let (primary, sub) = (provider("apiverve", &double), provider("apiverve-sub-key", &double));
    for card in [primary.card(), sub.card()] {
        assert_eq!((&card.modes[..], card.lists, card.retrievable), (&[Mode::Manual][..], false, true));
    }
    assert!(primary.card().replaced_by_hand && !sub.card().replaced_by_hand);
    assert!(primary.card().stop_warning.contains("invalidated immediately"));
    assert!(primary.card().runbook.iter().any(|step| step.contains("Rotate Key")));
}

#[test]
fn what_is_not_offered_is_not_called() {
    let double = ApiVerve::start();
    let provider = provider("apiverve", &double);
    run(provider.sign_in()).unwrap();
    assert!(matches!(run(provider.list()), Err(CallError::NotSent(_))));
    assert_eq!(double.state().log, [""; 0]);
}

#[test]
fn an_expired_key_is_told_from_a_dead_one() {
    // R60, R61, R64
    let double = ApiVerve::start();
    let provider = provider("apiverve", &double);
    let check = |secret: &str| {
        let checked = run(provider.check(&credential(secret)));
        assert!(!checked.why.contains(secret), "{}", checked.why);
        (checked.liveness, checked.why)
    };
    let old = double.state().primary.clone();
    assert_eq!(check(&old), (Liveness::Alive, "the check answered 200".into()));
    double.state().is_expired = true;
    let (liveness, why) = check(&old);
    assert!(liveness == Liveness::Dead && why.contains("it has expired"), "{why}");
    let sub = double.state().subs[0].clone();
    assert_eq!(check(&sub).0, Liveness::Alive);
    let new = double.state().rotate();
    assert_eq!(check(&old), (Liveness::Dead, "the check answered 401".into()));
    assert_eq!(check(&new).0, Liveness::Alive);
    for status in [302, 403, 404, 429, 500] {
        double.state().status = Some(status);
        assert_eq!(check(&new).0, Liveness::Unknown, "{status}");
    }
}

#[test]
fn a_key_of_another_kind_is_not_taken_and_not_repeated() {
    // R59, R61, R99
    let double = ApiVerve::start();
    for (id, template, is_taken) in [
        ("apiverve", "apv_{base62:32}", true),
        ("apiverve", "apv_sbk_{base62:32}", false),
        ("apiverve", "{base62:36}", false),
        ("apiverve-sub-key", "apv_sbk_{base62:32}", true),
        ("apiverve-sub-key", "apv_{base62:32}", false),
    ] {
        let secret = filled(template, 3);
        let told = provider(id, &double).takes(&credential(&secret));
        assert_eq!(told.is_ok(), is_taken, "{id} {template}");
        if let Err(expected) = told {
            assert!(expected.contains("apv_") && !expected.contains(&secret), "{expected}");
        }
    }
}
