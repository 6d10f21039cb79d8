//! `keywright hook run`: what git's hooks call. No hook starts a runtime or opens a connection.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use keywright::git::Repository;
use keywright::git::hook::{Cleanup, Kind};
use keywright::git::push::{Push, Update};
use keywright::report::{self, Format, Style};

use super::kind;
use crate::cli::blocked::Act;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::look::{Seen, see};
use crate::cli::survey::Request;
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;

/// The longest message that is read, in bytes.
const LONGEST_MESSAGE: u64 = 64 << 20;
/// The most bytes of refs that are read.
const MOST_REFS: u64 = 256 << 20;

/// Which hook runs.
#[derive(Args)]
pub(super) struct Run {
    /// The hook's name, as git calls it: pre-commit, commit-msg, pre-push or pre-receive
    #[arg(value_name = "NAME", value_parser = kind)]
    pub(super) kind: Kind,
    /// How to tell: in few lines, or as scan does: json, jsonl, sarif and so on [default: human]
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = format)]
    pub(super) format: Option<Format>,
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// What git hands to the hook; for pre-commit, files to look at even where the commit leaves them alone
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) args: Vec<OsString>,
}

fn format(word: &str) -> Result<Format, String> {
    Format::from_word(word)
        .ok_or_else(|| format!("it is one of: {}", Format::words().collect::<Vec<_>>().join(", ")))
}

impl Run {
    /// Returns what to look at.
    pub(super) fn request(&self, narrow: Narrow) -> Request {
        Request {
            narrow,
            formats: self.format.into_iter().collect(),
            config: self.config.clone(),
            ..Request::default()
        }
    }

    fn arg(&self, at: usize, what: &str) -> Result<&OsString, CliError> {
        self.args.get(at).ok_or_else(|| {
            CliError::usage(
                format!("the {} hook needs {what}", self.kind.name()),
                "git hands it over; by hand, write it behind the hook's name",
            )
        })
    }
}

/// Looks at what is staged. Files are what a hook manager hands over: those of the commit, or under
/// `--all-files` every one.
pub(super) fn pre_commit(run: &Run, ui: &Ui) -> Result<Exit, CliError> {
    let narrow = match run.args.as_slice() {
        [] => Narrow::Staged,
        files => Narrow::Listed(files.iter().map(PathBuf::from).collect()),
    };
    let request = run.request(narrow);
    let seen = see(&request, ui)?;
    Ok(tell(&seen, &request, &Act::Commit, None, ui))
}

/// Looks at the message as git would store it.
pub(super) fn commit_msg(run: &Run, ui: &Ui) -> Result<Exit, CliError> {
    let file = PathBuf::from(run.arg(0, "the file of the message")?);
    let mut text = Vec::new();
    let opened = std::fs::File::open(&file);
    let read = opened.and_then(|f| f.take(LONGEST_MESSAGE + 1).read_to_end(&mut text));
    let unread = |why: String| CliError {
        why,
        ..CliError::usage(
            format!("can't read the message in {}", file.display()),
            "name a file that is there",
        )
    };
    read.map_err(|e| unread(e.to_string()))?;
    if text.len() as u64 > LONGEST_MESSAGE {
        return Err(unread(format!("it is longer than {LONGEST_MESSAGE} bytes")));
    }
    // git says so to its hooks, where it started no editor.
    let edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let message = Cleanup::here(Path::new("."), edited).stored(&text);
    let request = run.request(Narrow::Message(message));
    let seen = see(&request, ui)?;
    Ok(tell(&seen, &request, &Act::Message(file), None, ui))
}

/// Looks at what the remote does not have.
pub(super) fn pre_push(run: &Run, ui: &Ui) -> Result<Exit, CliError> {
    let remote = run.arg(0, "the remote's name")?;
    let url = run.args.get(1).unwrap_or(remote);
    let updates = updates(run.kind, Update::outgoing)?;
    let repo = here(Repository::discover(Path::new("."))?)?;
    let push = Push::outgoing(&repo, remote.as_encoded_bytes(), url.as_encoded_bytes(), &updates)?;
    push.notes.iter().for_each(|note| ui.note(note));
    let request = run.request(Narrow::Sent(push));
    let seen = see(&request, ui)?;
    Ok(tell(&seen, &request, &Act::Push(updates), Some(&repo), ui))
}

/// Reads the refs that git hands over on standard input.
pub(super) fn updates(
    kind: Kind,
    read: impl Fn(&[u8]) -> Result<Vec<Update>, usize>,
) -> Result<Vec<Update>, CliError> {
    let mut text = Vec::new();
    let taken = io::stdin().take(MOST_REFS + 1).read_to_end(&mut text);
    let wrong = |what: String| CliError::usage(what, "let git start the hook: keywright hook install");
    taken.map_err(|e| wrong(format!("can't read the refs of the push: {e}")))?;
    if text.len() as u64 > MOST_REFS {
        return Err(wrong(format!("the push has more than {MOST_REFS} bytes of refs")));
    }
    read(&text).map_err(|line| {
        wrong(format!("line {line} on standard input is none that git hands to {}", kind.name()))
    })
}

/// Returns the repository, if there is one.
pub(super) fn here(repo: Option<Repository>) -> Result<Repository, CliError> {
    repo.ok_or_else(|| CliError::usage("there is no git repository here", "let git start the hook there"))
}

/// Tells in few lines, or in the format that was asked for.
pub(super) fn tell(seen: &Seen, request: &Request, act: &Act, repo: Option<&Repository>, ui: &Ui) -> Exit {
    if seen.formats != [Format::Human] {
        return seen.tell(request, ui);
    }
    seen.survey.warnings.iter().for_each(|w| ui.warn(w));
    let outcome = seen.outcome();
    let stopped = (seen.exit != Exit::Clean).then(|| act.stopped());
    let ways = if seen.exit == Exit::Leaks { act.ways(&outcome, repo) } else { Vec::new() };
    ui.beside(|err, colour| {
        report::brief(&outcome, stopped, &Style { colour, width: ui.width(), show_secrets: false }, err)?;
        ways.iter().try_for_each(|line| writeln!(err, "{line}"))
    });
    seen.exit
}
