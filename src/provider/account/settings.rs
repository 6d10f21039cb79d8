//! What the operator's settings say of an account: where it is, how it signs in, whose keys are his.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::ProviderError;
use super::super::connect::Gateway;
use super::super::recipe::{AuthKind, CheckKind, Recipe, api_of};
use super::super::supabase::Session;
use crate::reference::Reference;

/// Settings besides `auth`.
const SETTINGS: [&str; 3] = ["api", "gateway", "connect_target"];
/// The setting that says whose keys are the operator's own.
const OWNERS: &str = "owners";

/// What they come to.
pub(super) struct Settings {
    pub(super) api: String,
    pub(super) gateway: Option<Gateway>,
    pub(super) auth: Auth,
    /// The recipe's own settings, as far as they are given.
    pub(super) given: Vec<(String, String)>,
    /// Whose keys are the operator's own.
    pub(super) owners: Vec<String>,
}

/// How it signs in.
pub(super) enum Auth {
    /// The inputs are what is sent.
    Given(BTreeMap<String, Reference>),
    /// They buy a token.
    Supabase(Session),
}

impl Settings {
    /// Reads them; what is not known is told.
    pub(super) fn read(recipe: &Recipe, settings: &Value) -> Result<Self, ProviderError> {
        let wrong = |name: &str, why: &str| ProviderError::Setting { name: name.into(), why: why.into() };
        let empty = Map::new();
        let settings = match settings {
            Value::Null => &empty,
            Value::Object(fields) => fields,
            _ => return Err(wrong("", "are no table of names and texts")),
        };
        let own = &recipe.rekey.settings;
        let owned = recipe.check.owner.as_ref().map(|_| OWNERS);
        let is_known = |k: &String| {
            k == "auth" || SETTINGS.contains(&k.as_str()) || own.contains(k) || owned == Some(k.as_str())
        };
        if let Some(name) = settings.keys().find(|k| !is_known(k)) {
            let name = crate::model::text::shown(name.as_bytes());
            let known = own.iter().map(String::as_str).chain(owned).chain(["auth"]).chain(SETTINGS);
            let known: Vec<_> = known.collect();
            return Err(wrong(&name, &format!("is not known; there are {}", known.join(", "))));
        }
        let said = |name: &str| match settings.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(wrong(name, "is no text")),
        };
        let mut given = Vec::new();
        for name in own {
            given.extend(said(name)?.map(|text| (name.clone(), text.to_owned())));
        }
        let owners = match settings.get(OWNERS) {
            None => Vec::new(),
            Some(list) => serde_json::from_value::<Vec<String>>(list.clone())
                .ok()
                .filter(|names| names.iter().all(|name| !name.trim().is_empty()))
                .ok_or_else(|| wrong(OWNERS, "is no list of names, such as [\"acme-bot\"]"))?,
        };
        let api = said("api")?.unwrap_or(&recipe.rekey.api);
        let api = api_of(api).ok_or_else(|| wrong("api", "is no address; write https://host"))?;
        let gateway = match recipe.check.kind {
            CheckKind::Http => None,
            CheckKind::Connect => {
                let at = said("gateway")?.or(recipe.check.gateway.as_deref()).unwrap_or_default();
                let to = said("connect_target")?.or(recipe.check.target.as_deref()).unwrap_or_default();
                let made = Gateway::new(at, to, &recipe.check.alive, &recipe.check.dead);
                Some(made.ok_or_else(|| wrong("gateway", "or `connect_target` is no host:port"))?)
            }
        };
        let inputs = inputs(recipe, settings)?;
        let auth = match recipe.auth.kind {
            AuthKind::Given => Auth::Given(inputs),
            AuthKind::Supabase => Auth::Supabase(
                Session::new(inputs).ok_or_else(|| wrong("auth", "lacks url, apikey, email or password"))?,
            ),
        };
        Ok(Self { api, gateway, auth, given, owners })
    }
}

/// Returns the references to sign in with: the recipe's, or the operator's.
fn inputs(
    recipe: &Recipe,
    settings: &Map<String, Value>,
) -> Result<BTreeMap<String, Reference>, ProviderError> {
    let wrong = |name: String, why: &str| ProviderError::Setting { name, why: why.into() };
    let mut texts: BTreeMap<&str, &str> =
        recipe.auth.inputs.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let own = match settings.get("auth") {
        None | Some(Value::Null) => None,
        Some(Value::Object(own)) => Some(own),
        Some(_) => return Err(wrong("auth".into(), "is no table of references")),
    };
    for (name, text) in own.into_iter().flatten() {
        let shown = format!("auth.{}", crate::model::text::shown(name.as_bytes()));
        let Some(slot) = texts.get_mut(name.as_str()) else {
            return Err(wrong(shown, "is nothing this provider wants"));
        };
        *slot = text.as_str().ok_or_else(|| wrong(shown, "is no reference; write env:NAME or file:PATH"))?;
    }
    texts
        .into_iter()
        .map(|(name, text)| match Reference::parse(text) {
            Ok(reference) => Ok((name.to_owned(), reference)),
            Err(source) => Err(ProviderError::Reference { name: name.to_owned(), source }),
        })
        .collect()
}
