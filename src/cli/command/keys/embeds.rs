//! `keywright keys embeds`: the pages that embed a key which is public by design (R68).

use std::path::PathBuf;

use clap::Args;
use keywright::model::Secret;
use keywright::model::text::shown;
use keywright::respond::embeds::{find, patch};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::meant::{meant, paths};
use crate::cli::survey::{Request, survey};
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;

/// The rules whose keys are public by design: pages embed them.
const PUBLIC: [&str; 1] = ["apiverve-forms-key"];

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys embeds site/contact.html:12                    every page that embeds this key\n  keywright keys embeds 3f2a90c1d4e5 --in site --in ../shop\n  keywright keys embeds 3f2a90c1d4e5 --in site --patch | git apply\n\nOnly for keys that are public by design, such as APIVerve's forms key: when it is rotated every embed code is invalid.\n\nExit codes: 0 no page embeds it, 1 pages do, 3 not everything could be read"
)]
pub(super) struct EmbedsArgs {
    /// A fingerprint, the beginning of one, or PATH:LINE
    #[arg(value_name = "FINDING")]
    finding: String,
    /// A folder to look through (repeatable) [default: the current one]
    #[arg(long = "in", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Print a patch that puts the new key there; it is asked for, or read from standard input
    #[arg(long)]
    patch: bool,
}

pub(super) fn run(args: &EmbedsArgs, ui: &Ui) -> Result<Exit, CliError> {
    let request = Request { paths: paths(&args.finding), narrow: Narrow::Files, ..Request::default() };
    let survey = survey(&request, ui)?;
    let meant = meant(&args.finding, &survey.findings)?;
    let is_public = |rule: &str| PUBLIC.contains(&rule);
    let Some(finding) = meant.into_iter().find(|f| is_public(&f.hit.rule.id)) else {
        return Err(CliError::usage(
            format!("{} is not public by design", shown(args.finding.as_bytes())),
            "replace it: keywright rotate; or answer its leak: keywright respond",
        ));
    };
    let folders = if args.folders.is_empty() { vec![PathBuf::from(".")] } else { args.folders.clone() };
    let new = if args.patch { Some(new_key(ui)?) } else { None };
    let (mut pages, mut unread) = (0, 0);
    for folder in folders {
        let failed = |why: String| CliError {
            what: format!("can't look through {}", folder.display()),
            why,
            fix: "name a folder that can be read: --in DIR".into(),
            exit: Exit::Incomplete,
        };
        let found = find(&folder, &finding.hit.secret).map_err(failed)?;
        unread += found.unread;
        for (file, count) in found.files {
            pages += 1;
            let name = file.strip_prefix(".").unwrap_or(&file).display().to_string();
            match &new {
                None => ui.lines(&[format!("{}  {count} times", shown(name.as_bytes()))]),
                Some(new) => match patch(&file, &name, &finding.hit.secret, new) {
                    Ok(text) => ui.lines(&text.lines().map(Into::into).collect::<Vec<_>>()),
                    Err(why) => ui.warn(&format!("{}: {why}", shown(name.as_bytes()))),
                },
            }
        }
    }
    Ok(match (pages, unread) {
        (0, 0) => Exit::Clean,
        (0, _) => Exit::Incomplete,
        _ => Exit::Leaks,
    })
}

/// Takes the new key: from a person, or from standard input.
fn new_key(ui: &Ui) -> Result<Secret, CliError> {
    let bytes = ui.hidden("The new key (not shown): ")?;
    let is_plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if bytes.len() < 8 || bytes.len() > 256 || !bytes.iter().all(is_plain) {
        return Err(CliError::usage(
            "what was handed over is no such key",
            "copy it whole: letters, digits, - _ and .",
        ));
    }
    Ok(Secret::new(bytes))
}
