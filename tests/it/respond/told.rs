//! People are told from inside the loop: by a real mail server and by a signed webhook; what cannot be told now is
//! kept, and told by a later run.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::town::{AUTO, Town};
use crate::support::loopback::serve_with;
use crate::support::mail::{MailServer, is_signed};
use crate::support::program::{Program, Run};

/// A call as it came: headers, body.
type Came = (Vec<(String, String)>, Vec<u8>);

/// Takes webhooks, while it is open.
struct Hook {
    place: String,
    came: Arc<Mutex<Vec<Came>>>,
    status: Arc<Mutex<u16>>,
}

impl Hook {
    fn start() -> Self {
        let (came, status) = (Arc::<Mutex<Vec<Came>>>::default(), Arc::new(Mutex::new(204)));
        let (log, says) = (came.clone(), status.clone());
        let place = serve_with(move |asked| {
            let status = *says.lock().unwrap();
            if status == 204 {
                log.lock().unwrap().push((asked.headers.clone(), asked.raw.clone()));
            }
            (status, String::new(), Value::Null)
        });
        Self { place, came, status }
    }

    fn says(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// Returns what came since the last asking.
    fn calls(&self) -> Vec<Came> {
        std::mem::take(&mut *self.came.lock().unwrap())
    }

    /// Returns the news that came since the last asking: `webhook-id` and title.
    fn news(&self) -> Vec<(String, String)> {
        let of = |(headers, body): Came| {
            let id = headers.iter().find(|(n, _)| n == "webhook-id").map(|(_, v)| v.clone()).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            (id, body["data"]["title"].as_str().unwrap().to_owned())
        };
        self.calls().into_iter().map(of).collect()
    }
}

fn secret() -> String {
    format!("whsec_{}", BASE64.encode(&[7; 32]))
}

/// A town that tells a hook.
fn town(hook: &Hook, policy: &str) -> Town {
    let town = Town::new(&format!("notify = [\"pager\"]\n{policy}"));
    town.settings(&format!(
        "[notify.pager]\nkind = \"webhook\"\nurl = \"http://{}/hooks/keys\"\nsecret = \"env:HOOK_SECRET\"\n",
        hook.place
    ));
    town.allow(&hook.place);
    town
}

fn program(town: &Town) -> Program {
    town.program().env("HOOK_SECRET", secret())
}

fn respond(town: &Town) -> Run {
    let repo = town.repo.path("");
    program(town).run(["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"])
}

#[test]
fn the_loop_tells_a_webhook_that_its_receiver_can_verify() {
    let hook = Hook::start();
    let town = town(&hook, AUTO);
    // Somebody named the file after the key.
    let text = town.url(&town.old.key_id, &town.old.secret);
    town.leak(&format!("{}/proxy.py", town.old.secret), &text);
    let run = respond(&town).exits(0);
    let came = hook.calls();
    assert_eq!(came.len(), 1, "{run:?}");
    let (headers, body) = &came[0];
    let told: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(told["data"]["title"], "Contained: atlasvpn-proxy-credential", "{told}");
    let place = told["data"]["facts"].as_array().unwrap().iter().find(|f| f["name"] == "first place");
    assert!(place.unwrap()["value"].as_str().unwrap().ends_with("/proxy.py:1"), "{told}");
    assert!(memchr::memmem::find(body, town.old.secret.as_bytes()).is_none(), "a secret is told");
    let id = town.incident()["id"].as_str().unwrap().to_owned();
    let shown = town.run(&["incidents", "show", &id]).exits(0);
    assert!(shown.text().contains("  told       pager, "), "{shown:?}");
    town.keeps_no_secret(&[&run, &shown]);
    if let Some(is_ours) = is_signed(headers, body, &secret()) {
        assert!(is_ours);
    }
    // Nobody is told twice.
    program(&town).run(["respond"]).exits(0);
    assert!(hook.calls().is_empty());
}

#[test]
fn what_could_not_be_told_is_told_by_a_later_run() {
    let hook = Hook::start();
    let town = town(&hook, "");
    hook.says(503);
    town.leak_key();
    let run = respond(&town).exits(4);
    assert!(run.stderr.contains("pager could not be told"), "{run:?}");
    let id = town.incident()["id"].as_str().unwrap().to_owned();
    let shown = town.run(&["incidents", "show", &id]).exits(0);
    assert!(shown.text().contains("not told   pager: A leaked secret needs a decision"), "{shown:?}");
    assert!(shown.text().contains("1 tries ("), "{shown:?}");
    let json = town.run(&["incidents", "show", &id, "--format=json"]).exits(0).json();
    assert_eq!((&json["notices"][0]["tries"], &json["notices"][0]["sent"]), (&json!(1), &Value::Null));
    // It is not time yet, and then it is; nothing else is to be done.
    hook.says(204);
    program(&town).run(["respond"]).exits(0);
    assert!(hook.calls().is_empty());
    town.pass(60);
    // `rotations resume` sends it as well.
    program(&town).run(["rotations", "resume", "--all"]).exits(0);
    let news = hook.news();
    assert_eq!(news.len(), 1, "{news:?}");
    assert!(news[0].1.starts_with("A leaked secret needs a decision"), "{news:?}");
    let shown = town.run(&["incidents", "show", &id]).exits(0);
    assert!(shown.text().contains("  told       pager, "), "{shown:?}");
}

#[test]
fn a_way_that_is_dead_for_hours_holds_up_no_answer_and_is_told() {
    let hook = Hook::start();
    let town = town(&hook, AUTO);
    hook.says(410);
    town.leak_key();
    respond(&town).exits(0);
    assert!(!town.lives() && town.serves("production"));
    town.pass(2 * 3600);
    let run = program(&town).run(["respond"]).exits(0);
    assert!(run.stderr.contains("pager takes no news: 1 wait"), "{run:?}");
}

#[test]
fn explain_tells_nobody() {
    let hook = Hook::start();
    let town = town(&hook, AUTO);
    town.leak_key();
    let repo = town.repo.path("");
    program(&town).run(["respond", "--scan", repo.to_str().unwrap(), "--explain"]);
    assert!(hook.calls().is_empty());
}

#[test]
fn killed_around_a_notice_it_is_told_all_the_same() {
    for (at, times) in [("notice noted", 1), ("notice taken", 1), ("notice sent", 2)] {
        let hook = Hook::start();
        let town = town(&hook, AUTO);
        town.leak_key();
        let repo = town.repo.path("");
        let words = ["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"];
        let killed = program(&town).env("KEYWRIGHT_KILL_AT", at).run(words);
        assert_eq!(killed.code, None, "{at}: {killed:?}");
        for _ in 0..3 {
            town.pass(600);
            program(&town).run(["respond", "--wait=10s"]).exits(0);
        }
        assert_eq!(town.incident()["stage"], "watching", "{at}");
        let news = hook.news();
        let contained: Vec<_> = news.iter().filter(|(_, title)| title.starts_with("Contained")).collect();
        assert_eq!(contained.len(), times, "{at}: {news:?}");
        let ids: BTreeSet<_> = contained.iter().map(|(id, _)| id).collect();
        assert_eq!(ids.len(), 1, "{at}: the same news has the same name");
    }
}

#[test]
fn the_letter_about_abuse_is_mailed_to_the_provider_where_the_policy_says_so() {
    // R23
    let room = tempfile::tempdir().unwrap();
    for letter in ["send", "keep"] {
        let Some(mut server) = MailServer::start("none", "", "", room.path()) else { return };
        let town = Town::new(&format!("letter = \"{letter}\"\nnotify = [\"ops\"]\n{AUTO}"));
        let place = format!("127.0.0.1:{}", server.port);
        town.settings(&format!(
            "[notify.ops]\nkind = \"mail\"\nserver = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Keys <keys@example.com>\"\nto = [\"ops@example.com\"]\n",
            server.port
        ));
        town.allow(&place);
        let at = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)).to_string();
        town.vpn.state().events = vec![json!({
            "id": "e-evil", "targetHost": "evil.example", "method": "CONNECT", "statusCode": 200,
            "bytesSent": 100, "bytesReceived": 10, "createdAt": at,
        })];
        town.vpn.state().events_at = Some("usage");
        town.vpn.state().page = 500;
        town.leak_key();
        let run = town.respond().exits(0);
        assert!(run.text().contains("a letter about abuse is ready"), "{run:?}");
        let mut came = vec![server.next()];
        if letter == "send" {
            came.push(server.next());
        }
        assert_eq!(server.rest(), "", "nothing else came");
        let to = |who: &str| came.iter().find(|m| m["to"] == json!([who]));
        let ops = to("ops@example.com").expect("the operator is told");
        assert!(ops["mail"].as_str().unwrap().contains("Contained:"), "{ops}");
        let sent = to("security@atlasvpn.live");
        assert_eq!(sent.is_some(), letter == "send", "{came:?}");
        if let Some(sent) = sent {
            for words in ["evil.example", "e-evil", &town.old.key_id, "Abuse of a leaked key"] {
                assert!(sent["mail"].as_str().unwrap().contains(words), "{words}: {sent}");
            }
        }
        for mail in &came {
            assert!(!mail.to_string().contains(&town.old.secret), "a secret is told");
        }
        town.keeps_no_secret(&[&run]);
    }
}
