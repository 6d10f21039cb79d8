//! Leaks of other kinds: a token that can only be ended, a key of OpenAI, a key that a person makes, and what
//! other scanners report.

use serde_json::{Value, json};

use super::town::{AUTO, Town};
use crate::support::apiverve::ApiVerve;
use crate::support::github_tokens;
use crate::support::openai::{ADMIN, OpenAi, PROJECT};

const ALL: &str = "[[respond.policy]]\nexposed = [\"public\"]\nliveness = [\"alive\"]\nownership = [\"ours\"]\nthen = \"auto\"\n";

#[test]
fn a_token_that_can_only_be_ended_is_ended_if_it_is_ours_and_told_if_it_is_not() {
    let double = github_tokens::start();
    let ours = double.state().add("ghp_{base62:30}{github-crc32}", Some("acme-bot"));
    let other = double.state().add("ghp_{base62:30}{github-crc32}", Some("somebody"));
    let town = Town::new(ALL);
    town.settings(&format!(
        "[providers.github]\napi = \"http://{}\"\nowners = [\"acme-bot\"]\n",
        double.place()
    ));
    town.allow(double.place());
    town.leak("a.txt", &format!("token = {ours}\n"));
    town.leak("b.txt", &format!("token = {other}\n"));
    let run = town.respond();
    assert!(run.text().contains("GitHub says it is somebody's"), "{run:?}");
    // One question says whether a token works and whose it is; a stranger's is asked about no more.
    let asked = double.whole_calls();
    let about = |token: &str| {
        let is_about = |h: &(String, String)| h.0 == "authorization" && h.1.ends_with(token);
        asked.iter().filter(|c| c.path == "/user" && c.headers.iter().any(is_about)).count()
    };
    assert_eq!(about(&other), 1);
    // Before it is ended it is asked whose it is once more, and then whether it is dead.
    assert_eq!(about(&ours), 3);
    let state = double.state().tokens.clone();
    assert!(!state.contains_key(&ours) && state.contains_key(&other), "{run:?}");
    let stages: Vec<_> = town.incidents().iter().map(|i| i["stage"].as_str().unwrap().to_owned()).collect();
    assert!(stages.contains(&"watching".into()) && stages.contains(&"open".into()), "{stages:?}");
    assert!(!format!("{run:?}").contains(&ours), "a secret is told");
}

#[test]
fn a_leaked_openai_key_is_known_by_the_place_that_holds_it_and_replaced() {
    let double = OpenAi::start();
    let old = double.state().keys[0].clone();
    let town = Town::new(&AUTO.replace("\"staging\", ", ""));
    town.settings(&format!(
        "[providers.openai]\napi = \"http://{}\"\nproject = \"{PROJECT}\"\n",
        double.place()
    ));
    town.allow(double.place());
    let file = town.path("openai.env");
    std::fs::write(&file, format!("OPENAI_API_KEY={}\n", old.secret)).unwrap();
    let id = format!("--key-id={}", old.id);
    let place = format!("--destination=production=dotenv:{}#OPENAI_API_KEY", file.display());
    let run = |words: &[&str]| town.program().env("OPENAI_ADMIN_KEY", ADMIN).run(words);
    run(&["keys", "add", "ai", "--provider=openai", &id, "--owner=ann", &place]).exits(0);
    town.leak("chat.py", &format!("client = OpenAI(api_key=\"{}\")\n", old.secret));
    let repo = town.repo.path("");
    let done = run(&["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"]);
    assert!(done.text().contains("a place of ai holds this very secret"), "{done:?}");
    assert!(double.state().keys.iter().all(|k| k.id != old.id), "{done:?}");
    let new = double.state().keys.last().unwrap().secret.clone();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("OPENAI_API_KEY={new}\n"));
    assert_eq!(town.incident()["stage"], "watching", "{done:?}");
    assert!(town.incident()["outage"].is_i64());
    for secret in double.secrets() {
        assert!(!format!("{done:?}").contains(&secret), "a secret is told");
    }
}

#[test]
fn a_leaked_key_that_a_person_makes_waits_for_that_and_does_the_rest() {
    let double = ApiVerve::start();
    let old = double.state().primary.clone();
    let town = Town::new(&AUTO.replace("\"staging\", ", ""));
    town.settings(&format!("[providers.apiverve]\napi = \"http://{}\"\n", double.place()));
    town.allow(double.place());
    let file = town.path("verve.env");
    std::fs::write(&file, format!("APIVERVE_API_KEY={old}\n")).unwrap();
    let place = format!("--destination=production=dotenv:{}#APIVERVE_API_KEY", file.display());
    town.run(&["keys", "add", "verve", "--provider=apiverve", "--key-id=primary", "--owner=ann", &place])
        .exits(0);
    town.leak("config.js", &format!("const apiverve_key = \"{old}\";\n"));
    let asked = town.respond().exits(4);
    assert!(asked.text().contains("Click Rotate Key"), "{asked:?}");
    let incident = town.incident();
    assert_eq!(incident["stage"], "answering", "{asked:?}");
    let new = double.state().rotate();
    let rotation = incident["rotation"].as_str().unwrap();
    let words = ["rotations", "resume", rotation, "--new-key", "--wait=0"];
    town.program().input(format!("{new}\n")).run(words).exits(0);
    town.run(&["respond", "--wait=10s"]).exits(0);
    assert_eq!(town.incident()["stage"], "watching");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("APIVERVE_API_KEY={new}\n"));
}

#[test]
fn another_scanners_report_is_a_place_to_look_at_and_nothing_else() {
    let town = Town::new(AUTO);
    town.leak_key();
    let commit = town.repo.id("HEAD");
    let made_up = "1".repeat(40);
    let entry = |commit: &str, file: &str| -> Value {
        json!({
            "Description": "x", "StartLine": 1, "EndLine": 1, "StartColumn": 1, "EndColumn": 9,
            "Match": "forged", "Secret": "forged", "File": file, "SymlinkFile": "", "Commit": commit,
            "Entropy": 1, "Author": "", "Email": "", "Date": "", "Message": "", "Tags": [],
            "RuleID": "atlasvpn", "Fingerprint": format!("{commit}:{file}:atlasvpn:1"),
        })
    };
    let report = json!([
        entry(&commit, "proxy.py"),
        entry(&made_up, "proxy.py"),
        entry(&commit, "../../etc/passwd"),
        entry(&commit, "README"),
    ]);
    let file = town.path("gitleaks.json");
    std::fs::write(&file, report.to_string()).unwrap();
    let repo = town.repo.path("");
    let words = ["respond", file.to_str().unwrap(), "--repository", repo.to_str().unwrap(), "--wait=10s"];
    let run = town.run(&words).exits(0);
    assert!(run.stderr.contains("1 not here, 1 entries not understood; 1 incidents"), "{run:?}");
    assert!(!town.lives() && town.serves("production"), "{run:?}");
    std::fs::write(&file, "[]").unwrap();
    town.run(&["respond", town.path("nothing.json").to_str().unwrap()]).exits(2);
}

#[test]
fn a_message_that_a_report_points_at_is_told_by_its_own_lines() {
    let town = Town::new(AUTO);
    let url = town.url(&town.old.key_id, &town.old.secret);
    town.repo.write("a.py", "x = 1\n").stage("a.py").commit(&format!("add a\n\n{url}"));
    let commit = town.repo.id("HEAD");
    let repo = town.repo.path("");
    let repo = repo.to_str().unwrap();
    let report = json!([{
        "Description": "x", "StartLine": 3, "EndLine": 3, "StartColumn": 1, "EndColumn": 9, "Match": "", "Secret": "",
        "File": "", "SymlinkFile": "", "Commit": commit, "Entropy": 1, "Author": "", "Email": "", "Date": "",
        "Message": "", "Tags": [], "RuleID": "atlasvpn", "Fingerprint": "x",
    }]);
    let file = town.path("gitleaks.json");
    std::fs::write(&file, report.to_string()).unwrap();
    town.run(&["respond", file.to_str().unwrap(), "--repository", repo, "--explain"]).exits(1);
    let places = || {
        let id = town.incident()["id"].as_str().unwrap().to_owned();
        let shown = town.run(&["incidents", "show", &id, "--format=json"]).exits(0).json();
        let places = shown["places"].as_array().unwrap().clone();
        places.iter().map(|p| (p["place"].clone(), p["line"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(places(), [("commit-message".into(), 3.into())]);
    // A scan sees the same place, and no other.
    town.run(&["scan", repo, "--record"]);
    assert_eq!(places(), [("commit-message".into(), 3.into())]);
}

#[test]
fn a_secret_by_a_rule_of_the_operators_own_is_read_again() {
    let town = Town::new("");
    let config = std::fs::read_to_string(town.path("keywright.toml")).unwrap();
    let rule = "\n[[rules]]\nid = \"acme-token\"\ndescription = \"a token of acme\"\nregex = 'acme_[0-9a-f]{40}'\nkeywords = [\"acme_\"]\nseverity = \"high\"\nconfidence = \"high\"\n";
    std::fs::write(town.path("keywright.toml"), config + rule).unwrap();
    let secret = format!("acme_{}", "0123456789abcdef".repeat(3)[..40].chars().rev().collect::<String>());
    town.leak("a.env", &format!("TOKEN={secret}\n"));
    let run = town.respond();
    assert_eq!(town.incident()["rule"], "acme-token", "{run:?}");
    assert!(run.text().contains("its rule is not the program's"), "{run:?}");
    let id = town.incident()["id"].as_str().unwrap().to_owned();
    // Its bytes are known again, so that what is left of them can be looked for and taken out.
    let script = town.path("take-out.py");
    town.run(&["incidents", "clean", &id, "--script", script.to_str().unwrap()]).exits(1);
    assert!(script.exists() && !std::fs::read_to_string(&script).unwrap().contains(&secret));
}

#[test]
fn a_look_after_cleaning_says_what_went_away_since_the_look_before() {
    let town = Town::new("");
    town.leak_key();
    town.repo.git(["branch", "side"]);
    town.repo.git(["branch", &format!("fix/{}", town.old.secret)]);
    town.respond();
    let id = town.incident()["id"].as_str().unwrap().to_owned();
    let first = town.run(&["incidents", "clean", &id]).exits(1);
    assert!(first.text().contains("refs/heads/side") && !first.text().contains("since"), "{first:?}");
    assert!(first.text().contains("refs/heads/fix/****"), "{first:?}");
    town.repo.git(["branch", "-D", "side"]);
    town.repo.git(["tag", "later"]);
    let second = town.run(&["incidents", "clean", &id]).exits(1);
    let text = second.text();
    assert!(text.contains(": 1 gone, ") && text.contains("    gone  refs/heads/side"), "{second:?}");
    assert!(text.contains(", 1 new") && text.contains("    new  refs/tags/later"), "{second:?}");
    // A report looks as well, and takes nothing from the next look.
    town.repo.git(["tag", "-d", "later"]);
    town.run(&["incidents", "report", &id]).exits(0);
    let third = town.run(&["incidents", "clean", &id]).exits(1);
    assert!(third.text().contains("    gone  refs/tags/later"), "{third:?}");
    town.keeps_no_secret(&[&first, &second, &third]);
}

#[test]
fn its_use_while_it_was_public_is_reviewed_and_a_letter_written() {
    // R22, R23
    let town = Town::new(AUTO);
    let now = jiff::Timestamp::now();
    let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    let event = |id: &str, hours: i64, host: &str| {
        json!({ "id": id, "targetHost": host, "method": "CONNECT", "statusCode": 200, "bytesSent": 100,
            "bytesReceived": 10, "createdAt": at(hours) })
    };
    let mut events: Vec<Value> =
        (0..40).map(|n| event(&format!("b{n}"), -200 - n, "api.example.com")).collect();
    // The town's clock is two hours ahead, and the key is committed now.
    events.push(event("e-evil", 1, "evil.example"));
    town.vpn.state().events = events;
    town.vpn.state().events_at = Some("usage");
    town.vpn.state().page = 500;
    town.leak_key();
    let run = town.respond().exits(0);
    assert!(run.text().contains("a letter about abuse is ready"), "{run:?}");
    let incident = town.incident();
    let letter = incident["review"]["letter"].as_str().unwrap();
    for words in ["security@atlasvpn.live", "evil.example", "e-evil", &town.old.key_id] {
        assert!(letter.contains(words), "{words}: {letter}");
    }
    let id = incident["id"].as_str().unwrap();
    let pages: Vec<_> = ["md", "json", "html"]
        .map(|format| town.run(&["incidents", "report", id, "--format", format]).exits(0))
        .into();
    for page in &pages {
        assert!(page.text().contains("evil.example"), "{page:?}");
    }
    let left = town.run(&["incidents", "clean", id]).exits(1);
    assert!(left.text().contains("refs/heads/main"), "{left:?}");
    let mut runs: Vec<_> = pages.iter().collect();
    runs.extend([&run, &left]);
    town.keeps_no_secret(&runs);
}

#[test]
fn production_is_approved_by_signatures_of_as_many_people_as_are_asked_for() {
    let town = Town::new("");
    let mut lines = Vec::new();
    for who in ["alice", "bob"] {
        let key = town.path(who);
        let made = std::process::Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", who, "-f", key.to_str().unwrap()])
            .status();
        assert!(made.unwrap().success());
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        lines.push(format!("\"{who} {}\"", public.trim()));
    }
    town.policy(&format!("quorum = 2\napprovers = [{}]\n", lines.join(", ")));
    town.leak_key();
    town.respond().exits(4);
    let incident = town.incident();
    let (id, hash) = (incident["id"].as_str().unwrap(), incident["plan_hash"].as_str().unwrap());
    let plain = town.run(&["incidents", "approve", id, "--plan", hash]).exits(2);
    assert!(plain.stderr.contains("by a signature"), "{plain:?}");
    for (who, code) in [("alice", 4), ("bob", 0)] {
        let text = town.run(&["incidents", "approve", id, "--plan", hash, "--text"]).exits(0);
        let file = town.path(&format!("{who}.txt"));
        std::fs::write(&file, &text.stdout).unwrap();
        let signed = std::process::Command::new("ssh-keygen")
            .args(["-q", "-Y", "sign", "-n", "keywright", "-f"])
            .arg(town.path(who))
            .arg(&file)
            .status();
        assert!(signed.unwrap().success());
        let file = file.to_str().unwrap();
        town.run(&["incidents", "approve", id, "--plan", hash, "--signed", file]).exits(0);
        town.run(&["respond", id, "--wait=10s"]).exits(code);
    }
    assert!(!town.lives() && town.serves("production"));
}
