//! How octocrab speaks to GitHub: over the door, one call at a time. It asks for a path; where that is, who
//! asks and what a no means is decided here.

use std::convert::Infallible;
use std::error::Error as _;
use std::sync::Arc;

use http_body_util::BodyExt as _;
use jiff::Timestamp;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};

use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::{CallError, Refusal};
use crate::reference::Reference;

/// What GitHub wants said with each call. The version is the one that octocrab is made for.
const HEADERS: [(&str, &str); 2] =
    [("accept", "application/vnd.github+json"), ("x-github-api-version", "2022-11-28")];
/// The longest answer that is read, in bytes: a page of comments may be longer than the door's own bound.
const LONGEST: usize = 8 << 20;
/// The longest wait that is told, in seconds: a day.
const LONGEST_WAIT: i64 = 24 * 60 * 60;

/// A line to GitHub's interface.
#[derive(Clone)]
pub(super) struct Line {
    door: Arc<Door>,
    /// Without a slash at its end.
    api: String,
    token: Reference,
}

impl Line {
    pub(super) fn new(door: Arc<Door>, api: String, token: Reference) -> Self {
        Self { door, api, token }
    }

    /// Returns an octocrab that speaks over it; wants a runtime.
    pub(super) fn crab(&self) -> Octocrab {
        let line = self.clone();
        let service = tower::service_fn(move |asked: ::http::Request<OctoBody>| {
            let line = line.clone();
            async move { line.pass(asked).await }
        });
        let made: Result<_, Infallible> =
            OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build();
        match made {
            Ok(crab) => crab,
            Err(never) => match never {},
        }
    }

    async fn pass(&self, asked: ::http::Request<OctoBody>) -> Result<::http::Response<OctoBody>, CallError> {
        let (head, body) = asked.into_parts();
        let request = Request::new(head.method.as_str(), &self.address(&head.uri)?)?;
        let token = self.token.resolve().await.map_err(|e| CallError::NotSent(e.to_string()))?;
        let bearer = Secret::new([b"Bearer ", token.expose()].concat());
        let mut request = request.header("authorization", &bearer)?;
        for (name, value) in HEADERS {
            request = request.header(name, &Secret::new(value.into()))?;
        }
        let body = body.collect().await.map_err(|_| CallError::NotSent("a call has no body".into()))?;
        let body = body.to_bytes();
        if !body.is_empty() {
            request = request.json(Secret::new(body.to_vec()));
        }
        let answer = judge(head.method.is_safe(), self.door.call(request.up_to(LONGEST)).await?)?;
        if answer.is_cut {
            return Err(CallError::Lost(format!("the answer has more than {LONGEST} bytes")));
        }
        let mut told = ::http::Response::builder().status(answer.status);
        if let Some(link) = answer.headers.get("link") {
            told = told.header("link", link);
        }
        // A change is answered with the whole thing, an alert with its secret: that is let go unread.
        let is_read = head.method != ::http::Method::PATCH;
        let body = if is_read { answer.body.expose().to_vec() } else { b"{}".to_vec() };
        told.body(OctoBody::from(body))
            .map_err(|_| CallError::Unreadable("an answer has a status that is none".into()))
    }

    /// A path is one of the interface; the address of a next page must be below it, so that the token goes
    /// nowhere else.
    fn address(&self, uri: &::http::Uri) -> Result<String, CallError> {
        let text = uri.to_string();
        if text.starts_with('/') {
            return Ok(format!("{}{text}", self.api));
        }
        let is_below = text.strip_prefix(self.api.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let elsewhere =
            || CallError::Withheld("an answer leads to another host, and that is not followed".into());
        is_below.then_some(text).ok_or_else(elsewhere)
    }
}

/// Lets a yes through; else says what kind of no it is. `is_look`: it changed nothing, whatever became of it.
fn judge(is_look: bool, answer: Answer) -> Result<Answer, CallError> {
    let status = answer.status;
    let (kind, why) = match status {
        200..=299 => return Ok(answer),
        401 => (Refusal::Credential, "the token is not taken"),
        429 => (Refusal::TooMany, "too many calls"),
        403 if is_limited(&answer) => (Refusal::TooMany, "too many calls"),
        403 => (Refusal::Permission, "the token may not do this"),
        404 | 410 => (Refusal::Absent, "there is no such thing, or the token may not see it"),
        409 | 412 => (Refusal::Conflict, "it was changed meanwhile"),
        300..=399 => (Refusal::Other, "it was moved elsewhere, and that is not followed"),
        400..=407 | 411 | 413..=499 => (Refusal::Other, "refused"),
        _ if is_look => (Refusal::Other, "it is out of order"),
        _ => {
            let why = format!("answered {status}, which does not say whether it was done");
            return Err(CallError::Lost(why));
        }
    };
    let retry_after = if kind == Refusal::TooMany { wait(&answer) } else { None };
    Err(CallError::Refused { status, kind, why: why.into(), retry_after })
}

/// GitHub says "too many" with 403 too: with when to come back, or with nothing left.
fn is_limited(answer: &Answer) -> bool {
    answer.retry_after.is_some() || answer.headers.get("x-ratelimit-remaining") == Some("0")
}

/// Returns how long to wait, in seconds: what is said, or until the count begins anew by GitHub's clock.
fn wait(answer: &Answer) -> Option<u64> {
    let reset = || {
        let reset = answer.headers.get("x-ratelimit-reset")?.parse::<i64>().ok()?;
        let now = answer.date.unwrap_or_else(|| Timestamp::now().as_millisecond()) / 1000;
        u64::try_from(reset.saturating_sub(now).clamp(0, LONGEST_WAIT)).ok()
    };
    answer.retry_after.or_else(reset)
}

/// Finds what the door, or who read its answer, said went wrong. What a parser complains of may quote.
pub(super) fn went_wrong(what: &str, error: &octocrab::Error) -> CallError {
    let mut at = error.source();
    while let Some(inner) = at {
        if let Some(call) = inner.downcast_ref::<CallError>() {
            return about(what, call.clone());
        }
        at = inner.source();
    }
    CallError::Unreadable(format!("{what}: the answer is not what GitHub documents"))
}

/// Puts what was asked before what went wrong.
fn about(what: &str, error: CallError) -> CallError {
    let put = |why: String| format!("{what}: {why}");
    match error {
        CallError::NotSent(why) => CallError::NotSent(put(why)),
        CallError::Refused { status, kind, why, retry_after } => {
            CallError::Refused { status, kind, why: put(why), retry_after }
        }
        CallError::Lost(why) => CallError::Lost(put(why)),
        CallError::Withheld(why) => CallError::Withheld(put(why)),
        CallError::Unreadable(why) => CallError::Unreadable(put(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let door = Arc::new(Door::new(&[]).unwrap());
        Line::new(door, "https://api.github.com".into(), Reference::parse("env:NO_TOKEN").unwrap())
    }

    #[test]
    fn a_token_goes_to_the_one_host_alone() {
        let at = |uri: &str| line().address(&uri.parse().unwrap());
        assert_eq!(at("/repos/a/b?page=2").unwrap(), "https://api.github.com/repos/a/b?page=2");
        assert_eq!(at("https://api.github.com/x?page=2").unwrap(), "https://api.github.com/x?page=2");
        for bad in [
            "https://api.github.com.evil.example/x",
            "https://evil.example/x",
            "http://api.github.com/x",
            "https://api.github.com:8443/x",
            "https://api.github.com@evil.example/x",
        ] {
            assert!(matches!(at(bad), Err(CallError::Withheld(_))), "{bad}");
        }
    }
}
