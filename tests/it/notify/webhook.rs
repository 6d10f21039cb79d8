//! A webhook: a call that its receiver can verify.

use std::collections::VecDeque;
use std::slice;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use keywright::model::credential::{CallError, Refusal};
use serde_json::{Value, json};

use super::{PASSWORD, kept, notice, teller, told};
use crate::support::loopback::serve_with;
use crate::support::mail::is_signed;

const LONG: Duration = Duration::from_secs(5);

/// A call as it came: headers, body.
type Came = (Vec<(String, String)>, Vec<u8>);

/// A receiver that answers what it is told to, and 204 otherwise.
fn receiver(answers: &[(u16, &'static str)]) -> (String, Arc<Mutex<Vec<Came>>>) {
    let came = Arc::new(Mutex::new(Vec::new()));
    let (log, answers) = (came.clone(), Mutex::new(answers.iter().copied().collect::<VecDeque<_>>()));
    let place = serve_with(move |asked| {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/hooks/keys"));
        log.lock().unwrap().push((asked.headers.clone(), asked.raw.clone()));
        let (status, headers) = answers.lock().unwrap().pop_front().unwrap_or((204, ""));
        // With what was sent in it, as it must not come to light.
        (status, headers.into(), json!({ "sent": String::from_utf8_lossy(&asked.raw) }))
    });
    (place, came)
}

fn secret() -> String {
    format!("whsec_{}", BASE64.encode(&[7; 32]))
}

#[test]
fn the_standards_own_library_verifies_a_notice() {
    let room = tempfile::tempdir().unwrap();
    let (place, came) = receiver(&[]);
    let (hidden, word) = (
        kept(room.path(), "url", &format!("http://{place}/hooks/keys")),
        kept(room.path(), "word", &secret()),
    );
    for url in [format!("http://{place}/hooks/keys"), hidden] {
        let table = format!("kind = 'webhook'\nurl = '{url}'\nsecret = '{word}'");
        told(&*teller(&table, slice::from_ref(&place), LONG).unwrap(), &notice()).unwrap();
    }
    let came = came.lock().unwrap();
    let header = |at: usize, name: &str| {
        let (headers, _): &Came = &came[at];
        headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(came.len(), 2);
    assert_eq!(header(0, "webhook-id"), header(1, "webhook-id"), "the same news has the same name");
    assert!(!header(0, "webhook-id").contains('.'));
    assert_eq!(header(0, "content-type"), "application/json");
    let (headers, body) = &came[0];
    let read: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(read["type"], "keywright.notice");
    assert_eq!(read["data"]["title"], "A key stood in acme/shop ☂");
    assert_eq!(read["data"]["facts"][0], json!({ "name": "repository", "value": "acme/shop" }));
    assert_eq!((&read["data"]["urgent"], read["data"]["lines"].as_array().unwrap().len()), (&json!(true), 3));
    let Some(is_ours) = is_signed(headers, body, &secret()) else { return };
    assert!(is_ours);
    // It would say no.
    let other = format!("whsec_{}", BASE64.encode(&[8; 32]));
    assert_eq!(is_signed(headers, body, &other), Some(false));
    let bent = String::from_utf8(body.clone()).unwrap().replace("acme", "evil");
    assert_eq!(is_signed(headers, bent.as_bytes(), &secret()), Some(false));
}

#[test]
fn a_no_is_told_by_its_kind() {
    let room = tempfile::tempdir().unwrap();
    let word = kept(room.path(), "word", &secret());
    let table =
        |place: &str| format!("kind = 'webhook'\nurl = 'http://{place}/hooks/keys'\nsecret = '{word}'");
    for (status, headers, kind, later) in [
        (401, "", Refusal::Credential, None),
        (403, "", Refusal::Permission, None),
        (404, "", Refusal::Absent, None),
        (410, "", Refusal::Absent, None),
        (429, "Retry-After: 7\r\n", Refusal::TooMany, Some(7)),
        (302, "Location: http://127.0.0.1:1/\r\n", Refusal::Other, None),
        (400, "", Refusal::Other, None),
    ] {
        let (place, _) = receiver(&[(status, headers)]);
        let refused = told(&*teller(&table(&place), slice::from_ref(&place), LONG).unwrap(), &notice());
        let Err(CallError::Refused { status: s, kind: k, retry_after, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((s, k, retry_after), (status, kind, later));
    }
    let (place, _) = receiver(&[(503, "")]);
    let lost = told(&*teller(&table(&place), slice::from_ref(&place), LONG).unwrap(), &notice());
    assert!(matches!(lost, Err(CallError::Lost(_))), "{lost:?}");
    // In clear, and to this machine, only where the operator says so.
    let (place, came) = receiver(&[]);
    for allowed in [vec![], vec!["127.0.0.1:1".to_owned()]] {
        let unsent = told(&*teller(&table(&place), &allowed, LONG).unwrap(), &notice());
        assert!(matches!(unsent, Err(CallError::NotSent(_))), "{unsent:?}");
    }
    assert!(came.lock().unwrap().is_empty());
}

#[test]
fn a_secret_that_is_none_sends_nothing() {
    let room = tempfile::tempdir().unwrap();
    let (place, came) = receiver(&[]);
    let short = format!("whsec_{}", BASE64.encode(&[7; 23]));
    let long = format!("whsec_{}", BASE64.encode(&[7; 65]));
    for word in [PASSWORD, "whsec_", &short, &long] {
        let word = kept(room.path(), "word", word);
        let table = format!("kind = 'webhook'\nurl = 'http://{place}/hooks/keys'\nsecret = '{word}'");
        let unsent = told(&*teller(&table, slice::from_ref(&place), LONG).unwrap(), &notice());
        assert!(
            matches!(&unsent, Err(CallError::NotSent(why)) if why.contains("openssl rand")),
            "{unsent:?}"
        );
    }
    // An address that is a secret, and none.
    let (word, url) = (kept(room.path(), "word", &secret()), kept(room.path(), "url", PASSWORD));
    let table = format!("kind = 'webhook'\nurl = '{url}'\nsecret = '{word}'");
    let unsent = told(&*teller(&table, &[place], LONG).unwrap(), &notice());
    assert!(matches!(unsent, Err(CallError::NotSent(_))), "{unsent:?}");
    assert!(came.lock().unwrap().is_empty());
}

#[test]
fn what_is_wrong_in_a_table_is_told_without_its_values() {
    // R27
    let whole = "kind = 'webhook'\nurl = 'https://ops.example.com/a'\nsecret = 'env:A'\n";
    assert!(teller(whole, &[], LONG).is_ok());
    for (change, told) in [
        (("'env:A'", "'hunter2'"), "its `secret`: this is no reference"),
        (("https://ops", "https://me:hunter2@ops"), "its `url` is no address"),
        (("/a'", "/a?token=hunter2'"), "its `url` is no address"),
        (("https://", "ftp://hunter2."), "its `url` is no address"),
        (("secret", "hunter = 'hunter2'\nsecret"), "unknown field `hunter`"),
        (("kind = 'webhook'\n", ""), "its kind is not known"),
    ] {
        let e = teller(&whole.replace(change.0, change.1), &[], LONG).err().unwrap().to_string();
        assert!(e.contains(told) && !e.contains("hunter2"), "{change:?}: {e}");
    }
}
