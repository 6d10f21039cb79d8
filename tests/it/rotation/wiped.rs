//! Nothing sealed is left of a rotation that is over, whatever it came to and wherever it was killed.

use super::desk::{Desk, Kind};

const GO: [&str; 4] = ["rotate", "proxy", "--yes", "--wait=0"];

/// Returns how much is sealed in all, as the store's file has it.
fn sealed(desk: &Desk) -> String {
    let python = "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT COUNT(*) FROM sealed').fetchone()[0])";
    let store = desk.path(".local/state/keywright/store.db");
    let said = std::process::Command::new("python3").args(["-c", python]).arg(store).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// A desk with a rotation that was killed when its first place was sealed; its name.
fn begun() -> (Desk, String) {
    let desk = Desk::new(Kind::Dotenv);
    let run = desk.program().env("KEYWRIGHT_KILL_AT", "4").run(GO);
    assert_eq!(run.code, None, "{run:?}");
    assert_eq!(sealed(&desk), "1");
    let (id, _) = desk.open().remove(0);
    (desk, id)
}

/// Lets a rotation find a place that is not what it was.
fn edit(desk: &Desk) {
    let file = desk.file("production");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}MORE=1\n")).unwrap();
}

#[test]
fn of_a_rotation_that_is_given_up_nothing_sealed_is_left() {
    let (desk, id) = begun();
    edit(&desk);
    let run = desk.run(&["rotations", "resume", &id, "--wait=0"]).exits(5);
    assert!(run.text().contains("aborted"), "{run:?}");
    assert_eq!(sealed(&desk), "0");
    assert!(desk.open().is_empty());
    assert_eq!(desk.vpn.state().keys.len(), 2);
}

#[test]
fn what_a_killed_run_left_sealed_the_next_one_wipes() {
    for verb in ["resume", "abort"] {
        let (desk, id) = begun();
        edit(&desk);
        let program = desk.program().env("KEYWRIGHT_KILL_AT", "given up");
        let run = program.run(["rotations", verb, &id, "--wait=0"]);
        assert_eq!(run.code, None, "{run:?}");
        assert_eq!((desk.open(), sealed(&desk).as_str()), (Vec::new(), "1"), "{verb}");
        // Another rotation of the key, which seals more and wipes only that.
        desk.run(&GO).exits(5);
        desk.finish().exits(0);
        assert_eq!(sealed(&desk), "0", "{verb}");
    }
}
