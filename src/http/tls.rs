//! Whom a call trusts.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::model::credential::CallError;

fn untrusted(e: &rustls::Error) -> CallError {
    CallError::NotSent(format!("this machine has no certificates to trust: {e}"))
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, CallError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| untrusted(&e))
}

/// Trusts whom this machine trusts.
pub(super) fn machines() -> Result<ClientConfig, CallError> {
    Ok(builder()?.with_platform_verifier().map_err(|e| untrusted(&e))?.with_no_client_auth())
}

/// Trusts nobody: for plain http.
pub(super) fn none() -> Result<ClientConfig, CallError> {
    Ok(builder()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
