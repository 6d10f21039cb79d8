//! Mail: a real server, with and without TLS, and bad ones.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use keywright::model::credential::{CallError, Refusal};

use super::{PASSWORD, kept, notice, teller, told};
use crate::support::mail::{MailServer, playing};

const LONG: Duration = Duration::from_secs(20);
/// What a test says to itself when it runs itself.
const PLACES: &str = "KEYWRIGHT_TESTS_MAIL_PLACES";

fn table(port: u16, security: &str, to: &str, login: &str) -> String {
    format!(
        "kind = 'mail'\nserver = '127.0.0.1'\nport = {port}\nsecurity = '{security}'\n\
         from = 'Keywright <keys@example.com>'\nto = ['{to}']\n{login}\n"
    )
}

fn here(port: u16) -> Vec<String> {
    vec![format!("127.0.0.1:{port}")]
}

#[test]
fn a_real_server_takes_a_notice_from_who_signs_in() {
    let room = tempfile::tempdir().unwrap();
    let Some(mut server) = MailServer::start("none", "bot", PASSWORD, room.path()) else { return };
    let word = kept(room.path(), "word", PASSWORD);
    let login = format!("user = 'bot'\npassword = '{word}'");
    let table = |to: &str| table(server.port, "none", to, &login);
    let mail = teller(&table("Ops <ops@example.com>"), &here(server.port), LONG).unwrap();
    assert_eq!(mail.name(), "ops");
    told(&*mail, &notice()).unwrap();
    let wrong = kept(room.path(), "wrong", "another");
    let wrong = table("ops@example.com").replace(&word, &wrong);
    let stranger = teller(&wrong, &here(server.port), LONG).unwrap();
    let nobody = teller(&table("nobody@example.com"), &here(server.port), LONG).unwrap();
    let later = teller(&table("later@example.com"), &here(server.port), LONG).unwrap();
    for (mail, status, kind) in
        [(stranger, 535, Refusal::Credential), (nobody, 550, Refusal::Other), (later, 451, Refusal::TooMany)]
    {
        let refused = told(&*mail, &notice());
        let Err(CallError::Refused { status: s, kind: k, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!((s, k), (status, kind));
    }
    let came = server.next();
    assert_eq!(
        (came["from"].as_str(), came["to"][0].as_str()),
        (Some("keys@example.com"), Some("ops@example.com"))
    );
    assert_eq!(came["authenticated"], true);
    let mail = came["mail"].as_str().unwrap();
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("\r\nAuto-Submitted: auto-generated\r\n") && head.contains("\r\nX-Priority: 1\r\n")
    );
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert_eq!(server.rest(), "", "what was refused did not come");
}

#[test]
fn nothing_is_said_in_clear_that_was_to_go_over_tls() {
    let room = tempfile::tempdir().unwrap();
    let login = format!("user = 'bot'\npassword = '{}'", kept(room.path(), "word", PASSWORD));
    // It offers no TLS, as it is where somebody takes the offer out on the way.
    let (port, seen) = playing(|line| match line {
        "hello" => Some("220 hi\r\n"),
        line if line.starts_with("EHLO") => Some("250-me\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE\r\n"),
        _ => Some("250 yes\r\n"),
    });
    for security in ["starttls", "tls"] {
        let mail = teller(&table(port, security, "ops@example.com", &login), &here(port), LONG).unwrap();
        let unsent = told(&*mail, &notice());
        assert!(matches!(unsent, Err(CallError::NotSent(_))), "{unsent:?}");
    }
    let seen = seen.lock().unwrap();
    assert!(!seen.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{seen:?}");
}

#[test]
fn a_server_that_knows_the_older_way_of_signing_in_is_served_too() {
    let room = tempfile::tempdir().unwrap();
    let login = format!("user = 'bot'\npassword = '{}'", kept(room.path(), "word", PASSWORD));
    let word = BASE64.encode(PASSWORD.as_bytes());
    let (port, seen) = playing(move |line| match line {
        "hello" => Some("220 hi\r\n"),
        line if line.starts_with("EHLO") => Some("250-me\r\n250-8BITMIME\r\n250 AUTH LOGIN\r\n"),
        "AUTH LOGIN" => Some("334 VXNlcm5hbWU6\r\n"),
        "Ym90" => Some("334 UGFzc3dvcmQ6\r\n"),
        line if line == word => Some("235 welcome\r\n"),
        "DATA" => Some("354 go on\r\n"),
        "." => Some("250 taken\r\n"),
        line if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 yes\r\n"),
        _ => Some(""),
    });
    let mail = teller(&table(port, "none", "ops@example.com", &login), &here(port), LONG).unwrap();
    told(&*mail, &notice()).unwrap();
    assert!(seen.lock().unwrap().iter().any(|line| line.starts_with("MAIL FROM:<keys@example.com>")));
}

#[test]
fn what_may_have_arrived_is_lost_and_the_rest_is_not_sent() {
    const ABLE: &str = "250-me\r\n250 8BITMIME\r\n";
    let quick = Duration::from_millis(400);
    let at =
        |port, patience| teller(&table(port, "none", "ops@example.com", ""), &here(port), patience).unwrap();
    // It ends, or falls silent, behind the last line of the mail.
    for told_last in [None, Some("")] {
        let (port, seen) = playing(move |line| match line {
            "hello" => Some("220 hi\r\n"),
            line if line.starts_with("EHLO") => Some(ABLE),
            "DATA" => Some("354 go on\r\n"),
            "." => told_last,
            line if line.starts_with("MAIL") || line.starts_with("RCPT") => Some("250 yes\r\n"),
            _ => Some(""),
        });
        let lost = told(&*at(port, quick), &notice());
        assert!(matches!(lost, Err(CallError::Lost(_))), "{lost:?}");
        let seen = seen.lock().unwrap();
        // The line of one dot in the notice is not the end.
        assert_eq!(seen.iter().filter(|line| *line == ".").count(), 1, "{seen:?}");
    }
    // It never greets, hangs up, or talks nonsense; nobody is there.
    for greeting in [Some(""), None, Some("HTTP/1.1 400 Bad Request\r\n\r\n"), Some("554 go away\r\n")] {
        let (port, _) = playing(move |line| if line == "hello" { greeting } else { Some("500 what\r\n") });
        let unsent = told(&*at(port, quick), &notice());
        assert!(!matches!(unsent, Ok(()) | Err(CallError::Lost(_))), "{greeting:?}: {unsent:?}");
    }
    assert!(matches!(told(&*at(1, quick), &notice()), Err(CallError::NotSent(_))));
}

#[test]
fn tls_is_begun_and_the_certificate_looked_at() {
    let name = "notify::mail::tls_is_begun_and_the_certificate_looked_at";
    let room = tempfile::tempdir().unwrap();
    let login = format!("user = 'bot'\npassword = '{}'", kept(room.path(), "word", PASSWORD));
    let send = |security: &str, host: &str, port: u16| {
        let table =
            table(port, security, "ops@example.com", &login).replace("'127.0.0.1'", &format!("'{host}'"));
        let allowed = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        told(&*teller(&table, &allowed, LONG).unwrap(), &notice())
    };
    // The second time this runs, the certificates' maker is trusted.
    if let Ok(places) = std::env::var(PLACES) {
        for place in places.split(' ') {
            let (security, port) = place.split_once(':').unwrap();
            let port = port.parse().unwrap();
            send(security, "127.0.0.1", port).unwrap();
            let other_name = send(security, "localhost", port);
            assert!(matches!(other_name, Err(CallError::NotSent(_))), "{other_name:?}");
        }
        return;
    }
    certify(room.path());
    let Some(mut early) = MailServer::start("starttls", "bot", PASSWORD, room.path()) else { return };
    let mut at_once = MailServer::start("tls", "bot", PASSWORD, room.path()).unwrap();
    let places = format!("starttls:{} tls:{}", early.port, at_once.port);
    for (security, port) in [("starttls", early.port), ("tls", at_once.port)] {
        let untrusted = send(security, "127.0.0.1", port);
        assert!(matches!(&untrusted, Err(CallError::NotSent(why)) if why.contains("TLS")), "{untrusted:?}");
    }
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env("SSL_CERT_FILE", room.path().join("ca.pem"))
        .env(PLACES, places)
        .output()
        .unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
    for server in [&mut early, &mut at_once] {
        let came = server.next();
        assert!(came["authenticated"] == true && came["mail"].as_str().unwrap().contains("[keywright]"));
    }
    assert_eq!(early.rest() + &at_once.rest(), "", "one mail each");
}

/// Makes a certificate for 127.0.0.1, and who vouches for it.
fn certify(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for line in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=maker"),
        format!("req {key} -keyout key.pem -out asked.pem -subj /CN=mail"),
        "x509 -req -in asked.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile names".into(),
    ] {
        let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output().unwrap();
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn what_is_wrong_in_a_table_is_told_without_its_values() {
    // R27
    let whole = "kind = 'mail'\nserver = 'mail.example.com'\nfrom = 'a@example.com'\nto = 'b@example.com'\n";
    assert!(teller(whole, &[], LONG).is_ok());
    for (change, told) in [
        (("to = 'b@example.com'", ""), "missing field `to`"),
        (("to = 'b@example.com'", "to = []"), "names nobody"),
        (("to = 'b@example.com'", "to = 'hunter2\\r\\nBcc: c@example.com'"), "its `to` is no address"),
        (("'a@example.com'", "'hunter2'"), "its `from` is no address"),
        (("'mail.example.com'", "'hunter2@mail.example.com'"), "its `server` or `port` is none"),
        (("server", "security = 'hunter2'\nserver"), "its `security` is not known"),
        (("server", "security = 'none'\nserver"), "without TLS"),
        (("server", "user = 'bot'\npassword = 'hunter2'\nserver"), "its `password`: this is no reference"),
        (("server", "password = 'env:A'\nserver"), "one of `user` and `password`"),
        (("server", "pass = 'hunter2'\nserver"), "unknown field `pass`"),
        (("'mail'", "'hunter2'"), "its kind is not known"),
    ] {
        let e = teller(&whole.replace(change.0, change.1), &[], LONG).err().unwrap().to_string();
        assert!(e.contains(told) && !e.contains("hunter2"), "{change:?}: {e}");
    }
}
