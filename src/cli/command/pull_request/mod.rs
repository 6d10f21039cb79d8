//! `keywright pull-request`: what a pull request brings in, told in one comment.
//!
//! - `host`: the GitHub that has it, and what becomes of the comment there

mod host;

use std::path::PathBuf;

use clap::Args;
use keywright::config::FailOn;
use keywright::git::Repository;
use keywright::host::github::Pull;
use keywright::report::{self, Linked};
use keywright::respond::pull::comment::{LONGEST, MARK, Say};
use keywright::respond::pull::hints::{self, Hints};
use keywright::respond::pull::mark_head;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::held::Own;
use crate::cli::look::{fails, refuse_unasked};
use crate::cli::rekey::Rekey;
use crate::cli::settings::{self, Flags};
use crate::cli::survey::{Request, Survey, ground, survey_on};
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;
use crate::cli::verified;
use host::Host;

/// Tell a pull request what it brings in, in one comment that is kept up to date
///
/// For a job that holds credentials and runs nothing of the pull request: objects are read from a local repository, and
/// nothing is checked out. With --hints only what another job pointed at is read, by its id, and looked at anew; nothing
/// that the file says is believed or repeated. Without --hints everything in BASE..HEAD is read.
///
/// Without --comment nobody is asked, and the comment is only printed.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright pull-request --repository acme/shop --head HEAD_SHA --base BASE_SHA objects.git\n  keywright pull-request --repository acme/shop --head HEAD_SHA --base BASE_SHA --hints hints.json --verify --comment objects.git\n\nThe token is a reference: --token, or [hosts.github] token in your own settings, or env:GITHUB_TOKEN. It needs\n`Pull requests: read and write`. Where its GitHub is: [hosts.github] api, or GITHUB_API_URL (docs/pull-requests.md).\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read, looked at again or told"
)]
pub(crate) struct PullRequestArgs {
    /// A local repository that has the objects, bare or not [default: the one around the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// The repository that the pull request is opened in
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository)]
    repository: (String, String),
    /// The commit that the pull request would merge, in full
    #[arg(long, value_name = "SHA", value_parser = commit)]
    head: String,
    /// The commit that it would be merged into: what that holds is not new, and its settings count [default: with --comment, what the host says]
    #[arg(long, value_name = "SHA", value_parser = commit)]
    base: Option<String>,
    /// Where to look: a file of `keywright scan --format hints`, whoever wrote it
    #[arg(long, value_name = "FILE")]
    hints: Option<PathBuf>,
    /// Ask providers whether the keys that are found work: each once, and at its provider's own host only
    #[arg(long)]
    verify: bool,
    /// Write the comment, change it, or take it away, instead of printing it
    #[arg(long)]
    comment: bool,
    /// Where the token stands: env:NAME, file:PATH or exec:PROGRAM [default: env:GITHUB_TOKEN]
    #[arg(long, value_name = "REFERENCE")]
    token: Option<String>,
    /// Settings of your own; no file of the repository's
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn repository(text: &str) -> Result<(String, String), String> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let is_name =
        |name: &str| !matches!(name, "" | "." | "..") && name.len() <= 100 && name.bytes().all(is_plain);
    let both = text.split_once('/').filter(|(owner, name)| is_name(owner) && is_name(name));
    both.map(|(owner, name)| (owner.into(), name.into())).ok_or_else(|| "write OWNER/NAME".into())
}

fn commit(text: &str) -> Result<String, String> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    let no_id = || "name a commit by its whole id: 40 or 64 hexadecimal digits".to_owned();
    is_id.then(|| text.to_ascii_lowercase()).ok_or_else(no_id)
}

/// No commit at all.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// Runs the command.
pub(crate) fn run(args: &PullRequestArgs, ui: &Ui) -> Result<Exit, CliError> {
    let path = args.path.clone().unwrap_or_else(|| ".".into());
    let no_repository = || {
        let what = format!("{} is no repository", path.display());
        CliError::usage(what, "name one that has the pull request's objects; a bare one will do")
    };
    let repo = Repository::discover(&path)?.ok_or_else(no_repository)?;
    let own = Own::At(NOTHING.into());
    let flags = Flags { config: args.config.clone(), own, ..Flags::default() };
    if settings::are_held(&flags, Some(&repo))? {
        return Err(CliError::usage(
            "the settings name whom to ask, and they lie in the repository",
            "keep them where no pull request changes them",
        ));
    }
    let hints = args.hints.as_deref().map(|file| hints::read_file(file).map_err(|why| refused(file, why)));
    let hints = hints.transpose()?;
    let host = Host::open(args, ui)?;
    let pull = args.comment.then(|| host.pull()).transpose()?;
    let base = base(args, pull.as_ref(), &repo, ui);

    let looked = look(args, path, base, hints.as_ref(), ui)?;
    let Looked { mut survey, is_whole, all_objects, lenient, fail_on } = looked;
    mark_head(&repo, &args.head, &mut survey.findings);
    if args.verify {
        verified::verify(&Rekey::open(args.config.as_deref())?, &mut survey)?;
    }
    survey.warnings.iter().for_each(|w| ui.warn(w));

    let outcome = survey.outcome(all_objects);
    let is_clean = is_whole && (outcome.coverage.is_complete() || lenient);
    let has_leaks = survey.findings.iter().any(|f| report::counts(f, &outcome));
    let linked = Linked { repository: host.page(), head: args.head.clone(), is_whole };
    let text = report::github_comment(&outcome, &linked, LONGEST - MARK.len());
    let say = match (has_leaks, is_clean) {
        (true, _) => Say::Text(&text),
        (false, false) => Say::Instead(&text),
        (false, true) => Say::Nothing,
    };
    let told = match &pull {
        Some(pull) => host.keep(pull, say, ui),
        None => printed(say, ui),
    };
    if fails(fail_on, &outcome) {
        // What was found counts for more than where it could be told.
        told.unwrap_or_else(|e| ui.error(&e));
        return Ok(Exit::Leaks);
    }
    told?;
    Ok(if is_clean { Exit::Clean } else { Exit::Incomplete })
}

/// What was looked at, and by which settings.
struct Looked {
    survey: Survey,
    /// Whether nothing of the hints is missing.
    is_whole: bool,
    all_objects: bool,
    lenient: bool,
    fail_on: FailOn,
}

/// Looks at what the pull request brings in, or at what hints point at.
fn look(
    args: &PullRequestArgs,
    path: PathBuf,
    base: String,
    hints: Option<&Hints>,
    ui: &Ui,
) -> Result<Looked, CliError> {
    let request = Request {
        paths: vec![path],
        narrow: narrow(&base, &args.head, hints),
        own: Own::At(base),
        config: args.config.clone(),
        verify: args.verify,
        ..Request::default()
    };
    let ground = ground(&request)?;
    let (all_objects, lenient) = (ground.settings.all_objects.value, ground.settings.allow_incomplete.value);
    let fail_on = ground.settings.fail_on.value;
    refuse_unasked(fail_on, &request)?;
    let mut survey = survey_on(ground, &request, ui)?;
    let is_whole = told_of(hints, &mut survey);
    Ok(Looked { survey, is_whole, all_objects, lenient, fail_on })
}

fn refused(file: &std::path::Path, why: String) -> CliError {
    CliError {
        what: format!("the hints in {} are refused", file.display()),
        why,
        fix: "write them with this version: keywright scan --format hints; without --hints all of the pull request is read"
            .into(),
        exit: Exit::Incomplete,
    }
}

/// Decides what is not new: what was said, what the host says if that is here, or nothing.
fn base(args: &PullRequestArgs, pull: Option<&Pull>, repo: &Repository, ui: &Ui) -> String {
    let told = args.base.clone().or_else(|| {
        let base = &pull?.base;
        (commit(base).is_ok() && repo.commit(base).is_ok()).then(|| base.clone())
    });
    told.unwrap_or_else(|| {
        ui.note("no base is known: the whole history of the head counts as new, and no settings of the repository's");
        NOTHING.into()
    })
}

fn narrow(base: &str, head: &str, hints: Option<&Hints>) -> Narrow {
    let range = format!("{base}..{head}");
    match hints {
        Some(hints) => Narrow::Named(range, hints.objects()),
        None => Narrow::Range(range),
    }
}

/// Puts down what the hints were worth; tells whether nothing of them is missing.
fn told_of(hints: Option<&Hints>, survey: &mut Survey) -> bool {
    let Some(hints) = hints else { return true };
    let unfounded = hints.unfounded(&survey.findings);
    if unfounded > 0 {
        let of = hints.len();
        survey.warnings.push(format!("{unfounded} of {of} hints lead to no such leak in this pull request"));
    }
    for (count, why) in
        [(hints.gaps, "things could not be read by it"), (hints.left_out, "leaks came without a hint")]
    {
        if count > 0 {
            survey.warnings.push(format!("the job that wrote the hints says: {count} {why}"));
        }
    }
    unfounded == 0 && hints.gaps == 0 && hints.left_out == 0
}

/// Prints what would be said.
fn printed(say: Say<'_>, ui: &Ui) -> Result<(), CliError> {
    let text = match say {
        Say::Text(text) | Say::Instead(text) => text,
        Say::Nothing => {
            ui.note("nothing is to be said: no comment would be written, and an earlier one taken away");
            return Ok(());
        }
    };
    ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))
}
