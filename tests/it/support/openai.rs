//! A double of OpenAI's interface for an organisation's keys, written from its own description of it. What it
//! does not show: docs/doubles.md.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::filled;
use super::loopback::{Asked, Told, serve};

/// The admin key.
pub(crate) const ADMIN: &str = "admin-key-that-nobody-may-see";
/// The project.
pub(crate) const PROJECT: &str = "proj_abc";

/// A key as it stands there.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    /// The service account's id and name; `None` for a person's.
    pub(crate) account: Option<(String, String)>,
    /// Seconds since 1970.
    pub(crate) last_used: Option<i64>,
}

/// Everything the double knows; tests read it and change it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) keys: Vec<Key>,
    /// Every secret that ever was.
    secrets: Vec<String>,
    /// Every call that came: `POST /organization/…`.
    pub(crate) log: Vec<String>,
    /// The same, to be sent again elsewhere: method, path with query, body.
    pub(crate) sent: Vec<(String, String, Value)>,
    /// What `GET /models` is answered, instead of what is true.
    pub(crate) says: Option<Told>,
    /// Whether the list never ends.
    pub(crate) is_endless: bool,
    made: u64,
}

/// The running double.
pub(crate) struct OpenAi {
    place: String,
    state: Arc<Mutex<State>>,
}

impl OpenAi {
    /// Starts it with one service account, `bot`, and its key.
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        state.lock().unwrap().add(Some("bot"));
        let shared = state.clone();
        let place = serve(move |asked| answer(&mut shared.lock().unwrap(), asked));
        Self { place, state }
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Lends everything it knows.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Returns the calls since the last asking.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    /// Returns what no output may hold.
    pub(crate) fn secrets(&self) -> Vec<String> {
        self.state().secrets.iter().cloned().chain([ADMIN.to_owned()]).collect()
    }
}

impl State {
    /// Makes a key: a service account's, or a person's.
    pub(crate) fn add(&mut self, account: Option<&str>) -> Key {
        self.made += 1;
        let account = account.map(|name| (format!("svc_acct_{}", self.made), name.to_owned()));
        self.add_to(account)
    }

    /// Makes a key of an account that is there.
    pub(crate) fn add_to(&mut self, account: Option<(String, String)>) -> Key {
        self.made += 1;
        let secret = filled("sk-svcacct-{base62:74}T3BlbkFJ{base62:74}", self.made);
        self.secrets.push(secret.clone());
        let key = Key { id: format!("key_{}", self.made), secret, account, last_used: None };
        self.keys.push(key.clone());
        key
    }
}

fn wrong(code: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": "invalid_request_error", "param": null, "code": code } })
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    state.log.push(format!("{} {}", asked.method, asked.path));
    let place = format!("{}?{}", asked.path, asked.query);
    state.sent.push((asked.method.clone(), place, asked.body.clone()));
    let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    if asked.path == "/models" {
        return match &state.says {
            Some(told) => told.clone(),
            None if state.keys.iter().any(|k| k.secret == bearer) => {
                (200, json!({ "object": "list", "data": [] }))
            }
            // As the service does, with a part of what was sent in it.
            None => (401, wrong("invalid_api_key", &format!("Incorrect API key provided: {bearer}."))),
        };
    }
    if bearer != ADMIN {
        return (401, wrong("invalid_api_key", "Incorrect API key provided"));
    }
    let Some(path) = asked.path.strip_prefix(&format!("/organization/projects/{PROJECT}/")) else {
        return (404, wrong("not_found", "No such project"));
    };
    match (asked.method.as_str(), path.split_once('/').unwrap_or((path, ""))) {
        ("GET", ("api_keys", "")) => list(state, asked),
        ("POST", ("service_accounts", "")) => {
            let Some(name) = asked.body["name"].as_str() else { return (400, wrong("", "name is required")) };
            let key = state.add(Some(name));
            let (id, name) = key.account.unwrap();
            let made = json!({ "object": "organization.project.service_account.api_key", "value": key.secret,
                "name": "Secret Key", "created_at": 1_711_471_533, "id": key.id });
            (
                200,
                json!({ "object": "organization.project.service_account", "id": id, "name": name,
                "role": "member", "created_at": 1_711_471_533, "api_key": made }),
            )
        }
        ("DELETE", ("service_accounts", id)) => {
            let before = state.keys.len();
            state.keys.retain(|k| k.account.as_ref().is_none_or(|(account, _)| account != id));
            if state.keys.len() == before {
                return (404, wrong("not_found", "No such service account"));
            }
            (
                200,
                json!({ "object": "organization.project.service_account.deleted", "id": id, "deleted": true }),
            )
        }
        ("DELETE", ("api_keys", id)) => match state.keys.iter().position(|k| k.id == id) {
            None => (404, wrong("not_found", "No such key")),
            // The trap.
            Some(at) if state.keys[at].account.is_some() => {
                (400, wrong("", "API keys of service accounts cannot be deleted"))
            }
            Some(at) => {
                state.keys.remove(at);
                (200, json!({ "object": "organization.project.api_key.deleted", "id": id, "deleted": true }))
            }
        },
        _ => (404, wrong("not_found", "No such thing")),
    }
}

fn list(state: &State, asked: &Asked) -> Told {
    let limit = asked.parameter("limit").and_then(|n| n.parse().ok()).unwrap_or(20);
    if asked.parameter("owner_project_access") != Some("any") || !(1..=100).contains(&limit) {
        return (400, wrong("", "keys would be left out"));
    }
    let after = asked.parameter("after").and_then(|id| state.keys.iter().position(|k| k.id == id));
    let first = if state.is_endless { 0 } else { after.map_or(0, |at| at + 1) };
    let page: Vec<&Key> = state.keys.iter().skip(first).take(limit).collect();
    let more = state.is_endless || first + page.len() < state.keys.len();
    let listed = page.iter().map(|k| {
        let owner = match &k.account {
            Some((id, name)) => json!({ "type": "service_account", "service_account":
                { "id": id, "name": name, "created_at": 1_711_471_533, "role": "member" } }),
            None => json!({ "type": "user", "user": { "id": "user_abc", "name": "Ann" } }),
        };
        json!({ "object": "organization.project.api_key", "name": "Secret Key", "created_at": 1_711_471_533,
            "redacted_value": format!("{}...{}", &k.secret[..7], &k.secret[k.secret.len() - 4..]),
            "last_used_at": k.last_used, "id": k.id, "owner_project_access": "active", "owner": owner })
    });
    (
        200,
        json!({ "object": "list", "data": listed.collect::<Vec<_>>(), "first_id": page.first().map(|k| &k.id),
        "last_id": page.last().map(|k| &k.id), "has_more": more }),
    )
}
