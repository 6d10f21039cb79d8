//! The loop killed at each of its points in turn, and run again: nothing is lost, nothing is done twice.

use super::town::{AUTO, Town};

#[test]
fn killed_anywhere_the_loop_ends_with_a_dead_key_and_a_working_one() {
    // How many points there are, by a run that is let through.
    let town = Town::new(AUTO);
    town.leak_key();
    let repo = town.repo.path("");
    let words = ["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"];
    let log = town.path("points");
    town.program().env("KEYWRIGHT_KILL_LOG", &log).run(words).exits(0);
    let points: Vec<String> = std::fs::read_to_string(&log).unwrap().lines().map(Into::into).collect();
    for wanted in ["incident decided", "incident dead"] {
        assert!(points.iter().any(|p| p == wanted), "{points:?}");
    }
    let step = points.len().div_ceil(16).max(1);
    for (at, name) in points.iter().enumerate().step_by(step) {
        let town = Town::new(AUTO);
        town.leak_key();
        let repo = town.repo.path("");
        let words = ["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"];
        let killed = town.program().env("KEYWRIGHT_KILL_AT", (at + 1).to_string()).run(words);
        assert_eq!(killed.code, None, "{name}: {killed:?}");
        let mut last = None;
        for _ in 0..10 {
            town.pass(5);
            let run = town.run(&["respond", "--wait=10s"]);
            let is_over = town.incidents().iter().all(|i| i["stage"] == "watching");
            last = Some(run);
            if is_over {
                break;
            }
        }
        assert!(!town.lives(), "{name}: {last:?}");
        assert!(town.serves("staging") && town.serves("production"), "{name}: {last:?}");
        assert_eq!(town.incident()["stage"], "watching", "{name}: {last:?}");
        // A roll whose answer was lost is done again: nobody else ever has the secret of the first.
        let rolls = town.changes().iter().filter(|c| c.contains("rotate")).count();
        assert!(rolls <= 2, "{name}: {:?}", town.changes());
        town.keeps_no_secret(&[]);
    }
}
