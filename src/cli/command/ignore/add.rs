//! `keywright ignore add`.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;
use keywright::model::{Finding, Fingerprint, text::shown};
use keywright::suppress::{Entry, FILE_NAME};

use super::{Which, entry, today};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::suppressions::refuse_secrets;
use crate::cli::survey::{Request, survey};
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;
use crate::cli::write::replace;

/// The shortest beginning of a fingerprint that names a finding.
const SHORTEST: usize = 8;

#[derive(Args)]
pub(super) struct AddArgs {
    /// Fingerprints or their beginnings as a report shows them, or places: PATH:LINE
    #[arg(value_name = "FINDING", required = true)]
    findings: Vec<String>,
    /// Why they are let be
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for it [default: your git user.email]
    #[arg(long, value_name = "WHO")]
    owner: Option<String>,
    /// The last day it holds: a date (2027-06-30) or a number of days (90d)
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    expires: Option<Date>,
    #[command(flatten)]
    which: Which,
    /// Settings of your own, as for scan
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules of your own, as for scan (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

fn expiry(text: &str) -> Result<Date, String> {
    let date = match text.strip_suffix('d').and_then(|days| days.parse::<u16>().ok()) {
        Some(days) => today().checked_add(i64::from(days).days()).map_err(|e| e.to_string())?,
        None => text.parse().map_err(|_| "write a date (2027-06-30) or a number of days (90d)".to_owned())?,
    };
    if date < today() { Err("that day is over".into()) } else { Ok(date) }
}

/// What names a finding.
enum Named {
    Print(String),
    Place(PathBuf, u64),
}

fn named(word: &str) -> Result<Named, CliError> {
    if let Some((path, line)) = word.rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return Ok(Named::Place(path.into(), line));
    }
    let is_print = |c: char| c.is_ascii_hexdigit() || c == '-' || "weak".contains(c);
    if word.len() >= SHORTEST && word.chars().all(is_print) {
        return Ok(Named::Print(word.to_ascii_lowercase()));
    }
    // The word is not repeated: it could be the secret itself.
    Err(CliError::usage(
        "a word names no finding",
        "name it by fingerprint (eight characters or more, from a report) or by place: PATH:LINE",
    ))
}

pub(super) fn run(args: &AddArgs, ui: &Ui) -> Result<Exit, CliError> {
    if args.reason.trim().is_empty() {
        return Err(CliError::usage("the reason is empty", "say why: --reason \"the sandbox's key\""));
    }
    let named: Vec<Named> = args.findings.iter().map(|word| named(word)).collect::<Result<_, _>>()?;
    let (path, mut file) = args.which.read()?;
    let owner = args.owner.clone().or_else(keywright::git::user_email);
    let mut chosen: Vec<Entry> = Vec::new();
    let mut prints = Vec::new();
    for name in named {
        match name {
            Named::Place(at, line) => {
                let found = search(args, vec![at.clone()], Narrow::All, ui)?;
                let here: Vec<_> = found
                    .iter()
                    .filter(|f| (f.location.line..=f.location.end_line).contains(&line))
                    .collect();
                if here.is_empty() {
                    let fix = "`keywright scan` on that file tells the lines";
                    let place = shown(at.as_os_str().as_encoded_bytes());
                    return Err(CliError::usage(format!("nothing was found at {place}:{line}"), fix));
                }
                chosen.extend(here.into_iter().map(entry));
            }
            Named::Print(print) => prints.push(print),
        }
    }
    // The working tree answers at once; history only if it has to.
    for narrow in [Narrow::Files, Narrow::All] {
        if prints.is_empty() {
            break;
        }
        let found = search(args, Vec::new(), narrow, ui)?;
        let mut left = Vec::new();
        for print in prints {
            match resolve(&print, &found)? {
                Some(finding) => chosen.push(entry(finding)),
                None => left.push(print),
            }
        }
        prints = left;
    }
    for print in prints {
        let whole = Fingerprint::parse(&print).ok_or_else(|| {
            let fix =
                "`keywright scan` shows the fingerprints; a whole one is taken without being found here";
            CliError::usage(format!("no finding's fingerprint begins with {print}"), fix)
        })?;
        ui.note(&format!("{} was not found in this repository; it is added all the same", whole.short()));
        chosen.push(Entry::new(whole));
    }
    chosen.sort();
    chosen.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    let mut told = Vec::new();
    for mut entry in chosen {
        entry.owner.clone_from(&owner);
        entry.expires = args.expires;
        entry.reason = Some(args.reason.trim().to_owned());
        let until = args.expires.map_or(String::new(), |day| format!(" until {day}"));
        let place = entry.seen.as_deref().map_or(String::new(), |at| format!(" · {at}"));
        let rule = entry.rule.as_deref().map_or(String::new(), |rule| format!(" · {rule}"));
        let print = entry.fingerprint.short().to_owned();
        let word = if file.add(entry) { "let be" } else { "changed" };
        told.push(format!("{word}{until}: {print}{rule}{place}"));
    }
    let text = file.render();
    refuse_secrets("what would be written", &text)?;
    replace(&path, &text)?;
    let attributes = if args.which.file.is_none() { merge_by_union(&path)? } else { None };
    let and = attributes.map_or(String::new(), |path| format!(" and {}", path.display()));
    told.push(format!("wrote {}{and}; commit it", path.display()));
    ui.lines(&told);
    Ok(Exit::Clean)
}

/// Tells git to merge the file line by line: two branches that add entries never conflict, whatever
/// their places. Returns the file that says so, if it had to be written.
fn merge_by_union(path: &Path) -> Result<Option<PathBuf>, CliError> {
    let attributes = path.with_file_name(".gitattributes");
    let text = match std::fs::read_to_string(&attributes) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        // Not ours to mend; without the line a merge may need a hand.
        Err(_) => return Ok(None),
    };
    if text.lines().any(|line| line.contains(FILE_NAME)) {
        return Ok(None);
    }
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    replace(&attributes, &format!("{text}{end}/{FILE_NAME} merge=union\n"))?;
    Ok(Some(attributes))
}

/// Scans as `scan` does, without progress on what is let be already.
fn search(args: &AddArgs, paths: Vec<PathBuf>, narrow: Narrow, ui: &Ui) -> Result<Vec<Finding>, CliError> {
    let request = Request {
        paths,
        narrow,
        config: args.config.clone(),
        rules: args.rules.clone(),
        no_ignore: true,
        ..Request::default()
    };
    Ok(survey(&request, ui)?.findings)
}

/// Returns the one secret whose fingerprint begins so.
fn resolve<'f>(print: &str, found: &'f [Finding]) -> Result<Option<&'f Finding>, CliError> {
    let mut fitting = found.iter().filter(|f| f.fingerprint.as_str().starts_with(print));
    let Some(first) = fitting.next() else { return Ok(None) };
    if fitting.any(|other| other.fingerprint != first.fingerprint) {
        let fix = "give more of it; `keywright scan --format json` shows it whole";
        return Err(CliError::usage(format!("several fingerprints begin with {print}"), fix));
    }
    Ok(Some(first))
}
