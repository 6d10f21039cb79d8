//! Two runners over one store, a hundred rotations: each is done once.

use super::desk::{Desk, Kind};
use crate::support::postgres::Postgres;

const KEYS: usize = 100;

#[test]
fn two_runners_do_each_of_a_hundred_rotations_once_in_sqlite() {
    fight(&Desk::bare(Kind::Dotenv));
}

#[test]
fn two_runners_do_each_of_a_hundred_rotations_once_in_postgres() {
    let Some(database) = Postgres::database() else { return };
    fight(&Desk::bare(Kind::Dotenv).on(database));
}

fn fight(desk: &Desk) {
    let keys: Vec<_> =
        (0..KEYS).map(|at| desk.vpn.state().mint(&format!("key {at}"), "developer", true)).collect();
    for (key, at) in keys.iter().zip(0..) {
        let file = desk.path(&format!("{at}.env"));
        std::fs::write(&file, format!("AVP_SECRET={}\n", key.secret)).unwrap();
        let (name, id) = (format!("key-{at}"), format!("--key-id={}", key.key_id));
        let place = format!("--destination=production=dotenv:{}#AVP_SECRET", file.display());
        let run = desk.run(&["keys", "add", &name, "--provider=atlasvpn", &id, &place]);
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    let words = ["rotate", "--where", "provider=atlasvpn", "--mode=atomic", "--yes", "--wait=0"];
    let begun = desk.run(&words);
    assert_eq!(begun.code, Some(5), "{begun:?}");
    let rotated = || desk.vpn.state().log.iter().filter(|call| call.ends_with("/rotate")).count();
    // R28: five in a minute, for all processes together.
    assert_eq!(rotated(), 5);
    let mut rounds = 0;
    while !desk.open().is_empty() {
        desk.pass(61);
        let before = rotated();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| desk.run(&["rotations", "resume", "--all", "--wait=0"]));
            }
        });
        assert!(rotated() - before <= 5, "{} rotations in a minute", rotated() - before);
        rounds += 1;
        assert!(rounds < 60, "{} are left", desk.open().len());
    }
    assert_eq!(rotated(), KEYS);
    let state = desk.vpn.state();
    for (key, at) in keys.iter().zip(0..) {
        let now = state.keys.iter().find(|k| k.id == key.id).unwrap();
        assert_eq!(now.former.len(), 1, "key {at} was replaced {} times", now.former.len());
        let text = std::fs::read_to_string(desk.path(&format!("{at}.env"))).unwrap();
        assert_eq!(text, format!("AVP_SECRET={}\n", now.secret));
    }
}
