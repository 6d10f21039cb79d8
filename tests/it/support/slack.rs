//! A double of what Slack says of its tokens, written from the reference pages of `auth.test` and `auth.revoke`. What
//! it does not show: docs/doubles.md.

use std::collections::BTreeMap;

use serde_json::json;

use super::double::{Asked, Double, Told};
use super::filled;

/// Everything the double knows.
#[derive(Default)]
pub(crate) struct State {
    /// The tokens there were, each with its workspace and whether it works.
    pub(crate) tokens: BTreeMap<String, (String, bool)>,
}

/// A running one.
pub(crate) type Slack = Double<State>;

impl State {
    /// Makes a token for a workspace.
    pub(crate) fn add(&mut self, template: &str, team: &str) -> String {
        let token = filled(template, 1 + self.tokens.len() as u64);
        self.tokens.insert(token.clone(), (team.to_owned(), true));
        token
    }
}

/// Starts one without a token.
pub(crate) fn start() -> Slack {
    Double::start(State::default(), answer)
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    // With what was sent in it, as it must not come to light.
    let no = |error: &str| json!({ "ok": false, "error": error, "sent": asked.header("authorization") });
    let token = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
    let told = match (state.tokens.get_mut(token), asked.path.as_str()) {
        (None, _) => no("invalid_auth"),
        (Some((_, false)), _) => no("token_revoked"),
        (Some((team, _)), "/auth.test") => {
            let url = "https://acme.slack.com/";
            json!({ "ok": true, "url": url, "team": "Acme", "user": "bot", "team_id": team, "user_id": "U012" })
        }
        (Some((_, works)), "/auth.revoke") => {
            *works = false;
            json!({ "ok": true, "revoked": true })
        }
        _ => no("unknown_method"),
    };
    (200, told)
}
