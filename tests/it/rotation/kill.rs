//! The kill-point matrix: the real program is killed at each point it passes, in each mode, with each kind
//! of place, and resumed.
//!
//! `KEYWRIGHT_MATRIX` says how many cases are drawn; all of them are run by `./tests/run --all`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::postgres::Postgres;

use super::desk::{Desk, ENVIRONMENTS, Held, Kind, tell};

/// How a rotation is asked for.
const MODES: [(&str, &[&str]); 7] = [
    ("planned", &[]),
    ("atomic", &["--mode=atomic"]),
    ("emergency", &["--emergency", "--reason=leak:commit"]),
    // Where a secret cannot be replaced in one call, the old key ends before the new one is anywhere.
    ("contained", &["--emergency", "--reason=leak:commit"]),
    ("grace", &["--grace=24h"]),
    ("rolled back", &["--rollback"]),
    ("by hand", &["--mode=manual"]),
];
/// More points than any run passes.
const MOST: u64 = 400;

/// A case: mode, kind, the point of the first run at which it is killed, and that of the second.
#[derive(Clone, Copy, Debug)]
struct Case {
    mode: usize,
    kind: Kind,
    /// Whether the store is a Postgres server.
    server: bool,
    first: u64,
    second: u64,
}

/// What a case came to.
#[derive(Default)]
struct Tally {
    cases: u64,
    killed: u64,
    violations: Vec<String>,
}

/// By mode and kind of place.
type Tallies = BTreeMap<(usize, String), Tally>;

#[test]
fn killed_at_any_point_no_key_is_lost() {
    let wanted: usize = std::env::var("KEYWRIGHT_MATRIX").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let cases = drawn(wanted);
    let next = AtomicUsize::new(0);
    let tallies = Mutex::new(Tallies::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let (killed, violations) = run(case);
                    let mut tallies = tallies.lock().unwrap();
                    let tally = tallies.entry((case.mode, format!("{:?}", case.kind))).or_default();
                    tally.cases += 1;
                    tally.killed += killed;
                    tally.violations.extend(violations.into_iter().map(|v| format!("{case:?}: {v}")));
                    // A long run can be looked at while it goes.
                    if tallies.values().map(|t| t.cases).sum::<u64>().is_multiple_of(100) {
                        tell("kill-points", &table(&tallies));
                    }
                }
            });
        }
    });
    let tallies = tallies.into_inner().unwrap();
    tell("kill-points", &table(&tallies));
    let violations: Vec<_> = tallies.values().flat_map(|t| &t.violations).collect();
    assert!(violations.is_empty(), "{} violations, the first: {}", violations.len(), violations[0]);
    let killed: u64 = tallies.values().map(|t| t.killed).sum();
    // A first life by hand is short, and its second may be over before its point.
    assert!(killed as usize >= wanted * 4 / 5, "only {killed} kills in {wanted} cases");
}

fn table(tallies: &Tallies) -> String {
    let head = format!("{:<12} {:<10} {:>6} {:>6} {:>11}\n", "mode", "place", "cases", "kills", "violations");
    let rows = tallies.iter().map(|((mode, kind), t)| {
        let (mode, violations) = (MODES[*mode].0, t.violations.len());
        format!("{mode:<12} {kind:<10} {:>6} {:>6} {violations:>11}\n", t.cases, t.killed)
    });
    head + &rows.collect::<String>()
}

/// Draws cases that are spread over everything, the same in every run.
fn drawn(count: usize) -> Vec<Case> {
    let points = Mutex::new(BTreeMap::new());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    (0..count)
        .map(|at| {
            let mode = at % MODES.len();
            let kind = Kind::ALL[at / MODES.len() % Kind::ALL.len()];
            let mut points = points.lock().unwrap();
            let most = *points
                .entry((mode, at / MODES.len() % Kind::ALL.len()))
                .or_insert_with(|| count_points(mode, kind));
            // What a person sets going is long only once the key is there.
            let second = if MODES[mode].0 == "by hand" { 30 } else { most };
            Case { mode, kind, server: at % 11 == 9, first: 1 + random(most), second: 1 + random(second) }
        })
        .collect()
}

/// Counts the points that a rotation passes in its first run.
fn count_points(mode: usize, kind: Kind) -> u64 {
    let desk = lay_out(mode, kind);
    assert_eq!(desk.add().code, Some(0));
    let log = desk.path("points");
    begin(&desk, mode, &[("KEYWRIGHT_KILL_LOG", log.to_str().unwrap())]);
    let count = std::fs::read_to_string(&log).unwrap().lines().count() as u64;
    assert!((5..MOST).contains(&count), "{count} points");
    count
}

/// Lays a desk out for a mode.
fn lay_out(mode: usize, kind: Kind) -> Desk {
    let desk = Desk::bare(kind);
    match MODES[mode].0 {
        "grace" => desk.gracious(),
        "contained" => desk.slow(),
        _ => desk,
    }
}

/// Tells whether a mode lets no place be without a working key at any moment.
fn is_seamless(mode: usize) -> bool {
    !matches!(MODES[mode].0, "atomic" | "emergency" | "contained")
}

/// Begins a rotation; returns whether it was killed.
fn begin(desk: &Desk, mode: usize, env: &[(&str, &str)]) -> bool {
    let mut words = vec!["rotate", "proxy", "--yes", "--wait=0"];
    words.extend(MODES[mode].1.iter().filter(|w| **w != "--rollback"));
    let mut program = desk.program();
    for (name, value) in env {
        program = program.env(name, value);
    }
    program.run(words).code.is_none()
}

fn run(case: &Case) -> (u64, Vec<String>) {
    let desk = lay_out(case.mode, case.kind);
    let desk = match Some(case.server).filter(|s| *s).and_then(|_| Postgres::database()) {
        Some(database) => desk.on(database),
        None => desk,
    };
    let added = desk.add();
    assert_eq!(added.code, Some(0), "{added:?}");
    let mut violations = Vec::new();
    let mut killed = u64::from(begin(&desk, case.mode, &[("KEYWRIGHT_KILL_AT", &case.first.to_string())]));
    check_now(&desk, is_seamless(case.mode), "after the first kill", &mut violations);
    if MODES[case.mode].0 == "by hand" {
        if desk.open().is_empty() {
            begin(&desk, case.mode, &[]);
        }
        killed += by_hand(&desk, case.second, &mut violations);
        check_end(&desk, case, killed, &mut violations);
        return (killed, violations);
    }
    // The second life may be killed as well.
    if let Some((id, _)) = desk.open().first() {
        desk.pass(1000);
        let verb = if MODES[case.mode].0 == "rolled back" { "rollback" } else { "resume" };
        let run = desk.program().env("KEYWRIGHT_KILL_AT", case.second.to_string()).run([
            "rotations",
            verb,
            id,
            "--wait=0",
        ]);
        killed += u64::from(run.code.is_none());
        desk.obey(&run);
        check_now(&desk, is_seamless(case.mode), "after the second kill", &mut violations);
    } else {
        begin(&desk, case.mode, &[]);
    }
    if MODES[case.mode].0 == "rolled back"
        && let Some((id, _)) = desk.open().first()
    {
        desk.pass(1000);
        desk.obey(&desk.run(&["rotations", "rollback", id, "--wait=0"]));
    }
    desk.finish();
    check_end(&desk, case, killed, &mut violations);
    (killed, violations)
}

/// Does what a person is asked for: makes a key in the provider's pages and hands it over, as often as that
/// is asked; ends the old one when its places have the new one. The first life is killed at a point.
fn by_hand(desk: &Desk, at: u64, violations: &mut Vec<String>) -> u64 {
    let made = desk.vpn.state().mint("by hand", "developer", true);
    let new = Held(made.key_id.clone(), made.secret.clone());
    let mut killed = 0;
    for life in 0..40 {
        let open = desk.open();
        let Some((id, _)) = open.first() else { return killed };
        desk.pass(1000);
        let mut program = desk.program().input(format!("{}\n", made.secret));
        if life == 0 {
            program = program.env("KEYWRIGHT_KILL_AT", at.to_string());
        }
        let key_id = format!("--key-id={}", made.key_id);
        let run = program.run(["rotations", "resume", id, "--new-key", &key_id, "--wait=0"]);
        killed += u64::from(run.code.is_none());
        check_now(desk, true, "while a person is asked", violations);
        if run.code == Some(4) && ENVIRONMENTS.iter().all(|e| desk.held(e) == new) {
            let id = desk.old.id.clone();
            desk.vpn.state().keys.iter_mut().find(|k| k.id == id).unwrap().active = false;
        }
    }
    violations.push("it does not come to an end".into());
    killed
}

/// I3, I5: at this very moment.
fn check_now(desk: &Desk, is_seamless: bool, when: &str, violations: &mut Vec<String>) {
    for environment in ENVIRONMENTS {
        let held = desk.held(environment);
        if is_seamless && !desk.works(&held) {
            violations.push(format!("{when}, {environment} holds a key that does not work"));
        }
    }
    if !desk.vpn.state().keys.contains(&desk.bystander) {
        violations.push(format!("{when}, a key that is not ours was touched"));
    }
}

/// What must hold when nothing is left to do.
fn check_end(desk: &Desk, case: &Case, killed: u64, violations: &mut Vec<String>) {
    check_now(desk, true, "at the end", violations);
    let [staging, production] = ENVIRONMENTS.map(|e| desk.held(e));
    if staging != production {
        violations.push("the places hold different keys at the end".into());
    }
    let old = Held(desk.old.key_id.clone(), desk.old.secret.clone());
    let (active, minted) = {
        let state = desk.vpn.state();
        let ours = |k: &&_| **k != desk.bystander;
        (state.keys.iter().filter(ours).filter(|k| k.active).count(), state.keys.len())
    };
    if active != 1 {
        violations.push(format!("{active} of our keys are alive at the end, of {minted} that ever were"));
    }
    let went_back = staging == old;
    if MODES[case.mode].0 != "rolled back" && went_back {
        violations.push("the old key is still in use".into());
    }
    if !went_back && desk.works(&old) {
        violations.push("the old key still works".into());
    }
    // At most one key a life was minted in vain.
    if minted > 2 + 3 {
        violations.push(format!("{minted} keys were minted"));
    }
    // At most one replacement a life was made in vain.
    let replaced = desk.vpn.state().keys.iter().map(|k| k.former.len() as u64).max();
    if replaced > Some(1 + killed) {
        violations.push(format!("the secret was replaced {replaced:?} times"));
    }
    let leaks = desk.leaks();
    if !leaks.is_empty() {
        violations.push(format!("secrets stand in clear in {leaks:?}"));
    }
    let audit = desk.run(&["audit", "verify"]);
    if audit.code != Some(0) {
        violations.push(format!("the audit does not hold: {audit:?}"));
    }
}
