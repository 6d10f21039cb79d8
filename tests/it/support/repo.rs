//! Real repositories, built by the git program.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::rc::Rc;

use tempfile::TempDir;

use super::program::{Program, Run, cleared};

/// When the first commit is made, in seconds since 1970; each later one comes a minute after.
const FIRST: i64 = 1_700_000_000;

/// A repository in a folder that goes when the test ends.
pub(crate) struct Repo {
    room: Rc<TempDir>,
    folder: PathBuf,
    clock: Cell<i64>,
}

impl Repo {
    /// Makes an empty repository.
    pub(crate) fn new() -> Self {
        Self::init(&["--quiet"])
    }

    /// Makes an empty repository whose ids are SHA-256.
    pub(crate) fn sha256() -> Self {
        Self::init(&["--quiet", "--object-format=sha256"])
    }

    /// Makes an empty repository with flags of `git init`.
    pub(crate) fn init(flags: &[&str]) -> Self {
        let room = Rc::new(tempfile::tempdir().unwrap());
        let folder = room.path().join("project");
        fs::create_dir(&folder).unwrap();
        let repo = Self { room, folder, clock: Cell::new(FIRST) };
        let init: Vec<&str> = ["init"].iter().chain(flags).copied().collect();
        repo.git(init);
        repo
    }

    /// Returns a clone beside this one, made with flags of `git clone`.
    pub(crate) fn clone(&self, name: &str, flags: &[&str]) -> Self {
        let folder = self.room.path().join(name);
        let url = format!("file://{}", self.folder.display());
        let mut args = vec!["clone", "--quiet"];
        args.extend(flags);
        args.extend([url.as_str(), folder.to_str().unwrap()]);
        self.git(&args);
        self.beside(name)
    }

    /// Returns the repository in a folder beside this one.
    pub(crate) fn beside(&self, name: &str) -> Self {
        Self {
            room: self.room.clone(),
            folder: self.room.path().join(name),
            clock: Cell::new(self.clock.get()),
        }
    }

    /// Returns a path in the working tree.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns a path beside the repository.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// Writes a file of the working tree.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Takes a file out of the working tree.
    pub(crate) fn remove(&self, name: &str) -> &Self {
        fs::remove_file(self.path(name)).unwrap();
        self
    }

    /// Stages a path.
    pub(crate) fn stage(&self, name: &str) -> &Self {
        self.git(["add", "--force", "--", name]);
        self
    }

    /// Commits everything there is.
    pub(crate) fn commit(&self, message: &str) -> &Self {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
        self
    }

    /// Commits everything there is as somebody, some day.
    pub(crate) fn commit_as(&self, message: &str, author: &str, date: &str) -> &Self {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "-m", message, "--author", author, "--date", date]);
        self
    }

    /// Makes a branch here and goes to it.
    pub(crate) fn branch(&self, name: &str) -> &Self {
        self.git(["checkout", "--quiet", "-b", name]);
        self
    }

    /// Goes to a branch or commit.
    pub(crate) fn go(&self, name: &str) -> &Self {
        self.git(["checkout", "--quiet", name]);
        self
    }

    /// Begins a merge; whether it ends in conflict is the caller's story.
    pub(crate) fn merge(&self, name: &str) -> &Self {
        self.try_git(["merge", "--no-ff", "--no-commit", name], b"");
        self
    }

    /// Runs git, which must succeed, and returns what it says.
    #[track_caller]
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        self.git_with(args, b"")
    }

    /// Runs git with something on standard input.
    #[track_caller]
    pub(crate) fn git_with<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
        input: &[u8],
    ) -> String {
        let args: Vec<_> = args.into_iter().map(|a| a.as_ref().to_owned()).collect();
        let output = self.try_git(&args, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs git, however it ends.
    pub(crate) fn try_git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>, input: &[u8]) -> Output {
        let now = self.clock.get() + 60;
        self.clock.set(now);
        let date = format!("{now} +0000");
        let mut command = self.command("git");
        command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        for setting in
            ["init.defaultBranch=main", "protocol.file.allow=always", "gc.auto=0", "safe.directory=*"]
        {
            command.args(["-c", setting]);
        }
        let mut child = command.args(args).stdin(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = cleared(program, self.room.path());
        command.current_dir(&self.folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_AUTHOR_NAME", "Ann Author").env("GIT_AUTHOR_EMAIL", "ann@example.com");
        command.env("GIT_COMMITTER_NAME", "Carl Committer").env("GIT_COMMITTER_EMAIL", "carl@example.com");
        command
    }

    /// Stores an object as it is, however wrong, and returns its id.
    pub(crate) fn store(&self, kind: &str, content: &[u8]) -> String {
        self.git_with(["hash-object", "-t", kind, "-w", "--literally", "--stdin"], content)
    }

    /// Returns the full id of a revision.
    pub(crate) fn id(&self, name: &str) -> String {
        self.git(["rev-parse", name])
    }

    /// Returns the file of a loose object.
    pub(crate) fn loose(&self, id: &str) -> PathBuf {
        self.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]))
    }

    /// Returns the files of the packs with this ending.
    pub(crate) fn packs(&self, ending: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path(".git/objects/pack")).unwrap().map(|e| e.unwrap().path());
        let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == ending)).collect();
        files.sort();
        files
    }

    /// Returns a run of keywright in the working tree to come.
    pub(crate) fn program(&self) -> Program {
        Program::new(&self.folder, self.room.path())
    }

    /// Runs `keywright scan --format json` and more in the working tree.
    pub(crate) fn scan<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.program().scan(args)
    }

    /// Runs keywright in the working tree.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.program().run(args)
    }
}
