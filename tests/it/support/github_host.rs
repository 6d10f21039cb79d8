//! A double of GitHub's repositories, alerts, pull requests, comments and pushes, written from its REST interface's pages, with
//! what prism cannot show: pages, limits, a state. What it does not show: docs/doubles.md.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::double::Call;
use super::loopback::{Asked, serve_with};

/// What signs a call in.
pub(crate) const TOKEN: &str = "github-token-that-nobody-may-see";
/// What an alert is about; asked rightly, it is told nowhere.
pub(crate) const FOUND: &str = "leaked-secret-that-nobody-may-see";

/// What is answered instead: status, headers with their line ends.
pub(crate) type Instead = (u16, &'static str);

#[derive(Default)]
pub(crate) struct State {
    /// By `owner/name`: private, and the word for who may read it.
    pub(crate) repositories: BTreeMap<String, (bool, &'static str)>,
    /// State and resolution, by number.
    pub(crate) alerts: BTreeMap<u64, (String, Value, Value)>,
    /// The object that an alert is about, by number; `b1` where none is said.
    pub(crate) blobs: BTreeMap<u64, String>,
    pub(crate) comments: BTreeMap<u64, String>,
    /// Who wrote one, if it was not the token's account.
    pub(crate) authors: BTreeMap<u64, &'static str>,
    /// The account of an app's token, which may not ask who it is; `None`: it is `keywright[bot]`, and may.
    pub(crate) app: Option<&'static str>,
    /// Pull requests: number, state, head, base.
    pub(crate) pulls: Vec<(u64, &'static str, String, String)>,
    /// What was pushed, and when.
    pub(crate) pushes: Vec<(String, &'static str)>,
    /// Where the next page is said to be, if not where it is.
    pub(crate) next: Option<String>,
    pub(crate) instead: VecDeque<Instead>,
    /// The next comment is written, and the answer says that something is out of order.
    pub(crate) is_lost: bool,
    pub(crate) log: Vec<Call>,
}

/// A running one.
pub(crate) struct GithubHost {
    place: String,
    state: Arc<Mutex<State>>,
}

impl GithubHost {
    pub(crate) fn start(state: State) -> Self {
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let place = serve_with(move |asked| answer(&mut shared.lock().unwrap(), asked));
        Self { place, state }
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Returns the calls since the last asking: `GET /path?query`.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.state().log);
        calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect()
    }
}

fn answer(state: &mut State, asked: &Asked) -> (u16, String, Value) {
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    state.log.push(Call {
        method: asked.method.clone(),
        path: format!("{}{query}", asked.path),
        headers: asked.headers.clone(),
        body: asked.body.clone(),
    });
    // With what was sent in it, as it must not come to light.
    let refused = |status: u16| {
        (
            status,
            String::new(),
            json!({ "message": format!("{} {}", asked.header("authorization"), asked.body) }),
        )
    };
    if let Some((status, headers)) = state.instead.pop_front() {
        let (_, _, body) = refused(status);
        return (status, headers.into(), body);
    }
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        return refused(401);
    }
    let is_said = asked.header("x-github-api-version") == "2022-11-28"
        && asked.header("accept") == "application/vnd.github+json"
        && asked.header("user-agent").starts_with("keywright/");
    let parts: Vec<&str> = asked.path.split('/').skip(1).collect();
    let told = |value: Value| (200, String::new(), value);
    match (asked.method.as_str(), &parts[..]) {
        _ if !is_said => refused(400),
        ("GET", ["orgs", "acme", "repos"]) => {
            let all = state.repositories.iter().map(|(name, who)| repository(name, *who)).collect();
            page(state, asked, all)
        }
        ("GET", ["repos", owner, name]) => {
            let name = format!("{owner}/{name}");
            state.repositories.get(&name).map_or_else(|| refused(404), |who| told(repository(&name, *who)))
        }
        ("GET", ["repos", _, _, "secret-scanning", "alerts"]) => {
            let is_hidden = asked.parameter("hide_secret") == Some("true");
            let all = state.alerts.keys().map(|n| alert(state, *n, is_hidden)).collect();
            page(state, asked, all)
        }
        ("GET", ["repos", _, _, "secret-scanning", "alerts", number, "locations"]) => {
            let blob = number.parse().ok().and_then(|n: u64| state.blobs.get(&n).cloned());
            let blob = blob.unwrap_or_else(|| "b1".into());
            let details = json!({ "path": "a/.env", "start_line": 3, "blob_sha": blob, "commit_sha": "c1" });
            told(json!([{ "type": "commit", "details": details }]))
        }
        ("PATCH", ["repos", _, _, "secret-scanning", "alerts", number]) => {
            let number = number.parse().unwrap();
            let said = |field: &str| asked.body[field].clone();
            let word = said("state").as_str().unwrap_or_default().to_owned();
            match state.alerts.get_mut(&number) {
                Some(_) if word == "resolved" && said("resolution").is_null() => refused(422),
                Some(it) => {
                    *it = (word, said("resolution"), said("resolution_comment"));
                    told(alert(state, number, false))
                }
                None => refused(404),
            }
        }
        ("GET", ["repos", _, _, "issues", "7", "comments"]) => {
            let all = state.comments.keys().map(|number| comment(state, *number)).collect();
            page(state, asked, all)
        }
        ("POST", ["repos", _, _, "issues", "7", "comments"]) => {
            let number = 900 + state.comments.len() as u64;
            state.comments.insert(number, asked.body["body"].as_str().unwrap().into());
            if std::mem::take(&mut state.is_lost) {
                return refused(502);
            }
            (201, String::new(), comment(state, number))
        }
        ("PATCH", ["repos", _, _, "issues", "comments", number]) => {
            match state.comments.get_mut(&number.parse().unwrap()) {
                Some(text) => {
                    *text = asked.body["body"].as_str().unwrap().into();
                    told(json!({}))
                }
                None => refused(404),
            }
        }
        ("DELETE", ["repos", _, _, "issues", "comments", number]) => {
            match state.comments.remove(&number.parse().unwrap()) {
                Some(_) => (204, String::new(), Value::Null),
                None => refused(404),
            }
        }
        ("GET", ["repos", _, _, "pulls"]) => {
            let word = asked.parameter("state").unwrap_or("open");
            let side = |sha: &str| json!({ "sha": sha, "ref": "topic", "label": "acme:topic" });
            let one = |(number, state, head, base): &(u64, &str, String, String)| json!({ "number": number, "state": state, "head": side(head), "base": side(base) });
            let all = state.pulls.iter().filter(|pull| word == "all" || pull.1 == word).map(one).collect();
            page(state, asked, all)
        }
        ("GET", ["user"]) if state.app.is_some() => refused(403),
        ("GET", ["user"]) => told(json!({ "login": "keywright[bot]", "id": 1, "type": "Bot" })),
        ("GET", ["repos", _, _, "activity"]) => {
            let one = |(after, at): &(String, &str)| {
                json!({ "before": "0", "after": after, "ref": "refs/heads/main", "timestamp": at,
                        "activity_type": "push", "actor": { "login": "octocat" } })
            };
            let all = state.pushes.iter().map(one).collect();
            page(state, asked, all)
        }
        _ => refused(404),
    }
}

/// One page of a list, with where the next one is.
fn page(state: &State, asked: &Asked, all: Vec<Value>) -> (u16, String, Value) {
    let number = |name: &str, or: usize| asked.parameter(name).and_then(|n| n.parse().ok()).unwrap_or(or);
    let (size, at) = (number("per_page", 30), number("page", 1));
    let rest: Vec<Value> = all.into_iter().skip((at - 1) * size).collect();
    let host = asked.header("host");
    let mut headers = String::new();
    if rest.len() > size {
        let others = asked.query.split('&').filter(|p| !p.starts_with("page=")).collect::<Vec<_>>().join("&");
        let next = format!("http://{host}{}?{others}&page={}", asked.path, at + 1);
        let next = state.next.clone().unwrap_or(next);
        headers = format!("Link: <{next}>; rel=\"next\"\r\n");
    }
    (200, headers, rest.into_iter().take(size).collect())
}

fn repository(name: &str, (private, word): (bool, &str)) -> Value {
    json!({ "id": 1, "full_name": name, "name": name.split('/').nth(1), "private": private, "visibility": word,
            "archived": false, "fork": false, "size": 12, "pushed_at": "2026-04-25T14:00:00Z" })
}

fn alert(state: &State, number: u64, is_hidden: bool) -> Value {
    let (word, resolution, comment) = &state.alerts[&number];
    let mut told = json!({ "number": number, "state": word, "resolution": resolution, "resolution_comment": comment,
        "secret_type": "some_api_key", "created_at": "2026-04-25T14:00:00Z", "publicly_leaked": true });
    if !is_hidden {
        told["secret"] = FOUND.into();
    }
    told
}

fn comment(state: &State, number: u64) -> Value {
    let ours = state.app.unwrap_or("keywright[bot]");
    let login = state.authors.get(&number).unwrap_or(&ours);
    json!({ "id": number, "body": state.comments[&number], "user": { "login": login } })
}
