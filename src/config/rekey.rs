//! What an operator's file says of the store, the seal, the network, providers, destinations, hosts and who is told.
//! Every credential in it is a reference (`env:NAME`), never a literal (R27): who uses one refuses a literal.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::ScheduleSettings;

/// What a file says of re-keying; empty: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RekeySettings {
    /// Where rotations are written down.
    pub store: StoreSettings,
    /// What seals secrets on disk.
    pub seal: SealSettings,
    /// Which hosts may be reached.
    pub network: NetworkSettings,
    /// Settings of providers, by their word; a key's own settings go before them.
    pub providers: BTreeMap<String, toml::Table>,
    /// How places over the network are reached, by their names: address and credentials.
    pub destinations: BTreeMap<String, toml::Table>,
    /// Who is told, and how, by their names.
    pub notify: BTreeMap<String, toml::Table>,
    /// Where repositories live, by name.
    pub hosts: BTreeMap<String, toml::Table>,
    /// When keys are replaced.
    pub schedule: ScheduleSettings,
}

/// The table `[store]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `postgres://USER@HOST/DATABASE`; a file in the user's state folder by default.
    pub url: Option<String>,
    /// The database's password, as a reference.
    pub password: Option<String>,
}

/// The table `[seal]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealSettings {
    /// The key file; made in the user's state folder by default.
    pub key_file: Option<PathBuf>,
    /// A key in Vault's transit engine, beside the key file.
    pub transit: Option<TransitSettings>,
}

/// The table `[seal.transit]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransitSettings {
    /// Vault's address: `https://vault.example.com:8200`.
    pub url: String,
    /// The key's name there.
    pub key: String,
    /// Where the engine is mounted; `transit` by default.
    pub mount: Option<String>,
    /// The namespace, where there are any.
    pub namespace: Option<String>,
    /// The token, as a reference.
    pub token: String,
}

/// The table `[network]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// Hosts (`HOST:PORT`) that may be reached although they are private or without TLS.
    #[serde(default)]
    pub allow: Vec<String>,
}
