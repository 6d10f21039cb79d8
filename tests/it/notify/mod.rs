//! Telling people, as the response tells them.
//!
//! - `mail`: a real mail server, with and without TLS, and bad ones
//! - `webhook`: a call that its receiver can verify

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keywright::http::Door;
use keywright::model::credential::CallError;
use keywright::notify::{Notice, Notifier, NotifyError, from_settings};

mod mail;
mod webhook;

/// What no error may hold.
const PASSWORD: &str = "word-that-nobody-may-see";

fn notice() -> Notice {
    Notice {
        id: "incident-7.dead".into(),
        title: "A key stood in acme/shop ☂".into(),
        facts: vec![("repository".into(), "acme/shop".into()), ("key".into(), "avp_live_…beef".into())],
        lines: vec!["It is dead since 14:02 UTC.".into(), ".".into(), "Bcc: nobody".into()],
        urgent: true,
    }
}

/// Reads a table; `allowed` may be private and without TLS.
fn teller(table: &str, allowed: &[String], patience: Duration) -> Result<Box<dyn Notifier>, NotifyError> {
    let door = Door::new(allowed).unwrap().with_patience(patience, patience);
    from_settings("ops", &toml::from_str(table).unwrap(), &Arc::new(door))
}

#[track_caller]
fn told(teller: &dyn Notifier, notice: &Notice) -> Result<(), CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(teller.send(notice));
    if let Err(e) = &told {
        let text = format!("{e} {e:?}");
        assert!(!text.contains(PASSWORD), "{text}");
    }
    told
}

/// Writes a word into a file that nobody else can read, and returns the reference to it.
fn kept(folder: &Path, name: &str, word: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, word).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    format!("file:{}", path.display())
}
