//! A commit in a scratch repository, with real git: what a hook does when git runs it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use keywright::git::hook::{self, Kind, Options};
use keywright::rule::template::fill;
use tempfile::TempDir;

/// How long one run of git may take.
const LONGEST: Duration = Duration::from_secs(60);
/// A key with a right checksum, made up when it is needed.
const KEY: &str = "ghp_{base62:30}{github-crc32}";
/// What git's environment says of another repository, where a hook started this program.
const OTHERS: [&str; 8] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_CONFIG_PARAMETERS",
];

/// Returns what git says of its version.
pub(crate) fn git_version() -> Result<String, String> {
    let (is_well, said) = git(Path::new("."), &["--version"])?;
    if is_well { Ok(said.trim().to_owned()) } else { Err(said) }
}

/// What a trial showed.
pub(crate) enum Shown {
    /// A key was stopped; and, where that was tried, a commit without one was not.
    Works,
    /// A key was committed.
    LetsThrough,
    /// A commit was stopped, but not by keywright; what was said.
    StoppedElsewhere(String),
}

/// Commits a made-up key in a repository made for it, with the hooks of this folder; without one, with a hook
/// that is put in as `hook install` does.
pub(crate) fn trial(hooks: Option<&Path>) -> Result<Shown, String> {
    let room = TempDir::with_prefix("keywright-trial-").map_err(|e| format!("no folder can be made: {e}"))?;
    let at = room.path().join("scratch");
    well(room.path(), &["init", "--quiet", "scratch"])?;
    // Named in any case: what is set for all repositories must not be written to, or run, by a trial.
    let folder = hooks.map_or_else(|| at.join(".git/hooks"), PathBuf::from);
    let folder = folder.to_str().ok_or("the folder of hooks is no UTF-8")?;
    well(&at, &["config", "core.hooksPath", folder])?;
    if hooks.is_none() {
        let binary = std::env::current_exe().map_err(|e| e.to_string())?;
        hook::install(&at, Kind::PreCommit, &Options { binary }).map_err(|e| e.to_string())?;
    }
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let key = fill(KEY, u64::from(seed.subsec_nanos())).map_err(|e| e.to_string())?;
    let put = |text: &str| -> Result<(bool, String), String> {
        std::fs::write(at.join("trial.env"), text).map_err(|e: io::Error| e.to_string())?;
        well(&at, &["add", "trial.env"])?;
        git(&at, &["commit", "--quiet", "-m", "trial"])
    };
    match put(&format!("TOKEN={key}\n"))? {
        (true, _) => return Ok(Shown::LetsThrough),
        (false, said) if said.contains("The commit was stopped") => {}
        (false, said) => return Ok(Shown::StoppedElsewhere(said)),
    }
    // The hooks of a repository of one's own may do more than look: theirs are not tried to the end.
    if hooks.is_none() {
        let (is_well, said) = put("TOKEN=\n")?;
        if !is_well {
            return Ok(Shown::StoppedElsewhere(said));
        }
    }
    Ok(Shown::Works)
}

fn well(at: &Path, args: &[&str]) -> Result<(), String> {
    match git(at, args)? {
        (true, _) => Ok(()),
        (false, said) => Err(format!("git {}: {}", args.join(" "), said.trim())),
    }
}

/// Runs git; returns whether it ended well, and what it said.
fn git(at: &Path, args: &[&str]) -> Result<(bool, String), String> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=keywright", "-c", "user.email=trial@example.com"]);
    command.args(["-c", "commit.gpgSign=false", "-c", "core.fsmonitor=false"]).args(args).current_dir(at);
    for name in OTHERS {
        command.env_remove(name);
    }
    // Into files: a program that a hook leaves behind could hold a pipe open.
    let out = tempfile::tempfile().map_err(|e| e.to_string())?;
    let same = |file: &std::fs::File| file.try_clone().map(Stdio::from).map_err(|e| e.to_string());
    command.stdin(Stdio::null()).stdout(same(&out)?).stderr(same(&out)?);
    let mut child = command.spawn().map_err(|e| format!("git can't be started: {e}"))?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => break status,
            None if begun.elapsed() > LONGEST => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("git {} takes longer than {} s", args.join(" "), LONGEST.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    Ok((status.success(), read(out)?))
}

fn read(mut file: std::fs::File) -> Result<String, String> {
    use std::io::{Read, Seek};
    let mut said = Vec::new();
    file.rewind().and_then(|()| file.take(1 << 20).read_to_end(&mut said)).map_err(|e| e.to_string())?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}
