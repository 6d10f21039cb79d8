//! The GitHub that has a pull request: which one, and what becomes of the comment there.

use std::collections::BTreeMap;
use std::sync::Arc;

use keywright::host::Hosts;
use keywright::host::github::{Github, Pull};
use keywright::http::Door;
use keywright::model::credential::{CallError, Refusal};
use keywright::respond::pull::comment::{Kept, Say, Under, keep};
use tokio::runtime::Runtime;
use toml::{Table, Value};

use super::PullRequestArgs;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::settings;
use crate::cli::ui::Ui;

/// The token that a job of GitHub Actions is given.
const TOKEN: &str = "env:GITHUB_TOKEN";
/// Where GitHub's interface is, as GitHub Actions says it.
const API: &str = "GITHUB_API_URL";

/// A repository at its host.
pub(super) struct Host<'a> {
    runtime: Runtime,
    hosts: Hosts,
    owner: &'a str,
    name: &'a str,
    head: &'a str,
}

impl<'a> Host<'a> {
    /// Settles which GitHub it is; nobody is asked yet.
    pub(super) fn open(args: &'a PullRequestArgs, ui: &Ui) -> Result<Self, CliError> {
        let (settings, _) = settings::rekey(args.config.as_deref())?;
        let table = table(&settings.hosts, args.token.as_deref(), ui)?;
        let door = Arc::new(Door::new(&settings.network.allow)?);
        let hosts = Hosts::from_settings(&[("github".to_owned(), table)].into(), &door)
            .map_err(|e| CliError::usage(e.to_string(), "see docs/pull-requests.md"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| {
            CliError::usage(
                format!("the system gives no event loop: {e}"),
                "look at the limits of this process",
            )
        })?;
        let (owner, name) = &args.repository;
        Ok(Self { runtime, hosts, owner, name, head: &args.head })
    }

    fn github(&self) -> &Github {
        self.hosts.only_github().expect("one was made from one table")
    }

    /// Returns the repository's address for readers.
    pub(super) fn page(&self) -> String {
        format!("https://{}/{}/{}", self.github().web(), self.owner, self.name)
    }

    /// Finds the one open pull request that would merge the head.
    pub(super) fn pull(&self) -> Result<Pull, CliError> {
        let pulls = self.runtime.block_on(self.github().pulls_at(self.owner, self.name, self.head));
        let mut pulls = pulls.map_err(|e| self.unanswered("find the pull request in", "", &e))?;
        let short = &self.head[..10];
        let none = |why: String, fix: &str| CliError {
            what: format!("no one pull request of {}/{} is meant by {short}", self.owner, self.name),
            why,
            fix: fix.into(),
            exit: Exit::Incomplete,
        };
        match (pulls.pop(), pulls.as_slice()) {
            (Some(pull), []) => Ok(pull),
            (None, _) => Err(none(
                "no open one has that head: it was pushed to again, merged or closed".into(),
                "let the run of its new head tell it",
            )),
            (Some(last), others) => {
                let numbers: Vec<String> =
                    others.iter().chain([&last]).map(|p| format!("#{}", p.number)).collect();
                Err(none(
                    format!("{} have the same head", numbers.join(", ")),
                    "close all but one, or push a commit of its own to each",
                ))
            }
        }
    }

    /// Brings the comment to what it should be, and says what became of it.
    pub(super) fn keep(&self, pull: &Pull, say: Say<'_>, ui: &Ui) -> Result<(), CliError> {
        let github = self.github();
        let under = Under { owner: self.owner, name: self.name, number: pull.number };
        let kept = self.runtime.block_on(async {
            let account = github.account().await?;
            keep(github, under, &account, say).await
        });
        let (kept, other) =
            kept.map_err(|e| self.unanswered("comment on", &format!("#{}", pull.number), &e))?;
        let words = match kept {
            Kept::Written(comment) => format!("comment {comment} is written"),
            Kept::Changed(comment) => format!("comment {comment} is changed"),
            Kept::Same(comment) => format!("comment {comment} says that already"),
            Kept::Removed => "nothing is to be said: the comment is taken away".into(),
            Kept::None => "nothing is to be said, and there is no comment".into(),
        };
        ui.lines(&[format!("{}/{}#{}: {words}", self.owner, self.name, pull.number)]);
        if let Some(other) = other {
            ui.warn(&format!(
                "GitHub shows it as written by {other}: write [hosts.github] account = \"{other}\", or the next run writes another"
            ));
        }
        Ok(())
    }

    fn unanswered(&self, what: &str, behind: &str, error: &CallError) -> CliError {
        let fix = match error {
            CallError::Refused { kind: Refusal::Permission | Refusal::Absent, .. } => {
                "let the token read and write pull requests: `pull-requests: write` in a workflow's permissions"
            }
            CallError::Refused { kind: Refusal::Credential, .. } => {
                "name a token that works: --token env:NAME"
            }
            CallError::NotSent(_) => "see docs/pull-requests.md: which host, which token",
            _ => "run it again; it does nothing twice",
        };
        CliError {
            what: format!("couldn't {what} {}/{}{behind}", self.owner, self.name),
            why: error.to_string(),
            fix: fix.into(),
            exit: Exit::Incomplete,
        }
    }
}

/// Returns the table of the one GitHub: the operator's own, with another token if one is named; else the
/// environment's.
fn table(hosts: &BTreeMap<String, Table>, token: Option<&str>, ui: &Ui) -> Result<Table, CliError> {
    let api = std::env::var(API).ok().filter(|api| !api.is_empty());
    let is_github = |(name, table): &(&String, &Table)| match table.get("kind") {
        Some(kind) => kind.as_str() == Some("github"),
        None => *name == "github",
    };
    let at = |table: &Table| {
        table.get("api").and_then(Value::as_str).map(|at| at.trim_end_matches('/').to_owned())
    };
    let mut ours: Vec<&Table> = hosts.iter().filter(is_github).map(|(_, table)| table).collect();
    if ours.len() > 1 {
        let here = api.as_deref().map(|api| api.trim_end_matches('/'));
        ours.retain(|table| here.is_some() && at(table).as_deref() == here);
        if ours.len() != 1 {
            return Err(CliError::usage(
                "your settings name several GitHubs, and none of them alone is meant",
                format!("set {API} to the `api` of one"),
            ));
        }
    }
    let mut table = match ours.first() {
        Some(table) => (*table).clone(),
        None => {
            let mut table = Table::new();
            table.insert("token".into(), TOKEN.into());
            table.extend(api.map(|api| ("api".to_owned(), api.into())));
            table
        }
    };
    table.insert("kind".into(), "github".into());
    if let Some(token) = token {
        table.insert("token".into(), token.into());
    }
    if let Some(at) = at(&table) {
        ui.note(&format!("GitHub is at {at}"));
    }
    Ok(table)
}
