//! `keywright ignore list`.

use clap::Args;
use keywright::model::text::shown;
use keywright::suppress::Entry;
use serde::Serialize;

use super::{Which, today};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

#[derive(Args)]
pub(super) struct ListArgs {
    /// How to tell: human or json
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = ["human", "json"], default_value = "human", hide_possible_values = true)]
    format: String,
    #[command(flatten)]
    which: Which,
}

/// An entry as scripts read it.
#[derive(Serialize)]
struct Shape<'e> {
    fingerprint: &'e str,
    rule: Option<&'e str>,
    seen: Option<&'e str>,
    owner: Option<&'e str>,
    expires: Option<String>,
    expired: bool,
    reason: Option<&'e str>,
}

pub(super) fn run(args: &ListArgs, ui: &Ui) -> Result<Exit, CliError> {
    let (path, file) = args.which.read()?;
    let today = today();
    if args.format == "json" {
        let shapes: Vec<Shape<'_>> = file.entries().map(|e| shape(e, e.is_expired(today))).collect();
        let text = serde_json::to_string_pretty(&shapes).expect("text and flags can be written as JSON");
        ui.lines(&[text]);
        return Ok(Exit::Clean);
    }
    let mut lines: Vec<String> = Vec::new();
    for entry in file.entries() {
        let text = |value: &Option<String>, none: &str| {
            value.as_deref().map_or_else(|| none.to_owned(), |value| shown(value.as_bytes()))
        };
        let place = entry.seen.as_deref().map_or(String::new(), |at| format!(" · {}", shown(at.as_bytes())));
        lines.push(format!("{}  {}{place}", entry.fingerprint.short(), text(&entry.rule, "any rule")));
        let until = match entry.expires {
            Some(day) if entry.is_expired(today) => format!(" · expired on {day}: hides nothing"),
            Some(day) => format!(" · until {day}"),
            None => String::new(),
        };
        let (reason, owner) = (text(&entry.reason, "no reason given"), text(&entry.owner, "nobody"));
        lines.push(format!("  {reason} · {owner}{until}"));
    }
    let count = file.entries().count();
    let word = if count == 1 { "entry" } else { "entries" };
    lines.push(format!("{count} {word} in {}", path.display()));
    ui.lines(&lines);
    Ok(Exit::Clean)
}

fn shape(entry: &Entry, expired: bool) -> Shape<'_> {
    Shape {
        fingerprint: entry.fingerprint.as_str(),
        rule: entry.rule.as_deref(),
        seen: entry.seen.as_deref(),
        owner: entry.owner.as_deref(),
        expires: entry.expires.map(|day| day.to_string()),
        expired,
        reason: entry.reason.as_deref(),
    }
}
