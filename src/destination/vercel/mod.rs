//! `vercel:[NAME/]PROJECT#VARIABLE[,key_id=OTHER][@TARGET]`: environment variables of a project on Vercel.
//!
//! One name may stand several times, for other targets or branches: which one is meant must be plain. A
//! variable of the type `sensitive` cannot be read by anybody, and what runs keeps the values it was
//! deployed with.
//!
//! - `deploy`: what runs, and how it is made to take the new values

mod deploy;

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::platform::{self, Api, Effect, Json, is_name, name_at, secret_at, word_at};
use super::variables::{Names, Platform, Variable, Variables};
use super::{Destination, DestinationError, Reach, Wrong, network};
use crate::model::Secret;

/// The targets a variable may be for.
const TARGETS: [&str; 3] = ["production", "preview", "development"];

/// The table `[destinations.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(default = "address")]
    url: String,
    token: String,
    /// The team's id (`team_…`), where the project is a team's.
    #[serde(default)]
    team: Option<String>,
    /// How long a deployment may take, in seconds.
    #[serde(default)]
    wait: Option<u64>,
}

fn address() -> String {
    "https://api.vercel.com".into()
}

struct Vercel {
    api: Api,
    project: String,
    team: Option<String>,
    target: Option<String>,
    wait: Duration,
}

/// A variable's entry in the project.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: String,
    sort: String,
    targets: Vec<String>,
    branch: Option<String>,
    /// When it was last written, in milliseconds.
    updated: i64,
}

/// Reads `[NAME/]PROJECT#VARIABLE[,key_id=OTHER][@TARGET]`.
pub(super) fn parse(rest: &str, reach: &Reach) -> Result<Box<dyn Destination>, Wrong> {
    let (table, place) = network::settings::<Table>("vercel", rest, reach)?;
    let (project, names) = place.split_once('#').unwrap_or((place, ""));
    let names = Names::parse(names)?;
    if !is_name(project) {
        return Err((
            "it names no project".into(),
            "write vercel:PROJECT#VARIABLE with its name or id".into(),
        ));
    }
    if table.team.as_deref().is_some_and(|team| !is_name(team)) {
        return Err((
            "its `team` is no id".into(),
            "write team = \"team_…\", from the team's settings".into(),
        ));
    }
    if names.at.as_deref().is_some_and(|at| !TARGETS.contains(&at)) {
        let fix = "write @production, @preview or @development behind the variable".into();
        return Err(("there is no such target".into(), fix));
    }
    let vercel = Vercel {
        api: Api::new(reach, &table.url, &table.token, &[("accept", "application/json")])?,
        project: project.into(),
        team: table.team,
        target: names.at.clone(),
        wait: super::waiting::bound(table.wait),
    };
    Ok(Box::new(Variables::new("vercel", rest, names, Box::new(vercel), reach)))
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        // One target stands there as a word, several as a list.
        let words = match value.get("target") {
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(word)) => vec![word.as_str()],
            _ => Vec::new(),
        };
        let mut targets: Vec<String> = words.into_iter().map(str::to_owned).collect();
        targets.sort();
        let has_others = value
            .get("customEnvironmentIds")
            .and_then(Value::as_array)
            .is_some_and(|others| !others.is_empty());
        if has_others {
            targets.push("another environment".into());
        }
        Some(Self {
            id: name_at(value, "/id")?.to_owned(),
            sort: word_at(value, "/type"),
            targets,
            branch: value.get("gitBranch").and_then(Value::as_str).map(Into::into),
            updated: value.get("updatedAt").and_then(Value::as_i64)?,
        })
    }
}

impl Vercel {
    /// Returns a path with the team behind it.
    fn path(&self, path: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        self.team.as_ref().map_or_else(|| path.to_owned(), |team| format!("{path}{sign}teamId={team}"))
    }

    /// Finds the one entry that is meant by each name.
    async fn entries(&self, names: &[&str]) -> Result<Vec<Entry>, DestinationError> {
        let what = "list the project's variables";
        let path = self.path(&format!("/v10/projects/{}/env", self.project));
        let answer = self.api.look(&path, what).await?;
        let list = answer.0.get("envs").and_then(Value::as_array).ok_or_else(|| garbled(what))?;
        let mut found: Vec<Entry> = Vec::new();
        for name in names {
            let named = list.iter().filter(|v| v.get("key").and_then(Value::as_str) == Some(name));
            let entries = named.map(|v| Entry::read(v).ok_or_else(|| garbled(what)));
            let entry = chosen(name, self.target.as_deref(), entries.collect::<Result<_, _>>()?)?;
            if let Some(first) = found.first()
                && (first.targets != entry.targets || first.branch != entry.branch)
            {
                let why = format!("{name} is for other targets than the secret; make them the same");
                return Err(DestinationError::Denied(why));
            }
            found.push(entry);
        }
        Ok(found)
    }

    /// Reads what an entry holds; `None`: nobody can.
    async fn value(&self, entry: &Entry) -> Result<Option<Secret>, DestinationError> {
        if entry.sort == "sensitive" || entry.sort == "secret" {
            return Ok(None);
        }
        let path = self.path(&format!("/v1/projects/{}/env/{}", self.project, entry.id));
        let answer = self.api.look(&path, "read the variable").await?;
        Ok(if is_clear(&answer, &entry.sort) { secret_at(&answer, "/value") } else { None })
    }
}

/// Tells whether an answer holds a value and not what it was encrypted to.
fn is_clear(answer: &Json, sort: &str) -> bool {
    sort == "plain" || answer.0.get("decrypted").and_then(Value::as_bool) == Some(true)
}

/// Chooses the one entry that is meant, or says why none is.
fn chosen(name: &str, target: Option<&str>, entries: Vec<Entry>) -> Result<Entry, DestinationError> {
    if entries.is_empty() {
        return Err(DestinationError::Absent(format!(
            "the project has no variable {name} of its own (one that a team shares is not written)"
        )));
    }
    let denied = |why: String| Err(DestinationError::Denied(why));
    let is_for = |entry: &Entry| target.is_none_or(|target| entry.targets.iter().any(|t| t == target));
    let mut fit: Vec<Entry> = entries.into_iter().filter(is_for).collect();
    let Some(entry) = fit.pop() else {
        let target = target.unwrap_or_default();
        return Err(DestinationError::Absent(format!("the project has no variable {name} for {target}")));
    };
    if !fit.is_empty() {
        return denied(format!(
            "{name} stands {} times, for other targets or branches; name one behind an @, and let it stand \
             there once",
            fit.len() + 1
        ));
    }
    if target.is_some() && entry.targets.len() != 1 {
        return denied(format!(
            "{name} is one value for {}: it would change in all of them; part it at Vercel, or take the @ away",
            entry.targets.join(", ")
        ));
    }
    if entry.targets.iter().any(|target| !TARGETS.contains(&target.as_str())) || entry.targets.is_empty() {
        return denied(format!("{name} is for an environment of the project's own, which is not known yet"));
    }
    if entry.sort == "system" {
        return denied(format!("{name} is Vercel's own and cannot be written"));
    }
    Ok(entry)
}

fn garbled(what: &str) -> DestinationError {
    DestinationError::NotDone(format!("{what}: the answer is not what Vercel documents"))
}

#[async_trait]
impl Platform for Vercel {
    async fn look(&self, names: &[&str]) -> Result<Vec<Variable>, DestinationError> {
        let mut seen = Vec::new();
        for entry in self.entries(names).await? {
            let value = self.value(&entry).await?;
            let (version, written) = (entry.updated.to_string(), Some(entry.updated));
            seen.push(Variable { id: entry.id, value, version, written });
        }
        Ok(seen)
    }

    async fn put(&self, seen: &Variable, value: &Secret) -> Result<(), DestinationError> {
        let body = platform::body("value", value)?;
        let path = self.path(&format!("/v9/projects/{}/env/{}", self.project, seen.id));
        let asked = self.api.ask(Effect::Put, "PATCH", &path, Some(&body)).await;
        asked.map(drop).map_err(|no| no.means("write the variable", Effect::Put))
    }

    async fn activate(&self, names: &[&str]) -> Result<(), DestinationError> {
        let entries = self.entries(names).await?;
        let since = entries.iter().map(|e| e.updated).max().unwrap_or(i64::MAX);
        let Some(entry) = entries.first() else { return Ok(()) };
        // What nobody uses but developers first. `development` is read by their own machines.
        if entry.targets.iter().any(|t| t == "preview") {
            self.deploy_preview(since, entry.branch.as_deref()).await?;
        }
        if entry.targets.iter().any(|t| t == "production") {
            self.deploy_production(since).await?;
        }
        Ok(())
    }

    async fn is_in_force(&self, names: &[&str]) -> Result<bool, DestinationError> {
        let entries = self.entries(names).await?;
        if !entries.iter().any(|e| e.targets.iter().any(|t| t == "production")) {
            return Ok(true);
        }
        let since = entries.iter().map(|e| e.updated).max().unwrap_or(i64::MAX);
        Ok(!self.is_turned_back(since).await?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(id: &str, targets: &[&str], branch: Option<&str>) -> Entry {
        let value =
            json!({ "id": id, "type": "encrypted", "target": targets, "gitBranch": branch, "updatedAt": 7 });
        Entry::read(&value).unwrap()
    }

    #[test]
    fn a_name_that_stands_several_times_must_be_plain() {
        let all = || {
            vec![
                entry("p", &["production"], None),
                entry("v", &["preview"], None),
                entry("b", &["preview"], Some("x")),
            ]
        };
        assert_eq!(chosen("A", Some("production"), all()).unwrap().id, "p");
        for target in [None, Some("preview")] {
            let refused = chosen("A", target, all()).unwrap_err();
            assert!(matches!(&refused, DestinationError::Denied(why) if why.contains("stands")), "{refused}");
        }
        assert!(matches!(chosen("A", Some("development"), all()), Err(DestinationError::Absent(_))));
        assert!(matches!(chosen("A", None, Vec::new()), Err(DestinationError::Absent(_))));
    }

    #[test]
    fn a_value_for_several_targets_is_not_written_for_one() {
        let shared = || vec![entry("s", &["production", "preview"], None)];
        let refused = chosen("A", Some("preview"), shared()).unwrap_err();
        assert!(refused.to_string().contains("preview, production"), "{refused}");
        assert_eq!(chosen("A", None, shared()).unwrap().id, "s");
        let other = json!({ "id": "o", "type": "plain", "customEnvironmentIds": ["env_1"], "updatedAt": 7 });
        assert!(chosen("A", None, vec![Entry::read(&other).unwrap()]).is_err());
        let system = json!({ "id": "o", "type": "system", "target": "production", "updatedAt": 7 });
        assert!(chosen("A", None, vec![Entry::read(&system).unwrap()]).is_err());
    }
}
