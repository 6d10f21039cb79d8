//! A double of AtlasVPN: the users' service, the keys interface, and the gateway (R11 to R37, R93 to R96).
//! What it does not show: docs/doubles.md.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::random;
use super::server::{Asked, Server, Told};

/// Days for which the key was used before, and uses a day.
const HABIT: (i64, i64) = (29, 3);

/// The running double, with one key.
pub(super) struct AtlasVpn {
    api: Server,
    gateway: Server,
    state: Arc<Mutex<State>>,
    /// What signs the bot in.
    pub(super) login: Login,
}

/// What signs in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) apikey: String,
    pub(super) email: String,
    pub(super) password: String,
}

struct State {
    id: String,
    key_id: String,
    secret: String,
    /// What was given out to those who signed in.
    tokens: Vec<String>,
    refresh: String,
    events: Vec<Event>,
    used: Option<Timestamp>,
}

struct Event {
    at: Timestamp,
    host: String,
    sent: u64,
}

impl AtlasVpn {
    /// Starts it with a key that was used every day, at other hours than this one.
    ///
    /// # Errors
    /// The system lends no port or gives no random bytes.
    pub(super) fn start() -> io::Result<Self> {
        let login =
            Login { apikey: random(24)?, email: "keywright-bot@example.com".into(), password: random(24)? };
        let state = State {
            id: format!("{}-0000-4000-8000-{}", random(4)?, random(6)?),
            key_id: format!("avp_live_{}", random(6)?),
            secret: random(32)?,
            tokens: Vec::new(),
            refresh: String::new(),
            events: habits(Timestamp::now()),
            used: None,
        };
        let state = Arc::new(Mutex::new(state));
        let (asked_of, signed) = (state.clone(), login.clone());
        let api = Server::start(move |asked| answer(&asked_of, &signed, asked))?;
        let asked_of = state.clone();
        let gateway = Server::start(move |asked| tunnel(&asked_of, asked))?;
        Ok(Self { api, gateway, state, login })
    }

    /// Returns where users' service and keys interface are.
    pub(super) fn api(&self) -> String {
        self.api.place()
    }

    /// Returns where the gateway is.
    pub(super) fn gateway(&self) -> String {
        self.gateway.place()
    }

    /// Returns the key as it is now: its id and its secret.
    pub(super) fn key(&self) -> (String, String) {
        let state = lock(&self.state);
        (state.key_id.clone(), state.secret.clone())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Uses of every day: two hosts, a few hundred bytes, nine to ten hours away from now.
fn habits(now: Timestamp) -> Vec<Event> {
    let days = (1..=HABIT.0).flat_map(|day| (0..HABIT.1).map(move |nth| (day, nth)));
    let event = |(day, nth): (i64, i64)| {
        let before = SignedDuration::from_mins(day * 24 * 60 - 9 * 60 - nth * 20);
        let host = if nth == 0 { "prices.example.com" } else { "shop.example.com" };
        Event { at: now - before, host: host.into(), sent: 400 + 20 * nth.unsigned_abs() }
    };
    let mut events: Vec<Event> = days.map(event).filter(|e| e.at < now).collect();
    events.sort_by_key(|e| std::cmp::Reverse(e.at));
    events
}

fn answer(state: &Mutex<State>, login: &Login, asked: &Asked) -> Told {
    let mut state = lock(state);
    let (status, value) = match told(&mut state, login, asked) {
        Ok(told) => told,
        Err(_) => (503, json!({ "error": "no random bytes" })),
    };
    Told::json(status, &value)
}

fn told(state: &mut State, login: &Login, asked: &Asked) -> io::Result<(u16, Value)> {
    if asked.path == "/auth/v1/token" {
        return sign_in(state, login, asked);
    }
    // R29
    if !state.tokens.iter().any(|t| asked.header("authorization") == format!("Bearer {t}")) {
        return Ok((401, json!({ "error": "Invalid or expired access token" })));
    }
    let rotate = format!("/api/v1/proxy/keys/{}/rotate", state.id);
    let is_events = asked.path.starts_with("/api/v1/proxy/") && asked.path.ends_with("/events");
    Ok(match asked.method.as_str() {
        // R32: never a secret.
        "GET" if asked.path == "/api/v1/proxy/keys" => (
            200,
            json!([{ "id": state.id, "keyId": state.key_id, "label": "shop", "tier": "developer",
                "liveMode": true, "active": true, "lastUsedAt": state.used.map(|at| at.to_string()),
                "createdAt": "2026-04-20T08:55:17Z" }]),
        ),
        // R9, R11: the key id stays, the old secret dies.
        "POST" if asked.path == rotate => {
            state.secret = random(32)?;
            let pair = format!("{}:{}", state.key_id, state.secret);
            let key = json!({ "keyId": state.key_id, "secret": state.secret, "basicAuth": pair,
                "rotatedAt": Timestamp::now().to_string() });
            (200, json!({ "key": key }))
        }
        "GET" if is_events => {
            let (page, limit) =
                (asked.number("page").unwrap_or(1).max(1), asked.number("limit").unwrap_or(50));
            let limit = limit.clamp(1, 1000);
            let all = state.events.iter().enumerate().skip((page - 1).saturating_mul(limit)).take(limit);
            (200, all.map(|(at, event)| shown(state.events.len() - at, event)).collect())
        }
        _ => (404, json!({ "error": "Not found" })),
    })
}

fn shown(number: usize, event: &Event) -> Value {
    json!({ "id": format!("ev-{number}"), "createdAt": event.at.to_string(), "targetHost": event.host,
        "method": "CONNECT", "statusCode": 200, "bytesSent": event.sent, "bytesReceived": 0,
        "durationMs": 12, "servedByNodeId": "drill-1" })
}

/// R25: by password, or by a refresh token.
fn sign_in(state: &mut State, login: &Login, asked: &Asked) -> io::Result<(u16, Value)> {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let is_right = match asked.query.contains("refresh_token") {
        true => !state.refresh.is_empty() && body["refresh_token"] == state.refresh.as_str(),
        false => body["email"] == login.email.as_str() && body["password"] == login.password.as_str(),
    };
    if asked.header("apikey") != login.apikey || !is_right {
        return Ok((400, json!({ "code": 400, "msg": "Invalid login credentials" })));
    }
    let token = random(24)?;
    state.refresh = random(24)?;
    state.tokens.push(token.clone());
    let told = json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600,
        "refresh_token": state.refresh });
    Ok((200, told))
}

/// The gateway: R93 to R95. A tunnel through which nothing is sent is no use.
fn tunnel(shared: &Arc<Mutex<State>>, asked: &Asked) -> Told {
    let state = lock(shared);
    let basic = asked.header("proxy-authorization").strip_prefix("Basic ").unwrap_or_default();
    let pair = data_encoding::BASE64.decode(basic.as_bytes()).unwrap_or_default();
    let is_right = pair == format!("{}:{}", state.key_id, state.secret).into_bytes();
    let (host, port) = asked.path.rsplit_once(':').unwrap_or((&asked.path, ""));
    let refused = |status, why: &str| Told::Answer(status, "text/plain", why.as_bytes().to_vec());
    match port {
        _ if asked.method != "CONNECT" => refused(400, "CONNECT alone is served here\n"),
        _ if !is_right => refused(407, "Invalid or expired access token\n"),
        "80" | "443" | "8080" | "8443" => {
            let (host, shared) = (host.to_owned(), shared.clone());
            Told::Tunnel(Box::new(move |sent| {
                if sent > 0 {
                    let (mut state, at) = (lock(&shared), Timestamp::now());
                    state.used = Some(at);
                    state.events.insert(0, Event { at, host, sent });
                }
            }))
        }
        _ => refused(403, "Port not allowed\n"),
    }
}
