//! Wipes what rotations that are over have left sealed: a run can end between its last word and the wipe.

use super::Parts;
use super::lease::claim;

/// Wipes what is left. What cannot be wiped now is left to a later run, and holds up no rotation.
pub(super) async fn sweep(parts: &Parts) {
    for id in parts.store.unwiped().await.unwrap_or_default() {
        // Whoever holds it is about to wipe it.
        let Ok(lease) = claim(parts, &id).await else { continue };
        let _ = parts.wipe(&lease).await;
        let _ = parts.store.release(&lease).await;
    }
}
