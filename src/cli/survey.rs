//! What was asked for, scanned: findings and coverage before anything is told.

use std::path::{Path, PathBuf};
use std::time::Instant;

use keywright::config::FailOn;
use keywright::detect::{Detector, Marks};
use keywright::git::Repository;
use keywright::import::{Applied, Foreign, apply};
use keywright::model::{Confidence, Coverage, Finding, Suppression};
use keywright::report::{Format, Outcome};
use keywright::scan::{let_be, merge, scan, seen::scan_history};
use keywright::suppress::Suppressions;

use super::again;
use super::error::CliError;
use super::held::{Held, Own};
#[cfg(feature = "rekey")]
use super::settings;
use super::settings::{Flags, Settings, settle};
use super::sight::Eyes;
use super::suppressions::{Asked, complaints, gather};
use super::target::{Narrow, Target, targets};
use super::ui::Ui;

/// What to look at and how to tell.
#[derive(Default)]
pub(crate) struct Request {
    /// Repositories, files, folders, `-`; none: the repository around the current folder.
    pub(crate) paths: Vec<PathBuf>,
    /// What of a repository.
    pub(crate) narrow: Narrow,
    /// The name standard input goes by.
    pub(crate) stdin_path: PathBuf,
    /// Whether what no ref reaches counts.
    pub(crate) all_objects: bool,
    /// The reports; none: the human one.
    pub(crate) formats: Vec<Format>,
    /// Where the reports go, in their order; the one left over goes to standard output.
    pub(crate) outputs: Vec<PathBuf>,
    /// The operator's settings.
    pub(crate) config: Option<PathBuf>,
    /// The operator's rules.
    pub(crate) rules: Vec<PathBuf>,
    /// What was known before: entries or an earlier report.
    pub(crate) baselines: Vec<PathBuf>,
    /// What another scanner lets be, for its own commands.
    pub(crate) foreign: Vec<Foreign>,
    /// A file of entries to let be, instead of the repository's own.
    pub(crate) ignore_file: Option<PathBuf>,
    /// Whether findings are told as if no file let them be.
    pub(crate) no_ignore: bool,
    /// Whether only the rules that files state look.
    pub(crate) own_rules_only: bool,
    /// The least confidence that counts.
    pub(crate) least: Option<Confidence>,
    /// When leaks make the run fail.
    pub(crate) fail_on: Option<FailOn>,
    /// Whose marks on a line are heeded.
    pub(crate) marks: Option<Marks>,
    /// Whether gaps leave the exit code alone.
    pub(crate) allow_incomplete: bool,
    /// Whether all is read, whatever is known from an earlier scan.
    pub(crate) no_cache: bool,
    /// Where the repository's own settings, entries and baselines are taken from.
    pub(crate) own: Own,
    /// Whether secrets are shown in clear.
    pub(crate) show_secrets: bool,
    /// Whether providers are asked what works.
    #[cfg(feature = "rekey")]
    pub(crate) verify: bool,
    /// Whether what is found is written to the store.
    #[cfg(feature = "rekey")]
    pub(crate) record: bool,
}

/// What a scan brought.
pub(crate) struct Survey {
    /// Every finding, those that are let be included.
    pub(crate) findings: Vec<Finding>,
    /// What was read, and what was not.
    pub(crate) coverage: Coverage,
    /// The entries that were in force, and which of them were of use.
    pub(crate) suppressions: Suppressions,
    /// What else the reader should know.
    pub(crate) warnings: Vec<String>,
    /// The least confidence that counts.
    pub(crate) least: Confidence,
    /// How many rules were used.
    rules: usize,
    /// What was scanned, in words.
    target: String,
    /// When it began, UTC.
    begun: String,
    /// How long it took.
    seconds: f64,
}

impl Survey {
    /// Returns it as reports want it.
    pub(crate) fn outcome(&self, all_objects: bool) -> Outcome<'_> {
        Outcome {
            findings: &self.findings,
            coverage: &self.coverage,
            least: self.least,
            all_objects,
            warnings: &self.warnings,
            target: &self.target,
            begun: &self.begun,
            seconds: self.seconds,
            rules: self.rules,
        }
    }
}

/// What there is to scan, and by which settings.
pub(crate) struct Ground {
    /// What there is to scan.
    pub(crate) targets: Vec<Target>,
    /// The repository around a stream.
    around: Option<Repository>,
    /// What the scan goes by.
    pub(crate) settings: Settings,
}

/// Finds what was asked for and settles what to go by; nothing is scanned yet.
pub(crate) fn ground(request: &Request) -> Result<Ground, CliError> {
    let targets = targets(&request.paths, &request.narrow, &request.stdin_path)?;
    // A stream goes by the settings of the repository one stands in.
    let around = match targets.as_slice() {
        [Target::Stdin(_)] => Repository::discover(Path::new(".")).ok().flatten(),
        _ => None,
    };
    let flags = Flags {
        config: request.config.clone(),
        rules: request.rules.clone(),
        min_confidence: request.least,
        fail_on: request.fail_on,
        formats: request.formats.clone(),
        marks: request.marks,
        allow_incomplete: request.allow_incomplete,
        all_objects: request.all_objects,
        no_cache: request.no_cache,
        own: request.own.clone(),
    };
    let repo = targets.iter().find_map(Target::repo).or(around.as_ref());
    #[cfg(feature = "rekey")]
    if (request.verify || request.record) && settings::are_held(&flags, repo)? {
        return Err(CliError::usage(
            "--verify and --record go by your own settings, and --config names a file of the repository",
            "keep that file elsewhere: it says whom to ask",
        ));
    }
    let settings = settle(&flags, repo)?;
    Ok(Ground { targets, around, settings })
}

/// Scans what was asked for.
pub(crate) fn survey(request: &Request, ui: &Ui) -> Result<Survey, CliError> {
    survey_on(ground(request)?, request, ui)
}

/// Scans what was found.
pub(crate) fn survey_on(ground: Ground, request: &Request, ui: &Ui) -> Result<Survey, CliError> {
    let begun = Instant::now();
    let clock = jiff::Timestamp::now();
    let Ground { targets, around, settings } = ground;
    let repo = targets.iter().find_map(Target::repo).or(around.as_ref());
    let held = Held::new(repo, &request.own)?;
    let mut files: Vec<String> = settings.files.iter().map(|file| file.name.clone()).collect();
    let histories: Vec<&Repository> = targets.iter().filter_map(|t| t.history(&request.narrow)).collect();
    let known = again::open(&settings, request.own_rules_only, &histories, ui);
    let Settings { mut rules, ignored, min_confidence, marks, .. } = settings;
    let least = min_confidence.value;
    if request.own_rules_only {
        rules.drop_builtin();
    }
    let mut warnings = rules.warnings.clone();
    let detector = Detector::new(rules).heeding(marks.value);
    let today = clock.to_zoned(jiff::tz::TimeZone::UTC).date();
    let ignore_file = request.ignore_file.as_deref();
    let asked = Asked { baselines: &request.baselines, ignore_file, own: &request.own };
    let (suppressions, more) =
        if request.no_ignore { Default::default() } else { gather(&asked, repo, &detector, today)? };
    files.extend(more);
    if !files.is_empty() {
        ui.note(&format!("settings from {}", files.join(", ")));
    } else if held.is_at() {
        ui.note(&format!("settings from nowhere: the repository has none{}", held.place()));
    }
    let progress = ui.progress();
    let (mut findings, mut coverage) = (Vec::new(), Coverage::default());
    for target in &targets {
        for source in target.sources(&request.narrow)? {
            let (found, covered) = scan(&*source, &detector, &ignored, &|event| progress.follow(event))?;
            findings.extend(found);
            coverage.add(covered);
        }
        if let Some(repo) = target.history(&request.narrow) {
            let seen = known.as_ref().map(|known| known.seen(clock));
            let (found, covered) =
                scan_history(repo, seen.as_ref(), &detector, &ignored, &|event| progress.follow(event))?;
            findings.extend(found);
            coverage.add(covered);
        }
    }
    progress.end();
    let mut findings = merge(findings);
    let_be(&mut findings, &suppressions);
    let root = repo.and_then(Repository::work_dir).unwrap_or_else(|| ".".into());
    for foreign in &request.foreign {
        hide(foreign, &mut findings, &Eyes::new(repo, &root, &detector));
    }
    // Only a scan of everything can tell that an entry is of no use any more.
    let is_whole = request.narrow == Narrow::All
        && targets.iter().all(|t| matches!(t, Target::Repository(..)))
        && coverage.is_complete();
    warnings.extend(complaints(&suppressions, is_whole));
    let names: Vec<String> = targets.iter().map(|t| t.words(&request.narrow)).collect();
    Ok(Survey {
        findings,
        coverage,
        suppressions,
        warnings,
        least,
        rules: detector.rules(),
        target: names.join(", "),
        begun: clock.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// Lets be what another scanner's file lets be, where nothing else does.
fn hide(foreign: &Foreign, findings: &mut [Finding], eyes: &Eyes<'_>) {
    for fate in apply(foreign, findings, eyes) {
        let Applied::Hides(hidden) = fate else { continue };
        for at in hidden {
            findings[at].suppression.get_or_insert_with(|| Suppression {
                kind: "baseline",
                by: foreign.file.clone(),
                owner: None,
                reason: Some(format!("{} let it be", foreign.tool)),
            });
        }
    }
}
