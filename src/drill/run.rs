//! Runs git, and this very program, as an operator would: in an environment of their own that holds the
//! drill's home, the path to programs, and for Keywright what signs it in at the doubles.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::DrillError;

/// How long a program may run.
const LONGEST: Duration = Duration::from_secs(180);
/// How much of what a program says is kept, in bytes.
const MOST: u64 = 8 << 20;

/// Runs programs for the drill.
pub(super) struct Runner {
    /// This very program.
    binary: PathBuf,
    home: PathBuf,
    path: OsString,
}

/// How a program ended, and what it said.
pub(super) struct Ran {
    /// Its exit code; `None`: a signal ended it.
    pub(super) code: Option<i32>,
    /// Its standard output.
    pub(super) out: String,
    /// Its standard error.
    pub(super) err: String,
}

impl Ran {
    /// Tells whether it ended with 0.
    pub(super) fn is_well(&self) -> bool {
        self.code == Some(0)
    }

    /// Returns the last line it said, for a message.
    pub(super) fn last(&self) -> &str {
        let lines = self.err.lines().rev().chain(self.out.lines().rev());
        lines.map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing")
    }
}

impl Runner {
    /// Takes the program and the home of the drill.
    pub(super) fn new(binary: &Path, home: &Path) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self { binary: binary.into(), home: home.into(), path }
    }

    /// Runs git in a folder.
    ///
    /// # Errors
    /// [`DrillError::NoGit`] if there is none; else it could not be run to its end.
    pub(super) fn git(&self, folder: &Path, words: &[&str]) -> Result<Ran, DrillError> {
        let mut command = self.cleared("git");
        command.current_dir(folder).args(words);
        listen(command, &mut |_| {}).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => DrillError::NoGit,
            _ => DrillError::Run(format!("git {}", words.first().unwrap_or(&"")), e.to_string()),
        })
    }

    /// Runs git, which must succeed.
    ///
    /// # Errors
    /// As [`Runner::git`], or it said no.
    pub(super) fn git_well(&self, folder: &Path, words: &[&str]) -> Result<Ran, DrillError> {
        let ran = self.git(folder, words)?;
        if ran.is_well() {
            return Ok(ran);
        }
        Err(DrillError::Run(format!("git {}", words.first().unwrap_or(&"")), ran.last().into()))
    }

    /// Asks git, which reads `input`; `None` if it says no.
    pub(super) fn answer(&self, words: &[&str], input: &[u8]) -> Option<Vec<u8>> {
        let mut command = self.cleared("git");
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let mut stdin = child.stdin.take()?;
        // What it is asked is short: it fits into the pipe.
        let _ = stdin.write_all(input);
        drop(stdin);
        let ended = child.wait_with_output().ok()?;
        ended.status.success().then_some(ended.stdout)
    }

    /// Runs this very program in a folder, and tells each line it says as it comes.
    ///
    /// # Errors
    /// It could not be run to its end.
    pub(super) fn keywright(
        &self,
        folder: &Path,
        words: &[&str],
        more: &[(&str, &str)],
        heard: &mut dyn FnMut(&str),
    ) -> Result<Ran, DrillError> {
        let mut command = self.cleared(&self.binary);
        command.current_dir(folder).args(words).envs(more.iter().copied());
        listen(command, heard).map_err(|e| {
            DrillError::Run(format!("keywright {}", words.first().unwrap_or(&"")), e.to_string())
        })
    }

    fn cleared(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &self.home).env("PATH", &self.path).stdin(Stdio::null());
        for (name, below) in
            [("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache"), ("XDG_STATE_HOME", ".local/state")]
        {
            command.env(name, self.home.join(below));
        }
        // What the machine says of git is not the drill's: neither its hooks nor its signatures.
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        command
    }
}

/// Runs a program to its end, at most so long; a program that hangs is ended.
fn listen(mut command: Command, heard: &mut dyn FnMut(&str)) -> io::Result<Ran> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let complaints = thread::spawn(move || {
        let mut text = Vec::new();
        let _ = stderr.map(|err| err.take(MOST).read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    });
    let (done, waiting) = channel::<()>();
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let watch = thread::spawn(move || {
        if waiting.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout)
            && let Some(id) = id
        {
            let _ = kill_process(id, Signal::KILL);
        }
    });
    let mut out = String::new();
    for line in stdout.into_iter().flat_map(|out| BufReader::new(out.take(MOST)).split(b'\n')) {
        let line = String::from_utf8_lossy(&line?).into_owned();
        heard(&line);
        out += &line;
        out.push('\n');
    }
    let status = child.wait()?;
    drop(done);
    let _ = watch.join();
    let err = complaints.join().unwrap_or_default();
    Ok(Ran { code: status.code(), out, err })
}
