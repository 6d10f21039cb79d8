//! The lost-reply matrix: the answer of each call is lost in turn, in each way in which answers get lost.

use super::desk::{Desk, ENVIRONMENTS, Held, Kind, tell};
use crate::support::atlasvpn::Fault;

/// The ways: done and no answer, done and half an answer, not done and no answer, done and an answer that
/// says that something broke.
fn faults() -> [(&'static str, Fault); 4] {
    [
        ("drop", Fault::DropReply),
        ("half", Fault::HalfReply),
        ("hangup", Fault::Hangup),
        ("500", Fault::DoneBut(500, "Internal Server Error")),
    ]
}

#[test]
fn whatever_answer_is_lost_no_key_is() {
    let modes: [(&str, &[&str], &[&str]); 3] = [
        ("planned", &[], &["sign-in", "list", "mint", "connect", "delete"]),
        ("atomic", &["--mode=atomic"], &["sign-in", "list", "rotate", "connect"]),
        ("emergency", &["--emergency"], &["sign-in", "list", "rotate", "connect"]),
    ];
    let mut table = format!(
        "{:<10} {:<8} {:<7} {:<6} {:>11}
",
        "mode", "call", "answer", "life", "violations"
    );
    let mut wrong = Vec::new();
    for (mode, flags, calls) in modes {
        for call in calls {
            for (way, fault) in faults() {
                for life in [1, 2] {
                    // Nothing of these is called in the first life, or in the second.
                    if (life == 1 && *call == "delete") || (life == 2 && matches!(*call, "mint" | "rotate")) {
                        continue;
                    }
                    let violations = run(flags, call, &fault, life);
                    let count = violations.len();
                    table += &format!(
                        "{mode:<10} {call:<8} {way:<7} {life:<6} {count:>11}
"
                    );
                    wrong.extend(violations.into_iter().map(|v| format!("{mode} {call} {way} {life}: {v}")));
                }
            }
        }
    }
    tell("lost-replies", &table);
    assert!(wrong.is_empty(), "{} violations: {wrong:#?}", wrong.len());
}

fn run(flags: &[&str], call: &'static str, fault: &Fault, life: u32) -> Vec<String> {
    let desk = Desk::new(Kind::Dotenv);
    let mut wrong = Vec::new();
    let words: Vec<_> = ["rotate", "proxy", "--yes", "--wait=0"].iter().chain(flags).copied().collect();
    if life == 1 {
        desk.vpn.fault(call, fault.clone());
    }
    let first = desk.run(&words);
    if life == 2 {
        desk.vpn.fault(call, fault.clone());
    }
    // What went wrong before anything was begun is told, and begun anew.
    if first.code == Some(2) {
        let again = desk.run(&words);
        if !matches!(again.code, Some(0 | 5)) {
            wrong.push(format!("the second try ended so: {again:?}"));
        }
    }
    let last = desk.finish();
    let [staging, production] = ENVIRONMENTS.map(|e| desk.held(e));
    if staging != production || !desk.works(&staging) {
        wrong.push(format!("the places hold {staging:?} and {production:?}: {last:?}"));
    }
    let old = Held(desk.old.key_id.clone(), desk.old.secret.clone());
    if desk.works(&old) {
        wrong.push("the old key works".into());
    }
    let state = desk.vpn.state();
    let active: Vec<_> = state.keys.iter().filter(|k| k.active && k.id != desk.bystander.id).collect();
    if active.len() != 1 {
        wrong.push(format!(
            "{} of our keys are alive: {:?}",
            active.len(),
            active.iter().map(|k| &k.label).collect::<Vec<_>>()
        ));
    }
    if !state.keys.contains(&desk.bystander) {
        wrong.push("a key that is not ours was touched".into());
    }
    wrong
}
