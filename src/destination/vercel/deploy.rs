//! What runs of a project, and how it is made to take new values: the deployment that runs now is deployed
//! once more, with the code it has.

use serde_json::{Value, json};

use super::super::DestinationError;
use super::super::platform::{Effect, name_at, open_body, percent, word_at};
use super::super::waiting::Waiting;
use super::{Vercel, garbled};

/// A deployment, as far as it is looked at.
struct Deployment {
    id: String,
    state: String,
    /// Whether it was ever what visitors get; empty where that is not said.
    substate: String,
    created: i64,
}

/// A project, as far as it is looked at.
struct Project {
    id: String,
    name: String,
    /// What visitors of its domains get.
    current: Option<Deployment>,
}

impl Deployment {
    fn read(value: &Value) -> Option<Self> {
        // Lists and single answers name these two differently.
        let id = name_at(value, "/uid").or_else(|| name_at(value, "/id"))?.to_owned();
        let created = ["created", "createdAt"].iter().find_map(|f| value.get(f).and_then(Value::as_i64))?;
        let state = if value.get("readyState").is_some() { "/readyState" } else { "/state" };
        let substate = name_at(value, "/readySubstate").unwrap_or_default().to_owned();
        Some(Self { id, state: word_at(value, state), substate, created })
    }

    fn is_going(&self) -> bool {
        !matches!(self.state.as_str(), "READY" | "ERROR" | "CANCELED" | "DELETED" | "BLOCKED")
    }

    /// Tells whether visitors once got it.
    fn was_in_force(&self) -> bool {
        self.state == "READY" && matches!(self.substate.as_str(), "" | "PROMOTED")
    }
}

impl Vercel {
    async fn project(&self) -> Result<Project, DestinationError> {
        let what = "look at the project";
        let answer = self.api.look(&self.path(&format!("/v9/projects/{}", self.project)), what).await?;
        let read = || {
            let current = match answer.0.pointer("/targets/production") {
                None | Some(Value::Null) => None,
                Some(value) => Some(Deployment::read(value)?),
            };
            let name = |place| name_at(&answer.0, place).map(str::to_owned);
            Some(Project { id: name("/id")?, name: name("/name")?, current })
        };
        read().ok_or_else(|| garbled(what))
    }

    /// Lists deployments for a target, the newest first.
    async fn deployments(
        &self,
        project: &Project,
        target: &str,
        branch: Option<&str>,
    ) -> Result<Vec<Deployment>, DestinationError> {
        let what = "list the deployments";
        let branch = branch.map(|branch| format!("&branch={}", percent(branch))).unwrap_or_default();
        let path = format!("/v6/deployments?projectId={}&target={target}&limit=20{branch}", project.id);
        let answer = self.api.look(&self.path(&path), what).await?;
        let list = answer.0.get("deployments").and_then(Value::as_array).ok_or_else(|| garbled(what))?;
        let read = |value| Deployment::read(value).ok_or_else(|| garbled(what));
        let mut list = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        list.sort_by_key(|d| std::cmp::Reverse(d.created));
        Ok(list)
    }

    /// Makes production run with what was written at `since`.
    pub(super) async fn deploy_production(&self, since: i64) -> Result<(), DestinationError> {
        let mut project = self.project().await?;
        // Nothing was ever deployed: nothing runs with the old value.
        let Some(current) = project.current.take() else { return Ok(()) };
        if current.created > since {
            return Ok(());
        }
        let newer = self.deployments(&project, "production", None).await?;
        // Begun by somebody else meanwhile, or by a run that could not say so any more.
        let going = newer.into_iter().find(|d| d.created > since && d.is_going());
        let id = match going {
            Some(going) => going.id,
            None => self.begin(&project, &current.id, Some("production")).await?,
        };
        let mut waiting = Waiting::new(self.wait);
        self.ready(&id, &mut waiting).await?;
        // Ready is not yet what visitors get.
        loop {
            match self.project().await {
                Ok(Project { current: Some(now), .. }) if now.created > since => return Ok(()),
                Ok(_) | Err(DestinationError::NotDone(_)) => {}
                Err(e) => return Err(e),
            }
            if !waiting.on().await {
                return Err(DestinationError::Denied(format!(
                    "the deployment {id} is ready, but the project's domains still lead to an older one: after a \
                     rollback, or where it is turned off, Vercel does not move them by itself; promote {id}"
                )));
            }
        }
    }

    /// Makes the newest preview run with what was written at `since`. Older previews keep the old value.
    pub(super) async fn deploy_preview(
        &self,
        since: i64,
        branch: Option<&str>,
    ) -> Result<(), DestinationError> {
        let project = self.project().await?;
        let list = self.deployments(&project, "preview", branch).await?;
        if list.iter().any(|d| d.created > since && d.state == "READY") {
            return Ok(());
        }
        let going = list.iter().find(|d| d.created > since && d.is_going());
        let id = match (going, list.iter().find(|d| d.state == "READY")) {
            (Some(going), _) => going.id.clone(),
            (None, Some(last)) => self.begin(&project, &last.id, None).await?,
            (None, None) => return Ok(()),
        };
        self.ready(&id, &mut Waiting::new(self.wait)).await
    }

    /// Tells whether what runs is older than what was written at `since`, though something newer ran.
    pub(super) async fn is_turned_back(&self, since: i64) -> Result<bool, DestinationError> {
        let project = self.project().await?;
        if project.current.as_ref().is_none_or(|current| current.created > since) {
            return Ok(false);
        }
        let newer = self.deployments(&project, "production", None).await?;
        Ok(newer.iter().any(|d| d.created > since && d.was_in_force()))
    }

    /// Deploys what `from` runs once more; returns the new deployment's id.
    async fn begin(
        &self,
        project: &Project,
        from: &str,
        target: Option<&str>,
    ) -> Result<String, DestinationError> {
        let what = "begin a deployment";
        let mut body = json!({ "name": project.name, "project": project.id, "deploymentId": from,
            "meta": { "action": "redeploy" } });
        if let Some(target) = target {
            body["target"] = target.into();
        }
        let path = self.path("/v13/deployments?forceNew=1");
        let asked = self.api.ask(Effect::Begin, "POST", &path, Some(&open_body(&body))).await;
        let answer = asked.map_err(|no| no.means(what, Effect::Begin))?;
        let id = name_at(&answer.0, "/id").map(str::to_owned);
        id.ok_or_else(|| DestinationError::Lost(format!("{what}: the answer names none")))
    }

    /// Waits until a deployment is ready.
    async fn ready(&self, id: &str, waiting: &mut Waiting) -> Result<(), DestinationError> {
        let what = "look at the deployment";
        let path = self.path(&format!("/v13/deployments/{id}"));
        let mut told = format!("the deployment {id} was not seen");
        loop {
            let seen = self.api.look(&path, what).await;
            let seen = seen.and_then(|answer| Deployment::read(&answer.0).ok_or_else(|| garbled(what)));
            match seen {
                Ok(deployment) if deployment.state == "READY" => return Ok(()),
                Ok(deployment) if !deployment.is_going() => {
                    return Err(DestinationError::Denied(format!(
                        "the deployment {id} ended as {}; its log at Vercel says why",
                        deployment.state
                    )));
                }
                Ok(deployment) => told = format!("the deployment {id} is {}", deployment.state),
                // A look that came to nothing changes nothing: the deployment goes on.
                Err(DestinationError::NotDone(why)) => told = why,
                Err(e) => return Err(e),
            }
            if !waiting.on().await {
                return Err(DestinationError::NotDone(format!("{told}, after {:?}", self.wait)));
            }
        }
    }
}
