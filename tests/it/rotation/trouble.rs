//! Bad input: each as docs/rotation.md says.

use super::desk::{Desk, ENVIRONMENTS, Held, Kind};
use crate::support::atlasvpn::Fault;

const GO: [&str; 4] = ["rotate", "proxy", "--yes", "--wait=0"];

fn old(desk: &Desk) -> Held {
    Held(desk.old.key_id.clone(), desk.old.secret.clone())
}

/// Asserts that nothing was changed and nothing was begun.
fn untouched(desk: &Desk) {
    assert_eq!(ENVIRONMENTS.map(|e| desk.held(e)), [old(desk), old(desk)]);
    assert_eq!(desk.vpn.state().keys.len(), 2);
    assert!(desk.works(&old(desk)));
    assert!(desk.open().is_empty());
}

#[test]
fn a_wrong_admin_credential_changes_nothing() {
    let desk = Desk::new(Kind::Dotenv);
    let run = desk.program().env("AVP_BOT_PASSWORD", "wrong-password-here").run(GO);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("sign in") && !run.stderr.contains("wrong-password-here"), "{run:?}");
    untouched(&desk);
}

#[test]
fn a_literal_credential_in_the_settings_is_refused_and_not_repeated() {
    // R27
    let desk = Desk::new(Kind::Dotenv);
    let config = std::fs::read_to_string(desk.path("keywright.toml")).unwrap();
    let literal = format!("{config}\n[providers.atlasvpn.auth]\npassword = \"hunter2-literally\"\n");
    std::fs::write(desk.path("keywright.toml"), literal).unwrap();
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("env:NAME") && !run.stderr.contains("hunter2"), "{run:?}");
    untouched(&desk);
}

#[test]
fn a_key_that_the_provider_does_not_know_is_not_rotated() {
    let desk = Desk::new(Kind::Dotenv);
    let add = ["keys", "add", "proxy", "--provider=atlasvpn", "--key-id=avp_live_000000000000", "--replace"];
    let place = format!("--destination={}", desk.place("staging"));
    assert_eq!(desk.run(&[&add[..], &[&place]].concat()).code, Some(0));
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("knows no key"), "{run:?}");
    untouched(&desk);
}

#[test]
fn no_room_for_a_second_key_is_a_question_and_deletes_nothing() {
    let desk = Desk::new(Kind::Dotenv);
    desk.vpn.state().limit = Some(2);
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("no room"), "{run:?}");
    assert_eq!(desk.vpn.state().keys.iter().filter(|k| k.active).count(), 2);
    let (id, _) = desk.open().remove(0);
    assert_eq!(desk.run(&["rotations", "abort", &id, "--wait=0"]).code, Some(0));
    untouched(&desk);
}

#[test]
fn an_answer_that_cannot_be_read_is_kept_and_another_key_is_made() {
    for fault in [Fault::WrongKeyId, Fault::DoneBut(200, "<html>gateway</html>")] {
        let desk = Desk::new(Kind::Dotenv);
        desk.vpn.fault("rotate", fault);
        let run = desk.run(&["rotate", "proxy", "--mode=atomic", "--yes", "--wait=0"]);
        // R12
        assert_eq!(run.code, Some(4), "{run:?}");
        let (id, _) = desk.open().remove(0);
        let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)));
    }
}

#[test]
fn a_provider_that_wants_patience_is_given_it() {
    for (headers, least) in [("Retry-After: 120\r\n", 100), ("", 0)] {
        let desk = Desk::new(Kind::Dotenv);
        desk.vpn.fault("mint", Fault::Answer(429, headers, "slow down"));
        let run = desk.run(&GO);
        assert_eq!(run.code, Some(5), "{run:?}");
        let list = desk.run(&["rotations", "list", "--format=json"]);
        let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
        let wait = list[0]["run_at"].as_i64().unwrap() - list[0]["moved"].as_i64().unwrap();
        assert!(wait >= least * 1000 && wait <= 200_000, "{wait}");
        desk.finish();
        assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)));
    }
}

#[test]
fn hours_of_errors_are_waited_out() {
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&GO);
    for _ in 0..10 {
        desk.vpn.fault("delete", Fault::Answer(503, "", "down"));
    }
    desk.finish();
    assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)));
}

#[test]
fn an_environment_that_does_not_get_well_gets_its_old_key_back_and_production_never_a_new_one() {
    // R16, R90
    let desk = Desk::bare(Kind::Dotenv);
    let check = desk.path("check.sh");
    std::fs::write(&check, format!("grep -q {} {}", desk.old.key_id, desk.file("staging").display()))
        .unwrap();
    let health = format!("--health=staging=exec:/bin/sh {} within 1", check.display());
    let places = ENVIRONMENTS.map(|e| format!("--destination={}", desk.place(e)));
    let id = format!("--key-id={}", desk.old.key_id);
    let add = ["keys", "add", "proxy", "--provider=atlasvpn", &id, &health, &places[0], &places[1]];
    assert_eq!(desk.run(&add).code, Some(0));
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert_eq!(ENVIRONMENTS.map(|e| desk.held(e)), [old(&desk), old(&desk)]);
    let list = desk.run(&["rotations", "list", "--all", "--format=json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list[0]["state"], "rolled back");
    assert_eq!(desk.vpn.state().keys.iter().filter(|k| k.active).count(), 2, "the new key is gone");
}

#[test]
fn a_place_that_was_edited_before_its_turn_sends_everything_back() {
    let desk = Desk::new(Kind::Dotenv);
    // Staging's activation edits production: somebody else at the same time.
    let edit = desk.path("edit.sh");
    std::fs::write(&edit, format!("echo MORE=1 >> {}", desk.file("production").display())).unwrap();
    let place = format!("--destination={} then /bin/sh {}", desk.place("staging"), edit.display());
    let second = format!("--destination={}", desk.place("production"));
    let id = format!("--key-id={}", desk.old.key_id);
    let add = ["keys", "add", "proxy", "--replace", "--provider=atlasvpn", &id, &place, &second];
    assert_eq!(desk.run(&add).code, Some(0));
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert_eq!(ENVIRONMENTS.map(|e| desk.held(e)), [old(&desk), old(&desk)]);
    let text = std::fs::read_to_string(desk.file("production")).unwrap();
    assert!(text.ends_with("MORE=1\n"), "what the other wrote stays: {text}");
}

#[test]
fn a_platform_that_brings_the_old_key_back_stops_the_revocation() {
    let desk = Desk::new(Kind::Dotenv);
    let before = std::fs::read(desk.file("production")).unwrap();
    desk.run(&GO);
    std::fs::write(desk.file("production"), before).unwrap();
    desk.pass(2000);
    let (id, _) = desk.open().remove(0);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    assert!(desk.works(&old(&desk)), "nothing was ended");
    let told = desk.run(&["rotations", "diagnose", &id]);
    assert!(
        String::from_utf8_lossy(&told.stdout)
            .contains("production.env#AVP_SECRET,key_id=AVP_KEY_ID holds the old key"),
        "{told:?}"
    );
    let run = desk.run(&["rotations", "resume", &id, "--deliver-again", "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    desk.finish();
    assert!(desk.works(&desk.held("production")) && !desk.works(&old(&desk)));
}

#[test]
fn an_old_key_that_is_still_used_is_not_ended() {
    // R18
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&GO);
    desk.pass(900);
    let id = desk.old.id.clone();
    let used = jiff::Timestamp::now() + std::time::Duration::from_secs(890);
    desk.vpn.state().keys.iter_mut().find(|k| k.id == id).unwrap().last_used = Some(used.to_string());
    desk.pass(300);
    let (rotation, _) = desk.open().remove(0);
    let run = desk.run(&["rotations", "resume", &rotation, "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("somebody still holds it"), "{run:?}");
    assert!(desk.works(&old(&desk)));
    desk.finish();
    assert!(!desk.works(&old(&desk)));
}

#[test]
fn a_wrong_clock_ends_no_key() {
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&GO);
    desk.pass(2000);
    desk.vpn.state().moved -= 600;
    let (id, _) = desk.open().remove(0);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("clock"), "{run:?}");
    assert!(desk.works(&old(&desk)));
}

#[test]
fn sealed_bytes_without_their_key_file_are_told_and_the_old_key_works_on() {
    let desk = Desk::new(Kind::Dotenv);
    desk.run(&GO);
    let key = desk.path(".local/state/keywright/seal.key");
    std::fs::remove_file(&key).unwrap();
    let (id, _) = desk.open().remove(0);
    desk.pass(2000);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert!(!matches!(run.code, Some(0 | 70)), "{run:?}");
    assert!(desk.works(&old(&desk)));
    assert!(desk.works(&desk.held("production")));
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(Kind::Dotenv);
    let key = desk.path(".local/state/keywright/seal.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("chmod"), "{run:?}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    untouched(&desk);
}

#[test]
fn a_new_secret_that_cannot_be_stored_is_printed_sealed_and_taken_back() {
    let desk = Desk::new(Kind::Dotenv);
    let paused = desk.path("paused");
    let run = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            desk.program()
                .env("KEYWRIGHT_PAUSE_AT", "answered mint")
                .env("KEYWRIGHT_PAUSE_FILE", &paused)
                .run(GO)
        });
        while !paused.exists() {
            assert!(!running.is_finished(), "it never came to the answer");
            std::thread::yield_now();
        }
        // Somebody holds the store, for longer than anybody waits for it.
        let python = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],isolation_level=None); \
                      c.execute('BEGIN IMMEDIATE'); print('held',flush=True); sys.stdin.read()";
        let mut holder = std::process::Command::new("python3")
            .args(["-c", python])
            .arg(desk.path(".local/state/keywright/store.db"))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut held = [0; 5];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut held).unwrap();
        std::fs::remove_file(&paused).unwrap();
        let run = running.join().unwrap();
        drop(holder.stdin.take());
        holder.wait().unwrap();
        run
    });
    assert_eq!(run.code, Some(6), "{run:?}");
    for secret in desk.vpn.secrets() {
        assert!(!run.stderr.contains(&secret), "the secret is on the screen");
    }
    let lines: Vec<_> = run.stderr.lines().skip_while(|l| !l.contains("BEGIN")).collect();
    let end = lines.iter().position(|l| l.contains("END")).unwrap();
    std::fs::write(desk.path("saved"), lines[..=end].join("\n")).unwrap();
    desk.pass(1000);
    let (id, _) = desk.open().remove(0);
    let saved = desk.path("saved");
    let run = desk.run(&["rotations", "resume", &id, "--wait=0", "--sealed", saved.to_str().unwrap()]);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert_eq!(desk.vpn.state().keys.len(), 3, "no other key was minted");
    assert!(desk.works(&desk.held("production")));
    desk.finish();
    assert!(!desk.works(&old(&desk)));
}

#[test]
fn an_emergency_is_not_held_up_by_a_place_that_cannot_be_reached() {
    let desk = Desk::new(Kind::Dotenv);
    let file = desk.file("staging");
    let text = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let run = desk.run(&["rotate", "proxy", "--emergency", "--yes", "--wait=0"]);
    assert!(matches!(run.code, Some(4 | 5)), "{run:?}");
    assert!(!desk.works(&old(&desk)), "the old key is dead");
    assert!(desk.works(&desk.held("production")));
    std::fs::write(&file, text).unwrap();
    desk.finish();
    assert_eq!(desk.held("staging"), desk.held("production"));
}

#[test]
fn a_place_that_nobody_may_write_is_told_before_anything_is_minted() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new(Kind::Dotenv);
    std::fs::set_permissions(desk.file("production"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let run = desk.run(&GO);
    assert_eq!(run.code, Some(2), "{run:?}");
    untouched(&desk);
}

#[test]
fn a_runner_that_was_killed_on_this_machine_is_not_waited_for() {
    let desk = Desk::new(Kind::Dotenv);
    let run = desk.program().env("KEYWRIGHT_KILL_AT", "12").run(GO);
    assert_eq!(run.code, None, "{run:?}");
    let (id, _) = desk.open().remove(0);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    assert!(String::from_utf8_lossy(&run.stdout).contains("waits until"), "{run:?}");
}
