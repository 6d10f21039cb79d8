//! Pull requests by the commit they would merge, and the account that a token speaks for.

use serde::{Deserialize, Serialize};

use super::{Github, path};
use crate::model::credential::{CallError, Refusal};
use crate::model::text::shown;

/// How many pull requests a page is asked for: strangers open them, and each may have hundreds of kilobytes.
const PULLS: u8 = 20;
/// Who comments with the token that a job of GitHub Actions is given, which may not ask who it is.
const ACTIONS: &str = "github-actions[bot]";

/// An open pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Raw")]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// The commit it would merge.
    pub head: String,
    /// The commit it would be merged into.
    pub base: String,
}

#[derive(Deserialize)]
struct Raw {
    number: u64,
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
}

impl From<Raw> for Pull {
    fn from(raw: Raw) -> Self {
        let text = |side: Side| shown(side.sha.as_bytes());
        Self { number: raw.number, head: text(raw.head), base: text(raw.base) }
    }
}

/// Who a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name that stands over its comments.
    pub login: String,
    /// Whether GitHub or the operator said so; else it is what it usually is.
    pub is_sure: bool,
}

#[derive(Serialize)]
struct Asked {
    state: &'static str,
    sort: &'static str,
    direction: &'static str,
    per_page: u8,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl Github {
    /// Lists the open pull requests that would merge this very commit.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn pulls_at(&self, owner: &str, name: &str, head: &str) -> Result<Vec<Pull>, CallError> {
        let asked = Asked { state: "open", sort: "updated", direction: "desc", per_page: PULLS };
        let route = path(owner, name, "/pulls")?;
        let mut pulls: Vec<Pull> = self.list("list the pull requests", &route, &asked).await?;
        pulls.retain(|pull| pull.head == head);
        // One that is touched while pages are read comes twice.
        pulls.sort_unstable_by_key(|pull| pull.number);
        pulls.dedup_by_key(|pull| pull.number);
        Ok(pulls)
    }

    /// Tells who the token speaks for. The token of an app may not ask that: then it is the operator's word, or
    /// the account of GitHub Actions.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn account(&self) -> Result<Account, CallError> {
        if let Some(login) = &self.account {
            return Ok(Account { login: shown(login.as_bytes()), is_sure: true });
        }
        match self.get::<User>("ask who the token speaks for", "/user").await {
            Ok(user) => Ok(Account { login: shown(user.login.as_bytes()), is_sure: true }),
            Err(CallError::Refused { kind: Refusal::Permission, .. }) => {
                Ok(Account { login: ACTIONS.into(), is_sure: false })
            }
            Err(e) => Err(e),
        }
    }
}
