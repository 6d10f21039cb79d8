//! Places that nobody can read: what a kill leaves behind is known by its time, and what cannot be known is
//! asked.

use super::desk::{Desk, Held, Kind};

const GO: [&str; 4] = ["rotate", "proxy", "--yes", "--wait=0"];

/// A desk whose first run was killed at a point.
fn killed_at(name: &str) -> Desk {
    let desk = Desk::new(Kind::Sensitive);
    let run = desk.program().env("KEYWRIGHT_KILL_AT", name).run(GO);
    assert_eq!(run.code, None, "{run:?}");
    desk.pass(1000);
    desk
}

fn old(desk: &Desk) -> Held {
    Held(desk.old.key_id.clone(), desk.old.secret.clone())
}

#[test]
fn a_write_that_was_cut_off_from_its_journal_is_done_again_unasked() {
    for point in ["intended write:0", "called write:0"] {
        let desk = killed_at(point);
        let (id, _) = desk.open().remove(0);
        let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
        assert_eq!(run.code, Some(5), "{point}: {run:?}");
        assert!(run.text().contains("waits until"), "{point}: {run:?}");
        let last = desk.finish();
        assert_eq!(last.code, Some(0), "{point}: {last:?}");
        assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)), "{point}");
    }
}

#[test]
fn a_write_whose_answer_was_lost_is_no_strangers() {
    let desk = Desk::new(Kind::Sensitive);
    // It is asked again once by itself.
    desk.lose_writes(2);
    let run = desk.run(&GO).exits(5);
    assert!(run.text().contains("waits until"), "{run:?}");
    assert_ne!(desk.stored("staging").1, desk.old.secret, "it was written all the same");
    desk.finish().exits(0);
    assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)));
}

#[test]
fn what_somebody_else_wrote_meanwhile_stays_and_a_person_is_asked() {
    let desk = killed_at("called write:0");
    let theirs = Held("theirs".into(), "their-secret".into());
    desk.put("staging", &theirs);
    let (id, _) = desk.open().remove(0);
    let asked = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(asked.code, Some(4), "{asked:?}");
    assert!(asked.text().contains("was changed since it was looked at"), "{asked:?}");
    assert!(asked.text().contains("put the old key there yourself"), "{asked:?}");
    assert_eq!(desk.stored("staging"), theirs);
    assert!(desk.works(&old(&desk)));
    // A word alone puts nothing back.
    let again = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(again.code, Some(4), "{again:?}");
    assert!(again.text().contains("nothing was written there since"), "{again:?}");
    desk.put("staging", &old(&desk));
    let back = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(back.code, Some(5), "{back:?}");
    assert!(desk.open().is_empty());
    assert_eq!(desk.held("staging"), old(&desk));
    assert_eq!(desk.vpn.state().keys.iter().filter(|k| k.active).count(), 2, "the new key is gone");
}

#[test]
fn a_write_that_never_came_is_nothing_to_put_back() {
    let desk = killed_at("intended write:0");
    let (id, _) = desk.open().remove(0);
    let run = desk.run(&["rotations", "rollback", &id, "--wait=0"]);
    assert!(run.code != Some(4) && desk.open().is_empty(), "{run:?}");
    assert_eq!(desk.stored("staging"), old(&desk));
    assert!(desk.works(&old(&desk)));
}

#[test]
fn a_secret_that_stands_there_alone_gets_no_second_key() {
    let desk = Desk::new(Kind::Sensitive);
    let alone = desk.place("production").replace(",key_id=AVP_KEY_ID", "");
    let (id, place) = (format!("--key-id={}", desk.old.key_id), format!("--destination={alone}"));
    desk.run(&["keys", "add", "proxy", "--replace", "--provider=atlasvpn", &id, &place]).exits(0);
    let run = desk.run(&GO).exits(2);
    assert!(run.stderr.contains("holds a secret alone"), "{run:?}");
    assert_eq!(desk.vpn.state().keys.len(), 2, "nothing was minted");
    // One whose id stays may go there.
    desk.run(&["rotate", "proxy", "--mode=atomic", "--yes", "--wait=0"]).exits(0);
}
