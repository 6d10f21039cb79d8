//! What people are told of an incident: written down with what it is about, sent by the outbox.

use super::{Case, RespondError};
use crate::model::rotation::Moment;
use crate::notify::Notice;
use crate::respond::outbox::{letter_to, news};
use crate::rotate::kill;
use crate::store::notices::News;
use crate::store::record::Line;

impl Case<'_> {
    /// Writes the incident down and, with it, that people are told: neither is there without the other.
    pub(super) async fn put_telling(
        &mut self,
        line: Line,
        what: &str,
        title: String,
        urgent: bool,
    ) -> Result<(), RespondError> {
        let notice = self.notice(what, title, urgent);
        let news = news(&self.incident.is.id, what, &notice, self.desk.settings.notify.clone())?;
        let now = self.now();
        let put = self.desk.store.put_incident_telling(self.incident, Some(line), Some((&news, now)));
        if put.await? {
            kill::point("notice noted");
            self.desk.office.show(notice);
        }
        Ok(())
    }

    /// Tells people, once for each `what`.
    pub(super) async fn tell(&self, what: &str, title: String, urgent: bool) -> Result<(), RespondError> {
        if self.desk.explain {
            return Ok(());
        }
        let notice = self.notice(what, title, urgent);
        let news = news(&self.incident.is.id, what, &notice, self.desk.settings.notify.clone())?;
        self.note(&news, notice).await
    }

    /// Tells people something about the whole store, once an hour.
    pub(super) async fn tell_store(&self, what: &str, title: String) -> Result<(), RespondError> {
        let hour: Moment = self.now().div_euclid(3_600_000);
        let what = format!("{what}:{hour}");
        let notice = Notice { id: what.clone(), title, facts: Vec::new(), lines: Vec::new(), urgent: true };
        let news = news("", &what, &notice, self.desk.settings.notify.clone())?;
        self.note(&news, notice).await
    }

    async fn note(&self, news: &News, notice: Notice) -> Result<(), RespondError> {
        if self.desk.store.note(news, self.now()).await? {
            kill::point("notice noted");
            self.desk.office.show(notice);
        }
        Ok(())
    }

    fn notice(&self, what: &str, title: String, urgent: bool) -> Notice {
        let incident = &self.incident.is;
        let mut facts = vec![
            ("incident".to_owned(), incident.id.clone()),
            ("secret".to_owned(), format!("{} ({})", incident.masked, incident.rule)),
        ];
        facts.extend(
            self.places.first().map(|p| ("first place".to_owned(), format!("{}:{}", p.path, p.line))),
        );
        let shown = [
            ("live", incident.liveness.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
            ("whose", incident.ownership.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
            ("exposed", incident.exposed.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
            ("decided", incident.decision.as_ref().map(|d| format!("{}: {}", d.action, d.because))),
            ("next", Some(incident.note.clone()).filter(|n| !n.is_empty())),
        ];
        facts.extend(shown.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Notice { id: format!("{}:{what}", incident.id), title, facts, lines: Vec::new(), urgent }
    }

    /// Makes a letter to a provider of its text, with its head.
    pub(super) fn letter(&self, to: &str, letter: &str) -> Result<News, RespondError> {
        let (head, body) = letter.split_once("\n\n").unwrap_or(("", letter));
        let title = head.lines().find_map(|l| l.strip_prefix("Subject: ")).unwrap_or("Abuse of a leaked key");
        let id = &self.incident.is.id;
        let notice = Notice {
            id: format!("{id}:letter"),
            title: title.into(),
            facts: Vec::new(),
            lines: body.lines().map(Into::into).collect(),
            urgent: true,
        };
        Ok(news(id, "letter", &notice, vec![letter_to(to)])?)
    }
}
