//! Behind the proof of death: the review of its use meanwhile, the host's alert, and the looks that follow
//! after an hour and after a day. A secret that works again opens its incident again.

use super::contain::HOUR;
use super::{Case, RespondError, shown};
use crate::config::Letter;
use crate::model::credential::Liveness;
use crate::model::incident::Stage;
use crate::model::rotation::Moment;
use crate::provider::Activity;
use crate::respond::ledger::Reviewed;
use crate::respond::letter::{Facts, letter};
use crate::respond::review::{Exposure, Use, is_our_check, review};
use crate::store::record::KeyRecord;
use crate::verify::ask;

const DAY: Moment = 24 * HOUR;
/// How far back habits are looked for, before the exposure.
const HABITS: Moment = 30 * DAY;

impl Case<'_> {
    /// It is dead: says so, and looks at what was done with it meanwhile.
    pub(super) async fn died(&mut self, why: &str) -> Result<(), RespondError> {
        let now = self.now();
        let incident = &mut self.incident.is;
        incident.stage = Stage::Watching;
        incident.liveness = shown(Liveness::Dead, why, now);
        incident.times.dead = incident.times.dead.or(Some(now));
        incident.rechecks = 0;
        incident.note = "it is looked at again after an hour and after a day".into();
        self.incident.run_at = Some(now + HOUR);
        let exposure = self.incident.is.exposure(now).map(|ms| format!("; public for {}", minutes(ms)));
        let line = self.line("dead", "success", format!("{why}{}", exposure.clone().unwrap_or_default()));
        let title = format!("Contained: {}", self.incident.is.rule);
        self.put_telling(line, "contained", title, false).await?;
        self.say("dead", format!("{why}{}", exposure.unwrap_or_default()));
        crate::rotate::kill::point("incident dead");
        self.follow_up().await
    }

    /// It was dead when it was found: nothing is ended, and it is looked at again all the same.
    pub(super) async fn dead_already(&mut self) -> Result<(), RespondError> {
        let now = self.now();
        let incident = &mut self.incident.is;
        incident.stage = Stage::Watching;
        incident.rechecks = 0;
        incident.note = "it was dead already; it is looked at again after an hour and after a day".into();
        self.incident.run_at = Some(now + HOUR);
        let line = self.line("dead", "success", "it was dead already");
        self.put(Some(line)).await?;
        self.say("dead", "it was dead already");
        Ok(())
    }

    /// Does what follows a death, as far as it is not done.
    async fn follow_up(&mut self) -> Result<(), RespondError> {
        if self.incident.is.times.reviewed.is_none() {
            self.review().await?;
        }
        let id = self.incident.is.id.clone();
        match self.desk.office.write_back(&self.incident.is, self.places, true).await {
            Ok(Some(done)) => {
                self.say("host", done.clone());
                if self.desk.store.tell_once(&id, "host:dead", self.now()).await? {
                    let line = self.line("host", "success", done);
                    self.put(Some(line)).await?;
                }
            }
            Ok(None) => {}
            Err(why) => self.say("host", format!("not told yet: {why}")),
        }
        Ok(())
    }

    /// Looks at what was done with it while strangers could have it.
    async fn review(&mut self) -> Result<(), RespondError> {
        let incident = &self.incident.is;
        let Some(key) = self.reviewed_key().await? else {
            self.say("review", "no key of the inventory: its use cannot be asked for");
            return Ok(());
        };
        let now = self.now();
        let from =
            incident.times.public.or(incident.times.committed).or(incident.times.detected).unwrap_or(now);
        let until = incident.times.dead.unwrap_or(now);
        let exposure = Exposure { from: from.min(until), until };
        let provider = match self.desk.office.provider(&key.provider, &key.settings) {
            Ok(provider) => provider,
            Err(why) => {
                self.say("review", why);
                return Ok(());
            }
        };
        // By the key id of then: a second key has another by now.
        let key_id = incident.key_id.clone().unwrap_or_else(|| key.key_id.clone());
        let listing = provider.list().await;
        let listed = listing.as_ref().ok().and_then(|l| l.keys.iter().find(|k| k.key_id == key_id));
        let seen = match listed {
            Some(listed) => provider.events(listed, exposure.from.saturating_sub(HABITS)).await,
            None => {
                self.say("review", format!("{key_id} is not listed: its use cannot be asked for"));
                return Ok(());
            }
        };
        let events = match seen {
            Ok(Activity::Events(events)) => events,
            Ok(Activity::Summary { why, .. }) => {
                self.say("review", why);
                return Ok(());
            }
            Ok(Activity::NotOffered) => {
                self.say(
                    "review",
                    format!("{} tells no events; import them: keywright usage", provider.card().name),
                );
                return Ok(());
            }
            Err(error) => {
                self.say("review", format!("not yet: {error}"));
                return Ok(());
            }
        };
        let mut uses: Vec<Use> = events.seen.into_iter().map(Use::from).collect();
        if let Some(target) = provider.check_goes_to() {
            uses.retain(|seen| !is_our_check(seen, target));
        }
        let review = review(&uses, exposure);
        let to = provider.card().abuse.clone().unwrap_or_else(|| "the provider's security team".into());
        let facts =
            Facts { to: &to, provider: &provider.card().name, key_id: &key_id, from: &self.desk.actor };
        let letter = letter(&facts, &review);
        let mut said = format!("{} uses while public, {} unusual signs", review.uses, review.flags.len());
        let mut news = None;
        if let Some(letter) = &letter {
            said += "; a letter about abuse is ready";
            if self.desk.settings.letter == Letter::Send {
                match self.desk.office.can_mail(&to) {
                    Ok(()) => {
                        news = Some(self.letter(&to, letter)?);
                        said += &format!(", and goes to {to}");
                    }
                    Err(why) => said += &format!(", and cannot be mailed: {why}"),
                }
            }
        }
        self.incident.is.review = serde_json::to_value(Reviewed::of(&review, letter)).unwrap_or_default();
        self.incident.is.times.reviewed = Some(now);
        let line = self.line("reviewed", "success", said.clone());
        let news = news.as_ref().map(|news| (news, now));
        self.desk.store.put_incident_telling(self.incident, Some(line), news).await?;
        self.say("review", said);
        Ok(())
    }

    async fn reviewed_key(&self) -> Result<Option<KeyRecord>, RespondError> {
        Ok(match &self.incident.is.key {
            Some(name) => self.desk.store.key(name).await?,
            None => None,
        })
    }

    /// Looks whether it stayed dead.
    pub(super) async fn look_again(&mut self) -> Result<(), RespondError> {
        let now = self.now();
        if self.incident.run_at.is_some_and(|at| at > now) || self.desk.explain {
            return Ok(());
        }
        self.follow_up().await?;
        let checked = match self.secret() {
            Ok((credential, provider)) => ask(&credential, &*provider).await,
            Err(why) => crate::provider::Checked::new(Liveness::Unknown, why),
        };
        self.say("again", format!("{}: {}", checked.liveness, checked.why));
        match checked.liveness {
            Liveness::Alive => self.reopened(&checked.why).await,
            Liveness::Dead => {
                self.incident.is.rechecks += 1;
                self.incident.is.liveness = shown(Liveness::Dead, checked.why.clone(), now);
                self.next_look(now, &checked.why).await
            }
            Liveness::Unknown => {
                let from = self.incident.is.times.dead.or(self.incident.is.times.decided).unwrap_or(now);
                if now - from < DAY {
                    self.incident.run_at = Some(now + HOUR);
                    let line = self.line("again", "unknown", checked.why);
                    return self.put(Some(line)).await;
                }
                self.incident.is.rechecks += 1;
                self.next_look(now, &format!("it could not be asked again: {}", checked.why)).await
            }
        }
    }

    /// Closes it behind the look after a day; else says when it is looked at next.
    async fn next_look(&mut self, now: Moment, why: &str) -> Result<(), RespondError> {
        let from = self.incident.is.times.dead.or(self.incident.is.times.decided).unwrap_or(now);
        if now - from >= DAY {
            self.incident.is.stage = Stage::Closed;
            self.incident.is.times.closed = Some(now);
            self.incident.is.note = "it stayed dead".into();
            self.incident.run_at = None;
            let line = self.line("closed", "success", why.to_owned());
            return self.put(Some(line)).await;
        }
        self.incident.run_at = Some(from + DAY);
        let line = self.line("again", "success", why.to_owned());
        self.put(Some(line)).await
    }

    /// It works again: somebody put it back, or it never died.
    async fn reopened(&mut self, why: &str) -> Result<(), RespondError> {
        let now = self.now();
        let incident = &mut self.incident.is;
        incident.stage = Stage::Open;
        incident.liveness = shown(Liveness::Alive, why, now);
        (incident.rotation, incident.plan_hash) = (None, None);
        incident.approvals.clear();
        incident.times.dead = None;
        incident.times.contained = None;
        incident.times.closed = None;
        incident.note = "IT WORKS AGAIN".into();
        incident.host_untold = true;
        self.incident.run_at = None;
        let line = self.line("reopened", "failed", why.to_owned());
        let title = format!("A leaked secret works again: {}", self.incident.is.rule);
        self.put_telling(line, &format!("reopened:{now}"), title, true).await?;
        crate::rotate::kill::point("incident reopened");
        self.tell_host_it_lives().await
    }

    /// Tells the host that the secret works again, as long as it does not know.
    pub(super) async fn tell_host_it_lives(&mut self) -> Result<(), RespondError> {
        let is_alive = self.incident.is.liveness.as_ref().is_some_and(|l| l.is == Liveness::Alive);
        if !self.incident.is.host_untold || !is_alive || self.desk.explain {
            return Ok(());
        }
        let line = match self.desk.office.write_back(&self.incident.is, self.places, false).await {
            Ok(done) => done.map(|done| {
                self.say("host", done.clone());
                self.line("host", "success", done)
            }),
            Err(why) => {
                self.say("host", format!("not told yet: {why}"));
                return Ok(());
            }
        };
        self.incident.is.host_untold = false;
        self.put(line).await
    }
}

/// Says a length of time in minutes, or in seconds if it is short.
fn minutes(ms: Moment) -> String {
    if ms < 120_000 { format!("{:.1} s", ms as f64 / 1000.0) } else { format!("{} minutes", ms / 60_000) }
}
