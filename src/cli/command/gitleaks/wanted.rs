//! What a command line wants, and the request that is made of it. Nothing is passed over in silence:
//! what would look at less is refused with what to write instead, what looks at more is noted.

use std::path::{Path, PathBuf};

use keywright::detect::Marks;
use keywright::report::Format;

use super::config::Config;
use super::log_opts;
use crate::cli::error::CliError;
use crate::cli::survey::Request;
use crate::cli::target::Narrow;

/// What is looked at.
pub(crate) enum What {
    /// Commits, those that `--log-opts` picks.
    Commits(PathBuf, Option<String>),
    /// What the next commit would bring in.
    Staged(PathBuf),
    /// What is changed in the working tree.
    Unstaged(PathBuf),
    /// Files; whether links are followed.
    Files(PathBuf, bool),
    /// Standard input.
    Stdin,
}

/// A command line of gitleaks.
pub(crate) struct Wanted {
    pub(super) what: What,
    pub(super) config: Option<PathBuf>,
    pub(super) baseline_path: Option<PathBuf>,
    pub(super) ignore_path: Option<PathBuf>,
    pub(super) report_format: Option<String>,
    pub(super) report_path: Option<PathBuf>,
    pub(super) code: u8,
    pub(super) timeout: u64,
    pub(super) largest: u64,
    pub(super) decode_depth: Option<u32>,
    pub(super) archive_depth: u32,
    pub(super) enabled: Vec<String>,
    pub(super) without_marks: bool,
}

/// A command line, translated.
pub(super) struct Translated {
    /// What to scan and how to tell.
    pub(super) request: Request,
    /// What the reader should know.
    pub(super) notes: Vec<String>,
    /// How many of the newest commits.
    pub(super) last: Option<u32>,
    /// The exit code that says leaks.
    pub(super) code: u8,
    /// gitleaks' report of what was known before.
    pub(super) gitleaks_baseline: Option<PathBuf>,
    /// gitleaks' list of what to let be.
    pub(super) gitleaks_ignore: Option<PathBuf>,
}

/// Translates; `config` was found already.
pub(super) fn translate(wanted: Wanted, config: &Config) -> Result<Translated, CliError> {
    refuse(&wanted)?;
    let mut notes = Vec::new();
    let mut last = None;
    let (path, narrow) = match wanted.what {
        What::Stdin => ("-".into(), Narrow::All),
        What::Files(path, _) => (path, Narrow::EveryFile),
        What::Staged(path) => (path, Narrow::Staged),
        What::Unstaged(path) => {
            notes.push("all of the working tree is looked at, not only what is changed in it".into());
            (path, Narrow::Files)
        }
        What::Commits(path, None) => (path, Narrow::History),
        What::Commits(path, Some(text)) => {
            let opts = log_opts::read(&text)?;
            notes.extend(opts.notes);
            last = opts.last;
            (path, opts.narrow)
        }
    };
    if wanted.largest > 0 {
        notes.push("--max-target-megabytes: larger files are looked at too".into());
    }
    if wanted.decode_depth.is_some_and(|depth| depth != 1) {
        notes.push("--max-decode-depth: base64 is looked into once, whatever it says".into());
    }
    if config.own_rules_only {
        notes.push("only the rules of your file look, for it has no `[extend] useDefault = true`".into());
    }
    let (formats, outputs) = report(wanted.report_format.as_deref(), wanted.report_path)?;
    let request = Request {
        paths: vec![path],
        narrow,
        stdin_path: "stdin".into(),
        formats,
        outputs,
        rules: config.files.clone(),
        own_rules_only: config.own_rules_only,
        marks: wanted.without_marks.then(without_gitleaks),
        ..Request::default()
    };
    let (gitleaks_baseline, gitleaks_ignore) = (wanted.baseline_path, wanted.ignore_path);
    Ok(Translated { request, notes, last, code: wanted.code, gitleaks_baseline, gitleaks_ignore })
}

/// Everybody's marks but gitleaks' own.
fn without_gitleaks() -> Marks {
    Marks::ALL.without(Marks::from_words(["gitleaks"]).expect("its marks are known"))
}

/// Refuses what cannot be kept.
fn refuse(wanted: &Wanted) -> Result<(), CliError> {
    let Wanted { timeout, enabled, .. } = wanted;
    let refusals = [
        (
            *timeout > 0,
            "--timeout would leave a scan half done",
            format!("let another program end it: timeout {timeout} keywright …"),
        ),
        (
            wanted.archive_depth > 0,
            "--max-archive-depth: archives are not looked into",
            "leave the flag out, or unpack them first: keywright dir FOLDER".into(),
        ),
        (
            !enabled.is_empty(),
            "--enable-rule: rules have other names here",
            "write your rules into a file without `useDefault` and name it: --config FILE".into(),
        ),
        (
            matches!(wanted.what, What::Files(_, true)),
            "--follow-symlinks: links are not followed",
            "name the folder that a link leads to".into(),
        ),
    ];
    match refusals.into_iter().find(|(is_asked, ..)| *is_asked) {
        Some((_, what, fix)) => Err(CliError::usage(what, fix)),
        None => Ok(()),
    }
}

/// The reports: gitleaks' goes where it says, and people read the screen.
fn report(word: Option<&str>, path: Option<PathBuf>) -> Result<(Vec<Format>, Vec<PathBuf>), CliError> {
    let format = match word.filter(|w| !w.is_empty()) {
        Some(word) => format(word)?,
        None => path.as_deref().map_or(Format::GitleaksJson, format_of),
    };
    Ok(match path {
        None => (vec![Format::Human], Vec::new()),
        Some(path) if path.as_os_str() == "-" => (vec![format], Vec::new()),
        Some(path) => (vec![format, Format::Human], vec![path]),
    })
}

fn format(word: &str) -> Result<Format, CliError> {
    match word {
        "json" => Ok(Format::GitleaksJson),
        "csv" => Ok(Format::Csv),
        "junit" => Ok(Format::Junit),
        "sarif" => Ok(Format::Sarif),
        _ => Err(CliError::usage(
            format!("--report-format {word} is not known"),
            "it is one of: json, csv, junit, sarif; for more: keywright scan --format",
        )),
    }
}

/// The format that a report's name tells.
fn format_of(path: &Path) -> Format {
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => Format::Csv,
        Some("sarif") => Format::Sarif,
        Some("xml") => Format::Junit,
        _ => Format::GitleaksJson,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{DetectArgs, GitArgs};
    use super::*;

    #[derive(Parser)]
    enum Line {
        Detect(Box<DetectArgs>),
        Git(Box<GitArgs>),
    }

    fn said(line: &str) -> Result<Translated, CliError> {
        let wanted = match Line::try_parse_from(format!("gitleaks {line}").split(' ')).unwrap() {
            Line::Detect(args) => args.wanted(),
            Line::Git(args) => args.wanted(),
        };
        translate(wanted, &Config::default())
    }

    #[test]
    fn what_is_looked_at() {
        for (line, path, narrow) in [
            ("detect", ".", Narrow::History),
            ("detect -s a --no-git", "a", Narrow::EveryFile),
            ("detect --pipe", "-", Narrow::All),
            ("git --pre-commit --redact --staged --verbose", ".", Narrow::Staged),
            ("git --pre-commit a", "a", Narrow::Files),
            ("git --log-opts=--all a", "a", Narrow::History),
            ("git --log-opts A..B", ".", Narrow::Range("A..B".into())),
        ] {
            let request = said(line).unwrap().request;
            assert_eq!((&request.paths[..], request.narrow), (&[PathBuf::from(path)][..], narrow), "{line}");
        }
    }

    #[test]
    fn where_it_is_told() {
        let told = |line: &str| {
            let request = said(line).unwrap().request;
            (request.formats, request.outputs.len())
        };
        assert_eq!(told("git -v"), (vec![Format::Human], 0));
        assert_eq!(told("git -r out"), (vec![Format::GitleaksJson, Format::Human], 1));
        assert_eq!(told("git -r out.csv"), (vec![Format::Csv, Format::Human], 1));
        assert_eq!(told("git -f sarif -r -"), (vec![Format::Sarif], 0));
        assert!(said("git -f template -r out").is_err());
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        for flags in [
            "detect --timeout 5",
            "detect --enable-rule aws",
            "detect --max-archive-depth 2",
            "detect --no-git --follow-symlinks",
        ] {
            assert!(said(flags).is_err(), "{flags}");
        }
        assert!(said("detect --follow-symlinks --timeout 0").is_ok());
        let marks = said("detect --ignore-gitleaks-allow").unwrap().request.marks.unwrap();
        assert!(!marks.heeds("gitleaks") && marks.heeds("keywright"));
    }
}
