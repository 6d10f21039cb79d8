//! A pull request: a repository with a branch that brings in keys, its objects in a bare repository, and the
//! host that has it.

use std::path::PathBuf;

use crate::support::github_host::{GithubHost, State, TOKEN};
use crate::support::program::{Program, Run};
use crate::support::{Repo, key};

/// The scene.
pub(super) struct Scene {
    pub(super) repo: Repo,
    pub(super) host: GithubHost,
    pub(super) base: String,
}

impl Scene {
    /// A base, and a branch that has one commit with a key in `dir/a b(1).env`.
    pub(super) fn new() -> Self {
        Self::of(Repo::new())
    }

    /// The same in an empty repository.
    pub(super) fn of(repo: Repo) -> Self {
        repo.write("README", "app\n").write("old.env", key("stripe")).commit("first");
        let base = repo.id("HEAD");
        repo.branch("topic")
            .write("dir/a b(1).env", format!("A=1\nTOKEN={}\n", key("github")))
            .commit("a key");
        let scene = Self { repo, host: GithubHost::start(State::default()), base };
        let place = scene.host.place();
        scene.settings(&format!(
            "[network]\nallow = [\"{place}\"]\n[hosts.github]\napi = \"http://{place}\"\ntoken = \"env:PR_TOKEN\"\n"
        ));
        scene.open(&[7]);
        scene
    }

    /// Writes the operator's settings.
    pub(super) fn settings(&self, text: &str) {
        std::fs::write(self.path("operator.toml"), text).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.repo.outside(name)
    }

    pub(super) fn head(&self) -> String {
        self.repo.id("HEAD")
    }

    /// Opens pull requests of the head as it is now; others stand around.
    pub(super) fn open(&self, numbers: &[u64]) {
        let (head, base) = (self.head(), self.base.clone());
        let mut pulls = vec![
            (1, "open", "1".repeat(head.len()), base.clone()),
            (2, "closed", head.clone(), base.clone()),
        ];
        pulls.extend(numbers.iter().map(|number| (*number, "open", head.clone(), base.clone())));
        pulls.extend((100..145).map(|number| (number, "open", format!("{number:040}"), base.clone())));
        self.host.state().pulls = pulls;
    }

    /// Fetches the objects into the bare repository, as a job does that checks nothing out.
    pub(super) fn fetch(&self) {
        let bare = self.path("objects.git");
        if !bare.exists() {
            let format = format!("--object-format={}", self.repo.git(["rev-parse", "--show-object-format"]));
            self.repo.git(["init", "-q", "--bare", &format, bare.to_str().unwrap()]);
        }
        let from = self.repo.path("");
        let refs = ["+HEAD:refs/keywright/head", "+main:refs/keywright/base"];
        let words = ["-C", bare.to_str().unwrap(), "fetch", "-q", from.to_str().unwrap()];
        self.repo.git(words.iter().chain(&refs));
    }

    /// Writes hints about the branch, as the job does that nobody trusts.
    pub(super) fn hints(&self) -> serde_json::Value {
        let range = format!("{}..HEAD", self.base);
        let run =
            self.repo.run(["scan", "--range", &range, "--settings-at", &self.base, "--format", "hints"]);
        std::fs::write(self.path("hints.json"), &run.stdout).unwrap();
        run.json()
    }

    pub(super) fn program(&self) -> Program {
        let room = self.path("");
        Program::new(&room, &room)
            .env("KEYWRIGHT_CONFIG", self.path("operator.toml"))
            .env("PR_TOKEN", TOKEN)
            .env("KEYWRIGHT_STORE", format!("sqlite:{}", self.path("store.db").display()))
    }

    /// Runs `keywright pull-request` over the bare repository, with its base.
    pub(super) fn run(&self, args: &[&str]) -> Run {
        let base = self.base.clone();
        self.run_with(&[&["--base", &base], args].concat())
    }

    /// The same without a base.
    pub(super) fn run_with(&self, args: &[&str]) -> Run {
        self.fetch();
        let head = self.head();
        let words = ["pull-request", "--repository", "acme/shop", "--head", &head, "objects.git"];
        let run = self.program().run([&words[..], args].concat());
        self.keeps_secrets(&run);
        run
    }

    /// Holds that no key, no token and nothing that a host repeats of them is told.
    #[track_caller]
    pub(super) fn keeps_secrets(&self, run: &Run) {
        let said = [&run.stdout, run.stderr.as_bytes()].concat();
        let state = self.host.state();
        let written = state.log.iter().map(|call| call.body.to_string());
        let all = written.chain(state.comments.values().cloned()).map(String::into_bytes).chain([said]);
        for text in all {
            for secret in [key("github"), key("stripe"), TOKEN.to_owned()] {
                let has = text.windows(secret.len()).any(|w| w == secret.as_bytes());
                assert!(!has, "a secret is told: {}", String::from_utf8_lossy(&text));
            }
        }
    }

    /// Returns the calls but for lists: `PATCH /repos/…`.
    pub(super) fn changes(&self) -> Vec<String> {
        self.host.calls().into_iter().filter(|call| !call.starts_with("GET ")).collect()
    }

    /// Returns what the one comment says.
    pub(super) fn comment(&self) -> String {
        let state = self.host.state();
        assert_eq!(state.comments.len(), 1, "{:?}", state.comments);
        state.comments.values().next().unwrap().clone()
    }
}
