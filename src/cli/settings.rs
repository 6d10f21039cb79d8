//! Flags, files and what wins: flag > environment > repository's file > user's file > default.

use std::path::{Path, PathBuf};

use keywright::config::{self, Config, FILE_NAME, FailOn, ScanSettings};
use keywright::detect::Marks;
use keywright::git::Repository;
use keywright::model::Confidence;
use keywright::model::text::shown;
use keywright::report::Format;
use keywright::rule::{RuleSet, Trust};
use keywright::scan::Ignored;

use super::error::CliError;
use super::held::{self, Held, Named, Own};

/// What the command line says of settings; what it leaves out is for the environment and the files.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    /// The operator's settings.
    pub(crate) config: Option<PathBuf>,
    /// The operator's rules.
    pub(crate) rules: Vec<PathBuf>,
    /// The least confidence that counts.
    pub(crate) min_confidence: Option<Confidence>,
    /// When leaks make the run fail.
    pub(crate) fail_on: Option<FailOn>,
    /// The reports.
    pub(crate) formats: Vec<Format>,
    /// Whose marks on a line are heeded.
    pub(crate) marks: Option<Marks>,
    /// Whether gaps leave the exit code alone.
    pub(crate) allow_incomplete: bool,
    /// Whether what no ref reaches counts.
    pub(crate) all_objects: bool,
    /// Whether all is read, whatever is known.
    pub(crate) no_cache: bool,
    /// Where the repository's own word is taken from.
    pub(crate) own: Own,
}

/// A setting and what set it.
pub(crate) struct Set<T> {
    /// What is in force.
    pub(crate) value: T,
    /// The flag, variable or file that says so, or `default`.
    pub(crate) by: String,
}

/// What a scan goes by.
pub(crate) struct Settings {
    /// Every rule.
    pub(crate) rules: RuleSet,
    /// Paths to let be.
    pub(crate) ignored: Ignored,
    /// The least confidence that counts.
    pub(crate) min_confidence: Set<Confidence>,
    /// When leaks make the run fail.
    pub(crate) fail_on: Set<FailOn>,
    /// The reports.
    pub(crate) formats: Set<Vec<Format>>,
    /// Whose marks on a line are heeded: what any file takes away stays away.
    pub(crate) marks: Set<Marks>,
    /// Whether gaps leave the exit code alone.
    pub(crate) allow_incomplete: Set<bool>,
    /// Whether what no ref reaches counts.
    pub(crate) all_objects: Set<bool>,
    /// Whether what is known of a history is used.
    pub(crate) cache: Set<bool>,
    /// The files that were used.
    pub(crate) files: Vec<Source>,
}

/// A file that was used.
pub(crate) struct Source {
    /// Its name, for people.
    pub(crate) name: String,
    /// Where it is; the repository's own is not named by its place.
    pub(crate) path: Option<PathBuf>,
    /// Whose it is.
    pub(crate) trust: Trust,
    /// As it is written.
    pub(crate) text: String,
    /// The paths it lets be.
    pub(crate) ignored_paths: Vec<String>,
    /// Whether it says anything of rules.
    pub(crate) has_rules: bool,
}

/// Reads the files and lays environment and flags over them.
pub(crate) fn settle(flags: &Flags, repo: Option<&Repository>) -> Result<Settings, CliError> {
    let held = Held::new(repo, &flags.own)?;
    let mut rules = RuleSet::builtin();
    let mut sources = Vec::new();
    let mut said = ScanSettings::default();
    let mut said_by = String::new();
    let mut marks_off = Marks::NONE;
    for (file, path, trust, is_settings) in read_files(flags, &held)? {
        if is_settings {
            said = file.scan;
            said_by.clone_from(&file.name);
        } else if file.scan != ScanSettings::default()
            && path.as_ref().is_some_and(|p| flags.rules.contains(p))
        {
            rules.warnings.push(format!("{}: [scan] counts only in the file that --config names", file.name));
        }
        marks_off = marks_off.with(marks(&file.name, &file.marks_off)?);
        let stated = &file.rules;
        sources.push(Source {
            has_rules: !(stated.rules.is_empty()
                && stated.allowlists.is_empty()
                && stated.disabled.is_empty()),
            name: file.name,
            path,
            trust,
            text: file.text,
            ignored_paths: file.ignored_paths,
        });
        rules.add(file.rules, trust)?;
    }
    let patterns = sources.iter().flat_map(|s| s.ignored_paths.iter().map(|p| (p.clone(), s.name.clone())));
    let ignored = Ignored::new(patterns.collect()).map_err(|(pattern, why)| {
        CliError::usage(
            format!("the ignored path `{pattern}` can't be used: {why}"),
            "write it like 'docs/**' or '*.lock'",
        )
    })?;
    let formats = format!("it is one of: {}", Format::words().collect::<Vec<_>>().join(", "));
    let said_marks = said.marks.as_ref().map(|words| marks(&said_by, words)).transpose()?;
    let tools =
        format!("they are: {}; or one word, all or none", Marks::words().collect::<Vec<_>>().join(", "));
    let pick = Pick { file: said_by };
    let mut marks = pick.one(
        ("--marks", flags.marks),
        ("KEYWRIGHT_MARKS", |list: &str| Marks::from_words(list.split(',').map(str::trim)).ok(), &tools),
        said_marks,
        Marks::ALL,
    )?;
    if marks.value != marks.value.without(marks_off) {
        marks.value = marks.value.without(marks_off);
        marks.by += ", less what [ignore] marks_off takes away";
    }
    Ok(Settings {
        rules,
        ignored,
        min_confidence: pick.one(
            ("--min-confidence", flags.min_confidence),
            ("KEYWRIGHT_MIN_CONFIDENCE", Confidence::from_word, "it is one of: low, medium, high"),
            said.min_confidence,
            Confidence::Medium,
        )?,
        fail_on: pick.one(
            ("--fail-on", flags.fail_on),
            ("KEYWRIGHT_FAIL_ON", FailOn::from_word, &format!("it is one of: {}", FailOn::words())),
            said.fail_on,
            FailOn::Any,
        )?,
        formats: pick.one(
            ("--format", Some(flags.formats.clone()).filter(|f| !f.is_empty())),
            ("KEYWRIGHT_FORMAT", |w: &str| Format::from_word(w).map(|f| vec![f]), &formats),
            said.format.map(|f| vec![f]),
            vec![Format::Human],
        )?,
        marks,
        allow_incomplete: pick.one(
            ("--allow-incomplete", flags.allow_incomplete.then_some(true)),
            ("KEYWRIGHT_ALLOW_INCOMPLETE", yes_or_no, YES_OR_NO),
            said.allow_incomplete,
            false,
        )?,
        all_objects: pick.one(
            ("--all-objects", flags.all_objects.then_some(true)),
            ("KEYWRIGHT_ALL_OBJECTS", yes_or_no, YES_OR_NO),
            said.all_objects,
            false,
        )?,
        cache: pick.one(
            ("--no-cache", flags.no_cache.then_some(false)),
            ("KEYWRIGHT_NO_CACHE", |w: &str| yes_or_no(w).map(|no| !no), YES_OR_NO),
            said.cache,
            true,
        )?,
        files: sources,
    })
}

const YES_OR_NO: &str = "it is one of: true, false";

fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// Chooses between what the command line, the environment and the operator's file say.
struct Pick {
    file: String,
}

impl Pick {
    fn one<T>(
        &self,
        (flag, by_flag): (&str, Option<T>),
        (variable, read, known): (&str, impl Fn(&str) -> Option<T>, &str),
        by_file: Option<T>,
        default: T,
    ) -> Result<Set<T>, CliError> {
        // A variable that is wrong is told even where a flag outranks it.
        let word = std::env::var_os(variable).filter(|v| !v.is_empty());
        let by_variable = word
            .map(|word| {
                let unknown = || {
                    CliError::usage(format!("{variable} is `{}`, which is not known", word.display()), known)
                };
                word.to_str().and_then(read).ok_or_else(unknown)
            })
            .transpose()?;
        let (value, by) = match (by_flag, by_variable, by_file) {
            (Some(value), _, _) => (value, flag),
            (None, Some(value), _) => (value, variable),
            (None, None, Some(value)) => (value, self.file.as_str()),
            (None, None, None) => (default, "default"),
        };
        Ok(Set { value, by: by.into() })
    }
}

/// Reads what the operator's file says of hooks.
pub(crate) fn hook(named: Option<&Path>) -> Result<config::HookSettings, CliError> {
    let flags = Flags { config: named.map(Into::into), ..Flags::default() };
    let file = settings_file(&flags).map(|path| read(&path)).transpose()?;
    Ok(file.map(|file| file.hook).unwrap_or_default())
}

/// Reads what the operator's file says of store, seal, network and providers. A scanned repository's
/// file has no say in it.
#[cfg(feature = "rekey")]
pub(crate) fn rekey(
    named: Option<&Path>,
) -> Result<(config::RekeySettings, config::RespondSettings), CliError> {
    let flags = Flags { config: named.map(Into::into), ..Flags::default() };
    let file = settings_file(&flags).map(|path| read(&path)).transpose()?;
    Ok(file.map(|file| (file.rekey, file.respond)).unwrap_or_default())
}

/// Returns every rule that the program has and that the operator's files state; a scanned repository's have no
/// say in what is done about a leak.
#[cfg(feature = "rekey")]
pub(crate) fn operators_rules(named: Option<&Path>) -> Result<RuleSet, CliError> {
    let flags = Flags { config: named.map(Into::into), ..Flags::default() };
    let mut rules = RuleSet::builtin();
    for (file, _, trust, _) in read_files(&flags, &Held::new(None, &flags.own)?)? {
        rules.add(file.rules, trust)?;
    }
    Ok(rules)
}

/// The operator's settings file: named by the flag or the environment, or the user's own.
fn settings_file(flags: &Flags) -> Option<PathBuf> {
    let named = || std::env::var_os("KEYWRIGHT_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
    flags.config.clone().or_else(named).or_else(|| user_file().filter(|p| p.is_file()))
}

/// Tells whether the operator's settings lie in the repository and are read as a commit holds them.
#[cfg(feature = "rekey")]
pub(crate) fn are_held(flags: &Flags, repo: Option<&Repository>) -> Result<bool, CliError> {
    let Some(path) = settings_file(flags) else { return Ok(false) };
    Ok(matches!(Held::new(repo, &flags.own)?.named(&path, LARGEST)?, Named::Held(..)))
}

/// A file, where it is, whose it is, and whether it is the operator's settings.
type Read = (Config, Option<PathBuf>, Trust, bool);

/// Reads every file, the operator's first: settings, then rules, which say nothing of scans.
fn read_files(flags: &Flags, held: &Held<'_>) -> Result<Vec<Read>, CliError> {
    let mut files: Vec<Read> = Vec::new();
    let mut more = Vec::new();
    if let Some(path) = settings_file(flags)
        && let Some(file) = read_at(&path, held)?
    {
        let folder = path.parent().unwrap_or(Path::new(""));
        more.extend(file.scan.rules.iter().map(|rules| folder.join(rules)));
        files.push((file, Some(path), Trust::Operator, true));
    }
    for path in more.into_iter().chain(flags.rules.iter().cloned()) {
        files.extend(read_at(&path, held)?.map(|file| (file, Some(path), Trust::Operator, false)));
    }
    if let Some((name, bytes)) = held.own(FILE_NAME, LARGEST)? {
        let file = config::read(&name, &utf8(&name, bytes)?, Trust::Repository)?;
        files.push((file, None, Trust::Repository, false));
    }
    Ok(files)
}

fn marks(file: &str, words: &[String]) -> Result<Marks, CliError> {
    Marks::from_words(words.iter().map(String::as_str)).map_err(|word| {
        let tools = Marks::words().collect::<Vec<_>>().join(", ");
        CliError::usage(
            format!("{file} names marks of `{}`, which are not known", shown(word.as_bytes())),
            format!("they are: {tools}; or one word, all or none"),
        )
    })
}

/// `keywright/keywright.toml` in the user's configuration folder.
fn user_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("keywright").join(FILE_NAME))
}

/// Reads an operator's file; `None`: it is one of the repository's, and the commit holds none.
fn read_at(path: &Path, held: &Held<'_>) -> Result<Option<Config>, CliError> {
    let (name, bytes) = match held.named(path, LARGEST)? {
        Named::Elsewhere => return read(path).map(Some),
        Named::Held(_, None) => return Ok(None),
        Named::Held(name, Some(bytes)) => (name, bytes),
    };
    Ok(Some(config::read(&name, &utf8(&name, bytes)?, Trust::Operator)?))
}

fn read(path: &Path) -> Result<Config, CliError> {
    let name = path.display().to_string();
    let bytes = held::read(path, &name, "settings file", LARGEST)?;
    Ok(config::read(&name, &utf8(&name, bytes)?, Trust::Operator)?)
}

/// The largest settings file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, CliError> {
    String::from_utf8(bytes).map_err(|_| CliError::usage(format!("{name} is no UTF-8 text"), "write it anew"))
}
