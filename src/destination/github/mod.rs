//! `github:[NAME/]OWNER/REPO#SECRET[,key_id=OTHER][@ENVIRONMENT]`: secrets of GitHub Actions, of a
//! repository or of one of its environments.
//!
//! Nobody can read them: what tells one write from another is when it was. A job takes its secrets when it
//! starts, so there is nothing to activate, and a job that runs already keeps the old value to its end.
//!
//! - `sealed_box`: makes a value readable for GitHub alone

mod sealed_box;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::platform::{self, Api, Effect, is_name, name_at, percent};
use super::variables::{Names, Platform, Variable, Variables};
use super::{Destination, DestinationError, Reach, Wrong, network};
use crate::model::Secret;

/// The longest value that is taken, in bytes.
const LONGEST: usize = 48 << 10;
/// What GitHub wants said with each call.
const HEADERS: [(&str, &str); 2] =
    [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];

/// The table `[destinations.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// For GitHub Enterprise Server `https://HOST/api/v3`.
    #[serde(default = "address")]
    url: String,
    token: String,
}

fn address() -> String {
    "https://api.github.com".into()
}

struct Github {
    api: Api,
    repository: String,
    /// Where the secrets are: a path.
    secrets: String,
}

/// Reads `[NAME/]OWNER/REPO#SECRET[,key_id=OTHER][@ENVIRONMENT]`.
pub(super) fn parse(rest: &str, reach: &Reach) -> Result<Box<dyn Destination>, Wrong> {
    let (table, place) = network::settings::<Table>("github", rest, reach)?;
    let (repository, names) = place.split_once('#').unwrap_or((place, ""));
    let names = Names::parse(names)?;
    let is_repository = repository.split_once('/').is_some_and(|(o, r)| is_name(o) && is_name(r));
    if !is_repository {
        return Err(("it names no repository".into(), "write github:OWNER/REPO#SECRET".into()));
    }
    for name in [Some(names.secret.as_str()), names.key_id.as_deref()].into_iter().flatten() {
        if name.to_ascii_uppercase().starts_with("GITHUB_") {
            let fix = "name one that does not begin with GITHUB_".into();
            return Err(("GitHub keeps such names for itself".into(), fix));
        }
    }
    let secrets = match &names.at {
        None => format!("/repos/{repository}/actions/secrets"),
        Some(at) if is_environment(at) => {
            format!("/repos/{repository}/environments/{}/secrets", percent(at))
        }
        Some(_) => return Err(("it names no environment".into(), "write @ENVIRONMENT behind it".into())),
    };
    let api = Api::new(reach, &table.url, &table.token, &HEADERS)?;
    let github = Github { api, repository: repository.into(), secrets };
    Ok(Box::new(Variables::new("github", rest, names, Box::new(github), reach)))
}

/// Tells whether an environment may be called so; dots alone would lead upwards, encoded or not.
fn is_environment(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.chars().count() <= 255 && !name.chars().any(char::is_control)
}

/// The key that values are sealed for.
struct PublicKey {
    id: String,
    key: [u8; 32],
}

impl Github {
    async fn public_key(&self) -> Result<PublicKey, DestinationError> {
        let what = "ask for the key that secrets are sealed for";
        let answer = self.api.look(&format!("{}/public-key", self.secrets), what).await?;
        let read = || {
            let key = answer.0.get("key").and_then(Value::as_str)?;
            let key = data_encoding::BASE64.decode(key.as_bytes()).ok()?.try_into().ok()?;
            Some(PublicKey { id: name_at(&answer.0, "/key_id")?.to_owned(), key })
        };
        read().ok_or_else(|| garbled(what))
    }

    /// Seals a value and writes it; with a no comes its status.
    async fn put_sealed(&self, id: &str, value: &Secret) -> Result<(), (Option<u16>, DestinationError)> {
        let key = self.public_key().await.map_err(|e| (None, e))?;
        let sealed = sealed_box::seal(&key.key, value).map_err(|e| (None, e))?;
        let body = platform::open_body(&json!({ "encrypted_value": sealed, "key_id": key.id }));
        let path = format!("{}/{id}", self.secrets);
        let asked = self.api.ask(Effect::Put, "PUT", &path, Some(&body)).await;
        asked.map(drop).map_err(|no| (no.status(), no.means(&format!("write {id}"), Effect::Put)))
    }
}

fn garbled(what: &str) -> DestinationError {
    DestinationError::NotDone(format!("{what}: the answer is not what GitHub documents"))
}

#[async_trait]
impl Platform for Github {
    async fn look(&self, names: &[&str]) -> Result<Vec<Variable>, DestinationError> {
        let mut seen = Vec::new();
        for name in names {
            let what = format!("look at {name}");
            let answer = self.api.look(&format!("{}/{name}", self.secrets), &what).await?;
            // GitHub writes every name in capitals.
            let is_it = name_at(&answer.0, "/name").is_some_and(|n| n.eq_ignore_ascii_case(name));
            let updated = answer.0.get("updated_at").and_then(Value::as_str).filter(|u| u.len() < 64);
            let Some(updated) = updated.filter(|_| is_it) else { return Err(garbled(&what)) };
            let written = updated.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
            seen.push(Variable { id: (*name).into(), value: None, version: updated.into(), written });
        }
        Ok(seen)
    }

    /// Shows what can be shown without a write: the repository takes writes at all, and its key is told.
    /// Whether this token may write secrets nothing tells beforehand.
    async fn rehearse(&self) -> Result<(), DestinationError> {
        let path = format!("/repos/{}", self.repository);
        let answer = self.api.look(&path, "look at the repository").await?;
        if answer.0.get("archived").and_then(Value::as_bool) == Some(true) {
            let why = "the repository is archived and takes no writes; unarchive it first";
            return Err(DestinationError::Denied(why.into()));
        }
        self.public_key().await.map(drop)
    }

    async fn put(&self, seen: &Variable, value: &Secret) -> Result<(), DestinationError> {
        if value.len() > LONGEST {
            let why = format!("GitHub takes no secret over 48 KiB, and this one has {} bytes", value.len());
            return Err(DestinationError::Denied(why));
        }
        match self.put_sealed(&seen.id, value).await {
            // The key was changed between two calls.
            Err((Some(422), _)) => self.put_sealed(&seen.id, value).await.map_err(|(_, e)| e),
            done => done.map_err(|(_, e)| e),
        }
    }

    /// A job takes its secrets when it starts.
    async fn activate(&self, _names: &[&str]) -> Result<(), DestinationError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_leads_nowhere_else() {
        for good in ["production", "Prod (EU)", "a/b", "é", "..."] {
            assert!(is_environment(good), "{good}");
        }
        for bad in ["", ".", "..", "a\nb", &"a".repeat(256)] {
            assert!(!is_environment(bad), "{bad}");
        }
    }
}
