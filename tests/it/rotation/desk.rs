//! A desk with everything a rotation needs, in memory where the machine has room for files there.

use std::path::{Path, PathBuf};

use super::places::Places;
pub(super) use super::places::{ENVIRONMENTS, Held, Kind};
use crate::support::atlasvpn::{APIKEY, AtlasVpn, EMAIL, Key, PASSWORD};
use crate::support::postgres::Database;
use crate::support::program::{Program, Run};

/// A desk.
pub(super) struct Desk {
    room: tempfile::TempDir,
    pub(super) vpn: AtlasVpn,
    places: Places,
    /// The key in question, as it was at first.
    pub(super) old: Key,
    /// Another key of the account, which nobody may touch.
    pub(super) bystander: Key,
    store: Option<Database>,
    provider: &'static str,
    /// How many seconds pass between two runs of [`Desk::finish`].
    pace: i64,
}

/// AtlasVPN's recipe, from which those of other providers are made.
const OWN: &str = include_str!("../../../rules/atlasvpn.toml");
/// How long a gracious provider keeps a secret alive that was replaced, in seconds.
pub(super) const GRACE: i64 = 24 * 3600;

impl Desk {
    /// Lays everything out and puts the key down.
    pub(super) fn new(kind: Kind) -> Self {
        let desk = Self::bare(kind);
        let run = desk.add();
        assert_eq!(run.code, Some(0), "{run:?}");
        desk
    }

    /// Lays everything out.
    pub(super) fn bare(kind: Kind) -> Self {
        // Files in memory need no disk, and what is killed here is a process, not the machine.
        let memory = Path::new("/dev/shm");
        let room = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let vpn = AtlasVpn::start();
        let old = vpn.state().keys[0].clone();
        let bystander = vpn.state().mint("somebody-else", "developer", true);
        let places = Places::new(kind, room.path(), &old);
        // The quiet gate wants a quarter of an hour.
        let desk = Self { room, vpn, places, old, bystander, store: None, provider: "atlasvpn", pace: 1000 };
        std::fs::write(desk.path("clock"), "0").unwrap();
        let (at, tables) = desk.places.settings().unzip();
        let config = format!(
            "[network]\nallow = [\"{api}\", \"{gateway}\"{more}]\n\n[providers.atlasvpn]\napi = \"http://{api}\"\ngateway = \"{gateway}\"\n{tables}",
            api = desk.vpn.api(),
            gateway = desk.vpn.gateway(),
            more = at.map(|at| format!(", \"{at}\"")).unwrap_or_default(),
            tables = tables.unwrap_or_default(),
        );
        std::fs::write(desk.path("keywright.toml"), config).unwrap();
        desk
    }

    /// Returns a place in the room.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Returns the file in which an environment keeps its key.
    pub(super) fn file(&self, environment: &str) -> PathBuf {
        self.places.file(environment)
    }

    /// Returns a place as the operator writes it, with its environment.
    pub(super) fn place(&self, environment: &str) -> String {
        format!("{environment}={}", self.places.name(environment))
    }

    /// Keeps everything in a real Postgres from here on.
    pub(super) fn on(mut self, database: Database) -> Self {
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        let store = "\n[store]\npassword = \"env:STORE_PASSWORD\"\n";
        std::fs::write(self.path("keywright.toml"), config + store).unwrap();
        self.store = Some(database);
        self
    }

    /// Has the key at a provider like AtlasVPN that keeps the old secret alive for a while.
    pub(super) fn gracious(mut self) -> Self {
        let modes = "modes = [\"planned\", \"atomic\", \"emergency\"]";
        self.own("gracious", &OWN.replace(modes, "modes = [\"grace\"]"));
        self.vpn.state().keeps_former = GRACE;
        self.pace = GRACE / 3;
        self
    }

    /// Has the key at a provider like AtlasVPN that cannot replace a secret in one call.
    pub(super) fn slow(mut self) -> Self {
        let (before, rest) = OWN.split_once("[rotate]").unwrap();
        let (_, behind) = rest.split_once("[revoke]").unwrap();
        let own = format!("{before}[revoke]{behind}");
        self.own(
            "slow",
            &own.replace("\"planned\", \"atomic\", \"emergency\"", "\"planned\", \"emergency\""),
        );
        self
    }

    /// Takes a recipe of the operator's own.
    fn own(&mut self, name: &'static str, recipe: &str) {
        let file = format!("{name}.toml");
        let recipe = recipe.replace("id = \"atlasvpn\"", &format!("id = \"{name}\""));
        std::fs::write(self.path(&file), recipe).unwrap();
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        let table = format!("[providers.{name}]\nrecipe = \"{file}\"");
        std::fs::write(self.path("keywright.toml"), config.replace("[providers.atlasvpn]", &table)).unwrap();
        self.provider = name;
    }

    /// Puts the key down.
    pub(super) fn add(&self) -> Run {
        let places = ENVIRONMENTS.map(|e| format!("--destination={}", self.place(e)));
        let health = format!("--health=staging=tcp:{} within 1", self.vpn.gateway());
        let provider = format!("--provider={}", self.provider);
        let id = format!("--key-id={}", self.old.key_id);
        let mut words =
            vec!["keys", "add", "proxy", &provider, &id, "--class=critical", "--owner=ann", &health];
        words.extend(places.iter().map(String::as_str));
        self.run(&words)
    }

    /// Returns what is in force in an environment.
    pub(super) fn held(&self, environment: &str) -> Held {
        self.places.held(environment)
    }

    /// Returns what an environment of a place that nobody can read holds, in force or not.
    pub(super) fn stored(&self, environment: &str) -> Held {
        self.places.stored(environment)
    }

    /// Writes a key to a place that nobody can read, as somebody else does.
    pub(super) fn put(&self, environment: &str, held: &Held) {
        self.places.put(environment, held);
    }

    /// Loses the answers of so many writes to come, at a place that nobody can read.
    pub(super) fn lose_writes(&self, count: usize) {
        self.places.lose_writes(count);
    }

    /// Returns a run to come.
    pub(super) fn program(&self) -> Program {
        let api = format!("http://{}", self.vpn.api());
        let mut program = Program::new(self.room.path(), self.room.path())
            .env("KEYWRIGHT_CONFIG", self.path("keywright.toml"))
            .env("KEYWRIGHT_CLOCK", self.path("clock"))
            .env("USER", "ann")
            .env("SUPABASE_URL", api)
            .env("SUPABASE_SERVICE_KEY", APIKEY)
            .env("AVP_BOT_EMAIL", EMAIL)
            .env("AVP_BOT_PASSWORD", PASSWORD);
        if let Some(store) = &self.store {
            program = program.env("KEYWRIGHT_STORE", &store.url).env("STORE_PASSWORD", &store.password);
        }
        program
    }

    /// Runs keywright.
    pub(super) fn run(&self, words: &[&str]) -> Run {
        self.program().run(words)
    }

    /// Lets time pass, here and at the provider.
    pub(super) fn pass(&self, seconds: i64) {
        let file = self.path("clock");
        let moved: i64 = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        std::fs::write(&file, (moved + seconds * 1000).to_string()).unwrap();
        self.vpn.state().moved = (moved / 1000) + seconds;
        self.places.pass((moved / 1000) + seconds);
    }

    /// Returns the rotations that are not over: id and state.
    pub(super) fn open(&self) -> Vec<(String, String)> {
        let run = self.run(&["rotations", "list", "--format=json"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        let list: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
        let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(|r| (text(&r["id"]), text(&r["state"]))).collect()
    }

    /// Goes on until nothing is left to do; returns how the last run ended.
    pub(super) fn finish(&self) -> Run {
        let mut last = None;
        for _ in 0..40 {
            let open = self.open();
            let Some((id, _)) = open.first() else {
                return last.unwrap_or_else(|| self.run(&["rotations", "list", "--all"]));
            };
            // A lease of a runner that was killed ends by itself.
            self.pass(self.pace);
            let run = self.run(&["rotations", "resume", id, "--wait=0"]);
            self.obey(&run);
            last = Some(run);
        }
        panic!(
            "it does not come to an end: {:?}\n{:?}",
            last,
            self.run(&["rotations", "show", &self.open()[0].0])
        );
    }

    /// Puts the old key back where a person is asked to.
    pub(super) fn obey(&self, run: &Run) {
        let told = run.text();
        let asked = |e: &&&str| told.contains(&format!("{} could not be read", self.places.name(e)));
        if let Some(environment) = ENVIRONMENTS.iter().find(asked).filter(|_| run.code == Some(4)) {
            self.put(environment, &Held(self.old.key_id.clone(), self.old.secret.clone()));
        }
    }

    /// Tells whether a credential works at the provider.
    pub(super) fn works(&self, held: &Held) -> bool {
        self.vpn.state().opens(&held.0, &held.1)
    }

    /// Lists what of the program's own files holds one of these secrets in clear.
    pub(super) fn leaks(&self) -> Vec<PathBuf> {
        let secrets = self.vpn.secrets();
        let holds = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            secrets.iter().any(|s| memchr::memmem::find(&bytes, s.as_bytes()).is_some())
        };
        files(&self.path(".local")).into_iter().filter(|path| holds(path)).collect()
    }
}

/// Keeps a table for `tests/run` to print.
pub(super) fn tell(name: &str, table: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tables");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), table).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map_while(Result::ok);
    let each = |entry: std::fs::DirEntry| match entry.path() {
        path if path.is_dir() => files(&path),
        path => vec![path],
    };
    entries.flat_map(each).collect()
}
