//! A double of what GitHub says of its tokens, written from the REST interface's pages on users, on the end of
//! leaked credentials and on signing in. What it does not show: docs/doubles.md.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::double::{Asked, Double, Told};
use super::filled;

/// Everything the double knows.
#[derive(Default)]
pub(crate) struct State {
    /// The tokens that work, each with the user it is of; an app's is of none.
    pub(crate) tokens: BTreeMap<String, Option<String>>,
    /// Whether what is to end lives on for a while.
    pub(crate) is_slow: bool,
    ending: Vec<String>,
    made: u64,
}

/// A running one.
pub(crate) type GithubTokens = Double<State>;

impl State {
    /// Makes a token; `user` is whose it is.
    pub(crate) fn add(&mut self, template: &str, user: Option<&str>) -> String {
        self.made += 1;
        let token = filled(template, self.made);
        self.tokens.insert(token.clone(), user.map(str::to_owned));
        token
    }

    /// Ends what was to end.
    pub(crate) fn settle(&mut self) {
        let ending = std::mem::take(&mut self.ending);
        self.tokens.retain(|token, _| !ending.contains(token));
    }
}

/// Starts one without a token.
pub(crate) fn start() -> GithubTokens {
    Double::start(State::default(), answer)
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    // With what was sent in it, as it must not come to light.
    let no = |status: u16, message: &str| {
        let sent = format!("{} {}", asked.header("authorization"), asked.body);
        (status, json!({ "message": message, "status": status, "sent": sent }))
    };
    if asked.header("x-github-api-version") != "2022-11-28"
        || !asked.header("user-agent").starts_with("keywright/")
    {
        return no(400, "Not a supported version");
    }
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/user") => {
            let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
            match state.tokens.get(token) {
                Some(Some(user)) => (200, json!({ "login": user, "id": 583_231, "type": "User" })),
                Some(None) => no(403, "Resource not accessible by integration"),
                None => no(401, "Bad credentials"),
            }
        }
        ("POST", "/credentials/revoke") => {
            if !asked.header("authorization").is_empty() {
                return no(403, "Forbidden");
            }
            let list = asked.body["credentials"].as_array().filter(|l| (1..=1000).contains(&l.len()));
            let Some(list) = list.filter(|list| list.iter().all(Value::is_string)) else {
                return no(422, "Validation failed, or the endpoint has been spammed.");
            };
            let kinds = ["ghp_", "github_pat_", "gho_", "ghu_", "ghr_"];
            let taken =
                list.iter().filter_map(Value::as_str).filter(|t| kinds.iter().any(|k| t.starts_with(k)));
            state.ending.extend(taken.map(str::to_owned));
            if !state.is_slow {
                state.settle();
            }
            (202, json!({}))
        }
        _ => no(404, "Not Found"),
    }
}
