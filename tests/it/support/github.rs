//! A double of GitHub's secrets of Actions, written from its REST interface's pages. It cannot read what it
//! keeps: a sealed box is opened by real libsodium, elsewhere. What it does not show: docs/doubles.md.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::double::{Asked, Double, Told};

/// What signs a call in.
pub(crate) const TOKEN: &str = "github-token-that-nobody-may-see";

/// A secret as it was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) sealed: String,
    pub(crate) key_id: String,
    updated: u32,
}

/// Everything the double knows.
pub(crate) struct State {
    /// By place (`actions` or an environment, as it was sent) and name.
    pub(crate) kept: BTreeMap<(String, String), Kept>,
    /// The key that values are sealed for, and how often it was changed.
    pub(crate) key: [u8; 32],
    pub(crate) generation: u32,
    /// Changes the key behind the next time it is told.
    pub(crate) turns: bool,
    pub(crate) is_archived: bool,
    clock: u32,
}

/// A running one.
pub(crate) type Github = Double<State>;

impl State {
    /// Writes a secret as somebody else would.
    pub(crate) fn set(&mut self, place: &str, name: &str, sealed: &str) {
        self.clock += 1;
        let (sealed, key_id) = (sealed.to_owned(), self.key_id());
        let kept = Kept { sealed, key_id, updated: self.clock };
        self.kept.insert((place.to_owned(), name.to_owned()), kept);
    }

    fn key_id(&self) -> String {
        format!("{}", 568_250_167_242_549_743_u64 + u64::from(self.generation))
    }
}

/// Starts one with these secrets: place and name.
pub(crate) fn start(secrets: &[(&str, &str)], key: [u8; 32]) -> Github {
    let mut state =
        State { kept: BTreeMap::new(), key, generation: 0, turns: false, is_archived: false, clock: 0 };
    for (place, name) in secrets {
        state.set(place, name, "whatever it was");
    }
    Double::start(state, answer)
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    // With what was sent in it, as it must not come to light.
    let refused = |status: u16| {
        (
            status,
            json!({ "message": format!("{} {}", asked.header("authorization"), asked.body), "status": status }),
        )
    };
    let is_said = asked.header("x-github-api-version") == "2022-11-28"
        && asked.header("user-agent").starts_with("keywright/");
    if asked.header("authorization") != format!("Bearer {TOKEN}") {
        return refused(401);
    }
    let Some(rest) = asked.path.strip_prefix("/repos/acme/shop").filter(|_| is_said) else {
        return refused(404);
    };
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    let (place, rest) = match &parts[..] {
        [] => return (200, json!({ "id": 1, "full_name": "acme/shop", "archived": state.is_archived })),
        ["actions", "secrets", rest @ ..] => ("actions".to_owned(), rest),
        ["environments", name, "secrets", rest @ ..] => ((*name).to_owned(), rest),
        _ => return refused(404),
    };
    match (asked.method.as_str(), rest) {
        ("GET", ["public-key"]) => {
            let told = json!({ "key_id": state.key_id(), "key": data_encoding::BASE64.encode(&state.key) });
            if std::mem::take(&mut state.turns) {
                state.generation += 1;
            }
            (200, told)
        }
        ("GET", [name]) => match state.kept.get(&(place, name.to_ascii_uppercase())) {
            Some(kept) => {
                let at = format!("2026-04-25T14:{:02}:{:02}Z", kept.updated / 60, kept.updated % 60);
                let name = name.to_ascii_uppercase();
                (200, json!({ "name": name, "created_at": "2026-01-01T00:00:00Z", "updated_at": at }))
            }
            None => refused(404),
        },
        ("PUT", [name]) => {
            let text = |field: &str| asked.body[field].as_str().unwrap_or_default().to_owned();
            if state.is_archived {
                return refused(403);
            }
            if text("key_id") != state.key_id() || text("encrypted_value").is_empty() {
                return refused(422);
            }
            let name = name.to_ascii_uppercase();
            let is_new = !state.kept.contains_key(&(place.clone(), name.clone()));
            state.set(&place, &name, &text("encrypted_value"));
            if is_new { (201, json!({})) } else { (204, Value::Null) }
        }
        _ => refused(404),
    }
}
