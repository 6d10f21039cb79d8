//! The recipes for hook managers, word for word from docs/ci/frameworks.md, run by the real managers.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::program::cleared;
use crate::support::{Repo, key, nth_key};

/// Returns the folder of the managers; a test without them says so.
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
fn managers() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWRIGHT_FRAMEWORKS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run sets the hook managers up");
        println!("skipped: KEYWRIGHT_FRAMEWORKS names no folder (tests/frameworks/setup.sh)");
    }
    folder
}

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Returns the block of the page that goes into a file.
fn recipe(file: &str) -> String {
    let page = read("docs/ci/frameworks.md");
    let at = page.find(&format!("`{file}`:\n\n```")).unwrap_or_else(|| panic!("no recipe for {file}"));
    let block = page[at..].split("```").nth(1).unwrap();
    block.split_once('\n').unwrap().1.to_owned()
}

/// A repository whose hooks some manager runs.
struct Shop {
    repo: Repo,
    path: OsString,
}

impl Shop {
    fn new(managers: &Path) -> Self {
        let repo = Repo::new();
        let program = Path::new(env!("CARGO_BIN_EXE_keywright")).parent().unwrap();
        let folders = [managers.join("venv/bin"), managers.join("node_modules/.bin"), program.into()];
        let own = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&own))).unwrap();
        Self { repo, path }
    }

    fn try_run(&self, program: &str, args: &[&str]) -> Output {
        self.command(program, args).output().unwrap()
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = cleared(program, &self.repo.outside(""));
        command.current_dir(self.repo.path("")).env("PATH", &self.path).args(args);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PRE_COMMIT_HOME", self.repo.outside("pre-commit"));
        command.env("PREK_HOME", self.repo.outside("prek"));
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Ann").env(format!("GIT_{who}_EMAIL"), "ann@example.com");
        }
        command
    }

    /// Runs a program, which must end as it should, and returns what it said.
    #[track_caller]
    fn run(&self, is_well: bool, program: &str, args: &[&str]) -> String {
        let output = self.try_run(program, args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(output.status.success(), is_well, "{program} {args:?}: {said}");
        said
    }

    /// Commits a file, which must go as it should.
    #[track_caller]
    fn commit(&self, is_well: bool, file: &str, text: &str) -> String {
        self.repo.write(file, text).stage(file);
        self.run(is_well, "git", &["commit", "-m", "a change"])
    }

    /// A repository that has this one's hooks, and nothing to build.
    fn hooks(&self) -> String {
        self.repo.git(["init", "--quiet", "../hooks"]);
        let hooks = self.repo.beside("hooks");
        hooks.write(".pre-commit-hooks.yaml", read(".pre-commit-hooks.yaml")).commit("hooks");
        hooks.id("HEAD")
    }

    /// Writes the recipe, with the keywright on PATH instead of one that would be built for minutes.
    fn pre_commit(&self, manager: &str) {
        let id = self.hooks();
        let recipe = recipe(".pre-commit-config.yaml")
            .replace("https://github.com/OWNER/keywright", self.repo.outside("hooks").to_str().unwrap())
            .replace("COMMIT", &id);
        let system: String = recipe
            .lines()
            .map(|line| match line.trim_start().strip_prefix("- id: ") {
                Some(id) => format!("      - {{ id: {id}, language: system }}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        self.repo.write(".pre-commit-config.yaml", system).commit("config");
        self.run(true, manager, &["install"]);
    }
}

/// What a commit's hook must do, whoever runs it.
fn stops_what_comes_in(shop: &Shop) {
    shop.commit(true, "clean.txt", "nothing to see\n");
    let said = shop.commit(false, "a b.env", &format!("TOKEN={}\n", key("github")));
    assert!(said.contains("a b.env:1") && said.contains("GitHub personal access token"), "{said}");
    assert!(!said.contains(&key("github")), "{said}");
    // It is the index that counts, not the file.
    shop.repo.write("a b.env", "TOKEN=\n");
    let said = shop.commit(false, "clean.txt", "still clean\n");
    assert!(said.contains("a b.env:1"), "{said}");
    // What was there before does not stop a commit that only touches its file.
    shop.repo.write("a b.env", format!("TOKEN={}\n", key("github")));
    shop.run(true, "git", &["commit", "--all", "--no-verify", "-m", "leak"]);
    shop.commit(true, "a b.env", &format!("TOKEN={}\nPORT=80\n", key("github")));
}

/// Without a change at hand, every file is looked at: nothing read is not nothing found.
fn finds_in_all_files(shop: &Shop, manager: &str, args: &[&str]) {
    let said = shop.run(false, manager, args);
    assert!(said.contains("a b.env:1") && said.contains("GitHub personal access token"), "{said}");
}

#[test]
fn pre_commit_and_prek_stop_a_commit_and_read_all_files() {
    let Some(managers) = managers() else { return };
    for manager in ["pre-commit", "prek"] {
        let shop = Shop::new(&managers);
        shop.pre_commit(manager);
        stops_what_comes_in(&shop);
        finds_in_all_files(&shop, manager, &["run", "--all-files"]);
        finds_in_all_files(&shop, manager, &["run", "--files", "a b.env"]);
        shop.run(true, manager, &["run", "--files", "clean.txt"]);
        // One file of the commit, one that it leaves alone: each is looked at as it should be.
        shop.repo.write("new.env", format!("TOKEN={}\n", nth_key("github", 2))).stage("new.env");
        let said = shop.run(false, manager, &["run", "--all-files"]);
        assert!(said.contains("new.env:1") && said.contains("a b.env:1"), "{said}");
    }
}

/// What the hooks of messages and pushes must do, whoever runs them.
fn stops_messages_and_pushes(shop: &Shop) {
    shop.run(true, "git", &["init", "--quiet", "--bare", "../far.git"]);
    shop.run(true, "git", &["remote", "add", "origin", "../far.git"]);
    // The first push of all, then a new branch, then more of it.
    shop.run(true, "git", &["push", "origin", "main"]);
    shop.repo.branch("work").write("a.env", format!("TOKEN={}\n", key("github")));
    shop.run(true, "git", &["add", "a.env"]);
    shop.run(true, "git", &["commit", "--no-verify", "-m", "leak"]);
    // Taken out again, and in the history all the same.
    shop.repo.remove("a.env").write("b.txt", "b\n");
    shop.run(true, "git", &["add", "--all"]);
    shop.run(true, "git", &["commit", "-m", "oh"]);
    let said = shop.run(false, "git", &["push", "origin", "work"]);
    assert!(said.contains("a.env:1") && said.contains("GitHub personal access token"), "{said}");
    shop.run(true, "git", &["push", "--no-verify", "origin", "work"]);
    shop.commit(true, "c.txt", "c\n");
    shop.run(true, "git", &["push", "origin", "work"]);
    // A key in a message is in the history for as long as the commit is.
    shop.repo.write("d.txt", "d\n").stage("d.txt");
    let said = shop.run(false, "git", &["commit", "-m", &format!("use {}", nth_key("github", 2))]);
    assert!(said.contains("GitHub personal access token") && !said.contains(&nth_key("github", 2)), "{said}");
}

#[test]
fn pre_commit_and_prek_stop_messages_and_pushes() {
    let Some(managers) = managers() else { return };
    for manager in ["pre-commit", "prek"] {
        let shop = Shop::new(&managers);
        shop.pre_commit(manager);
        stops_messages_and_pushes(&shop);
    }
}

#[test]
fn lefthook_stops_a_commit_and_reads_all_files() {
    let Some(managers) = managers() else { return };
    let shop = Shop::new(&managers);
    shop.repo.write("lefthook.yml", recipe("lefthook.yml")).commit("config");
    shop.run(true, "lefthook", &["install"]);
    stops_what_comes_in(&shop);
    finds_in_all_files(&shop, "lefthook", &["run", "pre-commit", "--all-files"]);
}

#[test]
fn lefthook_stops_messages_and_pushes() {
    let Some(managers) = managers() else { return };
    let shop = Shop::new(&managers);
    shop.repo.write("lefthook.yml", recipe("lefthook.yml")).commit("config");
    shop.run(true, "lefthook", &["install"]);
    stops_messages_and_pushes(&shop);
}

#[test]
fn husky_stops_commits_messages_and_pushes() {
    let Some(managers) = managers() else { return };
    for story in [stops_what_comes_in, stops_messages_and_pushes] {
        let shop = Shop::new(&managers);
        for file in [".husky/pre-commit", ".husky/commit-msg", ".husky/pre-push"] {
            shop.repo.write(file, recipe(file));
        }
        shop.repo.write("package.json", "{}").write(".gitignore", "_\n").commit("config");
        shop.run(true, "husky", &[]);
        story(&shop);
    }
}

#[test]
fn a_container_that_sees_a_linked_worktree_alone_does_not_pass() {
    // What `language: docker` mounts: the folder, without the repository that its `.git` names.
    let repo = Repo::new();
    repo.write("a.txt", "a\n").commit("one");
    repo.git(["worktree", "add", "--quiet", "../tree"]);
    let tree = repo.beside("tree");
    tree.write(".git", "gitdir: /nowhere/of/that/name\n");
    tree.run(["hook", "run", "pre-commit", "--", "a.txt"]).exits(3);
}

#[test]
fn the_managers_take_the_file_of_hooks() {
    let Some(managers) = managers() else { return };
    let shop = Shop::new(&managers);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    for manager in ["pre-commit", "prek"] {
        shop.run(true, manager, &["validate-manifest", file.to_str().unwrap()]);
    }
}
