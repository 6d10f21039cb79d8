//! The world outside the store, for incidents: providers and places as the operator's settings open them,
//! hosts that are asked, people who are told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keywright::config::RespondSettings;
use keywright::destination::Destination;
use keywright::git::Repository;
use keywright::host::{Remote, Visibility, plain};
use keywright::model::incident::{Exposed, Incident, Sighting};
use keywright::model::rotation::Moment;
use keywright::model::text::shown;
use keywright::provider::Provider;
use keywright::respond::answer::{Office, Told};
use keywright::rotate::Parts;
use keywright::store::record::KeyRecord;

use super::error::CliError;
use super::rekey::{Rekey, base_of};
use super::ui::Ui;

/// How many repositories of one incident are asked about.
const REPOSITORIES: usize = 20;
/// How many people are written to one by one in a run; what is more is told in one notice.
const NOTICES: usize = 5;

/// What the operator's settings make of the world.
pub(crate) struct Outside<'a> {
    rekey: &'a Rekey,
    settings: &'a RespondSettings,
    ui: &'a Ui,
    notices: RefCell<Vec<Told>>,
    /// Providers that were opened without a key's settings, by their words: one sign-in serves a run.
    providers: RefCell<BTreeMap<String, Arc<dyn Provider>>>,
    /// What remotes said to strangers in this run, by their names.
    seen: RefCell<BTreeMap<String, plain::Seen>>,
}

impl<'a> Outside<'a> {
    pub(crate) fn new(rekey: &'a Rekey, settings: &'a RespondSettings, ui: &'a Ui) -> Self {
        Self {
            rekey,
            settings,
            ui,
            notices: RefCell::default(),
            providers: RefCell::default(),
            seen: RefCell::default(),
        }
    }

    /// Tells what is still to be told: each thing by itself, or all in one where there is much.
    pub(crate) fn flush(&self) {
        let notices = self.notices.take();
        let (urgent, others): (Vec<_>, Vec<_>) = notices.into_iter().partition(|n| n.urgent);
        for one in urgent.iter().take(NOTICES) {
            self.ui.warn(&shown(one.title.as_bytes()));
        }
        let rest = others.len() + urgent.len().saturating_sub(NOTICES);
        if rest > 0 {
            self.ui.note(&format!("{rest} more to be looked at: keywright incidents list"));
        }
    }

    fn allows(&self, host: &str, port: u16) -> bool {
        let named = [host.to_owned(), format!("{host}:{port}")];
        self.settings.hosts.iter().any(|h| named.contains(&h.to_ascii_lowercase()))
    }

    /// Asks every remote of a repository whether it shows the commits to strangers.
    async fn exposed_at(&self, repository: &str, places: &[&Sighting]) -> (Exposed, String) {
        let Ok(repo) = Repository::open(Path::new(repository)) else {
            return (Exposed::Unknown, "it is no repository, so nobody can be asked".into());
        };
        let commits: BTreeSet<String> =
            places.iter().map(|p| p.commit.clone()).filter(|c| !c.is_empty()).collect();
        let commits: Vec<String> = commits.into_iter().collect();
        let remotes = repo.remotes();
        let mut said = (Exposed::Unknown, "it has no remote".to_owned());
        let mut all_private = !remotes.is_empty();
        for text in remotes {
            let remote = match Remote::parse(&text) {
                Ok(remote) => remote.over_https().unwrap_or(remote),
                Err(why) => {
                    (all_private, said.1) = (false, format!("a remote cannot be read: {why}"));
                    continue;
                }
            };
            let name = remote.to_string();
            let known = self.seen.borrow().get(&name).cloned();
            let seen = match known {
                Some(seen) => seen,
                None => {
                    let seen = plain::ask(&self.rekey.door, &remote, |h, port| self.allows(h, port)).await;
                    self.seen.borrow_mut().insert(name, seen.clone());
                    seen
                }
            };
            let leads = |commit: &str, tip: &str| repo.leads_to(tip, commit);
            let exposed = seen.exposed(&commits, leads);
            match (exposed.visibility, exposed.holds) {
                (Visibility::Public, Some(true)) => {
                    return (Exposed::Public, format!("{remote} shows it to strangers"));
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
                    (all_private, said.1) = (false, format!("{remote}: {}", exposed.why));
                }
            }
        }
        if all_private { (Exposed::Private, said.1) } else { said }
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
            let said = self.exposed_at(repository, &there).await;
            match said.0 {
                Exposed::Public => return (said.0, said.1, None),
                Exposed::Unknown => worst = said,
                Exposed::Private if worst.0 == Exposed::Private => worst = said,
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
        _places: &[Sighting],
        _is_dead: bool,
    ) -> Result<Option<String>, String> {
        Ok(None)
    }

    async fn send_letter(&self, _to: &str, _letter: &str) -> Result<(), String> {
        Err("no [notify.NAME] of kind mail is set up".into())
    }
}

/// Says an error in one line.
pub(crate) fn in_words(error: &CliError) -> String {
    [&error.what, &error.why, &error.fix]
        .into_iter()
        .filter(|t| !t.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join("; ")
}
