//! The real program, run in an environment of its own.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a run may take: a test that hangs says so.
const LONGEST_RUN: Duration = Duration::from_secs(120);

/// One run of keywright to come.
pub(crate) struct Program {
    command: Command,
    input: Vec<u8>,
}

/// Takes everything from a program's environment but what it needs to start.
pub(crate) fn cleared(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("TERM", "dumb");
    command.env("XDG_CONFIG_HOME", home.join(".config")).env("XDG_CACHE_HOME", home.join(".cache"));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

impl Program {
    /// Takes the folder it runs in and the home of the user who runs it.
    pub(crate) fn new(folder: &Path, home: &Path) -> Self {
        let mut command = cleared(env!("CARGO_BIN_EXE_keywright"), home);
        command.current_dir(folder);
        Self { command, input: Vec::new() }
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets what standard input holds.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Runs `keywright scan --format json` and more.
    pub(crate) fn scan<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Run {
        let args = args.into_iter().map(|a| a.as_ref().to_owned());
        self.run(["scan", "--format", "json"].map(OsString::from).into_iter().chain(args))
    }

    /// Runs `keywright` with these words.
    pub(crate) fn run<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Run {
        self.command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = self.command.spawn().unwrap();
        let id = child.id();
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        // A program that does not read its input lets the pipe break, which is its own affair.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let (done, waiting) = std::sync::mpsc::channel();
        let waiter = std::thread::spawn(move || {
            let output = child.wait_with_output().unwrap();
            let _ = done.send(());
            output
        });
        if waiting.recv_timeout(LONGEST_RUN).is_err() {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("keywright hangs: {:?}", self.command);
        }
        writer.join().unwrap();
        let output = waiter.join().unwrap();
        Run {
            words: format!("{:?}", self.command.get_args().collect::<Vec<_>>()),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
            took: begun.elapsed(),
        }
    }
}

/// What a run said and how it ended.
pub(crate) struct Run {
    words: String,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
    pub(crate) took: Duration,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { words, stderr, code, .. } = self;
        write!(f, "{words} exited with {code:?}\n--- stdout\n{}\n--- stderr\n{stderr}", self.text())
    }
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.words,
            self.text(),
            self.stderr
        );
        self
    }

    /// Returns standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Returns the report, parsed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.stdout);
        parsed
            .unwrap_or_else(|e| panic!("{} told no JSON: {e}\n{}\n{}", self.words, self.text(), self.stderr))
    }

    /// Returns the findings of the report.
    #[track_caller]
    pub(crate) fn findings(&self) -> Vec<Value> {
        self.json()["findings"].as_array().unwrap().clone()
    }

    /// Returns one line for each finding, sorted: `index a.env:1 github-personal-token`, and what
    /// keeps it from counting, if anything does.
    #[track_caller]
    pub(crate) fn found(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.findings().iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Returns the counted gaps of the report: `shallow clone's edge × 1`.
    #[track_caller]
    pub(crate) fn gaps(&self) -> Vec<String> {
        let json = self.json();
        let skipped = json["coverage"]["skipped"].as_array().unwrap();
        let gaps = skipped.iter().filter(|s| s["gap"] == true);
        gaps.map(|s| format!("{} × {}", s["count"], s["reason"].as_str().unwrap())).collect()
    }

    /// Returns both streams, with what differs from run to run replaced, and the exit code.
    pub(crate) fn screen(&self) -> String {
        let mut text = steady(&self.text());
        if !self.stderr.is_empty() {
            text += &format!("--- stderr\n{}", steady(&self.stderr));
        }
        let code = self.code.map_or_else(|| "by a signal".into(), |code| code.to_string());
        format!("{text}exit {code}")
    }
}

fn line(finding: &Value) -> String {
    let text = |name: &str| finding[name].as_str().unwrap_or_default();
    let why = match (&finding["counts"], text("status")) {
        _ if finding["suppression"].is_object() => " (suppressed)".into(),
        (Value::Bool(true), _) => String::new(),
        (_, "counts") => format!(" ({})", text("severity")),
        (_, status) => format!(" ({status})"),
    };
    format!("{} {}:{} {}{why}", text("place"), text("path"), finding["line"], text("rule"))
}

/// Replaces seconds, the number of rules, object ids, fingerprints and folders made for the test.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(steady_word).collect();
        for at in 1..words.len() {
            if words[at - 1] == "fingerprint" {
                words[at] = "[fp]".into();
            }
            if words[at].trim_end_matches(',') == "s" && words[at - 1].parse::<f64>().is_ok() {
                words[at - 1] = "[t]".into();
            }
            if words[at] == "rules" && words[at - 1].parse::<u64>().is_ok() {
                words[at - 1] = "[n]".into();
            }
        }
        out += words.join(" ").trim_end();
        out.push('\n');
    }
    out
}

fn steady_word(word: &str) -> String {
    let tmp = std::env::temp_dir().display().to_string();
    if let Some(at) = word.find(&tmp) {
        let rest = &word[at + tmp.len()..];
        let after = rest.get(1..).and_then(|r| r.split_once('/')).map_or("", |(_, after)| after);
        return format!("{}[tmp]/{after}", &word[..at]);
    }
    let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let hex: &str = core.split(':').next().unwrap_or(core);
    if hex.len() >= 10 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return word.replace(hex, if hex.len() == 12 { "[fp]" } else { "[commit]" });
    }
    word.into()
}

/// A folder that goes when the test ends, and a home beside it.
pub(crate) struct Folder {
    room: tempfile::TempDir,
}

impl Folder {
    /// Makes one that is no repository.
    pub(crate) fn new() -> Self {
        let room = tempfile::tempdir().unwrap();
        std::fs::create_dir(room.path().join("work")).unwrap();
        Self { room }
    }

    /// Returns where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.room.path().join("work")
    }

    /// Returns a run in it to come.
    pub(crate) fn program(&self) -> Program {
        Program::new(&self.path(), self.room.path())
    }
}
