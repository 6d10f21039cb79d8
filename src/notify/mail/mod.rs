//! Mail, handed to the operator's own server. lettre writes it and speaks SMTP; the connection is the door's,
//! and so is its TLS: without it nothing is sent but to a place that the operator allows.
//!
//! - `letter`: what a notice looks like as a mail
//! - `stream`: what lettre speaks over, and the words before TLS

mod letter;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Severity};
use serde::Deserialize;
use tokio::time::timeout;

use super::{Notice, Notifier, Wrong};
use crate::http::{Door, place};
use crate::model::credential::{CallError, Refusal};
use crate::model::text::shown;
use crate::reference::{self, Reference};
use stream::Stream;

/// How many people a notice goes to.
const PEOPLE: usize = 20;

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    /// When both have said that they want it.
    Starttls,
    /// At once.
    Tls,
    /// Never.
    Clear,
}

/// The table `[notify.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    server: String,
    port: Option<u16>,
    security: Option<String>,
    user: Option<String>,
    password: Option<String>,
    from: String,
    to: To,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum To {
    One(String),
    Many(Vec<String>),
}

pub(super) struct Mail {
    name: String,
    host: String,
    port: u16,
    security: Security,
    user: Option<(String, Reference)>,
    from: Mailbox,
    to: Vec<Mailbox>,
    door: Arc<Door>,
}

impl Mail {
    pub(super) fn new(name: &str, table: toml::Table, door: Arc<Door>) -> Result<Self, Wrong> {
        let table: Table = reference::fields(table).map_err(|why| {
            (why, "it may hold kind, server, port, security, user, password, from and to".into())
        })?;
        let security = match table.security.as_deref() {
            None | Some("starttls") => Security::Starttls,
            Some("tls") => Security::Tls,
            Some("none") => Security::Clear,
            Some(_) => {
                let fix = "it is one of: starttls, tls, none";
                return Err(("its `security` is not known".into(), fix.into()));
            }
        };
        let usual = if security == Security::Tls { 465 } else { 587 };
        let server = place(&format!("{}:{}", table.server, table.port.unwrap_or(usual)));
        let (host, port) = server.ok_or_else(|| {
            ("its `server` or `port` is none".to_owned(), "write server = \"smtp.example.com\"".to_owned())
        })?;
        if security == Security::Clear && !door.allows(&host, port) {
            return Err((
                "mail without TLS goes only where [network] allow says so".into(),
                "write security = \"starttls\" or \"tls\"".into(),
            ));
        }
        let user = match (table.user, table.password) {
            (None, None) => None,
            (Some(user), Some(password)) => Some((user, password_of(&password)?)),
            _ => return Err(("it has one of `user` and `password`".into(), "write both or none".into())),
        };
        let to = match table.to {
            To::One(one) => vec![one],
            To::Many(many) => many,
        };
        if to.is_empty() || to.len() > PEOPLE {
            return Err((format!("its `to` names nobody, or more than {PEOPLE}"), "name some".into()));
        }
        Ok(Self {
            name: name.into(),
            host,
            port,
            security,
            user,
            from: address("from", &table.from)?,
            to: to.iter().map(|text| address("to", text)).collect::<Result<_, _>>()?,
            door,
        })
    }

    /// Connects, and signs in: nothing was sent before.
    async fn connect(&self) -> Result<AsyncSmtpConnection, CallError> {
        let mut plain = self.door.dial(&self.host, self.port).await?;
        let stream: Box<dyn AsyncTokioStream> = match self.security {
            Security::Clear => Box::new(Stream::new(plain)),
            Security::Tls => Box::new(Stream::new(self.door.secure(&self.host, plain).await?)),
            Security::Starttls => {
                stream::ask_for_tls(&mut plain).await.map_err(|why| CallError::NotSent(self.at(&why)))?;
                Box::new(Stream::greeted(self.door.secure(&self.host, plain).await?))
            }
        };
        let hello = ClientId::default();
        let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(|e| self.refused("it does not greet", &e, false))?;
        if let Some((user, password)) = &self.user {
            let password = password.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))?;
            let text = std::str::from_utf8(password.expose())
                .map_err(|_| CallError::NotSent(self.at("the password is no text")))?;
            let credentials = Credentials::new(user.clone(), text.to_owned());
            let signed = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            match signed {
                Ok(answer) if answer.is_positive() => {}
                Ok(_) => return Err(CallError::NotSent(self.at("signing in did not end"))),
                Err(e) => return Err(self.refused("it does not take the user or the password", &e, false)),
            }
        }
        Ok(connection)
    }

    fn at(&self, why: &str) -> String {
        format!("{}:{}: {why}", shown(self.host.as_bytes()), self.port)
    }

    /// Says what kind of no it was. No word of the server's is repeated: it may hold what was sent.
    fn refused(&self, what: &str, e: &Error, may_be_sent: bool) -> CallError {
        let Some(code) = e.status() else {
            let why = self.at(what);
            return if may_be_sent { CallError::Lost(why) } else { CallError::NotSent(why) };
        };
        let is_later = code.severity == Severity::TransientNegativeCompletion;
        let status = u16::from(code);
        let kind = match status {
            530 | 534 | 535 | 538 => Refusal::Credential,
            _ if is_later => Refusal::TooMany,
            _ => Refusal::Other,
        };
        let later = if is_later { ", for now" } else { "" };
        CallError::Refused { status, kind, why: self.at(&format!("{what}{later}")), retry_after: None }
    }
}

#[async_trait]
impl Notifier for Mail {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, notice: &Notice) -> Result<(), CallError> {
        let letter =
            letter::written(notice, &self.from, &self.to).map_err(|why| CallError::NotSent(self.at(&why)))?;
        let patience = self.door.patience();
        let late = |what: &str| self.at(&format!("{what} took longer than {patience:?}"));
        let mut connection = timeout(patience, self.connect())
            .await
            .map_err(|_| CallError::NotSent(late("the greeting")))??;
        // From here on nobody knows, until it says so, whether it was taken.
        let sent = timeout(patience, connection.send(letter.envelope(), &letter.formatted())).await;
        let sent = sent.map_err(|_| CallError::Lost(late("the mail")))?;
        sent.map_err(|e| self.refused("it does not take the mail", &e, true))?;
        let _ = timeout(patience, connection.quit()).await;
        Ok(())
    }
}

fn password_of(text: &str) -> Result<Reference, Wrong> {
    Reference::parse(text)
        .map_err(|e| (format!("its `password`: {e}"), "write password = \"env:NAME\", for one".into()))
}

fn address(field: &str, text: &str) -> Result<Mailbox, Wrong> {
    let no =
        || (format!("its `{field}` is no address"), format!("write {field} = \"Keys <keys@example.com>\""));
    text.parse().ok().filter(|_| text.len() <= 320 && !text.chars().any(char::is_control)).ok_or_else(no)
}
