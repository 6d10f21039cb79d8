//! A double of APIVerve, written from the project's requirements R59 to R65 and R99: it answers one call to keys
//! that work. What it does not show: docs/doubles.md.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::json;

use super::filled;
use super::loopback::serve;

/// Everything the double knows; tests read it and change it.
#[derive(Default)]
pub(crate) struct State {
    /// The primary key.
    pub(crate) primary: String,
    /// Whether it has expired.
    pub(crate) is_expired: bool,
    /// The sub-keys.
    pub(crate) subs: Vec<String>,
    /// What is answered instead of what is true.
    pub(crate) status: Option<u16>,
    /// Every call that came.
    pub(crate) log: Vec<String>,
    /// Every key that ever was.
    pub(crate) ever: Vec<String>,
}

/// The running double.
pub(crate) struct ApiVerve {
    place: String,
    state: Arc<Mutex<State>>,
}

impl ApiVerve {
    /// Starts it with a primary key and one sub-key.
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        state.lock().unwrap().rotate();
        state.lock().unwrap().add_sub();
        let shared = state.clone();
        let place = serve(move |asked| {
            let mut state = shared.lock().unwrap();
            state.log.push(format!("{} {}", asked.method, asked.path));
            let key = asked.header("x-api-key");
            let no = |why: &str| json!({ "status": "error", "error": why, "data": null });
            match state.status {
                Some(status) => (status, no(&format!("no to {key}"))),
                // R64
                None if key == state.primary && state.is_expired => {
                    (401, no("API key has expired. Please rotate your key in the dashboard."))
                }
                None if key == state.primary || state.subs.iter().any(|sub| sub == key) => {
                    (200, json!({ "status": "ok", "error": null, "data": {} }))
                }
                // R60
                None => (401, no(&format!("Invalid API key {key}"))),
            }
        });
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
}

impl State {
    fn fresh(&mut self, template: &str) -> String {
        let key = filled(template, 1 + self.ever.len() as u64);
        self.ever.push(key.clone());
        key
    }

    /// Rotates the primary key, as a person does in the dashboard: the old one is dead.
    pub(crate) fn rotate(&mut self) -> String {
        self.primary = self.fresh("apv_{base62:32}");
        self.is_expired = false;
        self.primary.clone()
    }

    /// Makes a sub-key beside the others.
    pub(crate) fn add_sub(&mut self) -> String {
        let key = self.fresh("apv_sbk_{base62:32}");
        self.subs.push(key.clone());
        key
    }
}
