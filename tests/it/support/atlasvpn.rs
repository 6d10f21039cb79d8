//! A double of AtlasVPN, written from the project's requirements R11 to R37 and R91 to R97: Supabase's two
//! grants, the keys interface, and a gateway for CONNECT. What it does not show: docs/doubles.md.
//!
//! It lives in the test's process, answers whoever calls it on loopback, and never waits.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

pub(crate) use super::loopback::{Asked, asked};
use super::loopback::{Listening, Told};

/// The word at the front of every token it gives out, to search outputs for.
pub(crate) const TOKEN: &str = "tokenthatnobodymaysee";
/// The bot's password.
pub(crate) const PASSWORD: &str = "bot-password-that-nobody-may-see";
/// The key to the users' service.
pub(crate) const APIKEY: &str = "apikey-that-nobody-may-see";
/// The bot.
pub(crate) const EMAIL: &str = "bot@example.com";

/// What goes wrong with a call.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It is done, and the connection ends without an answer.
    DropReply,
    /// It is done, and half of the answer comes.
    HalfReply,
    /// The connection ends before anything is done.
    Hangup,
    /// Nothing is done, and nothing is said until the caller goes.
    Silence,
    /// Nothing is done, and this is answered: status, headers (with line ends), body.
    Answer(u16, &'static str, &'static str),
    /// It is done, and this is answered instead.
    DoneBut(u16, &'static str),
    /// It is done, and the answer names another key.
    WrongKeyId,
    /// Nothing is done: the token has expired.
    Expired,
}

/// A key as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) key_id: String,
    pub(crate) secret: String,
    pub(crate) label: String,
    pub(crate) tier: String,
    pub(crate) live: bool,
    pub(crate) active: bool,
    pub(crate) last_used: Option<String>,
    /// Every secret it had before, and until when it works, by the clock that is moved on.
    pub(crate) former: Vec<(String, i64)>,
}

/// Everything the double knows; tests read it and change it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) keys: Vec<Key>,
    /// Every call that came, without its secrets: `POST /api/v1/proxy/keys`, `sign-in password`, `CONNECT 200`.
    pub(crate) log: Vec<String>,
    /// Faults to come, each with the call it meets: `mint`, `rotate`, `delete`, `list`, `usage`, `events`,
    /// `sign-in`, `refresh`, `connect`. The first that fits is taken, and it is taken once.
    pub(crate) faults: VecDeque<(&'static str, Fault)>,
    /// How many keys may be active at once.
    pub(crate) limit: Option<usize>,
    /// The path on which events are told, of the two; `None`: on neither (R96).
    pub(crate) events_at: Option<&'static str>,
    /// The events.
    pub(crate) events: Vec<Value>,
    /// How many events a page holds.
    pub(crate) page: usize,
    /// Statuses of the gateway for credentials that are right, instead of 200.
    pub(crate) gate: Option<u16>,
    /// Whether the gateway lets anything in.
    pub(crate) welcomes: bool,
    /// Keys, by their key ids, that are another account's: they work, and are not listed.
    pub(crate) elsewhere: Vec<String>,
    /// How long a secret that was replaced works on, in seconds, as at providers with a grace of their own.
    pub(crate) keeps_former: i64,
    /// How far its clock is moved on, in seconds.
    pub(crate) moved: i64,
    tokens: Vec<String>,
    refresh: Option<String>,
    made: u64,
}

/// The running double.
pub(crate) struct AtlasVpn {
    api: Listening,
    gateway: Listening,
    state: Arc<Mutex<State>>,
}

impl AtlasVpn {
    /// Starts it with one key labelled `prod`.
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(State { page: 50, ..State::default() }));
        state.lock().unwrap().mint("prod", "developer", true);
        let api = serve(&state, answer_api);
        let gateway = serve(&state, answer_connect);
        Self { api, gateway, state }
    }

    /// Returns where keys interface and users' service are: `127.0.0.1:port`.
    pub(crate) fn api(&self) -> &str {
        self.api.place()
    }

    /// Returns where the gateway is.
    pub(crate) fn gateway(&self) -> &str {
        self.gateway.place()
    }

    /// Lends everything it knows.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Lets a call go wrong, once.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault) {
        self.state().faults.push_back((call, fault));
    }

    /// Lets every token that was given out expire, and the refresh token too if `all`.
    pub(crate) fn expire(&self, all: bool) {
        let mut state = self.state();
        state.tokens.clear();
        if all {
            state.refresh = None;
        }
    }

    /// Returns the calls since the last asking.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    /// Returns every secret that ever was, old and new, and what signs in: what no output may hold.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let state = self.state();
        let of = |key: &Key| {
            key.former.iter().map(|f| f.0.clone()).chain([key.secret.clone()]).collect::<Vec<_>>()
        };
        let fixed = [TOKEN, PASSWORD, APIKEY].map(str::to_owned);
        state.keys.iter().flat_map(of).chain(fixed).collect()
    }
}

impl State {
    /// Makes a key.
    pub(crate) fn mint(&mut self, label: &str, tier: &str, live: bool) -> Key {
        let id = format!("{:08x}-0000-4000-8000-{:012x}", self.fresh(), self.fresh() & 0xffff_ffff_ffff);
        let key_id =
            format!("avp_{}_{:012x}", if live { "live" } else { "test" }, self.fresh() & 0xffff_ffff_ffff);
        let key = Key {
            id,
            key_id,
            secret: self.secret(),
            label: label.into(),
            tier: tier.into(),
            live,
            active: true,
            last_used: None,
            former: Vec::new(),
        };
        self.keys.push(key.clone());
        key
    }

    /// Tells whether a key id and a secret open the gateway now.
    pub(crate) fn opens(&self, key_id: &str, secret: &str) -> bool {
        let is_kept = |(former, until): &(String, i64)| former == secret && self.moved < *until;
        let is_it = |k: &Key| k.secret == secret || k.former.iter().any(is_kept);
        self.keys.iter().any(|k| k.active && k.key_id == key_id && is_it(k))
    }

    fn fresh(&mut self) -> u64 {
        self.made += 1;
        // The finaliser of splitmix64: different for each number, and looks like a key.
        let mut x = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn secret(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.fresh())).collect()
    }

    fn fault(&mut self, call: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|(name, _)| *name == call)?;
        self.faults.remove(at).map(|(_, fault)| fault)
    }
}

type Answering = fn(&Mutex<State>, &Asked, &mut TcpStream) -> std::io::Result<()>;

fn serve(state: &Arc<Mutex<State>>, answer: Answering) -> Listening {
    let state = state.clone();
    Listening::begin(move |stream| {
        if let Some(asked) = asked(stream) {
            let _ = answer(&state, &asked, stream);
        }
    })
}

fn answer_api(state: &Mutex<State>, asked: &Asked, stream: &mut TcpStream) -> std::io::Result<()> {
    let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let moved = state.moved;
    let call = call(asked);
    let logged = match call {
        "sign-in" => "sign-in password".into(),
        "refresh" => "sign-in refresh".into(),
        _ => format!("{} {}", asked.method, asked.path),
    };
    state.log.push(logged);
    let fault = state.fault(call);
    match &fault {
        Some(Fault::Hangup) => return Ok(()),
        Some(Fault::Silence) => {
            drop(state);
            return wait(stream);
        }
        Some(Fault::Answer(status, headers, body)) => return reply(stream, moved, *status, headers, body),
        Some(Fault::Expired) => state.tokens.clear(),
        _ => {}
    }
    let (status, mut told) = do_it(&mut state, call, asked);
    drop(state);
    match fault {
        Some(Fault::DropReply) => Ok(()),
        Some(Fault::HalfReply) => {
            let text = told.to_string();
            let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", text.len());
            stream.write_all(head.as_bytes())?;
            stream.write_all(&text.as_bytes()[..text.len() / 2])
        }
        Some(Fault::DoneBut(status, body)) => reply(stream, moved, status, "", body),
        Some(Fault::WrongKeyId) => {
            told["key"]["keyId"] = json!("avp_live_ffffffffffff");
            reply(stream, moved, status, "", &told.to_string())
        }
        _ => reply(stream, moved, status, "", &told.to_string()),
    }
}

/// Says nothing until the caller goes.
pub(crate) fn wait(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut nothing = [0; 64];
    while stream.read(&mut nothing)? > 0 {}
    Ok(())
}

/// Answers, by a clock that is moved on so many seconds.
pub(crate) fn reply(
    stream: &mut TcpStream,
    moved: i64,
    status: u16,
    headers: &str,
    body: &str,
) -> std::io::Result<()> {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(moved)))
        .unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes())
}

/// Names a call.
fn call(asked: &Asked) -> &'static str {
    let path = asked.path.as_str();
    match asked.method.as_str() {
        "POST" if path == "/auth/v1/token" && asked.query.contains("refresh") => "refresh",
        "POST" if path == "/auth/v1/token" => "sign-in",
        "GET" if path == "/api/v1/proxy/keys" => "list",
        "POST" if path == "/api/v1/proxy/keys" => "mint",
        "POST" if path.ends_with("/rotate") => "rotate",
        "DELETE" => "delete",
        "GET" if path.ends_with("/events") => "events",
        "GET" if path == "/api/v1/proxy/usage" => "usage",
        _ => "nothing",
    }
}

fn do_it(state: &mut State, call: &str, asked: &Asked) -> Told {
    match call {
        "sign-in" | "refresh" => return sign_in(state, call, asked),
        // R29
        _ if !state.tokens.iter().any(|t| asked.header("authorization") == format!("Bearer {t}")) => {
            return (401, json!({ "error": "Invalid or expired access token" }));
        }
        _ => {}
    }
    let id = asked.path.strip_prefix("/api/v1/proxy/keys/").unwrap_or_default();
    let id = id.strip_suffix("/rotate").unwrap_or(id);
    let key = state.keys.iter().position(|k| k.id == id && k.active);
    match (call, key) {
        ("list", _) => {
            let is_here = |key: &&Key| !state.elsewhere.contains(&key.key_id);
            (200, state.keys.iter().filter(is_here).map(listed).collect())
        }
        ("mint", _) => mint(state, &asked.body),
        ("rotate", Some(at)) => {
            // R9, R11: the key id stays.
            let secret = state.secret();
            let until = state.moved + state.keeps_former;
            let key = &mut state.keys[at];
            let old = std::mem::replace(&mut key.secret, secret);
            key.former.push((old, until));
            let mut told = shown_once(key);
            told["key"]["rotatedAt"] = json!("2026-04-25T14:30:00Z");
            (200, told)
        }
        // R36: the row stays.
        ("delete", Some(at)) => {
            state.keys[at].active = false;
            (200, json!({ "ok": true }))
        }
        ("usage", _) => {
            let active = state.keys.iter().filter(|k| k.active).count();
            let sums = json!({ "totalBandwidthBytes": 1_234_567_890, "totalRequests": 42,
                "activeKeys": active, "tierBreakdown": { "developer": active } });
            (200, sums)
        }
        ("events", _) if state.events_at == Some(place_of(&asked.path)) => {
            let number = |name: &str| {
                let text = asked.query.split('&').find_map(|p| p.strip_prefix(name));
                text.and_then(|t| t.parse::<usize>().ok()).unwrap_or(1)
            };
            let page = number("page=");
            (200, state.events.iter().skip((page - 1) * state.page).take(state.page).cloned().collect())
        }
        _ => (404, json!({ "error": "Not found" })),
    }
}

/// Names the path that events were asked at: `usage` or `keys`.
fn place_of(path: &str) -> &'static str {
    if path.starts_with("/api/v1/proxy/usage/") { "usage" } else { "keys" }
}

fn sign_in(state: &mut State, call: &str, asked: &Asked) -> Told {
    if asked.header("apikey") != APIKEY {
        return (401, json!({ "message": "Invalid API key" }));
    }
    let is_right = match call {
        "refresh" => {
            state.refresh.is_some() && asked.body["refresh_token"].as_str() == state.refresh.as_deref()
        }
        _ => asked.body["email"] == EMAIL && asked.body["password"] == PASSWORD,
    };
    if !is_right {
        // As the service does, with what was sent in it.
        return (400, json!({ "code": 400, "msg": format!("Invalid login credentials: {}", asked.body) }));
    }
    let (access, refresh) =
        (format!("{TOKEN}.{:x}.x", state.fresh()), format!("{TOKEN}-refresh-{:x}", state.fresh()));
    state.tokens.push(access.clone());
    state.refresh = Some(refresh.clone());
    let told = json!({ "access_token": access, "token_type": "bearer", "expires_in": 3600, "refresh_token": refresh });
    (200, told)
}

fn mint(state: &mut State, body: &Value) -> Told {
    // R30
    let (Some(label), Some(tier), Some(live)) =
        (body["label"].as_str(), body["tier"].as_str(), body["liveMode"].as_bool())
    else {
        return (400, json!({ "error": "label, tier and liveMode are required" }));
    };
    let active = state.keys.iter().filter(|k| k.active).count();
    if state.limit.is_some_and(|limit| active >= limit) {
        return (409, json!({ "error": "Key limit reached" }));
    }
    let key = state.mint(label, tier, live);
    (200, shown_once(&key))
}

fn shown_once(key: &Key) -> Value {
    let basic = format!("{}:{}", key.key_id, key.secret);
    json!({ "key": { "keyId": key.key_id, "secret": key.secret, "basicAuth": basic } })
}

/// R32: never a secret.
fn listed(key: &Key) -> Value {
    json!({
        "id": key.id, "keyId": key.key_id, "label": key.label, "tier": key.tier, "liveMode": key.live,
        "bandwidthUsedThisPeriodBytes": 0, "bandwidthLimitBytes": 5_000_000_000_u64, "rateLimit": 10,
        "active": key.active, "lastUsedAt": key.last_used, "createdAt": "2026-04-20T08:55:17Z",
    })
}

/// The gateway: R93, R94, R95. Answers are one line of text.
fn answer_connect(state: &Mutex<State>, asked: &Asked, stream: &mut TcpStream) -> std::io::Result<()> {
    let mut state = state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let basic = asked.header("proxy-authorization").strip_prefix("Basic ").unwrap_or_default();
    let pair = data_encoding::BASE64.decode(basic.as_bytes()).ok().and_then(|b| String::from_utf8(b).ok());
    let is_right =
        pair.is_some_and(|pair| pair.split_once(':').is_some_and(|(id, secret)| state.opens(id, secret)));
    let port = asked.path.rsplit(':').next().unwrap_or_default();
    let status = match is_right {
        _ if asked.method != "CONNECT" => 400,
        false if !state.welcomes => 407,
        _ if !matches!(port, "80" | "443" | "8080" | "8443") => 403,
        _ => state.gate.unwrap_or(200),
    };
    let fault = state.fault("connect");
    state.log.push(format!("CONNECT {status}"));
    drop(state);
    match fault {
        Some(Fault::Silence) => wait(stream),
        Some(Fault::Answer(status, headers, body)) => reply(stream, 0, status, headers, body),
        Some(_) => Ok(()),
        None if status == 200 => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").and_then(|()| wait(stream))
        }
        None => reply(stream, 0, status, "", "Invalid or expired access token\n"),
    }
}
