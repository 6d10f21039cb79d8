//! What the commands of the second half share: the store, the seal, the network and the runtime, opened
//! as the operator's settings say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keywright::config::{RekeySettings, RespondSettings};
use keywright::destination::{self, Destination, Reach, StampKey};
use keywright::detect::Detector;
use keywright::http::Door;
use keywright::model::rotation::Moment;
use keywright::provider::{self, Provider};
use keywright::reference::Reference;
use keywright::rotate::due::POSTPONED;
use keywright::rotate::health::HealthNet;
use keywright::rotate::{Clock, Parts};
use keywright::seal::Sealer;
use keywright::store::record::KeyRecord;
use keywright::store::{Anchor, ChainKey, Store};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::again::user_folder;
use super::error::CliError;
use super::net::{self, Net};
use super::runner;
use super::settings;
use super::ui::Ui;

/// What a command of the second half works with.
pub(crate) struct Rekey {
    /// Drives what is async.
    pub(crate) runtime: Runtime,
    /// What survives a crash.
    pub(crate) store: Arc<Store>,
    /// What seals secrets on disk.
    pub(crate) sealer: Arc<Sealer>,
    /// The door to the network.
    pub(crate) door: Arc<Door>,
    /// The operator's settings.
    pub(crate) settings: RekeySettings,
    /// What the operator wants done about leaks.
    pub(crate) respond: RespondSettings,
    /// What time it is.
    pub(crate) clock: Arc<dyn Clock>,
    /// Where the key file, the store and the audit's anchor stand by default.
    pub(crate) folder: PathBuf,
    /// The operator's file, where one was named.
    config: Option<PathBuf>,
}

impl Rekey {
    /// Opens everything; the first time, the key file and the store are made.
    pub(crate) fn open(config: Option<&Path>) -> Result<Self, CliError> {
        let (settings, respond) = settings::rekey(config)?;
        let state = user_folder("XDG_STATE_HOME", ".local/state").ok_or_else(|| {
            CliError::usage(
                "there is no folder for what must be kept",
                "set HOME, or XDG_STATE_HOME to an absolute path",
            )
        })?;
        let folder = state.join("keywright");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| {
            CliError::usage(
                format!("the system gives no event loop: {e}"),
                "look at the limits of this process",
            )
        })?;
        let door = Arc::new(Door::new(&settings.network.allow)?);
        let key_file = settings.seal.key_file.clone().unwrap_or_else(|| folder.join("seal.key"));
        let transit = match &settings.seal.transit {
            Some(transit) => Some((transit, resolved(&runtime, &transit.token)?)),
            None => None,
        };
        let sealer = Arc::new(net::sealer(&key_file, transit, &door)?);
        let url =
            std::env::var("KEYWRIGHT_STORE").ok().filter(|u| !u.is_empty()).or(settings.store.url.clone());
        let url = url.unwrap_or_else(|| format!("sqlite:{}", folder.join("store.db").display()));
        let password = settings.store.password.as_deref().map(|text| resolved(&runtime, text)).transpose()?;
        let chain = ChainKey::new(sealer.derive("audit"));
        let store = runtime.block_on(Store::open(&url, password.as_ref(), chain))?;
        Ok(Self {
            runtime,
            store: Arc::new(store),
            sealer,
            door,
            settings,
            respond,
            clock: clock(),
            folder,
            config: config.map(Into::into),
        })
    }

    /// Makes what finds secrets again: by the program's rules and the operator's own.
    pub(crate) fn detector(&self) -> Result<Detector, CliError> {
        Ok(Detector::new(settings::operators_rules(self.config.as_deref())?))
    }

    /// Returns the key, or says what there is.
    pub(crate) fn key(&self, name: &str) -> Result<KeyRecord, CliError> {
        self.runtime.block_on(self.store.key(name))?.ok_or_else(|| {
            CliError::usage(
                format!("the inventory has no key `{name}`"),
                "`keywright keys list` shows what it has; `keywright keys add` adds one",
            )
        })
    }

    /// Makes the provider of a key: what the operator's file says of it, and the key's own settings over that.
    pub(crate) fn provider(&self, word: &str, own: &Value) -> Result<Arc<dyn Provider>, CliError> {
        let mut settings = match self.settings.providers.get(word) {
            Some(table) => serde_json::to_value(table).unwrap_or_default(),
            None => serde_json::json!({}),
        };
        if let (Some(settings), Some(own)) = (settings.as_object_mut(), own.as_object()) {
            for (name, value) in own.iter().filter(|(name, _)| !OURS.contains(&name.as_str())) {
                lay_over(settings, name, value);
            }
        }
        // A recipe of the operator's own: never from a scanned repository, and never from a key's settings.
        let own = self.settings.providers.get(word).and_then(|table| table.get("recipe"));
        let Some(own) = own.and_then(toml::Value::as_str) else {
            return Ok(provider::by_id(word, &settings, self.door.clone())?.into());
        };
        let text = std::fs::read_to_string(own).map_err(|e| {
            CliError::usage(
                format!("can't read the recipe {own}: {e}"),
                "name a file in [providers.NAME] recipe",
            )
        })?;
        if let Some(settings) = settings.as_object_mut() {
            settings.remove("recipe");
        }
        Ok(provider::from_recipe(own, &text, &settings, self.door.clone())?.into())
    }

    /// Makes the places of a key.
    pub(crate) fn destinations(
        &self,
        places: &[String],
        base: &Path,
    ) -> Result<Vec<Box<dyn Destination>>, CliError> {
        let reach = Reach {
            base: base.to_owned(),
            stamps: StampKey::new(self.sealer.derive("stamps")),
            door: self.door.clone(),
            settings: self.settings.destinations.clone(),
        };
        places.iter().map(|place| Ok(destination::parse(place, &reach)?)).collect()
    }

    /// Puts together what a rotation of a key works with.
    pub(crate) fn parts(&self, key: &KeyRecord) -> Result<Parts, CliError> {
        Ok(Parts {
            store: self.store.clone(),
            sealer: self.sealer.clone(),
            provider: self.provider(&key.provider, &key.settings)?,
            clock: self.clock.clone(),
            net: Arc::new(Net(self.door.clone())) as Arc<dyn HealthNet>,
            base: base_of(key),
            runner: runner::name(),
            is_dead: runner::is_dead,
            actor: actor(),
        })
    }

    /// Moves the audit's anchor to its end. The anchor stands outside the store: who cuts the end of the
    /// audit off cannot take that back.
    pub(crate) fn anchor(&self, ui: &Ui) {
        if let Err(error) = self.runtime.block_on(self.store.raise_anchor(&self.anchor_file())) {
            ui.warn(&format!("the audit's anchor was not moved: {error}"));
        }
    }

    /// Returns where the audit ended when it was last looked at.
    pub(crate) fn read_anchor(&self) -> Result<Option<Anchor>, CliError> {
        Ok(Anchor::read(&self.anchor_file())?)
    }

    fn anchor_file(&self) -> PathBuf {
        self.folder.join("audit.anchor")
    }

    /// Returns now.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Sleeps until a moment.
    pub(crate) fn sleep_until(&self, until: Moment) {
        let left = u64::try_from(until - self.now()).unwrap_or(0);
        self.runtime.block_on(tokio::time::sleep(Duration::from_millis(left)));
    }
}

/// Resolves a reference of the settings.
fn resolved(runtime: &Runtime, text: &str) -> Result<keywright::model::Secret, CliError> {
    Ok(runtime.block_on(Reference::parse(text)?.resolve())?)
}

/// Settings of a key that are ours and not its provider's.
const OURS: [&str; 3] = ["search", "base", POSTPONED];

/// Lays a setting over others; a table over a table, name by name.
fn lay_over(under: &mut serde_json::Map<String, Value>, name: &str, value: &Value) {
    match (under.get_mut(name), value) {
        (Some(Value::Object(under)), Value::Object(over)) => {
            over.iter().for_each(|(name, value)| lay_over(under, name, value));
        }
        _ => {
            under.insert(name.to_owned(), value.clone());
        }
    }
}

/// Returns the folder in which a key was put down: relative paths of its places are taken from there.
pub(crate) fn base_of(key: &KeyRecord) -> PathBuf {
    key.settings.get("base").and_then(Value::as_str).map(PathBuf::from).unwrap_or_default()
}

#[cfg(not(feature = "kill-points"))]
fn clock() -> Arc<dyn Clock> {
    Arc::new(keywright::rotate::MachineClock)
}

#[cfg(feature = "kill-points")]
fn clock() -> Arc<dyn Clock> {
    match std::env::var_os("KEYWRIGHT_CLOCK") {
        Some(file) => Arc::new(keywright::rotate::clock::MovedClock(file.into())),
        None => Arc::new(keywright::rotate::MachineClock),
    }
}

/// Names who does it, for the audit: the CI job or the user, and the machine.
pub(crate) fn actor() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let who = set("KEYWRIGHT_ACTOR").or_else(|| set("GITHUB_ACTOR").map(|a| format!("github:{a}")));
    let who = who
        .or_else(|| set("USER"))
        .or_else(|| set("LOGNAME"))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    keywright::model::text::shown(who.as_bytes())
}
