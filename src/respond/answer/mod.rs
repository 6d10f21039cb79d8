//! Moves an incident as far as it goes now: what is it, whose, who can read it → what does the policy want →
//! contain, deliver, prove → review, tell → look again. Every stage is written down before the next, so it
//! can be stopped anywhere and taken up again; the rotation inside has its own journal.
//!
//! - `evidence`: live, ours, exposed
//! - `contain`: the emergency rotation, or the end of a secret that cannot be replaced
//! - `after`: the review of its use, the host's alert, the looks that follow
//! - `tell`: what people are told of it

mod after;
mod contain;
mod evidence;
mod tell;

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::RespondSettings;
use crate::destination::Destination;
use crate::detect::Detector;
use crate::model::incident::{Action, Decision, Exposed, Incident, Ownership, Shown, Sighting, Stage};
use crate::model::rotation::Moment;
use crate::notify::Notice;
use crate::provider::Provider;
use crate::respond::approval::quorum;
use crate::respond::policy::{Evidence, Standing, Verdict, decide};
use crate::rotate::{Clock, Parts, RotateError};
use crate::seal::Sealer;
use crate::store::record::{KeyRecord, Line, Versioned};
use crate::store::{Store, StoreError};

/// Within this time the caps count, in seconds; a store younger than it acts on nothing by itself.
pub const CAP_WINDOW: u64 = 3600;
/// The switch that holds everything automatic back.
pub const FREEZE: &str = "freeze";

/// What the world outside the store answers, and who is told.
#[async_trait(?Send)]
pub trait Office {
    /// Opens a provider, with the operator's settings and a key's own over them.
    ///
    /// # Errors
    /// Why not, for people.
    fn provider(&self, word: &str, settings: &serde_json::Value) -> Result<Arc<dyn Provider>, String>;

    /// Puts together what a rotation of a key works with.
    ///
    /// # Errors
    /// Why not, for people.
    fn parts(&self, key: &KeyRecord) -> Result<Parts, String>;

    /// Opens the places of a key.
    ///
    /// # Errors
    /// Why not, for people.
    fn places(&self, key: &KeyRecord) -> Result<Vec<Box<dyn Destination>>, String>;

    /// Tells whether strangers can read the places, and since when, as far as can be known.
    async fn exposed(&self, incident: &Incident, places: &[Sighting]) -> (Exposed, String, Option<Moment>);

    /// Shows whoever runs this what people are told; the outbox sends it.
    fn show(&self, notice: Notice);

    /// Writes to where the repository lives what became of the secret. Returns what was done there, or
    /// nothing where nothing is kept.
    async fn write_back(
        &self,
        incident: &Incident,
        places: &[Sighting],
        is_dead: bool,
    ) -> Result<Option<String>, String>;

    /// Tells whether a letter can be mailed to an address.
    ///
    /// # Errors
    /// Why not, for people.
    fn can_mail(&self, to: &str) -> Result<(), String>;
}

/// What a run tells while it goes: a topic of one word, and what is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is about: `live`, `owner`, `exposed`, `decided`, `step`, `dead`, …
    pub topic: &'static str,
    /// For people.
    pub text: String,
}

/// What incidents are answered with.
pub struct Desk<'a> {
    /// Where they are written down.
    pub store: Arc<Store>,
    /// Names secrets.
    pub sealer: Arc<Sealer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Finds a secret again.
    pub detector: &'a Detector,
    /// What the operator wants.
    pub settings: &'a RespondSettings,
    /// Tells whether a repository is on the operator's list.
    pub is_listed: &'a dyn Fn(&str) -> bool,
    /// The world outside.
    pub office: &'a dyn Office,
    /// Who runs it, for the audit.
    pub actor: String,
    /// The longest wait in milliseconds that is sat out here.
    pub patience: Moment,
    /// Only says what the policy would do.
    pub explain: bool,
    /// Is told what happens.
    pub say: &'a (dyn Fn(Said) + Sync),
}

/// Why an incident could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum RespondError {
    /// The store could not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rotation could not be moved.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// There is no such incident.
    #[error("there is no incident {0}")]
    Absent(String),
}

/// Moves an incident, and returns it as it stands then.
///
/// # Errors
/// [`RespondError`]; what was done by then is written down.
pub async fn answer(desk: &Desk<'_>, id: &str) -> Result<Versioned<Incident>, RespondError> {
    let absent = || RespondError::Absent(id.to_owned());
    let mut incident = desk.store.incident(id).await?.ok_or_else(absent)?;
    let places = desk.store.sightings(&incident.is.id).await?;
    let mut case = Case { desk, incident: &mut incident, places: &places };
    match case.incident.is.stage {
        Stage::Open => case.open().await?,
        Stage::Asking => case.asked().await?,
        Stage::Answering if desk.explain => case.say("decided", case.incident.is.note.clone()),
        Stage::Answering => case.contain().await?,
        Stage::Watching => case.look_again().await?,
        Stage::Closed | Stage::Dismissed => {}
    }
    Ok(incident)
}

/// One incident that is being moved.
struct Case<'a> {
    desk: &'a Desk<'a>,
    incident: &'a mut Versioned<Incident>,
    places: &'a [Sighting],
}

impl Case<'_> {
    fn now(&self) -> Moment {
        self.desk.clock.now()
    }

    fn say(&self, topic: &'static str, text: impl Into<String>) {
        (self.desk.say)(Said { topic, text: text.into() });
    }

    /// Makes a line of the audit about this incident.
    fn line(&self, action: &str, status: &str, detail: impl Into<String>) -> Line {
        let incident = &self.incident.is;
        Line {
            at: self.now(),
            actor: self.desk.actor.clone(),
            action: format!("incident.{action}"),
            key: incident.key.clone().unwrap_or_default(),
            provider: incident.provider.clone(),
            rotation: incident.id.clone(),
            status: status.into(),
            reason: "leak:commit".into(),
            detail: detail.into(),
            ..Line::default()
        }
    }

    /// Writes the incident down as it stands, with a line of the audit.
    async fn put(&mut self, line: Option<Line>) -> Result<(), RespondError> {
        Ok(self.desk.store.put_incident(self.incident, line).await?)
    }

    /// Looks, decides, and begins what was decided.
    async fn open(&mut self) -> Result<(), RespondError> {
        let key = self.look().await?;
        self.tell_host_it_lives().await?;
        let verdict = self.decide(key.as_ref()).await?;
        for (_, line) in &verdict.looked_at {
            self.say("policy", line.clone());
        }
        self.say("decided", format!("{}: {}", verdict.action, verdict.because));
        if self.desk.explain {
            return Ok(());
        }
        let now = self.now();
        self.incident.is.times.decided = Some(now);
        let is_dead = self
            .incident
            .is
            .liveness
            .as_ref()
            .is_some_and(|l| l.is == crate::model::credential::Liveness::Dead);
        self.incident.is.decision = Some(Decision {
            action: verdict.action,
            because: verdict.because.clone(),
            by: "policy".into(),
            at: now,
        });
        if is_dead {
            return self.dead_already().await;
        }
        match verdict.action {
            Action::Auto => self.begin("policy").await,
            Action::Ask => self.ask(key.as_ref(), &verdict).await,
            Action::Notify | Action::Never => {
                self.incident.is.note =
                    "nothing is done by itself; dismiss it, or end the secret by hand".into();
                let line =
                    self.line("decided", "success", format!("{}: {}", verdict.action, verdict.because));
                if verdict.action == Action::Notify {
                    let title = format!("A leaked secret: {}", self.incident.is.rule);
                    return self.put_telling(line, "notify", title, false).await;
                }
                self.put(Some(line)).await
            }
        }
    }

    /// Goes by the policy, and by what holds for the whole store.
    async fn decide(&self, key: Option<&KeyRecord>) -> Result<Verdict, RespondError> {
        let evidence = self.evidence(key);
        let verdict = decide(self.desk.settings, &evidence, &Standing::default());
        if verdict.action != Action::Auto || self.desk.explain {
            return Ok(verdict);
        }
        match self.held(&evidence).await? {
            Some(held) => Ok(decide(self.desk.settings, &evidence, &Standing { held: Some(held) })),
            None => Ok(verdict),
        }
    }

    fn evidence(&self, key: Option<&KeyRecord>) -> Evidence {
        let incident = &self.incident.is;
        let mut environments: Vec<String> = Vec::new();
        for environment in key.iter().flat_map(|k| &k.destinations).map(|d| &d.environment) {
            if !environments.contains(environment) {
                environments.push(environment.clone());
            }
        }
        let day = 86_400_000;
        Evidence {
            exposed: incident.exposed.as_ref().map_or(Exposed::Unknown, |s| s.is),
            liveness: incident
                .liveness
                .as_ref()
                .map_or(crate::model::credential::Liveness::Unknown, |s| s.is),
            ownership: incident.ownership.as_ref().map_or(Ownership::Unknown, |s| s.is),
            provider: incident.provider.clone(),
            environments,
            severity: crate::model::Severity::from_word(&incident.severity)
                .unwrap_or(crate::model::Severity::Low),
            unused_days: key
                .and_then(|k| k.last_used)
                .and_then(|used| u32::try_from((self.now() - used).max(0) / day).ok()),
            is_listed: self.places.iter().any(|p| (self.desk.is_listed)(&p.repository)),
        }
    }

    /// Returns why nothing acts by itself now. A place under the caps is taken with it.
    async fn held(&self, evidence: &Evidence) -> Result<Option<String>, RespondError> {
        let store = &self.desk.store;
        if let Some((true, _, by, why)) = store.switch(FREEZE).await? {
            return Ok(Some(format!("everything automatic is frozen by {by} ({why})")));
        }
        let now = self.now();
        let window = i64::try_from(CAP_WINDOW * 1000).unwrap_or(i64::MAX);
        if store.known_since().await?.is_none_or(|first| now - first < window) {
            return Ok(Some(
                "the store is younger than an hour, and cannot know what was done before".into(),
            ));
        }
        let settings = self.desk.settings;
        let per_provider = format!("auto:{}", evidence.provider);
        for (what, most) in [("auto", settings.per_hour), (per_provider.as_str(), settings.per_provider)] {
            if store.take(what, most, CAP_WINDOW, now).await?.is_some() {
                let title =
                    "Automatic answers have reached their cap: from here on people are asked".to_owned();
                self.tell_store("caps", title).await?;
                return Ok(Some(format!("the cap of {most} an hour is reached ({what})")));
            }
        }
        Ok(None)
    }

    /// Asks a person: what would be done, and how to say yes to exactly that.
    async fn ask(&mut self, key: Option<&KeyRecord>, verdict: &Verdict) -> Result<(), RespondError> {
        let planned = self.planned(key).await;
        let incident = &mut self.incident.is;
        incident.stage = Stage::Asking;
        incident.asked_by.clone_from(&self.desk.actor);
        incident.approvals.clear();
        match planned {
            Ok(hash) => {
                incident.note = format!(
                    "to end and replace it: keywright incidents approve {} --plan {hash}",
                    incident.id
                );
                incident.plan_hash = Some(hash);
            }
            Err(why) => {
                incident.plan_hash = None;
                incident.note = format!("{why}; then: keywright respond {}", incident.id);
            }
        }
        let line = self.line("asked", "success", format!("{}: {}", verdict.action, verdict.because));
        let title = format!("A leaked secret needs a decision: {}", self.incident.is.rule);
        self.put_telling(line, "ask", title, self.is_public()).await
    }

    fn is_public(&self) -> bool {
        self.incident.is.exposed.as_ref().is_some_and(|e| e.is == Exposed::Public)
    }

    /// Goes on where enough people said yes to what would be done now; else looks anew, for what was found
    /// out may have changed.
    async fn asked(&mut self) -> Result<(), RespondError> {
        let by: Vec<&str> = self.incident.is.approvals.iter().map(|(who, _)| who.as_str()).collect();
        if by.is_empty() || self.incident.is.plan_hash.is_none() {
            self.incident.is.stage = Stage::Open;
            return self.open().await;
        }
        let by = by.join(", ");
        let key = self.look().await?;
        let names = &self.desk.settings.approvers;
        let needed = match key.as_ref() {
            // Whoever asked may be one of those who sign, so one signature is none.
            Some(key) if is_production(key) && !names.is_empty() => self.desk.settings.quorum.max(2),
            Some(key) if is_production(key) => self.desk.settings.quorum,
            _ => 1,
        };
        // Only who may approve today counts, whoever it was when it was written down.
        let may = |who: &str| {
            names.is_empty() || names.iter().any(|line| line.split_whitespace().next() == Some(who))
        };
        let mut approvals = self.incident.is.approvals.clone();
        approvals.retain(|(who, _)| may(who));
        let asked_by = Some(self.incident.is.asked_by.as_str()).filter(|_| needed > 1);
        let quorum = quorum(&approvals, asked_by, needed);
        if !quorum.is_reached() {
            self.say("approval", format!("{} of {needed} people have approved", quorum.by.len()));
            return Ok(());
        }
        let planned = self.planned(key.as_ref()).await;
        if planned.as_ref().ok() != self.incident.is.plan_hash.as_ref() {
            self.say("approval", "what was approved is not what would be done now: it is asked again");
            self.incident.is.stage = Stage::Open;
            return self.open().await;
        }
        if self.desk.explain {
            return Ok(());
        }
        let now = self.now();
        self.incident.is.times.decided = Some(now);
        self.incident.is.decision = Some(Decision {
            action: Action::Ask,
            because: "it was approved".into(),
            by: by.clone(),
            at: now,
        });
        self.begin(&by).await
    }
}

/// Tells whether a key serves production.
#[must_use]
pub fn is_production(key: &KeyRecord) -> bool {
    key.destinations.iter().any(|d| crate::rotate::plan::is_production(&d.environment))
}

/// Makes what was shown of one question.
fn shown<T>(is: T, why: impl Into<String>, at: Moment) -> Option<Shown<T>> {
    Some(Shown { is, why: why.into(), at })
}
