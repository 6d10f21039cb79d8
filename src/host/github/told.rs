//! What GitHub tells, as far as it is used. Texts of others are shown without harm; a secret is never read.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::super::Visibility;
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::model::worded::worded;

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawRepository")]
pub struct Repository {
    /// Who owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Who may read it. What a whole company may read is private.
    pub visibility: Visibility,
    /// Whether it takes no writes.
    pub is_archived: bool,
    /// Whether it was made as a copy of another.
    pub is_fork: bool,
    /// When something was pushed to it last.
    pub pushed_at: Option<Moment>,
    /// How large it is, in kilobytes.
    pub size: u64,
}

#[derive(Deserialize)]
struct RawRepository {
    full_name: String,
    private: Option<bool>,
    visibility: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    fork: bool,
    #[serde(default, deserialize_with = "moment")]
    pushed_at: Option<Moment>,
    #[serde(default)]
    size: u64,
}

impl From<RawRepository> for Repository {
    fn from(raw: RawRepository) -> Self {
        let (owner, name) = raw.full_name.split_once('/').unwrap_or(("", &raw.full_name));
        let visibility = match (raw.visibility.as_deref(), raw.private) {
            (Some("private" | "internal"), _) | (None, Some(true)) => Visibility::Private,
            // Both must say so: a wrong "public" costs a key that works.
            (Some("public") | None, Some(false)) => Visibility::Public,
            _ => Visibility::Unknown,
        };
        Self {
            owner: shown(owner.as_bytes()),
            name: shown(name.as_bytes()),
            visibility,
            is_archived: raw.archived,
            is_fork: raw.fork,
            pushed_at: raw.pushed_at,
            size: raw.size,
        }
    }
}

worded! {
    /// How an alert was closed.
    Resolution {
        /// It is no secret.
        FalsePositive = "false_positive",
        /// It is let be.
        WontFix = "wont_fix",
        /// It does not work any more.
        Revoked = "revoked",
        /// It is one of a test.
        UsedInTests = "used_in_tests",
        /// In a way that this version does not know.
        Other = "other",
    }
}

/// Something that GitHub's own scan found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawAlert")]
pub struct Alert {
    /// Its number in its repository.
    pub number: u64,
    /// How it was closed; `None`: it is open.
    pub resolution: Option<Resolution>,
    /// GitHub's word for the kind of secret.
    pub kind: String,
    /// When it was found.
    pub at: Option<Moment>,
    /// Whether GitHub saw the secret in public.
    pub is_public: Option<bool>,
}

#[derive(Deserialize)]
struct RawAlert {
    number: u64,
    state: String,
    resolution: Option<String>,
    #[serde(default)]
    secret_type: String,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Moment>,
    publicly_leaked: Option<bool>,
}

impl From<RawAlert> for Alert {
    fn from(raw: RawAlert) -> Self {
        let resolution = (raw.state != "open")
            .then(|| raw.resolution.as_deref().and_then(Resolution::from_word).unwrap_or(Resolution::Other));
        let kind = shown(raw.secret_type.as_bytes());
        let (at, is_public) = (raw.created_at, raw.publicly_leaked);
        Self { number: raw.number, resolution, kind, at, is_public }
    }
}

/// Where the secret of an alert stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawSpot")]
pub struct Spot {
    /// GitHub's word for the kind of place: `commit`, `issue_body`.
    pub kind: String,
    /// The path, where it stands in a file; as GitHub tells it, to be compared and not to be shown.
    pub path: Option<String>,
    /// The line it begins in.
    pub line: Option<u64>,
    /// The blob.
    pub blob: Option<String>,
    /// The commit.
    pub commit: Option<String>,
}

#[derive(Deserialize)]
struct RawSpot {
    r#type: String,
    #[serde(default)]
    details: RawDetails,
}

#[derive(Deserialize, Default)]
struct RawDetails {
    path: Option<String>,
    start_line: Option<u64>,
    blob_sha: Option<String>,
    commit_sha: Option<String>,
}

impl From<RawSpot> for Spot {
    fn from(raw: RawSpot) -> Self {
        let RawDetails { path, start_line, blob_sha, commit_sha } = raw.details;
        let kind = shown(raw.r#type.as_bytes());
        Self { kind, path, line: start_line, blob: blob_sha, commit: commit_sha }
    }
}

/// Something that was said under an issue or a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Its number.
    #[serde(rename = "id")]
    pub number: u64,
    /// What it says, as it was written: to be searched and not to be shown.
    #[serde(default, deserialize_with = "text")]
    pub body: String,
    /// Who said it.
    #[serde(default, rename = "user", deserialize_with = "login")]
    pub author: Option<String>,
}

/// A push, or another move of a ref.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "RawPush")]
pub struct Push {
    /// What the ref named before.
    pub before: String,
    /// What it names since.
    pub after: String,
    /// The ref, as GitHub tells it.
    pub reference: String,
    /// When.
    pub at: Option<Moment>,
}

#[derive(Deserialize)]
struct RawPush {
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
    #[serde(default, rename = "ref")]
    reference: String,
    #[serde(default, deserialize_with = "moment")]
    timestamp: Option<Moment>,
    /// What it is called in GitHub's own example, against its own description.
    #[serde(default, deserialize_with = "moment")]
    pushed_at: Option<Moment>,
}

impl From<RawPush> for Push {
    fn from(raw: RawPush) -> Self {
        let RawPush { before, after, reference, timestamp, pushed_at } = raw;
        Self { before, after, reference, at: timestamp.or(pushed_at) }
    }
}

/// An answer of which nothing is read.
#[derive(Deserialize)]
pub(super) struct Nothing {}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Moment>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|t| t.parse::<Timestamp>().ok()).map(Timestamp::as_millisecond))
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(from)?.unwrap_or_default())
}

fn login<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct User {
        login: String,
    }
    Ok(Option::<User>::deserialize(from)?.map(|user| shown(user.login.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_read_is_public_only_where_nothing_speaks_against_it() {
        for (said, visibility) in [
            (r#""private": false, "visibility": "public""#, Visibility::Public),
            (r#""private": false"#, Visibility::Public),
            (r#""private": true, "visibility": "private""#, Visibility::Private),
            (r#""private": true, "visibility": "internal""#, Visibility::Private),
            (r#""private": false, "visibility": "internal""#, Visibility::Private),
            (r#""private": true"#, Visibility::Private),
            (r#""private": true, "visibility": "public""#, Visibility::Unknown),
            (r#""private": false, "visibility": "galactic""#, Visibility::Unknown),
            (r#""visibility": "public""#, Visibility::Unknown),
            (r#""size": 1"#, Visibility::Unknown),
        ] {
            let read: Repository =
                serde_json::from_str(&format!(r#"{{"full_name": "a/b", {said}}}"#)).unwrap();
            assert_eq!(read.visibility, visibility, "{said}");
        }
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let alert: Alert = serde_json::from_str(r#"{"number": 7, "state": "open"}"#).unwrap();
        assert_eq!((alert.number, alert.resolution, alert.at, alert.is_public), (7, None, None, None));
        let alert: Alert = serde_json::from_str(
            r#"{"number": 7, "state": "resolved", "resolution": "lost", "created_at": "soon"}"#,
        )
        .unwrap();
        assert_eq!((alert.resolution, alert.at), (Some(Resolution::Other), None));
        let spot: Spot =
            serde_json::from_str(r#"{"type": "issue_body", "details": {"issue_body_url": "x"}}"#).unwrap();
        assert_eq!((spot.kind.as_str(), spot.path), ("issue_body", None));
        let comment: Comment = serde_json::from_str(r#"{"id": 1, "user": null, "body": null}"#).unwrap();
        assert_eq!((comment.body.as_str(), comment.author), ("", None));
    }
}
