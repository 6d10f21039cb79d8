//! `keywright rules lint`: what rule files lack.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;
use keywright::detect::Detector;
use keywright::model::text::shown;
use keywright::model::{Confidence, Extent, Severity};
use keywright::rule::lint::{Complaint, lint};
use keywright::rule::{RuleSet, read, sheet::Sheet};

use super::known::{Named, named};
use super::words::{Screen, count, wrap};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Say what rule files lack
///
/// No key in clear, an id, words, a remedy, a link, examples both ways, a literal to search for, a longest
/// length. Without a FILE: the built-in rules.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules lint mine.toml\n\nExit codes: 0 nothing to complain of (advice aside), 1 something, 2 a file cannot be read"
)]
pub(crate) struct LintArgs {
    /// Files of rules
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Looks them over.
pub(super) fn run(args: &LintArgs, ui: &Ui) -> Result<Exit, CliError> {
    let screen = Screen::of(ui);
    let files = named(&args.files)?;
    let detector = Detector::new(RuleSet::builtin());
    let mut first: HashMap<String, String> = HashMap::new();
    let mut out = String::new();
    let (mut faults, mut advice, mut rules) = (0, 0, 0);
    for file in &files {
        let read = read(&file.name, &file.text)?;
        let sheet = Sheet::read(&file.name, &file.text)?;
        rules += read.rules.len();
        let mut told = lint(&read, &sheet);
        told.extend(keys(file, &detector));
        for rule in &read.rules {
            let earlier = first.entry(rule.card.id.clone()).or_insert_with(|| file.name.clone());
            if *earlier != file.name {
                told.push(Complaint {
                    line: rule.line,
                    rule: rule.card.id.clone(),
                    why: format!("its id stands in {earlier} already; the later file would replace it"),
                    fix: "give each rule an id of its own".into(),
                    is_advice: false,
                });
            }
        }
        told.sort();
        for complaint in &told {
            let number = if complaint.is_advice { &mut advice } else { &mut faults };
            *number += 1;
            out += &line(file, complaint, screen);
        }
    }
    let all = format!("{} in {}", count(rules, "rule"), count(files.len(), "file"));
    let more =
        if advice > 0 { format!(", {} to think about", count(advice, "thing")) } else { String::new() };
    out += &if faults == 0 {
        format!("{}{more} · {all}\n", screen.good("nothing to complain of"))
    } else {
        format!("{}{more} · {all}\n", screen.bad(&count(faults, "complaint")))
    };
    ui.print(|o| o.write_all(out.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
    Ok(if faults == 0 { Exit::Clean } else { Exit::Leaks })
}

fn line(file: &Named, complaint: &Complaint, screen: Screen) -> String {
    let place = shown(format!("{}:{}", file.name, complaint.line).as_bytes());
    let rule = if complaint.rule.is_empty() { "(the file)".into() } else { shown(complaint.rule.as_bytes()) };
    let word = if complaint.is_advice { screen.faint("  advice") } else { String::new() };
    let mut out = format!("{place}  {}{word}\n", screen.bold(&rule));
    for (label, text) in [("why: ", &complaint.why), ("fix: ", &complaint.fix)] {
        for (at, part) in wrap(text, screen.width.saturating_sub(7)).iter().enumerate() {
            let label = if at == 0 { label } else { "     " };
            out += &format!("  {}{part}\n", screen.faint(label));
        }
    }
    out
}

/// Keys that stand in the file in clear (R27): rules need templates, settings need references.
fn keys(file: &Named, detector: &Detector) -> Vec<Complaint> {
    let bytes = file.text.as_bytes();
    let hits = detector.detect(bytes, &Extent::whole(bytes.len()));
    hits.into_iter()
        .filter(|h| h.confidence > Confidence::Low && h.rule.severity > Severity::Info)
        .map(|hit| Complaint {
            line: usize::try_from(hit.line).unwrap_or(usize::MAX),
            rule: String::new(),
            why: format!("a key stands in it in clear: {} ({})", hit.masked, hit.rule.id),
            fix: "write a template such as acme_{base62:32}, or a reference such as env:NAME; and revoke the key if it was real".into(),
            is_advice: false,
        })
        .collect()
}
