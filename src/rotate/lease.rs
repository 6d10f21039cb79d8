//! The lease that a runner holds while it moves a rotation (I9).

use std::time::Duration;

use super::{Parts, RotateError};
use crate::model::rotation::Moment;
use crate::store::StoreError;
use crate::store::record::Lease;

/// How long a lease lasts without being renewed, in milliseconds.
const LEASE: Moment = 90_000;
/// How often it is renewed while a step runs.
const RENEWAL: Duration = Duration::from_secs(20);

/// Takes the lease; from a runner that is known to be dead at once, else when it has ended.
pub(super) async fn claim(parts: &Parts, id: &str) -> Result<Lease, RotateError> {
    let now = parts.clock.now();
    match parts.store.claim(id, &parts.runner, now, now + LEASE).await {
        Err(StoreError::Held { runner, until }) if (parts.is_dead)(&runner) => {
            // As if it were over: whoever took it meanwhile has a later end, and is left alone. The fence
            // grows either way.
            Ok(parts.store.claim(id, &parts.runner, until + 1, now + LEASE).await?)
        }
        claimed => Ok(claimed?),
    }
}

/// Prolongs it.
pub(super) async fn renew(parts: &Parts, lease: &Lease) -> Result<(), RotateError> {
    let now = parts.clock.now();
    Ok(parts.store.renew(lease, now, now + LEASE).await?)
}

/// Runs a step while the lease is renewed. A renewal that fails stops nothing here: the step may hold
/// an answer that stands nowhere else. The next intent is refused then, before its call.
pub(super) async fn kept<T>(parts: &Parts, lease: &Lease, step: impl Future<Output = T>) -> T {
    let renewing = async {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let _ = renew(parts, lease).await;
        }
    };
    tokio::select! {
        done = step => done,
        never = renewing => never,
    }
}
