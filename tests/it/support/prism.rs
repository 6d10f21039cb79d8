//! What shows that a service would take what is sent: prism with the service's own description of its
//! interface, GitHub's among them, and libsodium. `tests/servers/github` installs all three.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::double::Call;
use super::program::cleared;

/// How long prism may take to begin.
const LONGEST: Duration = Duration::from_secs(120);

/// Returns the folder they are in. Where there is none it is said, unless `tests/run` or CI runs the
/// tests: there it is a failure.
fn folder() -> Option<PathBuf> {
    let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
    let folder = std::env::var_os("KEYWRIGHT_GITHUB").map(PathBuf::from);
    if folder.is_none() {
        assert_eq!(must, None, "set, but KEYWRIGHT_GITHUB is not: run tests/servers/github");
        let _ = writeln!(io::stderr(), "skipped: KEYWRIGHT_GITHUB names no folder (tests/servers/github)");
    }
    folder
}

/// A key pair of libsodium's.
pub(crate) struct Pair {
    folder: PathBuf,
    private: String,
    pub(crate) public: [u8; 32],
}

impl Pair {
    /// Makes one; `None` where there is no libsodium.
    pub(crate) fn make() -> Option<Self> {
        let folder = folder()?;
        let script = "from nacl.public import PrivateKey as K; k = K.generate(); \
                      print(bytes(k).hex(), bytes(k.public_key).hex())";
        let said = python(&folder, script, "");
        let said = String::from_utf8(said.unwrap()).unwrap();
        let (private, public) = said.trim().split_once(' ').unwrap();
        let public = data_encoding::HEXLOWER.decode(public.as_bytes()).unwrap().try_into().unwrap();
        Some(Self { folder, private: private.to_owned(), public })
    }

    /// Opens a sealed box; `None` if it is for somebody else.
    pub(crate) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let script = "import sys, base64; from nacl.public import PrivateKey as K, SealedBox as B; \
                      a, b = sys.stdin.read().split(); \
                      sys.stdout.buffer.write(B(K(bytes.fromhex(a))).decrypt(base64.b64decode(b, validate=True)))";
        python(&self.folder, script, &format!("{} {sealed}", self.private))
    }
}

fn python(folder: &Path, script: &str, input: &str) -> Option<Vec<u8>> {
    let mut command = cleared(folder.join("venv/bin/python"), folder);
    command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    done.status.success().then_some(done.stdout)
}

/// A service's interface as prism plays it.
pub(crate) struct Prism {
    prism: Child,
    port: u16,
}

impl Prism {
    /// Starts it with GitHub's; `None` where there is none.
    pub(crate) fn start() -> Option<Self> {
        Self::of(&folder()?.join("github.json"), &[])
    }

    /// Starts it with a description, and flags of `prism mock`; `None` where there is no prism.
    pub(crate) fn of(description: &Path, flags: &[&str]) -> Option<Self> {
        let folder = folder()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = cleared("node", &folder);
        command.arg(folder.join("node_modules/@stoplight/prism-cli/dist/index.js"));
        command.args(["mock", "--host", "127.0.0.1", "--port", &port.to_string()]).args(flags);
        command.arg(description);
        let mut prism =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let over = prism.try_wait().unwrap().is_some() || begun.elapsed() > LONGEST;
            assert!(!over, "prism did not begin");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(Self { prism, port })
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Makes a call again; returns the status.
    pub(crate) fn replay(&self, call: &Call) -> u16 {
        self.answer(call).0
    }

    /// Makes a call again; returns status and body.
    pub(crate) fn answer(&self, call: &Call) -> (u16, Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        let body = if call.body.is_null() { String::new() } else { call.body.to_string() };
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", call.method, call.path);
        // Its pages want `application/vnd.github+json` accepted; its description calls that `application/json`.
        let ours = ["host", "content-length", "connection", "accept"];
        for (name, value) in call.headers.iter().filter(|(n, _)| !ours.contains(&n.as_str())) {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).unwrap();
        let mut told = Vec::new();
        let _ = stream.read_to_end(&mut told);
        let told = String::from_utf8_lossy(&told).into_owned();
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        let is_in_pieces = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if is_in_pieces { joined(body) } else { body.to_owned() };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }
}

/// Joins the pieces of a body, each with its length before it.
fn joined(mut pieces: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = pieces.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole += &rest[..length];
        pieces = rest[length..].strip_prefix("\r\n").unwrap();
    }
    whole
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.prism.kill();
        let _ = self.prism.wait();
    }
}
