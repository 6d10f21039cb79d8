//! The four calls of AWS Secrets Manager that are made, signed and read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::super::DestinationError;
use super::super::network::{refused, unanswered};
use super::sign::Signer;
use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::text::shown;
use crate::reference::Reference;

/// The label of the version everybody reads.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// The label of the version that is about to become current.
pub(super) const PENDING: &str = "AWSPENDING";
/// The label of the version that was current before.
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

/// One secret there, and how it is reached.
pub(super) struct Api {
    /// Its name or ARN.
    pub(super) id: String,
    pub(super) region: String,
    pub(super) url: String,
    /// What stands in the header `host`.
    pub(super) host: String,
    pub(super) access: Reference,
    pub(super) secret: Reference,
    pub(super) session: Option<Reference>,
    pub(super) door: Arc<Door>,
}

/// What is told of a secret without its value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
pub(super) struct About {
    /// When it was deleted.
    pub(super) deleted_date: Option<serde_json::Value>,
    /// The service that keeps it.
    pub(super) owning_service: Option<String>,
    /// Whether AWS rotates it.
    pub(super) rotation_enabled: Option<bool>,
    /// Where it is written, if this is a copy.
    pub(super) primary_region: Option<String>,
    version_ids_to_stages: Option<BTreeMap<String, Vec<String>>>,
}

/// A version with its value.
pub(super) struct Version {
    pub(super) id: String,
    pub(super) text: Secret,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Value {
    version_id: String,
    secret_string: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Put {
    version_stages: Vec<String>,
}

impl About {
    /// Returns the version that holds a label.
    pub(super) fn at(&self, stage: &str) -> Option<&str> {
        let versions = self.version_ids_to_stages.iter().flatten();
        versions.into_iter().find(|(_, held)| held.iter().any(|s| s == stage)).map(|(id, _)| id.as_str())
    }

    /// Tells whether a version holds a label.
    pub(super) fn holds(&self, id: &str, stage: &str) -> bool {
        let stages = self.version_ids_to_stages.as_ref().and_then(|versions| versions.get(id));
        stages.is_some_and(|stages| stages.iter().any(|s| s == stage))
    }
}

impl Api {
    /// Tells about the secret.
    pub(super) async fn about(&self) -> Result<About, DestinationError> {
        let body = self.call("DescribeSecret", &json!({ "SecretId": self.id }), None, false).await?;
        read("DescribeSecret", &body, false)
    }

    /// Returns the version that holds a label. A label is always asked for: without one it is left to
    /// the other side which version is meant.
    pub(super) async fn version(&self, stage: &str) -> Result<Version, DestinationError> {
        let asked = json!({ "SecretId": self.id, "VersionStage": stage });
        let body = self.call("GetSecretValue", &asked, None, false).await?;
        let value: Value = read("GetSecretValue", &body, false)?;
        let text = value.secret_string.map(|text| Secret::new(text.into_bytes()));
        let text = text.ok_or_else(|| DestinationError::Denied("its value is bytes and no text".into()))?;
        Ok(Version { id: value.version_id, text })
    }

    /// Makes a version under an id of ours; tells whether it holds the label. A version that is there
    /// with this value already stays as it is.
    pub(super) async fn put(&self, id: &str, text: &[u8], stage: &str) -> Result<bool, DestinationError> {
        let asked = json!({ "SecretId": self.id, "ClientRequestToken": id, "VersionStages": [stage] });
        let body = self.call("PutSecretValue", &asked, Some(text), true).await?;
        let put: Put = read("PutSecretValue", &body, true)?;
        Ok(put.version_stages.iter().any(|s| s == stage))
    }

    /// Moves a label, if it is where it is thought to be.
    pub(super) async fn relabel(
        &self,
        stage: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), DestinationError> {
        let mut asked = json!({ "SecretId": self.id, "VersionStage": stage });
        if let Some(from) = from {
            asked["RemoveFromVersionId"] = from.into();
        }
        if let Some(to) = to {
            asked["MoveToVersionId"] = to.into();
        }
        self.call("UpdateSecretVersionStage", &asked, None, true).await.map(drop)
    }

    /// Makes a signed call. `value` is the secret's value to be sent.
    async fn call(
        &self,
        action: &str,
        asked: &serde_json::Value,
        value: Option<&[u8]>,
        changes: bool,
    ) -> Result<Secret, DestinationError> {
        let denied = |e: crate::reference::ReferenceError| DestinationError::Denied(e.to_string());
        let access = self.access.resolve().await.map_err(denied)?;
        let secret = self.secret.resolve().await.map_err(denied)?;
        let session = match &self.session {
            Some(session) => Some(session.resolve().await.map_err(denied)?),
            None => None,
        };
        let access = std::str::from_utf8(access.expose()).ok();
        let access = access.filter(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let access = access
            .ok_or_else(|| DestinationError::Denied("its `access_key` is no access key's id".into()))?;
        let body = with_value(asked, value)?;
        let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let text = |text: &str| Secret::new(text.as_bytes().to_vec());
        let mut headers = vec![
            ("content-type", text("application/x-amz-json-1.1")),
            ("host", text(&self.host)),
            ("x-amz-date", text(&time)),
        ];
        headers.extend(session.map(|session| ("x-amz-security-token", session)));
        headers.push(("x-amz-target", text(&format!("secretsmanager.{action}"))));
        let borrowed: Vec<_> = headers.iter().map(|(name, value)| (*name, value)).collect();
        let signer =
            Signer { access, secret: &secret, region: &self.region, service: "secretsmanager", time: &time };
        let signed = signer.authorization("POST", &borrowed, body.expose());
        let made = || {
            let mut request = Request::new("POST", &self.url)?.json(body).header("authorization", &signed)?;
            for (name, value) in borrowed.iter().filter(|(name, _)| *name != "host") {
                request = request.header(name, value)?;
            }
            Ok(request)
        };
        let request = made().map_err(|e| unanswered(e, changes))?;
        let answer = self.door.call(request).await.map_err(|e| unanswered(e, changes))?;
        if answer.status == 200 { Ok(answer.body) } else { Err(no(action, &answer, changes)) }
    }
}

/// Writes what is asked as JSON, and the value behind it, without a copy that would be left behind.
fn with_value(asked: &serde_json::Value, value: Option<&[u8]>) -> Result<Secret, DestinationError> {
    let asked = asked.to_string();
    let Some(value) = value else { return Ok(Secret::new(asked.into_bytes())) };
    let not_text = |_| DestinationError::Denied("the new secret is no text".into());
    let value = std::str::from_utf8(value).map_err(not_text)?;
    let mut body = Zeroizing::new(Vec::with_capacity(asked.len() + 6 * value.len() + 32));
    body.extend_from_slice(asked.strip_suffix('}').unwrap_or_default().as_bytes());
    body.extend_from_slice(b",\"SecretString\":");
    serde_json::to_writer(&mut *body, value).expect("text is written as JSON");
    body.push(b'}');
    Ok(Secret::new(std::mem::take(&mut *body)))
}

fn read<T: for<'a> Deserialize<'a>>(
    action: &str,
    body: &Secret,
    changes: bool,
) -> Result<T, DestinationError> {
    // What JSON's reader complains about may quote the answer.
    serde_json::from_slice(body.expose()).map_err(|_| {
        let why = format!("{action}: answered 200 with what cannot be read");
        if changes { DestinationError::Lost(why) } else { DestinationError::Denied(why) }
    })
}

/// What an answer means that is no yes. Of its body only the name of the error is told.
fn no(action: &str, answer: &Answer, changes: bool) -> DestinationError {
    #[derive(Deserialize)]
    struct Told {
        #[serde(rename = "__type")]
        name: String,
    }
    let told = serde_json::from_slice::<Told>(answer.body.expose()).map(|told| told.name).unwrap_or_default();
    let name = told.rsplit('#').next().unwrap_or_default();
    let is_name = name.len() <= 60 && name.bytes().all(|b| b.is_ascii_alphabetic());
    let name = if is_name { name } else { "" };
    let said = |why: &str| format!("{action}: {}{why}", shown(name.as_bytes()));
    match name {
        "ResourceNotFoundException" => DestinationError::Absent(said(", there is no such secret or version")),
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignatureException"
        | "ExpiredTokenException"
        | "ExpiredToken"
        | "MissingAuthenticationTokenException" => DestinationError::Denied(said(
            ", look at the access key, at what it may do and at this machine's clock",
        )),
        "LimitExceededException" => {
            DestinationError::Denied(said(", the secret has as many versions as it may"))
        }
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" => {
            DestinationError::NotDone(said(", too many calls"))
        }
        "ResourceExistsException" => {
            DestinationError::Changed(said(", a version of this id holds another value"))
        }
        "InvalidParameterException" | "InvalidRequestException" if action == "UpdateSecretVersionStage" => {
            DestinationError::Changed(said(", a label was moved meanwhile; plan again"))
        }
        "" => refused(answer, action, changes),
        _ if answer.status < 500 => DestinationError::Denied(said("")),
        _ => refused(answer, &said(""), changes),
    }
}
