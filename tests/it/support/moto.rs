//! moto, which plays AWS, on loopback; and a wire to it that loses answers.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use serde_json::{Value, json};

/// The region everything is in.
pub(crate) const REGION: &str = "eu-central-1";

/// It ends with its standard input: also when the test's process is killed.
const SERVER: &str = "
import logging, sys
logging.getLogger('werkzeug').setLevel(logging.ERROR)
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
";

/// The server that tests share, each with secrets of its own names.
static SHARED: OnceLock<Option<Server>> = OnceLock::new();

struct Server {
    child: Child,
    place: String,
}

/// A wire of one's own to a running server.
pub(crate) struct Moto {
    /// If it is one's own too.
    server: Option<Server>,
    place: String,
    /// What the wire does with the next answers, each with the call it meets.
    faults: Arc<Mutex<VecDeque<(String, Wire)>>>,
    wire: String,
}

/// What goes wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// It is done, and no answer comes.
    Lost,
    /// It never arrives, and no answer comes.
    Cut,
    /// It never arrives; this status is answered with this body.
    Answer(u16, &'static str),
}

impl Moto {
    /// Opens a wire to the server that tests share. Where there is no moto the answer is `None`, unless
    /// `tests/run` or CI runs the tests: there it is a failure.
    pub(crate) fn shared() -> Option<Self> {
        let server = SHARED.get_or_init(Server::start).as_ref()?;
        Some(Self::to(server.place.clone(), None))
    }

    /// Starts a server of one's own.
    pub(crate) fn alone() -> Option<Self> {
        let server = Server::start()?;
        Some(Self::to(server.place.clone(), Some(server)))
    }

    fn to(place: String, server: Option<Server>) -> Self {
        let faults = Arc::default();
        let wire = wire(&place, &faults);
        Self { server, place, faults, wire }
    }

    /// Returns where it is reached: over the wire.
    pub(crate) fn wire(&self) -> &str {
        &self.wire
    }

    /// Lets an answer go wrong, once.
    pub(crate) fn fault(&self, call: &str, fault: Wire) {
        self.faults.lock().unwrap().push_back((call.into(), fault));
    }

    /// Asks Secrets Manager as somebody else would.
    pub(crate) fn ask(&self, action: &str, asked: &Value) -> Value {
        let target = format!("x-amz-target: secretsmanager.{action}\r\n");
        self.post("secretsmanager", &target, "application/x-amz-json-1.1", &asked.to_string()).1
    }

    /// Posts something for a service.
    pub(crate) fn post(&self, service: &str, headers: &str, kind: &str, body: &str) -> (u16, Value) {
        let path = if service == "moto" { "/moto-api/reset-auth" } else { "/" };
        let mut stream = TcpStream::connect(&self.place).unwrap();
        let scope = format!("20261121/{REGION}/{service}/aws4_request");
        let text = format!(
            "POST {path} HTTP/1.0\r\nHost: {service}.{REGION}.amazonaws.com\r\nContent-Type: {kind}\r\n{headers}\
             Authorization: AWS4-HMAC-SHA256 Credential=A/{scope}, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    /// Makes a secret; returns its version.
    pub(crate) fn make(&self, name: &str, value: &str) -> String {
        let made = self.ask("CreateSecret", &json!({ "Name": name, "SecretString": value }));
        made["VersionId"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Returns the value with a label, or an empty text.
    pub(crate) fn value(&self, name: &str, stage: &str) -> String {
        let told = self.ask("GetSecretValue", &json!({ "SecretId": name, "VersionStage": stage }));
        told["SecretString"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the versions with their labels.
    pub(crate) fn versions(&self, name: &str) -> Value {
        self.ask("DescribeSecret", &json!({ "SecretId": name }))["VersionIdsToStages"].clone()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            drop(server.child.stdin.take());
            let _ = server.child.wait();
        }
    }
}

impl Server {
    fn start() -> Option<Self> {
        let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
        let Some(bin) = std::env::var_os("KEYWRIGHT_MOTO").map(PathBuf::from) else {
            assert_eq!(must, None, "set, but there is no AWS: set KEYWRIGHT_MOTO=$(tests/servers/moto)");
            let _ = writeln!(io::stderr(), "there is no moto: nothing was held against AWS");
            return None;
        };
        let mut command = Command::new(bin.join("python"));
        command.args(["-c", SERVER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.env_remove("PYTHONPATH").spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, place: format!("127.0.0.1:{}", line.trim()) })
    }
}

/// Opens the wire: each request goes on to the server, whole, and its answer back.
fn wire(place: &str, faults: &Arc<Mutex<VecDeque<(String, Wire)>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let wire = listener.local_addr().unwrap().to_string();
    let (place, faults) = (place.to_owned(), faults.clone());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some((action, request)) = request(&stream) else { continue };
            let fault = {
                let mut faults = faults.lock().unwrap();
                let at = faults.iter().position(|(call, _)| *call == action);
                at.and_then(|at| faults.remove(at)).map(|(_, fault)| fault)
            };
            let answer = match fault {
                Some(Wire::Cut) => continue,
                Some(Wire::Answer(status, body)) => {
                    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                        .into_bytes()
                }
                None | Some(Wire::Lost) => {
                    let mut answer = Vec::new();
                    let Ok(mut server) = TcpStream::connect(&place) else { continue };
                    let _ = server.write_all(&request).and_then(|()| server.read_to_end(&mut answer));
                    answer
                }
            };
            if fault != Some(Wire::Lost) {
                let _ = stream.write_all(&answer);
            }
        }
    });
    wire
}

/// Reads one request: which call it is, and all its bytes.
fn request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut whole, mut action, mut long) = (Vec::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let (name, value) = line.trim_end().split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => long = value.trim().parse().ok()?,
            "x-amz-target" => value.trim().trim_start_matches("secretsmanager.").clone_into(&mut action),
            _ => {}
        }
        whole.extend_from_slice(line.as_bytes());
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; long];
    reader.read_exact(&mut body).ok()?;
    whole.extend_from_slice(&body);
    Some((action, whole))
}
