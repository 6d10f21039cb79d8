//! The transit engine, played by a double written from its documentation (`docs/doubles.md`).

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::super::{KeyFile, Sealer, aead};
use super::*;

type Answered = Result<(u16, Vec<u8>), CallError>;

/// A server with one token and as many keys as are asked for.
#[derive(Default)]
struct Double {
    keys: Mutex<Vec<(String, Secret)>>,
    asked: Mutex<Vec<(String, String)>>,
    answers: Mutex<Option<Answered>>,
}

#[derive(Clone, Default)]
struct Server(Arc<Double>);

impl Server {
    /// Answers otherwise from now on.
    fn answers(&self, answer: Answered) {
        *self.0.answers.lock().unwrap() = Some(answer);
    }

    fn transit(&self, name: &str, token: &str) -> Transit {
        let token = Secret::new(token.into());
        Transit::new("https://vault.example:8200/", "eu/transit", name, token, Box::new(self.clone()))
            .unwrap()
    }

    fn answer(&self, url: &str, token: Option<&Secret>, body: &Value) -> (u16, Value) {
        if token.is_none_or(|token| *token != Secret::new(b"right".to_vec())) {
            return (403, json!({ "errors": ["permission denied"] }));
        }
        let rest = url.strip_prefix("https://vault.example:8200/v1/eu/transit/").unwrap();
        let (verb, name) = rest.split_once('/').unwrap();
        let mut keys = self.0.keys.lock().unwrap();
        let decode = |text: &Value| BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap();
        // Encrypting under a name that is not there makes the key; decrypting does not.
        if verb == "encrypt" && !keys.iter().any(|(key, _)| key == name) {
            keys.push((name.into(), aead::random(aead::KEY).unwrap()));
        }
        let Some((_, key)) = keys.iter().find(|(key, _)| key == name) else {
            return (400, json!({ "errors": ["encryption key not found"] }));
        };
        if verb == "encrypt" {
            let made = aead::seal(key, &Secret::new(decode(&body["plaintext"])), b"").unwrap();
            let text = format!("vault:v1:{}", BASE64.encode(&made));
            return (200, json!({ "request_id": "r", "data": { "ciphertext": text, "key_version": 1 } }));
        }
        let text = body["ciphertext"].as_str().unwrap().strip_prefix("vault:v1:").unwrap();
        match aead::open(key, &decode(&json!(text)), b"") {
            Ok(plain) => (200, json!({ "data": { "plaintext": BASE64.encode(plain.expose()) } })),
            Err(_) => (400, json!({ "errors": ["cipher: message authentication failed"] })),
        }
    }
}

#[async_trait]
impl Post for Server {
    async fn post(
        &self,
        url: &str,
        headers: &[(String, &Secret)],
        body: &[u8],
    ) -> Result<(u16, Secret), CallError> {
        let asked = (url.to_owned(), String::from_utf8(body.to_vec()).unwrap());
        self.0.asked.lock().unwrap().push(asked);
        if let Some(answer) = self.0.answers.lock().unwrap().clone() {
            return answer.map(|(status, body)| (status, Secret::new(body)));
        }
        let token = headers.iter().find(|(name, _)| name == "X-Vault-Token").map(|(_, token)| *token);
        let (status, answer) = self.answer(url, token, &serde_json::from_slice(body).unwrap());
        Ok((status, Secret::new(answer.to_string().into_bytes())))
    }
}

fn key_file(folder: &tempfile::TempDir, name: &str) -> KeyFile {
    KeyFile::read_or_make(&folder.path().join(name)).unwrap()
}

fn secret() -> Secret {
    Secret::new(b"a minted key".to_vec())
}

#[tokio::test]
async fn what_is_sealed_for_two_opens_with_either_alone_and_with_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::default();
    let both = Sealer::new(key_file(&folder, "one")).beside(Box::new(server.transit("keywright", "right")));
    both.prove().await.unwrap();
    let sealed = both.seal(&secret(), "rotation:r-1:reply").await.unwrap();
    let context = "rotation:r-1:reply";
    let file_alone = Sealer::new(key_file(&folder, "one"));
    assert!(file_alone.open(&sealed, context).await.unwrap() == secret());
    let vault_alone =
        Sealer::new(key_file(&folder, "two")).beside(Box::new(server.transit("keywright", "right")));
    assert!(vault_alone.open(&sealed, context).await.unwrap() == secret());
    let neither = Sealer::new(key_file(&folder, "two")).beside(Box::new(server.transit("other", "right")));
    let said = neither.open(&sealed, context).await.err().unwrap();
    assert!(
        matches!(&said, SealError::NotForUs(ids) if ids.contains("transit:eu/transit/keywright")),
        "{said}"
    );
    // With the server gone the file is enough; nothing in clear was sent to it.
    server.answers(Err(CallError::NotSent("no route".into())));
    assert!(both.open(&sealed, context).await.unwrap() == secret());
    assert!(vault_alone.open(&sealed, context).await.is_err());
    let asked = server.0.asked.lock().unwrap();
    let clear = BASE64.encode(b"a minted key");
    assert!(!asked.is_empty() && asked.iter().all(|(_, body)| !body.contains(&clear)));
}

#[tokio::test]
async fn without_its_file_only_the_vault_opens() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::default();
    let old = Sealer::new(key_file(&folder, "one")).seal(&secret(), "c").await.unwrap();
    let vault = || Box::new(server.transit("keywright", "right"));
    let sealer = Sealer::new(key_file(&folder, "one")).beside(vault()).without_file();
    sealer.prove().await.unwrap();
    let sealed = sealer.seal(&secret(), "c").await.unwrap();
    let file_alone = Sealer::new(key_file(&folder, "one"));
    assert!(matches!(file_alone.open(&sealed, "c").await, Err(SealError::NotForUs(_))));
    assert!(sealer.open(&sealed, "c").await.unwrap() == secret());
    assert!(sealer.open(&old, "c").await.unwrap() == secret(), "what was sealed for the file before");
    assert!(Sealer::new(key_file(&folder, "one")).without_file().prove().await.is_err(), "nobody is left");
}

#[tokio::test]
async fn what_is_prepared_needs_no_answer_any_more() {
    // I1
    let folder = tempfile::tempdir().unwrap();
    let server = Server::default();
    let vault = || Box::new(server.transit("keywright", "right"));
    let sealer = Sealer::new(key_file(&folder, "one")).beside(vault()).without_file();
    let prepared = sealer.prepare().await.unwrap();
    server.answers(Ok((503, br#"{"errors":["Vault is sealed"]}"#.to_vec())));
    let sealed = prepared.seal(&secret(), "c").unwrap();
    assert_ne!(prepared.seal(&secret(), "c").unwrap(), sealed, "each has a nonce of its own");
    assert!(sealer.seal(&secret(), "c").await.is_err());
    *server.0.answers.lock().unwrap() = None;
    assert!(sealer.open(&sealed, "c").await.unwrap() == secret());
}

#[tokio::test]
async fn the_proof_says_which_recipient_can_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::default();
    let sealer = Sealer::new(key_file(&folder, "one")).beside(Box::new(server.transit("keywright", "wrong")));
    let said = sealer.prove().await.unwrap_err().to_string();
    insta::assert_snapshot!(said, @"the key-encryption key transit:eu/transit/keywright: the token may not use this key (status 403: permission denied)");
    let sealer = Sealer::new(key_file(&folder, "one")).beside(Box::new(server.transit("keywright", "right")));
    for (answer, word) in [
        (Ok((503, br#"{"errors":["Vault is sealed"]}"#.to_vec())), "sealed or in maintenance"),
        (Ok((502, b"<html>".to_vec())), "refused (status 502)"),
        (Ok((200, b"<html>".to_vec())), "can't be read"),
        (Ok((200, br#"{"data":{}}"#.to_vec())), "no ciphertext"),
        (Ok((200, br#"{"data":{"ciphertext":"vault:v1:\u001b[2J"}}"#.to_vec())), "no ciphertext"),
        (Ok((200, vec![b' '; LONGEST + 1])), "too long"),
        (Ok((400, "{\"errors\":[\"\u{1b}[2Jx\"]}".replace('\u{1b}', "\\u001b").into_bytes())), "\\x1b[2Jx"),
        (Err(CallError::Lost("it hung up".into())), "it hung up"),
    ] {
        server.answers(answer);
        let said = sealer.prove().await.unwrap_err().to_string();
        assert!(said.contains(word), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
    }
}

#[tokio::test]
async fn a_vault_that_unwraps_to_something_else_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::default();
    let vault = || Box::new(server.transit("keywright", "right"));
    let sealer = Sealer::new(key_file(&folder, "one")).beside(vault()).without_file();
    let sealed = sealer.seal(&secret(), "c").await.unwrap();
    for length in [0, 31, 32, 33] {
        let body = json!({ "data": { "plaintext": BASE64.encode(&vec![0; length]) } });
        server.answers(Ok((200, body.to_string().into_bytes())));
        assert_eq!(sealer.open(&sealed, "c").await.err(), Some(SealError::Spoiled), "{length}");
    }
}

#[test]
fn a_transit_key_is_named_without_tricks() {
    let made = |address: &str, mount: &str, name: &str| {
        let post = Box::new(Server::default());
        Transit::new(address, mount, name, Secret::new(Vec::new()), post).is_ok()
    };
    assert!(made("https://vault.example", "transit", "keywright-2.x"));
    for (address, mount, name) in [
        ("https://vault.example", "transit", "../sys/seal"),
        ("https://vault.example", "transit", ".."),
        ("https://vault.example", "transit/..", "a"),
        ("https://vault.example", "", "a"),
        ("https://vault.example", "transit", "a?x"),
        ("https://me@vault.example", "transit", "a"),
        ("https://vault.example/?x=", "transit", "a"),
        ("vault.example", "transit", "a"),
        ("https://vault.example\r\nX: y", "transit", "a"),
    ] {
        assert!(!made(address, mount, name), "{address} {mount} {name}");
    }
}
