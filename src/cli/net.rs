//! How health checks and a remote sealing key reach the network: through the one door.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use keywright::config::TransitSettings;
use keywright::http::{Door, Request};
use keywright::model::Secret;
use keywright::model::credential::CallError;
use keywright::rotate::health::HealthNet;
use keywright::seal::{KeyFile, Post, Sealer, Transit};

use super::error::CliError;

/// The door, for those who only ask whether something answers.
pub(crate) struct Net(pub(crate) Arc<Door>);

#[async_trait]
impl HealthNet for Net {
    async fn http_status(&self, url: &str) -> Result<u16, String> {
        let request = Request::new("GET", url).map_err(|e| e.to_string())?;
        self.0.call(request).await.map(|answer| answer.status).map_err(|e| e.to_string())
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<(), String> {
        self.0.dial(host, port).await.map(drop).map_err(|e| e.to_string())
    }
}

#[async_trait]
impl Post for Net {
    async fn post(
        &self,
        url: &str,
        headers: &[(String, &Secret)],
        body: &[u8],
    ) -> Result<(u16, Secret), CallError> {
        let mut request = Request::new("POST", url)?;
        for (name, value) in headers {
            request = request.header(name, value)?;
        }
        let answer = self.0.call(request.json(Secret::new(body.to_vec()))).await?;
        Ok((answer.status, answer.body))
    }
}

/// Makes what seals: the key file, and Vault's transit engine beside it where the settings name one.
pub(crate) fn sealer(
    key_file: &Path,
    transit: Option<(&TransitSettings, Secret)>,
    door: &Arc<Door>,
) -> Result<Sealer, CliError> {
    let sealer = Sealer::new(KeyFile::read_or_make(key_file)?);
    let Some((settings, token)) = transit else { return Ok(sealer) };
    let post = Box::new(Net(door.clone()));
    let mount = settings.mount.as_deref().unwrap_or("transit");
    let mut transit = Transit::new(&settings.url, mount, &settings.key, token, post)?;
    if let Some(namespace) = &settings.namespace {
        transit = transit.within(namespace);
    }
    Ok(sealer.beside(Box::new(transit)))
}
