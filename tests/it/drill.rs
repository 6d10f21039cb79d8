//! The fire drill: the real program answers a leak that it made itself, against its own doubles.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::program::{Program, Run, cleared};

/// A room with a home of its own and a folder for what is temporary.
struct Station {
    room: tempfile::TempDir,
}

impl Station {
    fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        for folder in ["home", "tmp"] {
            fs::create_dir(room.path().join(folder)).unwrap();
        }
        Self { room }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    fn program(&self) -> Program {
        Program::new(self.room.path(), &self.path("home")).env("TMPDIR", self.path("tmp"))
    }

    fn drill(&self, words: &[&str]) -> Run {
        self.program().run(["drill"].iter().chain(words))
    }

    /// Drills by a policy of the operator's own.
    fn by(&self, policy: &str) -> Run {
        fs::write(self.path("own.toml"), policy).unwrap();
        self.drill(&["--config", "own.toml"])
    }

    /// Asserts that nothing is left of a drill, here or in the home of whoever held it.
    #[track_caller]
    fn is_as_before(&self) {
        for folder in ["home", "tmp"] {
            let left: Vec<_> = fs::read_dir(self.path(folder)).unwrap().map(|e| e.unwrap().path()).collect();
            assert_eq!(left, [] as [PathBuf; 0]);
        }
    }
}

/// Returns the words of the steps, in order, each with its sign: `blocked`, `!open`, `(asked)`.
fn steps(run: &Run) -> Vec<String> {
    let text = run.text();
    let lines = text.lines().filter_map(|line| {
        let (sign, rest) = ["\u{2713} ", "\u{2717} ", "\u{b7} "]
            .iter()
            .find_map(|sign| line.split_once(sign).map(|(_, rest)| (*sign, rest)))?;
        let word = rest.split_whitespace().next()?;
        Some(match sign {
            "\u{2713} " => word.to_owned(),
            "\u{2717} " => format!("!{word}"),
            _ => format!("({word})"),
        })
    });
    lines.collect()
}

fn below(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => below(&path, found),
            path => found.push(fs::read(path).unwrap()),
        }
    }
}

const BEGINNING: [&str; 7] = ["blocked", "pushed", "stolen", "detected", "verified", "owned", "exposed"];
const CONTAINED: [&str; 5] = ["rotated", "delivered", "delivered", "delivered", "dead"];
const END: [&str; 9] = [
    "reviewed",
    "refused",
    "serving",
    "(flagged)",
    "(flagged)",
    "(flagged)",
    "(flagged)",
    "letter",
    "ledger",
];

#[test]
fn a_leak_is_blocked_pushed_anyway_and_answered_to_the_end() {
    let station = Station::new();
    let run = station.drill(&[]).exits(0);
    assert_eq!(steps(&run), [&BEGINNING[..], &["decided"], &CONTAINED, &END].concat(), "{run:?}");
    let text = run.text();
    assert!(
        text.contains("CONNECT answered 407") && text.contains("new target host: drop.example.net"),
        "{text}"
    );
    assert!(text.contains("From push to proof") && text.contains("says 30 s"), "{text}");
    assert!(run.stderr.is_empty(), "{}", run.stderr);
    station.is_as_before();
}

#[test]
fn what_is_kept_holds_the_reports_and_no_secret_but_where_a_key_belongs() {
    let station = Station::new();
    let run = station.drill(&["--keep", "kept"]).exits(0);
    let kept = station.path("kept");
    let leaked = fs::read_to_string(kept.join("app/proxy.py")).unwrap();
    let (_, old) = leaked.split_once('@').unwrap().0.rsplit_once(':').unwrap();
    let staging = fs::read_to_string(kept.join("staging.env")).unwrap();
    let new = staging.lines().find_map(|line| line.strip_prefix("AVP_SECRET=")).unwrap();
    assert!(old.len() == 64 && new.len() == 64 && old != new, "{leaked}{staging}");
    let mut texts = vec![format!("{run:?}").into_bytes()];
    below(&kept.join("home/.local"), &mut texts);
    below(&kept.join("reports"), &mut texts);
    assert!(texts.len() > 6);
    for secret in [old, new] {
        assert!(
            texts.iter().all(|t| memchr::memmem::find(t, secret.as_bytes()).is_none()),
            "a secret is told"
        );
    }
    let read = |name: &str| fs::read_to_string(kept.join("reports").join(name)).unwrap();
    assert!(
        read("letter.txt").contains("drop.example.net") && read("incident.html").contains("<!doctype html>")
    );
    assert!(!read("respond.txt").contains("passed over"), "{}", read("respond.txt"));
    assert!(read("incident.md").contains("measured outage"), "{}", read("incident.md"));
    let again = station.drill(&["--keep", "kept"]).exits(2);
    assert!(again.stderr.contains("kept is not empty"), "{}", again.stderr);
}

#[test]
fn two_drills_have_two_keys() {
    let station = Station::new();
    let leaked = |name: &str| {
        station.drill(&["--quiet", "--keep", name]).exits(0);
        fs::read_to_string(station.path(name).join("app/proxy.py")).unwrap()
    };
    assert_ne!(leaked("one"), leaked("two"));
}

#[test]
fn a_policy_that_asks_is_asked_and_approved_by_two_people() {
    let station = Station::new();
    let policy = "# ours\n[respond]\nlive = true\nquorum = 2\nnotify = [\"ops\"]\napprovers = [\"nobody\"]\n\n[[respond.policy]]\nprovider = [\"openai\"]\nthen = \"never\"\n\n[[respond.policy]]\nexposed = [\"public\"]\nthen = \"ask\"\n";
    let run = station.by(policy).exits(0);
    let asked = ["(policy)", "(policy)", "decided", "(asked)", "(approved)", "(approved)"];
    let again = ["verified", "owned", "exposed"];
    assert_eq!(steps(&run), [&BEGINNING[..], &asked, &again, &CONTAINED, &END].concat(), "{run:?}");
    // By the lines of the operator's own file.
    for told in [
        "line 8: does not fit: provider is atlasvpn",
        "ask: line 12 of the policy",
        "by cleo: keywright incidents approve i-",
    ] {
        assert!(run.text().contains(told), "{told}: {run:?}");
    }
    station.is_as_before();
}

#[test]
fn a_policy_that_does_nothing_fails_the_drill() {
    for then in ["never", "notify"] {
        let station = Station::new();
        let policy = format!("[respond]\nlive = true\n[[respond.policy]]\nthen = \"{then}\"\n");
        let run = station.by(&policy).exits(1);
        assert_eq!(steps(&run), [&BEGINNING[..], &["(policy)", "decided", "!open"]].concat(), "{run:?}");
        let told =
            format!("the old key answers 200: {then}, by line 3 of the policy; nothing is done by itself");
        assert!(run.text().contains(&told), "{run:?}");
        station.is_as_before();
    }
}

#[test]
fn a_file_without_a_policy_and_one_that_is_not_live_ask() {
    for (policy, told) in [
        ("", "no line of the policy fits"),
        (
            "[[respond.policy]]\nexposed = [\"public\"]\nenvironment = [\"production\"]\nthen = \"auto\"\n",
            "live is not set",
        ),
        (
            "[respond]\nlive = true\nper_hour = 0\n[[respond.policy]]\nenvironment = [\"production\"]\nthen = \"auto\"\n",
            "the cap of 0 an hour is reached",
        ),
    ] {
        let station = Station::new();
        let run = station.by(policy).exits(0);
        assert!(run.text().contains("by bob: keywright incidents approve"), "{run:?}");
        assert!(run.text().contains(told), "{run:?}");
    }
}

#[test]
fn what_cannot_be_held_says_why_and_leaves_nothing() {
    let station = Station::new();
    let run = station.program().env("PATH", station.path("nowhere")).run(["drill"]).exits(2);
    assert!(
        run.stderr.contains("why: git is not there") && run.stderr.contains("fix: install git"),
        "{run:?}"
    );
    let run = station.by("[respond]\nquorum = 0\n").exits(2);
    assert!(run.stderr.contains("quorum = 0"), "{run:?}");
    station.is_as_before();
}

#[test]
fn quiet_says_nothing_where_nothing_is_wrong() {
    let station = Station::new();
    let run = station.drill(&["--quiet"]).exits(0);
    assert_eq!((run.text().as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_drill_that_somebody_stops_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let station = Station::new();
        let mut command = cleared(env!("CARGO_BIN_EXE_keywright"), &station.path("home"));
        command.arg("drill").current_dir(station.path("")).env("TMPDIR", station.path("tmp"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut drill = command.spawn().unwrap();
        let mut lines = BufReader::new(drill.stdout.take().unwrap()).lines();
        // It is in the middle of it.
        assert!(lines.any(|line| line.unwrap().contains("pushed")));
        assert!(fs::read_dir(station.path("tmp")).unwrap().next().is_some());
        let id = drill.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(drill.wait().unwrap().code(), Some(130), "{signal}");
        station.is_as_before();
    }
}
