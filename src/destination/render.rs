//! `render:[NAME/]SERVICE#VARIABLE[,key_id=OTHER]`: environment variables of a service on Render.
//!
//! Each variable is read and written by itself: the call that takes a list replaces the whole list, and
//! would take every other variable away. What Render does not say is when a variable was written, so an
//! activation always begins a deploy of its own.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::platform::{self, Api, Effect, is_name, name_at, secret_at, word_at};
use super::variables::{Names, Platform, Variable, Variables};
use super::waiting::Waiting;
use super::{Destination, DestinationError, Reach, Wrong, network};
use crate::model::Secret;

/// The table `[destinations.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default = "address")]
    url: String,
    token: String,
    /// How long a deploy may take, in seconds.
    #[serde(default)]
    wait: Option<u64>,
}

fn address() -> String {
    "https://api.render.com".into()
}

struct Render {
    api: Api,
    service: String,
    wait: Duration,
}

/// Reads `[NAME/]SERVICE#VARIABLE[,key_id=OTHER]`.
pub(super) fn parse(rest: &str, reach: &Reach) -> Result<Box<dyn Destination>, Wrong> {
    let (table, place) = network::settings::<Table>("render", rest, reach)?;
    let (service, names) = place.split_once('#').unwrap_or((place, ""));
    let names = Names::parse(names)?;
    if !is_name(service) || !service.contains('-') {
        let fix = "write render:SERVICE#VARIABLE with the service's id, such as srv-…".into();
        return Err(("it names no service".into(), fix));
    }
    if names.at.is_some() {
        let fix = "take what follows the @ away: a service is one environment".into();
        return Err(("a service of Render has no environments".into(), fix));
    }
    let api = Api::new(reach, &table.url, &table.token, &[("accept", "application/json")])?;
    let render = Render { api, service: service.into(), wait: super::waiting::bound(table.wait) };
    Ok(Box::new(Variables::new("render", rest, names, Box::new(render), reach)))
}

/// A deploy, as far as it is looked at.
struct Deploy {
    id: String,
    status: String,
    created: i64,
}

/// How a deploy stands.
enum Stands {
    Live,
    Going,
    Overtaken,
    Failed,
}

impl Deploy {
    fn read(value: &Value) -> Option<Self> {
        let created = value.get("createdAt").and_then(Value::as_str)?.parse::<jiff::Timestamp>().ok()?;
        let (id, status) = (name_at(value, "/id")?.to_owned(), word_at(value, "/status"));
        Some(Self { id, status, created: created.as_millisecond() })
    }

    fn stands(&self) -> Stands {
        match self.status.as_str() {
            // Deactivated: it was live, and a later one is now.
            "live" | "deactivated" => Stands::Live,
            "canceled" => Stands::Overtaken,
            status if status.ends_with("_failed") => Stands::Failed,
            // Created, queued, build, pre-deploy and update in progress, and what is not known yet.
            _ => Stands::Going,
        }
    }
}

impl Render {
    fn path(&self, rest: &str) -> String {
        format!("/v1/services/{}{rest}", self.service)
    }

    /// Begins a deploy; returns its id, where the answer names it.
    async fn begin(&self) -> Result<Option<Deploy>, DestinationError> {
        let body = platform::open_body(&json!({ "clearCache": "do_not_clear" }));
        let asked = self.api.ask(Effect::Begin, "POST", &self.path("/deploys"), Some(&body)).await;
        match asked {
            // A deploy that has to wait is taken on without a word about it.
            Ok(answer) => Ok(Deploy::read(&answer.0)),
            // Another is under way, and this one is not queued.
            Err(no) if no.status() == Some(409) => Err(DestinationError::NotDone(
                "begin a deploy: another is under way, and Render takes no second one".into(),
            )),
            Err(no) => Err(no.means("begin a deploy", Effect::Begin)),
        }
    }

    async fn deploy(&self, id: &str) -> Result<Deploy, DestinationError> {
        let answer = self.api.look(&self.path(&format!("/deploys/{id}")), "look at a deploy").await?;
        Deploy::read(&answer.0).ok_or_else(|| garbled("look at a deploy"))
    }

    /// Returns the deploy that was begun last.
    async fn last(&self) -> Result<Option<Deploy>, DestinationError> {
        let what = "list the deploys";
        let answer = self.api.look(&self.path("/deploys?limit=20"), what).await?;
        let list = answer.0.as_array().ok_or_else(|| garbled(what))?;
        let read = |item: &Value| item.get("deploy").and_then(Deploy::read).ok_or_else(|| garbled(what));
        let deploys = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(deploys.into_iter().max_by_key(|d| d.created))
    }
}

fn garbled(what: &str) -> DestinationError {
    DestinationError::NotDone(format!("{what}: the answer is not what Render documents"))
}

#[async_trait]
impl Platform for Render {
    async fn look(&self, names: &[&str]) -> Result<Vec<Variable>, DestinationError> {
        let mut seen = Vec::new();
        for name in names {
            let what = format!("read {name}");
            let asked = self.api.look(&self.path(&format!("/env-vars/{name}")), &what).await;
            let answer = asked.map_err(|e| match e {
                DestinationError::Absent(why) => DestinationError::Absent(format!(
                    "{why}; a variable of an environment group or a secret file is not the service's own"
                )),
                e => e,
            })?;
            if name_at(&answer.0, "/key") != Some(name) {
                return Err(garbled(&what));
            }
            let value = secret_at(&answer, "/value").ok_or_else(|| garbled(&what))?;
            seen.push(Variable {
                id: (*name).into(),
                value: Some(value),
                version: String::new(),
                written: None,
            });
        }
        Ok(seen)
    }

    async fn rehearse(&self) -> Result<(), DestinationError> {
        let answer = self.api.look(&self.path(""), "look at the service").await?;
        match word_at(&answer.0, "/suspended").as_str() {
            "not_suspended" => Ok(()),
            "suspended" => Err(DestinationError::Denied(
                "the service is suspended and would not be deployed; resume it at Render first".into(),
            )),
            _ => Err(garbled("look at the service")),
        }
    }

    async fn put(&self, seen: &Variable, value: &Secret) -> Result<(), DestinationError> {
        let body = platform::body("value", value)?;
        let path = self.path(&format!("/env-vars/{}", seen.id));
        let asked = self.api.ask(Effect::Put, "PUT", &path, Some(&body)).await;
        asked.map(drop).map_err(|no| no.means(&format!("write {}", seen.id), Effect::Put))
    }

    /// Begins a deploy and waits until it, or one begun later, is live.
    async fn activate(&self, _names: &[&str]) -> Result<(), DestinationError> {
        let before = self.last().await?;
        let mut ours = self.begin().await?;
        let floor = before.map_or(i64::MIN, |d| d.created);
        let mut waiting = Waiting::new(self.wait);
        let mut told = "it is not listed yet".to_owned();
        loop {
            let seen = match &ours {
                Some(deploy) => self.deploy(&deploy.id).await.map(Some),
                None => self.last().await.map(|d| d.filter(|d| d.created > floor)),
            };
            match seen {
                Ok(Some(deploy)) => match deploy.stands() {
                    Stands::Live => return Ok(()),
                    Stands::Failed => return Err(failed(&deploy)),
                    Stands::Overtaken => match self.last().await {
                        // One that was begun later has the new value too.
                        Ok(Some(later)) if later.created > deploy.created => ours = Some(later),
                        Ok(_) => return Err(failed(&deploy)),
                        Err(e) => told = e.to_string(),
                    },
                    Stands::Going => {
                        told = format!("the deploy {} is {}", deploy.id, deploy.status);
                        ours = Some(deploy);
                    }
                },
                Ok(None) => {}
                // A look that came to nothing changes nothing: the deploy goes on.
                Err(DestinationError::NotDone(why)) => told = why,
                Err(e) => return Err(e),
            }
            if !waiting.on().await {
                return Err(DestinationError::NotDone(format!("{told}, after {:?}", self.wait)));
            }
        }
    }
}

fn failed(deploy: &Deploy) -> DestinationError {
    DestinationError::Denied(format!(
        "the deploy {} ended as {}; its log at Render says why",
        deploy.id, deploy.status
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(status: &str) -> Stands {
        let value = json!({ "id": "dep-1", "status": status, "createdAt": "2026-04-25T14:30:00Z" });
        Deploy::read(&value).unwrap().stands()
    }

    #[test]
    fn every_status_that_is_documented_has_its_meaning() {
        for status in ["live", "deactivated"] {
            assert!(matches!(stands(status), Stands::Live), "{status}");
        }
        for status in ["build_failed", "update_failed", "pre_deploy_failed"] {
            assert!(matches!(stands(status), Stands::Failed), "{status}");
        }
        for status in
            ["created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress", "new"]
        {
            assert!(matches!(stands(status), Stands::Going), "{status}");
        }
        assert!(matches!(stands("canceled"), Stands::Overtaken));
    }
}
