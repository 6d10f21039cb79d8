//! One request of a recipe, and how it becomes one that can be sent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fill::{Slots, Template};
use crate::http::Request;
use crate::model::Secret;
use crate::model::credential::CallError;

/// What the next page of a list comes after.
pub(in crate::provider) const AFTER: &str = "after";

/// One request: what is sent, what its refusals mean, where its answer holds what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::provider) struct Step<A> {
    /// GET, POST, PUT, PATCH or DELETE.
    pub(super) method: String,
    /// Below the interface's address: `/keys/{id}`.
    pub(super) path: String,
    /// Paths that are asked instead, in turn, while what is asked for is not there (404).
    #[serde(default)]
    pub(super) or_paths: Vec<String>,
    /// The query, by name.
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    /// More headers.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub(super) json: Option<serde_json::Value>,
    /// Statuses that say there is no room for another key.
    #[serde(default)]
    pub(super) full: Vec<u16>,
    /// Statuses that say that it was not done and may be asked again.
    #[serde(default)]
    pub(super) retry: Vec<u16>,
    /// Statuses that say that it is gone already.
    #[serde(default)]
    pub(super) gone: Vec<u16>,
    /// What a person can do where the provider does not offer this.
    #[serde(default)]
    pub(in crate::provider) without: String,
    /// Where its answer holds what.
    #[serde(default)]
    pub(in crate::provider) answer: A,
}

impl<A: Default> Step<A> {
    /// Returns a request of a method and a path, and no more.
    pub(super) fn plain(method: &str, path: &str) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            or_paths: Vec::new(),
            query: BTreeMap::new(),
            headers: BTreeMap::new(),
            json: None,
            full: Vec::new(),
            retry: Vec::new(),
            gone: Vec::new(),
            without: String::new(),
            answer: A::default(),
        }
    }
}

impl<A> Step<A> {
    /// Returns the path and those that are asked instead.
    pub(in crate::provider) fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.or_paths.iter().map(String::as_str))
    }

    /// Makes the request: every value is encoded for where it stands, and the host is `api`'s whatever
    /// they are.
    pub(in crate::provider) fn request(
        &self,
        api: &str,
        path: &str,
        headers: &BTreeMap<String, String>,
        slots: &Slots,
    ) -> Result<Request, CallError> {
        let mut url = format!("{api}{}", slots.path(&Template::parse(path).map_err(CallError::NotSent)?)?);
        for (name, value) in &self.query {
            let value = Template::parse(value).map_err(CallError::NotSent)?;
            // The first page comes after nothing.
            if value.slots().any(|slot| slot == AFTER) && !slots.has(AFTER) {
                continue;
            }
            url.push(if url.contains('?') { '&' } else { '?' });
            url += &slots.query(name, &value)?;
        }
        let mut request = Request::new(&self.method, &url)?;
        for (name, value) in headers.iter().chain(&self.headers) {
            let value: Secret = slots.header(&Template::parse(value).map_err(CallError::NotSent)?)?;
            request = request.header(name, &value)?;
        }
        match &self.json {
            Some(body) => Ok(request.json(slots.json(body)?)),
            None => Ok(request),
        }
    }
}
