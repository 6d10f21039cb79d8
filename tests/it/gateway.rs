//! The check of AtlasVPN's keys, against a real proxy.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keywright::http::Door;
use keywright::model::Secret;
use keywright::model::credential::{Credential, Liveness};
use keywright::provider::by_id;
use serde_json::json;

use crate::support::filled;
use crate::support::squid::Squid;

/// Asks the gateway about a secret.
fn check(squid: &Squid, target: &str, key_id: &str, secret: &str) -> (Liveness, String) {
    let settings = json!({ "gateway": squid.place(), "connect_target": target });
    let door = Arc::new(Door::new(&[squid.place()]).unwrap());
    let provider = by_id("atlasvpn", &settings, door).unwrap();
    let credential = Credential { key_id: Some(key_id.into()), secret: Secret::new(secret.into()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let checked = runtime.block_on(provider.check(&credential));
    (checked.liveness, checked.why)
}

fn key() -> (String, String, String) {
    (filled("avp_live_{hex:12}", 5), filled("{hex:64}", 6), filled("{hex:64}", 7))
}

#[test]
fn a_real_proxy_tells_right_from_wrong_and_is_sent_nothing_else() {
    // R93, R94
    let (key_id, secret, other) = key();
    let Some(squid) = Squid::start(&key_id, &secret, "30 seconds") else { return };
    let alive = (Liveness::Alive, "CONNECT answered 200".to_owned());
    assert_eq!(check(&squid, &squid.target(), &key_id, &secret), alive);
    assert_eq!(squid.tunnels(), [Vec::<u8>::new()]);
    assert_eq!(
        check(&squid, &squid.target(), &key_id, &other),
        (Liveness::Dead, "CONNECT answered 407".into())
    );
    let nobody = filled("avp_live_{hex:12}", 8);
    assert_eq!(check(&squid, &squid.target(), &nobody, &secret).0, Liveness::Dead);
    let elsewhere = check(&squid, "127.0.0.1:9", &key_id, &secret);
    assert_eq!(elsewhere, (Liveness::Unknown, "CONNECT answered 403".into()));
    assert!(squid.tunnels().is_empty());
}

#[test]
fn a_gateway_that_remembers_takes_an_old_secret_for_a_while() {
    // R34, R92: why an old secret is called dead only when it is refused, and not because it was replaced.
    let (key_id, old, new) = key();
    let Some(squid) = Squid::start(&key_id, &old, "30 seconds") else { return };
    let ask = |squid: &Squid, secret: &str| check(squid, &squid.target(), &key_id, secret).0;
    assert_eq!(ask(&squid, &old), Liveness::Alive);
    squid.change(&key_id, &new);
    assert_eq!(ask(&squid, &old), Liveness::Alive);
    // The new one works at once, and what is remembered is now that.
    assert_eq!(ask(&squid, &new), Liveness::Alive);
    assert_eq!(ask(&squid, &old), Liveness::Dead);

    let Some(squid) = Squid::start(&key_id, &old, "1 second") else { return };
    assert_eq!(ask(&squid, &old), Liveness::Alive);
    squid.change(&key_id, &new);
    let begun = Instant::now();
    while ask(&squid, &old) == Liveness::Alive {
        assert!(begun.elapsed() < Duration::from_secs(60), "the old secret never dies");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ask(&squid, &new), Liveness::Alive);
}
