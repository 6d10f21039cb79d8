//! `keywright rules explain`: why something was found, or why not.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use keywright::detect::Detector;
use keywright::detect::explain::{End, Trace};
use keywright::git::{Body, Id, Repository, store::Store};
use keywright::model::text::shown;
use keywright::model::{Finding, Path as GitPath, Place};
use keywright::unpack::text::decoded;

use super::known::Choice;
use super::verdict::{close, end_words, paint};
use super::words::Screen;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::survey::{Request, Survey, ground, survey};
use crate::cli::ui::Ui;

/// Say why something was found, or why not
///
/// FINDING is a fingerprint as a report shows it, or the beginning of one; PATH:LINE, a line of a file,
/// whether anything was found there or not; or `-` for text on standard input. It is scanned again, and
/// each rule that had a say tells what it saw, with the checks in their order.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules explain 3f2a90c1d4e5              why this finding, and how sure\n  keywright rules explain deploy/prod.env:12        why that line, or why not\n  pbpaste | keywright rules explain -               a text"
)]
pub(crate) struct ExplainArgs {
    /// A fingerprint, PATH:LINE, or `-`
    #[arg(value_name = "FINDING")]
    finding: String,
    #[command(flatten)]
    choice: Choice,
}

/// The shortest beginning of a fingerprint that names a finding.
const SHORTEST: usize = 8;
/// The largest text that is explained, in bytes.
const LARGEST: u64 = 64 << 20;

/// What is explained: a text, which of it, and where it stands.
struct Subject {
    bytes: Vec<u8>,
    range: Range<usize>,
    path: Option<GitPath>,
    name: String,
}

/// Explains it.
pub(super) fn run(args: &ExplainArgs, ui: &Ui) -> Result<Exit, CliError> {
    let word = &args.finding;
    let place =
        word.rsplit_once(':').and_then(|(path, line)| Some((PathBuf::from(path), line.parse().ok()?)));
    let (subject, survey) = match place {
        _ if word == "-" => (of_stdin()?, None),
        Some((path, line)) => {
            let subject = of_line(&path, line)?;
            (subject, Some(survey(&request(args, vec![path]), ui)?))
        }
        None => {
            let survey = survey(&request(args, Vec::new()), ui)?;
            (of_fingerprint(word, &survey)?, Some(survey))
        }
    };
    let paths = if word == "-" { vec!["-".into()] } else { Vec::new() };
    let settings = match ground(&request(args, paths)) {
        Ok(ground) => ground.settings,
        // A file outside any repository.
        Err(_) => ground(&request(args, vec![".".into()]))?.settings,
    };
    let traces = Detector::new(settings.rules).explain(&subject.bytes, &subject.range, subject.path.as_ref());
    let text = told(&subject, &traces, survey.as_ref(), Screen::of(ui));
    ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
    Ok(Exit::Clean)
}

fn request(args: &ExplainArgs, paths: Vec<PathBuf>) -> Request {
    let Choice { config, rules } = &args.choice;
    Request { paths, config: config.clone(), rules: rules.clone(), ..Request::default() }
}

fn of_stdin() -> Result<Subject, CliError> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|e| unread("standard input", e.to_string()))?;
    let bytes = decoded(&bytes).into_owned();
    Ok(Subject { range: 0..bytes.len(), bytes, path: None, name: "standard input".into() })
}

fn unread(what: &str, why: String) -> CliError {
    CliError { why, ..CliError::usage(format!("couldn't read {what}"), "name a text file of up to 64 MiB") }
}

fn of_line(path: &Path, line: usize) -> Result<Subject, CliError> {
    let name = shown(path.as_os_str().as_encoded_bytes());
    let bytes = read(path)?;
    let range = lines(&bytes, line..=line).ok_or_else(|| {
        CliError::usage(format!("{name} has no line {line}"), format!("it has {}", 1 + count(&bytes)))
    })?;
    Ok(Subject { bytes, range, path: Some(in_repository(path)), name: format!("{name}:{line}") })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let name = shown(path.as_os_str().as_encoded_bytes());
    let bytes = match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() => Err("it is no file".into()),
        Ok(meta) if meta.len() > LARGEST => Err("it is too large".into()),
        _ => std::fs::read(path).map_err(|e| e.to_string()),
    };
    Ok(decoded(&bytes.map_err(|why| unread(&name, why))?).into_owned())
}

/// A file's path as rules see it: below the root of its repository.
fn in_repository(path: &Path) -> GitPath {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let root = Repository::discover(folder).ok().flatten().and_then(|repo| repo.work_dir());
    let below = root.and_then(|root| {
        let (root, path) = (root.canonicalize().ok()?, path.canonicalize().ok()?);
        Some(path.strip_prefix(root).ok()?.to_path_buf())
    });
    GitPath::new(below.unwrap_or_else(|| path.into()).as_os_str().as_encoded_bytes())
}

/// Finds what a fingerprint names and reads the text it stands in.
fn of_fingerprint(word: &str, survey: &Survey) -> Result<Subject, CliError> {
    let prefix = word.to_ascii_lowercase();
    if prefix.len() < SHORTEST || !prefix.chars().all(|c| c.is_ascii_hexdigit() || "weak-".contains(c)) {
        let fix = format!("write {SHORTEST} or more characters of a fingerprint, PATH:LINE, or `-`");
        return Err(CliError::usage(format!("`{word}` names no finding"), fix));
    }
    let named: Vec<&Finding> =
        survey.findings.iter().filter(|f| f.fingerprint.as_str().starts_with(&prefix)).collect();
    let Some(first) = named.first() else {
        let fix = "`keywright scan` shows what there is; --min-confidence low shows more";
        return Err(CliError::usage(format!("no finding has the fingerprint {word}"), fix));
    };
    if let Some(other) = named.iter().find(|f| f.fingerprint != first.fingerprint) {
        let fix = format!("write more of it: {} or {}", first.fingerprint, other.fingerprint);
        return Err(CliError::usage(format!("{word} begins several fingerprints"), fix));
    }
    let location = &first.location;
    let repo = Repository::discover(Path::new("."))?;
    let gone = || unread(&location.path.to_string(), "what was found a moment ago is gone".into());
    let repo = repo.as_ref().ok_or_else(gone)?;
    let path = location.path.to_string();
    let bytes = match &location.object {
        Some(id) if location.place != Place::WorkingTree => object(repo, id, location.place)?,
        _ => read(&repo.work_dir().ok_or_else(gone)?.join(&path))?,
    };
    let (from, to) = (location.line as usize, location.end_line as usize);
    let range = lines(&bytes, from..=to).ok_or_else(gone)?;
    let name = if path.is_empty() {
        format!("{}, line {from}", location.place.word())
    } else {
        format!("{path}:{from}")
    };
    let has_path = !location.path.bytes().is_empty();
    Ok(Subject { bytes, range, path: has_path.then(|| location.path.clone()), name })
}

/// Reads a stored object; of a commit or a tag, its message.
fn object(repo: &Repository, id: &str, place: Place) -> Result<Vec<u8>, CliError> {
    let id: Id = id.parse().map_err(|_| unread(id, "this is no object id".into()))?;
    let mut bytes = Vec::new();
    Store::one(repo, &id, &mut |_, body| match body {
        Body::Whole(all) => bytes = all.to_vec(),
        Body::Stream(stream) => {
            // What breaks off is explained as far as it goes.
            let _ = stream.take(LARGEST).read_to_end(&mut bytes);
        }
    })?;
    if matches!(place, Place::CommitMessage | Place::TagMessage) {
        let head = bytes.windows(2).position(|two| two == b"\n\n").map_or(0, |at| at + 2);
        bytes.drain(..head);
    }
    Ok(decoded(&bytes).into_owned())
}

fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| **b == b'\n').count()
}

/// The offsets of some lines, counted from one.
fn lines(bytes: &[u8], wanted: std::ops::RangeInclusive<usize>) -> Option<Range<usize>> {
    let mut starts = std::iter::once(0)
        .chain(bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1));
    let start = starts.nth(wanted.start().checked_sub(1)?)?;
    let end = starts.nth(wanted.end() - wanted.start()).unwrap_or(bytes.len() + 1) - 1;
    Some(start..end)
}

/// The most rules that are told to have come near.
const NEAR: usize = 8;

fn told(subject: &Subject, traces: &[Trace], survey: Option<&Survey>, screen: Screen) -> String {
    let mut out = String::new();
    let number = |end: End| traces.iter().filter(|t| t.end == end).count();
    if number(End::Found) == 0 {
        let why = if traces.is_empty() { ": no rule's literal stands there" } else { "" };
        out += &format!("{}{why}\n\n", screen.bold(&format!("nothing is found in {}", subject.name)));
    }
    for trace in traces.iter().filter(|t| t.end == End::Found) {
        out += &paint(&subject.name, trace, screen);
        out += &close(trace, &subject.bytes, survey, screen);
        out.push('\n');
    }
    // Who knows why it is found does not ask what else it could have been.
    let near = if number(End::Found) == 0 { NEAR } else { 0 };
    for (end, most) in [(End::Lost, usize::MAX), (End::Dropped, usize::MAX), (End::Near, near)] {
        let of_kind = || traces.iter().filter(|t| t.end == end);
        if most == 0 || of_kind().next().is_none() {
            continue;
        }
        out += &format!("{}\n\n", screen.bold(end_words(end)));
        for trace in of_kind().take(most) {
            out += &paint(&subject.name, trace, screen);
            out.push('\n');
        }
        if number(end) > most {
            out += &format!("and {} more\n\n", number(end) - most);
        }
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}
