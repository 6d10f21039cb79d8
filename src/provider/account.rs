//! One account of a provider that a recipe tells: each verb is a request of the recipe, sent through the
//! door and judged by its status.
//!
//! - `settings`: what the operator says of it
//! - `events`: what was done with a key, page by page

mod events;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::connect::Gateway;
use super::recipe::{AFTER, ByHand, Recipe, Slots, Step, judge};
use super::supabase::Effort;
use super::{Activity, Card, Checked, Listed, Listing, Provider, ProviderError, Usage};
use crate::http::{Answer, Door};
use crate::model::credential::{CallError, Credential, Kept, Liveness, Refusal, Reply};
use crate::model::rotation::Moment;

use settings::{Auth, Settings};

/// How many keys are read.
const KEYS: usize = 10_000;
/// How many pages of keys or events are read.
const PAGES: u32 = 200;

pub(super) struct Account {
    card: Card,
    recipe: Recipe,
    api: String,
    auth: Auth,
    /// The recipe's settings that the operator gave.
    given: Vec<(String, String)>,
    /// Whose keys are the operator's own.
    owners: Vec<String>,
    gateway: Option<Gateway>,
    door: Arc<Door>,
}

impl Account {
    pub(super) fn new(recipe: Recipe, settings: &Value, door: Arc<Door>) -> Result<Self, ProviderError> {
        let Settings { api, gateway, auth, given, owners } = Settings::read(&recipe, settings)?;
        Ok(Self { card: card(&recipe), api, auth, given, owners, gateway, recipe, door })
    }

    /// Puts what signs a call into its slots.
    async fn sign(&self, effort: Effort, slots: &mut Slots) -> Result<(), CallError> {
        match &self.auth {
            Auth::Given(inputs) => {
                for (name, reference) in inputs {
                    let secret = reference.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))?;
                    slots.hide(name, secret);
                }
            }
            Auth::Supabase(session) => slots.hide("token", session.token(&self.door, effort).await?),
        }
        Ok(())
    }

    /// Makes a call. A 401 says that nothing was done, so it is asked again with a renewed token, then
    /// with a new one; nothing else is ever asked twice (I7).
    async fn ask<A>(&self, what: &str, step: &Step<A>, path: &str, own: &Slots) -> Result<Answer, CallError> {
        let efforts = match self.auth {
            Auth::Given(_) => &[Effort::Kept][..],
            Auth::Supabase(_) => &[Effort::Kept, Effort::Renewed, Effort::Anew][..],
        };
        for (at, effort) in efforts.iter().enumerate() {
            let mut slots = self.set(own.again())?;
            self.sign(*effort, &mut slots).await?;
            let request = step.request(&self.api, path, &self.recipe.auth.headers, &slots)?;
            let answer = self.door.call(request).await?;
            if answer.status != 401 || at + 1 == efforts.len() {
                return judge(what, step, &slots, answer);
            }
        }
        Err(CallError::NotSent(format!("{what}: there is no way to sign in")))
    }

    /// Puts the operator's settings into their slots; a call without one of them is not made.
    fn set(&self, mut slots: Slots) -> Result<Slots, CallError> {
        for name in &self.recipe.rekey.settings {
            let Some((_, value)) = self.given.iter().find(|(n, _)| n == name) else {
                let id = &self.card.id;
                let why = format!(
                    "{} wants the setting `{name}`: [providers.{id}] {name} = \"…\" in your file, or --set {name}=… of the key",
                    self.card.name
                );
                return Err(CallError::NotSent(why));
            };
            slots = slots.with(name, value.as_str());
        }
        Ok(slots)
    }

    async fn first<A>(&self, what: &str, step: &Step<A>, slots: &Slots) -> Result<Answer, CallError> {
        self.ask(what, step, step.paths().next().unwrap_or_default(), slots).await
    }

    fn step<'s, A>(&self, what: &str, step: &'s Option<Step<A>>) -> Result<&'s Step<A>, CallError> {
        step.as_ref().ok_or_else(|| CallError::NotSent(format!("{}: {what} is not offered", self.card.name)))
    }

    async fn check_by_call(&self, credential: &Credential) -> Checked {
        match self.ask_about(credential).await {
            Ok(answer) => {
                let (liveness, why) = self.recipe.check.meaning(answer.status, &answer.body);
                let places = self.recipe.check.owner.as_ref().filter(|_| liveness == Liveness::Alive);
                Checked { liveness, why, owner: places.map(|places| places.name(&answer.body)) }
            }
            Err(e) => Checked::new(Liveness::Unknown, e.to_string()),
        }
    }

    /// Makes the check's request.
    async fn ask_about(&self, credential: &Credential) -> Result<Answer, CallError> {
        self.door.call(self.recipe.check.request(&self.api, &about(credential))?).await
    }
}

#[async_trait]
impl Provider for Account {
    fn card(&self) -> &Card {
        &self.card
    }

    async fn sign_in(&self) -> Result<(), CallError> {
        if let Auth::Supabase(session) = &self.auth {
            session.token(&self.door, Effort::Anew).await?;
        }
        if self.card.lists { self.list().await.map(drop) } else { Ok(()) }
    }

    async fn list(&self) -> Result<Listing, CallError> {
        let step = self.step("a list of the keys", &self.recipe.list)?;
        let mut keys: Vec<Listed> = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let mut slots = Slots::default();
            if let Some(after) = &after {
                slots = slots.with(AFTER, after.as_str());
            }
            let answer = self.first("list the keys", step, &slots).await?;
            keys.extend(step.answer.read(&answer.body)?);
            let next = match &step.answer.pages {
                Some(pages) => pages.next(&answer.body)?,
                None => None,
            };
            if keys.len() > KEYS || next.is_some() && next == after {
                break;
            }
            let Some(next) = next else { return Ok(Listing { keys, date: answer.date }) };
            after = Some(next);
        }
        Err(CallError::Unreadable(format!("list the keys: there is no end to them, or more than {KEYS}")))
    }

    async fn mint(&self, label: &str, like: &Listed) -> Result<Reply, CallError> {
        let step = self.step("a new key", &self.recipe.mint)?;
        let mut slots = Slots::default().with("label", label);
        for (field, value) in like.like.as_object().into_iter().flatten() {
            slots = slots.with(&format!("like.{field}"), value.clone());
        }
        Ok(Reply::new(self.first("make a new key", step, &slots).await?.body))
    }

    async fn rotate(&self, key: &Listed) -> Result<Reply, CallError> {
        let step = self.step("a rotation", &self.recipe.rotate)?;
        Ok(Reply::new(self.first("rotate the key", step, &of(key)).await?.body))
    }

    fn read(&self, kept: &Kept, asked: Option<&str>) -> Result<Credential, CallError> {
        // Both answers are of one form (R35); where a provider's differ, `asked` tells which came.
        let step = if asked.is_some() { &self.recipe.rotate } else { &self.recipe.mint };
        let step = step.as_ref().or(self.recipe.mint.as_ref());
        let step =
            step.ok_or_else(|| CallError::Unreadable("no answer of this provider holds a key".into()))?;
        step.answer.read(kept.body(), asked)
    }

    async fn revoke(&self, key: &Listed) -> Result<(), CallError> {
        let step = self.step("to end a key", &self.recipe.revoke)?;
        if self.recipe.list.as_ref().is_some_and(|list| list.answer.shared) {
            let keys = self.list().await?.keys;
            let is_other = |k: &&Listed| k.id == key.id && k.key_id != key.key_id && k.active;
            if let Some(other) = keys.iter().find(is_other) {
                return Err(CallError::Withheld(format!(
                    "end the key: {} would end with it, for both belong to {}",
                    other.key_id, key.id
                )));
            }
        }
        let mut answer = Ok(());
        for path in step.paths() {
            answer = self.ask("end the key", step, path, &of(key)).await.map(drop);
            if !matches!(answer, Err(CallError::Refused { kind: Refusal::Absent, .. })) {
                break;
            }
        }
        let refused = match answer {
            Ok(()) | Err(CallError::Refused { kind: Refusal::Absent, .. }) => return Ok(()),
            Err(e @ CallError::Refused { kind: Refusal::Conflict | Refusal::Other, .. }) => e,
            Err(e) => return Err(e),
        };
        // A no to a key that does not work any more is a yes (R36).
        let listed = self.list().await?;
        let works = listed.keys.iter().any(|k| k.id == key.id && k.active);
        if works { Err(refused) } else { Ok(()) }
    }

    fn takes(&self, made: &Credential) -> Result<(), String> {
        match &self.recipe.rekey.takes {
            Some(takes) if !takes.fits(&made.secret) => Err(takes.is.clone()),
            _ => Ok(()),
        }
    }

    async fn check(&self, credential: &Credential) -> Checked {
        match &self.gateway {
            Some(gateway) => gateway.check(&self.door, credential).await,
            None => self.check_by_call(credential).await,
        }
    }

    fn check_goes_to(&self) -> Option<&str> {
        self.gateway.as_ref().map(Gateway::target)
    }

    async fn owner(&self, credential: &Credential) -> Result<Option<String>, CallError> {
        let check = &self.recipe.check;
        let Some(places) = &check.owner else { return Ok(None) };
        let whose = "ask whose the key is";
        self.takes(credential).map_err(|is| CallError::NotSent(format!("{whose}: that is for {is}")))?;
        let answer = self.ask_about(credential).await?;
        let (status, retry_after) = (answer.status, answer.retry_after);
        let (liveness, why) = check.meaning(status, &answer.body);
        let kind = match liveness {
            Liveness::Alive => return Ok(places.name(&answer.body)),
            Liveness::Dead => Refusal::Credential,
            Liveness::Unknown if status == 429 => Refusal::TooMany,
            Liveness::Unknown => Refusal::Other,
        };
        Err(CallError::Refused { status, kind, why: format!("{whose}: {why}"), retry_after })
    }

    fn is_ours(&self, owner: &str) -> bool {
        self.owners.iter().any(|own| own.trim().eq_ignore_ascii_case(owner))
    }

    async fn revoke_leaked(&self, credential: &Credential) -> Result<(), CallError> {
        let end = "end the leaked key";
        let Card { id, name, .. } = &self.card;
        let no = |why: String| Err(CallError::Withheld(format!("{end}: {why}")));
        let Some(step) = &self.recipe.revoke_leaked else {
            return no(format!("{name} ends none without an account"));
        };
        // Whose it is is asked here, and not left to who calls: whoever commits a stranger's key must not
        // be able to make this end it.
        match self.owner(credential).await {
            Ok(Some(owner)) if self.is_ours(&owner) => {}
            Ok(Some(owner)) => {
                return no(format!("it is {owner}'s, whom [providers.{id}] owners does not name"));
            }
            Ok(None) => return no(format!("{name} does not say whose it is")),
            Err(CallError::Refused { kind: Refusal::Credential, .. }) => return Ok(()),
            Err(e) => return Err(e),
        }
        let slots = about(credential);
        // Without Keywright's own headers: some take this from nobody who signs in.
        let request =
            step.request(&self.api, step.paths().next().unwrap_or_default(), &BTreeMap::new(), &slots)?;
        let answer = judge(end, step, &slots, self.door.call(request).await?)?;
        step.answer.read(&answer.body)
    }

    async fn usage(&self) -> Result<Option<Usage>, CallError> {
        let Some(step) = &self.recipe.usage else { return Ok(None) };
        let answer = self.first("read the usage", step, &Slots::default()).await?;
        step.answer.read(&answer.body).map(Some)
    }

    async fn events(&self, key: &Listed, from: Moment) -> Result<Activity, CallError> {
        let Some(step) = &self.recipe.events else { return Ok(Activity::NotOffered) };
        for path in step.paths() {
            match self.events_at(step, path, key, from).await {
                Err(CallError::Refused { kind: Refusal::Absent, .. }) => {}
                other => return other.map(Activity::Events),
            }
        }
        self.summary(key, &step.without).await
    }
}

/// Returns the slots of a key that is asked about.
fn about(credential: &Credential) -> Slots {
    let mut slots = Slots::default();
    if let Some(key_id) = &credential.key_id {
        slots = slots.with("key_id", key_id.as_str());
    }
    slots.hide("secret", credential.secret.again());
    slots
}

/// Returns the slots of a key.
fn of(key: &Listed) -> Slots {
    Slots::default()
        .with("id", key.id.as_str())
        .with("key_id", key.key_id.as_str())
        .with("label", key.label.as_str())
}

fn card(recipe: &Recipe) -> Card {
    let (about, rekey, limits) = (&recipe.provider, &recipe.rekey, &recipe.limits);
    Card {
        id: about.id.clone(),
        name: about.name.clone(),
        docs: about.docs.clone(),
        modes: rekey.modes(),
        retrievable: rekey.retrievable,
        stop_warning: rekey.stop_warning.clone(),
        dead_within: limits.dead_within,
        works_within: limits.works_within,
        quiet: limits.quiet,
        usage_lag: limits.usage_lag,
        slots: limits.slots,
        budget: limits.budget.as_ref().map(|b| (b.rotations, b.seconds)),
        runbook: rekey.runbook.clone(),
        abuse: rekey.abuse.clone(),
        lists: recipe.list.is_some(),
        bare: rekey.bare,
        rolls: recipe.rotate.is_some(),
        replaced_by_hand: rekey.by_hand == ByHand::Replaces,
        revoke_only: recipe.is_revoke_only(),
    }
}
