//! Telling people: a leak, a question, a rotation that is over.
//!
//! Who is told, and where, the operator says (`[notify.NAME]`). A notice never holds a secret, and every text
//! in it is made harmless for the medium it goes by. It is sent once; `respond::outbox` tries again.
//!
//! - `mail`: over SMTP
//! - `webhook`: to a program, signed
//!
//! docs/notify.md is for operators.

mod mail;
mod webhook;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::http::Door;
use crate::model::credential::CallError;
use crate::model::text::shown;
use mail::Mail;
use webhook::Webhook;

/// Something that people are to know. It holds no secret: who makes it sees to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The same for the same news, however often it is sent: so that it can be told from other news.
    pub id: String,
    /// One line.
    pub title: String,
    /// What is known, by name: `repository`, `acme/shop`.
    pub facts: Vec<(String, String)>,
    /// More, line by line.
    pub lines: Vec<String>,
    /// Whether somebody should look now.
    pub urgent: bool,
}

/// Somebody who can be told.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Returns the name the operator gave it.
    fn name(&self) -> &str;

    /// Sends a notice, once.
    ///
    /// # Errors
    /// [`CallError::Lost`] if it may have arrived: what is sent again has the same id.
    async fn send(&self, notice: &Notice) -> Result<(), CallError>;
}

/// A table `[notify.NAME]` that cannot be used. Its values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't use [notify.{name}]: {why}; {fix}")]
pub struct NotifyError {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub fix: String,
}

/// Why a table is wrong, and what to write.
type Wrong = (String, String);

/// Reads the operator's table `[notify.NAME]`; its `kind` is `mail` or `webhook`, and a table that is called
/// so needs none.
///
/// # Errors
/// [`NotifyError`]: what is wrong in it.
///
/// ```
/// use std::sync::Arc;
/// use keywright::{http::Door, notify};
/// let table = toml::from_str("kind = 'webhook'\nurl = 'https://ops.example.com/keys'\nsecret = 'env:HOOK_SECRET'");
/// let there = notify::from_settings("ops", &table.unwrap(), &Arc::new(Door::new(&[]).unwrap())).unwrap();
/// assert_eq!(there.name(), "ops");
/// ```
pub fn from_settings(
    name: &str,
    table: &toml::Table,
    door: &Arc<Door>,
) -> Result<Box<dyn Notifier>, NotifyError> {
    let mut table = table.clone();
    let kind = table.remove("kind");
    let kind = kind.as_ref().map_or(Some(name), toml::Value::as_str);
    let read = || -> Result<Box<dyn Notifier>, Wrong> {
        match kind {
            Some("mail") => Ok(Box::new(Mail::new(name, table, door.clone())?)),
            Some("webhook") => Ok(Box::new(Webhook::new(name, table, door.clone())?)),
            _ => Err(("its kind is not known".into(), "write kind = \"mail\" or kind = \"webhook\"".into())),
        }
    };
    read().map_err(|(why, fix)| NotifyError { name: shown(name.as_bytes()), why, fix })
}
