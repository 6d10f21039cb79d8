//! A survey told: what `scan` and the hooks have in common.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use keywright::config::FailOn;
use keywright::model::credential::Liveness;
use keywright::report::{self, Format, Outcome, Style};

use super::error::CliError;
use super::exit::Exit;
use super::survey::{Request, Survey, ground, survey_on};
use super::ui::Ui;
#[cfg(feature = "rekey")]
use super::verified;

/// A survey and how it ended, not told yet.
pub(crate) struct Seen {
    /// What was found.
    pub(crate) survey: Survey,
    /// How it is to be told.
    pub(crate) formats: Vec<Format>,
    /// How it ended.
    pub(crate) exit: Exit,
    all_objects: bool,
}

impl Seen {
    /// Returns it as reports want it.
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        self.survey.outcome(self.all_objects)
    }

    /// Tells it, and says how that ended.
    pub(crate) fn tell(&self, request: &Request, ui: &Ui) -> Exit {
        self.survey.warnings.iter().for_each(|w| ui.warn(w));
        let all_told = tell(request, &self.formats, &self.outcome(), ui);
        // A report that nobody can read is not a clean run's.
        if self.exit == Exit::Clean && !all_told { Exit::Incomplete } else { self.exit }
    }
}

/// Scans, tells, and says how it ended.
pub(crate) fn look(request: &Request, ui: &Ui) -> Result<Exit, CliError> {
    Ok(see(request, ui)?.tell(request, ui))
}

/// Scans, and tells nothing yet.
pub(crate) fn see(request: &Request, ui: &Ui) -> Result<Seen, CliError> {
    refuse_showing(request, ui)?;
    let ground = ground(request)?;
    let formats = ground.settings.formats.value.clone();
    if formats.len() > request.outputs.len() + 1 || request.outputs.len() > formats.len() {
        return Err(CliError::usage(
            "each --format needs its own --output, but for one",
            "write --format X --output FILE for each",
        ));
    }
    let fail_on = ground.settings.fail_on.value;
    if fail_on == FailOn::New && request.baselines.is_empty() && !request.narrow.is_change() {
        return Err(CliError::usage(
            "--fail-on new can't tell what is new",
            "name what was known with --baseline FILE, or look at a change: --staged, --range, --since-commit",
        ));
    }
    refuse_unasked(fail_on, request)?;
    let (all_objects, lenient) = (ground.settings.all_objects.value, ground.settings.allow_incomplete.value);
    #[cfg_attr(not(feature = "rekey"), expect(unused_mut, reason = "nobody is asked in this build"))]
    let mut survey = survey_on(ground, request, ui)?;
    #[cfg(feature = "rekey")]
    verified::follow(request, &mut survey, ui)?;
    let outcome = survey.outcome(all_objects);
    let exit = if fails(fail_on, &outcome) { Exit::Leaks } else { gaps(request, lenient, &outcome, ui) };
    Ok(Seen { survey, formats, exit, all_objects })
}

/// Tells whether what was found makes the run fail.
pub(crate) fn fails(fail_on: FailOn, outcome: &Outcome<'_>) -> bool {
    let is_meant = |liveness| match fail_on {
        FailOn::Never => false,
        FailOn::Verified => liveness == Some(Liveness::Alive),
        FailOn::Any | FailOn::New => true,
    };
    outcome.findings.iter().any(|f| is_meant(f.liveness) && report::counts(f, outcome))
}

/// Decides the exit code where nothing was found that makes the run fail: findings outrank gaps.
fn gaps(request: &Request, lenient: bool, outcome: &Outcome<'_>, ui: &Ui) -> Exit {
    let coverage = outcome.coverage;
    let nothing = !request.narrow.is_change() && coverage.files + coverage.objects_read == 0;
    if nothing {
        ui.warn(&format!("there is nothing to scan · {}", outcome.target));
    }
    if (nothing || !coverage.is_complete()) && !lenient { Exit::Incomplete } else { Exit::Clean }
}

/// Only a provider can say what is alive.
pub(crate) fn refuse_unasked(fail_on: FailOn, request: &Request) -> Result<(), CliError> {
    #[cfg(feature = "rekey")]
    let asks = request.verify;
    #[cfg(not(feature = "rekey"))]
    let asks = {
        let _ = request;
        false
    };
    if fail_on == FailOn::Verified && !asks {
        return Err(CliError::usage(
            "--fail-on verified can't tell what is alive",
            "ask the providers: --verify (which the scanner-only build has not)",
        ));
    }
    Ok(())
}

/// Secrets in clear are for a person at a terminal only.
fn refuse_showing(request: &Request, ui: &Ui) -> Result<(), CliError> {
    let in_ci = std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false" && v != "0");
    if request.show_secrets && (in_ci || !request.outputs.is_empty() || !ui.is_for_a_person()) {
        return Err(CliError::usage(
            "--show-secrets would write secrets where they stay",
            "run it at a terminal, without --output and not in CI",
        ));
    }
    Ok(())
}

/// Writes each report to where it was asked for; tells whether all of them were written.
fn tell(request: &Request, formats: &[Format], outcome: &Outcome<'_>, ui: &Ui) -> bool {
    let mut all_written = true;
    for (at, format) in formats.iter().enumerate() {
        let (place, written) = match request.outputs.get(at) {
            Some(path) => (path.display().to_string(), write_file(path, *format, outcome)),
            None => {
                let (colour, width) = (ui.colour(), ui.width());
                let style = Style { colour, width, show_secrets: request.show_secrets };
                let written = ui.print(|out| report::write(*format, outcome, &style, out));
                ("standard output".into(), written)
            }
        };
        // What was found counts for more than where it could be written.
        if let Err(e) = written {
            all_written = false;
            ui.error(&not_written(&place, &e));
        }
    }
    summarised(formats, outcome, ui) && all_written
}

fn write_file(path: &Path, format: Format, outcome: &Outcome<'_>) -> io::Result<()> {
    let style = Style { colour: false, width: 100, show_secrets: false };
    let mut file = BufWriter::new(File::create(path)?);
    report::write(format, outcome, &style, &mut file)?;
    file.flush()
}

/// Writes the summary of a job where GitHub asks for one; tells whether it was written, if so.
fn summarised(formats: &[Format], outcome: &Outcome<'_>, ui: &Ui) -> bool {
    let path = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|name| !name.is_empty());
    let Some(path) = path.filter(|_| formats.contains(&Format::Github)).map(PathBuf::from) else {
        return true;
    };
    let written = add_summary(&path, outcome);
    if let Err(e) = &written {
        ui.error(&CliError {
            what: format!("couldn't write the summary of the job to {}", path.display()),
            fix: "let GITHUB_STEP_SUMMARY name a file that can be written, or unset it".into(),
            ..not_written("", e)
        });
    }
    written.is_ok()
}

/// The largest summary that GitHub takes from a step is 1,024 KiB; the rest is left for what the runner's
/// own masking may add.
const LARGEST_SUMMARY: usize = 1_000_000;

/// Adds to the summary of a job as much as is left of a step's share.
fn add_summary(path: &Path, outcome: &Outcome<'_>) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let taken = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut page = Vec::new();
    report::github_summary(outcome, LARGEST_SUMMARY.saturating_sub(taken.saturating_add(2)), &mut page)?;
    if taken > 0 && !page.is_empty() {
        page.splice(0..0, *b"\n\n");
    }
    file.write_all(&page)
}

fn not_written(place: &str, error: &io::Error) -> CliError {
    CliError {
        what: format!("couldn't write the report to {place}"),
        why: error.to_string(),
        fix: "name a file that can be written: --output FILE".into(),
        exit: Exit::Incomplete,
    }
}
