//! What a recipient is.

use async_trait::async_trait;

use crate::model::Secret;

use super::error::SealError;

/// A key-encryption key: wraps data keys, and is the only one that can unwrap them.
#[async_trait]
pub trait Kek: Send + Sync {
    /// Names it in what is sealed; the same key has the same name everywhere.
    fn id(&self) -> &str;

    /// Wraps a data key of 32 bytes.
    async fn wrap(&self, data_key: &Secret) -> Result<Vec<u8>, SealError>;

    /// Unwraps what [`Kek::wrap`] made, wherever that ran.
    async fn unwrap(&self, wrapped: &[u8]) -> Result<Secret, SealError>;
}
