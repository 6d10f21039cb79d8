//! A desk with everything a rotation needs, in memory where the machine has room for files there.

use std::path::{Path, PathBuf};

use crate::support::atlasvpn::{APIKEY, AtlasVpn, EMAIL, Key, PASSWORD};
use crate::support::postgres::Database;
use crate::support::program::{Program, Run};

/// What kind of places the key is used at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Two variables of a `.env` file.
    Dotenv,
    /// A URL in a `.env` file.
    Url,
    /// A program of the operator's.
    Exec,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Dotenv, Self::Url, Self::Exec];
}

pub(super) const ENVIRONMENTS: [&str; 2] = ["staging", "production"];

/// What a place holds: key id and secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held(pub(super) String, pub(super) String);

/// A desk.
pub(super) struct Desk {
    room: tempfile::TempDir,
    pub(super) vpn: AtlasVpn,
    pub(super) kind: Kind,
    /// The key in question, as it was at first.
    pub(super) old: Key,
    /// Another key of the account, which nobody may touch.
    pub(super) bystander: Key,
    store: Option<Database>,
    provider: &'static str,
    /// How many seconds pass between two runs of [`Desk::finish`].
    pace: i64,
}

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
        // The quiet gate wants a quarter of an hour.
        let desk = Self { room, vpn, kind, old, bystander, store: None, provider: "atlasvpn", pace: 1000 };
        std::fs::write(desk.path("clock"), "0").unwrap();
        let config = format!(
            "[network]\nallow = [\"{api}\", \"{gateway}\"]\n\n[providers.atlasvpn]\napi = \"http://{api}\"\ngateway = \"{gateway}\"\n",
            api = desk.vpn.api(),
            gateway = desk.vpn.gateway(),
        );
        std::fs::write(desk.path("keywright.toml"), config).unwrap();
        for environment in ENVIRONMENTS {
            desk.fill(environment);
        }
        desk
    }

    /// Returns a place in the room.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Returns the file in which an environment keeps its key.
    pub(super) fn file(&self, environment: &str) -> PathBuf {
        self.path(&format!("{environment}.env"))
    }

    fn fill(&self, environment: &str) {
        let Key { key_id, secret, .. } = &self.old;
        let text = match self.kind {
            Kind::Dotenv => format!("# the proxy\nAVP_KEY_ID={key_id}\nAVP_SECRET='{secret}'\nOTHER=1\n"),
            Kind::Url => format!("A=b\nPROXY=\"http://{key_id}:{secret}@api.atlasvpn.live:7777/x?y=1#z\"\n"),
            Kind::Exec => format!("{key_id} {secret}\n"),
        };
        std::fs::write(self.file(environment), text).unwrap();
        if self.kind == Kind::Exec {
            std::fs::write(self.path("place.sh"), PROGRAM).unwrap();
        }
    }

    /// Returns a place as the operator writes it.
    pub(super) fn place(&self, environment: &str) -> String {
        let file = self.file(environment);
        let file = file.display();
        match self.kind {
            Kind::Dotenv => format!("{environment}=dotenv:{file}#AVP_SECRET,key_id=AVP_KEY_ID"),
            Kind::Url => format!("{environment}=dotenv:{file}#PROXY@url"),
            Kind::Exec => format!("{environment}=exec:/bin/sh {} {file}", self.path("place.sh").display()),
        }
    }

    /// Keeps everything in a real Postgres from here on.
    pub(super) fn on(mut self, database: Database) -> Self {
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        let store = "\n[store]\npassword = \"env:STORE_PASSWORD\"\n";
        std::fs::write(self.path("keywright.toml"), config + store).unwrap();
        self.store = Some(database);
        self
    }

    /// Has the key at a provider like AtlasVPN that keeps the old secret alive for a while, by a recipe of the
    /// operator's own.
    pub(super) fn gracious(mut self) -> Self {
        let own = include_str!("../../../rules/atlasvpn.toml")
            .replace("id = \"atlasvpn\"", "id = \"gracious\"")
            .replace("modes = [\"planned\", \"atomic\", \"emergency\"]", "modes = [\"grace\"]");
        std::fs::write(self.path("gracious.toml"), own).unwrap();
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        let config =
            config.replace("[providers.atlasvpn]", "[providers.gracious]\nrecipe = \"gracious.toml\"");
        std::fs::write(self.path("keywright.toml"), config).unwrap();
        self.vpn.state().keeps_former = GRACE;
        (self.provider, self.pace) = ("gracious", GRACE / 3);
        self
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

    /// Returns what an environment holds.
    pub(super) fn held(&self, environment: &str) -> Held {
        let text = std::fs::read_to_string(self.file(environment)).unwrap();
        let (id, secret) = match self.kind {
            Kind::Dotenv => {
                let of = |name: &str| {
                    let line = text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default();
                    line.trim_matches('\'').to_owned()
                };
                return Held(of("AVP_KEY_ID="), of("AVP_SECRET="));
            }
            Kind::Url => {
                text.split("http://").nth(1).unwrap().split('@').next().unwrap().split_once(':').unwrap()
            }
            Kind::Exec => text.trim().split_once(' ').unwrap(),
        };
        Held(id.to_owned(), secret.to_owned())
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
            last = Some(self.run(&["rotations", "resume", id, "--wait=0"]));
        }
        panic!(
            "it does not come to an end: {:?}\n{:?}",
            last,
            self.run(&["rotations", "show", &self.open()[0].0])
        );
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

/// A program that keeps `key_id secret` in a file. Its stamps are the file's words' lengths and ends: they
/// change with the key.
const PROGRAM: &str = r#"
line=$(cat)
field() { printf '%s' "$line" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
read -r id secret < "$1"
stamp=$(printf '%s' "$id $secret" | cksum | tr ' ' -)
case $(field verb) in
read_meta) printf '{"key_id":"%s","secret":"%s","stamp":"%s"}' "$id" "$secret" "$stamp" ;;
read_back)
    if [ "$id $secret" = "$(field key_id) $(field secret)" ]; then held=wanted; else held=other; fi
    printf '{"held":"%s"}' "$held" ;;
write | restore)
    new="$(field key_id) $(field secret)"
    if [ "$new" != "$id $secret" ] && [ "$(field stamp)" != "$stamp" ]; then echo '{"error":"changed"}'; exit; fi
    printf '%s\n' "$new" > "$1.new" && mv "$1.new" "$1"
    printf '{"stamp":"%s"}' "$(printf '%s' "$new" | cksum | tr ' ' -)" ;;
*) echo '{"unsupported":true}' ;;
esac
"#;
