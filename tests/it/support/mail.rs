//! What takes notices: aiosmtpd, a real mail server; a few lines that play a bad one; and the Standard Webhooks
//! project's own library. `tests/servers/notify` installs the real ones.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::program::cleared;

/// Prints where it listens, and then each mail as it comes.
const SERVER: &str = r#"
import asyncio, base64, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult
mode, user, password, cert, key = sys.argv[1:]
class Box:
    async def handle_RCPT(self, server, session, envelope, address, options):
        refusals = {"nobody@example.com": "550 nobody is called so", "later@example.com": "451 not now"}
        if address in refusals: return refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "mail": envelope.content.decode(),
                          "authenticated": session.authenticated}), flush=True)
        return "250 OK"
def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == user.encode() and data.password == password.encode(), handled=False)
context = None
if mode != "none":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
def one():
    return SMTP(Box(), authenticator=authenticate, auth_required=bool(user), auth_require_tls=mode == "starttls",
                require_starttls=mode == "starttls", tls_context=context if mode == "starttls" else None)
async def main():
    server = await asyncio.get_running_loop().create_server(one, "127.0.0.1", 0, ssl=context if mode == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"#;

const VERIFY: &str = r#"
import json, sys
from standardwebhooks.webhooks import Webhook
asked = json.load(sys.stdin)
Webhook(asked["secret"]).verify(asked["body"], asked["headers"])
"#;

/// Returns the Python they are in. Where there is none it is said, unless `tests/run` or CI runs the tests:
/// there it is a failure.
fn python() -> Option<PathBuf> {
    let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
    let python = std::env::var_os("KEYWRIGHT_NOTIFY").map(PathBuf::from);
    if python.is_none() {
        assert_eq!(must, None, "set, but KEYWRIGHT_NOTIFY is not: run tests/servers/notify");
        let _ = writeln!(io::stderr(), "skipped: KEYWRIGHT_NOTIFY names no Python (tests/servers/notify)");
    }
    python
}

/// A real mail server.
pub(crate) struct MailServer {
    server: Child,
    told: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl MailServer {
    /// Starts one that takes mail from `user` (from anybody, if that is empty), with TLS as `mode` says; in
    /// `folder` are `cert.pem` and `key.pem`. `None` where there is none.
    pub(crate) fn start(mode: &str, user: &str, password: &str, folder: &Path) -> Option<Self> {
        let mut command = cleared(python()?, folder);
        command
            .args(["-c", SERVER, mode, user, password])
            .arg(folder.join("cert.pem"))
            .arg(folder.join("key.pem"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut told = BufReader::new(server.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the mail server began");
        Some(Self { server, told, port })
    }

    /// Returns the next mail; waits for it.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Ends it, and returns the mails that nobody asked for.
    pub(crate) fn rest(mut self) -> String {
        let _ = self.server.kill();
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Plays a mail server that answers each line as it is told to; `None` ends the connection. What it was told
/// is kept.
pub(crate) fn playing(
    answer: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let mut out = stream;
            let mut asked = Some("hello".to_owned());
            while let Some(line) = asked {
                let Some(told) = answer(&line) else { break };
                if out.write_all(told.as_bytes()).is_err() {
                    break;
                }
                asked = lines.next().and_then(Result::ok);
                log.lock().unwrap().extend(asked.clone());
            }
        }
    });
    (port, seen)
}

/// Lets the Standard Webhooks project's own library look at a call: headers, body, secret. `None` where it is
/// not there.
pub(crate) fn is_signed(headers: &[(String, String)], body: &[u8], secret: &str) -> Option<bool> {
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    let asked = serde_json::json!({
        "headers": headers, "body": String::from_utf8(body.to_vec()).unwrap(), "secret": secret,
    });
    let python = python()?;
    let mut command = cleared(&python, python.parent().unwrap());
    command.args(["-c", VERIFY]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    Some(child.wait().unwrap().success())
}
