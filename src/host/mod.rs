//! Where repositories live: who may read them, and what is told there about a leak.
//!
//! Only hosts that the operator named are asked; a host never comes from scanned bytes.
//!
//! - `remote`: what a remote of git names
//! - `plain`: any host that serves git over http, asked as anybody may ask it
//! - `github`: GitHub's own interface: visibility, alerts, comments, pushes
//!
//! docs/hosts.md is for operators.

pub mod github;
pub mod plain;
mod remote;

pub use remote::{Remote, RemoteError, Scheme};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::http::{self, Door};
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::model::worded::worded;
use crate::reference;
use github::Github;

worded! {
    /// Who may read a repository.
    Visibility {
        /// Anybody.
        Public = "public",
        /// Whoever signs in and was let in.
        Private = "private",
        /// Nobody could tell.
        Unknown = "unknown",
    }
}

/// How far what stands in a repository can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Who may read it.
    pub visibility: Visibility,
    /// How that is known, in a few words without harm.
    pub why: String,
    /// Since when, where the host tells.
    pub since: Option<Moment>,
    /// Whether what it shows leads to one of the commits that were asked for; `None`: nobody could tell.
    pub holds: Option<bool>,
}

/// A table `[hosts.NAME]` that cannot be used. Its values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't use [hosts.{name}]: {why}; {fix}")]
pub struct HostError {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub fix: String,
}

/// The hosts that the operator named, and no other.
pub struct Hosts {
    door: Arc<Door>,
    githubs: Vec<Github>,
    /// Hosts and ports that are asked as anybody may ask.
    plain: Vec<(String, u16)>,
}

/// The table `[hosts.NAME]` of a host that is asked as anybody may ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    host: String,
}

impl Hosts {
    /// Reads the operator's tables `[hosts.NAME]`; each says its `kind`, `github` or `plain`, unless it is
    /// called so.
    ///
    /// # Errors
    /// [`HostError`]: what is wrong in one.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use keywright::{host::Hosts, http::Door};
    /// let tables = toml::from_str("[github]\ntoken = 'env:GITHUB_TOKEN'").unwrap();
    /// let hosts = Hosts::from_settings(&tables, &Arc::new(Door::new(&[]).unwrap())).unwrap();
    /// assert!(hosts.allows("github.com", 443) && !hosts.allows("example.com", 443));
    /// ```
    pub fn from_settings(
        tables: &BTreeMap<String, toml::Table>,
        door: &Arc<Door>,
    ) -> Result<Self, HostError> {
        let mut hosts = Self { door: door.clone(), githubs: Vec::new(), plain: Vec::new() };
        for (name, table) in tables {
            let wrong = |why: &str, fix: &str| HostError {
                name: shown(name.as_bytes()),
                why: why.into(),
                fix: fix.into(),
            };
            let mut table = table.clone();
            let kind = table.remove("kind");
            let kind = kind.as_ref().map_or(Some(name.as_str()), toml::Value::as_str);
            match kind {
                Some("github") => hosts.githubs.push(Github::from_settings(name, table, door.clone())?),
                Some("plain") => {
                    let read: Plain =
                        reference::fields(table).map_err(|why| wrong(&why, "it may hold kind and host"))?;
                    let place =
                        http::place(&read.host).or_else(|| http::place(&format!("{}:443", read.host)));
                    let no_host = || wrong("its `host` is none", "write HOST or HOST:PORT");
                    hosts.plain.push(place.ok_or_else(no_host)?);
                }
                _ => {
                    return Err(wrong(
                        "its kind is not known",
                        "write kind = \"github\" or kind = \"plain\"",
                    ));
                }
            }
        }
        Ok(hosts)
    }

    /// Tells whether the operator lets a host be asked as anybody may ask.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let is_github = |github: &Github| github.web() == host && port == 443;
        self.plain.iter().any(|(h, p)| h == host && *p == port) || self.githubs.iter().any(is_github)
    }

    /// Returns the GitHub that is named, if it is the only one.
    #[must_use]
    pub fn only_github(&self) -> Option<&Github> {
        if let [github] = self.githubs.as_slice() { Some(github) } else { None }
    }

    /// Returns the GitHub that a remote leads to, with owner and name there.
    #[must_use]
    pub fn github<'r>(&self, remote: &'r Remote) -> Option<(&Github, &'r str, &'r str)> {
        self.githubs.iter().find_map(|github| {
            let (owner, name) = github.repository_of(remote)?;
            Some((github, owner, name))
        })
    }

    /// Tells how far these commits can be seen at a remote: who may read it, by the word of the host where it
    /// gives one, and whether what it shows to anybody leads to one of them.
    ///
    /// `is_ancestor(commit, tip)` tells whether a commit is the tip or stands in its history, and `None`
    /// where the tip is not known. Whatever goes wrong is an answer that tells nothing, with its reason.
    pub async fn exposed(
        &self,
        remote: &Remote,
        commits: &[String],
        is_ancestor: impl Fn(&str, &str) -> Option<bool>,
    ) -> Exposed {
        let web = remote.over_https().unwrap_or_else(|| remote.clone());
        let open = plain::ask(&self.door, &web, |host, port| self.allows(host, port)).await;
        let mut exposed = open.exposed(commits, &is_ancestor);
        let Some((github, owner, name)) = self.github(remote) else { return exposed };
        // That somebody who did not sign in was shown it is stronger than a word.
        if exposed.visibility != Visibility::Public {
            match github.repository(owner, name).await {
                Ok(told) if told.visibility != Visibility::Unknown => {
                    exposed.visibility = told.visibility;
                    exposed.why = format!("GitHub says that it is {}", told.visibility);
                }
                Ok(_) => {}
                Err(e) => exposed.why = format!("{}; {e}", exposed.why),
            }
        }
        if exposed.visibility == Visibility::Public {
            exposed.since = github.pushed(owner, name, commits, &is_ancestor).await.unwrap_or_default();
        }
        exposed
    }
}
