//! A double of Vercel, written from its REST interface's pages: variables of one project, deployments that
//! keep the values they were made with, instant rollback. What it does not show: docs/doubles.md.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::double::{Asked, Double, Told};

/// What signs a call in.
pub(crate) const TOKEN: &str = "vercel-token-that-nobody-may-see";
/// The project, by its name.
pub(crate) const PROJECT: &str = "shop";
const ID: &str = "prj_1";

/// A variable.
#[derive(Clone, Debug)]
pub(crate) struct Var {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) sort: &'static str,
    pub(crate) targets: Vec<&'static str>,
    pub(crate) updated: i64,
}

/// A deployment with the values it was made with.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) target: &'static str,
    pub(crate) from: String,
    created: i64,
    /// What is told at each look; the last one stays.
    states: VecDeque<&'static str>,
    was_promoted: bool,
    values: BTreeMap<String, String>,
}

/// Everything the double knows.
pub(crate) struct State {
    pub(crate) vars: Vec<Var>,
    pub(crate) deployments: Vec<Deployment>,
    /// What visitors get.
    pub(crate) current: Option<String>,
    /// Whether a production deployment that is ready gets the domains.
    pub(crate) assigns: bool,
    /// How the next deployments go.
    pub(crate) to_come: VecDeque<&'static [&'static str]>,
    /// How a deployment goes where `to_come` says nothing.
    pub(crate) usual: &'static [&'static str],
    /// The team that owns the project.
    pub(crate) team: Option<&'static str>,
    /// How far its clock is moved on, in seconds.
    pub(crate) moved: i64,
    clock: i64,
}

/// A running one.
pub(crate) type Vercel = Double<State>;

impl State {
    /// Tells the time, and never the same one twice.
    fn now(&mut self) -> i64 {
        let now = jiff::Timestamp::now().as_millisecond() + self.moved * 1000;
        self.clock = now.max(self.clock + 1);
        self.clock
    }

    /// Adds a variable.
    pub(crate) fn add(&mut self, key: &str, value: &str, sort: &'static str, targets: &[&'static str]) {
        let updated = self.now();
        let id = format!("env{}", self.vars.len());
        let (key, value) = (key.to_owned(), value.to_owned());
        self.vars.push(Var { id, key, value, sort, targets: targets.to_vec(), updated });
    }

    /// Writes a variable as somebody else would.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let target = self.vars.iter().find(|v| v.key == key).unwrap().targets[0];
        self.set_for(target, key, value);
    }

    /// Returns what a variable of a target holds.
    pub(crate) fn value_for(&self, target: &str, key: &str) -> String {
        self.vars.iter().find(|v| v.key == key && v.targets.contains(&target)).unwrap().value.clone()
    }

    /// Writes a variable of a target as somebody else would.
    pub(crate) fn set_for(&mut self, target: &str, key: &str, value: &str) {
        let now = self.now();
        let is_it = |v: &&mut Var| v.key == key && v.targets.contains(&target);
        let var = self.vars.iter_mut().find(is_it).unwrap();
        (var.value, var.updated) = (value.to_owned(), now);
    }

    /// Makes a deployment that is ready at once.
    pub(crate) fn deploy(&mut self, target: &'static str) -> String {
        let id = self.begin(target, "a push", &["READY"]);
        self.settle();
        id
    }

    fn begin(&mut self, target: &'static str, from: &str, states: &'static [&'static str]) -> String {
        let created = self.now();
        let id = format!("dpl_{}", self.deployments.len());
        let fits = |v: &&Var| v.targets.contains(&target);
        let values = self.vars.iter().filter(fits).map(|v| (v.key.clone(), v.value.clone())).collect();
        let states = states.iter().copied().collect();
        let from = from.to_owned();
        let deployment =
            Deployment { id: id.clone(), target, from, created, states, was_promoted: false, values };
        self.deployments.push(deployment);
        id
    }

    /// Gives the domains to the newest production deployment that is ready.
    fn settle(&mut self) {
        let fits =
            |d: &&mut Deployment| d.target == "production" && d.states[0] == "READY" && !d.was_promoted;
        let newest = self.deployments.iter_mut().filter(fits).max_by_key(|d| d.created);
        if let Some(newest) = newest.filter(|_| self.assigns) {
            newest.was_promoted = true;
            self.current = Some(newest.id.clone());
        }
    }

    /// Lets a deployment be ready.
    pub(crate) fn finish(&mut self, id: &str) {
        self.deployments.iter_mut().find(|d| d.id == id).unwrap().states = VecDeque::from(["READY"]);
        self.settle();
    }

    /// Turns production back to an older deployment.
    pub(crate) fn roll_back(&mut self, id: &str) {
        self.current = Some(id.to_owned());
        self.assigns = false;
    }

    /// Returns what a target runs with.
    pub(crate) fn running(&self, target: &str, key: &str) -> String {
        let newest = || self.deployments.iter().rev().find(|d| d.target == target && d.states[0] == "READY");
        let current = || self.deployments.iter().find(|d| Some(&d.id) == self.current.as_ref());
        let running = if target == "production" { current() } else { newest() };
        running.unwrap().values[key].clone()
    }
}

/// Starts one in which production runs.
pub(crate) fn start(vars: &[(&str, &str, &'static str, &[&'static str])]) -> Vercel {
    let mut state = State {
        vars: Vec::new(),
        deployments: Vec::new(),
        current: None,
        assigns: true,
        to_come: VecDeque::new(),
        usual: &["QUEUED", "BUILDING", "READY"],
        team: None,
        moved: 0,
        clock: 0,
    };
    for (key, value, sort, targets) in vars {
        state.add(key, value, sort, targets);
    }
    state.deploy("preview");
    state.deploy("production");
    Double::start(state, answer)
}

fn told(var: &Var, clear: bool) -> Value {
    let is_readable = matches!(var.sort, "plain" | "encrypted");
    let value = match (is_readable, clear || var.sort == "plain") {
        (true, true) => var.value.clone(),
        (true, false) => "eyJ2IjoidjIiLCJjIjoi".into(),
        _ => String::new(),
    };
    json!({ "id": var.id, "key": var.key, "type": var.sort, "target": var.targets, "value": value,
        "decrypted": clear && is_readable, "createdAt": 1_600_000_000_000_i64, "updatedAt": var.updated })
}

fn seen(deployment: &Deployment, is_listed: bool) -> Value {
    let state = deployment.states[0];
    let substate = match (state, deployment.was_promoted) {
        ("READY", true) => json!("PROMOTED"),
        ("READY", false) => json!("STAGED"),
        _ => Value::Null,
    };
    let target = Some(deployment.target).filter(|t| *t == "production");
    if is_listed {
        json!({ "uid": deployment.id, "name": PROJECT, "created": deployment.created, "state": state,
            "readyState": state, "readySubstate": substate, "target": target })
    } else {
        json!({ "id": deployment.id, "name": PROJECT, "createdAt": deployment.created, "readyState": state,
            "readySubstate": substate, "target": target })
    }
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    // With what was sent in it, as it must not come to light.
    let refused = |status: u16, code: &str| {
        (
            status,
            json!({ "error": { "code": code, "message": format!("{} {}", asked.header("authorization"), asked.body) } }),
        )
    };
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        return refused(403, "forbidden");
    }
    if asked.parameter("teamId") != state.team {
        return refused(404, "not_found");
    }
    let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
    match (asked.method.as_str(), &parts[..]) {
        ("GET", ["v10", "projects", PROJECT | ID, "env"]) => {
            (200, json!({ "envs": state.vars.iter().map(|v| told(v, false)).collect::<Vec<_>>() }))
        }
        ("GET", ["v1", "projects", PROJECT | ID, "env", id]) => {
            let var = state.vars.iter().find(|v| v.id == *id);
            var.map_or_else(|| refused(404, "not_found"), |v| (200, told(v, true)))
        }
        ("PATCH", ["v9", "projects", PROJECT | ID, "env", id]) => {
            let now = state.now();
            let Some(var) = state.vars.iter_mut().find(|v| v.id == *id) else {
                return refused(404, "not_found");
            };
            let Some(value) = asked.body["value"].as_str() else { return refused(400, "bad_request") };
            (var.value, var.updated) = (value.to_owned(), now);
            (200, told(var, false))
        }
        ("GET", ["v9", "projects", PROJECT | ID]) => {
            let current = state.deployments.iter().find(|d| Some(&d.id) == state.current.as_ref());
            let mut targets = json!({});
            if let Some(current) = current {
                targets["production"] = seen(current, false);
            }
            (200, json!({ "id": ID, "name": PROJECT, "targets": targets }))
        }
        ("GET", ["v6", "deployments"]) if asked.parameter("projectId") == Some(ID) => {
            let target = asked.parameter("target");
            let fits = |d: &&Deployment| target.is_none_or(|t| t == d.target);
            let list: Vec<_> = state.deployments.iter().rev().filter(fits).map(|d| seen(d, true)).collect();
            (200, json!({ "deployments": list, "pagination": { "count": list.len(), "next": null } }))
        }
        ("POST", ["v13", "deployments"]) => {
            let from = asked.body["deploymentId"].as_str().unwrap_or_default();
            let known = state.deployments.iter().any(|d| d.id == from);
            if asked.body["name"] != PROJECT || !known || asked.parameter("forceNew") != Some("1") {
                return refused(400, "bad_request");
            }
            let states = state.to_come.pop_front().unwrap_or(state.usual);
            let target = if asked.body["target"] == "production" { "production" } else { "preview" };
            let id = state.begin(target, from, states);
            (200, seen(state.deployments.iter().find(|d| d.id == id).unwrap(), false))
        }
        ("GET", ["v13", "deployments", id]) => {
            let Some(deployment) = state.deployments.iter_mut().find(|d| d.id == *id) else {
                return refused(404, "not_found");
            };
            let told = seen(deployment, false);
            if deployment.states.len() > 1 {
                deployment.states.pop_front();
            }
            state.settle();
            (200, told)
        }
        _ => refused(404, "not_found"),
    }
}
