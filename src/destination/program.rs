//! Runs a program of the operator's: no shell, a short environment, a time limit, bounded output. A program
//! that is stopped takes everything it started with it.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use crate::model::text::shown;

/// All that a program finds in its environment: enough to find its tools, its user and its words.
const KEPT: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// How long after its end a program's output is waited for, if something it started still holds it.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending(Option<i32>);

impl Ending {
    /// Tells whether it ended with 0.
    #[must_use]
    pub fn is_well(self) -> bool {
        self.0 == Some(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(code) => write!(f, "ended with {code}"),
            None => write!(f, "was ended by a signal"),
        }
    }
}

/// Why there is no ending.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not begin.
    #[error("could not be started: {}", shown(.0.to_string().as_bytes()))]
    NotStarted(io::Error),
    /// It was stopped for taking too long.
    #[error("took longer than {} s, and was stopped with all it had started", .0.as_secs())]
    TooLong(Duration),
    /// It was stopped for saying too much.
    #[error("wrote more than {0} bytes, and was stopped with all it had started")]
    TooMuch(usize),
}

/// What a program said, and how it ended.
pub(super) struct Said {
    /// How it ended.
    pub(super) ending: Ending,
    /// Its standard output.
    pub(super) output: Zeroizing<Vec<u8>>,
    /// The end of its standard error.
    pub(super) errors: Zeroizing<Vec<u8>>,
}

/// Splits a command at its blanks. There are no quotes: what needs them is put into a script.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(Into::into).collect()
}

/// Runs a program that gets nothing to read and is not listened to.
///
/// # Errors
/// [`RunError`]: it was not started, or was stopped.
pub async fn run_silently(words: &[String], folder: &Path, within: Duration) -> Result<Ending, RunError> {
    let (mut child, mut group) = start(words, folder, Stdio::null)?;
    let ended = tokio::time::timeout(within, child.wait()).await;
    let ended = ended.map_err(|_| RunError::TooLong(within))?.map_err(RunError::NotStarted)?;
    group.over();
    Ok(Ending(ended.code()))
}

/// Runs a program that reads `input` and says no more than `most` bytes.
pub(super) async fn ask(
    words: &[String],
    folder: &Path,
    input: &[u8],
    most: usize,
    within: Duration,
) -> Result<Said, RunError> {
    let (mut child, mut group) = start(words, folder, Stdio::piped)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let room = |most| Zeroizing::new(Vec::with_capacity(most));
    let (mut output, mut errors) = (room(most), room(most));
    let talk = async {
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read lets the pipe break, which is its own affair.
                let _ = stdin.write_all(input).await;
            }
            Ok(())
        };
        let listen = take(stdout, &mut output, most, Beyond::Refused);
        let overhear = take(stderr, &mut errors, most, Beyond::Forgotten);
        // The first that has too much ends all three.
        tokio::try_join!(feed, listen, overhear).is_ok()
    };
    let run = async {
        tokio::pin!(talk);
        let mut fits = None;
        let ended = loop {
            tokio::select! {
                all = &mut talk, if fits.is_none() => {
                    if !all {
                        return Err(RunError::TooMuch(most));
                    }
                    fits = Some(all);
                }
                ended = child.wait() => break ended.map_err(RunError::NotStarted)?,
            }
        };
        if fits.is_none() && tokio::time::timeout(AFTERWARDS, &mut talk).await == Ok(false) {
            return Err(RunError::TooMuch(most));
        }
        Ok(Ending(ended.code()))
    };
    let ending = tokio::time::timeout(within, run).await.map_err(|_| RunError::TooLong(within))??;
    group.over();
    Ok(Said { ending, output, errors })
}

fn start(words: &[String], folder: &Path, stdio: fn() -> Stdio) -> Result<(Child, Group), RunError> {
    let Some((program, args)) = words.split_first() else {
        return Err(RunError::NotStarted(io::Error::new(io::ErrorKind::NotFound, "no program is named")));
    };
    // A name is looked up in PATH, a path is taken from the folder.
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.stdin(stdio()).stdout(stdio()).stderr(stdio()).process_group(0).kill_on_drop(true);
    let child = command.spawn().map_err(RunError::NotStarted)?;
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    Ok((child, Group(group)))
}

/// What becomes of what is more than there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    /// Reading ends.
    Refused,
    /// What was said first is forgotten.
    Forgotten,
}

/// Reads to the end.
async fn take(
    from: Option<impl AsyncRead + Unpin>,
    to: &mut Vec<u8>,
    most: usize,
    beyond: Beyond,
) -> Result<(), ()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut piece = Zeroizing::new([0; 4096]);
    while let Ok(count @ 1..) = from.read(&mut piece[..]).await {
        if to.len() + count > most {
            if beyond == Beyond::Refused {
                return Err(());
            }
            to.drain(..count.min(to.len()));
        }
        to.extend_from_slice(&piece[..count]);
    }
    Ok(())
}

/// A program with all it started, which ends when this is dropped before its time.
struct Group(Option<Pid>);

impl Group {
    /// Lets what is still running run on: the program itself ended by itself.
    fn over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
