//! The world outside the store, for incidents: providers and places as the operator's settings open them,
//! hosts that are asked, people who are told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keywright::destination::Destination;
use keywright::git::Repository;
use keywright::host::github::Resolution;
use keywright::host::{Exposed as Seen, Hosts, Remote, Visibility};
use keywright::model::credential::CallError;
use keywright::model::incident::{Exposed, Incident, Sighting};
use keywright::model::rotation::Moment;
use keywright::model::text::shown;
use keywright::notify::{Notice, Notifier, from_settings};
use keywright::provider::Provider;
use keywright::respond::answer::Office;
use keywright::respond::outbox::{Outbox, SINGLY, address_of};
use keywright::rotate::Parts;
use keywright::store::record::KeyRecord;

use super::error::CliError;
use super::rekey::{Rekey, base_of};
use super::ui::Ui;

/// How many repositories of one incident are asked about.
const REPOSITORIES: usize = 20;
/// How many alerts of a repository are looked into for one incident.
const ALERTS: usize = 200;

/// What the operator's settings make of the world.
pub(crate) struct Outside<'a> {
    rekey: &'a Rekey,
    ui: &'a Ui,
    hosts: Hosts,
    notices: RefCell<Vec<Notice>>,
    /// Providers that were opened without a key's settings, by their words: one sign-in serves a run.
    providers: RefCell<BTreeMap<String, Arc<dyn Provider>>>,
    /// What remotes showed of which commits in this run.
    seen: RefCell<BTreeMap<(String, Vec<String>), Seen>>,
}

impl<'a> Outside<'a> {
    pub(crate) fn new(rekey: &'a Rekey, ui: &'a Ui) -> Result<Self, CliError> {
        let hosts = Hosts::from_settings(&rekey.settings.hosts, &rekey.door)
            .map_err(|e| CliError::usage(e.to_string(), "see docs/hosts.md"))?;
        // Made only to be refused now rather than when there is something to tell.
        for name in &rekey.respond.notify {
            notifier(rekey, name)?;
        }
        Ok(Self {
            rekey,
            ui,
            hosts,
            notices: RefCell::default(),
            providers: RefCell::default(),
            seen: RefCell::default(),
        })
    }

    /// Sends what is to be told, and says so here: each thing by itself, or many in one line.
    pub(crate) fn flush(&self) {
        let mut notices = self.notices.take();
        notices.sort_by_key(|n| !n.urgent);
        let rest = notices.split_off(notices.len().min(SINGLY));
        for one in &notices {
            if one.urgent || self.rekey.respond.notify.is_empty() {
                self.ui.warn(&one.title);
            }
        }
        if !rest.is_empty() {
            self.ui.warn(&format!(
                "{} more incidents are to be looked at: keywright incidents list",
                rest.len()
            ));
        }
        let open = |channel: &str| match address_of(channel) {
            Some(to) => self.mail_to(to),
            None => notifier(self.rekey, channel).map_err(|e| in_words(&e)),
        };
        let outbox = Outbox {
            store: &self.rekey.store,
            clock: &*self.rekey.clock,
            channels: &self.rekey.respond.notify,
            open: &open,
            warn: &|text| self.ui.warn(text),
        };
        if let Err(error) = self.rekey.runtime.block_on(outbox.send()) {
            self.ui.warn(&format!("what people are to be told waits for the next run: {error}"));
        }
    }

    /// Opens a way to an address, by the operator's own server and name.
    fn mail_to(&self, to: &str) -> Result<Box<dyn Notifier>, String> {
        let mail = self.rekey.settings.notify.iter().find(|(name, table)| {
            table.get("kind").and_then(toml::Value::as_str).unwrap_or(name.as_str()) == "mail"
        });
        let (name, table) = mail.ok_or("no [notify.NAME] of kind mail is set up")?;
        let mut table = table.clone();
        table.insert("to".into(), toml::Value::Array(vec![to.into()]));
        from_settings(name, &table, &self.rekey.door).map_err(|e| e.to_string())
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
                    // Nothing is said twice; and what a person closed for another reason stays closed.
                    let is_meant = match is_dead {
                        true => alert.resolution.is_none(),
                        false => alert.resolution == Some(Resolution::Revoked),
                    };
                    if !is_meant {
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

    fn show(&self, notice: Notice) {
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

    fn can_mail(&self, to: &str) -> Result<(), String> {
        self.mail_to(to).map(drop)
    }
}

/// Opens a way that the operator named.
fn notifier(rekey: &Rekey, name: &str) -> Result<Box<dyn Notifier>, CliError> {
    let table = rekey.settings.notify.get(name).ok_or_else(|| {
        CliError::usage(
            format!("[respond] notify names `{}`, and there is no [notify.{0}]", shown(name.as_bytes())),
            "write that table, see docs/notify.md",
        )
    })?;
    from_settings(name, table, &rekey.door).map_err(|e| CliError::usage(e.to_string(), "see docs/notify.md"))
}

/// Sends what an earlier run could not; what goes wrong with it is told and holds up nothing.
pub(crate) fn send_waiting(rekey: &Rekey, ui: &Ui) {
    match Outside::new(rekey, ui) {
        Ok(office) => office.flush(),
        Err(error) => ui.warn(&format!("what people are to be told waits: {}", in_words(&error))),
    }
}

/// Says an error in one line.
pub(crate) fn in_words(error: &CliError) -> String {
    let parts = [&error.what, &error.why, &error.fix];
    parts.into_iter().filter(|t| !t.is_empty()).cloned().collect::<Vec<_>>().join("; ")
}
