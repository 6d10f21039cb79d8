//! squid as AtlasVPN's gateway, on loopback, for the time of one test.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::program::cleared;

/// How often a password was set.
static CHANGES: AtomicU64 = AtomicU64::new(0);
/// How long it may take to begin.
const LONGEST: Duration = Duration::from_secs(60);

/// A real proxy that asks for a password.
pub(crate) struct Squid {
    squid: Child,
    folder: tempfile::TempDir,
    port: u16,
    /// Where tunnels may lead: somebody listens there.
    target: TcpListener,
}

impl Squid {
    /// Starts it with one user. Where there is no squid the answer is `None`, unless `tests/run` or CI
    /// runs the tests: there it is a failure.
    pub(crate) fn start(user: &str, password: &str, remembers: &str) -> Option<Self> {
        let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
        let folder = tempfile::tempdir().unwrap();
        let is_there = |program: &str| {
            Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status()
        };
        if is_there("squid").is_err() || is_there("htpasswd").is_err() {
            assert_eq!(must, None, "set, but there is no gateway: install squid and apache2-utils");
            let _ =
                writeln!(io::stderr(), "there is no squid: the check was not held against a real gateway");
            return None;
        }
        set_password(folder.path(), user, password);
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/squid");
        let mut command = cleared(script, folder.path());
        command.arg(folder.path()).arg(port.to_string());
        command.arg(target.local_addr().unwrap().port().to_string()).arg(remembers);
        let said = std::fs::File::create(folder.path().join("said")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
        let mut squid = command.spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let over = squid.try_wait().unwrap().is_some() || begun.elapsed() > LONGEST;
            assert!(!over, "squid: {}", std::fs::read_to_string(folder.path().join("said")).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { squid, folder, port, target })
    }

    /// Changes the user's password.
    pub(crate) fn change(&self, user: &str, password: &str) {
        set_password(self.folder.path(), user, password);
    }

    /// Returns where it is.
    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns where tunnels may lead.
    pub(crate) fn target(&self) -> String {
        self.target.local_addr().unwrap().to_string()
    }

    /// Takes the tunnels that were opened, each with what was sent through it.
    pub(crate) fn tunnels(&self) -> Vec<Vec<u8>> {
        use std::io::Read as _;
        self.target.set_nonblocking(true).unwrap();
        let opened = std::iter::from_fn(|| self.target.accept().ok());
        let sent = opened.map(|(mut stream, _)| {
            let mut sent = Vec::new();
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let _ = stream.read_to_end(&mut sent);
            sent
        });
        sent.collect()
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        // Asked to, it clears up behind itself.
        let _ = Command::new("kill").arg(self.squid.id().to_string()).status();
        let _ = self.squid.wait();
    }
}

/// Writes the password file: bcrypt, as the gateway's own (R92). The password goes by standard input.
fn set_password(folder: &Path, user: &str, password: &str) {
    let path = folder.join("users");
    let mut command = Command::new("htpasswd");
    command.arg(if path.exists() { "-iB" } else { "-ciB" }).args(["-C", "10"]).arg(&path).arg(user);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    // The helper reads the file again when its time has changed, and knows no less than a second.
    let ahead = Duration::from_secs(10 * (1 + CHANGES.fetch_add(1, Ordering::Relaxed)));
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() + ahead).unwrap();
}
