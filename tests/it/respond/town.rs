//! A key of AtlasVPN, two places that hold it, a repository that strangers can read, and a policy.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::Repo;
use crate::support::atlasvpn::{APIKEY, AtlasVpn, EMAIL, Key, PASSWORD};
use crate::support::git_http;
use crate::support::program::{Program, Run};

/// What the policy says of a key that is public, live and ours.
pub(super) const AUTO: &str = "[[respond.policy]]\nexposed = [\"public\"]\nliveness = [\"alive\"]\nownership = [\"ours\"]\nenvironment = [\"staging\", \"production\"]\nthen = \"auto\"\n";

/// The town.
pub(super) struct Town {
    room: tempfile::TempDir,
    pub(super) vpn: AtlasVpn,
    pub(super) old: Key,
    pub(super) repo: Repo,
    pub(super) host: String,
}

impl Town {
    /// Lays everything out; the key was put down two hours ago.
    pub(super) fn new(policy: &str) -> Self {
        let town = Self::young(policy);
        town.pass(2 * 3600);
        town
    }

    /// The same, with a store that is new.
    pub(super) fn young(policy: &str) -> Self {
        let memory = Path::new("/dev/shm");
        let room = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let vpn = AtlasVpn::start();
        let old = vpn.state().keys[0].clone();
        let repo = Repo::new();
        repo.write("README", "app\n").stage("README").commit("first");
        let served = room.path().join("served");
        std::fs::create_dir(&served).unwrap();
        let bare = served.join("app.git");
        repo.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        let host = git_http::serve(&served, |_| None);
        let town = Self { room, vpn, old, repo, host };
        town.repo.git(["remote", "add", "origin", &format!("http://{}/app.git", town.host)]);
        std::fs::write(town.path("clock"), "0").unwrap();
        town.policy(policy);
        for environment in ["staging", "production"] {
            let Key { key_id, secret, .. } = &town.old;
            let text = format!("AVP_KEY_ID={key_id}\nAVP_SECRET={secret}\n");
            std::fs::write(town.file(environment), text).unwrap();
        }
        town.add();
        town
    }

    /// Writes the operator's settings anew.
    pub(super) fn policy(&self, policy: &str) {
        let (api, gateway, host) = (self.vpn.api(), self.vpn.gateway(), &self.host);
        let repo = self.repo.path("");
        let repo = repo.canonicalize().unwrap();
        let config = format!(
            "[network]\nallow = [\"{api}\", \"{gateway}\", \"{host}\"]\n\n[providers.atlasvpn]\napi = \"http://{api}\"\ngateway = \"{gateway}\"\n\n[respond]\nlive = true\nrepositories = [\"{}\"]\n{policy}\n[hosts.town]\nkind = \"plain\"\nhost = \"{host}\"\n",
            repo.display()
        );
        std::fs::write(self.path("keywright.toml"), config).unwrap();
    }

    /// Adds to the operator's settings.
    pub(super) fn settings(&self, text: &str) {
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        std::fs::write(self.path("keywright.toml"), format!("{text}\n{config}")).unwrap();
    }

    /// Lets a place on loopback be reached.
    pub(super) fn allow(&self, place: &str) {
        let config = std::fs::read_to_string(self.path("keywright.toml")).unwrap();
        let config = config.replacen("allow = [", &format!("allow = [\"{place}\", "), 1);
        std::fs::write(self.path("keywright.toml"), config).unwrap();
    }

    fn add(&self) {
        let id = format!("--key-id={}", self.old.key_id);
        let mut words = vec!["keys".to_owned(), "add".into(), "proxy".into(), "--provider=atlasvpn".into()];
        words.extend([id, "--owner=ann".into()]);
        for environment in ["staging", "production"] {
            let file = self.file(environment);
            words.push(format!(
                "--destination={environment}=dotenv:{}#AVP_SECRET,key_id=AVP_KEY_ID",
                file.display()
            ));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words).exits(0);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    pub(super) fn file(&self, environment: &str) -> PathBuf {
        self.path(&format!("{environment}.env"))
    }

    /// Commits a text that holds a credential, and pushes it to where strangers read.
    pub(super) fn leak(&self, name: &str, text: &str) {
        self.repo.write(name, text).stage(name).commit(&format!("add {name}"));
        self.repo.git(["push", "-q", "origin", "HEAD"]);
    }

    /// Leaks the key.
    pub(super) fn leak_key(&self) {
        let text = self.url(&self.old.key_id, &self.old.secret);
        self.leak("proxy.py", &text);
    }

    pub(super) fn url(&self, key_id: &str, secret: &str) -> String {
        format!("PROXY = \"http://{key_id}:{secret}@api.atlasvpn.live:7777\"\n")
    }

    pub(super) fn program(&self) -> Program {
        Program::new(self.room.path(), self.room.path())
            .env("KEYWRIGHT_CONFIG", self.path("keywright.toml"))
            .env("KEYWRIGHT_CLOCK", self.path("clock"))
            .env("SUPABASE_URL", format!("http://{}", self.vpn.api()))
            .env("SUPABASE_SERVICE_KEY", APIKEY)
            .env("AVP_BOT_EMAIL", EMAIL)
            .env("AVP_BOT_PASSWORD", PASSWORD)
            .env("USER", "ann")
    }

    pub(super) fn run(&self, words: &[&str]) -> Run {
        self.program().run(words)
    }

    /// Scans the repository and answers what is found.
    pub(super) fn respond(&self) -> Run {
        let repo = self.repo.path("");
        self.run(&["respond", "--scan", repo.to_str().unwrap(), "--wait=10s"])
    }

    pub(super) fn pass(&self, seconds: i64) {
        let file = self.path("clock");
        let moved: i64 = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        std::fs::write(&file, (moved + seconds * 1000).to_string()).unwrap();
        self.vpn.state().moved = (moved / 1000) + seconds;
    }

    /// Returns the incidents, each with its stage.
    pub(super) fn incidents(&self) -> Vec<Value> {
        let run = self.run(&["incidents", "list", "--all", "--format=json"]).exits(0);
        let list: Value = serde_json::from_slice(&run.stdout).unwrap();
        list.as_array().unwrap().clone()
    }

    /// Returns the only incident.
    #[track_caller]
    pub(super) fn incident(&self) -> Value {
        let all = self.incidents();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }

    /// Tells whether the key works as it was at first.
    pub(super) fn lives(&self) -> bool {
        self.vpn.state().opens(&self.old.key_id, &self.old.secret)
    }

    /// Returns what a place holds: key id and secret.
    pub(super) fn held(&self, environment: &str) -> (String, String) {
        let text = std::fs::read_to_string(self.file(environment)).unwrap();
        let of = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().to_owned();
        (of("AVP_KEY_ID="), of("AVP_SECRET="))
    }

    /// Tells whether what a place holds works.
    pub(super) fn serves(&self, environment: &str) -> bool {
        let (id, secret) = self.held(environment);
        self.vpn.state().opens(&id, &secret)
    }

    /// Returns the calls that change something at the provider.
    pub(super) fn changes(&self) -> Vec<String> {
        let is_change = |call: &&String| call.starts_with("DELETE") || call.starts_with("POST /api");
        self.vpn.state().log.iter().filter(is_change).cloned().collect()
    }

    /// Asserts that nothing the program kept holds a secret in clear.
    #[track_caller]
    pub(super) fn keeps_no_secret(&self, runs: &[&Run]) {
        let mut folders = vec![self.path(".local")];
        let mut texts: Vec<Vec<u8>> = runs.iter().map(|run| format!("{run:?}").into_bytes()).collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => texts.push(std::fs::read(path).unwrap()),
                }
            }
        }
        for secret in self.vpn.secrets() {
            let is_told = |t: &Vec<u8>| memchr::memmem::find(t, secret.as_bytes()).is_some();
            assert!(!texts.iter().any(is_told), "a secret is told");
        }
    }
}
