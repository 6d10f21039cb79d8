//! GitHub, by octocrab: who may read a repository, what its own scan found, and words under an issue.
//!
//! octocrab builds the calls and reads the pages; every call passes the door (`line`). The answers are read
//! into types of our own: octocrab's type of an alert has no place for one without its secret.
//!
//! - `told`: what GitHub tells
//! - `pull`: pull requests by what they would merge, and who asks
//! - `line`: how octocrab speaks over the door

mod line;
mod pull;
mod told;

use std::sync::Arc;

use octocrab::{Octocrab, Page};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{HostError, Remote};
use crate::http::{self, Door};
use crate::model::credential::CallError;
use crate::model::rotation::Moment;
use crate::reference::{self, Reference};
use line::{Line, went_wrong};
pub use pull::{Account, Pull};
use told::Nothing;
pub use told::{Alert, Comment, Push, Repository, Resolution, Spot};

/// How many of anything a page is asked for.
const PAGE: u8 = 100;
/// How many comments: strangers write them, and each may have hundreds of kilobytes.
const COMMENTS: u8 = 20;
/// How many pages are read.
const PAGES: usize = 200;
/// The longest comment that GitHub takes, in characters.
const LONGEST_COMMENT: usize = 65_536;

/// The table `[hosts.NAME]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// For GitHub Enterprise Server `https://HOST/api/v3`.
    #[serde(default = "api")]
    api: String,
    token: String,
    /// Who the token speaks for, where GitHub does not tell: `my-app[bot]`.
    account: Option<String>,
}

fn api() -> String {
    "https://api.github.com".into()
}

/// GitHub, or a server of one's own.
pub struct Github {
    line: Line,
    /// Where its repositories are: a host.
    web: String,
    /// Who the token speaks for, by the operator's word.
    account: Option<String>,
}

/// What a list is asked with.
#[derive(Serialize)]
struct Asked {
    per_page: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    hide_secret: Option<bool>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

impl Asked {
    fn all() -> Self {
        Self { per_page: PAGE, hide_secret: None, reference: None }
    }
}

impl Github {
    /// Reads the operator's table `[hosts.NAME]`.
    ///
    /// # Errors
    /// [`HostError`]: what is wrong in it.
    pub(super) fn from_settings(name: &str, table: toml::Table, door: Arc<Door>) -> Result<Self, HostError> {
        let wrong = |why: String, fix: &str| HostError { name: name.into(), why, fix: fix.into() };
        let table: Table =
            reference::fields(table).map_err(|why| wrong(why, "it may hold kind, token, api and account"))?;
        let token = Reference::parse(&table.token)
            .map_err(|e| wrong(format!("its `token`: {e}"), "write token = \"env:NAME\", for one"))?;
        let no_address = || wrong("its `api` is no address".into(), "write https://HOST/api/v3");
        let api = http::service(&table.api).ok_or_else(no_address)?;
        let remote = Remote::parse(format!("{api}/api").as_bytes()).map_err(|_| no_address())?;
        let (host, _) = remote.host().ok_or_else(no_address)?;
        let web = host.strip_prefix("api.").unwrap_or(host).to_owned();
        Ok(Self { line: Line::new(door, api, token), web, account: table.account })
    }

    /// Returns the host where its repositories are.
    #[must_use]
    pub fn web(&self) -> &str {
        &self.web
    }

    /// Returns owner and name of a remote that is one of its repositories.
    #[must_use]
    pub fn repository_of<'r>(&self, remote: &'r Remote) -> Option<(&'r str, &'r str)> {
        let (host, _) = remote.host()?;
        let is_here = host == self.web || host.strip_prefix("ssh.") == Some(self.web.as_str());
        if is_here { remote.repository() } else { None }
    }

    /// Looks at a repository.
    ///
    /// # Errors
    /// [`CallError`]: [`Absent`](crate::model::credential::Refusal::Absent) also where the token may not see it.
    pub async fn repository(&self, owner: &str, name: &str) -> Result<Repository, CallError> {
        self.get("look at the repository", &path(owner, name, "")?).await
    }

    /// Lists the repositories of an organisation that the token may see.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn repositories(&self, organisation: &str) -> Result<Vec<Repository>, CallError> {
        let route = format!("/orgs/{}/repos", named(organisation)?);
        self.list("list the repositories", &route, &Asked::all()).await
    }

    /// Lists what GitHub's own scan found in a repository; GitHub is asked to keep the secrets to itself.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn alerts(&self, owner: &str, name: &str) -> Result<Vec<Alert>, CallError> {
        let route = path(owner, name, "/secret-scanning/alerts")?;
        let asked = Asked { hide_secret: Some(true), ..Asked::all() };
        self.list("list the alerts", &route, &asked).await
    }

    /// Lists where the secret of an alert stands.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn spots(&self, owner: &str, name: &str, alert: u64) -> Result<Vec<Spot>, CallError> {
        let route = path(owner, name, &format!("/secret-scanning/alerts/{alert}/locations"))?;
        self.list("list the places of an alert", &route, &Asked::all()).await
    }

    /// Closes an alert as revoked, with a comment that says how that is known.
    ///
    /// # Errors
    /// [`CallError`]. It may be done twice.
    pub async fn resolve(&self, owner: &str, name: &str, alert: u64, why: &str) -> Result<(), CallError> {
        let body = json!({ "state": "resolved", "resolution": "revoked", "resolution_comment": why });
        self.alert("resolve the alert", owner, name, alert, &body).await
    }

    /// Opens an alert again, with a comment that says why.
    ///
    /// # Errors
    /// [`CallError`]. It may be done twice.
    pub async fn reopen(&self, owner: &str, name: &str, alert: u64, why: &str) -> Result<(), CallError> {
        let body = json!({ "state": "open", "resolution_comment": why });
        self.alert("reopen the alert", owner, name, alert, &body).await
    }

    /// Lists what was said under an issue or a pull request.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn comments(&self, owner: &str, name: &str, issue: u64) -> Result<Vec<Comment>, CallError> {
        let route = path(owner, name, &format!("/issues/{issue}/comments"))?;
        let asked = Asked { per_page: COMMENTS, ..Asked::all() };
        self.list("list the comments", &route, &asked).await
    }

    /// Says something under an issue or a pull request, and returns the comment's number.
    ///
    /// # Errors
    /// [`CallError`]: behind [`CallError::Lost`], look before it is said again.
    pub async fn comment(&self, owner: &str, name: &str, issue: u64, text: &str) -> Result<u64, CallError> {
        let what = "comment";
        let route = path(owner, name, &format!("/issues/{issue}/comments"))?;
        let body = body(what, text)?;
        let made: Result<Comment, _> = self.crab().post(route, Some(&body)).await;
        made.map(|made| made.number).map_err(|e| went_wrong(what, &e))
    }

    /// Says something else instead.
    ///
    /// # Errors
    /// [`CallError`]. It may be done twice.
    pub async fn change_comment(
        &self,
        owner: &str,
        name: &str,
        comment: u64,
        text: &str,
    ) -> Result<(), CallError> {
        let what = "change the comment";
        let route = path(owner, name, &format!("/issues/comments/{comment}"))?;
        let body = body(what, text)?;
        let made: Result<Nothing, _> = self.crab().patch(route, Some(&body)).await;
        made.map(drop).map_err(|e| went_wrong(what, &e))
    }

    /// Takes a comment away.
    ///
    /// # Errors
    /// [`CallError`]. Where there is none that is what was wanted.
    pub async fn delete_comment(&self, owner: &str, name: &str, comment: u64) -> Result<(), CallError> {
        let route = path(owner, name, &format!("/issues/comments/{comment}"))?;
        // A yes to it has no body.
        let gone = self.crab()._delete(route, None::<&()>).await.map(drop);
        match gone.map_err(|e| went_wrong("delete the comment", &e)) {
            Err(CallError::Refused { status: 404 | 410, .. }) => Ok(()),
            other => other,
        }
    }

    /// Lists what was pushed to a repository, the latest first; to one ref, if one is named.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn pushes(&self, owner: &str, name: &str, to: Option<&str>) -> Result<Vec<Push>, CallError> {
        let route = path(owner, name, "/activity")?;
        let asked = Asked { reference: to.map(Into::into), ..Asked::all() };
        self.list("list the pushes", &route, &asked).await
    }

    /// Returns when the first of these commits came to the repository: with the earliest push that left one
    /// of them behind, itself or in the history of what was pushed. `None`: GitHub does not tell.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn pushed(
        &self,
        owner: &str,
        name: &str,
        commits: &[String],
        is_ancestor: impl Fn(&str, &str) -> Option<bool>,
    ) -> Result<Option<Moment>, CallError> {
        let pushes = self.pushes(owner, name, None).await?;
        let holds = |tip: &str| commits.iter().any(|c| c == tip || is_ancestor(c, tip) == Some(true));
        Ok(pushes.iter().filter(|p| holds(&p.after)).filter_map(|p| p.at).min())
    }

    fn crab(&self) -> Octocrab {
        self.line.crab()
    }

    async fn alert(
        &self,
        what: &str,
        owner: &str,
        name: &str,
        alert: u64,
        body: &serde_json::Value,
    ) -> Result<(), CallError> {
        let route = path(owner, name, &format!("/secret-scanning/alerts/{alert}"))?;
        let done: Result<Nothing, _> = self.crab().patch(route, Some(body)).await;
        done.map(drop).map_err(|e| went_wrong(what, &e))
    }

    async fn get<T: DeserializeOwned>(&self, what: &str, route: &str) -> Result<T, CallError> {
        self.crab().get(route, None::<&()>).await.map_err(|e| went_wrong(what, &e))
    }

    /// Reads a list page by page.
    async fn list<T: DeserializeOwned>(
        &self,
        what: &str,
        route: &str,
        asked: &(impl Serialize + ?Sized),
    ) -> Result<Vec<T>, CallError> {
        let crab = self.crab();
        let wrong = |e: octocrab::Error| went_wrong(what, &e);
        let mut page: Page<T> = crab.get(route, Some(asked)).await.map_err(wrong)?;
        let mut all = page.take_items();
        let mut seen = Vec::new();
        while let Some(next) = page.next.take() {
            // A list that leads back to itself has no end.
            if seen.contains(&next) || seen.len() + 1 >= PAGES {
                let why = format!("{what}: there is no end to them, or more than {PAGES} pages");
                return Err(CallError::Unreadable(why));
            }
            page = match crab.get_page(&Some(next.clone())).await.map_err(wrong)? {
                Some(page) => page,
                None => break,
            };
            seen.push(next);
            all.append(&mut page.items);
        }
        Ok(all)
    }
}

/// Returns a path of the interface.
fn path(owner: &str, name: &str, rest: &str) -> Result<String, CallError> {
    Ok(format!("/repos/{}/{}{rest}", named(owner)?, named(name)?))
}

/// Lets a name through that can stand in a path as it is.
fn named(name: &str) -> Result<&str, CallError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_name = !matches!(name, "" | "." | "..") && name.len() <= 100 && name.bytes().all(is_plain);
    is_name.then_some(name).ok_or_else(|| CallError::NotSent("nothing on GitHub is called so".into()))
}

fn body(what: &str, text: &str) -> Result<serde_json::Value, CallError> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_COMMENT {
        let why = format!("{what}: GitHub takes no empty text and none over {LONGEST_COMMENT} characters");
        return Err(CallError::NotSent(why));
    }
    Ok(json!({ "body": text }))
}
