//! A double of Render: the variables and deploys of one service. What it does not show: docs/doubles.md.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::random;
use super::server::{Asked, Server, Told};

/// The service.
pub(super) const SERVICE: &str = "srv-drill";
/// What a deploy is told to be, look by look.
const LIFE: [&str; 3] = ["build_in_progress", "update_in_progress", "live"];

/// The running double.
pub(super) struct Render {
    server: Server,
    state: Arc<Mutex<State>>,
    /// What signs a call in.
    pub(super) token: String,
}

type Variables = BTreeMap<String, String>;

struct State {
    variables: Variables,
    deploys: Vec<Deploy>,
}

/// A deploy with the values it was made with.
struct Deploy {
    at: Timestamp,
    looks: usize,
    values: Variables,
}

impl Render {
    /// Starts it with a live deploy of these variables.
    ///
    /// # Errors
    /// The system lends no port or gives no random bytes.
    pub(super) fn start(variables: &[(&str, &str)]) -> io::Result<Self> {
        let token = random(24)?;
        let variables: Variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let first = Deploy { at: Timestamp::now(), looks: LIFE.len(), values: variables.clone() };
        let state = Arc::new(Mutex::new(State { variables, deploys: vec![first] }));
        let (asked_of, bearer) = (state.clone(), format!("Bearer {token}"));
        let server = Server::start(move |asked| {
            let is_right = asked.header("authorization") == bearer;
            let told = if is_right { answer(&mut lock(&asked_of), asked) } else { refused(401) };
            Told::json(told.0, &told.1)
        })?;
        Ok(Self { server, state, token })
    }

    /// Returns where it is.
    pub(super) fn place(&self) -> String {
        self.server.place()
    }

    /// Returns a variable as the service that runs now has it.
    pub(super) fn running(&self, name: &str) -> String {
        let state = lock(&self.state);
        let live = state.deploys.iter().rev().find(|d| d.status() == "live");
        live.and_then(|d| d.values.get(name)).cloned().unwrap_or_default()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Deploy {
    fn status(&self) -> &'static str {
        LIFE[self.looks.min(LIFE.len() - 1)]
    }

    fn shown(&self, number: usize) -> Value {
        json!({ "id": format!("dep-{number}"), "status": self.status(), "trigger": "api",
            "createdAt": self.at.to_string() })
    }
}

fn refused(status: u16) -> (u16, Value) {
    (status, json!({ "message": "refused" }))
}

fn answer(state: &mut State, asked: &Asked) -> (u16, Value) {
    let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
    let Some(["v1", "services", SERVICE]) = parts.get(..3) else { return refused(404) };
    match (asked.method.as_str(), &parts[3..]) {
        ("GET", []) => (
            200,
            json!({ "id": SERVICE, "name": "shop", "type": "web_service", "suspended": "not_suspended" }),
        ),
        ("GET", ["env-vars", name]) => match state.variables.get(*name) {
            Some(value) => (200, json!({ "key": name, "value": value })),
            None => refused(404),
        },
        ("PUT", ["env-vars", name]) => {
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            let Some(value) = body["value"].as_str() else { return refused(400) };
            state.variables.insert((*name).to_owned(), value.to_owned());
            (200, json!({ "key": name, "value": value }))
        }
        ("GET", ["deploys"]) => {
            let all = state.deploys.iter().enumerate().rev();
            (
                200,
                all.map(|(at, d)| json!({ "deploy": d.shown(at), "cursor": format!("dep-{at}") })).collect(),
            )
        }
        ("POST", ["deploys"]) => {
            let values = state.variables.clone();
            state.deploys.push(Deploy { at: Timestamp::now(), looks: 0, values });
            (201, state.deploys.last().map_or(Value::Null, |d| d.shown(state.deploys.len() - 1)))
        }
        ("GET", ["deploys", id]) => {
            let number = id.strip_prefix("dep-").and_then(|n| n.parse::<usize>().ok());
            let Some((at, deploy)) = number.and_then(|n| Some((n, state.deploys.get_mut(n)?))) else {
                return refused(404);
            };
            let told = deploy.shown(at);
            deploy.looks += 1;
            (200, told)
        }
        _ => refused(404),
    }
}
