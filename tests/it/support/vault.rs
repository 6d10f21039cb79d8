//! A double of Vault's key-value engine, version 2, written from Vault's HTTP API pages: versions,
//! check-and-set, deletion, and what a token may do. What it does not show: docs/doubles.md.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::atlasvpn::{Asked, Fault, asked, reply, wait};
use super::loopback::Listening;

/// The token that may do what the state says.
pub(crate) const VAULT_TOKEN: &str = "vault-token-that-nobody-may-see";

/// A version of a secret.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) data: Value,
    pub(crate) created: String,
    /// When it was deleted, or empty.
    pub(crate) deleted: &'static str,
    pub(crate) destroyed: bool,
}

/// Everything the double knows; tests read it and change it.
pub(crate) struct State {
    /// Secrets by `MOUNT/data/PATH`.
    pub(crate) secrets: BTreeMap<String, Vec<Version>>,
    /// What the token may do at every path.
    pub(crate) may: Vec<&'static str>,
    /// The namespace it is in.
    pub(crate) namespace: &'static str,
    /// How many versions are kept.
    pub(crate) kept: usize,
    /// Calls that came: `GET secret/data/app`.
    pub(crate) log: Vec<String>,
    /// Faults to come, each with the call it meets: `read`, `write`, `capabilities`.
    pub(crate) faults: VecDeque<(&'static str, Fault)>,
    /// Somebody who writes between a read and the next write, once.
    pub(crate) rival: Option<Value>,
    writes: u64,
}

/// The running double.
pub(crate) struct Vault {
    place: Listening,
    state: Arc<Mutex<State>>,
}

impl Vault {
    /// Starts it with one secret, `secret/app`.
    pub(crate) fn start(data: Value) -> Self {
        let mut state = State {
            secrets: BTreeMap::new(),
            may: vec!["read", "update"],
            namespace: "",
            kept: 10,
            log: Vec::new(),
            faults: VecDeque::new(),
            rival: None,
            writes: 0,
        };
        state.put("secret/data/app", data);
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        let place = Listening::begin(move |stream| {
            if let Some(asked) = asked(stream) {
                let _ = answer(&shared, &asked, stream);
            }
        });
        Self { place, state }
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> &str {
        self.place.place()
    }

    /// Lends everything it knows.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Lets a call go wrong, once.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault) {
        self.state().faults.push_back((call, fault));
    }

    /// Returns the latest data of `secret/app`.
    pub(crate) fn data(&self) -> Value {
        self.state().secrets["secret/data/app"].last().unwrap().data.clone()
    }
}

impl State {
    /// Writes a new version.
    pub(crate) fn put(&mut self, path: &str, data: Value) -> Version {
        self.writes += 1;
        let created = format!("2026-11-21T10:00:00.{:09}Z", self.writes);
        let versions = self.secrets.entry(path.to_owned()).or_default();
        let number = versions.last().map_or(1, |v| v.number + 1);
        let made = Version { number, data, created, deleted: "", destroyed: false };
        versions.push(made.clone());
        while versions.len() > self.kept {
            versions.remove(0);
        }
        made
    }

    fn fault(&mut self, call: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(name, _)| *name == call)?;
        self.faults.remove(at).map(|(_, fault)| fault)
    }
}

fn answer(state: &Mutex<State>, asked: &Asked, stream: &mut TcpStream) -> std::io::Result<()> {
    let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = asked.path.strip_prefix("/v1/").unwrap_or_default().to_owned();
    state.log.push(format!("{} {path}", asked.method));
    let call = match (asked.method.as_str(), path.as_str()) {
        (_, "sys/capabilities-self") => "capabilities",
        ("GET", _) => "read",
        _ => "write",
    };
    let fault = state.fault(call);
    match &fault {
        Some(Fault::Hangup) => return Ok(()),
        Some(Fault::Silence) => {
            drop(state);
            return wait(stream);
        }
        Some(Fault::Answer(status, headers, body)) => return reply(stream, 0, *status, headers, body),
        _ => {}
    }
    let (status, told) = do_it(&mut state, call, &path, asked);
    drop(state);
    let text = told.to_string();
    match fault {
        Some(Fault::DropReply) => Ok(()),
        Some(Fault::HalfReply) => {
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
            stream.write_all(head.as_bytes())?;
            stream.write_all(&text.as_bytes()[..text.len() / 2])
        }
        Some(Fault::DoneBut(status, body)) => reply(stream, 0, status, "", body),
        _ => reply(stream, 0, status, "", &text),
    }
}

fn do_it(state: &mut State, call: &str, path: &str, asked: &Asked) -> (u16, Value) {
    let denied = (403, json!({ "errors": ["permission denied"] }));
    let is_known = asked.header("x-vault-token") == VAULT_TOKEN;
    if !is_known || asked.header("x-vault-namespace") != state.namespace {
        return denied;
    }
    let may = |word: &str| state.may.contains(&word) || state.may.contains(&"root");
    match call {
        "capabilities" => {
            let path = asked.body["paths"][0].as_str().unwrap_or_default();
            let may = json!(state.may);
            (200, json!({ "capabilities": may, (path): may, "data": { "capabilities": may, (path): may } }))
        }
        "read" if !may("read") => denied,
        "read" => match state.secrets.get(path).and_then(|versions| versions.last()) {
            None => (404, json!({ "errors": [] })),
            Some(v) => {
                let is_gone = v.destroyed || !v.deleted.is_empty();
                let data = if is_gone { Value::Null } else { v.data.clone() };
                (
                    if is_gone { 404 } else { 200 },
                    json!({ "data": { "data": data, "metadata": metadata(v) } }),
                )
            }
        },
        _ if !may("update") => denied,
        _ => {
            if let Some(rival) = state.rival.take() {
                state.put(path, rival);
            }
            let latest = state.secrets.get(path).and_then(|v| v.last()).map_or(0, |v| v.number);
            let cas = &asked.body["options"]["cas"];
            if cas.as_u64().is_some_and(|cas| cas != latest) {
                let why = "check-and-set parameter did not match the current version";
                return (400, json!({ "errors": [why] }));
            }
            let made = state.put(path, asked.body["data"].clone());
            (200, json!({ "data": metadata(&made) }))
        }
    }
}

fn metadata(v: &Version) -> Value {
    json!({ "created_time": v.created, "custom_metadata": null, "deletion_time": v.deleted,
        "destroyed": v.destroyed, "version": v.number })
}
