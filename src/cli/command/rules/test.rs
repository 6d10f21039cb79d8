//! `keywright rules test`: rules held against their own examples.

use std::path::PathBuf;

use clap::Args;
use keywright::model::text::shown;
use keywright::rule::{proof::prove, read};

use super::known::{detector, named, seen};
use super::words::{Screen, count};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Hold rules against their own examples
///
/// Each template of `finds` must be found by its rule and each of `passes` must not, filled anew eight
/// times, with the built-in rules in force beside them. A match of low confidence is none, unless the
/// rule is never surer. Without a FILE: the built-in rules.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules test                       the built-in rules\n  keywright rules test mine.toml             your own; a .gitleaks.toml works too\n\nExit codes: 0 all hold, 1 one does not, 2 a file cannot be read"
)]
pub(crate) struct TestArgs {
    /// Files of rules
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Proves them.
pub(super) fn run(args: &TestArgs, ui: &Ui) -> Result<Exit, CliError> {
    let screen = Screen::of(ui);
    let files = named(&args.files)?;
    let is_own = args.files.is_empty();
    let mut out = String::new();
    let (mut rules, mut templates, mut failed, mut bare) = (0, 0, 0, Vec::new());
    let own = if is_own { Some(detector(&files[0], true)?) } else { None };
    for file in &files {
        let read = read(&file.name, &file.text)?;
        let theirs = if is_own { None } else { Some(detector(file, false)?) };
        let detector = own.as_ref().or(theirs.as_ref()).expect("one of the two is there");
        read.warnings.iter().for_each(|w| ui.warn(w));
        for rule in &read.rules {
            rules += 1;
            templates += rule.finds.len() + rule.passes.len();
            if rule.finds.is_empty() && rule.regex.is_some() {
                bare.push(rule.card.id.clone());
            }
            for failure in prove(rule, |text| seen(detector, text)) {
                failed += 1;
                let place = shown(format!("{}:{}", file.name, rule.line).as_bytes());
                let told =
                    shown(format!("{} `{}` {}", failure.list, failure.template, failure.what).as_bytes());
                out += &format!("{place}  {}  {told}\n", screen.bold(&shown(failure.rule.as_bytes())));
            }
        }
    }
    if !bare.is_empty() {
        let first: Vec<&str> = bare.iter().take(5).map(String::as_str).collect();
        let more = if bare.len() > 5 { ", …" } else { "" };
        ui.warn(&format!("no `finds` proves {}: {}{more}", count(bare.len(), "rule"), first.join(", ")));
    }
    let all = format!(
        "{} of {} in {}",
        count(templates, "template"),
        count(rules, "rule"),
        count(files.len(), "file")
    );
    out += &if failed == 0 {
        format!("{} · {all}\n", screen.good("all hold"))
    } else {
        format!(
            "{} · {all}\n",
            screen.bad(&format!("{failed} {} not hold", if failed == 1 { "does" } else { "do" }))
        )
    };
    ui.print(|o| o.write_all(out.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
    Ok(if failed == 0 { Exit::Clean } else { Exit::Leaks })
}
