//! What a status means: done, refused, or nobody knows.

use serde_json::Value;

use super::answer::{text_at, wipe};
use super::fill::Slots;
use super::step::Step;
use crate::http::Answer;
use crate::model::Secret;
use crate::model::credential::{CallError, Refusal};
use crate::model::text::shown;

/// Where providers put their reason, in JSON.
const REASONS: [&str; 7] =
    ["/error/message", "/error_description", "/message", "/msg", "/error", "/detail", "/errors/0/message"];
/// The longest reason that is repeated, in characters.
const LONGEST: usize = 160;
/// A run of so many letters and digits may be a secret.
const LONG_RUN: usize = 20;

/// Lets a yes through; else says what kind of no it is, or that nobody knows. `what` names the call for
/// people, and nothing in `slots` that is hidden is repeated.
pub(in crate::provider) fn judge<A>(
    what: &str,
    step: &Step<A>,
    slots: &Slots,
    answer: Answer,
) -> Result<Answer, CallError> {
    let status = answer.status;
    let kind = match status {
        200..=299 => return Ok(answer),
        _ if step.retry.contains(&status) => Refusal::TooMany,
        _ if step.full.contains(&status) => Refusal::Full,
        _ if step.gone.contains(&status) => Refusal::Absent,
        401 | 407 => Refusal::Credential,
        403 => Refusal::Permission,
        404 | 410 => Refusal::Absent,
        409 | 412 => Refusal::Conflict,
        429 => Refusal::TooMany,
        // It gave up waiting, or broke: perhaps after it was done.
        100..=199 | 408 | 500.. => {
            return Err(CallError::Lost(format!(
                "{what}: answered {status}, which does not say whether it was done"
            )));
        }
        300..=399 => {
            let why = format!("{what}: it was sent elsewhere, and that is not followed");
            return Err(CallError::Refused { status, kind: Refusal::Other, why, retry_after: None });
        }
        _ => Refusal::Other,
    };
    let why = match said(&answer.body, slots) {
        Some(reason) => format!("{what}: {reason}"),
        None => format!("{what}: refused"),
    };
    Err(CallError::Refused { status, kind, why, retry_after: answer.retry_after })
}

/// Returns the reason in an answer's body, short and without anything that may be a secret.
fn said(body: &Secret, slots: &Slots) -> Option<String> {
    let bytes = body.expose();
    let reason = match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            let found = REASONS.iter().find_map(|place| text_at(&value, place).map(str::to_owned));
            wipe(&mut value);
            found?
        }
        Err(_) => std::str::from_utf8(bytes).ok()?.lines().next()?.trim().to_owned(),
    };
    let is_markup = reason.starts_with('<') || reason.is_empty();
    let hides =
        slots.hidden().filter_map(|s| std::str::from_utf8(s.expose()).ok()).any(|s| reason.contains(s));
    if is_markup || hides {
        return None;
    }
    let bounded: String = reason.chars().take(LONGEST).collect();
    Some(shown(without_runs(&bounded).as_bytes()))
}

/// Replaces what is as long and as plain as keys are.
fn without_runs(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=' | '~' | '%');
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        out.push_str(if run >= LONG_RUN { "…" } else { &rest[..run] });
        let other = rest[run..].find(is_plain).map_or(rest.len(), |n| run + n);
        out.push_str(&rest[run..other]);
        rest = &rest[other..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::Nothing;
    use super::*;

    fn step() -> Step<Nothing> {
        toml::from_str("method = 'POST'\npath = '/x'\nfull = [409]\nretry = [503]\ngone = [422]").unwrap()
    }

    fn judged(status: u16, body: &[u8]) -> Result<Answer, CallError> {
        let mut slots = Slots::default();
        slots.hide("token", Secret::new(b"hush.hush".to_vec()));
        let answer = Answer {
            status,
            headers: crate::http::Headers::default(),
            retry_after: Some(7),
            date: None,
            body: Secret::new(body.to_vec()),
            is_cut: false,
        };
        judge("mint", &step(), &slots, answer)
    }

    #[test]
    fn each_status_has_its_meaning() {
        for status in [200, 201, 204, 299] {
            assert!(judged(status, b"").is_ok());
        }
        for (status, kind) in [
            (301, Refusal::Other),
            (400, Refusal::Other),
            (401, Refusal::Credential),
            (403, Refusal::Permission),
            (404, Refusal::Absent),
            (409, Refusal::Full),
            (412, Refusal::Conflict),
            (422, Refusal::Absent),
            (429, Refusal::TooMany),
            (503, Refusal::TooMany),
        ] {
            let e = judged(status, b"").unwrap_err();
            assert!(matches!(e, CallError::Refused { kind: k, .. } if k == kind), "{status}: {e:?}");
        }
        for status in [100, 408, 500, 502, 504, 599] {
            assert!(matches!(judged(status, b""), Err(CallError::Lost(_))), "{status}");
        }
    }

    #[test]
    fn a_reason_is_repeated_without_secrets() {
        let long = "q".repeat(64);
        for (body, why) in [
            (r#"{"error":"too fast"}"#.into(), "mint: too fast"),
            (r#"{"error":{"message":"too fast"}}"#.into(), "mint: too fast"),
            ("Invalid or expired access token\n".into(), "mint: Invalid or expired access token"),
            (format!("bad key {long}, sorry"), "mint: bad key …, sorry"),
            ("no hush.hush here".into(), "mint: refused"),
            ("<html>".into(), "mint: refused"),
            ("a\u{1b}[31mb".into(), "mint: a\\x1b[31mb"),
            (String::new(), "mint: refused"),
        ] {
            let Err(CallError::Refused { why: told, .. }) = judged(400, body.as_bytes()) else {
                panic!("{body}")
            };
            assert_eq!(told, why);
        }
    }
}
