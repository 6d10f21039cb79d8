//! A real Postgres server on loopback, for the time of the tests.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long the server may take to begin.
const LONGEST: Duration = Duration::from_secs(60);
/// Stops the server and takes its folder away when the tests end, however they end: then nobody
/// holds the other end of its standard input.
const KEEPER: &str = r#"
bin=$1 dir=$2 port=$3
"$bin/postgres" -D "$dir/data" -p "$port" -h 127.0.0.1 -k '' -c fsync=off >"$dir/log" 2>&1 &
read -r _
kill -QUIT $! && wait $!
rm -rf "$dir"
"#;

/// A server that all tests of a run share; each has a database of its own.
pub(crate) struct Postgres {
    bin: PathBuf,
    port: u16,
    password: String,
    owner: Option<u32>,
    _keeper: ChildStdin,
}

/// A database, empty at first.
pub(crate) struct Database {
    /// Its address, without the password.
    pub(crate) url: String,
    /// The password.
    pub(crate) password: String,
}

impl Postgres {
    /// Makes a database. Where there is no server the answer is `None`, unless `tests/run` or CI runs
    /// the tests: there it is a failure.
    pub(crate) fn database() -> Option<Database> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        static MADE: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_init(Self::start).as_ref()?;
        let name = format!("keys{}", MADE.fetch_add(1, Ordering::Relaxed));
        let port = server.port.to_string();
        let mut command = server.command("createdb");
        command.env("PGPASSWORD", &server.password);
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "keeper", &name]);
        assert!(command.status().unwrap().success(), "createdb");
        let url = format!("postgres://keeper@127.0.0.1:{port}/{name}");
        Some(Database { url, password: server.password.clone() })
    }

    fn start() -> Option<Self> {
        let Some(bin) = bin() else {
            let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
            assert_eq!(must, None, "set, but there is no Postgres server: install postgresql");
            let _ = writeln!(io::stderr(), "there is no Postgres server: the store was tried on SQLite only");
            return None;
        };
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        let password = data_encoding::HEXLOWER.encode(&random);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = tempfile::Builder::new().prefix("keywright-postgres-").tempdir().unwrap().keep();
        std::fs::write(dir.join("password"), &password).unwrap();
        let owner = owner();
        for path in [dir.clone(), dir.join("password")] {
            std::os::unix::fs::chown(path, owner, None).unwrap();
        }
        let mut server = Command::new("sh");
        become_user(&mut server, owner);
        server.args(["-c", KEEPER, "sh"]).arg(&bin).arg(&dir).arg(port.to_string()).current_dir(&dir);
        let mut made = Command::new(bin.join("initdb"));
        become_user(&mut made, owner);
        made.args(["--auth=scram-sha-256", "--username=keeper", "--encoding=UTF8", "--no-sync", "--pwfile"]);
        let made = made.arg(dir.join("password")).arg("-D").arg(dir.join("data")).current_dir(&dir).output();
        let made = made.unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut child = server.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let keeper = child.stdin.take().unwrap();
        // It outlives this function on purpose; its keeper ends it.
        drop(child);
        let server = Self { bin, port, password, owner, _keeper: keeper };
        server.wait(&dir);
        Some(server)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        become_user(&mut command, self.owner);
        command.current_dir("/").stdout(Stdio::null());
        command
    }

    fn wait(&self, dir: &Path) {
        let begun = Instant::now();
        let port = self.port.to_string();
        while !self.command("pg_isready").args(["-h", "127.0.0.1", "-p", &port]).status().unwrap().success() {
            let mut log = String::new();
            if begun.elapsed() > LONGEST {
                std::fs::File::open(dir.join("log")).unwrap().read_to_string(&mut log).unwrap();
                panic!("Postgres does not answer: {log}");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Debian keeps its servers' programs out of the path.
fn bin() -> Option<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop()
}

/// The server refuses root: then it runs as its own user.
fn owner() -> Option<u32> {
    let id = |args: &[&str]| {
        let said = Command::new("id").args(args).output().unwrap();
        String::from_utf8(said.stdout).unwrap().trim().parse::<u32>().unwrap()
    };
    (id(&["-u"]) == 0).then(|| id(&["-u", "postgres"]))
}

fn become_user(command: &mut Command, owner: Option<u32>) {
    use std::os::unix::process::CommandExt;
    if let Some(owner) = owner {
        command.uid(owner);
    }
    // What a terminal tells the tests is not told to the server: it ends with its keeper.
    command.process_group(0);
}
