//! The world outside the store, for incidents: providers and places as the operator's settings open them,
//! hosts that are asked, people who are told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keywright::destination::Destination;
use keywright::git::Repository;
use keywright::host::{Exposed as Seen, Hosts, Remote, Visibility};
use keywright::model::credential::CallError;
use keywright::model::incident::{Exposed, Incident, Sighting};
use keywright::model::rotation::Moment;
use keywright::model::text::shown;
use keywright::notify::{Notice, Notifier, from_settings};
use keywright::provider::Provider;
use keywright::respond::answer::{Office, Told};
use keywright::rotate::Parts;
use keywright::store::record::KeyRecord;

use super::error::CliError;
use super::rekey::{Rekey, base_of};
use super::ui::Ui;

/// How many repositories of one incident are asked about.
const REPOSITORIES: usize = 20;
/// How many notices of a run are sent one by one; what is more is told in one.
const NOTICES: usize = 5;
/// How many alerts of a repository are looked into for one incident.
const ALERTS: usize = 200;

/// What the operator's settings make of the world.
pub(crate) struct Outside<'a> {
    rekey: &'a Rekey,
    ui: &'a Ui,
    hosts: Hosts,
    notifiers: Vec<Box<dyn Notifier>>,
    notices: RefCell<Vec<Told>>,
    /// Providers that were opened without a key's settings, by their words: one sign-in serves a run.
    providers: RefCell<BTreeMap<String, Arc<dyn Provider>>>,
    /// What remotes showed of which commits in this run.
    seen: RefCell<BTreeMap<(String, Vec<String>), Seen>>,
}

impl<'a> Outside<'a> {
    pub(crate) fn new(rekey: &'a Rekey, ui: &'a Ui) -> Result<Self, CliError> {
        let hosts = Hosts::from_settings(&rekey.settings.hosts, &rekey.door)
            .map_err(|e| CliError::usage(e.to_string(), "see docs/hosts.md"))?;
        let mut notifiers = Vec::new();
        for name in &rekey.respond.notify {
            let table = rekey.settings.notify.get(name).ok_or_else(|| {
                CliError::usage(
                    format!("[respond] notify names `{name}`, and there is no [notify.{name}]"),
                    "write that table, see docs/notify.md",
                )
            })?;
            let made = from_settings(name, table, &rekey.door)
                .map_err(|e| CliError::usage(e.to_string(), "see docs/notify.md"))?;
            notifiers.push(made);
        }
        Ok(Self {
            rekey,
            ui,
            hosts,
            notifiers,
            notices: RefCell::default(),
            providers: RefCell::default(),
            seen: RefCell::default(),
        })
    }

    /// Tells what is still to be told: each thing by itself, or all in one where there is much.
    pub(crate) fn flush(&self) {
        let mut notices = self.notices.take();
        notices.sort_by_key(|n| !n.urgent);
        let rest = notices.split_off(notices.len().min(NOTICES));
        for one in &notices {
            if one.urgent || self.notifiers.is_empty() {
                self.ui.warn(&shown(one.title.as_bytes()));
            }
            self.send(&notice(one));
        }
        if !rest.is_empty() {
            let title = format!("{} more incidents are to be looked at", rest.len());
            self.ui.warn(&format!("{title}: keywright incidents list"));
            let lines = rest.iter().map(|n| shown(n.title.as_bytes())).collect();
            let id = format!("digest:{}", rest[0].id);
            let urgent = rest.iter().any(|n| n.urgent);
            self.send(&Notice { id, title, facts: Vec::new(), lines, urgent });
        }
    }

    fn send(&self, notice: &Notice) {
        for notifier in &self.notifiers {
            if let Err(error) = self.rekey.runtime.block_on(notifier.send(notice)) {
                self.ui.warn(&format!("{} could not be told: {error}", notifier.name()));
            }
        }
    }

    /// Asks every remote of a repository whether it shows the commits to strangers.
    async fn exposed_at(&self, repository: &str, places: &[&Sighting]) -> (Exposed, String, Option<Moment>) {
        let Ok(repo) = Repository::open(Path::new(repository)) else {
            return (Exposed::Unknown, "it is no repository, so nobody can be asked".into(), None);
        };
        let commits: BTreeSet<String> =
            places.iter().map(|p| p.commit.clone()).filter(|c| !c.is_empty()).collect();
        let commits: Vec<String> = commits.into_iter().collect();
        let remotes = repo.remotes();
        let mut said = (Exposed::Unknown, "it has no remote".to_owned());
        let mut all_private = !remotes.is_empty();
        for text in remotes {
            let remote = match Remote::parse(&text) {
                Ok(remote) => remote,
                Err(why) => {
                    (all_private, said.1) = (false, format!("a remote cannot be read: {why}"));
                    continue;
                }
            };
            let name = (remote.to_string(), commits.clone());
            let known = self.seen.borrow().get(&name).cloned();
            let seen = match known {
                Some(seen) => seen,
                None => {
                    let leads = |commit: &str, tip: &str| repo.leads_to(tip, commit);
                    let seen = self.hosts.exposed(&remote, &commits, leads).await;
                    self.seen.borrow_mut().insert(name, seen.clone());
                    seen
                }
            };
            match (seen.visibility, seen.holds) {
                (Visibility::Public, Some(true)) => {
                    return (Exposed::Public, format!("{remote} shows it to strangers"), seen.since);
                }
                (Visibility::Public, None) => {
                    all_private = false;
                    let why = format!("{remote} is public; whether it has this commit cannot be told");
                    said = (Exposed::Unknown, why);
                }
                (Visibility::Public, Some(false)) => {
                    said.1 = format!("{remote} is public and does not have it");
                }
                (Visibility::Private, _) => said.1 = format!("{remote} shows nothing to strangers"),
                (Visibility::Unknown, _) => {
                    (all_private, said.1) = (false, format!("{remote}: {}", seen.why));
                }
            }
        }
        let is = if all_private { Exposed::Private } else { said.0 };
        (is, said.1, None)
    }

    /// Closes or opens the host's alerts about the objects of an incident; returns how many.
    async fn alerts(&self, places: &[Sighting], is_dead: bool) -> Result<usize, CallError> {
        let repositories: BTreeSet<&str> = places.iter().map(|p| p.repository.as_str()).collect();
        let mut changed = 0;
        for repository in repositories.into_iter().take(REPOSITORIES) {
            let Ok(repo) = Repository::open(Path::new(repository)) else { continue };
            let objects: BTreeSet<&str> =
                places.iter().filter(|p| p.repository == repository).map(|p| p.object.as_str()).collect();
            for remote in repo.remotes().iter().filter_map(|text| Remote::parse(text).ok()) {
                let Some((github, owner, name)) = self.hosts.github(&remote) else { continue };
                for alert in github.alerts(owner, name).await?.into_iter().take(ALERTS) {
                    // What is open is closed, what is closed is opened: nothing is said twice.
                    if alert.resolution.is_none() != is_dead {
                        continue;
                    }
                    let spots = github.spots(owner, name, alert.number).await?;
                    if !spots.iter().filter_map(|s| s.blob.as_deref()).any(|blob| objects.contains(blob)) {
                        continue;
                    }
                    match is_dead {
                        true => {
                            let why = "Keywright has ended it and proven it dead";
                            github.resolve(owner, name, alert.number, why).await?;
                        }
                        false => github.reopen(owner, name, alert.number, "It works again").await?,
                    }
                    changed += 1;
                }
            }
        }
        Ok(changed)
    }
}

#[async_trait(?Send)]
impl Office for Outside<'_> {
    fn provider(&self, word: &str, settings: &serde_json::Value) -> Result<Arc<dyn Provider>, String> {
        if let Some(open) = self.providers.borrow().get(word).filter(|_| settings.is_null()) {
            return Ok(open.clone());
        }
        let made = self.rekey.provider(word, settings).map_err(|e| in_words(&e))?;
        if settings.is_null() {
            self.providers.borrow_mut().insert(word.to_owned(), made.clone());
        }
        Ok(made)
    }

    fn parts(&self, key: &KeyRecord) -> Result<Parts, String> {
        self.rekey.parts(key).map_err(|e| in_words(&e))
    }

    fn places(&self, key: &KeyRecord) -> Result<Vec<Box<dyn Destination>>, String> {
        let places: Vec<_> = key.destinations.iter().map(|d| d.place.clone()).collect();
        self.rekey.destinations(&places, &base_of(key)).map_err(|e| in_words(&e))
    }

    async fn exposed(&self, _incident: &Incident, places: &[Sighting]) -> (Exposed, String, Option<Moment>) {
        let repositories: BTreeSet<&str> = places.iter().map(|p| p.repository.as_str()).collect();
        let mut worst = (Exposed::Private, "it was seen in no repository".to_owned());
        let many = repositories.len() > REPOSITORIES;
        for repository in repositories.into_iter().take(REPOSITORIES) {
            let there: Vec<_> = places.iter().filter(|p| p.repository == repository).collect();
            let (is, why, since) = self.exposed_at(repository, &there).await;
            match is {
                Exposed::Public => return (is, why, since),
                Exposed::Unknown => worst = (is, why),
                Exposed::Private if worst.0 == Exposed::Private => worst = (is, why),
                Exposed::Private => {}
            }
        }
        if many && worst.0 == Exposed::Private {
            worst = (Exposed::Unknown, format!("only {REPOSITORIES} of its repositories were asked about"));
        }
        (worst.0, worst.1, None)
    }

    async fn tell(&self, notice: Told) {
        self.notices.borrow_mut().push(notice);
    }

    async fn write_back(
        &self,
        _incident: &Incident,
        places: &[Sighting],
        is_dead: bool,
    ) -> Result<Option<String>, String> {
        let changed = self.alerts(places, is_dead).await.map_err(|e| e.to_string())?;
        let word = if is_dead { "resolved as revoked" } else { "opened again" };
        Ok((changed > 0).then(|| format!("{changed} of the host's alerts {word}")))
    }

    async fn send_letter(&self, to: &str, letter: &str) -> Result<(), String> {
        let mail = self.rekey.settings.notify.iter().find(|(name, table)| {
            table.get("kind").and_then(toml::Value::as_str).unwrap_or(name.as_str()) == "mail"
        });
        let (name, table) = mail.ok_or("no [notify.NAME] of kind mail is set up")?;
        // To the provider, by the operator's own server and name.
        let mut table = table.clone();
        table.insert("to".into(), toml::Value::Array(vec![to.into()]));
        let mail = from_settings(name, &table, &self.rekey.door).map_err(|e| e.to_string())?;
        let (head, body) = letter.split_once("\n\n").unwrap_or(("", letter));
        let title = head.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap_or("Abuse of a leaked key");
        let notice = Notice {
            id: format!("letter:{to}:{title}"),
            title: title.into(),
            facts: Vec::new(),
            lines: body.lines().map(Into::into).collect(),
            urgent: true,
        };
        mail.send(&notice).await.map_err(|e| e.to_string())
    }
}

/// Makes what is sent of what is to be told.
fn notice(told: &Told) -> Notice {
    let Told { id, title, facts, urgent } = told.clone();
    Notice { id, title, facts, lines: Vec::new(), urgent }
}

/// Says an error in one line.
pub(crate) fn in_words(error: &CliError) -> String {
    let parts = [&error.what, &error.why, &error.fix];
    parts.into_iter().filter(|t| !t.is_empty()).cloned().collect::<Vec<_>>().join("; ")
}
