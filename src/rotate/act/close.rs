//! Looks for what is left of the old secret, wipes what was sealed, writes the inventory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::stand::detail_of;
use super::gate::unanswered;
use super::mint::is_ours;
use super::{Doing, Stop};
use crate::git::Repository;
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::model::{Event, Origin, Secret};
use crate::source::Source;
use crate::source::history::History;
use crate::source::worktree::Worktree;

/// How many places of the old secret are named.
const NAMED: usize = 10;
const DAY: Moment = 86_400_000;

/// Looks for the old secret in the folders of the plan and in their history (R75). What it finds is
/// told and written down; it stops nothing, for the old key is dead.
pub(super) async fn search(doing: &Doing<'_>) -> Result<String, Stop> {
    let intent = doing.look().await?;
    let Some(old) = doing.old_key().await? else {
        return doing
            .done(&intent, Value::Null, &[], "the old secret is not known: nothing to look for")
            .await;
    };
    let mut found = BTreeSet::new();
    let mut gaps = 0;
    for folder in doing.walk.plan.search.clone() {
        let secret = old.secret.again();
        let looked = tokio::task::spawn_blocking(move || look(Path::new(&folder), &secret)).await;
        let (places, missed) = looked.unwrap_or_default();
        found.extend(places);
        gaps += missed;
    }
    let named: Vec<_> = found.iter().take(NAMED).cloned().collect();
    let mut told = match found.len() {
        0 => "the old secret stands nowhere in them".to_owned(),
        n => format!("the old secret still stands in {n} places: {}", named.join(", ")),
    };
    if gaps > 0 {
        told += &format!("; {gaps} files or objects could not be read");
    }
    doing.done(&intent, json!({ "found": found.len() }), &[], told).await
}

/// Lists where the bytes of a secret stand in a folder, and in its history if it is a repository;
/// with how much could not be read.
fn look(folder: &Path, secret: &Secret) -> (BTreeSet<String>, u64) {
    let found = Mutex::new(BTreeSet::new());
    let gaps = Mutex::new(0);
    let finder = memchr::memmem::Finder::new(secret.expose());
    let see = |blob: crate::model::Blob<'_>| {
        if finder.find(blob.bytes).is_some() {
            let place = match &blob.origin {
                Origin::Object(id) => format!("object {id}"),
                Origin::CommitMessage(id) => format!("the message of commit {id}"),
                Origin::TagMessage(id) => format!("the message of tag {id}"),
                origin => origin.path().map(|p| shown(p.bytes())).unwrap_or_default(),
            };
            found.lock().expect("no holder panics").insert(place);
        }
    };
    let tell = |event: Event| {
        if matches!(event, Event::Skipped(_)) {
            *gaps.lock().expect("no holder panics") += 1;
        }
    };
    let repo = Repository::open(folder).ok();
    let read = match &repo {
        Some(repo) => {
            let tree = repo.work_dir().map_or(Ok(()), |_| Worktree::of(repo, None).read(&see, &tell));
            tree.and(History::of(repo).read(&see, &tell))
        }
        None => Worktree::at(folder).read(&see, &tell),
    };
    let gaps = *gaps.lock().expect("no holder panics") + u64::from(read.is_err());
    (found.into_inner().expect("no holder panics"), gaps)
}

/// Sweeps keys of this rotation that nobody has the secret of, writes the inventory, wipes.
pub(super) async fn close(doing: &Doing<'_>) -> Result<String, Stop> {
    let parts = doing.walk.engine.parts;
    let made = doing.made().cloned().unwrap_or_default();
    let key_id = made["key_id"].as_str().unwrap_or(&doing.walk.plan.key_id).to_owned();
    // Without a list nothing was minted here either: a person made the key.
    let keys = if parts.provider.card().lists {
        parts.provider.list().await.map_err(|e| unanswered(doing, "can't list the keys", &e))?.keys
    } else {
        Vec::new()
    };
    let intent = doing.intend().await?;
    for orphan in keys.iter().filter(|k| k.active && is_ours(doing, k) && k.key_id != key_id) {
        if let Err(error) = parts.provider.revoke(orphan).await {
            doing.unknown(&intent, &error.to_string()).await?;
            return Err(doing.later(
                "can't end a key whose secret was never received",
                &error,
                doing.failures(),
            ));
        }
    }
    let mut key = doing.walk.engine.key.clone();
    let now = doing.now();
    // What is not listed is not known of the new key, whatever was known of the old one.
    (key.last_used, key.expires) = (None, None);
    if let Some(listed) = keys.iter().find(|k| k.key_id == key_id) {
        key.label.clone_from(&listed.label);
        (key.last_used, key.expires) = (listed.last_used, listed.expires);
    }
    key.key_id = key_id;
    key.last4 = made["last4"].as_str().unwrap_or_default().to_owned();
    key.made = Some(now);
    // From the end of this rotation, not from its beginning (R88).
    key.due = key.class.days().map(|days| now + Moment::from(days) * DAY);
    parts.store.put_key(&key).await?;
    doing.walk.engine.parts.wipe(doing.walk.lease).await?;
    let outage = detail_of(doing.walk.journal, "dead").and_then(|d| d["outage_ms"].as_i64());
    let told = match outage {
        Some(ms) => format!("measured outage {}.{:03} s", ms / 1000, ms % 1000),
        None => String::new(),
    };
    doing.done(&intent, json!({ "outage_ms": outage }), &[], told).await
}

/// Wipes; the inventory stays as it is.
pub(super) async fn close_back(doing: &Doing<'_>) -> Result<String, Stop> {
    let intent = doing.intend().await?;
    doing.walk.engine.parts.wipe(doing.walk.lease).await?;
    doing.done(&intent, Value::Null, &[], "").await
}
