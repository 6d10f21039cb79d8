//! Reads a file's recipe: unknown fields, unknown slots and words that mean nothing are refused, with
//! their line.

use std::collections::BTreeMap;

use super::answer::shape_of;
use super::fill::Template;
use super::{AFTER, AuthKind, Check, CheckKind, Recipe, RecipeError, Step};
use crate::http::place;
use crate::model::credential::Liveness;
use crate::model::rotation::Mode;
use crate::rule::sheet::Sheet;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A fault: where (`mint.path`), and what is wrong.
type Fault = (String, String);

pub(super) fn read(file: &str, text: &str) -> Result<Recipe, RecipeError> {
    let error = |line, why| RecipeError { file: file.into(), line, why };
    let recipe: Recipe = toml::from_str(text).map_err(|e| {
        let offset = e.span().map_or(0, |s| s.start);
        let line = 1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count();
        error(line, e.message().trim().replace('\n', "; "))
    })?;
    held(&recipe).map_err(|(at, why)| {
        let sheet = Sheet::read(file, text);
        let line = sheet.map_or(1, |s| {
            Some(s.line_of(&at))
                .filter(|n| *n > 1)
                .unwrap_or_else(|| s.line_of(at.split('.').next().unwrap_or_default()))
        });
        error(line, format!("{at}: {why}"))
    })?;
    Ok(recipe)
}

/// Holds a recipe against itself.
fn held(recipe: &Recipe) -> Result<(), Fault> {
    let fault = |at: &str, why: String| Err((at.to_owned(), why));
    if recipe.rekey.modes.is_empty() || recipe.rekey.modes.iter().any(|w| Mode::from_word(w).is_none()) {
        return fault("rekey.modes", format!("name the ways, of {}", Mode::words()));
    }
    if !recipe.rekey.api.starts_with("https://") || api_of(&recipe.rekey.api).is_none() {
        return fault("rekey.api", "write https://host".into());
    }
    for (kind, needed) in [(AuthKind::Supabase, &["url", "apikey", "email", "password"][..])] {
        if recipe.auth.kind == kind
            && let Some(missing) = needed.iter().find(|n| !recipe.auth.inputs.contains_key(**n))
        {
            return fault("auth.inputs", format!("this way to sign in wants `{missing}`"));
        }
    }
    let mut known: Vec<&str> = match recipe.auth.kind {
        AuthKind::Given => recipe.auth.inputs.keys().map(String::as_str).collect(),
        AuthKind::Supabase => vec!["token"],
    };
    settings(&recipe.rekey.settings, &known)?;
    words("auth.headers", &recipe.auth.headers, &known)?;
    check(&recipe.check)?;
    by_hand(recipe)?;
    leaked(recipe)?;
    known.extend(recipe.rekey.settings.iter().map(String::as_str));
    if let Some(list) = &recipe.list {
        let mut known = known.clone();
        known.extend(list.answer.pages.as_ref().map(|_| AFTER));
        step("list", list, &known)?;
    }
    known.extend(["id", "key_id", "label"]);
    let like = recipe.list.iter().flat_map(|list| &list.answer.like);
    let like: Vec<String> = like.map(|field| format!("like.{field}")).collect();
    known.extend(like.iter().map(String::as_str));
    for (name, made) in [("mint", &recipe.mint), ("rotate", &recipe.rotate)] {
        let Some(made) = made else { continue };
        step(name, made, &known)?;
        if shape_of(&made.answer.secret_is).is_none() {
            let why = "write a class and a length, such as hex:64 or hex:32-64; the classes are hex, base62, base64url";
            return fault(&format!("{name}.answer"), why.into());
        }
        if made.answer.key_id_begins.iter().all(String::is_empty) {
            return fault(&format!("{name}.answer"), "say what a key id begins with: key_id_begins".into());
        }
    }
    recipe.revoke.iter().try_for_each(|s| step("revoke", s, &known))?;
    recipe.usage.iter().try_for_each(|s| step("usage", s, &known))?;
    known.extend(["page", "limit"]);
    recipe.events.iter().try_for_each(|s| step("events", s, &known))
}

/// Names that settings and slots have already.
const TAKEN: [&str; 12] = [
    "auth",
    "recipe",
    "api",
    "gateway",
    "connect_target",
    "owners",
    "id",
    "key_id",
    "label",
    "page",
    "limit",
    AFTER,
];

fn settings(names: &[String], known: &[&str]) -> Result<(), Fault> {
    let is_plain = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let wrong =
        |name: &&String| !is_plain(name) || TAKEN.contains(&name.as_str()) || known.contains(&name.as_str());
    match names.iter().find(wrong) {
        Some(name) => {
            Err(("rekey.settings".into(), format!("`{name}` is taken, or no word of small letters")))
        }
        None => Ok(()),
    }
}

/// Holds what a person does by hand against the rest.
fn by_hand(recipe: &Recipe) -> Result<(), Fault> {
    let fault = |at: &str, why: &str| Err((at.to_owned(), why.to_owned()));
    let rekey = &recipe.rekey;
    let is_manual = rekey.modes().iter().all(|mode| *mode == Mode::Manual);
    let calls = recipe.mint.is_some() || recipe.rotate.is_some() || recipe.revoke.is_some();
    if recipe.list.is_none() && (!is_manual || calls) {
        return fault(
            "rekey.modes",
            "without [list] there is only `manual`, and no [mint], [rotate], [revoke]",
        );
    }
    match &rekey.takes {
        Some(takes) if takes.begins.iter().all(String::is_empty) || takes.is.is_empty() => {
            fault("rekey.takes", "say what a key begins with, and in words what it is: begins, is")
        }
        _ => Ok(()),
    }
}

/// Holds the end of a leaked key against the rest: nobody ends one without having asked whose it is.
fn leaked(recipe: &Recipe) -> Result<(), Fault> {
    let fault = |at: &str, why: &str| Err((at.to_owned(), why.to_owned()));
    if recipe.check.owner.is_some() && recipe.check.kind != CheckKind::Http {
        return fault("check.owner", "only the answer of `http` says anything");
    }
    let Some(end) = &recipe.revoke_leaked else { return Ok(()) };
    if recipe.check.owner.is_none() || recipe.rekey.takes.is_none() {
        return fault(
            "revoke_leaked",
            "it wants check.owner and rekey.takes: a stranger's key is never ended",
        );
    }
    if !end.or_paths.is_empty() {
        return fault("revoke_leaked.or_paths", "a leaked key is sent to one place");
    }
    step("revoke_leaked", end, &["key_id", "secret"])
}

/// Returns an interface's address, if paths can be put behind it.
pub(in crate::provider) fn api_of(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let (scheme, rest) = text.split_once("://")?;
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']' | '/');
    let is_api = matches!(scheme, "https" | "http") && !rest.is_empty() && rest.chars().all(is_plain);
    is_api.then(|| text.to_owned())
}

fn check(check: &Check) -> Result<(), Fault> {
    let fault = |at: &str, why: &str| Err((format!("check.{at}"), why.to_owned()));
    let is_place = |text: &Option<String>| text.as_deref().and_then(place).is_some();
    let is_http = check.kind == CheckKind::Http;
    if is_http != (check.path.is_some() && check.method.is_some()) || is_http && check.gateway.is_some() {
        return fault("kind", "`http` wants method and path, `connect` wants gateway and target");
    }
    if !is_http && (!is_place(&check.gateway) || !is_place(&check.target)) {
        return fault("gateway", "gateway and target are host:port");
    }
    let says = |liveness| check.says.iter().any(|s| s.means() == Some(liveness));
    if let Some(saying) = check.says.iter().find(|s| s.means().is_none() || s.holds.is_empty()) {
        let why =
            format!("the one for {} wants `holds`, and `means` as {}", saying.status, Liveness::words());
        return fault("says", &why);
    }
    if !is_http && !check.says.is_empty() {
        return fault("says", "only the answer of `http` says anything");
    }
    if check.alive.is_empty() && !says(Liveness::Alive)
        || check.dead.is_empty() && !says(Liveness::Dead)
        || check.alive.iter().any(|s| check.dead.contains(s))
    {
        return fault(
            "alive",
            "name the statuses of a key that works and, apart, of one that does not: alive, dead",
        );
    }
    statuses("check.alive", &check.alive)?;
    statuses("check.dead", &check.dead)?;
    check.path.iter().try_for_each(|p| path("check.path", p, &["key_id", "secret"]))?;
    words("check.headers", &check.headers, &["key_id", "secret"])
}

fn step<A>(name: &str, step: &Step<A>, known: &[&str]) -> Result<(), Fault> {
    let at = |field: &str| format!("{name}.{field}");
    if !METHODS.contains(&step.method.as_str()) {
        return Err((at("method"), format!("write one of {}", METHODS.join(", "))));
    }
    step.paths().try_for_each(|p| path(&at("path"), p, known))?;
    words(&at("query"), &step.query, known)?;
    words(&at("headers"), &step.headers, known)?;
    for (field, list) in [("full", &step.full), ("retry", &step.retry), ("gone", &step.gone)] {
        statuses(&at(field), list)?;
    }
    step.json.iter().try_for_each(|body| texts(body, &mut |text| slots(&at("json"), text, known)))
}

fn statuses(at: &str, list: &[u16]) -> Result<(), Fault> {
    match list.iter().find(|s| !(100..600).contains(*s)) {
        Some(status) => Err((at.into(), format!("{status} is no status"))),
        None => Ok(()),
    }
}

fn path(at: &str, text: &str, known: &[&str]) -> Result<(), Fault> {
    if !text.starts_with('/') || text.contains(['?', '#', ' ', '\\', '%']) || text.contains("/../") {
        return Err((at.into(), "a path begins with a slash and holds only segments and slots".into()));
    }
    slots(at, text, known)
}

/// Holds names and values of headers or a query.
fn words(at: &str, words: &BTreeMap<String, String>, known: &[&str]) -> Result<(), Fault> {
    for (name, value) in words {
        if name.is_empty() || format!("{name}{value}").chars().any(char::is_control) {
            return Err((at.into(), "a name or a value holds a line end, or a name is empty".into()));
        }
        slots(at, value, known)?;
    }
    Ok(())
}

fn slots(at: &str, text: &str, known: &[&str]) -> Result<(), Fault> {
    let template = Template::parse(text).map_err(|why| (at.to_owned(), why))?;
    match template.slots().find(|name| !known.contains(name)) {
        Some(name) => {
            Err((at.into(), format!("nothing stands for {{{name}}}; there is {}", known.join(", "))))
        }
        None => Ok(()),
    }
}

/// Goes through every text of a body.
fn texts(body: &serde_json::Value, look: &mut impl FnMut(&str) -> Result<(), Fault>) -> Result<(), Fault> {
    match body {
        serde_json::Value::String(text) => look(text),
        serde_json::Value::Array(items) => items.iter().try_for_each(|v| texts(v, look)),
        serde_json::Value::Object(fields) => fields.values().try_for_each(|v| texts(v, look)),
        _ => Ok(()),
    }
}
