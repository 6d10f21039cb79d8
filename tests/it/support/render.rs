//! A double of Render, written from its REST interface's pages: variables and deploys of one service. What
//! it does not show: docs/doubles.md.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::double::{Asked, Double, Told};

/// What signs a call in.
pub(crate) const TOKEN: &str = "render-token-that-nobody-may-see";
/// The service.
pub(crate) const SERVICE: &str = "srv-shop";

/// A deploy with the values it was made with.
#[derive(Clone, Debug)]
pub(crate) struct Deploy {
    pub(crate) id: String,
    created: u32,
    /// What is told at each look; the last one stays.
    pub(crate) states: VecDeque<&'static str>,
    values: BTreeMap<String, String>,
}

/// Everything the double knows.
pub(crate) struct State {
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) deploys: Vec<Deploy>,
    pub(crate) is_suspended: bool,
    /// Whether a new deploy is queued, and not named in the answer.
    pub(crate) queues: bool,
    /// Whether somebody pushes right behind the next deploy.
    pub(crate) pushed: bool,
    /// How the next deploys go; live in two looks where nothing is said.
    pub(crate) to_come: VecDeque<&'static [&'static str]>,
}

/// A running one.
pub(crate) type Render = Double<State>;

impl State {
    /// Begins a deploy.
    pub(crate) fn begin(&mut self, states: &'static [&'static str]) {
        let count = u32::try_from(self.deploys.len()).unwrap();
        let (id, values) = (format!("dep-{count}"), self.vars.clone());
        self.deploys.push(Deploy { id, created: count, states: states.iter().copied().collect(), values });
    }

    /// Returns what runs.
    pub(crate) fn running(&self, key: &str) -> String {
        self.deploys.iter().rev().find(|d| d.states[0] == "live").unwrap().values[key].clone()
    }
}

/// Starts one that is live.
pub(crate) fn start(vars: &[(&str, &str)]) -> Render {
    let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut state = State {
        vars,
        deploys: Vec::new(),
        is_suspended: false,
        queues: false,
        pushed: false,
        to_come: VecDeque::new(),
    };
    state.begin(&["live"]);
    Double::start(state, answer)
}

fn seen(deploy: &Deploy) -> Value {
    json!({ "id": deploy.id, "status": deploy.states[0], "trigger": "api",
        "createdAt": format!("2026-04-25T14:{:02}:00.123456Z", deploy.created) })
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    // With what was sent in it, as it must not come to light.
    let refused = |status: u16| {
        (status, json!({ "id": "x", "message": format!("{} {}", asked.header("authorization"), asked.body) }))
    };
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        return refused(401);
    }
    let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
    let Some(["v1", "services", SERVICE]) = parts.get(..3) else { return refused(404) };
    match (asked.method.as_str(), &parts[3..]) {
        ("GET", []) => {
            let suspended = if state.is_suspended { "suspended" } else { "not_suspended" };
            (200, json!({ "id": SERVICE, "name": "shop", "type": "web_service", "suspended": suspended }))
        }
        ("GET", ["env-vars", key]) => match state.vars.get(*key) {
            Some(value) => (200, json!({ "key": key, "value": value })),
            None => refused(404),
        },
        ("PUT", ["env-vars", key]) => {
            let Some(value) = asked.body["value"].as_str() else { return refused(400) };
            state.vars.insert((*key).to_owned(), value.to_owned());
            (200, json!({ "key": key, "value": value }))
        }
        // The whole list, which takes away what is not in it: nobody may call this.
        ("PUT", ["env-vars"]) => {
            state.vars.clear();
            (200, json!([]))
        }
        ("GET", ["deploys"]) => {
            let list = state.deploys.iter().rev().map(|d| json!({ "deploy": seen(d), "cursor": d.id }));
            (200, list.collect())
        }
        ("POST", ["deploys"]) => {
            let states =
                state.to_come.pop_front().unwrap_or(&["build_in_progress", "update_in_progress", "live"]);
            state.begin(states);
            let told = seen(state.deploys.last().unwrap());
            if std::mem::take(&mut state.pushed) {
                state.begin(&["build_in_progress", "live"]);
            }
            if state.queues { (202, Value::Null) } else { (201, told) }
        }
        ("GET", ["deploys", id]) => {
            let Some(deploy) = state.deploys.iter_mut().find(|d| d.id == *id) else { return refused(404) };
            let told = seen(deploy);
            if deploy.states.len() > 1 {
                deploy.states.pop_front();
            }
            (200, told)
        }
        _ => refused(404),
    }
}
